//! Finds the mirror that a folder or file belongs to, and that mirror's bucket.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::s3::mirror::MARK;
use super::s3::mirror_root::MirrorRoot;

/// The folder of the mirror that an absolute path belongs to: the one with the marker file, or
/// else the one that contains `AWSLogs`, or the path itself.
pub fn mirror_of(path: &Path) -> PathBuf {
    if let Some(marked) = path.ancestors().find(|folder| folder.join(MARK).is_file()) {
        return marked.to_path_buf();
    }
    let above = path.ancestors().filter(|folder| folder.ends_with("AWSLogs")).last();
    above.and_then(Path::parent).unwrap_or(path).to_path_buf()
}

/// The name in the marker file of a mirror; `None` if there is none.
pub fn marked_bucket(root: &MirrorRoot) -> Option<String> {
    const MAX_NAME: u64 = 256;
    let (file, _) = root.file(Path::new(MARK)).ok()?;
    let mut name = String::new();
    file.take(MAX_NAME).read_to_string(&mut name).ok()?;
    Some(name.trim_end().to_string()).filter(|name| !name.is_empty())
}
