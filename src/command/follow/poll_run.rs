//! Follows a bucket by listing it: every object that is not in the journal is new, so that no
//! late delivery can be skipped.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use jiff::Timestamp;

use super::follow_reader::{FollowReader, OBJECTS_PER_BATCH, ObjectFailure};
use crate::cloudtrail::keys::delivered_by;
use crate::error::Error;
use crate::report::count;
use crate::source::follow_journal::JournalEntry;
use crate::source::location::Location;
use crate::source::s3::key_lister::{ListedKey, ListingTotals, list_keys};
use crate::source::spec::BucketInput;

/// How long a batch waits for further objects.
const BATCH_WAIT: Duration = Duration::from_millis(200);

/// What a listing does with objects that are not in the journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ListPurpose {
    /// Writes their rows.
    Write,
    /// Writes the rows of those that were delivered since a time, even if they were skipped
    /// before.
    Backfill {
        since: Timestamp,
        /// Whether earlier objects are to be skipped, as nothing was followed before.
        is_first: bool,
    },
    /// Only remembers them.
    Skip,
}

/// What is done with a listed object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ObjectAction {
    Write,
    Skip,
    /// It was written or skipped before.
    Nothing,
}

/// How a listing ended.
#[derive(Debug)]
enum ListOutcome {
    /// The whole bucket was listed.
    Complete,
    /// A part could not be listed, or the user stopped.
    Incomplete,
    /// The bucket could not be listed at all.
    Failed(Error),
}

/// Lists a bucket every `every` until the user stops.
pub(super) fn run(reader: &mut FollowReader<'_>, bucket: &Location, every: Duration) -> Result<(), Error> {
    let mut backfill = reader.request.since;
    match reader.journal.listed() {
        None if backfill.is_none() => skip_earlier(reader, bucket)?,
        None => {}
        Some(listed) => {
            let listed = listed.strftime("%Y-%m-%d %H:%M:%S UTC");
            reader.report.note(&format!("{bucket}: continuing after {listed}"));
        }
    }
    let (mut missing, mut failure) = (reader.journal.missing()?, None);
    while !reader.stop.is_interrupted() {
        let (start, now) = (Instant::now(), Timestamp::now());
        read_missing(reader, &missing)?;
        match list_since(reader, bucket, backfill, now)? {
            ListOutcome::Complete => {
                missing = reader.missing().cloned().collect();
                reader.journal.set_missing(&missing)?;
                reader.journal.set_listed(now)?;
                (backfill, failure) = (None, None);
            }
            ListOutcome::Incomplete => failure = None,
            // The network may be back at the next listing.
            ListOutcome::Failed(error) if reader.journal.listed().is_some() => {
                let text = error.to_string();
                if failure.as_ref() != Some(&text) {
                    reader.report.warn(&format!("{text}; trying again"));
                }
                failure = Some(text);
            }
            ListOutcome::Failed(error) => return Err(error),
        }
        if reader.journal.has_forgotten() {
            let text = "has too many objects to remember which are new; follow a queue instead";
            return Err(Error::Failed(format!("{bucket}: {text}")));
        }
        wait(reader, every.saturating_sub(start.elapsed()))?;
    }
    Ok(())
}

/// Writes what was delivered since the time that the user named.
pub(super) fn backfill(reader: &mut FollowReader<'_>, bucket: &Location) -> Result<(), Error> {
    let Some(since) = reader.request.since else { return Ok(()) };
    let input = reader.request.bucket_since(bucket, Some(since))?;
    match list(reader, &input, ListPurpose::Backfill { since, is_first: true })? {
        ListOutcome::Complete | ListOutcome::Incomplete => Ok(()),
        ListOutcome::Failed(error) => Err(error),
    }
}

/// Remembers what was delivered before the start, without reading it.
fn skip_earlier(reader: &mut FollowReader<'_>, bucket: &Location) -> Result<(), Error> {
    let now = Timestamp::now();
    let input = reader.request.bucket_since(bucket, Some(reader.request.listed_since(now)))?;
    match list(reader, &input, ListPurpose::Skip)? {
        ListOutcome::Complete => reader.journal.set_listed(now)?,
        ListOutcome::Incomplete if reader.stop.is_interrupted() => return Ok(()),
        ListOutcome::Incomplete => {
            let text = "could not be listed whole, so it is not known which objects are new";
            return Err(Error::Failed(format!("{bucket}: {text}")));
        }
        ListOutcome::Failed(error) => return Err(error),
    }
    if reader.totals.earlier > 0 {
        let earlier = count(reader.totals.earlier, "object");
        let text = "delivered before now skipped; --since 1d writes those of a day";
        reader.report.note(&format!("{bucket}: {earlier} {text}"));
    }
    Ok(())
}

/// Lists the days that can have new objects, and those since `backfill`.
fn list_since(
    reader: &mut FollowReader<'_>,
    bucket: &Location,
    backfill: Option<Timestamp>,
    now: Timestamp,
) -> Result<ListOutcome, Error> {
    let since = match reader.journal.listed() {
        // The clock was ahead once. The days that are remembered are listed again.
        Some(listed) if listed > now => reader.request.remembered_since(now),
        listed => reader.request.listed_since(listed.unwrap_or(now)),
    };
    let since = backfill.map_or(since, |wanted| since.min(wanted));
    let input = reader.request.bucket_since(bucket, Some(since))?;
    let is_first = reader.journal.listed().is_none();
    let purpose = backfill.map_or(ListPurpose::Write, |since| ListPurpose::Backfill { since, is_first });
    list(reader, &input, purpose)
}

