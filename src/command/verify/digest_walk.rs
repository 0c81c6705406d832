//! Finds the digests of a mirror, in the order of their keys.

use std::ops::ControlFlow;

use super::mirror_selection::MirrorSelection;
use super::verify_scope::VerifyScope;
use crate::cloudtrail::digest::name::{DigestName, SIGNATURE_ENDING};
use crate::cloudtrail::keys::KeyPlace;
use crate::cloudtrail::log_kind::DIGEST;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::walk::{WalkEntry, walk_mirror};

/// A digest that was found in a mirror.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct DigestFile {
    /// Its path, as in its key.
    pub(super) path: String,
    /// Whether the digest itself is there, and not only its signature.
    pub(super) is_present: bool,
    /// Whether its name is that of a digest.
    pub(super) is_named: bool,
}

/// Passes the digests of a mirror that are in scope to `each`.
pub(super) fn each_digest(
    mirror: &MirrorSelection,
    scope: &VerifyScope,
    report: &Report,
    stop: &Cancellation,
    mut each: impl FnMut(DigestFile) -> Result<(), Error>,
) -> Result<(), Error> {
    let folders = scope.digest_folders()?.below(&mirror.folder);
    let (mut result, mut last) = (Ok(()), String::new());
    for part in &mirror.parts {
        let _ = walk_mirror(part, &folders, |entry| {
            if stop.is_interrupted() {
                result = Err(Error::Interrupted);
                return ControlFlow::Break(());
            }
            let path = match entry {
                WalkEntry::File(path) | WalkEntry::Metadata(path) => path,
                WalkEntry::Issue(issue) => {
                    report.issue(&issue);
                    return ControlFlow::Continue(());
                }
                _ => return ControlFlow::Continue(()),
            };
            let Some(path) = mirror.relative(&path) else { return ControlFlow::Continue(()) };
            let Some(file) = classify(path, &last, scope) else { return ControlFlow::Continue(()) };
            if file.is_named {
                last.clone_from(&file.path);
            }
            result = each(file);
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if result.is_err() {
            break;
        }
    }
    result
}

/// Makes a digest of a file; `None` for other files, and for the signature of the digest before.
fn classify(path: String, last: &str, scope: &VerifyScope) -> Option<DigestFile> {
    if KeyPlace::of(&path).kind != Some(DIGEST) {
        return None;
    }
    // The signature sorts after its digest, and before any other digest.
    let signed = path.strip_suffix(SIGNATURE_ENDING);
    if signed == Some(last) {
        return None;
    }
    let is_present = signed.is_none();
    let path = signed.map(String::from).unwrap_or(path);
    let name = DigestName::parse(&path);
    let is_wanted = name.as_ref().is_none_or(|name| scope.includes_digest(name));
    let is_named = name.is_some();
    is_wanted.then_some(DigestFile { path, is_present, is_named })
}
