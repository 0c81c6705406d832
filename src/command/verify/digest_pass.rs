//! The first pass: checks all digests of a mirror, each by its own signature and in parallel, then
//! compares them along their chains, and collects the log files that they list.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::VerifyRun;
use super::digest_text::{LongTextPermit, digest_text};
use super::digest_walk::{DigestFile, each_digest};
use super::listed_logs::{ListedEntry, ListedLogs, place};
use super::mirror_selection::{KeyBase, MirrorSelection};
use super::verify_result::{FoundObject, ObjectKind, UsedKey, VerifyResult};
use crate::cloudtrail::digest::chain::Chain;
use crate::cloudtrail::digest::check::{DigestProblem, FoundDigest, ProvenDigest, check};
use crate::cloudtrail::digest::document::PreviousDigest;
use crate::cloudtrail::digest::name::{ChainId, DigestName, SIGNATURE_ENDING};
use crate::cloudtrail::digest::signature::SavedSignature;
use crate::error::Error;
use crate::source::s3::mirror_root::MirrorRoot;

/// The digests of a mirror, and what they list.
pub(super) struct DigestPass<'r> {
    run: &'r VerifyRun<'r>,
    mirror: &'r MirrorSelection,
    base: &'r KeyBase,
    permit: LongTextPermit,
    listed: Mutex<ListedLogs>,
    chains: Vec<Chain>,
    numbers: HashMap<ChainId, u32>,
    /// Number of chains of other mirrors.
    first: usize,
}

/// A digest that waits for its check, with the number of its chain.
type DigestTask = (DigestFile, Option<u32>);

/// The result of the check of one digest.
struct CheckedDigest {
    result: Result<ProvenDigest, DigestProblem>,
    /// What follows it in its file.
    extra: Option<String>,
}

/// What the first pass leaves to the second one.
pub(super) struct ListedByChains {
    pub(super) listed: ListedLogs,
    pub(super) chains: Vec<Chain>,
    pub(super) digests: u64,
}

