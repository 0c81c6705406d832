//! Reads the members of archives one by one, in archive order. Nothing is written to disk,
//! except for a zip archive that is not itself a file on disk.

pub mod spool;
mod tar;
mod zip;

use std::io::Read;
use std::ops::ControlFlow;

pub use self::spool::spooled;
pub use self::tar::read_tar;
pub use self::zip::read_zip;
use crate::error::Problem;

/// Receives the members of an archive.
pub trait MemberVisitor {
    /// Returns whether to read the member of this name, or breaks to stop reading the archive.
    fn wants(&mut self, name: &str) -> ControlFlow<(), bool>;
    /// Reads a member. Breaks to stop reading the archive.
    fn file(&mut self, name: &str, bytes: &mut (dyn Read + Send)) -> ControlFlow<()>;
    /// Receives a link or a device, which has no data of its own.
    fn other(&mut self, is_link: bool);
    /// Receives the reason why a member, or the rest of the archive, cannot be read.
    fn problem(&mut self, name: Option<&str>, problem: Problem);
}

/// True if unpacking a member of this path could write outside the target folder.
pub fn leads_out(path: &str) -> bool {
    let is_drive = matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    is_drive || path.starts_with(['/', '\\']) || path.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_folder_are_recognised() {
        for path in ["../a", "a/../../b", "/etc/passwd", "C:\\x", "..", "a\\..\\b", "\\\\host\\x"] {
            assert!(leads_out(path), "{path}");
        }
        for path in ["a/b.json", "..a", "a..b/c", "./a", "a:b", "11:22"] {
            assert!(!leads_out(path), "{path}");
        }
    }
}
