//! Reads zip archives by the central directory at their end. Memory holds one directory entry
//! at a time.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;

use libdeflater::Crc;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipEntry};

use super::MemberVisitor;
use crate::error::Problem;
use crate::source::file::layer::{UnpackLimit, UnpackedReader};

const NAME: &str = "zip";

/// Passes the members of a zip archive to `visitor`.
pub fn read_zip(file: File, limit: &UnpackLimit, visitor: &mut dyn MemberVisitor) {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = match ZipArchive::from_file(file, &mut buffer) {
        Ok(archive) => archive,
        // A truncated archive lacks the central directory, which is at its end.
        Err(error) => return visitor.problem(None, directory_problem(&error, Problem::PackedEndsEarly(NAME))),
    };
    let mut entries = archive.entries(&mut buffer);
    let mut packed = 0_u64;
    loop {
        let entry = match entries.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => return,
            Err(error) => return visitor.problem(None, directory_problem(&error, Problem::PackedDamaged(NAME))),
        };
        let path = entry.file_path();
        let name = String::from_utf8_lossy(path.as_ref()).into_owned();
        match EntryKind::of(entry.mode().value(), entry.is_dir()) {
            EntryKind::File => {}
            EntryKind::Link => {
                visitor.other(true);
                continue;
            }
            EntryKind::Other => continue,
        }
        packed = packed.saturating_add(entry.compressed_size_hint());
        // Members that add up to more than the file share their data: a zip bomb.
        if packed > size {
            return visitor.problem(None, Problem::MembersOverlap);
        }
        match visitor.wants(&name) {
            ControlFlow::Continue(true) => {}
            ControlFlow::Continue(false) => continue,
            ControlFlow::Break(()) => return,
        }
        if entry.flags().is_encrypted() {
            visitor.problem(Some(&name), Problem::Encrypted);
            continue;
        }
        let (method, crc, size) = (entry.compression_method(), entry.crc32(), entry.uncompressed_size_hint());
        let flow = match archive.get_entry(entry.wayfinder()) {
            Ok(entry) => member(&entry, method, (crc, size), &name, limit, visitor),
            Err(error) => {
                visitor.problem(Some(&name), directory_problem(&error, Problem::PackedDamaged(NAME)));
                ControlFlow::Continue(())
            }
        };
        if flow.is_break() {
            return;
        }
    }
}

/// What an entry of an archive is.
enum EntryKind {
    File,
    /// Its data is the path of its target, not a log.
    Link,
    /// A folder or a special file.
    Other,
}

impl EntryKind {
    /// The kind of an entry, by its Unix mode, which is 0 in archives of other systems.
    fn of(mode: u32, is_folder: bool) -> EntryKind {
        const KIND: u32 = 0o170_000;
        const LINK: u32 = 0o120_000;
        const REGULAR: u32 = 0o100_000;
        match mode & KIND {
            _ if is_folder => EntryKind::Other,
            REGULAR | 0 => EntryKind::File,
            LINK => EntryKind::Link,
            _ => EntryKind::Other,
        }
    }
}

/// Passes one member to `visitor`.
fn member(
    entry: &ZipEntry<'_, FileReader>,
    method: CompressionMethod,
    (crc, size): (u32, u64),
    name: &str,
    limit: &UnpackLimit,
    visitor: &mut dyn MemberVisitor,
) -> ControlFlow<()> {
    let bytes: Box<dyn Read + Send + '_> = match method {
        CompressionMethod::STORE => Box::new(entry.reader()),
        CompressionMethod::DEFLATE => Box::new(flate2::read::DeflateDecoder::new(entry.reader())),
        CompressionMethod::DEFLATE64 => Box::new(deflate64::Deflate64Decoder::new(entry.reader())),
        other => {
            let method = format!("{other:?}");
            let method = method.rsplit("::").next().unwrap_or_default();
            visitor.problem(Some(name), Problem::UnsupportedMethod(format!("by {method}")));
            return ControlFlow::Continue(());
        }
    };
    let checked = ZipMember { bytes, crc: Crc::new(), length: 0, expected: (crc, size) };
    visitor.file(name, &mut UnpackedReader::new(checked, limit.clone()))
}

/// The data of one member, verified against its checksum at the end.
struct ZipMember<R> {
    bytes: R,
    crc: Crc,
    length: u64,
    /// Expected checksum and length.
    expected: (u32, u64),
}

impl<R: Read> Read for ZipMember<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.bytes.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => explain_error(error, Problem::PackedEndsEarly(NAME)).into_reading_error(),
            _ => explain_error(error, Problem::PackedDamaged(NAME)).into_reading_error(),
        })?;
        self.crc.update(&buffer[..length]);
        self.length += length as u64;
        let is_over = length == 0 && !buffer.is_empty();
        if is_over && (self.crc.sum(), self.length) != self.expected {
            return Err(Problem::PackedDamaged(NAME).into_reading_error());
        }
        Ok(length)
    }
}

/// Converts an error in the directory entries to a problem.
fn directory_problem(error: &rawzip::Error, problem: Problem) -> Problem {
    match error.kind() {
        rawzip::ErrorKind::IO(error) => match error.raw_os_error() {
            Some(code) => Problem::Unreadable(io::Error::from_raw_os_error(code)),
            None => problem,
        },
        _ => problem,
    }
}

/// Keeps an I/O error of the file itself; any other error becomes `problem`.
fn explain_error(error: io::Error, problem: Problem) -> Problem {
    if error.raw_os_error().is_some() { Problem::Unreadable(error) } else { problem }
}
