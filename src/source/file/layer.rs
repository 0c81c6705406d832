//! Decompression layers. Each layer is a reader over another one and returns an error if its
//! data is damaged.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::container::Compression;
use super::gzip::{GzipPart, GzipStream};
use crate::error::Problem;

/// Limits the number of bytes that one file may unpack to, in proportion to its size. This
/// bounds the work for compressed data of any nesting depth.
#[derive(Clone, Debug, Default)]
pub struct UnpackLimit(Arc<UnpackAmounts>);

#[derive(Debug, Default)]
struct UnpackAmounts {
    packed: AtomicU64,
    unpacked: AtomicU64,
}

impl UnpackLimit {
    /// Exceeds the highest compression ratio that gzip can reach.
    const RATIO: u64 = 1100;
    /// Bytes that are always allowed.
    const FREE: u64 = 1 << 30;

    /// Adds `bytes` to the size of the file itself.
    pub fn pack(&self, bytes: u64) {
        self.0.packed.fetch_add(bytes, Relaxed);
    }

    /// Adds `bytes` to the unpacked total. Returns an error if it exceeds the limit.
    pub fn unpack(&self, bytes: usize) -> io::Result<()> {
        let unpacked = self.0.unpacked.fetch_add(bytes as u64, Relaxed) + bytes as u64;
        let packed = self.0.packed.load(Relaxed);
        let limit = packed.saturating_mul(UnpackLimit::RATIO).saturating_add(UnpackLimit::FREE);
        if unpacked > limit { Err(Problem::UnpacksTooMuch.into_reading_error()) } else { Ok(()) }
    }
}

/// Counts the bytes of the file itself.
pub struct PackedReader<R> {
    reader: R,
    limit: UnpackLimit,
}

impl<R: Read> PackedReader<R> {
    /// Creates a reader that counts the bytes of `reader`.
    pub fn new(reader: R, limit: UnpackLimit) -> PackedReader<R> {
        PackedReader { reader, limit }
    }
}

impl<R: Read> Read for PackedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.limit.pack(length as u64);
        Ok(length)
    }
}

/// Counts unpacked bytes against the limit.
pub struct UnpackedReader<R> {
    reader: R,
    limit: UnpackLimit,
    /// Compression format, to explain errors; `None` if the inner reader already does so.
    kind: Option<Compression>,
}

impl<R: Read> UnpackedReader<R> {
    /// Creates a reader that counts the bytes of `reader`, whose errors are passed on
    /// unchanged.
    pub fn new(reader: R, limit: UnpackLimit) -> UnpackedReader<R> {
        UnpackedReader { reader, limit, kind: None }
    }
}

impl<R: Read> Read for UnpackedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer).map_err(|error| match self.kind {
            Some(kind) => explain_error(error, kind),
            None => error,
        })?;
        self.limit.unpack(length)?;
        Ok(length)
    }
}

/// Converts an error of a decompressor to a problem. Errors of the file itself are passed on.
fn explain_error(error: io::Error, kind: Compression) -> io::Error {
    let is_of_file = error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<Problem>());
    let name = kind.name();
    let problem = match error.kind() {
        _ if is_of_file => return error,
        io::ErrorKind::Interrupted => return error,
        io::ErrorKind::UnexpectedEof => Problem::PackedEndsEarly(name),
        io::ErrorKind::OutOfMemory => Problem::PackedTooLarge(name),
        // Some decoders report an exceeded memory limit only in their message.
        _ if error.to_string().contains("memory") => Problem::PackedTooLarge(name),
        _ => Problem::PackedDamaged(name),
    };
    problem.into_reading_error()
}

impl Compression {
    /// Number of leading bytes that [`memory`](Compression::memory) needs.
    pub const SHOWN: u64 = 18;

    /// Returns the memory, in bytes, that decompressing data with this start takes, or
    /// `usize::MAX` if that is large or unknown.
    pub fn memory(self, start: &[u8]) -> usize {
        const BZIP2: usize = 4 << 20;
        match self {
            Compression::Gzip => 1 << 17,
            Compression::Zstd => {
                zstd_window(start).and_then(|window| usize::try_from(window).ok()).unwrap_or(usize::MAX)
            }
            Compression::Bzip2 => BZIP2,
            Compression::Xz => usize::MAX,
        }
    }

