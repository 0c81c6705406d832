//! Checks logs that are mirrored but not decoded, by the checksum in their gzip
//! streams.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Problem;
use crate::source::file::gzip::MAGIC;
use crate::source::file::inflate::{FileContent, Inflater};
use crate::source::s3::ObjectVerifier;

/// Bytes of inflated text held at once. Few logs are longer; they are inflated in
/// pieces of this size.
const WINDOW: usize = 1 << 20;

/// Verifies objects as they arrive. Memory is reused for the next object.
#[derive(Default)]
pub(super) struct DownloadVerifier {
    /// Inflaters not in use; never more than there are download threads.
    idle: Mutex<Vec<Inflater>>,
}

impl ObjectVerifier for DownloadVerifier {
    fn is_whole(&self, mut file: &File) -> io::Result<bool> {
        // The file is locked, so only the handle that wrote it can read it.
        file.rewind()?;
        let mut start = Vec::new();
        Read::by_ref(&mut file).take(MAGIC.len() as u64).read_to_end(&mut start)?;
        if start != MAGIC {
            return Ok(false);
        }
        let mut inflater = self.idle().pop().unwrap_or_else(|| Inflater::new(WINDOW));
        let mut whole = start.chain(file);
        let mut pass = |window: &[u8], _| ControlFlow::Continue(window.len());
        let is_whole = match inflater.read(&mut whole, || true, &mut pass) {
            FileContent::Text(ended) => ended.is_whole(),
            // The container has its own checksum, which reading to the end checks.
            FileContent::Container { mut bytes, .. } => io::copy(&mut bytes, &mut io::sink()).map(|_| true),
        };
        self.idle().push(inflater);
        is_whole.or_else(|error| match Problem::from_reading(error) {
            Problem::Unreadable(error) => Err(error),
            _ => Ok(false),
        })
    }
}

impl DownloadVerifier {
    fn idle(&self) -> MutexGuard<'_, Vec<Inflater>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for DownloadVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DownloadVerifier").field("idle", &self.idle().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use testkit::logs::gzip;

    use super::*;

    #[test]
    fn only_whole_gzip_is_whole() {
        let verifier = DownloadVerifier::default();
        let is_whole = |bytes: &[u8]| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            verifier.is_whole(&file).unwrap()
        };
        let log = gzip("x".repeat(3 * WINDOW).as_bytes());
        let (small, empty) = (gzip(b"{}"), gzip(b""));
        for whole in [&log, &small, &empty, &[&small[..], &log, &empty].concat()] {
            assert!(is_whole(whole));
            assert!(!is_whole(&whole[..whole.len() - 1]));
            assert!(!is_whole(&[whole, &b"x"[..]].concat()));
            let mut flipped = whole.clone();
            flipped[whole.len() - 6] ^= 1;
            assert!(!is_whole(&flipped));
        }
        for junk in [&b""[..], b"\x1f", b"{\"Records\":[]}", b"<Error/>"] {
            assert!(!is_whole(junk));
        }
    }
}
