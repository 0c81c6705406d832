//! Reads objects, writes their rows, and remembers them once the rows are safe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use indicatif::HumanCount;
use jiff::Timestamp;

use super::bucket_clients::BucketClients;
use super::consumer::FollowMerge;
use super::request::FollowRequest;
use super::totals::FollowTotals;
use crate::command::event_rows::row_worker::RowWorker;
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::report::{Report, count};
use crate::source::LogFile;
use crate::source::follow_journal::{FollowJournal, JournalEntry};
use crate::source::location::Location;
use crate::source::s3::key_fetcher::{FetchedObject, WantedObject};

/// Number of objects that are fetched and written at once.
pub(super) const OBJECTS_PER_BATCH: usize = 500;

/// The most failed objects to remember.
const MAX_FAILED: usize = 100_000;

/// What the rows of all batches share.
pub(super) struct RowSettings {
    pub(super) selector: EventSelector,
    pub(super) worker: RowWorker,
    pub(super) fields: FieldSet,
}

/// Objects to read, with their sizes if these are known.
pub(super) type ObjectList = [(Location, Option<u64>)];

/// Reads objects of any bucket.
pub(super) struct FollowReader<'a> {
    pub(super) request: &'a FollowRequest,
    pub(super) report: &'a Report,
    /// Set by a signal: no further batch is begun, and waits end.
    pub(super) stop: &'a Cancellation,
    pub(super) rows: RowSettings,
    pub(super) merge: FollowMerge<'a>,
    pub(super) journal: FollowJournal,
    pub(super) totals: FollowTotals,
    pub(super) buckets: BucketClients<'a>,
    /// Objects that could not be read whole, which were named.
    failed: BTreeMap<Location, ObjectFailure>,
    /// Parts of listings that failed, which were named.
    list_failures: BTreeSet<String>,
    /// Whether it was reported that objects cannot be discarded.
    cannot_discard: bool,
}

/// Why an object was not read completely.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ObjectFailure {
    /// It could not be fetched, and may be later.
    Missing,
    /// Its content is damaged. What could be read of it was written.
    Damaged,
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FetchOutcome {
    /// Its objects were read, or failed each for a reason of its own.
    Done,
    /// S3 gave none of its objects, but may give them later.
    Unavailable,
}

/// The files of a batch, on their way to be read.
#[derive(Default)]
struct FetchedBatch {
    files: Vec<LogFile>,
    objects: Vec<Location>,
    /// Files that the mirror did not have before.
    new_files: Vec<PathBuf>,
    /// Number of objects that S3 may give later.
    unavailable: usize,
}

