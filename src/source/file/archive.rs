//! Archives: the files in them, one after the other, in the order of the archive.
//! Nothing is written to disk, but for a zip archive that does not lie there.

mod spool;
mod tar;
mod zip;

use std::io::Read;
use std::ops::ControlFlow;

pub use self::spool::spooled;
pub use self::tar::read_tar;
pub use self::zip::read_zip;
use crate::error::Problem;

/// Looks at what is in an archive.
pub trait MemberVisitor {
    /// Whether a file of this name is to be read. Breaks where there is no need to go on.
    fn wants(&mut self, name: &str) -> ControlFlow<(), bool>;
    /// Reads a file. Breaks where there is no need to go on.
    fn file(&mut self, name: &str, bytes: &mut (dyn Read + Send)) -> ControlFlow<()>;
    /// Meets a link or a device, which has no bytes of its own.
    fn other(&mut self, is_link: bool);
    /// Is told why a file cannot be read, or why the archive cannot be read on.
    fn problem(&mut self, name: Option<&str>, problem: Problem);
}

/// Whether the path of a member leads out of the folder that the archive would be
/// unpacked in.
pub fn leads_out(path: &str) -> bool {
    let is_drive = matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    is_drive || path.starts_with(['/', '\\']) || path.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_known() {
        for path in ["../a", "a/../../b", "/etc/passwd", "C:\\x", "..", "a\\..\\b", "\\\\host\\x"] {
            assert!(leads_out(path), "{path}");
        }
        for path in ["a/b.json", "..a", "a..b/c", "./a", "a:b", "11:22"] {
            assert!(!leads_out(path), "{path}");
        }
    }
}
