//! The folder with the shards of a list: `shard-1-of-7.txt`, `shard-2-of-7.txt`, …

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::{Error, io_message};
use crate::sink::target::Target;

/// Writes the files of the shards, one after another. They are removed if not all become
/// complete.
pub(super) struct ShardFolder {
    folder: PathBuf,
    /// Number of shards.
    count: u32,
    /// The complete shards.
    shards: Vec<Shard>,
    current: Option<OpenShard>,
    is_complete: bool,
}

/// A shard of a list of keys.
#[derive(Debug)]
pub(super) struct Shard {
    /// Its file.
    pub(super) path: PathBuf,
    /// Number of its objects.
    pub(super) objects: u64,
    /// Their size.
    pub(super) bytes: u64,
}

/// A shard that is being written.
struct OpenShard {
    shard: Shard,
    target: Target,
    lines: Vec<u8>,
}

impl ShardFolder {
    /// Creates the folder if it is missing. Returns an error if it has shards of a list.
    pub(super) fn new(folder: &Path, count: u32) -> Result<ShardFolder, Error> {
        let fail = |error: std::io::Error| {
            Error::Failed(format!("{}: cannot be written: {}", folder.display(), io_message(&error)))
        };
        std::fs::create_dir_all(folder).map_err(fail)?;
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if is_shard(&name) {
                return Err(Error::Failed(format!(
                    "{}: has a shard of another list ({}); remove its shards, or choose another folder",
                    folder.display(),
                    name.display()
                )));
            }
        }
        Ok(ShardFolder { folder: folder.to_path_buf(), count, shards: Vec::new(), current: None, is_complete: false })
    }

    /// Adds a line to a shard, numbered from 0, which is the current one or a later one.
    pub(super) fn line(&mut self, shard: u32, line: &[u8], size: u64) -> Result<(), Error> {
        const BUFFER: usize = 64 << 10;
        let open = loop {
            match &mut self.current {
                Some(open) if self.shards.len() as u64 == u64::from(shard) => break open,
                _ => self.begin_next()?,
            }
        };
        open.shard.objects += 1;
        open.shard.bytes += size;
        open.lines.extend_from_slice(line);
        if open.lines.len() >= BUFFER {
            open.target.write(&open.lines)?;
            open.lines.clear();
        }
        Ok(())
    }

    /// Completes the current shard, if there is one, and begins the next.
    fn begin_next(&mut self) -> Result<(), Error> {
        self.end_current()?;
        let path = self.path(self.shards.len() + 1);
        let target = Target::open(Some(&path))?;
        let shard = Shard { path, objects: 0, bytes: 0 };
        self.current = Some(OpenShard { shard, target, lines: Vec::new() });
        Ok(())
    }

    fn end_current(&mut self) -> Result<(), Error> {
        let Some(OpenShard { shard, mut target, lines }) = self.current.take() else { return Ok(()) };
        target.write(&lines)?;
        target.finish()?;
        self.shards.push(shard);
        Ok(())
    }

    /// The file of a shard, numbered from 1. The numbers have equal lengths, so that sorted names
    /// are in the order of the shards.
    fn path(&self, number: usize) -> PathBuf {
        let width = self.count.to_string().len();
        self.folder.join(format!("shard-{number:0width$}-of-{}.txt", self.count))
    }

    /// Writes the remaining shards, and returns all.
    pub(super) fn finish(mut self) -> Result<Vec<Shard>, Error> {
        self.end_current()?;
        while self.shards.len() < self.count as usize {
            self.begin_next()?;
            self.end_current()?;
        }
        self.is_complete = true;
        Ok(std::mem::take(&mut self.shards))
    }
}

impl Drop for ShardFolder {
    fn drop(&mut self) {
        if !self.is_complete {
            for shard in &self.shards {
                // A shard that cannot be removed shows by its name that others are missing.
                let _ = std::fs::remove_file(&shard.path);
            }
        }
    }
}

/// True for the name of a shard of any list.
fn is_shard(name: &OsStr) -> bool {
    let numbers = name.to_str().and_then(|name| name.strip_prefix("shard-")?.strip_suffix(".txt")?.split_once("-of-"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(number, count)| is_number(number) && is_number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_shards_leave_nothing() {
        let place = tempfile::tempdir().unwrap();
        for is_finished in [false, true] {
            let mut folder = ShardFolder::new(place.path(), 4).unwrap();
            folder.line(1, b"x\t5\n", 5).unwrap();
            folder.line(2, b"y\t1\n", 1).unwrap();
            let mut shards = Vec::new();
            if is_finished {
                shards = folder.finish().unwrap();
            } else {
                drop(folder);
            }
            let objects: Vec<_> = shards.iter().map(|shard| (shard.objects, shard.bytes)).collect();
            assert_eq!(objects, [(0, 0), (1, 5), (1, 1), (0, 0)][..shards.len()]);
            assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), if is_finished { 4 } else { 0 });
        }
    }

    #[test]
    fn only_names_of_shards_are_recognised() {
        for name in ["shard-1-of-7.txt", "shard-0007-of-1000.txt"] {
            assert!(is_shard(OsStr::new(name)), "{name}");
        }
        for name in
            ["shard-1-of-7.tsv", "shard--of-7.txt", "shard-1-of-.txt", "shard-1-of-7.txt.bak", "xshard-1-of-7.txt"]
        {
            assert!(!is_shard(OsStr::new(name)), "{name}");
        }
    }
}
