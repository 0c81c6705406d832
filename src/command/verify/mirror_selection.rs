//! The folders to verify: which mirror they belong to, and which keys its files have.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;

use super::listed_logs::ELSEWHERE;
use crate::error::{Error, io_message};
use crate::source::mirror_location::{marked_bucket, mirror_of};
use crate::source::s3::mirror_root::MirrorRoot;

/// The parts of a mirror to verify.
#[derive(Debug)]
pub(super) struct MirrorSelection {
    /// The mirror's folder.
    pub(super) folder: PathBuf,
    /// The root of the mirror, for all access to files.
    pub(super) root: Arc<MirrorRoot>,
    /// The folders to walk, in key order, none inside another.
    pub(super) parts: Vec<PathBuf>,
    /// The bucket, if the mirror's marker file names it.
    pub(super) bucket: Option<String>,
}

/// The bucket of a mirror, and the prefix that its paths lack.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct KeyBase {
    pub(super) bucket: String,
    pub(super) prefix: String,
}

impl KeyBase {
    /// The address of a file of the mirror.
    pub(super) fn address(&self, path: &str) -> String {
        format!("s3://{}/{}{path}", self.bucket, self.prefix)
    }

    /// The path of an object in the mirror; `None` if the mirror cannot contain it.
    pub(super) fn path<'k>(&self, bucket: &str, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(&self.prefix).filter(|_| bucket == self.bucket)
    }
}

/// Finds the mirrors that the folders belong to.
pub(super) fn mirror_folders(inputs: &[PathBuf]) -> Result<Vec<MirrorSelection>, Error> {
    let mut mirrors: Vec<MirrorSelection> = Vec::new();
    for input in inputs {
        let failed = |why: String| Error::Failed(format!("{}: cannot be read: {why}", input.display()));
        let metadata = std::fs::metadata(input).map_err(|error| failed(io_message(&error)))?;
        if !metadata.is_dir() {
            return Err(Error::Failed(format!("{}: not a folder; name the folder of a mirror", input.display())));
        }
        let part = std::path::absolute(input).map_err(|error| failed(io_message(&error)))?;
        // The walk compares paths as text.
        let part: PathBuf = part.components().collect();
        let folder = mirror_of(&part);
        if let Some(known) = mirrors.iter_mut().find(|known| known.folder == folder) {
            known.parts.push(part);
            continue;
        }
        let root = Arc::new(MirrorRoot::open(&folder).map_err(|error| failed(io_message(&error)))?);
        let bucket = marked_bucket(&root);
        mirrors.push(MirrorSelection { folder, root, parts: vec![part], bucket });
    }
    for mirror in &mut mirrors {
        mirror.parts.sort_by_cached_key(|part| format!("{}/", part.display()));
        mirror.parts.dedup_by(|later, earlier| later.starts_with(earlier));
    }
    Ok(mirrors)
}

impl MirrorSelection {
    /// Whether the path of an object is in one of the parts.
    pub(super) fn has_part(&self, path: &str) -> bool {
        let in_part =
            |part: &PathBuf| part.strip_prefix(&self.folder).is_ok_and(|part| Path::new(path).starts_with(part));
        path.starts_with(ELSEWHERE) || self.parts.iter().any(in_part)
    }

    /// The path of a file relative to the mirror, as in its key; `None` if it is not text, which
    /// a key always is.
    pub(super) fn relative(&self, path: &Path) -> Option<String> {
        let path = self.root.relative(path)?.to_str()?;
        Some(if MAIN_SEPARATOR == '/' { path.to_string() } else { path.replace(MAIN_SEPARATOR, "/") })
    }
}
