//! A snapshot as the known state at its time: reads its documents as changes.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::consumer::ChangeMerge;
use crate::cloudtrail::history::change::{ChangeEvent, ResourceKind, ResourceScope};
use crate::cloudtrail::history::snapshot;
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::report::Report;
use crate::sink::document::folder::DocumentKind;

/// A snapshot, and the time at which it was true.
#[derive(Clone, Debug)]
pub(super) struct SnapshotBaseline {
    /// The folder that `trail2tsv snapshot` has written.
    pub(super) folder: PathBuf,
    /// Its time.
    pub(super) time: Timestamp,
}

/// Longer documents are not those of a resource.
const MAX_DOCUMENT: u64 = 4 << 20;

impl SnapshotBaseline {
    /// The snapshot in `folder`. Its time, unless it is given, is that of its last complete
    /// run. Returns an error if the folder is not that of a snapshot.
    pub(super) fn new(folder: PathBuf, time: Option<Timestamp>) -> Result<SnapshotBaseline, Error> {
        let marker = folder.join(DocumentKind::Snapshot.marker());
        let written = fs::metadata(&marker).and_then(|metadata| metadata.modified()).map_err(|error| {
            let name = folder.display();
            Error::Failed(format!("{name}: not a folder that trail2tsv snapshot has written: {}", io_message(&error)))
        })?;
        let written = Timestamp::try_from(written).map_err(|error| Error::Failed(error.to_string()))?;
        Ok(SnapshotBaseline { folder, time: time.unwrap_or(written) })
    }

    /// Adds what the documents say. Documents that cannot be read are reported.
    pub(super) fn read(&self, report: &Report, merge: &mut ChangeMerge) -> Result<u64, Error> {
        let mut problems = 0;
        for account in folders(&self.folder)? {
            for region in folders(&account.path())? {
                let name = |entry: &DirEntry| entry.file_name().to_string_lossy().into_owned();
                let scope = ResourceScope { account: name(&account).into(), region: name(&region).into() };
                for kind in ResourceKind::ALL {
                    let folder = region.path().join(kind.folder());
                    if folder.is_dir() {
                        problems += self.kind(&folder, kind, &scope, report, merge)?;
                    }
                }
            }
        }
        Ok(problems)
    }

    fn kind(
        &self,
        folder: &Path,
        kind: ResourceKind,
        scope: &ResourceScope,
        report: &Report,
        merge: &mut ChangeMerge,
    ) -> Result<u64, Error> {
        let mut problems = 0;
        for entry in entries(folder)? {
            match document(&entry.path()) {
                Ok(Some(document)) => merge.add(&ChangeEvent {
                    time: self.time,
                    id: format!("snapshot {}", entry.file_name().to_string_lossy()),
                    name: String::new(),
                    scope: scope.clone(),
                    actor: String::new(),
                    changes: snapshot::changes(kind, &document),
                    is_snapshot: true,
                })?,
                Ok(None) => {}
                Err(why) => {
                    problems += 1;
                    let problem = Problem::Resources(why);
                    let name = entry.path().display().to_string();
                    report.issue(&Issue { name, problem, outcome: Outcome::Nothing });
                }
            }
        }
        Ok(problems)
    }
}

/// The content of a document; `None` if the file is not one.
fn document(path: &Path) -> Result<Option<Value>, String> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if !matches!(ending, Some("yaml" | "json")) {
        return Ok(None);
    }
    let length = fs::metadata(path).map_err(|error| io_message(&error))?.len();
    if length > MAX_DOCUMENT {
        return Err(format!("{length} bytes are more than a document has"));
    }
    let text = fs::read_to_string(path).map_err(|error| io_message(&error))?;
    let document = match ending {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        _ => serde_saphyr::from_str(&text).map_err(|error| error.to_string()),
    };
    document.map(Some).map_err(|error| error.lines().next().unwrap_or_default().to_string())
}

/// The entries of a folder by name, so that every run adds them in the same order.
fn entries(folder: &Path) -> Result<Vec<DirEntry>, Error> {
    let fail =
        |error: std::io::Error| Error::Failed(format!("{}: cannot be read: {}", folder.display(), io_message(&error)));
    let mut entries = fs::read_dir(folder).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// The folders in a folder, but for hidden ones.
fn folders(folder: &Path) -> Result<Vec<DirEntry>, Error> {
    let is_shown = |entry: &DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    Ok(entries(folder)?.into_iter().filter(|entry| is_shown(entry) && entry.path().is_dir()).collect())
}
