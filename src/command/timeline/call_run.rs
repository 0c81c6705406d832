//! A run of calls: one line of the timeline.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::{MAX_RESOURCES, MORE, TimelineEvent};

/// The longest time between two calls of a run, in seconds.
const MAX_PAUSE: i64 = 60 * 60;

/// Consecutive events of a caller with the same call and outcome.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct CallRun {
    /// The first event. Its resources are those of the whole run.
    pub(super) first: TimelineEvent,
    pub(super) last: Option<Timestamp>,
    pub(super) events: u64,
}

impl CallRun {
    /// A run of one event.
    pub(super) fn new(first: TimelineEvent) -> CallRun {
        CallRun { last: first.time, first, events: 1 }
    }

    /// Whether a later event of the same caller continues the run.
    pub(super) fn is_continued_by(&self, event: &TimelineEvent) -> bool {
        let (Some(last), Some(time)) = (self.last, event.time) else { return false };
        self.first.call == event.call && time.as_second() - last.as_second() <= MAX_PAUSE
    }

    /// Adds an event that continues the run.
    pub(super) fn add(&mut self, event: TimelineEvent) {
        self.last = event.time;
        self.events += 1;
        let resources = &mut self.first.resources;
        if resources.last().is_some_and(|last| last == MORE) {
            return;
        }
        for resource in event.resources {
            if resources.contains(&resource) {
                continue;
            }
            if resources.len() == MAX_RESOURCES || resource == MORE {
                resources.truncate(MAX_RESOURCES);
                return resources.push(MORE.into());
            }
            resources.push(resource);
        }
    }

    /// Memory that it takes, in bytes, roughly.
    pub(super) fn size(&self) -> usize {
        let first = &self.first;
        let (caller, call) = (&first.caller, &first.call);
        let texts =
            [&caller.user, &caller.actor, &caller.address, &call.name, &call.source, &call.error_code, &first.theme];
        let texts = texts.into_iter().chain(&first.resources).chain(first.of_address.iter().flatten());
        let length = texts.map(|text| text.len() + size_of::<String>());
        size_of::<CallRun>() + caller.user.len() + caller.actor.len() + caller.address.len() + length.sum::<usize>()
    }
}