impl<'r> DigestPass<'r> {
    /// Creates a pass over a mirror after others with `first` chains.
    pub(super) fn new(
        run: &'r VerifyRun<'r>,
        mirror: &'r MirrorSelection,
        base: &'r KeyBase,
        first: usize,
    ) -> DigestPass<'r> {
        DigestPass {
            run,
            mirror,
            base,
            permit: LongTextPermit::default(),
            listed: Mutex::new(ListedLogs::new()),
            chains: Vec::new(),
            numbers: HashMap::new(),
            first,
        }
    }

    /// Checks all digests.
    pub(super) fn run(mut self, result: &mut VerifyResult) -> Result<ListedByChains, Error> {
        const BATCH: usize = 512;
        let VerifyRun { scope, report, stop, .. } = *self.run;
        let (mut batch, mut digests): (Vec<DigestTask>, u64) = (Vec::new(), 0);
        let mirror = self.mirror;
        each_digest(mirror, scope, report, stop, |file| {
            let chain = DigestName::parse(&file.path).map(|name| self.number(name.chain()));
            batch.push((file, chain));
            digests += 1;
            if batch.len() < BATCH {
                return Ok(());
            }
            report.progress(&format!("{} checked", crate::report::count(digests, "digest")));
            self.batch(std::mem::take(&mut batch), result)
        })?;
        self.batch(batch, result)?;
        self.finish_chains(result)?;
        let listed = self.listed.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(ListedByChains { listed, chains: self.chains, digests })
    }

    fn number(&mut self, id: ChainId) -> u32 {
        let (chains, since) = (&mut self.chains, self.run.scope.window.since);
        *self.numbers.entry(id).or_insert_with_key(|id| {
            chains.push(Chain::new(id.clone(), since));
            u32::try_from(chains.len() - 1).unwrap_or(u32::MAX)
        })
    }

    fn batch(&mut self, batch: Vec<DigestTask>, result: &mut VerifyResult) -> Result<(), Error> {
        let (this, runs) = (&*self, runs(&batch));
        let check = |run: &Vec<usize>| this.check_run(&batch, run);
        let checked: Vec<_> = this.run.pool.install(|| runs.par_iter().map(check).collect::<Result<_, Error>>())?;
        let mut checked: Vec<(usize, CheckedDigest)> = checked.into_iter().flatten().collect();
        checked.sort_by_key(|(at, _)| *at);
        for ((file, chain), (_, checked)) in batch.iter().zip(checked) {
            self.add(file, *chain, checked, result)?;
        }
        Ok(())
    }

    /// Checks some digests of a chain that follow each other, the newest first.
    fn check_run(&self, batch: &[DigestTask], run: &[usize]) -> Result<Vec<(usize, CheckedDigest)>, Error> {
        let mut next: Option<PreviousDigest> = None;
        let mut all = Vec::with_capacity(run.len());
        for at in run.iter().rev() {
            let checked = self.check(&batch[*at], next.as_ref())?;
            next = checked.result.as_ref().ok().and_then(|digest| digest.previous.clone());
            all.push((*at, checked));
        }
        Ok(all)
    }

    /// Checks one digest, and collects the log files that it lists.
    fn check(&self, (file, chain): &DigestTask, next: Option<&PreviousDigest>) -> Result<CheckedDigest, Error> {
        let failed = |problem| Ok(CheckedDigest { result: Err(problem), extra: None });
        let (Some(name), Some(chain)) = (DigestName::parse(&file.path), chain) else {
            return failed(DigestProblem::Name);
        };
        if !file.is_present {
            return failed(DigestProblem::Missing);
        }
        let text = match digest_text(self.run.readers, &self.mirror.root, &file.path, &self.permit) {
            Ok(text) => text,
            Err(problem) => return failed(problem),
        };
        let signature = match saved_signature(&self.mirror.root, &file.path) {
            Ok(signature) => signature,
            Err(problem) => return failed(problem),
        };
        let key = format!("{}{}", self.base.prefix, file.path);
        let found = FoundDigest {
            bucket: &self.base.bucket,
            key: &key,
            region: name.region,
            text: &text.text,
            signature: signature.as_deref(),
        };
        let mut result = check(&found, self.run.keys, next);
        if let Ok(digest) = &mut result {
            self.collect(digest, *chain)?;
        }
        Ok(CheckedDigest { result, extra: text.extra })
    }

    /// Moves the log files of a proven digest to those that are listed.
    fn collect(&self, digest: &mut ProvenDigest, chain: u32) -> Result<(), Error> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        for (position, log) in std::mem::take(&mut digest.logs).iter().enumerate() {
            let path = place(log, self.base.path(&log.bucket, &log.key));
            if !self.run.scope.includes_log(&path) || !self.mirror.has_part(&path) {
                continue;
            }
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            let entry = ListedEntry { hash: log.hash, chain, end: digest.end.as_second(), position };
            listed.add(&path, &entry)?;
        }
        Ok(())
    }

    /// Adds a digest to its chain and to the counts.
    fn add(
        &mut self,
        file: &DigestFile,
        chain: Option<u32>,
        checked: CheckedDigest,
        result: &mut VerifyResult,
    ) -> Result<(), Error> {
        let key = format!("{}{}", self.base.prefix, file.path);
        let (name, number) = (DigestName::parse(&file.path), chain);
        let chain = chain.and_then(|number| self.chains.get_mut(number as usize));
        let end = checked.result.as_ref().map_or_else(|_| name.map(|name| name.end), |digest| Some(digest.end));
        let problem = match (checked.result, chain, &name) {
            (Ok(digest), Some(chain), Some(name)) => {
                chain.add(&key, &digest);
                let region = name.region.to_string();
                let used = UsedKey { region, fingerprint: digest.fingerprint, source: digest.key_source };
                *result.keys.entry(used).or_default() += 1;
                checked.extra.map(DigestProblem::ExtraBytes)
            }
            (Err(problem), Some(chain), Some(name)) => {
                chain.add_unproven(&key, name.end);
                Some(problem)
            }
            (checked, ..) => checked.err(),
        };
        let object = self.base.address(&file.path);
        if let (Some(aws), Some(number), Some(end)) = (&mut result.aws, number, end) {
            let (number, id) = (number as usize, &self.chains[number as usize].id);
            aws.digest(self.first + number, id, &object, end, problem.as_ref())?;
        }
        result.add_digest(&file.path, problem.is_none());
        let Some(problem) = problem else { return Ok(()) };
        result.add_finding(&file.path, finding(name.map(|name| name.trail), object, &problem))
    }

    /// Records what the chains show about single digests.
    fn finish_chains(&mut self, result: &mut VerifyResult) -> Result<(), Error> {
        for (number, chain) in self.chains.iter_mut().enumerate() {
            for wrong in std::mem::take(&mut chain.problems) {
                let path = wrong.key.strip_prefix(&self.base.prefix).unwrap_or(&wrong.key);
                result.add_digest(path, false);
                if wrong.problem != DigestProblem::Missing {
                    // It was counted as good before.
                    result.uncount_good_digest(path);
                }
                let object = format!("s3://{}/{}", self.base.bucket, wrong.key);
                if wrong.problem == DigestProblem::Missing
                    && let Some(aws) = &mut result.aws
                {
                    let number = self.first + number;
                    aws.digest(number, &chain.id, &object, wrong.end, Some(&wrong.problem))?;
                }
                result.add_finding(path, finding(Some(&chain.id.trail), object, &wrong.problem))?;
            }
        }
        Ok(())
    }
}

/// Divides a batch into runs of digests of the same chain, by their positions. The last one of
/// a run is checked by its own signature, and proves the ones before it.
fn runs(batch: &[DigestTask]) -> Vec<Vec<usize>> {
    /// Short enough that all threads have work.
    const RUN: usize = 16;
    let mut chains: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
    for (at, (_, chain)) in batch.iter().enumerate() {
        chains.entry(*chain).or_default().push(at);
    }
    chains.values().flat_map(|chain| chain.chunks(RUN)).map(<[usize]>::to_vec).collect()
}

fn finding<'a>(trail: Option<&'a str>, object: String, problem: &DigestProblem) -> FoundObject<'a> {
    let (kind, verdict) = (ObjectKind::Digest, problem.verdict());
    FoundObject { kind, trail, object, verdict, detail: problem.to_string() }
}

/// Reads the file with the signature of the digest at a path; `None` if there is no such file.
pub(super) fn saved_signature(root: &MirrorRoot, path: &str) -> Result<Option<Vec<u8>>, DigestProblem> {
    let unreadable = |error: std::io::Error| DigestProblem::Unreadable(super::first_member::reason(&error));
    let file = match root.file(Path::new(&format!("{path}{SIGNATURE_ENDING}"))) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        result => result.map_err(unreadable)?.0,
    };
    let mut text = Vec::new();
    file.take(SavedSignature::MAX_BYTES).read_to_end(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}
