//! From the bytes of a file to windows of its text, inflated where it is gzip.
//!
//! A small file is one window: read whole and inflated whole, into memory that
//! is used again for the next. A large one, or one of several gzip members,
//! streams through a window that grows only where one event is larger, up to
//! [`LARGEST`].

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use encoding_rs_io::DecodeReaderBytes;
use libdeflater::Decompressor;

use super::ahead::{Places, ahead};
use super::gzip::{GzipStream, MAGIC, inflate_member, member_length};
use crate::error::Problem;

/// Reads one file after the other.
pub struct Inflater {
    /// Room for a file. It keeps its length, and is as little cleared for each
    /// file as `text` is: what the last one left is overwritten or not looked at.
    file: Vec<u8>,
    /// Room for inflated text.
    text: Vec<u8>,
    decompressor: Decompressor,
    limit: usize,
    /// Where a stream is inflated on a thread of its own.
    ahead: Arc<Places>,
}

/// The largest window: many times what AWS allows an event to have, and little
/// enough for memory to stay bounded whatever a file holds.
pub const LARGEST: usize = 128 << 20;

/// How a text in UTF-16 begins, which is what PowerShell writes by `>`.
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// How much of a window was read, or that there is no need to go on.
pub type Seen = ControlFlow<(), usize>;

impl Inflater {
    /// An inflater that takes files whole while neither they nor their text
    /// have more than `limit` bytes.
    pub fn new(limit: usize) -> Inflater {
        Inflater::with_ahead(limit, Arc::default())
    }

    /// The same, but others are inflated on a thread of their own, ahead of
    /// whoever looks at them, where there is a place for it.
    pub fn with_ahead(limit: usize, ahead: Arc<Places>) -> Inflater {
        Inflater { file: Vec::new(), text: Vec::new(), decompressor: Decompressor::new(), limit, ahead }
    }

    /// Reads `file` to its end and shows its text to `see`, window by window,
    /// with whether it is the last. What `see` has not taken it is shown
    /// again, with more behind it; where the window has to grow for that, it
    /// waits until `may_grow` says so.
    pub fn read(
        &mut self,
        file: &mut (dyn Read + Send),
        mut may_grow: impl FnMut() -> bool,
        mut see: impl FnMut(&[u8], bool) -> Seen,
    ) -> Option<Problem> {
        if self.text.len() > self.limit {
            // What one large event needed is not kept for all others.
            self.text = Vec::new();
        }
        let (filled, is_whole) = match read_up_to(file, &mut self.file, self.limit) {
            Ok(read) => read,
            Err(error) => return Some(Problem::Unreadable(error)),
        };
        let start = &self.file[..filled];
        if UTF_16.iter().any(|mark| start.starts_with(mark)) {
            let mut reader = DecodeReaderBytes::new(start.chain(file));
            let read = |buffer: &mut [u8]| read_some(&mut reader, buffer).map_err(Problem::Unreadable);
            return windows(&mut self.text, self.limit, read, &mut may_grow, &mut see).continue_value()?;
        }
        if !start.starts_with(&MAGIC) {
            if is_whole {
                let _ = see(start, true);
                return None;
            }
            let mut reader = start.chain(file);
            let read = |buffer: &mut [u8]| read_some(&mut reader, buffer).map_err(Problem::Unreadable);
            return windows(&mut self.text, self.limit, read, &mut may_grow, &mut see).continue_value()?;
        }
        if is_whole && let Some(length) = self.inflate_whole(filled) {
            let _ = see(&self.text[..length], true);
            return None;
        }
        let mut stream = GzipStream::new(self.file[..filled].chain(file));
        let mut show = |read: &mut dyn FnMut(&mut [u8]) -> usize| {
            windows(&mut self.text, self.limit, |buffer| Ok(read(buffer)), &mut may_grow, &mut see)
        };
        let flow = match self.ahead.take() {
            Some(_place) => ahead(|buffer| stream.read(buffer), show),
            None => show(&mut |buffer| stream.read(buffer)),
        };
        // Whoever had enough does not care how the file ends.
        flow.continue_value()?.or(stream.into_problem())
    }

    /// Inflates a file that is one gzip member at once, and gives the length
    /// of its text; nothing where it is anything else, or damaged.
    fn inflate_whole(&mut self, filled: usize) -> Option<usize> {
        let file = &self.file[..filled];
        let length = member_length(file).filter(|length| *length <= self.limit)?;
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        inflate_member(&mut self.decompressor, file, &mut self.text)
    }
}

/// Fills `buffer` with at most `limit` bytes, and gives how many these are and
/// whether that was all.
fn read_up_to(file: &mut dyn Read, buffer: &mut Vec<u8>, limit: usize) -> io::Result<(usize, bool)> {
    const FIRST: usize = 64 * 1024;
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled >= limit {
                return Ok((filled, false));
            }
            buffer.resize((filled * 2).clamp(FIRST, limit.max(FIRST)), 0);
        }
        match read_some(file, &mut buffer[filled..])? {
            0 => return Ok((filled, true)),
            length => filled += length,
        }
    }
}

