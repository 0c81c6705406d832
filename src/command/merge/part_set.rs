//! The parts of a merge: checks that each is whole and that they belong together.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::args::MergeArgs;
use super::file_names::{NameHasher, NameSet};
use super::plan::MergePlan;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, FileOutcome, FileRecord, Report};
use crate::sink::part_file::{COVERAGE, FILES, PartFileReader, PartHeader};
use crate::spill::dedupe::IdHash;

/// Parts of one question, in the order of their files.
pub(in crate::command) struct PartSet {
    /// The question.
    pub(in crate::command) header: PartHeader,
    /// The parts; there is at least one.
    pub(in crate::command) parts: Vec<CheckedPart>,
}

/// A part that is whole.
pub(in crate::command) struct CheckedPart {
    pub(in crate::command) path: PathBuf,
    /// What its run has read.
    pub(in crate::command) coverage: Coverage,
    /// Its first file; `None` if it has none.
    pub(super) first: Option<IdHash>,
    /// Number of its files.
    pub(super) files: u64,
    /// A hash of the names of its files in their order.
    pub(super) order: [u8; 32],
}

impl PartSet {
    /// Reads all parts once. Returns an error that names a part that is damaged, that belongs to
    /// another question, or that has a file of another part, and files of the plan that no part
    /// has.
    pub(super) fn check(
        args: &MergeArgs,
        question: Option<&PartHeader>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<PartSet, Error> {
        let header = common_header(&args.parts, question)?;
        check_paths(&args.parts, args.output.as_deref())?;
        let mut checker = PartChecker { hasher: NameHasher::default(), names: NameSet::default(), parts: Vec::new() };
        for (number, path) in args.parts.iter().enumerate() {
            report.progress(&format!("checking part {} of {}", number + 1, args.parts.len()));
            if stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            checker.add(path, &args.parts[..number])?;
        }
        let PartChecker { hasher, names, mut parts } = checker;
        if !args.plan.is_empty() {
            // A timeline needs all files for its coverage.
            let is_empty = header.options.get("limit").is_some_and(|limit| limit == &["0"]);
            let reads_nothing = names.count() == 0 && header.command.is_empty() && is_empty;
            MergePlan::new(&args.plan, &hasher).order(&mut parts, names, reads_nothing)?;
        }
        Ok(PartSet { header, parts })
    }

    /// Passes the records of the files of a part on to the report, its problems too. Problems go
    /// to `problem` as well.
    pub(in crate::command) fn report_files(
        part: &mut PartFileReader,
        report: &Report,
        mut problem: impl FnMut(&str),
    ) -> Result<(), Error> {
        part.seek_section(FILES)?;
        while let Some(file) = part.next_json::<FileRecord>()? {
            report.file(&file);
            for text in &file.problems {
                report.warn(text);
                problem(text);
            }
        }
        Ok(())
    }
}

/// Reads the headers of all parts, which must be equal.
fn common_header(paths: &[PathBuf], question: Option<&PartHeader>) -> Result<PartHeader, Error> {
    let mut common: Option<(PartHeader, &Path)> = None;
    for path in paths {
        let part = PartFileReader::open(path)?;
        if let Some(question) = question {
            let asked = PartHeader { details: part.header().details.clone(), ..question.clone() };
            if let Some(difference) = part.header().difference(&asked) {
                return Err(part.failed(format!("is a part of another question: {difference}")));
            }
        }
        match &common {
            None => common = Some((part.header().clone(), path)),
            Some((header, first)) => {
                if let Some(difference) = part.header().difference(header) {
                    let text = format!("is a part of another question than {}: {difference}", first.display());
                    return Err(part.failed(text));
                }
            }
        }
    }
    common.map(|(header, _)| header).ok_or_else(|| Error::usage("no parts; name the files that --partial made"))
}

/// Checks that no path is given twice, and that the output is none of them.
fn check_paths(parts: &[PathBuf], output: Option<&Path>) -> Result<(), Error> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let output = output.map(real);
    let mut seen = std::collections::BTreeSet::new();
    for path in parts {
        let real = real(path);
        if output.as_ref() == Some(&real) {
            return Err(Error::option("--output", &path.to_string_lossy(), "is one of the parts"));
        }
        if !seen.insert(real) {
            return Err(Error::Failed(format!("{}: is given twice; merge each part once", path.display())));
        }
    }
    Ok(())
}

/// The parts that were read so far.
struct PartChecker {
    hasher: NameHasher,
    /// The files of all parts.
    names: NameSet,
    parts: Vec<CheckedPart>,
}

impl PartChecker {
    /// Reads a part to its end.
    fn add(&mut self, path: &Path, before: &[PathBuf]) -> Result<(), Error> {
        let mut part = PartFileReader::open(path)?;
        let (mut own, mut order) = (NameSet::default(), Sha256::new());
        let (mut first, mut files, mut coverage) = (None, 0, None);
        while let Some(section) = part.next_section()? {
            if section == COVERAGE {
                coverage = part.next_json::<Coverage>()?;
            }
            while section == FILES
                && let Some(file) = part.next_json::<FileRecord>()?
            {
                let Some(hash) = self.hasher.of_record(&file) else { continue };
                if !own.insert(hash)? {
                    continue;
                }
                if !self.names.insert(hash)? {
                    return Err(self.doubled(path, before, &file.name, hash));
                }
                first.get_or_insert(hash);
                order.update(hash);
                files += 1;
            }
        }
        let coverage = coverage.ok_or_else(|| part.failed("has no coverage; make this part again".into()))?;
        let order = order.finalize().into();
        self.parts.push(CheckedPart { path: path.to_path_buf(), coverage, first, files, order });
        Ok(())
    }

    /// The error of a file that an earlier part has too.
    fn doubled(&self, path: &Path, before: &[PathBuf], name: &str, hash: IdHash) -> Error {
        let mut other = None;
        for earlier in before {
            let found = PartFileReader::each_file(earlier, |file| {
                if self.hasher.of_record(&file) == Some(hash) {
                    other = Some(earlier.display().to_string());
                }
                Ok(())
            });
            if found.is_err() || other.is_some() {
                break;
            }
        }
        let other = other.unwrap_or_else(|| "an earlier part".into());
        Error::Failed(format!("{}: has {name}, which {other} has too; merge each file once", path.display()))
    }
}

impl NameHasher {
    /// The hash of a file's name; `None` if the record is not about one file that has a name.
    pub(super) fn of_record(&self, file: &FileRecord) -> Option<IdHash> {
        (file.outcome != FileOutcome::Gap && file.name != "-").then(|| self.of(&file.name))
    }
}
