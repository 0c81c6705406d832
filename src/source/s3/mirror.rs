//! Stores the objects of one bucket in a local folder, under their keys.
//!
//! An object gets its final name only when it is complete. A key that is not a plain relative
//! path is rejected, and links in the folder are not followed. A marker file names the bucket,
//! because the keys of two buckets would be mixed up in one folder.

mod metadata;
mod part;

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::metadata::is_metadata;
pub(super) use self::metadata::{ObjectMetadata, metadata_key};
pub(super) use self::part::PartFile;
use super::mirror_root::{MirrorEntry, MirrorFolder, MirrorRoot, SPECIAL, is_link};
use crate::error::{Error, io_message};
use crate::sink::partial_file;
use crate::source::location::BucketAddress;

/// Name of the marker file that names the bucket.
pub const MARK: &str = ".trail2tsv-bucket";
/// Name of the file with the public keys that verify digests.
pub const KEYS: &str = ".trail2tsv-keys.json";
/// Name of the file with the results of a verification.
pub const VERIFIED: &str = ".trail2tsv-verified";

const RESERVED: &str = "its key is reserved for a file of the mirror";

/// True if a file of this name is one of the mirror itself, and not an object. Some file systems
/// ignore case.
pub fn is_own_file(name: &str) -> bool {
    [MARK, KEYS, VERIFIED].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// A mirror of one bucket.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
    /// Root folder; `None` if it does not exist.
    root: Option<Arc<MirrorRoot>>,
}

impl Mirror {
    /// Opens the mirror in `folder`, which is created if missing. Returns an error if the
    /// folder is the mirror of another bucket.
    pub fn open(folder: &Path, bucket: &str) -> Result<Mirror, Error> {
        std::fs::create_dir_all(folder).map_err(|error| {
            let why = io_message(&error);
            Error::Failed(format!(
                "{}: the mirror cannot be created: {why}; choose another with --mirror",
                folder.display()
            ))
        })?;
        let mirror = Mirror::at(folder, bucket)?;
        // A read-only mirror can still contain all the objects needed.
        if mirror.mark(bucket).is_ok() { Mirror::at(folder, bucket) } else { Ok(mirror) }
    }

    /// Opens the mirror in a folder that may not exist yet. Returns an error if the folder is
    /// the mirror of another bucket, or its marker file cannot be trusted.
    pub fn at(folder: &Path, bucket: &str) -> Result<Mirror, Error> {
        let refuse = |what: String| Err(Error::Failed(format!("{}: {what} with --mirror", folder.display())));
        let root = match MirrorRoot::open(folder) {
            Ok(root) => Some(Arc::new(root)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(error) => {
                return refuse(format!("the mirror cannot be opened: {}; choose another", io_message(&error)));
            }
        };
        let mirror = Mirror { folder: folder.to_path_buf(), root };
        match mirror.root.as_ref().map(|root| root.file(Path::new(MARK)).and_then(|(file, _)| read_start(file))) {
            Some(Ok(text)) if text.trim_end() != bucket => refuse(format!(
                "is the mirror of {}; choose another for {}",
                BucketAddress(text.trim_end()),
                BucketAddress(bucket)
            )),
            Some(Err(error)) if is_link(&error) || io_message(&error) == SPECIAL => {
                refuse(format!("its {MARK} is {}; remove it, or choose another", io_message(&error)))
            }
            // Without a marker file, the user is responsible for the content.
            _ => Ok(mirror),
        }
    }

    /// Returns the root folder, through which all files are accessed.
    pub fn root(&self) -> Option<&Arc<MirrorRoot>> {
        self.root.as_ref()
    }

    /// Returns the path for an object. Returns an error text if the key cannot be stored.
    pub fn path(&self, key: &str) -> Result<PathBuf, &'static str> {
        const MAX_FILE_NAME: usize = 200;
        let mut path = self.folder.clone();
        for name in key.split('/') {
            if name.is_empty() || name == "." || name == ".." {
                return Err("its key contains an empty name, . or ..");
            }
            if name.len() > MAX_FILE_NAME {
                return Err("its key contains a name that is too long for a file");
            }
            if name.contains(|character: char| character.is_control() || r#"\:*?"<>|"#.contains(character)) {
                return Err("its key contains characters that some systems do not allow in file names");
            }
            if is_own_file(name) {
                return Err(RESERVED);
            }
            if name.ends_with(partial_file::ENDING) {
                return Err("its key ends in the suffix of unfinished downloads");
            }
            path.push(name);
        }
        // Otherwise the object could claim to be the metadata of another one.
        if is_metadata(key) {
            return Err(RESERVED);
        }
        Ok(path)
    }

