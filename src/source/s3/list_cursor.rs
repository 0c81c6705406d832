//! Lists the objects of one account and region between the days of the window, and splits large
//! listings into concurrent parts.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::client::ListRequest;
use super::list_page::PageSequence;
use crate::cloudtrail::keys::{KeyPlace, delivered_by};
use crate::cloudtrail::log_kind::is_kind_folder;
use crate::source::s3::list_scheduler::{ListMessage, ListPageBudget, ListScheduler};
use crate::source::s3::object_batch::{Object, ObjectBatch};
use crate::source::s3::s3_error::S3Error;

/// A range of keys below a prefix. The part of a key after the prefix starts with a date.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct KeyRange {
    /// Prefix of all keys in the range.
    pub(super) prefix: String,
    /// Exclusive lower bound.
    after: Option<String>,
    /// Inclusive upper bound.
    upto: Option<String>,
}

impl KeyRange {
    /// Creates a range of all keys in a folder.
    pub(super) fn folder(prefix: String) -> KeyRange {
        KeyRange { prefix, after: None, upto: None }
    }

    /// Creates a range of a single key.
    pub(super) fn object(key: String) -> KeyRange {
        KeyRange { upto: Some(key.clone()), prefix: key, after: None }
    }

    /// Returns the exclusive start of the listing: the folder of the first day, or `None` if it
    /// sorts before the prefix itself.
    fn start(&self, first_day: Option<Date>) -> Option<String> {
        let day = first_day?;
        let start = RegionFolder::of(&self.prefix)?.day(day);
        (start > self.prefix).then_some(start)
    }

    /// Splits the range after the key `last`, delivered at `from`, into `parts` parts of about
    /// equal duration, and returns the bounds between them.
    fn split_points(&self, last: &str, from: Timestamp, to: Timestamp, parts: usize) -> Vec<String> {
        let Some(region) = RegionFolder::of(&self.prefix) else { return Vec::new() };
        let step = from.duration_until(to) / parts.max(1) as i32;
        let times = (1..parts as i32).filter_map(|part| from.checked_add(step * part).ok());
        let mut split_points: Vec<String> = times.map(|time| region.time(time)).collect();
        split_points.dedup();
        split_points.retain(|point| {
            let is_before = self.upto.as_ref().is_none_or(|upto| point < upto);
            point.as_str() > last && point.starts_with(&self.prefix) && is_before
        });
        split_points
    }
}

/// Components of a region folder, from which keys are built.
struct RegionFolder<'a> {
    /// Path up to the account folder.
    before: &'a str,
    account: &'a str,
    kind: &'a str,
    name: &'a str,
}

impl<'a> RegionFolder<'a> {
    /// Parses the region folder that contains `folder`.
    fn of(folder: &'a str) -> Option<RegionFolder<'a>> {
        let (before, below) = folder.split_at(folder.rfind("/CloudTrail")?);
        let (kind, below) = below[1..].split_once('/')?;
        let (name, _) = below.split_once('/')?;
        let account = before.rsplit('/').next().unwrap_or(before);
        is_kind_folder(kind).then_some(RegionFolder { before, account, kind, name })
    }

    /// Returns the boundary between the keys of a day and those of the day before.
    fn day(&self, day: Date) -> String {
        let RegionFolder { before, kind, name, .. } = self;
        format!("{before}/{kind}/{name}/{:04}/{:02}/{:02}", day.year(), day.month(), day.day())
    }

    /// Returns the boundary between the keys delivered before this hour and later ones.
    fn time(&self, time: Timestamp) -> String {
        let time = time.to_zoned(TimeZone::UTC).datetime();
        let RegionFolder { account, kind, name, .. } = self;
        let stamp = time.strftime("%Y%m%dT%H");
        format!("{}/{account}_{kind}_{name}_{stamp}", self.day(time.date()))
    }
}

/// A running listing of one key range.
pub(super) struct ListWalk {
    range: KeyRange,
    scheduler: Arc<ListScheduler>,
    sender: mpsc::UnboundedSender<ListMessage>,
    budget: ListPageBudget,
    /// Parts after this one that other tasks list, in key order.
    parts: Vec<mpsc::UnboundedReceiver<ListMessage>>,
}

impl ListWalk {
    pub(super) fn new(
        range: KeyRange,
        scheduler: Arc<ListScheduler>,
        sender: mpsc::UnboundedSender<ListMessage>,
    ) -> ListWalk {
        let budget = scheduler.budget();
        ListWalk { range, scheduler, sender, budget, parts: Vec::new() }
    }

