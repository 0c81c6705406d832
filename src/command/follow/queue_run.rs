//! Follows a queue: receives messages, reads the objects that they announce, and deletes a
//! message when the rows of all its objects are safe.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::object_reader::{BATCH, ObjectFailure, ObjectReader};
use super::request::{FollowRequest, is_below};
use crate::cloudtrail::keys::{KeyPlace, delivered_by};
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::aws::{AwsError, AwsErrorKind};
use crate::source::location::Location;
use crate::source::queue::lease::MessageLease;
use crate::source::queue::notice::NotifiedObject;
use crate::source::queue::{self, Queue, QueueAttributes, QueueMessage};

/// Number of receive requests at once while the queue is full.
const RECEIVERS: usize = 20;

/// A queue that is followed.
pub(super) struct QueueFollower<'a> {
    request: &'a FollowRequest,
    report: &'a Report,
    stop: &'a Cancellation,
    runtime: Runtime,
    queue: Arc<Queue>,
    attributes: QueueAttributes,
    /// What was said before, as the same message comes again and again.
    said: BTreeSet<String>,
}

/// What is to be done about a message.
#[derive(Debug, Default)]
struct MessagePlan {
    receipt: String,
    receive_count: u64,
    /// Objects whose rows must be safe before the message is deleted.
    objects: Vec<Location>,
    /// Whether the message must stay in the queue, whatever becomes of its objects.
    stays: bool,
}

