//! A queue of SQS that runs inside a test, with visibility timeouts and a dead-letter queue.
//!
//! It keeps a log of what was done to each message, so that a test can check the order of writing
//! and deleting.
//!
//! ```
//! use std::time::Duration;
//! use testkit::sqs::SqsServer;
//!
//! let queue = SqsServer::start(Duration::from_secs(30));
//! let id = queue.send("{}");
//! // … point a client at queue.url(), then …
//! assert!(queue.waiting() == 1 && !queue.is_deleted(id));
//! ```

#![allow(clippy::unwrap_used, reason = "test support: a failure here is a failed test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{HttpServer, Reply, Request};

/// Identifies a message of a test.
pub type MessageId = usize;

/// What a client did to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqsAction {
    /// Received it.
    Received,
    /// Hid it for longer.
    Extended,
    /// Made it visible at once.
    Released,
    /// Deleted it.
    Deleted,
}

/// A server that runs until it is dropped.
pub struct SqsServer {
    server: HttpServer,
    state: Arc<Mutex<State>>,
}

/// Called with the body of each message just before it is deleted.
type DeleteCheck = Box<dyn Fn(&str) + Send>;

#[derive(Default)]
struct State {
    visibility: Duration,
    /// Receipts after which a message moves to the dead-letter queue.
    most_receipts: Option<u64>,
    messages: BTreeMap<MessageId, Message>,
    sent: usize,
    dead_letters: Vec<MessageId>,
    log: Vec<(MessageId, SqsAction)>,
    failures: Vec<Failure>,
    before_delete: Option<DeleteCheck>,
}

struct Message {
    body: String,
    visible_at: Instant,
    receipts: u64,
}

struct Failure {
    operation: String,
    reply: Reply,
    times: usize,
}

impl SqsServer {
    /// Starts a server with one empty queue, whose messages are hidden for this time.
    pub fn start(visibility: Duration) -> Self {
        let state = Arc::new(Mutex::new(State { visibility, ..State::default() }));
        let shared = state.clone();
        let server = HttpServer::start(move |request| shared.lock().unwrap().answer(&request));
        Self { server, state }
    }

    /// The URL of the queue.
    pub fn url(&self) -> String {
        format!("{}/111122223333/trail", self.server.url())
    }

    /// Moves messages to a dead-letter queue after this many receipts.
    pub fn set_dead_letters(&self, most_receipts: u64) {
        self.state.lock().unwrap().most_receipts = Some(most_receipts);
    }

    /// Adds a message.
    pub fn send(&self, body: impl Into<String>) -> MessageId {
        let mut state = self.state.lock().unwrap();
        state.sent += 1;
        let (id, body) = (state.sent, body.into());
        state.messages.insert(id, Message { body, visible_at: Instant::now(), receipts: 0 });
        id
    }

    /// Answers this many requests for the operation with this reply.
    pub fn fail(&self, operation: &str, reply: Reply, times: usize) {
        self.state.lock().unwrap().failures.push(Failure { operation: operation.to_owned(), reply, times });
    }

    /// Answers this many requests for the operation with an error of SQS.
    pub fn refuse(&self, operation: &str, status: u16, code: &str, times: usize) {
        let body = json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": "as the test wants"});
        self.fail(operation, Reply::new(status, body.to_string()), times);
    }

    /// Calls `check` with the body of each message just before it is deleted.
    pub fn before_delete(&self, check: impl Fn(&str) + Send + 'static) {
        self.state.lock().unwrap().before_delete = Some(Box::new(check));
    }

    /// The number of messages in the queue, hidden ones included.
    pub fn waiting(&self) -> usize {
        self.state.lock().unwrap().messages.len()
    }

    /// The ids of the messages in the dead-letter queue.
    pub fn dead_letters(&self) -> Vec<MessageId> {
        self.state.lock().unwrap().dead_letters.clone()
    }

    /// Whether a message was deleted.
    pub fn is_deleted(&self, id: MessageId) -> bool {
        self.state.lock().unwrap().log.contains(&(id, SqsAction::Deleted))
    }

