//! Whether a file is proven, as an earlier verification has found out: for columns and counts.

use std::fmt::Debug;
use std::sync::Arc;

/// The column of verdicts.
pub const VERIFIED: &str = "verified";

/// What is known about a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FileVerdict {
    /// It is proven.
    Yes,
    /// It was altered, or was not written by CloudTrail.
    No,
    /// Nothing is known about the file as it is now.
    #[default]
    Unknown,
}

impl FileVerdict {
    /// Its name, as cells show it.
    pub fn name(self) -> &'static str {
        match self {
            FileVerdict::Yes => "yes",
            FileVerdict::No => "no",
            FileVerdict::Unknown => "unknown",
        }
    }
}

/// Knows the verdicts on files.
pub trait FileVerdicts: Debug + Send + Sync {
    /// The verdict on a file by its name, as the column `file` shows it.
    fn verdict(&self, file: &str) -> FileVerdict;
}

/// Reads the verdicts on the files of events.
#[derive(Clone, Debug, Default)]
pub struct VerdictReader {
    verdicts: Option<Arc<dyn FileVerdicts>>,
    /// The last file, of which there are usually many events.
    file: String,
    verdict: FileVerdict,
}

impl VerdictReader {
    /// Sets where the verdicts come from. Without it, all are unknown.
    pub fn set(&mut self, verdicts: &Arc<dyn FileVerdicts>) {
        self.verdicts = Some(Arc::clone(verdicts));
    }

    /// The name of the verdict on a file.
    pub fn name(&mut self, file: &str) -> &'static str {
        if self.file != file {
            self.verdict = self.verdicts.as_ref().map_or(FileVerdict::Unknown, |verdicts| verdicts.verdict(file));
            file.clone_into(&mut self.file);
        }
        self.verdict.name()
    }
}
