//! The second pass: hashes all log files of a mirror in parallel, and compares them with what
//! the digests list.
//!
//! Both sides come in the order of their paths, so neither is held in memory: the listed ones from
//! a sort on disk, and the files from a walk of the mirror on another thread.

use std::collections::BTreeSet;
use std::io;
use std::iter::Peekable;
use std::ops::ControlFlow;

use crossbeam_channel::{Receiver, Sender, bounded};
use rayon::prelude::*;

use super::VerifyRun;
use super::digest_pass::ListedByChains;
use super::first_member::{TextHash, reason};
use super::listed_logs::{ELSEWHERE, ListedEntry};
use super::mirror_selection::{KeyBase, MirrorSelection};
use super::verify_result::{FoundObject, ObjectKind, VerifyResult};
use super::verify_scope::stamp;
use crate::cloudtrail::digest::chain::Chain;
use crate::cloudtrail::digest::coverage::{DigestCoverage, TimeCoverage};
use crate::cloudtrail::digest::file_verdict::FileVerdict;
use crate::cloudtrail::digest::hash::Sha256Hash;
use crate::cloudtrail::digest::verdict::{LogContent, LogVerdict, judge};
use crate::cloudtrail::keys::{KeyPlace, is_account};
use crate::cloudtrail::log_kind::{DIGEST, LogKind, is_kind_folder};
use crate::error::Error;
use crate::source::verified_files::VerifiedWriter;
use crate::source::walk::{WalkEntry, walk_mirror};

/// A log file to judge: one that is there, or that a digest lists.
struct LogTask {
    path: String,
    listed: Vec<ListedEntry>,
}

/// A log file with its verdict.
struct JudgedLog {
    verdict: LogVerdict,
    detail: String,
    /// The hash of the file's bytes; `None` if it could not be read.
    file: Option<Sha256Hash>,
}

/// Judges the log files of a mirror.
pub(super) struct LogPass<'r> {
    run: &'r VerifyRun<'r>,
    mirror: &'r MirrorSelection,
    base: &'r KeyBase,
    chains: Vec<Chain>,
    coverage: DigestCoverage,
    /// The kinds of logs that digests list, but for the usual one.
    kinds: BTreeSet<String>,
    batch: Vec<LogTask>,
    /// Number of log files that were judged.
    judged: u64,
    /// Number of chains of other mirrors.
    first: usize,
    /// Keeps the verdicts on files.
    verified: VerifiedWriter,
}

impl<'r> LogPass<'r> {
    pub(super) fn run(
        run: &'r VerifyRun<'r>,
        mirror: &'r MirrorSelection,
        base: &'r KeyBase,
        listed: ListedByChains,
        result: &mut VerifyResult,
    ) -> Result<Vec<Chain>, Error> {
        /// Lists of paths that wait between the threads. A list saves a wake-up for each path.
        const LISTS: usize = 4;
        let ListedByChains { mut listed, chains, .. } = listed;
        let kinds = std::mem::take(&mut listed.kinds);
        let (coverage, first) = (DigestCoverage::new(chains.iter()), result.chains.len());
        let (batch, verified) = (Vec::new(), VerifiedWriter::default());
        let mut pass = LogPass { run, mirror, base, chains, coverage, kinds, batch, judged: 0, first, verified };
        let (sender, receiver) = bounded(LISTS);
        std::thread::scope(|scope| {
            let walking = scope.spawn(|| walk(run, mirror, sender));
            let mut found = FoundPaths { lists: receiver, list: Vec::new().into_iter() }.peekable();
            let mut group: Option<LogTask> = None;
            let mut joined = listed.finish(|path, entry| {
                if let Some(group) = group.as_mut().filter(|group| group.path == path) {
                    group.listed.push(entry);
                    return Ok(());
                }
                if let Some(whole) = group.replace(LogTask { path: path.into(), listed: vec![entry] }) {
                    pass.join(whole, &mut found, result)?;
                }
                Ok(())
            });
            if joined.is_ok()
                && let Some(whole) = group.take()
            {
                joined = pass.join(whole, &mut found, result);
            }
            if joined.is_ok() {
                joined = pass.rest(&mut found, result);
            }
            // The walk ends when its channel is closed.
            drop(found);
            let walked = walking.join().map_err(|_| Error::Failed("internal error: the walk panicked".into()))?;
            joined?;
            result.foreign += walked?;
            // The mirror may be read-only, and the results are complete without it.
            if let Err(error) = pass.verified.finish(&mirror.folder, &mirror.root) {
                run.report.note(&format!("the column verified will not know these results: {error}"));
            }
            Ok(pass.chains)
        })
    }

