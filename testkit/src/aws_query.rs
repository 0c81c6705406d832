//! The services of AWS that use the Query protocol (EC2, load balancing, Auto Scaling, STS), as one server that runs
//! inside a test.
//!
//! A test sets the entries of each list. The server returns them page by page, records the
//! requests, and fails on demand. A list that was not set is empty. Signatures are read but not
//! verified.
//!
//! ```
//! use testkit::aws_query::{Api, QueryServer};
//!
//! let server = QueryServer::start(&["eu-west-1"]);
//! let volumes = vec!["<item><volumeId>vol-1</volumeId></item>".to_owned()];
//! server.list(Api::Ec2, "DescribeVolumes", "eu-west-1", "volumeSet", volumes);
//! server.fail("DescribeVolumes", "eu-west-1", 503, "RequestLimitExceeded", 2);
//! // … point a client at server.endpoint(), then …
//! assert_eq!(server.count("DescribeVolumes"), 0);
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support: a failure here is a failed test")]

mod answer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::answer::{Answer, answer, read};
use crate::http::{HttpServer, Reply, Request};

/// The account that the credentials of every request belong to.
pub const ACCOUNT: &str = "111122223333";

/// Any action, or any region.
pub const ANY: &str = "*";

/// The interface of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// Elastic Compute Cloud.
    Ec2,
    /// Classic load balancers.
    ClassicLoadBalancing,
    /// Application, network and gateway load balancers.
    LoadBalancing,
    /// Auto Scaling groups.
    AutoScaling,
    /// Security Token Service.
    Sts,
}

/// A request that the server has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryCall {
    /// The interface, derived from the version in the request.
    pub api: Api,
    /// The action, such as `DescribeVolumes`.
    pub action: String,
    /// The region that the request was signed for.
    pub region: String,
    /// All parameters, decoded.
    pub parameters: HashMap<String, String>,
}

/// A server that runs until it is dropped.
pub struct QueryServer {
    server: HttpServer,
    script: Arc<Mutex<Script>>,
}

/// The scripted answers, and the requests received.
#[derive(Default)]
struct Script {
    regions: Vec<String>,
    lists: HashMap<(Api, String, String), List>,
    failures: Vec<Failure>,
    calls: Vec<QueryCall>,
}

/// A list of one region.
#[derive(Clone)]
struct List {
    element: String,
    entries: Vec<String>,
}

/// Requests that fail.
struct Failure {
    action: String,
    region: String,
    status: u16,
    code: String,
    times: usize,
}

impl QueryServer {
    /// Starts a server for an account with these regions, without any resource.
    pub fn start(regions: &[&str]) -> Self {
        let regions = regions.iter().map(|region| (*region).to_owned()).collect();
        let script = Arc::new(Mutex::new(Script { regions, ..Script::default() }));
        let serving = script.clone();
        let server = HttpServer::start(move |request| reply(&serving, &request));
        Self { server, script }
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        self.server.url()
    }

    /// Sets the entries of a list: complete XML elements, which the answer wraps in `element`.
    pub fn list(&self, api: Api, action: &str, region: &str, element: &str, entries: Vec<String>) {
        let list = List { element: element.to_owned(), entries };
        self.script.lock().unwrap().lists.insert((api, action.to_owned(), region.to_owned()), list);
    }

    /// Fails this many requests with this code. [`ANY`] matches any action or region.
    pub fn fail(&self, action: &str, region: &str, status: u16, code: &str, times: usize) {
        let (action, region, code) = (action.to_owned(), region.to_owned(), code.to_owned());
        self.script.lock().unwrap().failures.push(Failure { action, region, status, code, times });
    }

    /// Leaves requests without an answer.
    pub fn stall(&self, action: &str, region: &str) {
        self.fail(action, region, 0, "", usize::MAX);
    }

    /// Ends all failures.
    pub fn clear_failures(&self) {
        self.script.lock().unwrap().failures.clear();
    }

    /// The number of requests for an action since the start or the last [`calls`](Self::calls).
    pub fn count(&self, action: &str) -> usize {
        self.script.lock().unwrap().calls.iter().filter(|call| call.action == action).count()
    }

    /// Takes all requests since the start or the last call, in the order they came.
    pub fn calls(&self) -> Vec<QueryCall> {
        std::mem::take(&mut self.script.lock().unwrap().calls)
    }
}

fn reply(script: &Mutex<Script>, request: &Request) -> Reply {
    /// Longer than any test.
    const NEVER: Duration = Duration::from_secs(24 * 3600);
    let form = String::from_utf8(request.body.to_vec()).unwrap();
    let Some(call) = read(&form, request.region().to_owned()) else {
        return Reply::new(400, format!("not a request: {form}"));
    };
    match answer(&mut script.lock().unwrap(), call) {
        Answer { status: 0, .. } => Reply::ok("").after(NEVER),
        Answer { status, body } => Reply::new(status, body),
    }
}
