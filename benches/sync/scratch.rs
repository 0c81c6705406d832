//! Fresh folders for mirrors.

use std::fs;
use std::path::{Path, PathBuf};

/// A place where there is one folder at a time.
pub(crate) struct Scratch {
    root: PathBuf,
    count: u32,
}

impl Scratch {
    /// Below this folder, or in memory where there is such a place.
    pub(crate) fn new(folder: Option<PathBuf>) -> Scratch {
        let memory = Some(PathBuf::from("/dev/shm")).filter(|memory| memory.is_dir());
        let folder = folder.or(memory).unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).into());
        Scratch { root: folder.join(format!("trail2tsv-bench-{}", std::process::id())), count: 0 }
    }

    /// A folder without anything in it; the last one goes.
    pub(crate) fn fresh(&mut self) -> PathBuf {
        let _ = fs::remove_dir_all(&self.root);
        self.count += 1;
        let folder = self.root.join(self.count.to_string());
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
