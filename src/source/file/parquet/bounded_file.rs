//! A Parquet file whose pages and index are limited in size. The library reserves as much
//! memory as a file asks for.

use std::fs::File;
use std::io::{self, BufReader, Read, Take};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// The largest page, in MiB. This program writes none of half the size.
const MAX_PAGE: usize = 32;
/// The largest index at the end of any file, in MiB. Decoded, it takes many times as much memory.
const MAX_INDEX: usize = 4;
/// The largest index at the end of a large file, in MiB: that of half a billion events.
const MAX_INDEX_OF_LARGE_FILE: usize = 32;
/// The share of a large file that its index can have. In files of this program it has less.
const INDEX_SHARE: u64 = 256;
/// The bytes after the index: its length and the magic number.
const FOOTER: u64 = 8;

/// A file on disk.
pub(super) struct BoundedFile(File);

impl BoundedFile {
    pub(super) fn new(file: File) -> BoundedFile {
        BoundedFile(file)
    }
}

impl Length for BoundedFile {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for BoundedFile {
    type T = HeaderReader;

    fn get_read(&self, start: u64) -> Result<HeaderReader> {
        /// More than a header has, even with statistics.
        const MAX_HEADER: u64 = 1 << 20;
        let is_footer = start + FOOTER == self.len();
        let reader = self.0.get_read(start)?.take(MAX_HEADER);
        Ok(HeaderReader { reader, check: if is_footer { HeaderCheck::Done } else { HeaderCheck::Kind } })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let is_index = start.saturating_add(length as u64).saturating_add(FOOTER) == self.len();
        let limit = if is_index { largest_index(self.len()) } else { MAX_PAGE };
        if length > limit << 20 {
            let what = if is_index { "index" } else { "page" };
            return Err(ParquetError::General(too_large(what, limit)));
        }
        self.0.get_bytes(start, length)
    }
}

/// The largest index of a file of some bytes, in MiB.
fn largest_index(bytes: u64) -> usize {
    let share = usize::try_from((bytes / INDEX_SHARE) >> 20).unwrap_or(MAX_INDEX_OF_LARGE_FILE);
    share.clamp(MAX_INDEX, MAX_INDEX_OF_LARGE_FILE)
}

fn too_large(what: &str, limit: usize) -> String {
    format!("its {what} is larger than {limit} MiB")
}

/// Reads the header of a page, and fails if its page would be too large once decompressed.
///
/// A header begins with two numbers: the kind of the page and its decompressed size. Each has
/// a byte that says so, and seven bits in a byte.
pub(super) struct HeaderReader {
    reader: Take<BufReader<File>>,
    check: HeaderCheck,
}

/// What the next byte of a header belongs to.
enum HeaderCheck {
    /// The byte before the kind.
    Kind,
    /// The kind.
    KindNumber,
    /// The byte before the size.
    Size,
    /// The size, of which this much was read.
    SizeNumber { size: u64, shift: u32 },
    /// What follows is not checked.
    Done,
}

impl HeaderCheck {
    /// Takes the next byte of a header.
    fn byte(&mut self, byte: u8) -> io::Result<()> {
        /// The next field, a number of 32 bits.
        const NUMBER: u8 = 0x15;
        let is_last = byte & 0x80 == 0;
        *self = match *self {
            HeaderCheck::Kind if byte == NUMBER => HeaderCheck::KindNumber,
            HeaderCheck::KindNumber if is_last => HeaderCheck::Size,
            HeaderCheck::Size if byte == NUMBER => HeaderCheck::SizeNumber { size: 0, shift: 0 },
            HeaderCheck::SizeNumber { size, shift } if shift < u32::BITS => {
                let size = size | u64::from(byte & 0x7f) << shift;
                // The lowest bit is the sign.
                match is_last {
                    true if size >> 1 > (MAX_PAGE as u64) << 20 => {
                        return Err(io::Error::other(too_large("page", MAX_PAGE)));
                    }
                    true => HeaderCheck::Done,
                    false => HeaderCheck::SizeNumber { size, shift: shift + 7 },
                }
            }
            HeaderCheck::Done => HeaderCheck::Done,
            _ => return Err(io::Error::other("a page has an unusual header")),
        };
        Ok(())
    }
}

impl Read for HeaderReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        for byte in &buffer[..length] {
            if matches!(self.check, HeaderCheck::Done) {
                break;
            }
            self.check.byte(*byte)?;
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &[u8]) -> Result<(), String> {
        let mut check = HeaderCheck::Kind;
        header.iter().try_for_each(|byte| check.byte(*byte)).map_err(|error| error.to_string())
    }

    #[test]
    fn large_files_may_have_a_large_index() {
        for (gigabytes, expected) in [(0, 4), (1, 4), (3, 12), (8, 32), (1 << 20, 32)] {
            assert_eq!(largest_index(gigabytes << 30), expected, "{gigabytes}");
        }
    }

    #[test]
    fn headers_of_large_pages_are_refused() {
        assert_eq!(check(&[0x15, 0x00, 0x15, 0x80, 0x80, 0x80, 0x20, 0xff]), Ok(()), "32 MiB");
        let large = Err("its page is larger than 32 MiB".to_string());
        assert_eq!(check(&[0x15, 0x00, 0x15, 0x82, 0x80, 0x80, 0x20]), large);
        assert_eq!(check(&[0x15, 0x04, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f]), large);
        let unusual = Err("a page has an unusual header".to_string());
        assert_eq!(check(&[0x15, 0x00, 0x25, 0x00]), unusual);
        assert_eq!(check(&[0x15, 0x80, 0x15]), unusual);
        assert_eq!(check(&[0x15, 0x00, 0x15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]), unusual);
    }
}
