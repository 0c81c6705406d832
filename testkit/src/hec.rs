//! Splunk's HTTP Event Collector, as a server that runs inside a test.
//!
//! It checks the token, the compression and the JSON as the real one does, and keeps the events
//! that it accepts. A test scripts failures, which occur one after another before the collector
//! works normally again.
//!
//! ```
//! use testkit::hec::{HecReply, HecServer};
//!
//! let server = HecServer::start("secret");
//! server.script([HecReply::Busy, HecReply::HangUpAfterTaking]);
//! // … point a client at server.url(), then …
//! assert!(server.events().is_empty());
//! ```

#![allow(clippy::unwrap_used, reason = "test support: a failure here is a failed test")]

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use crate::http::{HttpServer, Reply, Request};

/// An event that the collector accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct TakenEvent {
    /// All members of its object, `event` included.
    pub object: Map<String, Value>,
    /// The object as it was sent.
    pub text: String,
    /// The number of the request that contained it, from 0.
    pub request: usize,
}

impl TakenEvent {
    /// The member `event`.
    pub fn event(&self) -> &Value {
        &self.object["event"]
    }

    /// A member as text, or the empty text.
    pub fn member(&self, name: &str) -> &str {
        self.object.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What the collector does with a request that sends events, instead of its normal work.
#[derive(Clone, Debug)]
pub enum HecReply {
    /// Does its normal work; for scripts in which a later request fails.
    Normal,
    /// Status 503: the queues are full.
    Busy,
    /// Any other answer.
    Answer(u16, String),
    /// Closes the connection without accepting any event.
    HangUp,
    /// Accepts the events, but closes the connection without an answer.
    HangUpAfterTaking,
}

/// Whether the collector acknowledges what it has indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Acknowledging {
    /// It does not.
    #[default]
    Off,
    /// After this many polls in vain.
    After(u32),
    /// It returns acknowledgement ids, but never acknowledges them.
    Never,
}

/// A request that sent events.
#[derive(Clone, Debug, PartialEq)]
pub struct HecRequest {
    /// The header `X-Splunk-Request-Channel`.
    pub channel: String,
    /// The header `Cookie`.
    pub cookie: String,
    /// Whether the body was compressed.
    pub is_compressed: bool,
    /// Bytes of the body after decompression.
    pub size: usize,
}

#[derive(Default)]
struct Collector {
    token: String,
    script: VecDeque<HecReply>,
    acknowledging: Acknowledging,
    /// Events with this text are refused.
    refused: Option<String>,
    /// Added to the position of a refused event.
    offset: i64,
    indexes: Option<Vec<String>>,
    limit: Option<usize>,
    cookie: Option<String>,
    taken: Vec<TakenEvent>,
    requests: Vec<HecRequest>,
    /// The number of polls for each acknowledgement id.
    polls: BTreeMap<u64, u32>,
}

/// A collector that runs until it is dropped.
pub struct HecServer {
    server: HttpServer,
    collector: Arc<Mutex<Collector>>,
}

impl HecServer {
    /// Starts a collector that accepts one token.
    pub fn start(token: &str) -> HecServer {
        let collector = Arc::new(Mutex::new(Collector { token: token.into(), ..Collector::default() }));
        let shared = collector.clone();
        let server = HttpServer::start(move |request| {
            let mut collector = shared.lock().unwrap();
            let reply = collector.answer(&request);
            match &collector.cookie {
                Some(cookie) => reply.with_header("set-cookie", cookie),
                None => reply,
            }
        });
        HecServer { server, collector }
    }

    /// The address to give a client.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Scripts the answers to the next requests that send events.
    pub fn script(&self, replies: impl IntoIterator<Item = HecReply>) {
        self.collector.lock().unwrap().script.extend(replies);
    }

    /// Sets whether and when it acknowledges.
    pub fn set_acknowledging(&self, acknowledging: Acknowledging) {
        self.collector.lock().unwrap().acknowledging = acknowledging;
    }

    /// Refuses requests with an event that contains the text, and names its position.
    pub fn refuse(&self, text: &str) {
        self.collector.lock().unwrap().refused = Some(text.into());
    }

    /// Names a wrong position for refused events.
    pub fn set_position_offset(&self, offset: i64) {
        self.collector.lock().unwrap().offset = offset;
    }

    /// Limits the indexes that events can name.
    pub fn set_indexes(&self, indexes: &[&str]) {
        self.collector.lock().unwrap().indexes = Some(indexes.iter().map(|index| (*index).into()).collect());
    }

    /// Refuses larger requests with status 413.
    pub fn set_limit(&self, bytes: usize) {
        self.collector.lock().unwrap().limit = Some(bytes);
    }

    /// Sets a cookie in every answer, as a load balancer does.
    pub fn set_cookie(&self, cookie: &str) {
        self.collector.lock().unwrap().cookie = Some(cookie.into());
    }

    /// All accepted events, in order of arrival.
    pub fn events(&self) -> Vec<TakenEvent> {
        self.collector.lock().unwrap().taken.clone()
    }

    /// The number of accepted events.
    pub fn count(&self) -> usize {
        self.collector.lock().unwrap().taken.len()
    }

    /// All requests that sent events.
    pub fn requests(&self) -> Vec<HecRequest> {
        self.collector.lock().unwrap().requests.clone()
    }

