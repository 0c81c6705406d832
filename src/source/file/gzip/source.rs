//! Buffers the compressed bytes of a gzip stream. Recently read bytes are kept, because the
//! next member can start within a damaged one.

use std::io::{self, Read};

use memchr::memmem;

use super::DEFLATED;

/// A reader with a buffer that can step back.
pub(super) struct MemberSource<R> {
    reader: R,
    buffer: Box<[u8]>,
    at: usize,
    filled: usize,
    /// Start of the current member, or of the part of it that is still buffered.
    member: usize,
    /// Number of bytes read before the start of the buffer.
    before: u64,
    is_ended: bool,
    error: Option<io::Error>,
}

/// Number of bytes already read that stay in the buffer.
const KEPT: usize = 128 << 10;
const BUFFER: usize = KEPT + (64 << 10);
/// Header flags that are reserved and must be zero.
const RESERVED: u8 = 0xe0;

impl<R: Read> MemberSource<R> {
    pub(super) fn new(reader: R) -> MemberSource<R> {
        MemberSource {
            reader,
            buffer: vec![0; BUFFER].into(),
            at: 0,
            filled: 0,
            member: 0,
            before: 0,
            is_ended: false,
            error: None,
        }
    }

    pub(super) fn into_reader(self) -> R {
        self.reader
    }

    /// Buffers at least `wanted` bytes, or all that are left, and returns what is buffered.
    pub(super) fn fill(&mut self, wanted: usize) -> &[u8] {
        while self.filled - self.at < wanted && !self.is_ended {
            let kept = self.member.max(self.at.saturating_sub(KEPT));
            self.buffer.copy_within(kept..self.filled, 0);
            self.at -= kept;
            self.filled -= kept;
            self.before += kept as u64;
            self.member = 0;
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.is_ended = true,
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => (self.is_ended, self.error) = (true, Some(error)),
            }
        }
        &self.buffer[self.at..self.filled]
    }

    /// Returns the buffered bytes and whether the input has ended.
    pub(super) fn rest(&self) -> (&[u8], bool) {
        (&self.buffer[self.at..self.filled], self.is_ended)
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Returns the error that ended the input; `None` if it ended normally.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Marks the current position as the start of a member.
    pub(super) fn begin_member(&mut self) {
        self.member = self.at;
    }

    /// Returns how many bytes of the current member were read and are still buffered.
    pub(super) fn in_member(&self) -> usize {
        self.at - self.member
    }

    /// Skips the header of a member. Returns false if the header is invalid, `None` if the
    /// stream ends inside it.
    pub(super) fn skip_header(&mut self) -> Option<bool> {
        const LENGTH: usize = 10;
        const HCRC: u8 = 2;
        const EXTRA: u8 = 4;
        const NAME: u8 = 8;
        const COMMENT: u8 = 16;
        let header = self.fill(LENGTH).get(..LENGTH);
        let (method, flags) = match header {
            Some(header) => (header[2], header[3]),
            // Even a truncated header can contain a wrong compression method.
            None => {
                let (rest, _) = self.rest();
                let is_wrong = rest.get(2).is_some_and(|method| *method != DEFLATED[2]);
                return if is_wrong { Some(false) } else { None };
            }
        };
        if method != DEFLATED[2] || flags & RESERVED != 0 {
            return Some(false);
        }
        self.skip(LENGTH);
        if flags & EXTRA != 0 {
            let length = usize::from(u16::from_le_bytes(*self.fill(2).first_chunk()?));
            self.skip(2);
            self.skip_some(length)?;
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                self.skip_text()?;
            }
        }
        if flags & HCRC != 0 {
            self.skip_some(2)?;
        }
        Some(true)
    }

    fn skip_some(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let length = self.fill(1).len().min(bytes);
            if length == 0 {
                return None;
            }
            self.skip(length);
            bytes -= length;
        }
        Some(())
    }

    /// Skips a text that ends with a NUL byte.
    fn skip_text(&mut self) -> Option<()> {
        loop {
            let rest = self.fill(1);
            let (length, end) = (rest.len(), memchr::memchr(0, rest));
            if length == 0 {
                return None;
            }
            self.skip(end.map_or(length, |end| end + 1));
            if end.is_some() {
                return Some(());
            }
        }
    }

    /// Steps back to the first candidate for a member within the last `back` bytes; false if
    /// there is none.
    pub(super) fn go_back_to_member(&mut self, back: usize) -> bool {
        let start = self.at - back;
        let found = find_header(&self.buffer[start..self.filled]).filter(|at| *at < back);
        self.at = found.map_or(self.at, |at| start + at);
        found.is_some()
    }

    /// Moves to the next candidate for a member, searching from `back` bytes before the current
    /// position. Returns the number of bytes before it, counted from `counted` bytes before the
    /// current position; as an error, the number up to the end if there is no candidate.
    pub(super) fn find_member(&mut self, back: usize, counted: usize) -> Result<u64, u64> {
        let here = (self.before + self.at as u64).saturating_sub(counted as u64);
        self.at -= back;
        loop {
            let bytes = &self.buffer[self.at..self.filled];
            if let Some(at) = find_header(bytes) {
                self.at += at;
                return Ok((self.before + self.at as u64).saturating_sub(here));
            }
            // The end of the buffer can cut a header in two.
            self.at += bytes.len().saturating_sub(DEFLATED.len());
            self.begin_member();
            let left = self.filled - self.at;
            if self.fill(left + 1).len() == left {
                self.at = self.filled;
                return Err((self.before + self.at as u64).saturating_sub(here));
            }
        }
    }
}

