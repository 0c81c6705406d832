//! Gives the results of earlier verifications to what shows or counts them.

use std::sync::Arc;

use crate::cloudtrail::digest::file_verdict::{FileVerdicts, VerdictReader};
use crate::source::spec::Input;
use crate::source::verified_files::VerifiedFiles;

/// Lets the readers know the verdicts on the files of inputs.
pub(super) fn read_verdicts<'r>(inputs: &[Input], readers: impl Iterator<Item = &'r mut VerdictReader>) {
    let mut readers = readers.peekable();
    // Most runs have none, and look for no results.
    if readers.peek().is_none() {
        return;
    }
    if let Some(files) = VerifiedFiles::open(inputs) {
        let verdicts: Arc<dyn FileVerdicts> = Arc::new(files);
        readers.for_each(|reader| reader.set(&verdicts));
    }
}
