//! Copies a stream to disk, for formats that need random access.

use std::fs::File;
use std::io::{self, Read, Write};

use crate::error::Problem;
use crate::error::cancel::Cancellation;

/// Largest size of a copy, in GiB.
const MAX_COPY: u64 = 8;

/// Copies `bytes` to an unnamed temporary file, which the system removes even if the run is
/// killed.
///
/// Returns a [`Problem`] if the copy cannot be written or reading fails. If the run is cancelled,
/// returns the incomplete copy; callers check for that.
pub fn spooled(bytes: &mut dyn Read, stop: &Cancellation) -> Result<File, Problem> {
    let mut file = tempfile::tempfile().map_err(Problem::Spool)?;
    let mut buffer = vec![0; 256 << 10];
    let mut copied = 0;
    loop {
        let length = match bytes.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(_) if stop.is_stopped() => return Ok(file),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Problem::from_reading(error)),
        };
        copied += length as u64;
        if copied > MAX_COPY << 30 {
            return Err(Problem::SpoolTooLarge(MAX_COPY));
        }
        file.write_all(&buffer[..length]).map_err(Problem::Spool)?;
    }
}
