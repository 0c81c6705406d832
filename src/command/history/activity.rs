//! The time that the events of each account and region cover, without which nothing can
//! be said about when something began, whether it still is, and what happened between.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cloudtrail::field;
use crate::cloudtrail::history::change::ResourceScope;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::JsonValue;
use crate::error::Error;

/// The first and the last event of an account and region, and the days that have events.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity(BTreeMap<ResourceScope, CoveredTime>);

/// What the events of one account and region cover.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct CoveredTime {
    /// The time of the first event.
    pub(super) first: Timestamp,
    /// The time of the last event.
    pub(super) last: Timestamp,
    /// The days that have events, counted from 1970.
    days: BTreeSet<i32>,
}

impl Activity {
    /// The time covered in an account and region.
    pub(super) fn of(&self, scope: &ResourceScope) -> Option<&CoveredTime> {
        self.0.get(scope)
    }

    /// The time of the first and of the last event of all.
    pub(super) fn period(&self) -> Option<[Timestamp; 2]> {
        let first = self.0.values().map(|time| time.first).min()?;
        Some([first, self.0.values().map(|time| time.last).max()?])
    }

    /// Adds what another thread has seen.
    pub(super) fn merge(&mut self, other: Activity) {
        other.0.into_iter().for_each(|(scope, time)| self.add_time(scope, time));
    }

    /// Adds what another thread or run has seen of an account and region.
    pub(super) fn add_time(&mut self, scope: ResourceScope, time: CoveredTime) {
        let known = self.0.entry(scope).or_insert_with(|| time.clone());
        known.first = known.first.min(time.first);
        known.last = known.last.max(time.last);
        known.days.extend(time.days);
    }

    /// The accounts and regions, each with what is covered.
    pub(super) fn records(&self) -> impl Iterator<Item = (&ResourceScope, &CoveredTime)> {
        self.0.iter()
    }

    fn add(&mut self, scope: &ResourceScope, time: Timestamp) {
        let new = || CoveredTime { first: time, last: time, days: BTreeSet::new() };
        if !self.0.contains_key(scope) {
            self.0.insert(scope.clone(), new());
        }
        let known = self.0.entry(scope.clone()).or_insert_with(new);
        known.first = known.first.min(time);
        known.last = known.last.max(time);
        known.days.insert(day(time));
    }
}

impl CoveredTime {
    /// The number of days strictly between the days of two times that have no event.
    pub(super) fn days_without_events(&self, begin: Timestamp, end: Timestamp) -> u64 {
        let (first, last) = (day(begin) + 1, day(end) - 1);
        if first > last {
            return 0;
        }
        (last - first + 1) as u64 - self.days.range(first..=last).count() as u64
    }
}

fn day(time: Timestamp) -> i32 {
    time.as_second().div_euclid(86_400) as i32
}

/// Reads account, region and time of every event. Most events have the account, the region
/// and the day of the one before, which takes no lookup.
#[derive(Clone, Debug)]
pub(super) struct ActivityReader {
    time: FieldId,
    region: FieldId,
    recipient: FieldId,
    identity: FieldId,
    last: Option<LastEvent>,
    activity: Activity,
}

/// What the last event said, as it stands in the log.
#[derive(Clone, Debug)]
struct LastEvent {
    recipient: Vec<u8>,
    region: Vec<u8>,
    /// Date and time of the first and the last event with these, in the usual form, in which
    /// the order of the bytes is that of time.
    times: [[u8; LENGTH]; 2],
    scope: ResourceScope,
}

const LENGTH: usize = "2026-10-01T12:00:00Z".len();
const DATE: usize = "2026-10-01".len();

impl ActivityReader {
    pub(super) fn new(fields: &mut FieldSet) -> Result<ActivityReader, Error> {
        Ok(ActivityReader {
            time: fields.add("eventTime")?,
            region: fields.add("awsRegion")?,
            recipient: fields.add("recipientAccountId")?,
            identity: fields.add("userIdentity")?,
            last: None,
            activity: Activity::default(),
        })
    }

    /// Notes an event.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        let raw = |field| event.get(field).and_then(|value: JsonValue<'_>| value.raw_string());
        let time = raw(self.time).and_then(|text| <&[u8; LENGTH]>::try_from(text).ok());
        if let (Some(last), Some(time)) = (&mut self.last, time)
            && raw(self.region) == Some(&last.region[..])
            && raw(self.recipient) == Some(&last.recipient[..])
            && time[..DATE] == last.times[0][..DATE]
        {
            let [first, latest] = &mut last.times;
            *first = (*first).min(*time);
            *latest = (*latest).max(*time);
            return;
        }
        self.flush();
        let Some(at) = event.get(self.time).and_then(time::of_value) else { return };
        let scope = self.scope(event);
        self.activity.add(&scope, at);
        if let (Some(recipient), Some(region), Some(time)) = (raw(self.recipient), raw(self.region), time)
            && at.to_string().as_bytes() == time
        {
            let (recipient, region) = (recipient.to_vec(), region.to_vec());
            self.last = Some(LastEvent { recipient, region, times: [*time; 2], scope });
        }
    }

    /// The account and the region of an event.
    pub(super) fn scope(&self, event: &Event<'_>) -> ResourceScope {
        // Events of the first versions record only the caller's account.
        let of_caller = || event.get(self.identity)?.member("accountId")?.scalar();
        let account = field::text(event, self.recipient).or_else(of_caller);
        let text = |text: Option<Cow<'_, str>>| text.unwrap_or_default().into();
        ResourceScope { account: text(account), region: text(field::text(event, self.region)) }
    }

    fn flush(&mut self) {
        let Some(last) = self.last.take() else { return };
        for time in last.times {
            // A text that only looks like a time is left out.
            if let Some(time) = std::str::from_utf8(&time).ok().and_then(time::parse) {
                self.activity.add(&last.scope, time);
            }
        }
    }

    /// What all events cover.
    pub(super) fn finish(mut self) -> Activity {
        self.flush();
        self.activity
    }
}
