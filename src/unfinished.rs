//! Files that are being written: under a name of their own, which nothing
//! takes for a result, until they are whole and get the name they will have.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// What the names of unfinished files end in.
pub const ENDING: &str = ".trail2tsv-part";

/// What the names of this process's unfinished results begin with. No walk of
/// its own meets them.
pub fn own_output() -> String {
    format!(".trail2tsv-{}-", std::process::id())
}

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

/// Removes what processes that are gone have left in a folder. What cannot be
/// removed does no harm.
pub fn clean(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if !bytes.starts_with(b".") || !bytes.ends_with(ENDING.as_bytes()) {
            continue;
        }
        // The lock of a process ends with it. Where there are no locks, nobody
        // knows, and nothing is removed.
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_writes_to_is_cleaned_up() {
        let folder = tempfile::tempdir().unwrap();
        let alive = begin(folder.path(), ".").unwrap();
        let left = folder.path().join(format!(".left{ENDING}"));
        let others = [format!("named{ENDING}"), ".hidden".into(), "x.json.gz".into()];
        std::fs::write(&left, "half").unwrap();
        others.iter().for_each(|name| std::fs::write(folder.path().join(name), "").unwrap());
        clean(folder.path());
        assert!(!left.exists() && alive.path().exists());
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
        clean(&folder.path().join("nowhere"));
    }
}