    /// Adds a listed log file, and the files before it that no digest lists.
    fn join(
        &mut self,
        listed: LogTask,
        found: &mut Peekable<FoundPaths>,
        result: &mut VerifyResult,
    ) -> Result<(), Error> {
        while let Some(path) = found.next_if(|path| *path < listed.path) {
            self.add(LogTask { path, listed: Vec::new() }, result)?;
        }
        // One that the walk did not meet is opened too, which says why.
        found.next_if(|path| *path == listed.path);
        self.add(listed, result)
    }

    /// Adds the files that no digest lists, up to the end.
    fn rest(&mut self, found: &mut Peekable<FoundPaths>, result: &mut VerifyResult) -> Result<(), Error> {
        for path in found {
            self.add(LogTask { path, listed: Vec::new() }, result)?;
        }
        self.judge_batch(result)
    }

    fn add(&mut self, task: LogTask, result: &mut VerifyResult) -> Result<(), Error> {
        const BATCH: usize = 2048;
        self.batch.push(task);
        if self.batch.len() < BATCH { Ok(()) } else { self.judge_batch(result) }
    }

    /// Judges the log files of a batch in parallel, and counts them in order.
    fn judge_batch(&mut self, result: &mut VerifyResult) -> Result<(), Error> {
        let VerifyRun { report, stop, .. } = *self.run;
        if stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        let batch = std::mem::take(&mut self.batch);
        let this = &*self;
        let judge = |task: &LogTask| this.judge(task);
        let judged: Vec<JudgedLog> = this.run.pool.install(|| batch.par_iter().map(judge).collect());
        for (task, JudgedLog { verdict, detail, file }) in batch.iter().zip(judged) {
            result.add_log(&task.path, verdict);
            if let Some(file) = file {
                self.verified.add(&task.path, file, kept(verdict))?;
            }
            if let Some(aws) = &mut result.aws {
                for entry in &task.listed {
                    let chain = self.first + entry.chain as usize;
                    aws.log(chain, entry, &self.address(&task.path), verdict, &detail)?;
                }
            }
            if verdict != LogVerdict::Proven {
                let object = self.address(&task.path);
                let trail = task.listed.first().and_then(|entry| self.chains.get(entry.chain as usize));
                let trail = trail.map(|chain| &*chain.id.trail);
                let found = FoundObject { kind: ObjectKind::Log, trail, object, verdict: verdict.name(), detail };
                result.add_finding(&task.path, found)?;
            }
        }
        self.judged += batch.len() as u64;
        report.progress(&format!("{} checked", crate::report::count(self.judged, "log file")));
        Ok(())
    }

    /// The address of an object by its path, or by itself.
    fn address(&self, path: &str) -> String {
        if path.starts_with(ELSEWHERE) { path.into() } else { self.base.address(path) }
    }

    fn judge(&self, task: &LogTask) -> JudgedLog {
        if task.path.starts_with(ELSEWHERE) {
            let detail = "a digest lists it, and it is in no mirror that is verified".into();
            return JudgedLog { verdict: LogVerdict::NotProven, detail, file: None };
        }
        let listed: Vec<Sha256Hash> = task.listed.iter().map(|entry| entry.hash).collect();
        let (content, file) = self.content(&task.path);
        let (verdict, detail) = judge(&listed, &content, || self.time_coverage(&task.path));
        JudgedLog { verdict, detail, file }
    }

