//! The public keys of a verification: those of files, and those kept in the mirror.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::mirror_folder::MirrorFolder;
use crate::cloudtrail::digest::check::KeyRing;
use crate::cloudtrail::digest::public_key::{PublicKey, PublicKeyPage, read_kept};
use crate::error::{Error, plain};
use crate::source::s3::mirror::KEYS;

/// A list of keys is much shorter.
const LONGEST: u64 = 16 << 20;

/// Reads the keys of `files`, or else those that are kept in the mirrors. Returns an error if
/// there are none.
pub(super) fn public_keys(files: &[PathBuf], mirrors: &[MirrorFolder]) -> Result<KeyRing, Error> {
    let mut keys = KeyRing::default();
    for file in files {
        keys.extend(listed_keys(file)?);
    }
    if files.is_empty() {
        for mirror in mirrors {
            keys.extend(kept_keys(mirror)?);
        }
    }
    match keys.is_empty() {
        false => Ok(keys),
        true => Err(Error::Failed(
            "there are no public keys to verify digests with; get them with \
             `aws cloudtrail list-public-keys --start-time … --region …`, and name the file with --keys"
                .into(),
        )),
    }
}

/// The keys in a file that the user names.
fn listed_keys(path: &Path) -> Result<Vec<PublicKey>, Error> {
    let failed = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    let unreadable = |error: std::io::Error| failed(format!("cannot be read: {}", plain(&error)));
    let mut text = Vec::new();
    std::fs::File::open(path).map_err(unreadable)?.take(LONGEST).read_to_end(&mut text).map_err(unreadable)?;
    let keys = PublicKeyPage::parse(&text).and_then(|page| page.keys(None, &path.display().to_string()));
    // The file of another mirror has keys too.
    keys.or_else(|error| read_kept(&text).map_err(|_| failed(error.to_string())))
}

/// The keys that an earlier run has kept in the mirror.
fn kept_keys(mirror: &MirrorFolder) -> Result<Vec<PublicKey>, Error> {
    let path = mirror.folder.join(KEYS);
    let failed = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    let file = match mirror.root.file(Path::new(KEYS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        result => result.map_err(|error| failed(format!("cannot be read: {}", plain(&error))))?.0,
    };
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).map_err(|error| failed(format!("cannot be read: {}", plain(&error))))?;
    let keys = read_kept(&text).map_err(|error| failed(error.to_string()))?;
    let kept = |key: PublicKey| PublicKey { source: format!("{}, kept in {}", key.source, path.display()), ..key };
    Ok(keys.into_iter().map(kept).collect())
}
