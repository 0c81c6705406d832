//! Receives messages, however often the queue fails.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::request::FollowRequest;
use crate::error::Error;
use crate::error::backoff::backoff;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::aws::{AwsError, AwsErrorKind};
use crate::source::queue::{self, MESSAGES_PER_REQUEST, MessageQueue, QueueMessage};

/// Number of receive requests at once while the queue is full.
const RECEIVERS: usize = 8;
/// The most objects of a message that leave memory for those of many others.
const FEW_OBJECTS: usize = 20;
/// The longest time that a full queue takes to answer.
const MAX_ANSWER_TIME: Duration = Duration::from_secs(3);

/// Receives the messages of a queue.
pub(super) struct MessageReceiver<'a> {
    request: &'a FollowRequest,
    report: &'a Report,
    stop: &'a Cancellation,
    queue: Arc<MessageQueue>,
    /// Number of requests that failed since the last success.
    failed: u32,
}

impl<'a> MessageReceiver<'a> {
    pub(super) fn new(
        request: &'a FollowRequest,
        report: &'a Report,
        stop: &'a Cancellation,
        queue: Arc<MessageQueue>,
    ) -> MessageReceiver<'a> {
        MessageReceiver { request, report, stop, queue, failed: 0 }
    }

    /// Waits for messages, and receives many if there are. Returns none after some seconds, or if
    /// the user stops the wait. Returns an error if it is useless to ask again.
    pub(super) async fn receive(&mut self) -> Result<Vec<QueueMessage>, Error> {
        let result = tokio::select! {
            result = self.queue.receive(true) => result,
            () = self.stop.interrupted() => return Ok(Vec::new()),
        };
        let mut messages = match result {
            Ok(messages) => messages,
            Err(error) => {
                self.failed += 1;
                self.check(&error)?;
                tokio::select! {
                    () = tokio::time::sleep(pause(self.failed)) => {}
                    () = self.stop.interrupted() => {}
                }
                return Ok(Vec::new());
            }
        };
        if std::mem::take(&mut self.failed) > 0 {
            self.report.note(&format!("{}: reached again", self.queue.url()));
        }
        let has_few_objects = |message: &QueueMessage| message.notice.objects.len() <= FEW_OBJECTS;
        if messages.len() == MESSAGES_PER_REQUEST && messages.iter().all(has_few_objects) {
            self.receive_more(&mut messages).await;
        }
        Ok(messages)
    }

    /// Receives further messages with several requests at once.
    async fn receive_more(&self, messages: &mut Vec<QueueMessage>) {
        let mut more = JoinSet::new();
        for _ in 0..RECEIVERS {
            let queue = Arc::clone(&self.queue);
            more.spawn(async move { queue.receive(false).await.unwrap_or_default() });
        }
        // Messages of a request that is given up become visible again after their timeout.
        let end = tokio::time::sleep(MAX_ANSWER_TIME);
        tokio::pin!(end);
        loop {
            tokio::select! {
                // A request that fails has received nothing.
                received = more.join_next() => match received {
                    Some(received) => messages.extend(received.unwrap_or_default()),
                    None => return,
                },
                () = &mut end => return,
                () = self.stop.interrupted() => return,
            }
        }
    }

    /// Reports the first of several failures, or returns it as an error if it is useless to ask
    /// again.
    pub(super) fn check(&self, error: &AwsError) -> Result<(), Error> {
        let text = || format!("{}: {}", self.queue.url(), queue::describe(error, &self.request.connection));
        match error.kind {
            AwsErrorKind::Throttled
            | AwsErrorKind::ServiceFailure
            | AwsErrorKind::Timeout
            | AwsErrorKind::Unreachable
            | AwsErrorKind::InvalidResponse => {
                if self.failed <= 1 {
                    self.report.note(&format!("{}; trying again", text()));
                }
                Ok(())
            }
            _ => Err(Error::Failed(text())),
        }
    }
}

/// The pause after a number of failures in a row.
pub(super) fn pause(failed: u32) -> Duration {
    const FIRST_PAUSE: Duration = Duration::from_secs(2);
    const MAX_PAUSE: Duration = Duration::from_secs(60);
    backoff(FIRST_PAUSE, MAX_PAUSE, failed)
}
