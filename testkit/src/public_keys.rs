//! The public keys of CloudTrail, as a server that runs inside a test: `ListPublicKeys` with a window of time and
//! pages, in every region.
//!
//! Signatures of requests are read but not verified.
//!
//! ```
//! use testkit::public_keys::{ListedKey, PublicKeyServer};
//!
//! let server = PublicKeyServer::start();
//! let der = [0x30, 0x82];
//! server.add("eu-west-1", ListedKey::new("ab12", &der, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"));
//! server.fail("us-east-1", 400, "AccessDeniedException", 1);
//! // … point a client at server.url(), then …
//! assert!(server.requests().is_empty());
//! ```

#![allow(clippy::unwrap_used, reason = "test support: a failure here is a failed test")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http::{HttpServer, Reply, Request};

/// Any region.
pub const ANY: &str = "*";

/// A key that the service lists.
#[derive(Clone, Debug)]
pub struct ListedKey {
    fingerprint: String,
    /// Base64.
    value: String,
    from: Timestamp,
    until: Timestamp,
}

/// A request that the server has received.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRequest {
    /// The region that the request was signed for.
    pub region: String,
    /// The parameters.
    pub body: Value,
}

/// A server that runs until it is dropped.
pub struct PublicKeyServer {
    server: HttpServer,
    script: Arc<Mutex<Script>>,
}

/// The scripted answers, and the requests received.
struct Script {
    /// The keys of each region, in the order in which they were added.
    regions: HashMap<String, Vec<ListedKey>>,
    page: usize,
    failures: Vec<Failure>,
    requests: Vec<KeyRequest>,
}

/// Requests of a region that get this answer.
struct Failure {
    region: String,
    reply: Reply,
    times: usize,
}

impl ListedKey {
    /// A key of this DER encoding, valid between two times.
    pub fn new(fingerprint: &str, der: &[u8], from: &str, until: &str) -> Self {
        let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
        Self { fingerprint: fingerprint.to_owned(), value: BASE64_STANDARD.encode(der), from, until }
    }

    /// The entry of an answer.
    pub fn entry(&self) -> Value {
        json!({
            "Value": self.value,
            "ValidityStartTime": self.from.as_second() as f64,
            "ValidityEndTime": self.until.as_second() as f64,
            "Fingerprint": self.fingerprint,
        })
    }
}

impl PublicKeyServer {
    /// Starts a server without keys, with pages of 10.
    pub fn start() -> Self {
        let script = Script { regions: HashMap::new(), page: 10, failures: Vec::new(), requests: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let serving = script.clone();
        let server = HttpServer::start(move |request| serving.lock().unwrap().reply(&request));
        Self { server, script }
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Adds a key to a region.
    pub fn add(&self, region: &str, key: ListedKey) {
        self.script().regions.entry(region.to_owned()).or_default().push(key);
    }

    /// Sets the largest number of keys on a page.
    pub fn page(&self, keys: usize) {
        self.script().page = keys;
    }

    /// Fails this many requests to a region with this code. [`ANY`] matches every region.
    pub fn fail(&self, region: &str, status: u16, code: &str, times: usize) {
        let body = json!({"__type": format!("com.amazonaws#{code}"), "message": "as the test wants"});
        self.answer(region, Reply::new(status, body.to_string()), times);
    }

    /// Answers this many requests to a region with this reply.
    pub fn answer(&self, region: &str, reply: Reply, times: usize) {
        self.script().failures.push(Failure { region: region.to_owned(), reply, times });
    }

    /// Takes all requests since the start or the last call. Those of one region are in the order they came.
    pub fn requests(&self) -> Vec<KeyRequest> {
        let mut requests = std::mem::take(&mut self.script().requests);
        requests.sort_by(|one, other| one.region.cmp(&other.region));
        requests
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }
}

impl Script {
    fn reply(&mut self, request: &Request) -> Reply {
        if !request.header("x-amz-target").ends_with(".CloudTrail_20131101.ListPublicKeys") {
            return error("UnknownOperationException", "not ListPublicKeys");
        }
        let (region, body) = (request.region().to_owned(), serde_json::from_slice::<Value>(&request.body).unwrap());
        self.requests.push(KeyRequest { region: region.clone(), body: body.clone() });
        let failure = self.failures.iter_mut().find(|failure| {
            let is_region = failure.region == ANY || failure.region == region;
            is_region && failure.times > 0
        });
        if let Some(failure) = failure {
            failure.times -= 1;
            return failure.reply.clone();
        }
        match body.get("NextToken").map(|token| token.as_str().and_then(|token| token.parse().ok())) {
            Some(None) => error("InvalidTokenException", "not a token of this server"),
            Some(Some(at)) => Reply::ok(self.page_at(&region, &body, at).to_string()),
            None => Reply::ok(self.page_at(&region, &body, 0).to_string()),
        }
    }

    fn page_at(&self, region: &str, parameters: &Value, at: usize) -> Value {
        let [start, end] = ["StartTime", "EndTime"].map(|name| parameters[name].as_i64().unwrap());
        let is_wanted = |key: &&ListedKey| key.from.as_second() <= end && key.until.as_second() >= start;
        let wanted: Vec<&ListedKey> = self.regions.get(region).into_iter().flatten().filter(is_wanted).collect();
        let page: Vec<Value> = wanted.iter().skip(at).take(self.page).map(|key| key.entry()).collect();
        let mut answer = json!({"PublicKeyList": page});
        if wanted.len() > at + self.page {
            answer["NextToken"] = json!((at + self.page).to_string());
        }
        answer
    }
}

fn error(code: &str, message: &str) -> Reply {
    Reply::new(400, json!({"__type": code, "message": message}).to_string())
}
