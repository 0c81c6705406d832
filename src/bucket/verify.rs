//! Checks mirrored logs that nobody decodes now: a gzip stream carries the
//! checksum of its text.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use super::layout::delivered_by;
use crate::error::Problem;
use crate::input::gzip::MAGIC;
use crate::input::inflate::Inflater;

/// Logs whose text is longer, which are few, go through a window of this size.
const LIMIT: usize = 1 << 20;

/// Inflates what has come, in memory that is used again for the next object.
#[derive(Default)]
pub(super) struct Verifier {
    /// As many as have been needed at once, which is no more than threads.
    idle: Mutex<Vec<Inflater>>,
}

impl Verifier {
    /// Whether a log's gzip stream fits its own checksum; of anything else
    /// there is nothing to check.
    pub(super) fn is_whole(&self, file: &NamedTempFile, key: &str) -> io::Result<bool> {
        if !key.ends_with(".gz") || delivered_by(key).is_none() {
            return Ok(true);
        }
        let (mut file, mut start) = (file.reopen()?, Vec::new());
        Read::by_ref(&mut file).take(MAGIC.len() as u64).read_to_end(&mut start)?;
        if start != MAGIC {
            return Ok(false);
        }
        let mut inflater = self.idle().pop().unwrap_or_else(|| Inflater::new(LIMIT, false));
        let mut whole = start.chain(file);
        let problem = inflater.read(&mut whole, || true, |window, _| ControlFlow::Continue(window.len()));
        self.idle().push(inflater);
        match problem {
            Some(Problem::Unreadable(error)) => Err(error),
            problem => Ok(problem.is_none()),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Inflater>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Verifier").field("idle", &self.idle().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use testkit::logs::gzip;

    use super::*;

    const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/01/111122223333_CloudTrail_us-east-1_20261001T0915Z_abcdefghijklmnop.json.gz";

    #[test]
    fn only_whole_gzip_is_whole() {
        let verifier = Verifier::default();
        let is_whole = |bytes: &[u8], key: &str| {
            let mut file = NamedTempFile::new().unwrap();
            file.write_all(bytes).unwrap();
            verifier.is_whole(&file, key).unwrap()
        };
        let log = gzip("x".repeat(3 * LIMIT).as_bytes());
        let (small, empty) = (gzip(b"{}"), gzip(b""));
        for whole in [&log, &small, &empty, &[&small[..], &log, &empty].concat()] {
            assert!(is_whole(whole, KEY));
            assert!(!is_whole(&whole[..whole.len() - 1], KEY));
            assert!(!is_whole(&[whole, &b"x"[..]].concat(), KEY));
            let mut flipped = whole.clone();
            flipped[whole.len() - 6] ^= 1;
            assert!(!is_whole(&flipped, KEY));
        }
        for junk in [&b""[..], b"\x1f", b"{\"Records\":[]}", b"<Error/>"] {
            assert!(!is_whole(junk, KEY));
            assert!(is_whole(junk, "AWSLogs/1/CloudTrail/readme.txt"));
        }
    }
}
