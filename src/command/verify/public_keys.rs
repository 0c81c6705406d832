//! The public keys of a verification: those of files, or else those of AWS and of the mirrors.

use std::io::Read;
use std::path::Path;

use super::args::VerifyRequest;
use super::mirror_keys::mirror_keys;
use super::mirror_selection::MirrorSelection;
use crate::cloudtrail::digest::check::KeyRing;
use crate::cloudtrail::digest::public_key::{PublicKey, PublicKeyPage, read_kept};
use crate::error::cancel::Cancellation;
use crate::error::{Error, io_message};
use crate::report::Report;

/// A list of keys is much shorter.
const MAX_FILE: u64 = 16 << 20;

/// Reads the keys of the files that were named, or else requests those of AWS, or takes those
/// that are kept in the mirrors. Returns an error if there are none.
pub(super) fn public_keys(
    request: &VerifyRequest,
    mirrors: &[MirrorSelection],
    report: &Report,
    stop: &Cancellation,
) -> Result<KeyRing, Error> {
    let mut keys = KeyRing::default();
    for file in &request.keys {
        keys.extend(listed_keys(file)?);
    }
    if request.keys.is_empty() {
        for mirror in mirrors {
            keys.extend(mirror_keys(request, mirror, report, stop)?);
        }
    }
    // Without keys, all digests would be reported as not proven, which is useless offline.
    match keys.is_empty() && request.inputs.connection.is_none() {
        false => Ok(keys),
        true => Err(Error::Failed(
            "there are no public keys to verify digests with; run without --offline, or get them with \
             `aws cloudtrail list-public-keys --start-time … --region …`, and name the file with --keys"
                .into(),
        )),
    }
}

/// The keys in a file that the user names.
fn listed_keys(path: &Path) -> Result<Vec<PublicKey>, Error> {
    let failed = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    let unreadable = |error: std::io::Error| failed(format!("cannot be read: {}", io_message(&error)));
    let mut text = Vec::new();
    std::fs::File::open(path).map_err(unreadable)?.take(MAX_FILE).read_to_end(&mut text).map_err(unreadable)?;
    let keys = PublicKeyPage::parse(&text).and_then(|page| page.keys(None, &path.display().to_string()));
    // The file of another mirror has keys too.
    keys.or_else(|error| read_kept(&text).map_err(|_| failed(error.to_string())))
}
