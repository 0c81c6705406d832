//! Text deflated in pieces that are joined to one stream.

use std::io;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

/// A piece of a deflated stream. It begins and ends between two bytes and refers to no other
/// piece.
#[derive(Debug, Default)]
pub(super) struct DeflatedText {
    pub(super) bytes: Vec<u8>,
    /// Checksum of the text.
    pub(super) crc: Hasher,
    /// Size of the text in bytes.
    pub(super) size: u64,
}

/// Deflates pieces of text.
#[derive(Debug)]
pub(super) struct Deflater(Compress);

impl Deflater {
    /// Sheets are full of repetitions, so higher levels take much more time to save little space.
    const LEVEL: u32 = 2;

    pub(super) fn new() -> Deflater {
        Deflater(Compress::new(Compression::new(Deflater::LEVEL), false))
    }

    /// Deflates `text` into `piece`, whose content is lost. The last piece ends the stream.
    pub(super) fn deflate(&mut self, text: &[u8], is_last: bool, piece: &mut DeflatedText) -> io::Result<()> {
        self.0.reset();
        piece.crc.reset();
        piece.crc.update(text);
        piece.size = text.len() as u64;
        piece.bytes.clear();
        let flush = if is_last { FlushCompress::Finish } else { FlushCompress::Sync };
        loop {
            piece.bytes.reserve(text.len() / 8 + MARGIN);
            let rest = &text[self.0.total_in() as usize..];
            self.0.compress_vec(rest, &mut piece.bytes, flush)?;
            // Free space at the end means that nothing is left to write.
            if piece.bytes.len() < piece.bytes.capacity() {
                return Ok(());
            }
        }
    }
}

/// More than the bytes that end a piece.
const MARGIN: usize = 64;
