//! Reads a file of CloudTrail: the text of its first gzip member, and what follows it.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::cloudtrail::digest::hash::Sha256Hash;
use crate::error::{Problem, io_message};
use crate::source::file::inflate::{Consumed, FileContent, Inflater, TextEnd, TextVisitor};
use crate::source::s3::mirror_root::MirrorRoot;

/// Receives the text of the first member.
pub(super) trait TextSink {
    /// Takes the next piece. A break ends the reading.
    fn piece(&mut self, text: &[u8]) -> ControlFlow<()>;
}

/// What was found in a file.
#[derive(Debug)]
pub(super) struct ReadFile {
    /// What is wrong with the first member; `None` if it is whole.
    pub(super) damage: Option<String>,
    /// What follows the first member.
    pub(super) extra: Option<String>,
    /// The hash of all bytes of the file.
    pub(super) file_hash: Sha256Hash,
}

/// Inflaters, which keep their memory for the next file.
pub(super) struct FileReaders {
    idle: Mutex<Vec<Inflater>>,
    /// Bytes of text that an inflater holds at once.
    window: usize,
}

impl FileReaders {
    /// Creates readers for this number of threads.
    pub(super) fn new(threads: usize) -> FileReaders {
        /// For all threads.
        const TEXT: usize = 64 << 20;
        FileReaders { idle: Mutex::default(), window: (TEXT / threads.max(1)).clamp(1 << 20, 8 << 20) }
    }

    /// Reads a file of a mirror to its end, and passes the text of its first member to `sink`.
    pub(super) fn read(&self, root: &MirrorRoot, path: &str, sink: &mut impl TextSink) -> io::Result<ReadFile> {
        let (file, length) = root.file(Path::new(path))?;
        let mut reader = HashingReader { reader: file.take(length), hash: Sha256::new() };
        let mut inflater = self.idle().pop().unwrap_or_else(|| Inflater::new(self.window));
        let mut first = FirstMember { sink, is_first: true, is_whole: false, is_stopped: false };
        let end = match inflater.read(&mut reader, || true, &mut first) {
            FileContent::Text(end) => Ok(end),
            FileContent::Container { kind, .. } => Err(format!("{kind:?} instead of a log")),
        };
        self.idle().push(inflater);
        let (is_whole, is_stopped) = (first.is_whole, first.is_stopped);
        io::copy(&mut reader, &mut io::sink())?;
        let file_hash = Sha256Hash(reader.hash.finalize().into());
        let (damage, extra) = match end {
            Ok(_) if is_stopped => (None, None),
            Ok(end) => conclude(end, is_whole)?,
            Err(kind) => (Some(kind), None),
        };
        Ok(ReadFile { damage, extra, file_hash })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Inflater>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what is wrong with the first member, and what follows it. `is_whole` says that another
/// member follows it at once.
fn conclude(end: TextEnd, is_whole: bool) -> io::Result<(Option<String>, Option<String>)> {
    let (mut damage, mut extra) = (None, None);
    let note = |place: &mut Option<String>, text: String| _ = place.get_or_insert(text);
    if let Some(further) = end.further {
        let (members, bytes) = (counted(further.members, "further gzip member"), counted(further.bytes, "byte"));
        note(&mut extra, format!("{members} with {bytes} of text"));
    }
    for problem in end.problems {
        match problem {
            Problem::Unreadable(error) => return Err(error),
            Problem::GzipTrailer { bytes } => note(&mut extra, counted(bytes, "byte")),
            // Damage after the first member is in bytes that should not be there.
            Problem::GzipChecksum { first, .. } if first > 1 => {}
            Problem::GzipBetween { .. } => {}
            Problem::GzipChecksum { .. } => note(&mut damage, problem.to_string()),
            other if is_whole => note(&mut extra, other.to_string()),
            other => note(&mut damage, other.to_string()),
        }
    }
    Ok((damage, extra))
}

fn counted(number: u64, noun: &str) -> String {
    crate::report::count(number, noun)
}

/// Passes on the text of the first member only.
struct FirstMember<'s, S> {
    sink: &'s mut S,
    is_first: bool,
    /// Whether another member follows it at once.
    is_whole: bool,
    is_stopped: bool,
}

impl<S: TextSink> TextVisitor for FirstMember<'_, S> {
    fn window(&mut self, text: &[u8], _: bool) -> Consumed {
        if self.is_first && self.sink.piece(text).is_break() {
            self.is_stopped = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(text.len())
    }

    fn further_members(&mut self) {
        (self.is_first, self.is_whole) = (false, true);
    }

    fn gap(&mut self) {
        self.is_first = false;
    }
}

/// Hashes what is read.
struct HashingReader<R> {
    reader: R,
    hash: Sha256,
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}

/// Hashes a text.
#[derive(Default)]
pub(super) struct TextHash(Sha256);

impl TextHash {
    pub(super) fn finish(self) -> Sha256Hash {
        Sha256Hash(self.0.finalize().into())
    }
}

impl TextSink for TextHash {
    fn piece(&mut self, text: &[u8]) -> ControlFlow<()> {
        self.0.update(text);
        ControlFlow::Continue(())
    }
}

/// The reason why a file cannot be opened or read, without numbers of the system.
pub(super) fn reason(error: &io::Error) -> String {
    io_message(error)
}
