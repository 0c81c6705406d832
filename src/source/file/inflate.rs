//! Turns the bytes of a file into windows of its text, and inflates gzip files.
//!
//! A small file is a single window: it is read and inflated whole, into memory that is reused
//! for the next file. A large file, or one of several gzip members, is streamed through a
//! window that grows only if one event does not fit, up to [`MAX_WINDOW`]. Archives and other
//! compression formats are returned to the caller unread.

mod start;
mod utf16;
mod windows;

use std::io::{self, Chain, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use libdeflater::Decompressor;

use self::start::{FileStart, RemainingText, TextEndReason, read_some, read_up_to};
pub use self::utf16::InvalidUtf16;
use self::utf16::{Utf16Reader, is_utf16};
use self::windows::WindowReader;
use super::container::Container;
use super::gzip::{GzipPart, GzipStream, MAGIC, inflate_member, member_length};
use super::layer::GzipLayer;
use crate::error::Problem;
use crate::source::file::read_ahead::{ReadAheadPermits, ahead};

/// Reads files one by one.
pub struct Inflater {
    /// Buffer for the bytes of a file. Neither this buffer nor `text` is cleared or shortened
    /// between files, which would cost time: only the part filled for the current file is read.
    file: Vec<u8>,
    /// Buffer for inflated text.
    text: Vec<u8>,
    decompressor: Decompressor,
    limit: usize,
    /// Largest length of a window, in bytes.
    largest: usize,
    /// Permits for inflating a stream on a separate thread.
    ahead: Arc<ReadAheadPermits>,
}

/// The largest window, in bytes: many times the largest event that AWS allows, and small enough
/// to bound memory for any input.
pub const MAX_WINDOW: usize = 128 << 20;

/// A gzip file is read whole only if its size is at most the text limit divided by this. Logs
/// compress to about a tenth.
const COMPRESSED: usize = 4;

/// Number of bytes of a window that were consumed, or a break to stop reading.
pub type Consumed = ControlFlow<(), usize>;

/// Receives the text of a file.
pub trait TextVisitor {
    /// Receives a window of text; `is_last` is true if no more text follows. Bytes that are not
    /// consumed are passed again at the start of the next window.
    fn window(&mut self, text: &[u8], is_last: bool) -> Consumed;
    /// Called before the text of the second gzip member: all later windows belong to further
    /// members.
    fn further_members(&mut self) {}
    /// Called if text is missing between the previous window and the next one.
    fn gap(&mut self) {}
    /// Called after the last window if the text was converted from UTF-16 and some of it is not
    /// valid. Conversion runs ahead, so that the place may be behind what was consumed.
    fn invalid_utf16(&mut self, _: InvalidUtf16) {}
}

impl<F: FnMut(&[u8], bool) -> Consumed> TextVisitor for F {
    fn window(&mut self, text: &[u8], is_last: bool) -> Consumed {
        self(text, is_last)
    }
}

/// The content of a file.
pub enum FileContent<'f> {
    /// Text, which has been passed to the visitor.
    Text(TextEnd),
    /// An archive or compressed file, of which the visitor received no text.
    Container {
        /// Its format.
        kind: Container,
        /// All of its bytes.
        bytes: Box<dyn Read + Send + 'f>,
        /// True if `bytes` are the file's own, false if they were inflated.
        is_file: bool,
    },
}

impl<'f> FileContent<'f> {
    /// Returns the format of the container, its bytes, and whether these are the file's own.
    /// For text, returns as an error how reading it ended.
    #[allow(clippy::type_complexity, reason = "said in words above")]
    pub fn into_packed(self) -> Result<(Container, Box<dyn Read + Send + 'f>, bool), TextEnd> {
        match self {
            FileContent::Text(ended) => Err(ended),
            FileContent::Container { kind, bytes, is_file } => Ok((kind, bytes, is_file)),
        }
    }
}

/// Outcome of reading a text.
#[derive(Debug, Default)]
pub struct TextEnd {
    /// Problems found in the bytes.
    pub problems: Vec<Problem>,
    /// What follows the first gzip member; `None` if there are no further members.
    pub further: Option<FurtherMembers>,
}

/// The gzip members after the first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FurtherMembers {
    /// Number of members.
    pub members: u64,
    /// Length of their text, in bytes.
    pub bytes: u64,
}

