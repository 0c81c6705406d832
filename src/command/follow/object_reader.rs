//! Reads objects, writes their rows, and remembers them once the rows are safe.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::consumer::FollowMerge;
use super::request::FollowRequest;
use super::totals::FollowTotals;
use crate::command::event_rows::row_worker::RowWorker;
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::{Report, count};
use crate::source::follow_journal::FollowJournal;
use crate::source::location::Location;
use crate::source::s3::key_fetcher::{FetchedObject, KeyFetcher, WantedObject};

/// Number of objects that are fetched and written at once.
pub(super) const BATCH: usize = 500;

/// What the rows of all batches share.
pub(super) struct RowSettings {
    pub(super) selector: EventSelector,
    pub(super) worker: RowWorker,
    pub(super) fields: FieldSet,
}

/// Reads objects of any bucket.
pub(super) struct ObjectReader<'a> {
    pub(super) request: &'a FollowRequest,
    pub(super) report: &'a Report,
    /// Set by a signal: no further batch is begun, and waits end.
    pub(super) stop: &'a Cancellation,
    pub(super) rows: RowSettings,
    pub(super) merge: FollowMerge<'a>,
    pub(super) journal: FollowJournal,
    pub(super) totals: FollowTotals,
    /// `None` for a bucket that cannot be read, which was reported.
    fetchers: BTreeMap<String, Option<KeyFetcher>>,
    /// Objects that could not be read whole, which were named.
    failed: BTreeMap<Location, ObjectFailure>,
    /// Parts of listings that failed, which were named.
    list_failures: BTreeSet<String>,
}

/// Why an object was not read whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ObjectFailure {
    /// It could not be fetched, and may be later.
    Missing,
    /// Its content is damaged. What could be read of it was written.
    Damaged,
}