    /// Reads a log file. Returns the hash of its bytes too.
    fn content(&self, path: &str) -> (LogContent, Option<Sha256Hash>) {
        let mut text = TextHash::default();
        match self.run.readers.read(&self.mirror.root, path, &mut text) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (LogContent::Absent, None),
            Err(error) => (LogContent::Unreadable(reason(&error)), None),
            Ok(read) => {
                let content = match read.damage {
                    Some(damage) => LogContent::Damaged(damage),
                    None => LogContent::Text { hash: text.finish(), extra: read.extra },
                };
                (content, Some(read.file_hash))
            }
        }
    }

    /// What the digests say about the time of a log file.
    fn time_coverage(&self, path: &str) -> TimeCoverage {
        let place = KeyPlace::of(path);
        let (Some(account), Some(kind), Some(region)) = (place.account, place.kind, place.region) else {
            return TimeCoverage::Nowhere;
        };
        if kind != LogKind::CloudTrail.folder() && !self.kinds.contains(kind) {
            return TimeCoverage::OtherKind;
        }
        let folder = path.rfind(&format!("{account}/{kind}/")).map(|at| &path[..at + account.len()]);
        let folder = format!("{}{}", self.base.prefix, folder.unwrap_or_default());
        self.coverage.time_coverage(&folder, region, stamp(path))
    }
}

/// What is kept of a verdict.
fn kept(verdict: LogVerdict) -> FileVerdict {
    match verdict {
        LogVerdict::Proven => FileVerdict::Yes,
        LogVerdict::Altered | LogVerdict::ExtraBytes | LogVerdict::InNoDigest => FileVerdict::No,
        LogVerdict::Missing | LogVerdict::NotProven => FileVerdict::Unknown,
    }
}

/// Walks a mirror and sends the paths of files that are, or could be taken for, log files.
/// Returns the number of files of other services.
fn walk(run: &VerifyRun<'_>, mirror: &MirrorSelection, lists: Sender<Vec<String>>) -> Result<u64, Error> {
    const LIST: usize = 1024;
    let folders = run.scope.log_folders()?.below(&mirror.folder);
    let (mut list, mut foreign) = (Vec::with_capacity(LIST), 0);
    for part in &mirror.parts {
        let flow = walk_mirror(part, &folders, |entry| {
            match entry {
                WalkEntry::File(path) => match mirror.relative(&path) {
                    // Only other tools copy more than the logs of CloudTrail.
                    Some(path) if mirror.bucket.is_none() && is_foreign(&path) => foreign += 1,
                    Some(path) if is_log(&path) && run.scope.includes_log(&path) => list.push(path),
                    _ => {}
                },
                WalkEntry::Issue(issue) => run.report.issue(&issue),
                _ => {}
            }
            if list.len() < LIST {
                return ControlFlow::Continue(());
            }
            match lists.send(std::mem::take(&mut list)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        if flow.is_break() {
            return Ok(foreign);
        }
    }
    // The other side may have failed, and says why.
    let _ = lists.send(list);
    Ok(foreign)
}

/// Whether a file could be taken for a log file.
fn is_log(path: &str) -> bool {
    KeyPlace::of(path).kind != Some(DIGEST)
}

/// Whether a file is in the folder of another service, such as `AWSLogs/ACCOUNT/Config/`.
fn is_foreign(path: &str) -> bool {
    let mut folders = path.split('/').skip_while(|folder| *folder != "AWSLogs");
    let service = folders.by_ref().skip_while(|folder| !is_account(folder)).nth(1);
    service.is_some_and(|service| !is_kind_folder(service)) && folders.next().is_some()
}

/// The paths that the walk has sent.
struct FoundPaths {
    lists: Receiver<Vec<String>>,
    list: std::vec::IntoIter<String>,
}

impl Iterator for FoundPaths {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            if let Some(path) = self.list.next() {
                return Some(path);
            }
            self.list = self.lists.recv().ok()?.into_iter();
        }
    }
}