    /// The actions of clients, in order.
    pub fn log(&self) -> Vec<(MessageId, SqsAction)> {
        self.state.lock().unwrap().log.clone()
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        let operation = request.header("x-amz-target").rsplit('.').next().unwrap_or_default();
        if let Some(failure) =
            self.failures.iter_mut().find(|failure| failure.operation == operation && failure.times > 0)
        {
            failure.times -= 1;
            return failure.reply.clone();
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match operation {
            "GetQueueUrl" => Reply::ok(
                json!({"QueueUrl": format!("http://{}/111122223333/trail", request.header("host"))}).to_string(),
            ),
            "GetQueueAttributes" => self.attributes(),
            "ReceiveMessage" => self.receive(&body),
            "DeleteMessageBatch" => self.each(&body, Self::delete),
            "ChangeMessageVisibilityBatch" => self.each(&body, Self::hide),
            _ => Reply::new(400, json!({"__type": "UnknownOperationException"}).to_string()),
        }
    }

    fn attributes(&self) -> Reply {
        let mut attributes = json!({
            "VisibilityTimeout": self.visibility.as_secs().max(1).to_string(),
            "ApproximateNumberOfMessages": self.messages.len().to_string(),
        });
        if let Some(most) = self.most_receipts {
            let policy =
                json!({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:dead", "maxReceiveCount": most});
            attributes["RedrivePolicy"] = policy.to_string().into();
        }
        Reply::ok(json!({"Attributes": attributes}).to_string())
    }

    fn receive(&mut self, body: &Value) -> Reply {
        /// Replaces the requested wait for a message.
        const WAIT: Duration = Duration::from_millis(30);
        let now = Instant::now();
        if let Some(most) = self.most_receipts {
            let is_dead = |message: &Message| message.visible_at <= now && message.receipts >= most;
            let dead_letters: Vec<_> =
                self.messages.iter().filter(|(_, message)| is_dead(message)).map(|(id, _)| *id).collect();
            for id in dead_letters {
                self.messages.remove(&id);
                self.dead_letters.push(id);
            }
        }
        let most = body["MaxNumberOfMessages"].as_u64().unwrap_or(1) as usize;
        let is_visible = |(id, message): (&MessageId, &Message)| (message.visible_at <= now).then_some(*id);
        let visible: Vec<_> = self.messages.iter().filter_map(is_visible).collect();
        // A queue returns messages in any order.
        let chosen = fastrand::choose_multiple(visible, most);
        let mut received = Vec::new();
        for (id, message) in self.messages.iter_mut().filter(|(id, _)| chosen.contains(id)) {
            message.visible_at = now + self.visibility;
            message.receipts += 1;
            self.log.push((*id, SqsAction::Received));
            received.push(json!({
                "MessageId": format!("message-{id}"),
                "ReceiptHandle": format!("{id}:{}", message.receipts),
                "Body": message.body,
                "Attributes": {"ApproximateReceiveCount": message.receipts.to_string()},
            }));
        }
        match (received.is_empty(), body["WaitTimeSeconds"].as_u64()) {
            (true, Some(1..)) => Reply::ok("{}").after(WAIT),
            (true, _) => Reply::ok("{}"),
            _ => Reply::ok(json!({"Messages": received}).to_string()),
        }
    }

    /// Applies an operation to each entry of a batch. An entry fails if its receipt handle is not
    /// the latest.
    fn each(&mut self, body: &Value, apply: fn(&mut Self, MessageId, &Value)) -> Reply {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in body["Entries"].as_array().into_iter().flatten() {
            let (id, receipt) = entry["ReceiptHandle"].as_str().unwrap().split_once(':').unwrap();
            let id: MessageId = id.parse().unwrap();
            let is_last = self.messages.get(&id).is_some_and(|message| message.receipts.to_string() == receipt);
            if is_last {
                apply(self, id, entry);
                successful.push(json!({"Id": entry["Id"]}));
            } else {
                failed.push(json!({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": true}));
            }
        }
        Reply::ok(json!({"Successful": successful, "Failed": failed}).to_string())
    }

    fn delete(&mut self, id: MessageId, _: &Value) {
        if let Some(message) = self.messages.remove(&id) {
            self.before_delete.iter().for_each(|check| check(&message.body));
            self.log.push((id, SqsAction::Deleted));
        }
    }

    fn hide(&mut self, id: MessageId, entry: &Value) {
        let time = Duration::from_secs(entry["VisibilityTimeout"].as_u64().unwrap());
        if let Some(message) = self.messages.get_mut(&id) {
            message.visible_at = Instant::now() + time;
            self.log.push((id, if time.is_zero() { SqsAction::Released } else { SqsAction::Extended }));
        }
    }
}