impl<'a> FollowReader<'a> {
    /// Creates a reader that has read nothing yet.
    pub(super) fn new(
        request: &'a FollowRequest,
        report: &'a Report,
        stop: &'a Cancellation,
        rows: RowSettings,
        merge: FollowMerge<'a>,
        journal: FollowJournal,
    ) -> FollowReader<'a> {
        FollowReader {
            request,
            report,
            stop,
            rows,
            merge,
            journal,
            totals: FollowTotals::default(),
            buckets: BucketClients::new(request, report),
            failed: BTreeMap::new(),
            list_failures: BTreeSet::new(),
            cannot_discard: false,
        }
    }

    /// Returns whether an object can contain wanted events, by its key; `None` if its bucket cannot
    /// be read.
    pub(super) fn is_wanted(&mut self, object: &Location) -> Option<bool> {
        self.buckets.get(&object.bucket).map(|client| client.is_wanted(&object.key))
    }

    /// Returns why an object was not read completely before; `None` if it was, or was not read.
    pub(super) fn failure(&self, object: &Location) -> Option<ObjectFailure> {
        self.failed.get(object).copied()
    }

    /// The objects that could not be fetched so far.
    pub(super) fn missing(&self) -> impl Iterator<Item = &Location> {
        self.failed.iter().filter(|(_, failure)| **failure == ObjectFailure::Missing).map(|(object, _)| object)
    }

    /// Reads objects, none of which is repeated, and returns when their rows are safe. Those
    /// that were read whole are then in the journal.
    pub(super) fn read(&mut self, objects: &ObjectList) -> Result<FetchOutcome, Error> {
        let FetchedBatch { files, objects: fetched, new_files, unavailable } = self.fetch(objects)?;
        self.write(files)?;
        let damaged = self.merge.take_damaged();
        let (broken, whole): (Vec<_>, Vec<_>) =
            fetched.into_iter().partition(|object| is_named(&damaged, &object.to_string()));
        for object in broken {
            self.add_failure(object, ObjectFailure::Damaged);
        }
        for object in &whole {
            self.failed.remove(object);
        }
        self.totals.failed = self.failed.len() as u64;
        self.journal.add(JournalEntry::Written, &whole, Timestamp::now())?;
        if self.request.discard {
            self.discard(&new_files);
        }
        self.report.detail(1, || format!("{} written", count(whole.len() as u64, "object")));
        self.show();
        let is_unavailable = unavailable > 0 && unavailable == objects.len();
        Ok(if is_unavailable { FetchOutcome::Unavailable } else { FetchOutcome::Done })
    }

    /// Downloads the objects that the mirrors lack. What was begun is finished, so only a second
    /// signal ends a download.
    fn fetch(&mut self, objects: &ObjectList) -> Result<FetchedBatch, Error> {
        let mut of_bucket: BTreeMap<&str, Vec<WantedObject>> = BTreeMap::new();
        for (object, size) in objects {
            let wanted = WantedObject { key: object.key.clone(), size: *size };
            of_bucket.entry(&object.bucket).or_default().push(wanted);
        }
        let mut batch = FetchedBatch::default();
        for (bucket, wanted) in of_bucket {
            let Some(client) = self.buckets.get(bucket) else { continue };
            let results = match client.fetch(&wanted, &Cancellation::default()) {
                Err(error @ Error::Failed(_)) if self.request.named.is_none() => {
                    // A message can name any bucket.
                    self.buckets.give_up(bucket, &error);
                    continue;
                }
                results => results?,
            };
            for (object, result) in wanted.into_iter().zip(results) {
                let location = Location::new(bucket, object.key);
                match result {
                    FetchedObject::File { file, was_present } => {
                        batch.new_files.extend(file.path.clone().filter(|_| !was_present));
                        batch.files.push(*file);
                        batch.objects.push(location);
                    }
                    FetchedObject::Missing(issue) => {
                        batch.unavailable += usize::from(matches!(issue.problem, Problem::Unavailable(_)));
                        self.report_once(location, &issue);
                    }
                }
            }
        }
        Ok(batch)
    }

    /// Writes the rows of files, and returns when they are safe.
    fn write(&mut self, files: Vec<LogFile>) -> Result<(), Error> {
        let (rows, begun) = (&self.rows, Cancellation::default());
        let prepared = PreparedRun::of_files(&self.request.reading, self.report, &begun, files);
        let workers = vec![rows.worker.clone(); self.request.reading.threads];
        let coverage = prepared.consume(&rows.selector, workers, &rows.fields, None, &mut self.merge)?;
        self.totals.coverage.add(&coverage);
        self.totals.refused += self.merge.output.commit(self.stop)?;
        Ok(())
    }

    /// Removes files from the mirror, and reports once if that fails.
    fn discard(&mut self, files: &[PathBuf]) {
        for path in files {
            let Err(error) = std::fs::remove_file(path) else { continue };
            if !std::mem::replace(&mut self.cannot_discard, true) {
                self.report.warn(&format!("{}: cannot be removed: {}", path.display(), io_message(&error)));
            }
        }
    }

    fn add_failure(&mut self, object: Location, failure: ObjectFailure) -> bool {
        if self.failed.len() >= MAX_FAILED {
            self.failed.pop_first();
        }
        let is_new = self.failed.insert(object, failure).is_none();
        self.totals.failed = self.failed.len() as u64;
        is_new
    }

    /// Reports an object that could not be fetched, unless that was done before.
    fn report_once(&mut self, object: Location, issue: &Issue) {
        if self.add_failure(object, ObjectFailure::Missing) {
            self.report.issue(issue);
        }
    }

    /// Reports an object that must be restored first, unless that was done before.
    pub(super) fn report_archived_once(&mut self, object: Location) {
        let (name, problem) = (object.to_string(), Problem::Download("archived; restore it first".into()));
        self.report_once(object, &Issue { name, problem, outcome: Outcome::Nothing });
    }

    /// Reports a part of a listing that failed, unless that was done before.
    pub(super) fn report_list_failure_once(&mut self, issue: &Issue) {
        if self.list_failures.insert(issue.name.clone()) {
            self.totals.coverage.problems += 1;
            self.report.issue(issue);
        }
    }

    /// Remembers the objects of a batch that are damaged, so that they are not read again: what
    /// could be read of them is written, and they were named.
    pub(super) fn settle_damaged(&mut self, batch: &ObjectList) -> Result<(), Error> {
        let is_damaged = |object: &&Location| self.failed.get(object) == Some(&ObjectFailure::Damaged);
        let damaged: Vec<_> = batch.iter().map(|(object, _)| object).filter(is_damaged).cloned().collect();
        self.journal.add(JournalEntry::Written, &damaged, Timestamp::now())
    }

    /// Does what is due without new objects: closes old files, and shows the state.
    pub(super) fn idle(&mut self) -> Result<(), Error> {
        self.show();
        self.merge.output.tick()
    }

    /// Shows the state on a terminal.
    fn show(&self) {
        let FollowTotals { coverage, .. } = &self.totals;
        self.report.progress(&format!(
            "following: {}, {}, {} matched",
            count(coverage.files, "file"),
            count(coverage.events, "event"),
            HumanCount(coverage.rows)
        ));
    }
}

/// Whether a file, or a file in it if it is an archive, is among these names.
fn is_named(names: &BTreeSet<String>, file: &str) -> bool {
    let is_in_it = |rest: &str| rest.is_empty() || rest.starts_with('!');
    let mut from = names.range(file.to_string()..).take_while(|name| name.starts_with(file));
    from.any(|name| name.strip_prefix(file).is_some_and(is_in_it))
}
