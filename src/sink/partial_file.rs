//! Files that are being written: under a name of their own, which nothing
//! takes for a result, until they are whole and get the name they will have.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// What the names of unfinished files end in.
pub const ENDING: &str = ".trail2tsv-part";

/// What the names of this process's unfinished results begin with. No walk of
/// its own meets them.
pub fn temp_prefix() -> String {
    format!("{RESULT}{}-", std::process::id())
}

/// What the names of all unfinished results begin with.
const RESULT: &str = ".trail2tsv-";

/// Begins a file in `folder`, with a name that begins with `prefix`. Dropped,
/// it is gone; persisted, it is whole. It is locked as long as it is open, by
/// which others can tell it from what a killed process left.
pub fn begin(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(ENDING);
    // A result or a mirror is for whoever may read the folder, not a secret of
    // this process.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        let file = builder.tempfile_in(folder)?;
        // Whoever cleans up may have come before the lock.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && file.path().exists() {
            return Ok(file);
        }
    }
}

/// The folder in which a file is, or will be.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes the unfinished results that earlier processes have left in a folder. Any
/// other file in it belongs to the user, and what cannot be removed does no harm.
pub fn clean_results(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let is_part = bytes.starts_with(RESULT.as_bytes()) && bytes.ends_with(ENDING.as_bytes());
        // To open a pipe would wait for its other end, and a link leads elsewhere.
        if !is_part || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // The lock of a process ends with it. Where the file system has no locks,
        // nothing is removed.
        if let Ok(file) = open_to_lock(&entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Opens a file to lock it. A network file system needs write access for that,
/// which the file may not grant.
fn open_to_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path).or_else(|_| File::open(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_are_cleaned_up_among_a_users_files() {
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
    fn only_what_nobody_writes_to_is_cleaned_up() {
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