    /// Returns a reader of the decompressed data, which uses at most `memory` bytes.
    pub fn unpacked<'r>(
        self,
        reader: impl Read + Send + 'r,
        memory: usize,
        limit: &UnpackLimit,
    ) -> io::Result<Box<dyn Read + Send + 'r>> {
        let limit = limit.clone();
        let kind = Some(self);
        Ok(match self {
            Compression::Gzip => {
                let reader = GzipLayer::new(Vec::new(), GzipStream::new(reader));
                Box::new(UnpackedReader { reader, limit, kind: None })
            }
            Compression::Zstd => {
                let mut reader = zstd::Decoder::new(reader)?;
                // The limit is a power of two, while a window can have any size: round up.
                reader.window_log_max((memory + 1).next_power_of_two().ilog2().clamp(20, 26))?;
                Box::new(UnpackedReader { reader, limit, kind })
            }
            Compression::Bzip2 => {
                Box::new(UnpackedReader { reader: bzip2::read::MultiBzDecoder::new(reader), limit, kind })
            }
            Compression::Xz => {
                let memory = u32::try_from(memory >> 10).unwrap_or(u32::MAX);
                let reader = lzma_rust2::XzReader::new_mem_limit(io::BufReader::new(reader), true, memory);
                Box::new(UnpackedReader { reader, limit, kind })
            }
        })
    }
}

/// Returns the window size of the first frame of a Zstandard stream, in bytes.
fn zstd_window(start: &[u8]) -> Option<u64> {
    const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
    const SINGLE_SEGMENT: u8 = 0x20;
    const MIN_WINDOW_LOG: u32 = 10;
    let [descriptor, rest @ ..] = start.strip_prefix(MAGIC)? else { return None };
    if descriptor & SINGLE_SEGMENT == 0 {
        let window = rest.first()?;
        let base = 1_u64 << (MIN_WINDOW_LOG + u32::from(window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // In a single segment the window is the whole text. Its length follows the dictionary id.
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let bytes = rest.get(dictionary..dictionary + length)?;
    let number = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some(number + if length == 2 { 256 } else { 0 })
}

/// Reads the text of a gzip stream up to the first damage.
pub struct GzipLayer<R> {
    first: io::Cursor<Vec<u8>>,
    stream: Option<GzipStream<R>>,
}

impl<R: Read> GzipLayer<R> {
    /// Creates a layer over a stream whose first bytes, `first`, were already read.
    pub fn new(first: Vec<u8>, stream: GzipStream<R>) -> GzipLayer<R> {
        GzipLayer { first: io::Cursor::new(first), stream: Some(stream) }
    }
}

impl<R: Read> Read for GzipLayer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let first = self.first.read(buffer)?;
        if first > 0 || buffer.is_empty() {
            return Ok(first);
        }
        let Some(stream) = &mut self.stream else { return Ok(0) };
        loop {
            match stream.read(buffer) {
                0 if stream.next_part() == Some(GzipPart::FurtherMembers) => {}
                0 => break,
                length => return Ok(length),
            }
        }
        // After a gap, the rest of an archive is unusable.
        let Some(stream) = self.stream.take() else { return Ok(0) };
        let problem = stream.into_parts().1.into_problems().into_iter().next();
        problem.map_or(Ok(0), |problem| Err(problem.into_reading_error()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use testkit::logs::gzip;

    use super::*;

    fn packed(kind: Compression, text: &[u8]) -> Vec<u8> {
        match kind {
            Compression::Gzip => gzip(text),
            Compression::Zstd => zstd::encode_all(text, 3).unwrap(),
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Xz => XZ.to_vec(),
        }
    }

    /// Output of `xz` for `hello
    /// `.
    const XZ: &[u8] = &[
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00,
        0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x00, 0x00, 0x00,
    ];

    fn read(kind: Compression, file: &[u8]) -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        let result =
            kind.unpacked(file, 64 << 20, &UnpackLimit::default()).and_then(|mut reader| reader.read_to_end(&mut text));
        result.map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_layer_returns_its_text_or_an_error() {
        for kind in [Compression::Gzip, Compression::Zstd, Compression::Bzip2] {
            let text = b"hello\n".repeat(1000);
            let file = packed(kind, &text);
            assert_eq!(read(kind, &file).unwrap(), text);
            assert_eq!(read(kind, &file.repeat(2)).unwrap(), text.repeat(2), "{kind:?}: twice");
            let cut = read(kind, &file[..file.len() - 3]).unwrap_err();
            assert!(cut.contains(kind.name()) && cut.contains("ends early"), "{kind:?}: {cut}");
            let mut wrong = file.clone();
            let place = wrong.len() / 2;
            wrong[place..].fill(0x55);
            let damaged = read(kind, &wrong).unwrap_err();
            assert!(damaged.contains(kind.name()), "{kind:?}: {damaged}");
        }
    }

    #[test]
    fn decompression_bombs_are_stopped() {
        let limit = UnpackLimit::default();
        limit.pack(10);
        assert!(limit.unpack(1 << 30).is_ok());
        assert!(limit.unpack(11_000).is_ok());
        assert_eq!(limit.unpack(1).unwrap_err().to_string(), Problem::UnpacksTooMuch.to_string());
    }
}
