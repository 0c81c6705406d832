//! Fresh folders for mirrors.

use std::fs;
use std::path::{Path, PathBuf};

/// A place that contains one folder at a time.
pub(crate) struct Scratch {
    root: PathBuf,
    count: u32,
}

impl Scratch {
    /// Below this folder; by default in memory, or in the target folder without /dev/shm.
    pub(crate) fn new(folder: Option<PathBuf>) -> Scratch {
        let memory = Some(PathBuf::from("/dev/shm")).filter(|memory| memory.is_dir());
        let folder = folder.or(memory).unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).into());
        Scratch { root: folder.join(format!("trail2tsv-bench-{}", std::process::id())), count: 0 }
    }

    /// A new, empty folder. The previous one is deleted.
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
