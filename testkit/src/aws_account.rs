//! An account with the services that a trail needs (S3, SNS, SQS, CloudTrail, Organizations, STS), as one server that
//! runs inside a test.
//!
//! It keeps the resources that a client creates, refuses what AWS refuses, records the calls, and
//! fails on request. Signatures are read but not verified.
//!
//! ```
//! use testkit::aws_account::{AwsAccount, Fault};
//!
//! let account = AwsAccount::start();
//! account.fault(Fault::StopAfter(3));
//! // … run a client against account.url(), then …
//! assert!(account.changes().is_empty());
//! ```

#![allow(clippy::unwrap_used, reason = "test support: a failure here is a failed test")]

mod cloudtrail;
mod form;
mod queues;
mod storage;
mod topics;

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::http::{HttpServer, Reply, Request};

/// The account that the credentials of every request belong to.
pub const ACCOUNT: &str = "111122223333";

/// A failure of the server, or a change by others.
#[derive(Clone, Debug)]
pub enum Fault {
    /// After this many changes, every request is denied, so that the client ends.
    StopAfter(usize),
    /// The change with this number, counted from 1, is made, and the connection is closed without
    /// an answer.
    LoseAnswer(usize),
    /// Requests for an operation fail with this status and code, a number of times.
    Refuse {
        /// For example `CreateTrail`.
        operation: &'static str,
        /// Status of the answer.
        status: u16,
        /// Code of the error.
        code: &'static str,
        /// Number of requests that fail.
        times: usize,
    },
    /// Others set a value in the resources just before the next request for an operation.
    SetBefore {
        /// For example `PutBucketPolicy`.
        operation: &'static str,
        /// As for [`AwsAccount::set`].
        pointer: &'static str,
        /// The value.
        value: Value,
    },
    /// The list of trails always has one more page.
    EndlessList,
}

/// A server that runs until it is dropped.
pub struct AwsAccount {
    server: HttpServer,
    state: Arc<Mutex<State>>,
}

/// The resources of the account, and the requests that it received.
#[derive(Default)]
struct State {
    /// By service (`buckets`, `topics`, `queues`, `trails`), then by name.
    resources: Value,
    /// Id of the organisation and its management account.
    organization: Option<(String, String)>,
    calls: Vec<String>,
    changes: Vec<String>,
    faults: Vec<Fault>,
    url: String,
}

/// The answer of a service: a body, or the status, code and text of an error.
type Answer = Result<String, Refusal>;

/// An error of a service.
struct Refusal {
    status: u16,
    code: String,
    text: String,
}

/// A requested operation, independent of its protocol.
struct Call {
    protocol: Protocol,
    operation: String,
    region: String,
    parameters: Map<String, Value>,
    /// The body, of S3 only.
    body: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Json,
    Query,
    S3,
}

impl AwsAccount {
    /// Starts a server for an account without resources.
    pub fn start() -> Self {
        let resources = json!({"buckets": {}, "topics": {}, "queues": {}, "trails": {}});
        let state = Arc::new(Mutex::new(State { resources, ..State::default() }));
        let serving = state.clone();
        let server = HttpServer::start(move |request| serving.lock().unwrap().serve(&request));
        state.lock().unwrap().url = server.url();
        Self { server, state }
    }

    /// The address to give a client: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Makes the server fail from now on.
    pub fn fault(&self, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        state.changes.clear();
        state.faults.push(fault);
    }

    /// Ends all failures.
    pub fn clear_faults(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// Makes the account a member of an organisation.
    pub fn join(&self, organization: &str, management_account: &str) {
        self.state.lock().unwrap().organization = Some((organization.to_owned(), management_account.to_owned()));
    }

    /// All resources of the account, by service and name. Policies are texts.
    pub fn resources(&self) -> Value {
        self.state.lock().unwrap().resources.clone()
    }

    /// Sets a value in [`resources`](Self::resources), such as `/buckets/logs/policy`; the last name may be new.
    pub fn set(&self, pointer: &str, value: Value) {
        self.state.lock().unwrap().set(pointer, value);
    }

    /// Takes the operations since the start or the last call, in the order they came.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().calls)
    }

    /// Takes the operations that changed something, since the start, the last call or the last fault.
    pub fn changes(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().changes)
    }
}

impl State {
    fn set(&mut self, pointer: &str, value: Value) {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.resources.pointer_mut(parent).unwrap()[name.replace("~1", "/")] = value;
    }

    /// Applies [`Fault::SetBefore`] faults for this operation, once.
    fn set_before(&mut self, operation: &str) {
        let is_due = |fault: &Fault| matches!(fault, Fault::SetBefore { operation: other, .. } if *other == operation);
        let (due, later): (Vec<Fault>, Vec<Fault>) = std::mem::take(&mut self.faults).into_iter().partition(is_due);
        self.faults = later;
        for fault in due {
            if let Fault::SetBefore { pointer, value, .. } = fault {
                self.set(pointer, value);
            }
        }
    }

