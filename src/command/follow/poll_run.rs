//! Follows a bucket by listing it: every object that is not in the journal is new, so that no
//! late delivery can be skipped.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use jiff::Timestamp;

use super::object_reader::{BATCH, ObjectFailure, ObjectReader};
use crate::error::Error;
use crate::report::count;
use crate::source::location::Location;
use crate::source::s3::key_lister::{ListedKey, ListingTotals, list_keys};
use crate::source::spec::BucketInput;

/// How long a batch waits for further objects.
const PATIENCE: Duration = Duration::from_millis(200);

/// What a listing does with objects that are not in the journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ListPurpose {
    /// Writes their rows.
    Write,
    /// Only remembers them.
    Skip,
}

/// How a listing ended.
#[derive(Debug)]
enum ListOutcome {
    /// All objects are written or remembered.
    Complete,
    /// A part could not be listed or fetched, or the user stopped.
    Incomplete,
    /// Nothing could be listed.
    Failed(Error),
}

/// Lists a bucket every `every` until the user stops.
pub(super) fn run(reader: &mut ObjectReader<'_>, bucket: &Location, every: Duration) -> Result<(), Error> {
    let request = reader.request;
    let wanted_since = request.reading.filter.window.since;
    if wanted_since.is_none() && reader.journal.listed().is_none() {
        let started = Timestamp::now();
        let input = request.bucket_since(bucket, Some(request.listed_since(started)))?;
        match list(reader, &input, ListPurpose::Skip)? {
            ListOutcome::Complete => reader.journal.set_listed(started)?,
            ListOutcome::Incomplete if reader.stop.is_interrupted() => return Ok(()),
            ListOutcome::Incomplete => {
                let text = "could not be listed whole, so it is not known which objects are new";
                return Err(Error::Failed(format!("{bucket}: {text}")));
            }
            ListOutcome::Failed(error) => return Err(error),
        }
        let earlier = count(reader.totals.earlier, "object");
        reader
            .report
            .note(&format!("{bucket}: {earlier} delivered before now skipped; --since 1d writes those of a day"));
    } else if let Some(listed) = reader.journal.listed() {
        reader.report.note(&format!("{bucket}: continuing after {}", listed.strftime("%Y-%m-%d %H:%M:%S UTC")));
    }
    let (mut is_first, mut failure) = (true, None);
    while !reader.stop.is_interrupted() {
        let started = (Instant::now(), Timestamp::now());
        // A clock that was ahead must not make later objects look old.
        let listed = reader.journal.listed().unwrap_or(started.1).min(started.1);
        let mut since = request.listed_since(listed);
        if is_first && let Some(wanted) = wanted_since {
            since = since.min(wanted);
        }
        let input = request.bucket_since(bucket, Some(since))?;
        match list(reader, &input, ListPurpose::Write)? {
            ListOutcome::Complete => {
                reader.journal.set_listed(started.1)?;
                (is_first, failure) = (false, None);
            }
            ListOutcome::Incomplete => failure = None,
            // The network may be back at the next listing.
            ListOutcome::Failed(error) if reader.journal.listed().is_some() => {
                let text = error.to_string();
                if failure.as_ref() != Some(&text) {
                    reader.report.fatal(&format!("{text}; trying again"));
                }
                failure = Some(text);
            }
            ListOutcome::Failed(error) => return Err(error),
        }
        wait(reader, every.saturating_sub(started.0.elapsed()))?;
    }
    Ok(())
}

/// Writes what was delivered since the time that the user named.
pub(super) fn backfill(reader: &mut ObjectReader<'_>, bucket: &Location) -> Result<(), Error> {
    let input = reader.request.bucket_since(bucket, reader.request.reading.filter.window.since)?;
    match list(reader, &input, ListPurpose::Write)? {
        ListOutcome::Complete | ListOutcome::Incomplete => Ok(()),
        ListOutcome::Failed(error) => Err(error),
    }
}

/// Waits until the next listing, or until the user stops.
fn wait(reader: &mut ObjectReader<'_>, time: Duration) -> Result<(), Error> {
    const STEP: Duration = Duration::from_secs(1);
    let end = Instant::now() + time;
    loop {
        reader.merge.output.tick()?;
        reader.show();
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
fn list(reader: &mut ObjectReader<'_>, input: &BucketInput, purpose: ListPurpose) -> Result<ListOutcome, Error> {
    let (report, stop) = (reader.report, reader.stop);
    reader.totals.polls += u64::from(purpose == ListPurpose::Write);
    std::thread::scope(|threads| {
        let (sender, listed) = bounded(4 * BATCH);
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
            Ok(ListingTotals { requests, has_folders }) => {
                report.detail(1, || format!("{}: listed with {}", input.location, count(requests, "request")));
                if !has_folders && reader.totals.polls <= 1 {
                    report.note(&format!("{}: no logs of the requested accounts and regions yet", input.location));
                }
                if is_complete { ListOutcome::Complete } else { ListOutcome::Incomplete }
            }
        })
    })
}

/// Reads listed objects in batches as they come.
fn take(
    reader: &mut ObjectReader<'_>,
    input: &BucketInput,
    listed: &Receiver<ListedKey>,
    purpose: ListPurpose,
) -> Result<bool, Error> {
    let (mut batch, mut is_complete) = (Vec::new(), true);
    loop {
        let key = listed.recv_timeout(PATIENCE);
        match &key {
            Ok(ListedKey::Object(object)) => {
                let location = Location::new(input.location.bucket.clone(), object.key.as_str());
                let is_damaged = reader.failure(&location) == Some(ObjectFailure::Damaged);
                if !is_damaged && !reader.journal.contains(&location) {
                    batch.push((location, object.size));
                }
            }
            Ok(ListedKey::Archived(key)) => {
                let location = Location::new(input.location.bucket.clone(), key.as_str());
                reader.name_archived(location);
            }
            Ok(ListedKey::Failed(issue)) => {
                is_complete = false;
                reader.name_list_failure(issue);
            }
            Err(_) => {}
        }
        let is_over = matches!(key, Err(RecvTimeoutError::Disconnected));
        let is_due = batch.len() >= BATCH || (key.is_err() && !batch.is_empty());
        if is_due && !reader.stop.is_interrupted() {
            match purpose {
                ListPurpose::Write => {
                    reader.read(&batch)?;
                    reader.settle_damaged(&batch)?;
                }
                ListPurpose::Skip => {
                    reader.totals.earlier += batch.len() as u64;
                    reader.journal.add(batch.iter().map(|(object, _)| object), Timestamp::now())?;
                }
            }
            is_complete &= batch.iter().all(|(object, _)| reader.failure(object) != Some(ObjectFailure::Missing));
            batch.clear();
        }
        if is_over || reader.stop.is_interrupted() {
            return Ok(is_complete && !reader.stop.is_interrupted());
        }
    }
}
