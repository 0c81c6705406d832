//! The event history of CloudTrail, as a server that runs inside a test: `LookupEvents` with one attribute, a window
//! of time and pages, in every region.
//!
//! A test sets the events of each region, and the requests that fail. Signatures are read but not
//! verified.
//!
//! ```
//! use serde_json::json;
//! use testkit::event_history::{EventHistoryServer, HistoryEvent};
//!
//! let server = EventHistoryServer::start();
//! let event = HistoryEvent::new(&json!({"eventID": "1", "eventTime": "2026-10-01T00:00:00Z", "eventName": "RunInstances"}));
//! server.add("eu-west-1", [event.about("i-0abc12de34f567890")]);
//! server.fail("us-east-1", 400, "ThrottlingException", 2);
//! // … point a client at server.url(), then …
//! assert!(server.requests().is_empty());
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support: a failure here is a failed test")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http::{HttpServer, Reply, Request};

/// Any region.
pub const ANY: &str = "*";

/// A request that the server has received.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupRequest {
    /// The region that the request was signed for.
    pub region: String,
    /// The parameters.
    pub body: Value,
}

/// An event as the service returns it.
#[derive(Clone, Debug)]
pub struct HistoryEvent {
    second: i64,
    attributes: HashMap<&'static str, String>,
    resources: Vec<String>,
    id: String,
    /// `CloudTrailEvent`; left out if `None`.
    text: Option<String>,
}

/// A server that runs until it is dropped.
pub struct EventHistoryServer {
    server: HttpServer,
    script: Arc<Mutex<Script>>,
}

/// The scripted answers, and the requests received.
struct Script {
    /// The events of each region, newest first.
    regions: HashMap<String, Vec<HistoryEvent>>,
    page: usize,
    delays: HashMap<String, Duration>,
    failures: Vec<Failure>,
    requests: Vec<LookupRequest>,
    /// The tokens issued: the parameters without the token, and the number of events before the page.
    tokens: Vec<(Value, usize)>,
}

/// Requests of a region that fail.
struct Failure {
    region: String,
    /// Number of events before the page that is requested; `None` for every page.
    at: Option<usize>,
    status: u16,
    body: String,
    times: usize,
}

impl HistoryEvent {
    /// An event of a log, with the attributes that the service derives from it.
    pub fn new(event: &Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let time: Timestamp = text("/eventTime").parse().unwrap();
        let principal = text("/userIdentity/principalId");
        let user = match (text("/userIdentity/type").as_str(), principal.split_once(':')) {
            ("Root", _) => "root".to_owned(),
            (_, Some((_, session))) => session.to_owned(),
            _ => text("/userIdentity/userName"),
        };
        let read_only = event.get("readOnly").map(Value::to_string).unwrap_or_default();
        let attributes = HashMap::from([
            ("EventId", text("/eventID")),
            ("EventName", text("/eventName")),
            ("ReadOnly", read_only),
            ("Username", user),
            ("EventSource", text("/eventSource")),
            ("AccessKeyId", text("/userIdentity/accessKeyId")),
        ]);
        let (id, second) = (text("/eventID"), time.as_second());
        Self { second, attributes, resources: Vec::new(), id, text: Some(event.to_string()) }
    }

    /// The same event, also listed under the name of a resource.
    pub fn about(mut self, resource: &str) -> Self {
        self.resources.push(resource.to_owned());
        self
    }

    /// The same entry with another text, or none.
    pub fn with_text(self, text: Option<&str>) -> Self {
        Self { text: text.map(String::from), ..self }
    }

    /// The entry of an answer.
    pub fn entry(&self) -> Value {
        let resource = |name: &String| json!({"ResourceType": "AWS::EC2::Instance", "ResourceName": name});
        let mut entry = json!({
            "EventId": self.id,
            "EventTime": self.second as f64,
            "Resources": self.resources.iter().map(resource).collect::<Vec<_>>(),
        });
        for (name, value) in self.attributes.iter().filter(|(_, value)| !value.is_empty()) {
            entry[*name] = json!(value);
        }
        if let Some(text) = &self.text {
            entry["CloudTrailEvent"] = json!(text);
        }
        entry
    }

    fn has(&self, attribute: &str, value: &str) -> bool {
        match attribute {
            "ResourceName" => self.resources.iter().any(|name| name == value),
            other => self.attributes.get(other).is_some_and(|own| own == value),
        }
    }
}