impl<'a> QueueFollower<'a> {
    /// Finds the queue. Returns an error if it cannot be used.
    pub(super) fn open(
        name: &str,
        request: &'a FollowRequest,
        report: &'a Report,
        stop: &'a Cancellation,
    ) -> Result<QueueFollower<'a>, Error> {
        let start = |error| Error::Failed(format!("threads for requests cannot be started: {error}"));
        let runtime = crate::source::aws::runtime().map_err(start)?;
        let connection = &request.connection;
        let (queue, attributes) = runtime.block_on(crate::source::aws::unless_stopped(stop, async {
            let queue = Queue::open(connection, name).await?;
            let attributes = queue.attributes(connection).await?;
            Ok((queue, attributes))
        }))?;
        report.detail(1, || {
            let QueueAttributes { visibility, waiting, .. } = attributes;
            format!("{}: about {waiting} messages, visibility time-out {} s", queue.url(), visibility.as_secs())
        });
        let (queue, said) = (Arc::new(queue), BTreeSet::new());
        Ok(QueueFollower { request, report, stop, runtime, queue, attributes, said })
    }

    /// Follows the queue until the user stops it.
    pub(super) fn run(&mut self, reader: &mut ObjectReader<'_>) -> Result<(), Error> {
        while !self.stop.is_interrupted() {
            let Some(messages) = self.receive()? else { break };
            if messages.is_empty() {
                reader.merge.output.tick()?;
                reader.show();
                continue;
            }
            self.handle(messages, reader)?;
        }
        Ok(())
    }

    /// Waits for messages, and receives many if there are. `None` if the user stops the wait.
    fn receive(&self) -> Result<Option<Vec<QueueMessage>>, Error> {
        let (queue, stop) = (&self.queue, self.stop);
        let received = self.runtime.block_on(async {
            let mut failed = 0;
            let mut messages = loop {
                let result = tokio::select! {
                    result = queue.receive(true) => result,
                    () = stop.interrupted() => return Ok(None),
                };
                match result {
                    Ok(messages) => break messages,
                    Err(error) => {
                        failed += 1;
                        self.retry(&error, failed)?;
                        tokio::select! {
                            () = tokio::time::sleep(pause(failed)) => {}
                            () = stop.interrupted() => return Ok(None),
                        }
                    }
                }
            };
            if failed > 1 {
                self.report.note(&format!("{}: reached again", queue.url()));
            }
            if messages.len() == queue::BATCH {
                let mut more = JoinSet::new();
                for _ in 0..RECEIVERS {
                    let queue = Arc::clone(queue);
                    more.spawn(async move { queue.receive(false).await.unwrap_or_default() });
                }
                // A receiver that fails has received nothing.
                more.join_all().await.into_iter().for_each(|received| messages.extend(received));
            }
            Ok::<_, Error>(Some(messages))
        })?;
        Ok(received)
    }

    /// Reports a failed request, and returns an error if it is useless to repeat it.
    fn retry(&self, error: &AwsError, failed: u32) -> Result<(), Error> {
        let text = || format!("{}: {}", self.queue.url(), queue::describe(error, &self.request.connection));
        match error.kind {
            AwsErrorKind::Throttled
            | AwsErrorKind::ServiceFailure
            | AwsErrorKind::Timeout
            | AwsErrorKind::Unreachable
            | AwsErrorKind::InvalidResponse => {
                if failed == 1 {
                    self.report.note(&format!("{}; trying again", text()));
                }
                Ok(())
            }
            _ => Err(Error::Failed(text())),
        }
    }

    /// Reads the objects of messages, and deletes the messages that are done.
    fn handle(&mut self, messages: Vec<QueueMessage>, reader: &mut ObjectReader<'_>) -> Result<(), Error> {
        let receipts = messages.iter().map(|message| message.receipt.clone()).collect();
        let visibility = self.attributes.visibility;
        let lease = MessageLease::begin(&self.queue, receipts, visibility, self.runtime.handle());
        let mut wanted = BTreeMap::new();
        let mut plans = Vec::new();
        for message in messages {
            plans.push(self.plan(message, &mut wanted, reader)?);
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        for batch in wanted.chunks(BATCH) {
            if self.stop.is_interrupted() {
                break;
            }
            reader.read(batch)?;
            self.delete_done(&mut plans, reader)?;
        }
        self.delete_done(&mut plans, reader)?;
        let left = lease.end();
        if self.stop.is_interrupted() {
            self.release(&plans, &left, reader);
        } else {
            self.name_endless(&plans, reader);
        }
        Ok(())
    }

    /// Decides what to do about a message, and adds the objects to read to `wanted`.
    fn plan(
        &mut self,
        message: QueueMessage,
        wanted: &mut BTreeMap<Location, Option<u64>>,
        reader: &mut ObjectReader<'_>,
    ) -> Result<MessagePlan, Error> {
        let QueueMessage { id, receipt, receive_count, notice } = message;
        reader.totals.messages += 1;
        reader.totals.tests += u64::from(notice.is_test);
        reader.totals.other_events += notice.other_events;
        let mut plan = MessagePlan { receipt, receive_count, ..MessagePlan::default() };
        if let Some(problem) = notice.problem {
            plan.stays = true;
            if self.is_news(&id) {
                reader.totals.unreadable += 1;
                self.report.fatal(&format!("message {id}: {problem}; it stays in the queue"));
            }
        }
        let mut is_foreign = false;
        for object in notice.objects {
            let NotifiedObject { bucket, key, size } = object;
            let object = Location::new(bucket, key);
            if !self.is_log(&object) {
                is_foreign = true;
                self.name_foreign(&object);
                continue;
            }
            match reader.is_wanted(&object)? {
                None => plan.stays = true,
                Some(false) => reader.totals.left_out += 1,
                Some(true) if reader.journal.contains(&object) => reader.totals.repeated += 1,
                Some(true) => {
                    if reader.failure(&object) != Some(ObjectFailure::Damaged)
                        && wanted.insert(object.clone(), size).is_some()
                    {
                        reader.totals.repeated += 1;
                    }
                    plan.objects.push(object);
                }
            }
        }
        if is_foreign {
            plan.stays = true;
            if self.is_news(&id) {
                reader.totals.foreign += 1;
            }
        }
        Ok(plan)
    }

    /// Returns whether an object is a delivery of CloudTrail below the bucket and prefix that the
    /// user named.
    fn is_log(&self, object: &Location) -> bool {
        let is_named = self
            .request
            .named
            .as_ref()
            .is_none_or(|named| named.bucket == object.bucket && is_below(&object.key, &named.key));
        is_named && (KeyPlace::of(&object.key).kind.is_some() || delivered_by(&object.key).is_some())
    }

    /// Returns whether something was not said before, as far as that is remembered.
    fn is_news(&mut self, text: &str) -> bool {
        const MOST: usize = 100_000;
        if self.said.len() >= MOST {
            self.said.clear();
        }
        self.said.insert(text.to_string())
    }

    /// Says once for each bucket and top folder that its objects are not read.
    fn name_foreign(&mut self, object: &Location) {
        let top = object.key.split_once('/').map_or("", |(top, _)| top);
        let place = Location::new(object.bucket.clone(), top);
        if self.is_news(&place.to_string()) {
            self.report.note(&format!(
                "{object}: not a log of CloudTrail that was asked for; messages about {place} stay in the queue"
            ));
        }
    }

    /// Deletes the messages whose objects are all done.
    fn delete_done(&self, plans: &mut Vec<MessagePlan>, reader: &mut ObjectReader<'_>) -> Result<(), Error> {
        let is_done =
            |plan: &mut MessagePlan| !plan.stays && plan.objects.iter().all(|object| reader.journal.contains(object));
        let done: Vec<String> = plans.extract_if(.., is_done).map(|plan| plan.receipt).collect();
        if done.is_empty() {
            return Ok(());
        }
        let deleted = self.runtime.block_on(async {
            let failed = self.queue.delete(&done).await?;
            // A second attempt is worth it: a message that stays is received again.
            let lost = if failed.is_empty() { failed } else { self.queue.delete(&failed).await? };
            Ok(done.len() - lost.len())
        });
        match deleted {
            Ok(deleted) => reader.totals.deleted += deleted as u64,
            Err(error) => self.retry(&error, 1)?,
        }
        Ok(())
    }

    /// Makes messages that were not handled visible to other receivers at once.
    fn release(&self, plans: &[MessagePlan], held: &[String], reader: &ObjectReader<'_>) {
        let is_untried =
            |plan: &&MessagePlan| !plan.stays && plan.objects.iter().all(|object| reader.failure(object).is_none());
        let receipts = plans.iter().filter(is_untried).map(|plan| plan.receipt.clone());
        let receipts: Vec<String> = receipts.filter(|receipt| held.contains(receipt)).collect();
        // If it fails, the messages become visible after their time-out.
        let _ = self.runtime.block_on(self.queue.hide(&receipts, Duration::ZERO));
    }

    /// Says once that a message cannot be handled and will not go away.
    fn name_endless(&mut self, plans: &[MessagePlan], reader: &ObjectReader<'_>) {
        const OFTEN: u64 = 5;
        if self.attributes.has_dead_letters {
            return;
        }
        for plan in plans.iter().filter(|plan| plan.receive_count >= OFTEN) {
            for object in plan.objects.iter().filter(|object| reader.failure(object).is_some()) {
                if self.is_news(&format!("{object} again")) {
                    self.report.note(&format!(
                        "{object}: its message was received {} times and will come again: the queue has no dead-letter queue",
                        plan.receive_count
                    ));
                }
            }
        }
    }
}

/// The pause after a number of failed requests.
fn pause(failed: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(60);
    Duration::from_secs(1 << failed.min(6)).min(LONGEST)
}
