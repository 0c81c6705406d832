//! Compressed bytes that hold others: each layer is a reader over another, which
//! says as an error what is wrong with it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::container::Compression;
use super::gzip::{GzipPart, GzipStream};
use crate::error::Problem;

/// How much may be unpacked of one file: in proportion to its size, so that work ends
/// however often what is packed is packed again.
#[derive(Clone, Debug, Default)]
pub struct UnpackLimit(Arc<UnpackAmounts>);

#[derive(Debug, Default)]
struct UnpackAmounts {
    packed: AtomicU64,
    unpacked: AtomicU64,
}

impl UnpackLimit {
    /// More than gzip can make of a byte.
    const RATIO: u64 = 1100;
    /// What is always allowed.
    const FREE: u64 = 1 << 30;

    /// Notes so many bytes of the file itself.
    pub fn pack(&self, bytes: u64) {
        self.0.packed.fetch_add(bytes, Relaxed);
    }

    /// Notes so many bytes that were unpacked; fails if they are too many.
    pub fn unpack(&self, bytes: usize) -> io::Result<()> {
        let unpacked = self.0.unpacked.fetch_add(bytes as u64, Relaxed) + bytes as u64;
        let packed = self.0.packed.load(Relaxed);
        let limit = packed.saturating_mul(UnpackLimit::RATIO).saturating_add(UnpackLimit::FREE);
        if unpacked > limit { Err(Problem::UnpacksTooMuch.into_reading_error()) } else { Ok(()) }
    }
}

/// The bytes of a file itself.
pub struct PackedReader<R> {
    reader: R,
    limit: UnpackLimit,
}

impl<R: Read> PackedReader<R> {
    /// Counts the bytes of `reader`.
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

/// Unpacked bytes, as a part of what may be unpacked in all.
pub struct UnpackedReader<R> {
    reader: R,
    limit: UnpackLimit,
    /// What its errors mean.
    kind: Option<Compression>,
}

impl<R: Read> UnpackedReader<R> {
    /// Counts the bytes of `reader`, which says itself what its errors mean.
    pub fn new(reader: R, limit: UnpackLimit) -> UnpackedReader<R> {
        UnpackedReader { reader, limit, kind: None }
    }
}

impl<R: Read> Read for UnpackedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer).map_err(|error| match self.kind {
            Some(kind) => explained(error, kind),
            None => error,
        })?;
        self.limit.unpack(length)?;
        Ok(length)
    }
}

/// What an error of a decoder means.
fn explained(error: io::Error, kind: Compression) -> io::Error {
    let is_of_file = error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<Problem>());
    let name = kind.name();
    let problem = match error.kind() {
        _ if is_of_file => return error,
        io::ErrorKind::Interrupted => return error,
        io::ErrorKind::UnexpectedEof => Problem::PackedEndsEarly(name),
        io::ErrorKind::OutOfMemory => Problem::PackedTooLarge(name),
        _ if error.to_string().contains("memory") => Problem::PackedTooLarge(name),
        _ => Problem::PackedDamaged(name),
    };
    problem.into_reading_error()
}

impl Compression {
    /// So many bytes show how much memory is needed.
    pub const SHOWN: u64 = 18;

    /// How many bytes of memory it takes to read what begins so, if that is little.
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

    /// What is compressed in `reader`, in at most so many bytes of memory.
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
                // The next larger power of two: a window need not be one.
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

/// How large a window the first frame of a Zstandard stream has.
fn zstd_window(start: &[u8]) -> Option<u64> {
    const MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";
    const SINGLE_SEGMENT: u8 = 0x20;
    const SMALLEST: u32 = 10;
    let [descriptor, rest @ ..] = start.strip_prefix(MAGIC)? else { return None };
    if descriptor & SINGLE_SEGMENT == 0 {
        let window = rest.first()?;
        let base = 1_u64 << (SMALLEST + u32::from(window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // The window is the text, whose length follows the number of a dictionary.
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let bytes = rest.get(dictionary..dictionary + length)?;
    let number = bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some(number + if length == 2 { 256 } else { 0 })
}

/// What a gzip stream holds, up to where something is wrong with it.
pub struct GzipLayer<R> {
    first: io::Cursor<Vec<u8>>,
    stream: Option<GzipStream<R>>,
}

impl<R: Read> GzipLayer<R> {
    /// A stream of which something was read already.
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
        // Where something is missing, what follows is of no use.
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

    /// What `xz` makes of `hello\n`.
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
    fn each_layer_gives_its_text_or_says_what_is_wrong() {
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
    fn what_unpacks_to_far_more_than_it_is_ends() {
        let limit = UnpackLimit::default();
        limit.pack(10);
        assert!(limit.unpack(1 << 30).is_ok());
        assert!(limit.unpack(11_000).is_ok());
        assert_eq!(limit.unpack(1).unwrap_err().to_string(), Problem::UnpacksTooMuch.to_string());
    }
}
