//! A copy on disk of what can only be read in any order.

use std::fs::File;
use std::io::{self, Read, Write};

use crate::error::Problem;
use crate::error::cancel::Cancellation;

/// What is copied at most, in GiB.
const LARGEST: u64 = 8;

/// Copies `bytes` to a file without a name in the folder for temporary files. What
/// is there when the run ends early is of no use to anyone.
pub fn spooled(bytes: &mut dyn Read, stop: &Cancellation) -> Result<File, Problem> {
    let mut file = tempfile::tempfile().map_err(Problem::Spool)?;
    let mut buffer = vec![0; 256 << 10];
    let mut copied = 0;
    loop {
        let length = match bytes.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(_) if stop.is_set() => return Ok(file),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Problem::of_reading(error)),
        };
        copied += length as u64;
        if copied > LARGEST << 30 {
            return Err(Problem::SpoolTooLarge(LARGEST));
        }
        file.write_all(&buffer[..length]).map_err(Problem::Spool)?;
    }
}
