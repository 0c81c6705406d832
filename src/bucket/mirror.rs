//! The folder that holds objects under their own keys.
//!
//! An object appears under its name only when it is whole; a key that is no
//! plain path below the folder is refused. A small file says which bucket it is
//! of: the keys of two buckets would mix.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Fatal, plain};
use crate::unfinished;

/// The file that says which bucket a mirror is of.
pub const MARK: &str = ".trail2tsv-bucket";

/// A mirror of one bucket.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
}

impl Mirror {
    /// Makes the folder, if it is not there. Fails where it is another
    /// bucket's.
    pub fn open(folder: &Path, bucket: &str) -> Result<Mirror, Fatal> {
        std::fs::create_dir_all(folder).map_err(|error| {
            let why = plain(&error);
            Fatal::Failed(format!("{}: the mirror cannot be made: {why}; choose another by --mirror", folder.display()))
        })?;
        // A mirror that cannot be written to may have all that is needed.
        let _ = mark(folder, bucket);
        Mirror::at(folder, bucket)
    }

    /// The mirror in a folder that need not be there yet. Fails where it is
    /// another bucket's.
    pub fn at(folder: &Path, bucket: &str) -> Result<Mirror, Fatal> {
        match std::fs::read_to_string(folder.join(MARK)) {
            Ok(text) if text.trim_end() != bucket => Err(Fatal::Failed(format!(
                "{}: is the mirror of s3://{}; choose another for s3://{bucket} by --mirror",
                folder.display(),
                text.trim_end()
            ))),
            // Whoever filled it otherwise knows what is in it.
            _ => Ok(Mirror { folder: folder.to_path_buf() }),
        }
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
            if name.ends_with(unfinished::ENDING) {
                return Err("its key ends like the name of an unfinished download");
            }
            path.push(name);
        }
        Ok(path)
    }

    /// Whether the file is there with all its bytes.
    pub fn holds(path: &Path, size: u64) -> bool {
        std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
    }

    /// Begins to write the file that will be at `path`.
    pub fn begin(path: &Path) -> io::Result<NamedTempFile> {
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let begin = || unfinished::begin(folder, ".");
        match begin() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(folder)?;
                begin()
            }
            result => result,
        }
    }
}

/// Says whose mirror a folder is, unless that is said already.
fn mark(folder: &Path, bucket: &str) -> io::Result<()> {
    let path = folder.join(MARK);
    if path.exists() {
        return Ok(());
    }
    let mut file = unfinished::begin(folder, ".")?;
    writeln!(file, "{bucket}")?;
    // Of two that come at once, the first is right.
    file.persist_noclobber(path)?;
    Ok(())
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
}
