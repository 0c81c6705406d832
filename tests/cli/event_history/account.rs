//! A server with events, and runs of the program that read them.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::{Value, json};
use testkit::event_history::{EventHistoryServer, HistoryEvent, LookupRequest};

use crate::harness::{RunResult, Trial};

/// Number of regions that are read if none is named.
pub const REGIONS: usize = 34;

/// The note in the last line about events that event history lacks.
pub const OLD: &str = "event history has no data events, and none older than 90 days";

/// A server, and a folder to run in.
pub struct Account {
    pub server: EventHistoryServer,
    pub trial: Trial,
}

impl Account {
    /// An account without events.
    pub fn new() -> Account {
        let server = EventHistoryServer::start();
        let mut trial = Trial::new();
        trial
            .env("AWS_ENDPOINT_URL", &server.url())
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("AWS_REGION", "eu-west-1")
            // Only the reader itself repeats requests, and does not pause.
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("_TRAIL2TSV_LOOKUP_INTERVAL", "0");
        Account { server, trial }
    }

    /// An account with events of several services, callers and regions.
    pub fn with_story() -> Account {
        let account = Account::new();
        account.server.add(
            "eu-west-1",
            [
                instance(
                    event("1", "2026-10-01T09:00:00Z", "RunInstances", "alice"),
                    json!({"instanceType": "t3.micro"}),
                ),
                read(event("2", "2026-10-01T09:10:00Z", "DescribeInstances", "bob")),
                instance(
                    event("3", "2026-10-01T09:20:00Z", "TerminateInstances", "bob"),
                    json!({"previousState": {"name": "running"}, "currentState": {"name": "terminated"}}),
                ),
                HistoryEvent::new(&json!({
                    "eventID": "4", "eventTime": "2026-10-01T09:30:00Z", "eventName": "CreateTags",
                    "eventSource": "ec2.amazonaws.com", "awsRegion": "eu-west-1", "readOnly": false,
                    "userIdentity": {"type": "AssumedRole", "principalId": "AROACKCEVSQ6C2EXAMPLE:alice",
                        "arn": "arn:aws:sts::111122223333:assumed-role/Admin/alice", "accountId": "111122223333",
                        "accessKeyId": "ASIAIOSFODNN7EXAMPLE"},
                    "requestParameters": {"resourcesSet": {"items": [{"resourceId": "i-0abc12de34f567890"}]}}
                })),
            ],
        );
        account.server.add(
            "us-east-1",
            [
                iam(event("5", "2026-10-01T09:05:00Z", "CreateUser", "alice")),
                iam(event("6", "2026-10-01T09:25:00Z", "DeleteUser", "bob")),
            ],
        );
        account
    }

    /// Runs the main command on the event history.
    pub fn rows(&self, arguments: &[&str]) -> RunResult {
        self.trial.run(&[&["--event-history", "--no-header", "-c", "eventTime,eventName,userName"], arguments].concat())
    }

    /// Runs the main command quietly, and returns the names of events and the bodies of the
    /// requests to a region.
    pub fn requests_for(&self, arguments: &[&str], region: &str) -> (Vec<String>, Vec<Value>) {
        self.server.requests();
        let ran = self.trial.run(&[&["--event-history", "-q", "--no-header", "-c", "eventName"], arguments].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
        let requests = self.server.requests().into_iter().filter(|request| request.region == region);
        (ran.stdout.lines().map(String::from).collect(), requests.map(|request| request.body).collect())
    }
}

/// Number of requests to a region.
pub fn count(requests: &[LookupRequest], region: &str) -> usize {
    requests.iter().filter(|request| request.region == region).count()
}

/// An event as in a log.
pub fn json(id: &str, time: &str, name: &str, user: &str) -> Value {
    json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": time, "eventName": name,
        "eventSource": "ec2.amazonaws.com", "awsRegion": "eu-west-1", "readOnly": false,
        "sourceIPAddress": "203.0.113.7", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": user, "accessKeyId": format!("AKIA{:0>16}", user.to_uppercase()),
            "principalId": "AIDACKCEVSQ6C2EXAMPLE", "arn": format!("arn:aws:iam::111122223333:user/{user}")},
    })
}

/// An event of the event history.
pub fn event(id: &str, time: &str, name: &str, user: &str) -> HistoryEvent {
    HistoryEvent::new(&json(id, time, name, user))
}

/// This many events, one each second, the oldest first.
pub fn events(region: &str, count: usize) -> Vec<HistoryEvent> {
    let event = |number: usize| {
        let time = format!("2026-10-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60);
        event(&format!("{region}-{number}"), &time, &format!("{region}-{number}"), "alice")
    };
    (0..count).map(event).collect()
}

fn changed(event: HistoryEvent, change: impl Fn(&mut Value)) -> HistoryEvent {
    let entry = event.entry();
    let mut value: Value = serde_json::from_str(entry["CloudTrailEvent"].as_str().unwrap()).unwrap();
    change(&mut value);
    HistoryEvent::new(&value)
}

/// An event with an instance in its response, which AWS lists as a resource.
fn instance(event: HistoryEvent, mut instance: Value) -> HistoryEvent {
    instance["instanceId"] = json!("i-0abc12de34f567890");
    let change = |event: &mut Value| event["responseElements"] = json!({"instancesSet": {"items": [instance.clone()]}});
    changed(event, change).about("i-0abc12de34f567890")
}

fn read(event: HistoryEvent) -> HistoryEvent {
    changed(event, |event| event["readOnly"] = json!(true))
}

fn iam(event: HistoryEvent) -> HistoryEvent {
    changed(event, |event| {
        event["eventSource"] = json!("iam.amazonaws.com");
        event["awsRegion"] = json!("us-east-1");
    })
}
