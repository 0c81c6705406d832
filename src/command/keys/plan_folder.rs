//! The folder with the files of a plan: `part-1-of-7.txt`, `part-2-of-7.txt`, …

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::{Error, plain};
use crate::sink::target::Target;

/// Writes the files of a plan, one after another. They are removed if the plan does not become
/// complete.
pub(super) struct PlanFolder {
    folder: PathBuf,
    /// Number of parts.
    count: u32,
    /// The complete parts.
    parts: Vec<PlannedPart>,
    current: Option<OpenPart>,
    is_complete: bool,
}

/// A part of a plan.
#[derive(Debug)]
pub(super) struct PlannedPart {
    /// Its file.
    pub(super) path: PathBuf,
    /// Number of its objects.
    pub(super) objects: u64,
    /// Their size.
    pub(super) bytes: u64,
}

/// A part that is being written.
struct OpenPart {
    part: PlannedPart,
    target: Target,
    lines: Vec<u8>,
}

impl PlanFolder {
    /// Creates the folder if it is missing. Returns an error if it has parts of a plan.
    pub(super) fn new(folder: &Path, count: u32) -> Result<PlanFolder, Error> {
        let fail = |error: std::io::Error| {
            Error::Failed(format!("{}: cannot be written: {}", folder.display(), plain(&error)))
        };
        std::fs::create_dir_all(folder).map_err(fail)?;
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if is_part(&name) {
                return Err(Error::Failed(format!(
                    "{}: has a part of another plan ({}); remove its parts, or choose another folder",
                    folder.display(),
                    name.display()
                )));
            }
        }
        Ok(PlanFolder { folder: folder.to_path_buf(), count, parts: Vec::new(), current: None, is_complete: false })
    }

    /// Adds a line to a part, numbered from 0, which is the current one or a later one.
    pub(super) fn line(&mut self, part: u32, line: &[u8], size: u64) -> Result<(), Error> {
        const BUFFER: usize = 64 << 10;
        let open = loop {
            match &mut self.current {
                Some(open) if self.parts.len() as u64 == u64::from(part) => break open,
                _ => self.begin_next()?,
            }
        };
        open.part.objects += 1;
        open.part.bytes += size;
        open.lines.extend_from_slice(line);
        if open.lines.len() >= BUFFER {
            open.target.write(&open.lines)?;
            open.lines.clear();
        }
        Ok(())
    }

    /// Completes the current part, if there is one, and begins the next.
    fn begin_next(&mut self) -> Result<(), Error> {
        self.end_current()?;
        let path = self.path(self.parts.len() + 1);
        let target = Target::open(Some(&path))?;
        let part = PlannedPart { path, objects: 0, bytes: 0 };
        self.current = Some(OpenPart { part, target, lines: Vec::new() });
        Ok(())
    }

    fn end_current(&mut self) -> Result<(), Error> {
        let Some(OpenPart { part, mut target, lines }) = self.current.take() else { return Ok(()) };
        target.write(&lines)?;
        target.finish()?;
        self.parts.push(part);
        Ok(())
    }

    /// The file of a part, numbered from 1. The numbers have equal lengths, so that sorted names
    /// are in the order of the parts.
    fn path(&self, number: usize) -> PathBuf {
        let width = self.count.to_string().len();
        self.folder.join(format!("part-{number:0width$}-of-{}.txt", self.count))
    }

    /// Writes the remaining parts, and returns all.
    pub(super) fn finish(mut self) -> Result<Vec<PlannedPart>, Error> {
        self.end_current()?;
        while self.parts.len() < self.count as usize {
            self.begin_next()?;
            self.end_current()?;
        }
        self.is_complete = true;
        Ok(std::mem::take(&mut self.parts))
    }
}

impl Drop for PlanFolder {
    fn drop(&mut self) {
        if !self.is_complete {
            for part in &self.parts {
                // A part that cannot be removed shows by its name that others are missing.
                let _ = std::fs::remove_file(&part.path);
            }
        }
    }
}

/// True for the name of a part of any plan.
fn is_part(name: &OsStr) -> bool {
    let numbers = name.to_str().and_then(|name| name.strip_prefix("part-")?.strip_suffix(".txt")?.split_once("-of-"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(number, count)| is_number(number) && is_number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_plan_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for is_finished in [false, true] {
            let mut plan = PlanFolder::new(folder.path(), 4).unwrap();
            plan.line(1, b"x\t5\n", 5).unwrap();
            plan.line(2, b"y\t1\n", 1).unwrap();
            let mut parts = Vec::new();
            if is_finished {
                parts = plan.finish().unwrap();
            } else {
                drop(plan);
            }
            let objects: Vec<_> = parts.iter().map(|part| (part.objects, part.bytes)).collect();
            assert_eq!(objects, [(0, 0), (1, 5), (1, 1), (0, 0)][..parts.len()]);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), if is_finished { 4 } else { 0 });
        }
    }

    #[test]
    fn only_names_of_parts_are_recognised() {
        for name in ["part-1-of-7.txt", "part-0007-of-1000.txt"] {
            assert!(is_part(OsStr::new(name)), "{name}");
        }
        for name in ["part-1-of-7.tsv", "part--of-7.txt", "part-1-of-.txt", "part-1-of-7.txt.bak", "xpart-1-of-7.txt"] {
            assert!(!is_part(OsStr::new(name)), "{name}");
        }
    }
}