    /// The number of polls for acknowledgements. A request counts once for each id in it.
    pub fn polls(&self) -> u32 {
        self.collector.lock().unwrap().polls.values().sum()
    }
}

/// An answer as Splunk words it.
fn reply(status: u16, code: u64, text: &str) -> Reply {
    Reply::new(status, json!({"text": text, "code": code}).to_string())
}

impl Collector {
    fn answer(&mut self, request: &Request) -> Reply {
        match request.header("authorization").strip_prefix("Splunk ") {
            None if request.header("authorization").is_empty() => return reply(401, 2, "Token is required"),
            None => return reply(401, 3, "Invalid authorization"),
            Some(token) if token != self.token => return reply(403, 4, "Invalid token"),
            Some(_) => {}
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/services/collector" | "/services/collector/event") => self.receive(request),
            ("POST", "/services/collector/ack") => self.acknowledge(request),
            _ => Reply::new(404, r#"{"text":"The requested URL was not found on this server.","code":404}"#),
        }
    }

    fn receive(&mut self, request: &Request) -> Reply {
        let is_compressed = request.header("content-encoding") == "gzip";
        let channel = request.header("x-splunk-request-channel").to_string();
        let mut text = String::new();
        let body = match is_compressed {
            true => GzDecoder::new(&request.body[..]).read_to_string(&mut text),
            false => (&request.body[..]).read_to_string(&mut text),
        };
        let cookie = request.header("cookie").to_string();
        self.requests.push(HecRequest { channel: channel.clone(), cookie, is_compressed, size: text.len() });
        let scripted = self.script.pop_front().unwrap_or(HecReply::Normal);
        match scripted {
            HecReply::Busy => return reply(503, 9, "Server is busy"),
            HecReply::Answer(status, body) => return Reply::new(status, body),
            HecReply::HangUp => return Reply::hang_up(),
            HecReply::Normal | HecReply::HangUpAfterTaking => {}
        }
        if body.is_err() {
            return reply(400, 6, "Invalid data format");
        }
        if self.limit.is_some_and(|limit| text.len() > limit) {
            return reply(413, 27, "Request entity too large");
        }
        if self.acknowledging != Acknowledging::Off && channel.is_empty() {
            return reply(400, 10, "Data channel is missing");
        }
        let events = match self.parse(&text) {
            Ok(events) => events,
            Err(refusal) => return refusal,
        };
        self.taken.extend(events);
        if matches!(scripted, HecReply::HangUpAfterTaking) {
            return Reply::hang_up();
        }
        if self.acknowledging == Acknowledging::Off {
            return reply(200, 0, "Success");
        }
        let ack = self.requests.len() as u64 - 1;
        self.polls.insert(ack, 0);
        Reply::ok(json!({"text": "Success", "code": 0, "ackId": ack}).to_string())
    }

    /// Reads all events of a request, or refuses all of them.
    fn parse(&self, text: &str) -> Result<Vec<TakenEvent>, Reply> {
        let mut events = Vec::new();
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
        let mut start = 0;
        while let Some(object) = stream.next() {
            let invalid = |code: u64, text: &str| {
                let position = events.len() as i64 + self.offset;
                let body = json!({"text": text, "code": code, "invalid-event-number": position});
                Reply::new(400, body.to_string())
            };
            let Ok(object) = object else { return Err(invalid(6, "Invalid data format")) };
            let (text, request) = (&text[start..stream.byte_offset()], self.requests.len() - 1);
            start = stream.byte_offset();
            let is_listed = |index: &str| self.indexes.as_ref().is_none_or(|list| list.iter().any(|one| one == index));
            match object.get("event") {
                None => return Err(invalid(12, "Event field is required")),
                Some(Value::String(event)) if event.is_empty() => {
                    return Err(invalid(13, "Event field cannot be blank"));
                }
                Some(_) if self.refused.as_ref().is_some_and(|refused| text.contains(refused.as_str())) => {
                    return Err(invalid(6, "Invalid data format"));
                }
                Some(_) if !object.get("index").and_then(Value::as_str).is_none_or(is_listed) => {
                    return Err(invalid(7, "Incorrect index"));
                }
                Some(_) => events.push(TakenEvent { object, text: text.trim().into(), request }),
            }
        }
        if events.is_empty() { Err(reply(400, 5, "No data")) } else { Ok(events) }
    }

    fn acknowledge(&mut self, request: &Request) -> Reply {
        if request.header("x-splunk-request-channel").is_empty() {
            return reply(400, 10, "Data channel is missing");
        }
        let enough = match self.acknowledging {
            Acknowledging::Off => return reply(400, 14, "ACK is disabled"),
            Acknowledging::After(polls) => polls,
            Acknowledging::Never => u32::MAX,
        };
        let Ok(question) = serde_json::from_slice::<Value>(&request.body) else {
            return reply(400, 6, "Invalid data format");
        };
        let asked = question["acks"].as_array().cloned().unwrap_or_default();
        let mut acks = Map::new();
        for ack in asked.iter().filter_map(Value::as_u64) {
            let polls = self.polls.get_mut(&ack);
            let is_done = polls.is_some_and(|polls| {
                *polls += 1;
                *polls > enough
            });
            acks.insert(ack.to_string(), is_done.into());
        }
        Reply::ok(json!({ "acks": acks }).to_string())
    }
}