/// Returns the position of the first candidate for a member header.
fn find_header(bytes: &[u8]) -> Option<usize> {
    let is_member = |at: &usize| bytes.get(at + DEFLATED.len()).is_some_and(|flags| flags & RESERVED == 0);
    memmem::find_iter(bytes, &DEFLATED).find(is_member)
}

#[cfg(test)]
mod tests {
    use super::super::MAGIC;
    use super::*;

    #[test]
    fn headers_with_any_fields_are_skipped() {
        let rest = b"text";
        for (flags, parts) in [
            (0, vec![]),
            (2, vec![&b"cc"[..]]),
            (4, vec![b"\x03\0abc"]),
            (8, vec![b"name\0"]),
            (16, vec![b"comment\0"]),
            (1 | 2 | 4 | 8 | 16, vec![b"\0\0", b"name\0", b"\0", b"cc"]),
        ] {
            let header = [&[MAGIC[0], MAGIC[1], 8, flags, 0, 0, 0, 0, 0, 3][..], &parts.concat()].concat();
            let mut source = MemberSource::new(io::Cursor::new([&header[..], rest].concat()));
            assert_eq!((source.skip_header(), source.rest().0), (Some(true), &rest[..]), "{flags}");
            for end in 0..header.len() {
                assert_eq!(MemberSource::new(&header[..end]).skip_header(), None, "{flags} to {end}");
            }
        }
        for wrong in [[MAGIC[0], MAGIC[1], 8, 0x20], [MAGIC[0], MAGIC[1], 7, 0]] {
            let header = [&wrong[..], &[0; 6]].concat();
            assert_eq!(MemberSource::new(&*header).skip_header(), Some(false));
        }
    }

    #[test]
    fn the_next_member_is_found_at_any_offset() {
        let member = [DEFLATED[0], DEFLATED[1], DEFLATED[2], 0, 9];
        let looks = [DEFLATED[0], DEFLATED[1], DEFLATED[2], 0xff];
        for junk in [0, 1, 3, 5000, BUFFER - 3, BUFFER, 3 * BUFFER + 1] {
            let junk = [&looks[..], &vec![7; junk]].concat();
            let mut source = MemberSource::new(io::Cursor::new([&junk[..], &member].concat()));
            source.fill(1);
            assert_eq!(source.find_member(0, 0), Ok(junk.len() as u64));
            assert_eq!(source.fill(5), member);
            let mut source = MemberSource::new(&*junk);
            source.fill(1);
            assert_eq!((source.find_member(0, 0), source.fill(1).len()), (Err(junk.len() as u64), 0));
        }
        let mut source = MemberSource::new(io::Cursor::new([&[7; 100][..], &member, &[7; 50]].concat()));
        source.fill(1);
        source.skip(120);
        assert_eq!((source.find_member(119, 0), source.fill(5)), (Ok(0), &[&member[..], &[7; 50]].concat()[..]));
    }
}
