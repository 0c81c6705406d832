//! The blocks of a part file.
//!
//! ```text
//! kind 1 │ length of the content 4 │ stored bytes 4 │ checksum 8 │ the stored bytes
//! ```
//!
//! Numbers are little-endian. The checksum is the start of the SHA-256 of all else.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// The first bytes of every part file.
pub(super) const MAGIC: &[u8] = b"trail2tsv part\n";

/// Length of what comes before the stored bytes.
const HEAD: usize = 17;
/// Bytes before the checksum.
const LENGTHS: usize = 9;
/// The most bytes that a block stores.
const MAX_BYTES: usize = 16 << 20;

/// What a block contains.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BlockKind {
    Header = b'H' as isize,
    Section = b'S' as isize,
    Data = b'D' as isize,
    End = b'E' as isize,
}

impl BlockKind {
    fn of(byte: u8) -> Option<BlockKind> {
        [BlockKind::Header, BlockKind::Section, BlockKind::Data, BlockKind::End]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A block as it was read.
#[derive(Debug)]
pub(super) struct StoredBlock {
    pub(super) kind: BlockKind,
    /// Length of its content.
    pub(super) length: usize,
    pub(super) bytes: Vec<u8>,
}

/// Appends a block to `out`.
pub(super) fn write(kind: BlockKind, length: usize, bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(kind as u8);
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    let sum = checksum(&out[start..], bytes);
    out.extend_from_slice(&sum);
    out.extend_from_slice(bytes);
}

/// The head of a block, which has the checksum of all its bytes.
pub(super) fn head(block: &[u8]) -> &[u8] {
    &block[..block.len().min(HEAD)]
}

/// Reads the next block, and adds its head to `hash` unless it is the end. Returns what is
/// wrong with it.
pub(super) fn read(from: &mut impl Read, hash: &mut Sha256) -> Result<StoredBlock, String> {
    let mut head = [0; HEAD];
    fill(from, &mut head)?;
    let number = |at: usize| head[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
    let (length, stored) = (number(1), number(5));
    let kind = BlockKind::of(head[0]).filter(|_| length <= MAX_BYTES && stored <= MAX_BYTES).ok_or_else(damaged)?;
    let mut bytes = vec![0; stored];
    fill(from, &mut bytes)?;
    if checksum(&head[..LENGTHS], &bytes) != head[LENGTHS..] {
        return Err(damaged());
    }
    if kind != BlockKind::End {
        hash.update(head);
    }
    Ok(StoredBlock { kind, length, bytes })
}

/// What is wrong with a file whose bytes are not those that were written.
pub(super) fn damaged() -> String {
    "is damaged: a checksum does not match; make this part again".into()
}

fn fill(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), String> {
    from.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "is cut short; make this part again".into(),
        _ => format!("cannot be read: {}", crate::error::io_message(&error)),
    })
}

fn checksum(head: &[u8], bytes: &[u8]) -> [u8; HEAD - LENGTHS] {
    let mut hash = Sha256::new();
    hash.update(head);
    hash.update(bytes);
    let mut sum = [0; HEAD - LENGTHS];
    sum.copy_from_slice(&hash.finalize()[..HEAD - LENGTHS]);
    sum
}
