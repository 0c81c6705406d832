//! A bucket, a queue that announces its objects, and followers.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::NamedTempFile;
use testkit::sqs::{MessageId, SqsServer};

use crate::bucket::cloud::{Cloud, signal, wait_until};
use crate::harness::RunResult;

/// A bucket and its queue.
pub struct Feed {
    pub cloud: Cloud,
    pub queue: SqsServer,
}

/// A running follower.
pub struct Follower {
    child: Child,
    stdout: PathBuf,
    stderr: NamedTempFile,
    arguments: Vec<String>,
}

impl Feed {
    /// An empty bucket, and a queue that hides messages for 30 seconds.
    pub fn new() -> Feed {
        Feed::hiding(Duration::from_secs(30))
    }

    /// The same, with another visibility timeout.
    pub fn hiding(visibility: Duration) -> Feed {
        let (mut cloud, queue) = (Cloud::new(), SqsServer::start(visibility));
        let endpoint = queue.url().rsplitn(3, '/').last().unwrap().to_string();
        cloud.trial.env("AWS_ENDPOINT_URL_SQS", &endpoint);
        Feed { cloud, queue }
    }

    /// Announces objects as CloudTrail does through a topic.
    pub fn announce(&self, keys: &[impl AsRef<str>]) -> MessageId {
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        self.queue.send(in_topic(&json!({"s3Bucket": "logs", "s3ObjectKey": keys}).to_string()))
    }

    /// Puts the log of the minute with this number and announces it.
    pub fn deliver(&self, number: usize) -> MessageId {
        self.announce(&[self.cloud.minute(number)])
    }

    /// Starts a follower of the queue that shows names of events only.
    pub fn follow(&self, arguments: &[&str]) -> Follower {
        let url = self.queue.url();
        self.start(&[&["--queue", &url], arguments].concat())
    }

    /// Starts a follower that shows names of events only.
    pub fn start(&self, arguments: &[&str]) -> Follower {
        const ALWAYS: &[&str] =
            &["follow", "--mirror", "mirror", "--journal", "journal", "-c", "eventName", "--no-header"];
        self.spawn([ALWAYS, arguments].concat())
    }

    /// Starts a follower of the queue with these arguments.
    pub fn start_with(&self, arguments: &[impl AsRef<str>]) -> Follower {
        let url = self.queue.url();
        let arguments = arguments.iter().map(AsRef::as_ref).chain(["--queue", &url]).collect();
        self.spawn(arguments)
    }

    fn spawn(&self, arguments: Vec<&str>) -> Follower {
        let stdout = self.cloud.trial.path("out.tsv");
        let file = File::options().create(true).append(true).open(&stdout).unwrap();
        // A pipe that is not read would block it.
        let stderr = NamedTempFile::new().unwrap();
        let errors = Stdio::from(stderr.reopen().unwrap());
        let child = self.cloud.trial.command(&arguments).stdout(Stdio::from(file)).stderr(errors).spawn().unwrap();
        let arguments = arguments.into_iter().map(String::from).collect();
        Follower { child, stdout, stderr, arguments }
    }

    /// The rows that all followers have written.
    pub fn written(&self) -> String {
        std::fs::read_to_string(self.cloud.trial.path("out.tsv")).unwrap_or_default()
    }

    /// The same, sorted: objects of several messages come in any order.
    pub fn sorted(&self) -> String {
        let written = self.written();
        let mut lines: Vec<&str> = written.split_inclusive('\n').collect();
        lines.sort_unstable();
        lines.concat()
    }

    /// Follows the queue until nothing is left in it.
    pub fn drain(&self, arguments: &[&str]) -> RunResult {
        self.drained(self.follow(arguments))
    }

    /// The same, with these arguments only.
    pub fn drain_with(&self, arguments: &[impl AsRef<str>]) -> RunResult {
        self.drained(self.start_with(arguments))
    }

    fn drained(&self, mut follower: Follower) -> RunResult {
        wait_until(|| self.queue.waiting() == 0 || follower.has_ended());
        match follower.has_ended() {
            true => follower.wait(self),
            false => follower.stop(self),
        }
    }
}

impl Follower {
    /// Asks it to stop, and waits.
    pub fn stop(self, feed: &Feed) -> RunResult {
        signal(&self.child, "-TERM");
        self.wait(feed)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub fn wait(mut self, feed: &Feed) -> RunResult {
        // This fails if the follower does not end.
        wait_until(|| self.has_ended());
        let status = self.child.wait().unwrap();
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let (stdout, stderr) = (std::fs::read(&self.stdout).unwrap(), std::fs::read(self.stderr.path()).unwrap());
        feed.cloud.trial.ran(&arguments, Output { status, stdout, stderr })
    }

    /// Kills it, which is like a crash, and returns its messages.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::read_to_string(self.stderr.path()).unwrap()
    }
}

/// A message as SNS wraps it.
pub fn in_topic(message: &str) -> String {
    json!({
        "Type": "Notification", "MessageId": "4f1e", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:trail",
        "Message": message, "Timestamp": "2026-10-01T09:00:00.000Z", "SignatureVersion": "1",
        "Signature": "…", "SigningCertURL": "https://sns.example.com/x.pem",
        "UnsubscribeURL": "https://sns.example.com/?Action=Unsubscribe",
    })
    .to_string()
}

/// A message of S3 about a new object.
pub fn of_s3(bucket: &str, key: &str, size: Option<usize>) -> String {
    let object = match size {
        Some(size) => json!({"key": key, "size": size, "eTag": "e", "sequencer": "0062"}),
        None => json!({"key": key}),
    };
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-10-01T09:00:00.000Z", "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": object},
    }]})
    .to_string()
}