/// Reads the objects that an earlier listing has found and that could not be fetched then. They
/// may be older than what is listed now.
fn read_missing(reader: &mut FollowReader<'_>, missing: &[Location]) -> Result<(), Error> {
    let is_missing = |object: &&Location| !reader.journal.is_written(object);
    let objects: Vec<_> = missing.iter().filter(is_missing).map(|object| (object.clone(), None)).collect();
    for batch in objects.chunks(OBJECTS_PER_BATCH) {
        reader.read(batch)?;
        reader.settle_damaged(batch)?;
    }
    Ok(())
}

/// Waits until the next listing, or until the user stops.
fn wait(reader: &mut FollowReader<'_>, time: Duration) -> Result<(), Error> {
    const STEP: Duration = Duration::from_secs(1);
    let end = Instant::now() + time;
    loop {
        reader.idle()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        if reader.stop.interruption().recv_timeout(left.min(STEP)) != Err(RecvTimeoutError::Timeout) {
            return Ok(());
        }
    }
}

/// Lists a bucket and reads the objects that are new. Returns an error if they cannot be written.
fn list(reader: &mut FollowReader<'_>, input: &BucketInput, purpose: ListPurpose) -> Result<ListOutcome, Error> {
    let (report, stop) = (reader.report, reader.stop);
    reader.totals.polls += u64::from(purpose != ListPurpose::Skip);
    std::thread::scope(|threads| {
        let (sender, listed) = bounded(4 * OBJECTS_PER_BATCH);
        let listing = threads.spawn(move || {
            // The receiver ends early only with an error of its own.
            list_keys(input, report, stop, |key| sender.send(key).map_err(|_| Error::Interrupted))
        });
        let taken = take(reader, input, &listed, purpose);
        drop(listed);
        let listing =
            listing.join().unwrap_or_else(|_| Err(Error::Failed("internal error: the listing task panicked".into())));
        let is_complete = taken?;
        Ok(match listing {
            Err(Error::Interrupted) => ListOutcome::Incomplete,
            Err(error) => ListOutcome::Failed(error),
            Ok(ListingTotals { requests, has_folders, .. }) => {
                report.detail(1, || format!("{}: listed with {}", input.location, count(requests, "request")));
                if !has_folders && reader.totals.polls <= 1 {
                    report.note(&format!("{}: no logs of the requested accounts and regions yet", input.location));
                }
                if is_complete { ListOutcome::Complete } else { ListOutcome::Incomplete }
            }
        })
    })
}

/// Reads listed objects in batches as they come. Returns whether all were listed.
fn take(
    reader: &mut FollowReader<'_>,
    input: &BucketInput,
    listed: &Receiver<ListedKey>,
    purpose: ListPurpose,
) -> Result<bool, Error> {
    let (mut wanted, mut skipped, mut is_complete) = (Vec::new(), Vec::new(), true);
    loop {
        let key = listed.recv_timeout(BATCH_WAIT);
        let is_over = matches!(key, Err(RecvTimeoutError::Disconnected));
        let is_due = key.is_err() || wanted.len().max(skipped.len()) >= OBJECTS_PER_BATCH;
        let location = |key: &str| Location::new(input.location.bucket.clone(), key);
        match key {
            Ok(ListedKey::Object(object)) => {
                let location = location(&object.key);
                match action(reader, &location, purpose) {
                    ObjectAction::Write => wanted.push((location, object.size)),
                    ObjectAction::Skip => skipped.push(location),
                    ObjectAction::Nothing => {}
                }
            }
            Ok(ListedKey::Archived(key)) => {
                let location = location(&key);
                if action(reader, &location, purpose) == ObjectAction::Write {
                    reader.report_archived_once(location);
                }
            }
            Ok(ListedKey::Failed(issue)) => {
                is_complete = false;
                reader.report_list_failure_once(&issue);
            }
            Err(_) => {}
        }
        if reader.stop.is_interrupted() {
            return Ok(false);
        }
        if is_due {
            reader.totals.earlier += skipped.len() as u64;
            reader.journal.add(JournalEntry::Skipped, &skipped, Timestamp::now())?;
            if !wanted.is_empty() {
                reader.read(&wanted)?;
                reader.settle_damaged(&wanted)?;
            }
            (wanted, skipped) = (Vec::new(), Vec::new());
        }
        if is_over {
            return Ok(is_complete);
        }
    }
}

/// Decides what is done with a listed object.
fn action(reader: &FollowReader<'_>, object: &Location, purpose: ListPurpose) -> ObjectAction {
    if reader.journal.is_written(object) || reader.failure(object) == Some(ObjectFailure::Damaged) {
        return ObjectAction::Nothing;
    }
    let is_early = match purpose {
        ListPurpose::Backfill { since, .. } => delivered_by(&object.key).is_some_and(|time| time <= since),
        ListPurpose::Write | ListPurpose::Skip => true,
    };
    match purpose {
        ListPurpose::Backfill { .. } if !is_early => ObjectAction::Write,
        _ if reader.journal.is_skipped(object) => ObjectAction::Nothing,
        ListPurpose::Skip | ListPurpose::Backfill { is_first: true, .. } => ObjectAction::Skip,
        ListPurpose::Write | ListPurpose::Backfill { is_first: false, .. } => ObjectAction::Write,
    }
}
