//! From the bytes of a file to windows of its text, inflated where it is gzip.
//!
//! A small file is one window: read whole and inflated whole, into memory that
//! is used again for the next. A large one, or one of several gzip members,
//! streams through a window that grows only where one event is larger, up
//! to [`LARGEST`]. What is an archive, or compressed in another way, is given back.

mod start;
mod windows;

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use encoding_rs_io::DecodeReaderBytes;
use libdeflater::Decompressor;

use self::start::{FileStart, RemainingText, TextEndReason, read_some, read_up_to};
use self::windows::WindowReader;
use super::container::Container;
use super::gzip::{GzipPart, GzipStream, MAGIC, inflate_member, member_length};
use super::layer::GzipLayer;
use crate::error::Problem;
use crate::source::file::read_ahead::{ReadAheadPermits, ahead};

/// Reads one file after the other.
pub struct Inflater {
    /// Room for a file. It keeps its length, and is as little cleared for each
    /// file as `text` is: what the last one left is overwritten or not looked at.
    file: Vec<u8>,
    /// Room for inflated text.
    text: Vec<u8>,
    decompressor: Decompressor,
    limit: usize,
    /// What a window can grow to.
    largest: usize,
    /// Where a stream is inflated on a thread of its own.
    ahead: Arc<ReadAheadPermits>,
}

/// The largest window: many times what AWS allows an event to have, and little
/// enough for memory to stay bounded whatever a file holds.
pub const LARGEST: usize = 128 << 20;

/// A file whose text is taken whole has at most this part of the text's bytes:
/// logs are compressed to a tenth.
const COMPRESSED: usize = 4;

/// How a text in UTF-16 begins, which is what PowerShell writes by `>`.
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// How much of a window was read, or that there is no need to go on.
pub type Consumed = ControlFlow<(), usize>;

/// Looks at the text of a file.
pub trait TextVisitor {
    /// Sees a window, and whether there is no more behind it. What it has not taken it
    /// is shown again, with more behind it.
    fn window(&mut self, text: &[u8], is_last: bool) -> Consumed;
    /// All that comes from now on is of gzip members behind the first.
    fn further_members(&mut self) {}
    /// Something is missing between what was shown, as the last, and what comes.
    fn gap(&mut self) {}
}

impl<F: FnMut(&[u8], bool) -> Consumed> TextVisitor for F {
    fn window(&mut self, text: &[u8], is_last: bool) -> Consumed {
        self(text, is_last)
    }
}

/// What a file turned out to be.
pub enum FileContent<'f> {
    /// Text, all of which was shown.
    Text(TextEnd),
    /// Something that holds texts, of which nothing was shown.
    Container {
        /// Which.
        kind: Container,
        /// All its bytes.
        bytes: Box<dyn Read + Send + 'f>,
        /// Whether these are the file's own, not inflated ones.
        is_file: bool,
    },
}

impl<'f> FileContent<'f> {
    /// The kind of container, its bytes, and whether these are the file's own; how its
    /// reading ended if it is text.
    #[allow(clippy::type_complexity, reason = "said in words above")]
    pub fn into_packed(self) -> Result<(Container, Box<dyn Read + Send + 'f>, bool), TextEnd> {
        match self {
            FileContent::Text(ended) => Err(ended),
            FileContent::Container { kind, bytes, is_file } => Ok((kind, bytes, is_file)),
        }
    }
}

/// How the reading of a text ended.
#[derive(Debug, Default)]
pub struct TextEnd {
    /// What is wrong with the bytes.
    pub problems: Vec<Problem>,
    /// What was read behind the first gzip member.
    pub further: Option<FurtherMembers>,
}

/// What a gzip file holds behind its first member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FurtherMembers {
    /// How many members.
    pub members: u64,
    /// How much text they have.
    pub bytes: u64,
}

impl TextEnd {
    /// Whether nothing is wrong; an error if that cannot be told.
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
    /// An inflater that takes files whole while neither they nor their text
    /// have more than `limit` bytes.
    pub fn new(limit: usize) -> Inflater {
        Inflater::with_ahead(limit, Arc::default())
    }

