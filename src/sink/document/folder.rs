//! A folder of documents: writes those that changed and removes those that are gone.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, io_message};
use crate::sink::partial_file;

/// What the documents of a folder are. Each kind has a marker of its own, because a run
/// removes the documents that it has not written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentKind {
    /// The past, from events.
    History,
    /// The present state of an account.
    Snapshot,
}

impl DocumentKind {
    /// Name of the file that marks a folder whose documents may be removed.
    pub fn marker(self) -> &'static str {
        match self {
            DocumentKind::History => ".trail2tsv-history",
            DocumentKind::Snapshot => ".trail2tsv-snapshot",
        }
    }
}

const MARKER_TEXT: &str = "The documents below this folder are written and removed by trail2tsv.\n";

/// A folder of documents.
#[derive(Debug)]
pub struct DocumentFolder {
    root: PathBuf,
    marker: PathBuf,
    /// Hashes of the paths of this run's documents. Paths of a large account would take too much
    /// memory, and of two paths with one hash, a document that is gone would only stay.
    written: HashSet<u64>,
    hasher: RandomState,
    /// Counts of what this run did.
    pub changes: FolderChanges,
}

/// How many documents a run wrote and removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FolderChanges {
    /// Documents that were not there before.
    pub added: u64,
    /// Documents with another content than before.
    pub changed: u64,
    /// Documents of resources that are gone.
    pub removed: u64,
}

impl DocumentFolder {
    /// Opens a folder for documents, which is created if it does not exist. Returns an error
    /// for a folder that contains anything but documents written before: nothing there may
    /// be removed. Hidden files and folders, such as `.git`, are ignored.
    pub fn open(root: &Path, kind: DocumentKind) -> Result<DocumentFolder, Error> {
        let fail = |error: std::io::Error| Error::Failed(format!("{}: {}", root.display(), io_message(&error)));
        std::fs::create_dir_all(root).map_err(fail)?;
        let marker = root.join(kind.marker());
        if !marker.try_exists().map_err(fail)? {
            for entry in std::fs::read_dir(root).map_err(fail)? {
                let name = entry.map_err(fail)?.file_name();
                if !name.to_string_lossy().starts_with('.') && name != "README.md" {
                    return Err(Error::Failed(format!(
                        "{}: is not empty and has no file {}; name another folder, or create that file if all \
                         documents in its subfolders may be replaced",
                        root.display(),
                        kind.marker()
                    )));
                }
            }
            write(root, &marker, MARKER_TEXT.as_bytes())?;
        }
        Ok(DocumentFolder {
            root: root.to_path_buf(),
            marker,
            written: HashSet::new(),
            hasher: RandomState::new(),
            changes: FolderChanges::default(),
        })
    }

    /// Gives the marker the present time: all documents are as of now.
    pub fn set_complete(&self) -> Result<(), Error> {
        let now = std::time::SystemTime::now();
        let set = OpenOptions::new().append(true).open(&self.marker).and_then(|marker| marker.set_modified(now));
        set.map_err(|error| Error::Failed(format!("{}: {}", self.marker.display(), io_message(&error))))
    }

    /// Writes a document, unless it has this content already. `path` is relative, and its
    /// parts come from [`file_name`].
    pub fn write(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        if path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(Error::Failed(format!("{}: is not below the folder", path.display())));
        }
        let full = self.root.join(path);
        let old = std::fs::read(&full);
        match old {
            Ok(old) if old == text.as_bytes() => {}
            Ok(_) => {
                write(&self.root, &full, text.as_bytes())?;
                self.changes.changed += 1;
            }
            Err(_) => {
                write(&self.root, &full, text.as_bytes())?;
                self.changes.added += 1;
            }
        }
        self.written.insert(self.hasher.hash_one(path));
        Ok(())
    }

    /// Removes the documents below `folder`, a relative path, that this run has not written.
    pub fn remove_others(&mut self, folder: &Path) -> Result<(), Error> {
        let full = self.root.join(folder);
        let fail =
            |path: &Path, error: &std::io::Error| Error::Failed(format!("{}: {}", path.display(), io_message(error)));
        partial_file::clean_results(&full);
        let entries = match std::fs::read_dir(&full) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fail(&full, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| fail(&full, &error))?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(|error| fail(&entry.path(), &error))?;
            if kind.is_dir() {
                self.remove_others(&path)?;
                // Only an empty folder can be removed.
                let _ = std::fs::remove_dir(entry.path());
            } else if is_document(&path) && !self.written.contains(&self.hasher.hash_one(&path)) {
                std::fs::remove_file(entry.path()).map_err(|error| fail(&entry.path(), &error))?;
                self.changes.removed += 1;
            }
        }
        Ok(())
    }

    /// Removes the documents at the top, or in subfolders of it, that this run has not
    /// written. Hidden folders, such as `.git`, are left alone.
    pub fn remove_all_others(&mut self) -> Result<(), Error> {
        let fail = |error: std::io::Error| Error::Failed(format!("{}: {}", self.root.display(), io_message(&error)));
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(&self.root).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let is_folder = entry.file_type().map_err(fail)?.is_dir();
            if is_folder && !entry.file_name().to_string_lossy().starts_with('.') {
                folders.push(PathBuf::from(entry.file_name()));
            }
        }
        folders.iter().try_for_each(|folder| self.remove_others(folder))
    }
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "json")
}

