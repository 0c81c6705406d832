//! Decides what is to be done about a message.

use std::collections::{BTreeMap, BTreeSet};

use super::follow_reader::{FollowReader, ObjectFailure};
use super::request::is_below;
use crate::cloudtrail::keys::{KeyPlace, delivered_by};
use crate::report::Report;
use crate::source::location::Location;
use crate::source::queue::QueueMessage;
use crate::source::queue::notice::{NotifiedObject, ObjectNotice};

/// What is to be done about a message.
#[derive(Debug, Default)]
pub(super) struct MessagePlan {
    pub(super) receipt: String,
    /// How often it has been received.
    pub(super) receive_count: u64,
    /// Objects whose rows must be safe before the message is deleted.
    pub(super) objects: Vec<Location>,
    /// Whether the message must stay in the queue, whatever becomes of its objects.
    pub(super) stays: bool,
}

/// Objects to read, with their sizes if these are known.
pub(super) type WantedObjects = BTreeMap<Location, Option<u64>>;

/// Plans messages, and reports each kind of message that is left in the queue once.
#[derive(Debug)]
pub(super) struct MessagePlanner<'a> {
    /// The bucket and prefix that the user named.
    named: Option<&'a Location>,
    report: &'a Report,
    /// What was reported, as the same message comes again and again.
    reported: BTreeSet<String>,
}

impl<'a> MessagePlanner<'a> {
    pub(super) fn new(named: Option<&'a Location>, report: &'a Report) -> MessagePlanner<'a> {
        MessagePlanner { named, report, reported: BTreeSet::new() }
    }

    /// Plans a message, and adds the objects to read to `wanted`.
    pub(super) fn plan(
        &mut self,
        message: QueueMessage,
        wanted: &mut WantedObjects,
        reader: &mut FollowReader<'_>,
    ) -> MessagePlan {
        let QueueMessage { id, receipt, receive_count, notice } = message;
        let ObjectNotice { objects, others, is_test, problem } = notice;
        reader.totals.messages += 1;
        reader.totals.tests += u64::from(is_test);
        let mut plan = MessagePlan { receipt, receive_count, ..MessagePlan::default() };
        if let Some(problem) = problem {
            plan.stays = true;
            if self.is_news(&id) {
                reader.totals.unreadable += 1;
                self.report.warn(&format!("message {id}: {problem}; it stays in the queue"));
            }
        }
        let mut is_foreign = false;
        for other in others {
            match self.is_log(&location(other)) {
                true => reader.totals.other_events += 1,
                false => is_foreign = true,
            }
        }
        for object in objects {
            let size = object.size;
            let object = location(object);
            if self.is_log(&object) {
                add(object, size, &mut plan, wanted, reader);
            } else {
                is_foreign = true;
                self.report_foreign(&object);
            }
        }
        if is_foreign {
            plan.stays = true;
            if self.is_news(&id) {
                reader.totals.foreign += 1;
            }
        }
        plan
    }

    /// Returns whether an object is a delivery of CloudTrail below the bucket and prefix that the
    /// user named.
    fn is_log(&self, object: &Location) -> bool {
        let is_named =
            self.named.is_none_or(|named| named.bucket == object.bucket && is_below(&object.key, &named.key));
        is_named && (KeyPlace::of(&object.key).kind.is_some() || delivered_by(&object.key).is_some())
    }

    /// Reports once for each bucket and top folder that its objects are not read.
    fn report_foreign(&mut self, object: &Location) {
        let top = object.key.split_once('/').map_or("", |(top, _)| top);
        let place = Location::new(object.bucket.clone(), top);
        if self.is_news(&place.to_string()) {
            self.report.note(&format!(
                "{object}: not a log of CloudTrail that was asked for; messages about {place} stay in the queue"
            ));
        }
    }

    /// Reports once that a message cannot be handled and will not go away.
    pub(super) fn report_endless(&mut self, plans: &[MessagePlan], reader: &FollowReader<'_>) {
        const OFTEN: u64 = 5;
        for plan in plans.iter().filter(|plan| plan.receive_count >= OFTEN) {
            for object in plan.objects.iter().filter(|object| reader.failure(object).is_some()) {
                if self.is_news(&format!("{object} again")) {
                    self.report.note(&format!(
                        "{object}: its message was received {} times and will come again: the queue has no \
                         dead-letter queue",
                        plan.receive_count
                    ));
                }
            }
        }
    }

    /// Returns whether something was not reported before, as far as that is remembered.
    pub(super) fn is_news(&mut self, text: &str) -> bool {
        const MAX_REMEMBERED: usize = 100_000;
        if self.reported.len() >= MAX_REMEMBERED {
            self.reported.clear();
        }
        self.reported.insert(text.to_string())
    }
}

fn location(object: NotifiedObject) -> Location {
    Location::new(object.bucket, object.key)
}

/// Adds a log to a plan, and to the objects to read unless that is useless.
fn add(
    object: Location,
    size: Option<u64>,
    plan: &mut MessagePlan,
    wanted: &mut WantedObjects,
    reader: &mut FollowReader<'_>,
) {
    match reader.is_wanted(&object) {
        None => plan.stays = true,
        Some(false) => reader.totals.left_out += 1,
        Some(true) if reader.journal.is_written(&object) => reader.totals.repeated += 1,
        Some(true) => {
            let is_damaged = reader.failure(&object) == Some(ObjectFailure::Damaged);
            if !is_damaged && wanted.insert(object.clone(), size).is_some() {
                reader.totals.repeated += 1;
            }
            plan.objects.push(object);
        }
    }
}
