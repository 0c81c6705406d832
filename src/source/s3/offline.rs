//! Reads a mirror as it is, without contacting the bucket.

use std::ffi::OsString;
use std::mem;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::local;
use super::mirror::{Mirror, is_own_file};
use super::mirror_root::{MirrorEntry, MirrorRoot};
use super::scope;
use crate::cloudtrail::keys::Scope;
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::report::{Coverage, Report};
use crate::source::location::Location;
use crate::source::spec::BucketInput;
use crate::source::walk::walk_mirror;
use crate::source::{LogFile, LogSource, SourceItem};

/// The parts of a mirror to read.
#[derive(Debug)]
pub struct OfflineMirror {
    /// Which accounts, regions, kinds and days to read.
    scope: Scope,
    /// Root folder, through which all files are accessed.
    root: Arc<MirrorRoot>,
    /// Folders to walk, in key order.
    folders: Vec<PathBuf>,
    /// The single object that the prefix names; `None` if it names a folder.
    object: Option<PathBuf>,
    /// Folders that could not be listed.
    issues: Vec<Issue>,
    /// What the run does not cover.
    coverage: Coverage,
    mirror: PathBuf,
    bucket: Arc<str>,
}

impl OfflineMirror {
    /// Finds the requested logs. Returns an error if none are mirrored, or the mirror belongs
    /// to another bucket.
    pub fn open(input: &BucketInput, report: &Report) -> Result<OfflineMirror, Error> {
        let mirror = Mirror::at(&input.mirror, &input.location.bucket)?;
        let (location, prefix) = (&input.location, input.location.object_key());
        let scope = scope(input)?.below(&input.mirror);
        let Some(root) = mirror.root().filter(|root| has_objects(root)) else {
            let text = format!("the mirror contains no objects of {}", location.bucket_address());
            let advice = "run without --offline, or choose another folder with --mirror";
            return Err(Error::Failed(format!("{}: {text}; {advice}", input.mirror.display())));
        };
        let named = input.mirror.join(prefix);
        let missing = |why: String| Error::Failed(format!("{}: cannot be read: {why}", named.display()));
        match root.find(Path::new(prefix)) {
            Ok(Some(_)) => {}
            Ok(None) => return Err(missing("No such file or directory".into())),
            Err(error) => return Err(missing(io_message(&error))),
        }
        let found = local::search(&scope, root, location)?;
        found.notes.iter().for_each(|note| report.note(note));
        let path = |key: &str| input.mirror.join(key.trim_end_matches('/'));
        let mut issues = Vec::new();
        for (folder, error) in &found.failures {
            let folder = first_link(root, folder.trim_end_matches('/'));
            issues.push(refused(&input.mirror.join(folder), &io_message(error)));
        }
        // A single link can hide several folders.
        issues.dedup_by(|one, other| one.name == other.name);
        Ok(OfflineMirror {
            root: Arc::clone(root),
            folders: found.folders.iter().map(|folder| path(folder)).collect(),
            object: found.object.as_deref().map(path),
            issues,
            coverage: Coverage { late: found.late(&scope), unread: found.unread, ..Coverage::default() },
            scope,
            mirror: input.mirror.clone(),
            bucket: Arc::clone(&location.bucket),
        })
    }

    /// Returns the reason why a folder cannot be walked; `None` if it can.
    fn refusal(&self, folder: &Path) -> Option<Issue> {
        let relative = self.root.relative(folder)?;
        let error = self.root.folder(relative).err()?;
        let link = first_link(&self.root, relative.to_str()?);
        Some(refused(&self.mirror.join(link), &io_message(&error)))
    }

    fn file(&self, path: PathBuf) -> LogFile {
        let location = self.location(&path);
        LogFile { below: Some(Arc::clone(&self.root)), ..LogFile::object(path, location) }
    }

    /// Returns the bucket address of a file in the mirror.
    fn location(&self, path: &Path) -> Location {
        let key = self.root.relative(path).unwrap_or(path).to_string_lossy().replace('\\', "/");
        Location::new(Arc::clone(&self.bucket), key)
    }
}

impl LogSource for OfflineMirror {
    /// Yields the files under their addresses in the bucket.
    fn run(
        mut self: Box<Self>,
        _: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        let (issues, coverage) = (mem::take(&mut self.issues), mem::take(&mut self.coverage));
        let object = self.object.take().map(|path| LogFile { is_named: true, ..self.file(path) });
        let mut items = issues.into_iter().map(SourceItem::Issue).chain(object.map(SourceItem::File));
        let mut flow = items.try_for_each(&mut *each);
        let mut folders = self.folders.iter();
        while let (ControlFlow::Continue(()), Some(folder)) = (flow, folders.next()) {
            flow = match self.refusal(folder) {
                Some(issue) => each(SourceItem::Issue(issue)),
                None => {
                    walk_mirror(folder, &self.scope, |entry| each(SourceItem::from_walk(entry, |path| self.file(path))))
                }
            };
        }
        Ok(coverage)
    }
}

/// Returns the first link on the path to a folder, or the folder itself if there is none.
fn first_link<'f>(mirror: &MirrorRoot, folder: &'f str) -> &'f str {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let mut folders = ends.map(|end| &folder[..end]);
    folders.find(|folder| matches!(mirror.find(Path::new(folder)), Ok(Some(MirrorEntry::Link)))).unwrap_or(folder)
}

fn refused(path: &Path, why: &str) -> Issue {
    let (name, problem) = (path.display().to_string(), Problem::Walk(format!("cannot be read: {why}")));
    Issue { name, problem, outcome: Outcome::Nothing }
}

/// True if the mirror contains anything besides its own files.
fn has_objects(mirror: &MirrorRoot) -> bool {
    let is_object = |name: &OsString| !name.to_str().is_some_and(is_own_file);
    mirror.folder(Path::new("")).and_then(|root| root.names()).is_ok_and(|names| names.iter().any(is_object))
}