fn write(root: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write;
    let fail =
        |error: std::io::Error| Error::Failed(format!("{}: cannot be written: {}", path.display(), io_message(&error)));
    let folder = path.parent().unwrap_or(root);
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut file = partial_file::begin(folder, &partial_file::temp_prefix()).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// A file name for an id or a name: characters that some file system refuses, and names that
/// mean something else, are written as `%` and their code. Different ids have different names.
pub fn file_name(id: &str) -> String {
    const MAX_NAME: usize = 200;
    /// Windows takes these for devices, whatever ending follows.
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];
    let mut name = String::new();
    for (at, byte) in id.bytes().enumerate() {
        let is_inner = matches!(byte, b'.' | b'-' | b'_' | b'@' | b'+' | b'=') && at > 0;
        match byte.is_ascii_alphanumeric() || is_inner || byte == b'_' {
            true => name.push(char::from(byte)),
            false => name.push_str(&format!("%{byte:02X}")),
        }
    }
    let start = name.to_ascii_lowercase();
    let is_device = DEVICES.iter().any(|device| {
        start.strip_prefix(device).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.len() == 1)
    });
    if is_device {
        name.insert(0, '%');
    }
    if name.len() > MAX_NAME {
        use sha2::{Digest, Sha256};
        let hash = Sha256::digest(id.as_bytes());
        name.truncate(MAX_NAME - 17);
        name.push('%');
        name.extend(hash.iter().take(8).map(|byte| format!("{byte:02x}")));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_stay_in_their_folder() {
        for (id, expected) in [
            ("i-0abc", "i-0abc"),
            ("..", "%2E."),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            (".git", "%2Egit"),
            ("-f", "%2Df"),
            ("a b:c\n\u{e9}", "a%20b%3Ac%0A%C3%A9"),
            ("NUL", "%NUL"),
            ("com1", "%com1"),
            ("console", "console"),
            ("", ""),
        ] {
            assert_eq!(file_name(id), expected, "{id:?}");
        }
        let (long, other) = ("x".repeat(500), format!("{}y", "x".repeat(499)));
        assert!(file_name(&long).len() <= 200 && file_name(&long) != file_name(&other));
    }

    #[test]
    fn only_documents_of_the_folder_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("out");
        let mut documents = DocumentFolder::open(&root, DocumentKind::Snapshot).unwrap();
        documents.write(Path::new("a/b/one.yaml"), "1\n").unwrap();
        documents.write(Path::new("a/c/two.yaml"), "2\n").unwrap();
        std::fs::write(root.join("a/b/note.txt"), "mine").unwrap();
        std::fs::create_dir_all(root.join(".git/x")).unwrap();
        std::fs::write(root.join(".git/x/y.json"), "git").unwrap();
        assert!(DocumentFolder::open(&root, DocumentKind::History).is_err(), "the documents of another command");
        let mut documents = DocumentFolder::open(&root, DocumentKind::Snapshot).unwrap();
        documents.write(Path::new("a/b/three.yaml"), "3\n").unwrap();
        documents.write(Path::new("a/b/one.yaml"), "1\n").unwrap();
        documents.remove_all_others().unwrap();
        assert_eq!(documents.changes, FolderChanges { added: 1, changed: 0, removed: 1 });
        assert!(root.join("a/b/note.txt").exists() && root.join(".git/x/y.json").exists());
        assert!(!root.join("a/c").exists());
        assert!(documents.write(Path::new("../x.yaml"), "").is_err());
    }

    #[test]
    fn a_folder_of_other_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.yaml"), "x").unwrap();
        let refused = DocumentFolder::open(folder.path(), DocumentKind::Snapshot).unwrap_err().to_string();
        assert!(refused.contains("is not empty"), "{refused}");
    }
}
