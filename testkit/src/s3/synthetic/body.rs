//! A CloudTrail object of an exact length.

use bytes::Bytes;
use flate2::Crc;

const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// The most bytes in a stored block of deflate. Its header has `BLOCK_HEADER` bytes.
const BLOCK: usize = 0xffff;
const BLOCK_HEADER: usize = 5;

/// A gzip member of exactly `size` bytes. `record` makes the event with a number, lengthened by the
/// second argument. Otherwise, all events have the same length.
pub(super) fn of(size: usize, record: impl Fn(usize, usize) -> String) -> Bytes {
    let framed = size - HEADER.len() - 8;
    let length = framed - BLOCK_HEADER * framed.div_ceil(BLOCK + BLOCK_HEADER);
    gzip(&document(length, record)).into()
}

/// As many records as fit. The last one fills the remaining bytes.
fn document(length: usize, record: impl Fn(usize, usize) -> String) -> String {
    let frame = "{\"Records\":[]}".len();
    let each = record(0, 0).len() + ",".len();
    let count = ((length - frame + 1) / each).max(1);
    let spare = length - frame + 1 - count * each;
    let records: Vec<_> = (1..count).map(|event| record(event, 0)).chain([record(count, spare)]).collect();
    format!("{{\"Records\":[{}]}}", records.join(","))
}

/// Nothing is compressed: the length must be known without making the text, and a server that shares the machine
/// with its client should not spend the time.
fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = Vec::with_capacity(text.len() + text.len() / 1024 + 32);
    gzip.extend_from_slice(&HEADER);
    let mut blocks = text.as_bytes().chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        gzip.push(u8::from(blocks.peek().is_none()));
        gzip.extend_from_slice(&length.to_le_bytes());
        gzip.extend_from_slice(&(!length).to_le_bytes());
        gzip.extend_from_slice(block);
    }
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    gzip.extend_from_slice(&crc.sum().to_le_bytes());
    gzip.extend_from_slice(&crc.amount().to_le_bytes());
    gzip
}