    /// Sends the pages of the listing until it passes the last day or the receiver is dropped.
    pub(super) async fn send(mut self, _permit: OwnedSemaphorePermit) {
        let error = self.send_pages().await.err();
        // A failed send means that the receiver no longer needs the listing.
        if let Some(error) = error {
            let _ = self.sender.send(ListMessage::Failed(self.range.prefix, error));
        }
        for part in self.parts {
            let _ = self.sender.send(ListMessage::Part(part));
        }
        self.scheduler.shared.counts.open_lists.fetch_sub(1, Relaxed);
    }

    async fn send_pages(&mut self) -> Result<(), S3Error> {
        let shared = Arc::clone(&self.scheduler.shared);
        let start = self.range.after.clone().or_else(|| self.range.start(shared.scope.first_day));
        let mut pages = PageSequence::default();
        let mut cursor =
            ListCursor::new(start.clone().unwrap_or_default(), shared.scope.last_day_below(&self.range.prefix));
        while !pages.is_past() {
            let Some(permit) = self.budget.permit().await else { return Ok(()) };
            let request = ListRequest {
                prefix: &self.range.prefix,
                start_after: start.as_deref().filter(|_| pages.token().is_none()),
                token: pages.token(),
                folders: false,
            };
            let answer = shared.client.list(&request, &shared.counts.lists).await?;
            let turned = pages.advance(&answer);
            let taken = cursor.take(answer.objects, &self.range);
            let page = turned.and(taken).map_err(|text| shared.client.invalid_answer(text))?;
            shared.counts.known.fetch_add(page.len() as u64, Relaxed);
            let is_done = pages.is_past() || cursor.is_past;
            if !is_done {
                self.split(&page, &cursor.last_key);
            }
            let permit = permit.shrink_to(page.size());
            if self.sender.send(ListMessage::Page(page, permit)).is_err() || is_done {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Hands parts of the remaining range to other tasks if a page indicates a long listing and
    /// permits are available.
    fn split(&mut self, page: &ObjectBatch, last: &str) {
        /// Minimum number of expected pages per part that outweighs the extra request.
        const WORTH: f64 = 4.0;
        /// Minimum number of objects on a page for an estimate of the remaining ones.
        const TELLING: usize = 500;
        if page.len() < TELLING {
            return;
        }
        let first = page.objects().next().and_then(|object| delivered_by(&object.key));
        let (Some(from), Some(to)) = (first, delivered_by(last)) else { return };
        let end = self.range.upto.as_deref().and_then(time_of_split_point).unwrap_or(self.scheduler.end);
        let minutes = |from: Timestamp, to: Timestamp| from.duration_until(to).as_secs_f64() / 60.0;
        // Assumes that the remaining time contains as many objects per minute as this page.
        let expected = minutes(to, end) / minutes(from, to).max(1.0);
        let wanted = (expected / WORTH) as usize;
        if wanted < 2 {
            return;
        }
        let permits = self.scheduler.permits(wanted - 1);
        let mut split_points = self.range.split_points(last, to, end, permits.len() + 1);
        split_points.truncate(permits.len());
        self.scheduler.return_permits(permits.len() - split_points.len());
        let mut parts = Vec::new();
        for (number, permit) in (0..split_points.len()).zip(permits) {
            let upto = split_points.get(number + 1).cloned().or_else(|| self.range.upto.clone());
            let part = KeyRange { after: Some(split_points[number].clone()), upto, ..self.range.clone() };
            parts.push(ListScheduler::begin(&self.scheduler, part, permit));
        }
        if let Some(point) = split_points.into_iter().next() {
            self.range.upto = Some(point);
            // Parts of an earlier split come later in key order.
            self.parts.splice(0..0, parts);
        }
    }
}

/// Parses the time in a bound made by [`RegionFolder::time`].
fn time_of_split_point(point: &str) -> Option<Timestamp> {
    let stamp = point.rsplit('_').next()?;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M", format!("{stamp}00")).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Returns the latest possible delivery time, for estimating the length of a listing: the end
/// of the last day or now.
pub(super) fn end(last_day: Option<Date>, now: Timestamp) -> Timestamp {
    let last = last_day.and_then(|day| day.checked_add(1.day()).ok());
    let last = last.and_then(|day| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp()));
    last.map_or(now, |last| last.min(now))
}

/// Progress of a listing.
struct ListCursor {
    last_day: Option<Date>,
    start: String,
    last_key: String,
    /// The part of the previous page that lies within the range.
    last_page: ObjectBatch,
    /// True once the listing is past the end of the range.
    is_past: bool,
}

const DISORDER: &str = "the listed keys are out of order or repeated";

impl ListCursor {
    fn new(start: String, last_day: Option<Date>) -> ListCursor {
        ListCursor { last_day, last_key: start.clone(), start, last_page: ObjectBatch::default(), is_past: false }
    }

    /// Returns the objects of a page that are new and within the range. Returns an error if
    /// keys are repeated or out of order, which would duplicate or reorder rows.
    fn take(&mut self, objects: Vec<Object>, range: &KeyRange) -> Result<ObjectBatch, &'static str> {
        let mut page = ObjectBatch::default();
        // Built only if keys are repeated.
        let mut known: Option<HashSet<String>> = None;
        let has_objects = !objects.is_empty();
        for Object { key, size, access } in objects {
            match key.cmp(&self.last_key) {
                // A server that does not support `start-after` lists from the beginning.
                Ordering::Less if key <= self.start => continue,
                Ordering::Less => {
                    let known =
                        known.get_or_insert_with(|| self.last_page.objects().map(|object| object.key).collect());
                    if page.len() > 0 || !known.contains(&key) {
                        return Err(DISORDER);
                    }
                    continue;
                }
                Ordering::Equal => continue,
                Ordering::Greater => self.last_key.clone_from(&key),
            }
            if range.upto.as_ref().is_some_and(|upto| key > *upto) || self.is_later(&key) {
                self.is_past = true;
                break;
            }
            page.push(&key, size, access);
        }
        if has_objects && known.is_some() && page.len() == 0 && !self.is_past {
            return Err(DISORDER);
        }
        let page = page.pack();
        self.last_page = page.clone();
        Ok(page)
    }

    fn is_later(&self, key: &str) -> bool {
        self.last_day.is_some_and(|last| KeyPlace::of(key).day().is_some_and(|day| day > last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::s3::object_batch::ObjectAccess;

    const REGION: &str = "x/AWSLogs/111122223333/CloudTrail/eu-west-1/";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_listing_starts_at_the_first_day() {
        let day = Some("2026-10-04".parse().unwrap());
        let start = |below: &str| KeyRange::folder(format!("{REGION}{below}")).start(day);
        for below in ["", "2026/", "2026/10/"] {
            assert_eq!(start(below), Some(format!("{REGION}2026/10/04")), "{below}");
        }
        for below in ["2026/10/04/", "2026/10/05/", "2026/11/", "2027/"] {
            assert_eq!(start(below), None, "{below}");
        }
        assert_eq!(KeyRange::folder(REGION.into()).start(None), None);
        let insight = REGION.replace("/CloudTrail/", "/CloudTrail-Insight/");
        assert_eq!(KeyRange::folder(insight.clone()).start(day), Some(format!("{insight}2026/10/04")));
        assert_eq!(KeyRange::folder("x/CloudTrails/eu-west-1/".into()).start(day), None);
    }

    fn page(keys: &[&str]) -> Vec<Object> {
        keys.iter().map(|key| Object { key: (*key).into(), size: 1, access: ObjectAccess::Immediate }).collect()
    }

    #[test]
    fn keys_are_unique_and_ordered() {
        let mut cursor = ListCursor::new(String::new(), None);
        let mut take = |keys: &[&str]| cursor.take(page(keys), &KeyRange::folder(String::new())).map(|page| page.len());
        assert_eq!(take(&["a", "a", "b", "c"]), Ok(3));
        assert_eq!(take(&["c", "d"]), Ok(1));
        assert_eq!(take(&[]), Ok(0));
        assert_eq!(take(&["d", "e", "f", "g"]), Ok(3));
        assert_eq!(take(&["f", "g", "h"]), Ok(1), "a page may begin with what the last one ended in");
        assert!(take(&["g"]).is_err(), "one before it, or a page of nothing else, may not");
        assert!(take(&["i", "a"]).is_err());
    }

    #[test]
    fn objects_outside_the_range_are_dropped() {
        let range = KeyRange { prefix: "a/".into(), after: Some("a/2".into()), upto: Some("a/4".into()) };
        let mut cursor = ListCursor::new("a/2".into(), None);
        assert_eq!(cursor.take(page(&["a/1", "a/2", "a/3", "a/4"]), &range).unwrap().len(), 2);
        assert!(!cursor.is_past);
        assert_eq!(cursor.take(page(&["a/4/1", "a/5"]), &range).unwrap().len(), 0);
        assert!(cursor.is_past);
    }

    #[test]
    fn parts_are_adjacent_and_within_the_range() {
        let range = KeyRange::folder(REGION.into());
        let last = format!("{REGION}2026/10/01/111122223333_CloudTrail_eu-west-1_20261001T0415Z_A.json.gz");
        let split_points = range.split_points(&last, at("2026-10-01T04:16:00Z"), at("2026-10-04T00:00:00Z"), 3);
        let point = |day, hour| format!("{REGION}2026/10/{day}/111122223333_CloudTrail_eu-west-1_202610{day}T{hour}");
        assert_eq!(split_points, [point("02", "02"), point("03", "01")]);
        assert_eq!(time_of_split_point(&split_points[0]), Some(at("2026-10-02T02:00:00Z")));
        assert_eq!(time_of_split_point("x"), None);

        let narrower = KeyRange { upto: Some(split_points[1].clone()), ..range.clone() };
        let ends = [at("2026-10-01T04:16:00Z"), at("2026-10-04T00:00:00Z")];
        assert_eq!(narrower.split_points(&last, ends[0], ends[1], 3), split_points[..1]);
        let day = KeyRange::folder(format!("{REGION}2026/10/02/"));
        assert_eq!(day.split_points(&last, ends[0], ends[1], 3), split_points[..1]);
        assert_eq!(range.split_points(&last, ends[0], ends[0], 9), [""; 0], "not before what was listed");
        assert_eq!(KeyRange::object("x.json".into()).split_points("x.json", ends[0], ends[1], 3), [""; 0]);
    }

    #[test]
    fn deliveries_in_the_future_are_not_expected() {
        let (now, day) = (at("2026-10-04T12:00:00Z"), |text: &str| Some(text.parse().unwrap()));
        assert_eq!(end(None, now), now);
        assert_eq!(end(day("2026-10-02"), now), at("2026-10-03T00:00:00Z"));
        assert_eq!(end(day("2026-10-04"), now), now);
    }
}