impl<'a> ObjectReader<'a> {
    /// Creates a reader that has read nothing yet.
    pub(super) fn new(
        request: &'a FollowRequest,
        report: &'a Report,
        stop: &'a Cancellation,
        rows: RowSettings,
        merge: FollowMerge<'a>,
        journal: FollowJournal,
    ) -> ObjectReader<'a> {
        ObjectReader {
            request,
            report,
            stop,
            rows,
            merge,
            journal,
            totals: FollowTotals::default(),
            fetchers: BTreeMap::new(),
            failed: BTreeMap::new(),
            list_failures: BTreeSet::new(),
        }
    }

    /// Returns the client for a bucket, which connects the first time; `None` if the bucket cannot
    /// be read. Returns an error if no bucket can.
    fn fetcher(&mut self, bucket: &str) -> Result<Option<&mut KeyFetcher>, Error> {
        if !self.fetchers.contains_key(bucket) {
            let fetcher = match self.connect(bucket) {
                Ok(fetcher) => Some(fetcher),
                Err(error @ (Error::Interrupted | Error::ClosedPipe)) => return Err(error),
                Err(error) if self.request.named.is_some() => return Err(error),
                Err(error) => {
                    // A message can name any bucket.
                    self.totals.coverage.problems += 1;
                    self.report.fatal(&format!("{error}; messages about this bucket stay in the queue"));
                    None
                }
            };
            self.fetchers.insert(bucket.to_string(), fetcher);
        }
        Ok(self.fetchers.get_mut(bucket).and_then(Option::as_mut))
    }

    fn connect(&self, bucket: &str) -> Result<KeyFetcher, Error> {
        /// Each takes threads, and a message can name any bucket.
        const MOST: usize = 50;
        let prefix = self.request.named.as_ref().map_or("", |named| named.key.as_str());
        let location = Location::new(bucket, prefix);
        if self.fetchers.len() >= MOST {
            return Err(Error::Failed(format!("{}: more than {MOST} buckets", location.bucket_address())));
        }
        KeyFetcher::open(&self.request.bucket_of(&location)?, self.report, &Cancellation::default())
    }

    /// Returns whether an object can contain wanted events, by its key; `None` if its bucket cannot
    /// be read.
    pub(super) fn is_wanted(&mut self, object: &Location) -> Result<Option<bool>, Error> {
        Ok(self.fetcher(&object.bucket)?.map(|fetcher| fetcher.is_wanted(&object.key)))
    }

    /// Returns why an object was not read whole before; `None` if it was, or was not read.
    pub(super) fn failure(&self, object: &Location) -> Option<ObjectFailure> {
        self.failed.get(object).copied()
    }

    /// Reads objects, none of which is repeated, and returns when their rows are safe. Those
    /// that were read whole are then in the journal.
    pub(super) fn read(&mut self, objects: &[(Location, Option<u64>)]) -> Result<(), Error> {
        let mut of_bucket: BTreeMap<&str, Vec<WantedObject>> = BTreeMap::new();
        for (object, size) in objects {
            let wanted = WantedObject { key: object.key.clone(), size: *size };
            of_bucket.entry(&object.bucket).or_default().push(wanted);
        }
        let (mut files, mut fetched) = (Vec::new(), Vec::new());
        for (bucket, wanted) in of_bucket {
            // What was begun is finished, so only a second signal ends a download.
            let begun = Cancellation::default();
            let Some(fetcher) = self.fetcher(bucket)? else { continue };
            let results = fetcher.fetch(&wanted, &begun)?;
            for (object, result) in wanted.into_iter().zip(results) {
                let location = Location::new(bucket, object.key);
                match result {
                    FetchedObject::File(file) => {
                        files.push(*file);
                        fetched.push(location);
                    }
                    FetchedObject::Missing(issue) => self.name_once(location, &issue),
                }
            }
        }
        let paths: Vec<_> = files.iter().filter_map(|file| file.path.clone()).collect();
        let begun = Cancellation::default();
        let rows = &self.rows;
        let prepared = PreparedRun::of_files(&self.request.reading, self.report, &begun, files);
        let workers = vec![rows.worker.clone(); self.request.reading.threads];
        let coverage = prepared.consume(&rows.selector, workers, &rows.fields, None, &mut self.merge)?;
        self.totals.coverage.add(&coverage);
        self.totals.refused += self.merge.output.commit(self.stop)?;
        let damaged = self.merge.take_damaged();
        let is_damaged = |object: &Location| {
            let name = object.to_string();
            // The name of a file in an archive begins with that of the archive.
            let is_in_it = |rest: &str| rest.is_empty() || rest.starts_with('!');
            damaged.range(name.clone()..).any(|other| other.strip_prefix(&name).is_some_and(is_in_it))
        };
        let (broken, whole): (Vec<_>, Vec<_>) = fetched.into_iter().partition(is_damaged);
        self.failed.extend(broken.into_iter().map(|object| (object, ObjectFailure::Damaged)));
        for object in &whole {
            self.failed.remove(object);
        }
        self.totals.failed = self.failed.len() as u64;
        self.journal.add(&whole, Timestamp::now())?;
        if self.request.discard {
            for path in paths {
                // A file that stays costs only space.
                let _ = std::fs::remove_file(path);
            }
        }
        self.report.detail(1, || format!("{} written", count(whole.len() as u64, "object")));
        self.show();
        Ok(())
    }

    /// Reports an object that could not be had, unless that was said before.
    fn name_once(&mut self, object: Location, issue: &Issue) {
        if self.failed.insert(object, ObjectFailure::Missing).is_none() {
            self.report.skip(issue);
        }
        self.totals.failed = self.failed.len() as u64;
    }

    /// Reports an object that must be restored first, unless that was said before.
    pub(super) fn name_archived(&mut self, object: Location) {
        let (name, problem) = (object.to_string(), Problem::Download("archived; restore it first".into()));
        self.name_once(object, &Issue { name, problem, outcome: Outcome::Nothing });
    }

    /// Reports a part of a listing that failed, unless that was said before.
    pub(super) fn name_list_failure(&mut self, issue: &Issue) {
        if self.list_failures.insert(issue.name.clone()) {
            self.totals.coverage.problems += 1;
            self.report.skip(issue);
        }
    }

    /// Remembers the objects of a batch that are damaged, so that they are not read again: what
    /// could be read of them is written, and they were named.
    pub(super) fn settle_damaged(&mut self, batch: &[(Location, Option<u64>)]) -> Result<(), Error> {
        let is_damaged = |object: &&Location| self.failed.get(object) == Some(&ObjectFailure::Damaged);
        let damaged: Vec<_> = batch.iter().map(|(object, _)| object).filter(is_damaged).cloned().collect();
        self.journal.add(&damaged, Timestamp::now())
    }

    /// Shows the state on a terminal.
    pub(super) fn show(&self) {
        let FollowTotals { coverage, .. } = &self.totals;
        self.report.progress(&format!(
            "following: {}, {}, {} matched",
            count(coverage.files, "file"),
            count(coverage.events, "event"),
            indicatif::HumanCount(coverage.rows)
        ));
    }
}