/// Reads, whatever signals come between.
fn read_some(file: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Shows what `read` gives window by window. Breaks where `see` has enough.
fn windows(
    buffer: &mut Vec<u8>,
    size: usize,
    mut read: impl FnMut(&mut [u8]) -> Result<usize, Problem>,
    may_grow: &mut impl FnMut() -> bool,
    see: &mut impl FnMut(&[u8], bool) -> Seen,
) -> ControlFlow<(), Option<Problem>> {
    // While one is looked at, the next can be inflated.
    const USUAL: usize = 1 << 20;
    let mut length = size.min(USUAL);
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    let mut filled = 0;
    loop {
        let mut end = None;
        while filled < length && end.is_none() {
            match read(&mut buffer[filled..length]) {
                Ok(0) => end = Some(None),
                Ok(length) => filled += length,
                Err(problem) => end = Some(Some(problem)),
            }
        }
        let consumed = see(&buffer[..filled], end.is_some())?;
        if let Some(problem) = end {
            return ControlFlow::Continue(problem);
        }
        buffer.copy_within(consumed..filled, 0);
        filled -= consumed;
        if filled < length {
            continue;
        }
        if filled >= LARGEST {
            return ControlFlow::Continue(Some(Problem::TooLarge(LARGEST >> 20)));
        }
        length = (filled * 2).min(LARGEST);
        if length > size && !may_grow() {
            return ControlFlow::Break(());
        }
        if length > buffer.len() {
            // Cleared memory that nobody has written to yet takes none.
            let mut larger = vec![0; length];
            larger[..filled].copy_from_slice(&buffer[..filled]);
            *buffer = larger;
        }
    }
}

#[cfg(test)]
mod tests {
    use testkit::logs::gzip;

    use super::*;

    /// The text of a file, of which each window is read up to its last line.
    fn lines(file: &[u8], limit: usize) -> (String, Option<String>) {
        let mut inflater = Inflater::with_ahead(limit, Arc::new(Places::new(limit % 2)));
        let mut text = Vec::new();
        let problem = inflater.read(
            &mut &*file,
            || true,
            |window, is_last| {
                let line = window.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                let seen = if is_last { window.len() } else { line };
                text.extend_from_slice(&window[..seen]);
                ControlFlow::Continue(seen)
            },
        );
        (String::from_utf8(text).unwrap(), problem.map(|problem| problem.to_string()))
    }

    #[test]
    fn files_are_the_same_whole_or_in_windows() {
        let text: String = (0..3000).map(|number| format!("line {number} {}\n", "x".repeat(number % 90))).collect();
        let half = text.len() / 2;
        let files = [
            text.clone().into_bytes(),
            gzip(text.as_bytes()),
            [gzip(&text.as_bytes()[..half]), gzip(&text.as_bytes()[half..])].concat(),
        ];
        for file in &files {
            for limit in [16, 17, 1000, 1001, 70_000, 70_001, 10_000_000] {
                assert_eq!(lines(file, limit), (text.clone(), None), "{limit}");
            }
        }
    }

    #[test]
    fn a_member_and_its_twin_are_both_read() {
        let twice = gzip(b"same\n").repeat(2);
        assert_eq!(lines(&twice, 1_000_000), ("same\nsame\n".into(), None));
    }

    #[test]
    fn junk_that_ends_like_the_member_is_no_part_of_it() {
        let junk = "bytes after the gzip stream that are no gzip";
        for (text, end) in [("one\n", 4), ("one\n", 8), ("", 4), ("", 1)] {
            let member = gzip(text.as_bytes());
            let file = [&member[..], &member[member.len() - end..]].concat();
            assert_eq!(lines(&file, 1_000_000), (text.into(), Some(junk.into())), "{text:?} {end}");
        }
    }

    #[test]
    fn no_window_is_larger_than_the_largest() {
        let (mut inflater, mut largest) = (Inflater::with_ahead(1 << 20, Arc::new(Places::new(1))), 0);
        let mut endless = io::repeat(b'[').take(3 * LARGEST as u64);
        let problem = inflater.read(
            &mut endless,
            || true,
            |window, _| {
                largest = largest.max(window.len());
                ControlFlow::Continue(0)
            },
        );
        assert_eq!((largest, problem.unwrap().to_string()), (LARGEST, "a record is larger than 128 MiB".into()));
    }

    #[test]
    fn damage_is_told_with_what_came_before() {
        let file = gzip(b"one\ntwo\n");
        let (text, problem) = lines(&file[..file.len() - 9], 1_000_000);
        assert!("one\ntwo\n".starts_with(&text));
        assert_eq!(problem.as_deref(), Some("gzip stream ends early"));
        let mut wrong = file.clone();
        let last = wrong.len() - 5;
        wrong[last] ^= 1;
        assert_eq!(lines(&wrong, 1_000_000), ("one\ntwo\n".into(), Some("gzip checksum does not match".into())));
        assert_eq!(lines(b"", 1_000_000), (String::new(), None));
    }
}