    fn serve(&mut self, request: &Request) -> Reply {
        let Some(call) = Call::read(request) else { return Reply::new(400, "what is this?") };
        self.calls.push(call.operation.clone());
        self.set_before(&call.operation);
        if let Some(refusal) = self.refusal(&call.operation) {
            return call.reply(Err(refusal), request);
        }
        if let Some(region) = self.other_region(&call) {
            return Reply::new(301, "").with_header("x-amz-bucket-region", region);
        }
        let answer = self.answer(&call);
        let is_change = !["Get", "List", "Describe", "Head"].iter().any(|read| call.operation.starts_with(read));
        if is_change && answer.is_ok() {
            self.changes.push(call.operation.clone());
            let number = self.changes.len();
            if self.faults.iter().any(|fault| matches!(fault, Fault::LoseAnswer(lost) if *lost == number)) {
                return Reply::hang_up();
            }
        }
        call.reply(answer, request)
    }

    /// The region of a bucket, if the request was signed for another one.
    fn other_region(&self, call: &Call) -> Option<String> {
        let region = self.resources["buckets"].get(call.text("Bucket"))?.get("region")?.as_str()?;
        (region != call.region).then(|| region.to_owned())
    }

    /// The error that the test wants.
    fn refusal(&mut self, operation: &str) -> Option<Refusal> {
        let made = self.changes.len();
        for fault in &mut self.faults {
            match fault {
                Fault::StopAfter(changes) if made >= *changes => {
                    return Some(refuse(403, "AccessDenied", "stopped by the test"));
                }
                Fault::Refuse { operation: refused, status, code, times } if *refused == operation && *times > 0 => {
                    *times = times.saturating_sub(1);
                    return Some(refuse(*status, code, "as the test wants"));
                }
                _ => {}
            }
        }
        None
    }

    fn answer(&mut self, call: &Call) -> Answer {
        match (call.protocol, call.operation.as_str()) {
            (Protocol::S3, _) => self.storage(call),
            (_, "GetCallerIdentity") => {
                Ok(format!("<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/test</Arn>"))
            }
            (Protocol::Query, _) => self.topics(call),
            (_, "DescribeOrganization") => match &self.organization {
                Some((id, account)) => Ok(json!({"Organization": {"Id": id, "MasterAccountId": account}}).to_string()),
                None => Err(refuse(400, "AWSOrganizationsNotInUseException", "not a member of an organization")),
            },
            (Protocol::Json, operation) if operation.contains("Queue") => self.queues(call),
            (Protocol::Json, _) => self.cloudtrail(call),
        }
    }

    /// A resource, or this error if it does not exist.
    fn existing(&mut self, kind: &str, name: &str, status: u16, code: &str) -> Result<&mut Value, Refusal> {
        let all = self.resources[kind].as_object_mut().unwrap();
        all.get_mut(name).ok_or_else(|| refuse(status, code, "it does not exist"))
    }
}

impl Call {
    /// Reads a request. `None` if it does not fit any of the protocols.
    fn read(request: &Request) -> Option<Self> {
        let region = request.region().to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let target = request.header("x-amz-target");
        if let Some((_, operation)) = target.rsplit_once('.') {
            let parameters = serde_json::from_str(&body).ok()?;
            let operation = operation.to_owned();
            return Some(Self { protocol: Protocol::Json, operation, region, parameters, body: String::new() });
        }
        if request.method == "POST" && request.path == "/" {
            let parameters = form::read(&body);
            let operation = parameters.get("Action")?.as_str()?.to_owned();
            return Some(Self { protocol: Protocol::Query, operation, region, parameters, body: String::new() });
        }
        let (bucket, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let bucket = bucket.trim_matches('/').to_owned();
        let query = query.split('&').find(|part| !part.starts_with("x-id=")).unwrap_or_default();
        let setting = query.split('=').next().unwrap_or_default().to_owned();
        let operation = storage::operation(&request.method, &setting)?;
        let parameters = Map::from_iter([("Bucket".into(), bucket.into()), ("Setting".into(), setting.into())]);
        Some(Self { protocol: Protocol::S3, operation, region, parameters, body })
    }

    /// A parameter, or the empty text.
    fn text(&self, name: &str) -> String {
        self.parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn reply(&self, answer: Answer, request: &Request) -> Reply {
        let operation = &self.operation;
        match (self.protocol, answer) {
            (_, Err(refusal)) if request.method == "HEAD" => Reply::new(refusal.status, ""),
            (Protocol::Json, Err(Refusal { status, code, text })) => {
                Reply::new(status, json!({"__type": format!("com.amazonaws#{code}"), "message": text}).to_string())
            }
            (Protocol::Query, Err(Refusal { status, code, text })) => Reply::new(
                status,
                format!("<ErrorResponse><Error><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"),
            ),
            (Protocol::S3, Err(Refusal { status, code, text })) => {
                Reply::new(status, format!("<Error><Code>{code}</Code><Message>{text}</Message></Error>"))
            }
            (Protocol::Query, Ok(result)) => Reply::ok(format!(
                "<{operation}Response xmlns=\"urn:x\"><{operation}Result>{result}</{operation}Result></{operation}Response>"
            )),
            (_, Ok(body)) => Reply::ok(body),
        }
    }
}

fn refuse(status: u16, code: &str, text: &str) -> Refusal {
    Refusal { status, code: code.to_owned(), text: text.to_owned() }
}

/// The ARN of a resource of the account.
fn arn(service: &str, region: &str, name: &str) -> String {
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{name}")
}