impl EventHistoryServer {
    /// Starts a server without events, with pages of 50.
    pub fn start() -> Self {
        let script = Script {
            regions: HashMap::new(),
            page: 50,
            delays: HashMap::new(),
            failures: Vec::new(),
            requests: Vec::new(),
            tokens: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let serving = script.clone();
        let server = HttpServer::start(move |request| serving.lock().unwrap().reply(&request));
        Self { server, script }
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Adds events to a region.
    pub fn add(&self, region: &str, events: impl IntoIterator<Item = HistoryEvent>) {
        let mut script = self.script.lock().unwrap();
        let all = script.regions.entry(region.to_owned()).or_default();
        all.extend(events);
        all.sort_by_key(|event| std::cmp::Reverse(event.second));
    }

    /// Sets the largest number of events on a page.
    pub fn page(&self, events: usize) {
        self.script.lock().unwrap().page = events;
    }

    /// Delays every answer of a region.
    pub fn delay(&self, region: &str, delay: Duration) {
        self.script.lock().unwrap().delays.insert(region.to_owned(), delay);
    }

    /// Fails this many requests to a region with this code. [`ANY`] matches every region.
    pub fn fail(&self, region: &str, status: u16, code: &str, times: usize) {
        self.fail_at(region, None, status, code, times);
    }

    /// Fails this many requests for the page that begins after `at` events, or for any page if `at`
    /// is `None`. AWS answers an expired token with the code `InvalidNextTokenException`.
    pub fn fail_at(&self, region: &str, at: Option<usize>, status: u16, code: &str, times: usize) {
        let body = json!({"__type": format!("com.amazonaws#{code}"), "message": "as the test wants"}).to_string();
        self.answer_at(region, at, status, &body, times);
    }

    /// Answers these requests with this body. The status 0 leaves them without an answer for an hour.
    pub fn answer_at(&self, region: &str, at: Option<usize>, status: u16, body: &str, times: usize) {
        let (region, body) = (region.to_owned(), body.to_owned());
        self.script.lock().unwrap().failures.push(Failure { region, at, status, body, times });
    }

    /// Takes all requests since the start or the last call. Those of one region are in the order they came.
    pub fn requests(&self) -> Vec<LookupRequest> {
        let mut requests = std::mem::take(&mut self.script.lock().unwrap().requests);
        requests.sort_by(|one, other| one.region.cmp(&other.region));
        requests
    }
}

impl Script {
    fn reply(&mut self, request: &Request) -> Reply {
        if !request.header("x-amz-target").ends_with(".CloudTrail_20131101.LookupEvents") {
            return error("UnknownOperationException", "not LookupEvents");
        }
        let (region, mut body) = (request.region().to_owned(), serde_json::from_slice::<Value>(&request.body).unwrap());
        self.requests.push(LookupRequest { region: region.clone(), body: body.clone() });
        let token = body.as_object_mut().unwrap().remove("NextToken");
        let known = |token: &Value| self.tokens.get(token.as_str()?.parse::<usize>().ok()?).cloned();
        let at = match token.as_ref().map(known) {
            None => Some(0),
            Some(place) => place.filter(|(parameters, _)| *parameters == body).map(|(_, at)| at),
        };
        let failure = self.failures.iter_mut().find(|failure| {
            let is_region = failure.region == ANY || failure.region == region;
            is_region && failure.times > 0 && (failure.at.is_none() || failure.at == at)
        });
        if let Some(failure) = failure {
            failure.times = failure.times.saturating_sub(1);
            return match failure.status {
                0 => Reply::ok("{}").after(Duration::from_secs(3600)),
                status => Reply::new(status, failure.body.clone()),
            };
        }
        let Some(at) = at else {
            return error("InvalidNextTokenException", "the token is of another request");
        };
        let delay = self.delays.get(&region).copied().unwrap_or_default();
        Reply::ok(self.page(&region, body, at).to_string()).after(delay)
    }

    fn page(&mut self, region: &str, parameters: Value, at: usize) -> Value {
        let limit = parameters["MaxResults"].as_u64().unwrap_or(50).min(self.page as u64) as usize;
        let (start, end) = (parameters["StartTime"].as_i64(), parameters["EndTime"].as_i64());
        let attributes = parameters["LookupAttributes"].as_array().cloned().unwrap_or_default();
        assert!(attributes.len() < 2, "LookupEvents takes one attribute");
        let is_wanted = |event: &&HistoryEvent| {
            start.is_none_or(|start| event.second >= start)
                && end.is_none_or(|end| event.second <= end)
                && attributes.iter().all(|attribute| {
                    let [key, value] = ["AttributeKey", "AttributeValue"].map(|name| attribute[name].as_str().unwrap());
                    event.has(key, value)
                })
        };
        let wanted: Vec<&HistoryEvent> = self.regions.get(region).into_iter().flatten().filter(is_wanted).collect();
        let mut answer =
            json!({"Events": wanted.iter().skip(at).take(limit).map(|event| event.entry()).collect::<Vec<_>>()});
        if wanted.len() > at + limit {
            answer["NextToken"] = json!(self.tokens.len().to_string());
            self.tokens.push((parameters, at + limit));
        }
        answer
    }
}

fn error(code: &str, message: &str) -> Reply {
    Reply::new(400, json!({"__type": code, "message": message}).to_string())
}