impl TextEnd {
    /// Returns true if the text has no problem. Returns an error if it could not be read.
    pub fn is_whole(self) -> io::Result<bool> {
        match self.problems.into_iter().next() {
            Some(Problem::Unreadable(error)) => Err(error),
            problem => Ok(problem.is_none()),
        }
    }

    fn with(problem: Option<Problem>) -> TextEnd {
        TextEnd { problems: problem.into_iter().collect(), further: None }
    }
}

impl Inflater {
    /// Creates an inflater that processes files as a single window if neither the file nor its
    /// text exceeds `limit` bytes.
    pub fn new(limit: usize) -> Inflater {
        Inflater::with_ahead(limit, Arc::default())
    }

    /// Like [`new`](Inflater::new), but inflates streams on a separate thread, ahead of the
    /// visitor, while `ahead` has a free permit.
    pub fn with_ahead(limit: usize, ahead: Arc<ReadAheadPermits>) -> Inflater {
        let decompressor = Decompressor::new();
        Inflater { file: Vec::new(), text: Vec::new(), decompressor, limit, largest: MAX_WINDOW, ahead }
    }

    /// Limits windows to `largest` bytes.
    pub fn with_largest(self, largest: usize) -> Inflater {
        Inflater { largest, ..self }
    }

    /// Reads `file` to its end and passes its text to `visitor` in windows. `may_grow` is
    /// called before a window grows and may block; reading stops if it returns false.
    pub fn read<'f>(
        &mut self,
        file: &'f mut (dyn Read + Send),
        may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'f> {
        let content = self.read_on(file, may_grow, visitor);
        // Releases the memory that one large event, or one large uncompressed file, needed.
        if self.text.len() > self.limit || self.file.len() > self.limit / COMPRESSED {
            self.text = Vec::new();
        }
        content
    }

    fn read_on<'f>(
        &mut self,
        file: &'f mut (dyn Read + Send),
        mut may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'f> {
        let limit = |start: &[u8]| if start.starts_with(&MAGIC) { self.limit / COMPRESSED } else { self.limit };
        let FileStart { filled, end } = read_up_to(file, &mut self.file, limit);
        let start = &self.file[..filled];
        if start.starts_with(&MAGIC) {
            return self.gzip(filled, RemainingText { end, file }, may_grow, visitor);
        }
        if let Some(kind) = Container::of(start) {
            let bytes = Box::new(self.take_read_bytes(filled).chain(RemainingText { end, file }));
            return FileContent::Container { kind, bytes, is_file: true };
        }
        let is_utf16 = is_utf16(start);
        if matches!(end, Some(TextEndReason::Whole)) && !is_utf16 {
            let _ = visitor.window(start, true);
            return FileContent::Text(TextEnd::default());
        }
        let windows = WindowReader::new(&mut self.text, self.limit, self.largest);
        let plain = start.chain(RemainingText { end, file });
        let problem = if is_utf16 {
            utf16(plain, windows, &mut may_grow, visitor)
        } else {
            windows.all(plain, &mut may_grow, visitor)
        };
        FileContent::Text(TextEnd::with(problem))
    }

    /// Reads a text in UTF-16 that was inflated.
    fn utf16(
        &mut self,
        text: impl Read,
        mut may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'static> {
        let windows = WindowReader::new(&mut self.text, self.limit, self.largest);
        let problem = utf16(text, windows, &mut may_grow, visitor);
        FileContent::Text(TextEnd::with(problem))
    }

    /// Reads a gzip file.
    fn gzip<'f>(
        &mut self,
        filled: usize,
        rest: RemainingText<'f>,
        may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'f> {
        if matches!(rest.end, Some(TextEndReason::Whole))
            && let Some(length) = self.inflate_whole(filled)
        {
            return self.inflated(length, may_grow, visitor);
        }
        let mut stream = GzipStream::new(self.take_read_bytes(filled).chain(rest));
        let first = read_first_text(&mut stream);
        if let Some(kind) = Container::of(&first) {
            return FileContent::Container { kind, bytes: Box::new(GzipLayer::new(first, stream)), is_file: false };
        }
        if is_utf16(&first) {
            // Like an archive: what follows a gap would not begin with the mark.
            return self.utf16(GzipLayer::new(first, stream), may_grow, visitor);
        }
        self.gzip_parts(&first, stream, may_grow, visitor)
    }

    /// Passes on the text of a gzip file that is inflated already.
    fn inflated(
        &mut self,
        length: usize,
        may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'static> {
        let text = &self.text[..length];
        let kind = Container::of(text);
        if kind.is_none() && !is_utf16(text) {
            let _ = visitor.window(text, true);
            return FileContent::Text(TextEnd::default());
        }
        let mut text = std::mem::take(&mut self.text);
        text.truncate(length);
        let bytes = Cursor::new(text);
        match kind {
            Some(kind) => FileContent::Container { kind, bytes: Box::new(bytes), is_file: false },
            None => self.utf16(bytes, may_grow, visitor),
        }
    }

    /// Inflates a gzip file in windows, part by part. `first` is its text that was read already.
    fn gzip_parts(
        &mut self,
        mut first: &[u8],
        mut stream: GzipStream<Chain<Cursor<Vec<u8>>, RemainingText<'_>>>,
        mut may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'static> {
        let mut windows = WindowReader::new(&mut self.text, self.limit, self.largest);
        let mut ended = TextEnd::default();
        loop {
            let mut read = |buffer: &mut [u8]| match read_some(&mut first, buffer) {
                Ok(length) if length > 0 => length,
                _ => stream.read(buffer),
            };
            let shown = match self.ahead.take() {
                Some(_permit) => ahead(read, |read| windows.part(|buffer| Ok(read(buffer)), &mut may_grow, visitor)),
                None => windows.part(|buffer| Ok(read(buffer)), &mut may_grow, visitor),
            };
            if let ControlFlow::Break(stopped) = shown {
                // A visitor that stopped early is not interested in problems at the end of the
                // file.
                ended.problems.extend(stopped.problem());
                return FileContent::Text(ended);
            }
            let next = stream.next_part();
            if windows.show(next != Some(GzipPart::FurtherMembers), visitor).is_break() {
                return FileContent::Text(TextEnd::default());
            }
            match next {
                Some(GzipPart::FurtherMembers) => visitor.further_members(),
                Some(GzipPart::BehindGap) => visitor.gap(),
                None => break,
            }
        }
        let (reader, findings) = stream.into_parts();
        self.file = reader.into_inner().0.into_inner();
        let further = FurtherMembers { members: findings.members.saturating_sub(1), bytes: findings.further_bytes };
        ended.further = (further.members > 0).then_some(further);
        ended.problems = findings.into_problems();
        FileContent::Text(ended)
    }

    /// Takes the bytes read so far out of the buffer.
    fn take_read_bytes(&mut self, filled: usize) -> Cursor<Vec<u8>> {
        let mut file = std::mem::take(&mut self.file);
        file.truncate(filled);
        Cursor::new(file)
    }

    /// Inflates a file that is a single gzip member in one call and returns the length of its
    /// text; `None` if the file is anything else or damaged.
    fn inflate_whole(&mut self, filled: usize) -> Option<usize> {
        let file = &self.file[..filled];
        let length = member_length(file).filter(|length| *length <= self.limit)?;
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        inflate_member(&mut self.decompressor, file, &mut self.text)
    }
}

/// Reads a text in UTF-16.
fn utf16(
    text: impl Read,
    windows: WindowReader<'_>,
    may_grow: &mut impl FnMut() -> bool,
    visitor: &mut impl TextVisitor,
) -> Option<Problem> {
    let mut text = Utf16Reader::new(text);
    let problem = windows.all(&mut text, may_grow, visitor);
    if let Some(invalid) = text.invalid() {
        visitor.invalid_utf16(invalid);
    }
    problem
}

/// Reads enough text of the stream to recognise an archive.
fn read_first_text<R: Read>(stream: &mut GzipStream<R>) -> Vec<u8> {
    let (mut first, mut filled) = (vec![0; Container::SHOWN], 0);
    while filled < first.len() {
        match stream.read(&mut first[filled..]) {
            0 => break,
            length => filled += length,
        }
    }
    first.truncate(filled);
    first
}

#[cfg(test)]
mod tests;
