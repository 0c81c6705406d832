//! The bits of a text that is too large to keep them: they would take half of its
//! size again. Only what one block hands to the next is kept, and a block is
//! classified once more whenever it is asked for.

use std::cell::Cell;

use super::{Block, Carry, WIDTH, Way};

/// A text and what is handed to each of its blocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LargeText<'a> {
    text: &'a [u8],
    carries: &'a [u8],
    /// The block that was asked for last: mostly it is asked for again.
    last: &'a Cell<Last>,
    way: Way,
}

/// A block and its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Last {
    number: usize,
    block: Block,
}

impl Last {
    /// No block.
    pub(super) const NONE: Last = Last { number: usize::MAX, block: Block { quotes: 0, opens: 0, closes: 0, odd: 0 } };
}

/// What a bit says of its byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Quotes,
    Opens,
    Closes,
    Odd,
}

impl Block {
    /// The bits of one kind.
    pub(super) fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Quotes => self.quotes,
            Kind::Opens => self.opens,
            Kind::Closes => self.closes,
            Kind::Odd => self.odd,
        }
    }
}

/// The 64 bytes from `start` on. Letters, which stand behind the end, mean nothing.
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
    pub(super) fn new(text: &'a [u8], carries: &'a [u8], last: &'a Cell<Last>, way: Way) -> LargeText<'a> {
        LargeText { text, carries, last, way }
    }

    /// How many blocks there are.
    pub(super) fn blocks(self) -> usize {
        self.carries.len()
    }

    /// The bits of a block.
    #[inline]
    pub(super) fn block(self, number: usize) -> Block {
        let last = self.last.get();
        if last.number == number {
            return last.block;
        }
        let mut carry = Carry::unpacked(self.carries[number]);
        let block = self.way.block(&mut carry, &chunk(self.text, number * WIDTH));
        self.last.set(Last { number, block });
        block
    }
}

impl Carry {
    #[inline]
    pub(super) fn packed(&self) -> u8 {
        u8::from(self.escaped) | u8::from(self.in_string != 0) << 1
    }

    #[inline]
    fn unpacked(packed: u8) -> Carry {
        let in_string = if packed & 2 == 0 { 0 } else { !0 };
        Carry { escaped: packed & 1 == 1, in_string, ..Carry::default() }
    }
}