    /// The same, but others are inflated on a thread of their own, ahead of
    /// whoever looks at them, where there is a place for it.
    pub fn with_ahead(limit: usize, ahead: Arc<ReadAheadPermits>) -> Inflater {
        let decompressor = Decompressor::new();
        Inflater { file: Vec::new(), text: Vec::new(), decompressor, limit, largest: LARGEST, ahead }
    }

    /// The same with windows that grow to `largest` bytes at most.
    pub fn with_largest(self, largest: usize) -> Inflater {
        Inflater { largest, ..self }
    }

    /// Reads `file` to its end and shows its text to `visitor`, window by window;
    /// where a window has to grow, it waits until `may_grow` says so.
    pub fn read<'f>(
        &mut self,
        file: &'f mut (dyn Read + Send),
        may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'f> {
        let content = self.read_on(file, may_grow, visitor);
        // What one large event needed is not kept for all others, and what large
        // files needed that are not compressed is not kept beside it.
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
            let bytes = Box::new(self.take_file(filled).chain(RemainingText { end, file }));
            return FileContent::Container { kind, bytes, is_file: true };
        }
        if matches!(end, Some(TextEndReason::Whole)) && !UTF_16.iter().any(|mark| start.starts_with(mark)) {
            let _ = visitor.window(start, true);
            return FileContent::Text(TextEnd::default());
        }
        let mut plain = start.chain(RemainingText { end, file });
        let mut converted;
        let reader: &mut dyn Read = if UTF_16.iter().any(|mark| start.starts_with(mark)) {
            converted = DecodeReaderBytes::new(plain);
            &mut converted
        } else {
            &mut plain
        };
        let read = |buffer: &mut [u8]| read_some(reader, buffer).map_err(Problem::of_reading);
        let windows = WindowReader::new(&mut self.text, self.limit, self.largest);
        FileContent::Text(TextEnd::with(windows.all(read, &mut may_grow, visitor)))
    }

    /// Reads a file that is gzip.
    fn gzip<'f>(
        &mut self,
        filled: usize,
        rest: RemainingText<'f>,
        mut may_grow: impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> FileContent<'f> {
        if matches!(rest.end, Some(TextEndReason::Whole))
            && let Some(length) = self.inflate_whole(filled)
        {
            let text = &self.text[..length];
            let Some(kind) = Container::of(text) else {
                let _ = visitor.window(text, true);
                return FileContent::Text(TextEnd::default());
            };
            let mut text = std::mem::take(&mut self.text);
            text.truncate(length);
            return FileContent::Container { kind, bytes: Box::new(Cursor::new(text)), is_file: false };
        }
        let mut stream = GzipStream::new(self.take_file(filled).chain(rest));
        let first = first_of(&mut stream);
        if let Some(kind) = Container::of(&first) {
            return FileContent::Container { kind, bytes: Box::new(GzipLayer::new(first, stream)), is_file: false };
        }
        let mut first = &first[..];
        let mut windows = WindowReader::new(&mut self.text, self.limit, self.largest);
        let mut ended = TextEnd::default();
        loop {
            let mut read = |buffer: &mut [u8]| match read_some(&mut first, buffer) {
                Ok(length) if length > 0 => length,
                _ => stream.read(buffer),
            };
            let shown = match self.ahead.take() {
                Some(_place) => ahead(read, |read| windows.part(|buffer| Ok(read(buffer)), &mut may_grow, visitor)),
                None => windows.part(|buffer| Ok(read(buffer)), &mut may_grow, visitor),
            };
            if let ControlFlow::Break(stopped) = shown {
                // Who had enough does not care how the file ends.
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

    /// What was read of a file, in memory of its own.
    fn take_file(&mut self, filled: usize) -> Cursor<Vec<u8>> {
        let mut file = std::mem::take(&mut self.file);
        file.truncate(filled);
        Cursor::new(file)
    }

    /// Inflates a file that is one gzip member at once, and gives the length
    /// of its text; None if it is anything else, or damaged.
    fn inflate_whole(&mut self, filled: usize) -> Option<usize> {
        let file = &self.file[..filled];
        let length = member_length(file).filter(|length| *length <= self.limit)?;
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        inflate_member(&mut self.decompressor, file, &mut self.text)
    }
}

/// As much of the text of a stream as shows whether it is an archive.
fn first_of<R: Read>(stream: &mut GzipStream<R>) -> Vec<u8> {
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