    /// Returns the path of a file of the mirror itself.
    pub(super) fn own_path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts a partial file for the object of this key.
    pub(super) fn begin(&self, key: &str) -> io::Result<PartFile> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        PartFile::begin(root, split(key).0)
    }

    /// Stores the object of this key.
    pub(super) fn write(&self, key: &str, content: &[u8]) -> io::Result<()> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let (folder, name) = split(key);
        part::write_whole(root, folder, name, content)
    }

    /// Removes partial files of dead processes from the folder of a key. Returns the paths that
    /// have such a name but are not regular files.
    pub(super) fn clean(&self, key: &str) -> Vec<PathBuf> {
        let (folder, _) = split(key);
        let Some(opened) = self.root.as_ref().and_then(|root| root.folder(Path::new(folder)).ok()) else {
            return Vec::new();
        };
        part::clean(&opened).into_iter().map(|name| self.folder.join(folder).join(name)).collect()
    }

    /// Writes the marker file that names the bucket, unless one exists.
    fn mark(&self, bucket: &str) -> io::Result<()> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        if root.find(Path::new(MARK))?.is_some() {
            return Ok(());
        }
        let part = PartFile::begin(root, "")?;
        writeln!(part.file(), "{bucket}")?;
        // If two processes write the marker concurrently, the first one wins.
        part.place(MARK)
    }
}

/// Looks up objects of a mirror in key order. Keeps the folder of the last key open.
#[derive(Debug)]
pub(super) struct MirrorLookup {
    mirror: Mirror,
    /// Folder of the last key; `folder` is its handle, if it exists.
    path: String,
    folder: Option<MirrorFolder>,
    is_known: bool,
}

impl MirrorLookup {
    pub(super) fn new(mirror: Mirror) -> MirrorLookup {
        MirrorLookup { mirror, path: String::new(), folder: None, is_known: false }
    }

    /// Returns the entry at the path of an object. Returns an error if the path is blocked.
    pub(super) fn find(&mut self, key: &str) -> io::Result<Option<MirrorEntry>> {
        let (path, name) = split(key);
        if !self.is_known || self.path != path {
            let Some(root) = &self.mirror.root else { return Ok(None) };
            self.is_known = false;
            self.folder = match root.folder(Path::new(path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                result => Some(result?),
            };
            (self.path, self.is_known) = (path.to_string(), true);
        }
        self.folder.as_ref().map_or(Ok(None), |folder| folder.find(OsStr::new(name)))
    }
}

/// Splits a key into its folder and the name in it.
pub(super) fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}

/// Reads the start of a file, which may be of any size.
fn read_start(file: std::fs::File) -> io::Result<String> {
    const MAX_NAME: u64 = 256;
    let mut text = Vec::new();
    file.take(MAX_NAME).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_outside_the_folder_are_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::open(folder.path(), "logs").unwrap();
        assert_eq!(mirror.path("AWSLogs/1/x.json.gz").unwrap(), folder.path().join("AWSLogs/1/x.json.gz"));
        let long = "x".repeat(300);
        for key in [
            "",
            "/etc/passwd",
            "a/../../b",
            "a//b",
            "a/./b",
            "..",
            "a\\..\\b",
            "a/b\0c",
            "C:/x",
            "a/\u{1b}[31m",
            MARK,
            KEYS,
            VERIFIED,
            "a/.TRAIL2TSV-keys.json",
            "111122223333/CloudTrail-Digest/eu-west-1/x.json.gz.meta",
            &long,
        ] {
            assert!(mirror.path(key).is_err(), "{key:?}");
        }
    }

    #[test]
    fn lookups_work_in_any_order() {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::open(folder.path(), "logs").unwrap();
        for key in ["a/x", "a/y", "b/x", "z"] {
            std::fs::create_dir_all(folder.path().join(key).parent().unwrap()).unwrap();
            std::fs::write(folder.path().join(key), key).unwrap();
        }
        let mut presence = MirrorLookup::new(mirror);
        for (key, expected) in [
            ("a/x", Some(MirrorEntry::File(3))),
            ("a/none", None),
            ("none/x", None),
            ("none/y", None),
            ("b/x", Some(MirrorEntry::File(3))),
            ("z", Some(MirrorEntry::File(1))),
            ("a", Some(MirrorEntry::Folder)),
            ("a/y", Some(MirrorEntry::File(3))),
        ] {
            assert_eq!(presence.find(key).unwrap(), expected, "{key}");
        }
        let nowhere = Mirror::at(&folder.path().join("nowhere"), "logs").unwrap();
        assert_eq!(MirrorLookup::new(nowhere).find("a/x").unwrap(), None);
    }
}
