//! The bitmaps of a text too large to store them: they would take half as much memory
//! as the text. Only the carry into each block is stored, and a block is classified
//! again whenever its bits are read.

use std::cell::Cell;

use super::{BlockCarry, OneBlock, SimdLevel, TextBlock, WIDTH};

/// A text and the carry into each of its blocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LargeText<'a> {
    text: &'a [u8],
    carries: &'a [u8],
    /// The block read last, which is usually the next one read too.
    last: &'a Cell<LastBlock>,
    simd: SimdLevel,
}

/// A block and its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LastBlock {
    number: usize,
    block: TextBlock,
}

impl LastBlock {
    /// Matches no block.
    pub(super) const NONE: LastBlock =
        LastBlock { number: usize::MAX, block: TextBlock { quotes: 0, opens: 0, closes: 0 } };
}

/// The bitmap that a bit belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BitKind {
    Quotes,
    Opens,
    Closes,
}

impl TextBlock {
    /// The bits of one bitmap.
    pub(super) fn of(&self, kind: BitKind) -> u64 {
        match kind {
            BitKind::Quotes => self.quotes,
            BitKind::Opens => self.opens,
            BitKind::Closes => self.closes,
        }
    }
}

/// The 64 bytes from `start` on, padded with a letter, which has no bits.
#[inline]
fn chunk(text: &[u8], start: usize) -> [u8; WIDTH] {
    if let Some(whole) = text[start..].first_chunk() {
        return *whole;
    }
    let mut chunk = [b'x'; WIDTH];
    let bytes = &text[start..text.len().min(start + WIDTH)];
    chunk[..bytes.len()].copy_from_slice(bytes);
    chunk
}

impl<'a> LargeText<'a> {
    pub(super) fn new(text: &'a [u8], carries: &'a [u8], last: &'a Cell<LastBlock>, simd: SimdLevel) -> LargeText<'a> {
        LargeText { text, carries, last, simd }
    }

    /// Number of blocks.
    pub(super) fn blocks(self) -> usize {
        self.carries.len()
    }

    /// The bits of a block.
    #[inline]
    pub(super) fn block(self, number: usize) -> TextBlock {
        let last = self.last.get();
        if last.number == number {
            return last.block;
        }
        let carry = BlockCarry::unpacked(self.carries[number]);
        let (block, _) = self.simd.run_blocks(OneBlock { carry, chunk: &chunk(self.text, number * WIDTH) });
        self.last.set(LastBlock { number, block });
        block
    }
}

impl BlockCarry {
    #[inline]
    pub(super) fn packed(&self) -> u8 {
        u8::from(self.escaped) | u8::from(self.in_string != 0) << 1
    }

    #[inline]
    fn unpacked(packed: u8) -> BlockCarry {
        let in_string = if packed & 2 == 0 { 0 } else { !0 };
        BlockCarry { escaped: packed & 1 == 1, in_string }
    }
}
