//! Follows a queue: receives messages, reads the objects that they announce, and deletes a
//! message when the rows of all its objects are safe.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::follow_reader::{FetchOutcome, FollowReader, OBJECTS_PER_BATCH, ObjectList};
use super::message_plan::{MessagePlan, MessagePlanner, WantedObjects};
use super::message_receiver::{MessageReceiver, pause};
use super::request::FollowRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::aws;
use crate::source::queue::lease::{HeldMessages, MessageLease};
use crate::source::queue::{BatchResult, MessageQueue, QueueMessage, ReceiveSettings};

/// A queue that is followed.
pub(super) struct QueueFollower<'a> {
    report: &'a Report,
    stop: &'a Cancellation,
    runtime: Runtime,
    queue: Arc<MessageQueue>,
    settings: ReceiveSettings,
    receiver: MessageReceiver<'a>,
    planner: MessagePlanner<'a>,
}

impl<'a> QueueFollower<'a> {
    /// Finds the queue. Returns an error if it cannot be used.
    pub(super) fn open(
        name: &str,
        request: &'a FollowRequest,
        report: &'a Report,
        stop: &'a Cancellation,
    ) -> Result<QueueFollower<'a>, Error> {
        let (runtime, connection) = (aws::runtime()?, &request.connection);
        let (queue, settings) = runtime.block_on(aws::first_answer(name, report, stop, async {
            let queue = MessageQueue::open(connection, name).await?;
            let settings = queue.settings(connection).await?;
            Ok((queue, settings))
        }))?;
        report.detail(1, || {
            let ReceiveSettings { visibility, waiting, .. } = settings;
            format!("{}: about {waiting} messages, visibility timeout {} s", queue.url(), visibility.as_secs())
        });
        let queue = Arc::new(queue);
        let receiver = MessageReceiver::new(request, report, stop, Arc::clone(&queue));
        let planner = MessagePlanner::new(request.named.as_ref(), report);
        Ok(QueueFollower { report, stop, runtime, queue, settings, receiver, planner })
    }

    /// Follows the queue until the user stops it.
    pub(super) fn run(&mut self, reader: &mut FollowReader<'_>) -> Result<(), Error> {
        while !self.stop.is_interrupted() {
            let messages = self.runtime.block_on(self.receiver.receive())?;
            self.handle(messages, reader)?;
            reader.idle()?;
        }
        Ok(())
    }

    /// Reads the objects of messages, and deletes the messages that are done.
    fn handle(&mut self, messages: Vec<QueueMessage>, reader: &mut FollowReader<'_>) -> Result<(), Error> {
        if messages.is_empty() {
            return Ok(());
        }
        let receipts = messages.iter().map(|message| message.receipt.clone()).collect();
        let lease = MessageLease::begin(&self.queue, receipts, self.settings.visibility, self.runtime.handle());
        let mut wanted = WantedObjects::new();
        let mut plans: Vec<MessagePlan> =
            messages.into_iter().map(|message| self.planner.plan(message, &mut wanted, reader)).collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        let result = self.read(&wanted, &mut plans, reader);
        let HeldMessages { receipts, error } = lease.end();
        if let Some(error) = error.filter(|_| self.planner.is_news("messages are not hidden for longer")) {
            let text = "messages are not hidden for longer than their timeout, and may be received again";
            self.report.warn(&format!("{}: {text}: {error}", self.queue.url()));
        }
        if result.is_err() || self.stop.is_interrupted() {
            self.release(&plans, &receipts, reader);
        } else if !self.settings.has_dead_letters {
            self.planner.report_endless(&plans, reader);
        }
        result
    }

    /// Reads objects batch by batch, and deletes the messages that are done.
    fn read(
        &self,
        wanted: &ObjectList,
        plans: &mut Vec<MessagePlan>,
        reader: &mut FollowReader<'_>,
    ) -> Result<(), Error> {
        self.delete_done(plans, reader)?;
        for batch in wanted.chunks(OBJECTS_PER_BATCH) {
            let mut failed = 0;
            // A message that is received too often while S3 is away would be taken for a bad one.
            while !self.stop.is_interrupted() && reader.read(batch)? == FetchOutcome::Unavailable {
                failed += 1;
                if failed == 1 {
                    self.report.note("S3 does not return objects; retrying");
                }
                let _ = self.stop.interruption().recv_timeout(pause(failed));
                reader.idle()?;
            }
            if failed > 0 && !self.stop.is_interrupted() {
                self.report.note("S3 returns objects again");
            }
            self.delete_done(plans, reader)?;
        }
        Ok(())
    }

    /// Deletes the messages whose objects are all done.
    fn delete_done(&self, plans: &mut Vec<MessagePlan>, reader: &mut FollowReader<'_>) -> Result<(), Error> {
        let is_done =
            |plan: &mut MessagePlan| !plan.stays && plan.objects.iter().all(|object| reader.journal.is_written(object));
        let done: Vec<String> = plans.extract_if(.., is_done).map(|plan| plan.receipt).collect();
        if done.is_empty() {
            return Ok(());
        }
        let BatchResult { rejected, unsent, error } = self.runtime.block_on(self.queue.delete(&done));
        // A message that stays is received again, and its objects are then known.
        reader.totals.deleted += done.len().saturating_sub(rejected.len() + unsent.len()) as u64;
        error.map_or(Ok(()), |error| self.receiver.check(&error))
    }

    /// Makes messages that were not handled visible to other receivers at once.
    fn release(&self, plans: &[MessagePlan], held: &[String], reader: &FollowReader<'_>) {
        const MAX_WAIT: Duration = Duration::from_secs(5);
        let is_untried =
            |plan: &&MessagePlan| !plan.stays && plan.objects.iter().all(|object| reader.failure(object).is_none());
        let receipts = plans.iter().filter(is_untried).map(|plan| plan.receipt.clone());
        let receipts: Vec<String> = receipts.filter(|receipt| held.contains(receipt)).collect();
        // If it fails, the messages become visible after their timeout.
        let _ = self.runtime.block_on(async {
            tokio::time::timeout(MAX_WAIT, self.queue.hide(&receipts, Duration::ZERO)).await.map(drop)
        });
    }
}
