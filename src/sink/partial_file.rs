//! Partial files and folders: output has a temporary name until it is complete.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::{NamedTempFile, TempDir};

/// Suffix of the names of partial files.
pub const ENDING: &str = ".trail2tsv-part";

/// Returns the name prefix of this process's partial results. Walks of this process skip such
/// files.
pub fn temp_prefix() -> String {
    format!("{RESULT}{}-", std::process::id())
}

/// Name prefix of the partial results of all processes.
const RESULT: &str = ".trail2tsv-";

/// Creates a partial file in `folder` with a name that starts with `prefix`. Dropping it
/// removes it. It stays locked while it is open, which distinguishes it from a leftover of a
/// killed process.
pub fn begin(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(ENDING);
    // The result is readable for everyone with access to the folder, subject to the umask;
    // temporary files are private by default.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        let file = builder.tempfile_in(folder)?;
        if hold(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
}

/// Locks a file that this process has just created at `path`. Returns false if another process
/// took it for a leftover before it was locked: that one has removed it, or is about to.
pub fn hold(file: &File, path: &Path) -> bool {
    // On a file system without locks, other processes remove nothing.
    let is_taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    !is_taken && path.exists()
}

/// Creates a partial folder in `folder`. Dropping it removes it. A file in it stays locked while
/// this process runs.
pub fn begin_folder(folder: &Path, prefix: &str) -> io::Result<PartialFolder> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(ENDING);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    loop {
        let partial = builder.tempdir_in(folder)?;
        let path = partial.path().join(LOCK);
        let lock = File::create_new(&path)?;
        if hold(&lock, &path) {
            return Ok(PartialFolder { folder: partial, lock });
        }
    }
}

/// A folder under a temporary name.
#[derive(Debug)]
pub struct PartialFolder {
    folder: TempDir,
    lock: File,
}

impl PartialFolder {
    /// Its temporary path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the folder its name, which must be free.
    pub fn persist(self, path: &Path) -> io::Result<()> {
        // A folder with an unlocked lock file is a leftover, so the file is removed while it is
        // locked. Some systems rename no folder in which a file is open.
        std::fs::remove_file(self.folder.path().join(LOCK))?;
        drop(self.lock);
        std::fs::rename(self.folder.path(), path)?;
        let _ = self.folder.keep();
        Ok(())
    }
}

/// Name of the file that is locked in a partial folder.
const LOCK: &str = ".lock";

/// Returns the folder that contains, or will contain, the file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes partial results of dead processes from a folder. All other files belong to the user.
/// Failures are ignored, because a leftover is harmless.
pub fn clean_results(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let is_part = bytes.starts_with(RESULT.as_bytes()) && bytes.ends_with(ENDING.as_bytes());
        let kind = entry.file_type().ok();
        if is_part && kind.is_some_and(|kind| kind.is_dir()) {
            clean_folder(&entry.path());
        }
        // Opening a pipe can block, and a link leads to another place.
        if !is_part || !kind.is_some_and(|kind| kind.is_file()) {
            continue;
        }
        // The system releases a lock when its process ends. On a file system without locks,
        // nothing is removed.
        if let Ok(file) = open_to_lock(&entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Removes a partial folder of a dead process.
fn clean_folder(folder: &Path) {
    let path = folder.join(LOCK);
    if let Ok(lock) = open_to_lock(&path)
        && is_leftover(&lock, &path)
    {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Whether the open lock file at `path` is that of a dead process. Locks it.
pub fn is_leftover(lock: &File, path: &Path) -> bool {
    // The file may have been removed after it was opened, by a process that has completed its
    // folder.
    lock.try_lock().is_ok() && is_at(lock, path)
}

/// Whether an open file is the one at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let opened = file.metadata().map(place);
    let named = path.symlink_metadata().map(place);
    matches!((opened, named), (Ok(opened), Ok(named)) if opened == named)
}

/// Whether an open file is the one at `path`, as far as this system tells.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Opens a file to lock it. Network file systems require write access for a lock, but the file
/// may be read-only.
fn open_to_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path).or_else(|_| File::open(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_files_are_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let alive = begin(folder.path(), &temp_prefix()).unwrap();
        let left = [format!(".trail2tsv-1-abc{ENDING}"), format!(".trail2tsv-99999-x{ENDING}")];
        let others = [format!(".left{ENDING}"), ".trail2tsv-bucket".into(), ".trail2tsv-1-abc".into()];
        left.iter().chain(&others).for_each(|name| std::fs::write(folder.path().join(name), "half").unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, symlink};
            let read_only = std::fs::Permissions::from_mode(0o400);
            std::fs::set_permissions(folder.path().join(&left[0]), read_only).unwrap();
            symlink(&others[0], folder.path().join(format!(".trail2tsv-link{ENDING}"))).unwrap();
        }
        clean_results(folder.path());
        assert!(left.iter().all(|name| !folder.path().join(name).exists()) && alive.path().exists());
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
        #[cfg(unix)]
        assert!(folder.path().join(format!(".trail2tsv-link{ENDING}")).is_symlink(), "a link is not followed");
    }

    #[test]
    fn a_completed_folder_is_not_taken_for_a_leftover() {
        let folder = tempfile::tempdir().unwrap();
        let partial = begin_folder(folder.path(), RESULT).unwrap();
        let path = partial.path().join(LOCK);
        // Another process opens the lock file, and locks it when the folder is complete.
        let opened = open_to_lock(&path).unwrap();
        assert!(!is_leftover(&opened, &path));
        partial.persist(&folder.path().join("done")).unwrap();
        assert!(!is_leftover(&opened, &path));
        assert_eq!(std::fs::read_dir(folder.path().join("done")).unwrap().count(), 0);
    }

    #[test]
    fn a_lock_that_another_process_was_first_to_take_is_not_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK);
        let created = File::create_new(&path).unwrap();
        let cleaner = open_to_lock(&path).unwrap();
        assert!(is_leftover(&cleaner, &path));
        assert!(!hold(&created, &path), "it is about to be removed");
        drop(cleaner);
        std::fs::remove_file(&path).unwrap();
        assert!(!hold(&created, &path), "it was removed");
        let created = File::create_new(&path).unwrap();
        assert!(hold(&created, &path));
    }

    #[test]
    fn files_being_written_are_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let alive = begin(folder.path(), RESULT).unwrap();
        let left = folder.path().join(format!("{RESULT}left{ENDING}"));
        let others = [format!("named{ENDING}"), ".hidden".into(), "x.json.gz".into()];
        std::fs::write(&left, "half").unwrap();
        others.iter().for_each(|name| std::fs::write(folder.path().join(name), "").unwrap());
        clean_results(folder.path());
        assert!(!left.exists() && alive.path().exists());
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
        clean_results(&folder.path().join("nowhere"));
    }
}
