//! Files that are being written: under a name of their own, which nothing
//! takes for a result, until they are whole and get the name they will have.

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
/// it is gone; persisted, it is whole.
pub fn begin(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(ENDING);
    // A result or a mirror is for whoever may read the folder, not a secret of
    // this process.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
