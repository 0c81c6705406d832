//! Yields the files of a local folder, or one local file.

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::walk::{WalkEntry, walk};
use super::{LogFile, LogSource, SourceItem};
use crate::cloudtrail::keys::Scope;
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::report::{Coverage, Report};
use crate::syntax::suggest::nearest;
use crate::syntax::window::Window;

/// A local folder or file.
#[derive(Debug)]
pub(super) struct FolderSource {
    root: PathBuf,
    /// Real paths of other inputs in the folder, which yield their files themselves.
    others: BTreeSet<PathBuf>,
    scope: Scope,
}

impl FolderSource {
    /// Creates a source that yields the files that were not delivered before `window` and are not
    /// those of the inputs `others`.
    pub(super) fn new(root: PathBuf, others: BTreeSet<PathBuf>, window: Window) -> FolderSource {
        FolderSource { root, others, scope: Scope::since(window) }
    }

    /// True if `path` is neither a folder nor a regular file. Returns an error if it does not
    /// exist.
    pub(super) fn is_stream(path: &Path) -> Result<bool, Error> {
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        Ok(!metadata.is_file() && !metadata.is_dir())
    }
}

impl LogSource for FolderSource {
    /// If the path has disappeared since the start of the run, only this source fails.
    fn run(
        self: Box<Self>,
        _: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        let FolderSource { root, others, scope } = *self;
        let file = if root.is_dir() { LogFile::file } else { LogFile::named };
        let real = if others.is_empty() { None } else { root.canonicalize().ok() };
        let is_of_another = |path: &Path| {
            let inside = path.strip_prefix(&root).ok();
            let path = real.as_ref().zip(inside).map(|(real, inside)| real.join(inside));
            path.is_some_and(|path| path.ancestors().any(|folder| others.contains(folder)))
        };
        let mut is_empty = true;
        let walked = walk(&root, &scope, |entry| {
            is_empty = false;
            match &entry {
                WalkEntry::File(path) if is_of_another(path) => ControlFlow::Continue(()),
                _ => each(SourceItem::from_walk(entry, file)),
            }
        });
        if let Err(error) = walked {
            let name = root.to_string_lossy().into_owned();
            let issue = Issue { name, problem: Problem::Unreadable(error), outcome: Outcome::Nothing };
            let _ = each(SourceItem::Issue(issue));
        } else if is_empty {
            let _ = each(SourceItem::Note(format!("{}: the folder has no files", root.display())));
        }
        Ok(Coverage::default())
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    const COMMANDS: [&str; 5] = ["sync", "summary", "completions", "man", "--help"];
    let text = format!("{}: cannot be read: {}", path.display(), io_message(error));
    let meant = path.to_str().filter(|_| error.kind() == io::ErrorKind::NotFound);
    let command = meant.and_then(|name| if name == "help" { Some("--help") } else { nearest(name, &COMMANDS) });
    Error::Failed(match command {
        Some(command) => format!("{text}; did you mean `trail2tsv {command}`?"),
        None => text,
    })
}
