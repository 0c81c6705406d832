//! The folder that holds objects under their own keys.
//!
//! An object appears under its name only when it is whole; a key that is no
//! plain path below the folder is refused, and links in the folder are not
//! followed. A small file says which bucket it is of: the keys of two buckets
//! would mix.

mod part;

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use self::part::PartFile;
use super::mirror_root::{MirrorEntry, MirrorFolder, MirrorRoot, SPECIAL, is_link};
use crate::error::{Error, plain};
use crate::sink::partial_file;

/// The file that says which bucket a mirror is of.
pub const MARK: &str = ".trail2tsv-bucket";

/// A mirror of one bucket.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
    /// Where it is, if it is there.
    root: Option<Arc<MirrorRoot>>,
}

impl Mirror {
    /// Makes the folder, if it is not there. Fails where it is another
    /// bucket's.
    pub fn open(folder: &Path, bucket: &str) -> Result<Mirror, Error> {
        std::fs::create_dir_all(folder).map_err(|error| {
            let why = plain(&error);
            Error::Failed(format!("{}: the mirror cannot be made: {why}; choose another by --mirror", folder.display()))
        })?;
        let mirror = Mirror::at(folder, bucket)?;
        // A mirror that cannot be written to may have all that is needed.
        if mirror.mark(bucket).is_ok() { Mirror::at(folder, bucket) } else { Ok(mirror) }
    }

    /// The mirror in a folder that need not be there yet. Fails where it is
    /// another bucket's, or not to be trusted.
    pub fn at(folder: &Path, bucket: &str) -> Result<Mirror, Error> {
        let refuse = |what: String| Err(Error::Failed(format!("{}: {what} by --mirror", folder.display())));
        let root = match MirrorRoot::open(folder) {
            Ok(root) => Some(Arc::new(root)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(error) => return refuse(format!("the mirror cannot be opened: {}; choose another", plain(&error))),
        };
        let mirror = Mirror { folder: folder.to_path_buf(), root };
        match mirror.root.as_ref().map(|root| root.file(Path::new(MARK)).and_then(|(file, _)| start(file))) {
            Some(Ok(text)) if text.trim_end() != bucket => {
                refuse(format!("is the mirror of s3://{}; choose another for s3://{bucket}", text.trim_end()))
            }
            Some(Err(error)) if is_link(&error) || plain(&error) == SPECIAL => {
                refuse(format!("its {MARK} is {}; remove that, or choose another", plain(&error)))
            }
            // Whoever filled it otherwise knows what is in it.
            _ => Ok(mirror),
        }
    }

    /// The folder, by which all of it is reached.
    pub fn root(&self) -> Option<&Arc<MirrorRoot>> {
        self.root.as_ref()
    }

    /// Where an object belongs, or why it cannot be kept.
    pub fn path(&self, key: &str) -> Result<PathBuf, &'static str> {
        const LONGEST: usize = 200;
        let mut path = self.folder.clone();
        for name in key.split('/') {
            if name.is_empty() || name == "." || name == ".." {
                return Err("its key leads out of the mirror, or nowhere");
            }
            if name.len() > LONGEST {
                return Err("a name in its key is too long for a file");
            }
            if name.contains(|character: char| character.is_control() || r#"\:*?"<>|"#.contains(character)) {
                return Err("its key has characters that file names cannot have everywhere");
            }
            if name == MARK {
                return Err("its key is the name of a file that the mirror needs itself");
            }
            if name.ends_with(partial_file::ENDING) {
                return Err("its key ends like the name of an unfinished download");
            }
            path.push(name);
        }
        Ok(path)
    }

    /// Begins to write the object of this key.
    pub(super) fn begin(&self, key: &str) -> io::Result<PartFile> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        PartFile::begin(root, split(key).0)
    }

    /// Removes what processes that are gone have left in the folder of a key,
    /// and gives the names of what only looks like that.
    pub(super) fn clean(&self, key: &str) -> Vec<PathBuf> {
        let (folder, _) = split(key);
        let Some(opened) = self.root.as_ref().and_then(|root| root.folder(Path::new(folder)).ok()) else {
            return Vec::new();
        };
        part::clean(&opened).into_iter().map(|name| self.folder.join(folder).join(name)).collect()
    }

    /// Writes the mark that names the mirror's bucket, unless there is one.
    fn mark(&self, bucket: &str) -> io::Result<()> {
        let root = self.root.as_ref().ok_or(io::ErrorKind::NotFound)?;
        if root.find(Path::new(MARK))?.is_some() {
            return Ok(());
        }
        let part = PartFile::begin(root, "")?;
        writeln!(part.file(), "{bucket}")?;
        // Of two that come at once, the first is right.
        part.place(MARK)
    }
}

/// What a mirror has, asked in the order of keys: the folder of the last is held.
#[derive(Debug)]
pub(super) struct MirrorLookup {
    mirror: Mirror,
    /// The folder of the last key, and what it is where it is there.
    path: String,
    folder: Option<MirrorFolder>,
    is_known: bool,
}

impl MirrorLookup {
    pub(super) fn new(mirror: Mirror) -> MirrorLookup {
        MirrorLookup { mirror, path: String::new(), folder: None, is_known: false }
    }

    /// What there is in the place of an object. Fails where the way is barred.
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

/// The folder of a key, and its name in it.
pub(super) fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').unwrap_or(("", key))
}

/// The first of a text, which may be longer than anybody reads.
fn start(file: std::fs::File) -> io::Result<String> {
    const LONGEST: u64 = 256;
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_below_the_folder() {
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
            &long,
        ] {
            assert!(mirror.path(key).is_err(), "{key:?}");
        }
    }

    #[test]
    fn what_is_there_is_known_in_any_order() {
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
