//! Finds the strings and brackets of a JSON text: one pass over all bytes, 64 at a
//! time, that produces three bitmaps with a bit per byte.
//!
//! All JSON code here reads these bitmaps instead of the bytes: the end of a string is
//! the next quote bit, the end of an object is where the bracket bits balance. The pass
//! knows nothing about grammar; that is left to [`json`](super::json).

mod bits;
mod large;
mod simd;

use std::cell::Cell;

pub use self::bits::{Bitmap, balanced};
use self::large::{BitKind, LargeText, LastBlock};
pub use self::simd::{Dispatch, SimdLevel};

/// The bitmaps of a text. Reused from text to text for its memory.
#[derive(Debug)]
pub struct Structure {
    quotes: Vec<u8>,
    opens: Vec<u8>,
    closes: Vec<u8>,
    /// Bytes of each bitmap that belong to this text; the rest is left over from a
    /// longer one.
    length: usize,
    /// The carry into each block, stored instead of the bitmaps for a text of more than
    /// [`LARGE`] bytes.
    carries: Vec<u8>,
    /// The block of a large text that was classified last.
    last: Cell<LastBlock>,
    traits: TextTraits,
    simd: SimdLevel,
}

/// What all bytes of a text have in common.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextTraits {
    /// Whether no byte is above 127.
    pub is_ascii: bool,
    /// Whether every byte is above `\n`, so that none ends a line. This takes half the
    /// instructions of a search for line ends.
    pub is_one_line: bool,
}

/// Bitmaps of larger texts are not stored.
const LARGE: usize = 2 << 20;

/// The bitmaps of a text, one per class of bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StructuralBitmaps<'a> {
    /// Quotes that start or end a string.
    pub quotes: Bitmap<'a>,
    /// `{` and `[` outside strings.
    pub opens: Bitmap<'a>,
    /// `}` and `]` outside strings.
    pub closes: Bitmap<'a>,
}

impl Default for Structure {
    /// Uses the fastest instruction set of this machine.
    fn default() -> Structure {
        Structure::with(SimdLevel::fastest())
    }
}

impl Structure {
    /// Creates an empty structure that uses the given instruction set.
    pub fn with(simd: SimdLevel) -> Structure {
        let [quotes, opens, closes] = [const { Vec::new() }; 3];
        Structure {
            quotes,
            opens,
            closes,
            length: 0,
            carries: Vec::new(),
            last: Cell::new(LastBlock::NONE),
            traits: TextTraits { is_ascii: true, is_one_line: true },
            simd,
        }
    }

    /// Replaces the bitmaps with those of `text`, which must start outside a string.
    pub fn index(&mut self, text: &[u8]) {
        self.index_with(text, LARGE);
    }

    fn index_with(&mut self, text: &[u8], large: usize) {
        if text.len() > large {
            self.length = 0;
            self.last.set(LastBlock::NONE);
            self.carries.clear();
            self.carries.resize(text.len().div_ceil(WIDTH), 0);
            ((), self.traits) = self.simd.run_blocks(CarryPass { text, carries: &mut self.carries });
            return;
        }
        // Do not keep the memory of one large text for all later ones.
        self.carries = Vec::new();
        self.length = text.len().div_ceil(WIDTH) * 8;
        let whole = self.length + bits::MARGIN;
        for bits in [&mut self.quotes, &mut self.opens, &mut self.closes] {
            if bits.len() < whole {
                bits.resize(whole, 0);
            }
            bits[self.length..whole].fill(0);
        }
        let quotes = &mut self.quotes[..self.length];
        let opens = &mut self.opens[..self.length];
        let closes = &mut self.closes[..self.length];
        ((), self.traits) = self.simd.run_blocks(BitmapPass { text, quotes, opens, closes });
    }

    /// The bitmaps of `text`, which must be the text that was indexed.
    pub fn bitmaps_of<'a>(&'a self, text: &'a [u8]) -> StructuralBitmaps<'a> {
        if self.carries.is_empty() {
            return self.bitmaps();
        }
        let text = LargeText::new(text, &self.carries, &self.last, self.simd);
        let [quotes, opens, closes] =
            [BitKind::Quotes, BitKind::Opens, BitKind::Closes].map(|kind| Bitmap::large(text, kind));
        StructuralBitmaps { quotes, opens, closes }
    }

    /// The stored bitmaps: complete for a text of up to 2 MiB.
    pub fn bitmaps(&self) -> StructuralBitmaps<'_> {
        let whole = self.length + bits::MARGIN;
        let [quotes, opens, closes] =
            [&self.quotes, &self.opens, &self.closes].map(|bits| Bitmap::new(bits.get(..whole).unwrap_or(&[])));
        StructuralBitmaps { quotes, opens, closes }
    }

    /// What all bytes of the text have in common.
    pub fn traits(&self) -> TextTraits {
        self.traits
    }
}

/// Work on blocks of 64 bytes, compiled once per instruction set.
trait BlockWork {
    /// The result of the work.
    type Outcome;

    /// Does the work, given the functions that depend on the instruction set: one
    /// classifies bytes, the other replaces each bit with the parity of all bits up to and
    /// including it. Only code that is inlined into it is compiled for the instruction set,
    /// so implementations are `#[inline(always)]`.
    fn run(self, classify: impl FnMut(&[u8; WIDTH]) -> ByteClasses, prefix_xor: impl Fn(u64) -> u64) -> Self::Outcome;
}

/// Fills in the bitmaps of a text: eight bytes of each per 64 bytes of text.
struct BitmapPass<'a> {
    text: &'a [u8],
    quotes: &'a mut [u8],
    opens: &'a mut [u8],
    closes: &'a mut [u8],
}

impl BlockWork for BitmapPass<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self, mut classify: impl FnMut(&[u8; WIDTH]) -> ByteClasses, prefix_xor: impl Fn(u64) -> u64) {
        let mut carry = BlockCarry::default();
        let (chunks, last) = padded(self.text);
        let [quotes, opens, closes] = [self.quotes, self.opens, self.closes].map(|bits| bits.as_chunks_mut().0);
        for (chunks, from) in [(chunks, 0), (&[last], chunks.len())] {
            let slots = quotes[from..].iter_mut().zip(&mut opens[from..]).zip(&mut closes[from..]);
            for (chunk, ((quotes, opens), closes)) in chunks.iter().zip(slots) {
                let block = carry.block(classify(chunk), &prefix_xor);
                *quotes = block.quotes.to_le_bytes();
                *opens = block.opens.to_le_bytes();
                *closes = block.closes.to_le_bytes();
            }
        }
    }
}

/// Stores only the carry into each block of a text, and no bitmaps.
struct CarryPass<'a> {
    text: &'a [u8],
    carries: &'a mut [u8],
}

impl BlockWork for CarryPass<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self, mut classify: impl FnMut(&[u8; WIDTH]) -> ByteClasses, prefix_xor: impl Fn(u64) -> u64) {
        let mut carry = BlockCarry::default();
        let (chunks, last) = padded(self.text);
        for (chunk, packed) in chunks.iter().chain([&last]).zip(self.carries) {
            *packed = carry.packed();
            carry.block(classify(chunk), &prefix_xor);
        }
    }
}

/// Computes the bits of one block, given the carry from the one before.
struct OneBlock<'a> {
    carry: BlockCarry,
    chunk: &'a [u8; WIDTH],
}

impl BlockWork for OneBlock<'_> {
    type Outcome = TextBlock;

    #[inline(always)]
    fn run(
        mut self,
        mut classify: impl FnMut(&[u8; WIDTH]) -> ByteClasses,
        prefix_xor: impl Fn(u64) -> u64,
    ) -> TextBlock {
        self.carry.block(classify(self.chunk), prefix_xor)
    }
}

/// The blocks of a text, and the rest of it as a block that is padded with a letter, which
/// has no bits.
#[inline(always)]
fn padded(text: &[u8]) -> (&[[u8; WIDTH]], [u8; WIDTH]) {
    let (chunks, rest) = text.as_chunks();
    let mut last = [b'x'; WIDTH];
    last[..rest.len()].copy_from_slice(rest);
    (chunks, last)
}

/// The bits of 64 bytes of text, the first byte in the lowest bit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct TextBlock {
    quotes: u64,
    opens: u64,
    closes: u64,
}

const WIDTH: usize = 64;

/// The class of each byte, before strings are taken into account.
struct ByteClasses {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

/// State that one block passes to the next.
#[derive(Default)]
struct BlockCarry {
    /// The next byte is escaped by the backslash before it.
    escaped: bool,
    /// All ones inside a string, otherwise 0.
    in_string: u64,
}

impl BlockCarry {
    #[inline(always)]
    fn block(&mut self, classes: ByteClasses, prefix_xor: impl Fn(u64) -> u64) -> TextBlock {
        let quotes = classes.quotes & !self.escaped_bytes(classes.backslashes);
        let in_string = prefix_xor(quotes) ^ self.in_string;
        self.in_string = (in_string.cast_signed() >> 63).cast_unsigned();
        TextBlock { quotes, opens: classes.opens & !in_string, closes: classes.closes & !in_string }
    }

    /// The bytes that follow an odd number of backslashes.
    #[inline(always)]
    fn escaped_bytes(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return u64::from(std::mem::take(&mut self.escaped));
        }
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let carried = u64::from(self.escaped);
        let backslashes = backslashes & !carried;
        let follows = backslashes << 1 | carried;
        // Adding the start of a run to the run carries into the bit after it. For runs
        // that start on an odd bit this has the wrong parity, which `EVEN` corrects.
        let odd_starts = backslashes & !EVEN & !follows;
        let (ends, overflow) = odd_starts.overflowing_add(backslashes);
        self.escaped = overflow;
        (EVEN ^ (ends << 1)) & follows
    }
}

/// Does work with eight bytes at a time in a general-purpose register. Also returns what
/// all blocks have in common.
fn portable<W: BlockWork>(work: W) -> (W::Outcome, TextTraits) {
    let (mut any, mut low) = (0, 0);
    let outcome = work.run(|block| classify(block, &mut any, &mut low), prefix_xor);
    (outcome, TextTraits { is_ascii: any & repeat(0x80) == 0, is_one_line: low & repeat(0x80) == 0 })
}

/// Classifies 64 bytes. Collects the bits of all of them in `any`, and in the high bits of
/// `low` whether any byte is at most `\n`.
fn classify(block: &[u8; WIDTH], any: &mut u64, low: &mut u64) -> ByteClasses {
    let mut classes = ByteClasses { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
    let (words, _) = block.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        *any |= word;
        *low |= word.wrapping_sub(repeat(b'\n' + 1)) & !word;
        // `[` and `{` differ only in this bit, as do `]` and `}`.
        let folded = word | repeat(0x20);
        let shift = at * 8;
        classes.quotes |= equal(word, b'"') << shift;
        classes.backslashes |= equal(word, b'\\') << shift;
        classes.opens |= equal(folded, b'{') << shift;
        classes.closes |= equal(folded, b'}') << shift;
    }
    classes
}

/// Replaces each bit with the parity of all bits up to and including it.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// One bit for each byte of `word` that equals `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ repeat(byte);
    let low = (difference & repeat(0x7f)) + repeat(0x7f);
    gather(!(low | difference) & repeat(0x80))
}

/// Gathers the high bits of eight bytes into eight adjacent bits.
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reference implementation, one byte at a time.
    fn plain(text: &[u8]) -> [Vec<bool>; 3] {
        let [mut quotes, mut opens, mut closes] = [const { Vec::new() }; 3];
        let (mut in_string, mut escaped) = (false, false);
        for byte in text {
            let is_escaped = std::mem::take(&mut escaped);
            escaped = *byte == b'\\' && !is_escaped;
            let is_quote = *byte == b'"' && !is_escaped;
            in_string ^= is_quote;
            quotes.push(is_quote);
            opens.push(matches!(byte, b'{' | b'[') && !in_string);
            closes.push(matches!(byte, b'}' | b']') && !in_string);
        }
        [quotes, opens, closes]
    }

    /// Reads the same from a structure, including the bits after the end of the text.
    fn found(structure: &Structure, text: &[u8]) -> [Vec<bool>; 3] {
        let StructuralBitmaps { quotes, opens, closes } = structure.bitmaps_of(text);
        let length = text.len();
        let all = [quotes, opens, closes];
        assert!(all.iter().all(|bits| bits.next(length).is_none()), "something is behind the end");
        all.map(|bits| (0..length).map(|at| bits.is_set(at)).collect())
    }

    fn plain_balance(opens: &[bool], closes: &[bool], at: usize) -> Option<usize> {
        let mut depth = 0;
        for (at, (opens, closes)) in opens.iter().zip(closes).enumerate().skip(at) {
            depth += i32::from(*opens) - i32::from(*closes);
            if depth <= 0 {
                return (depth == 0 && *closes).then_some(at + 1);
            }
        }
        None
    }

    /// A structure for every instruction set of this machine.
    fn all() -> Vec<Structure> {
        SimdLevel::all().map(Structure::with).collect()
    }

    #[test]
    fn every_byte_alone_is_classified() {
        for (byte, mut structure) in
            (0..=255).flat_map(|byte| all().into_iter().map(move |structure| (byte, structure)))
        {
            structure.index(&[byte; 65]);
            assert_eq!(found(&structure, &[byte; 65]), plain(&[byte; 65]), "{byte:#x}");
            assert_eq!(structure.traits(), TextTraits { is_ascii: byte < 128, is_one_line: byte > b'\n' });
            structure.index(b"");
            assert_eq!(structure.traits(), TextTraits { is_ascii: true, is_one_line: true });
        }
    }

    #[test]
    fn a_shorter_text_overwrites_the_one_before() {
        for mut structure in all() {
            structure.index(&[b'{'; 1000]);
            structure.index(b"\xc3\xa4");
            assert_eq!(found(&structure, b"\xc3\xa4"), plain(b"\xc3\xa4"));
            assert!(!structure.traits().is_ascii);
            structure.index(b"");
            assert_eq!(found(&structure, b""), plain(b""));
            assert!(structure.traits().is_ascii);
        }
    }

    proptest! {
        #[test]
        fn bitmaps_equal_the_reference(text in proptest::collection::vec(
            prop_oneof![8 => proptest::sample::select(br#"\\""{}[]:, ax"#.to_vec()), 1 => any::<u8>()], 0..400,
        )) {
            let expected = plain(&text);
            let [quotes, opens, closes] = &expected;
            for (mut structure, large) in all().into_iter().map(|structure| (structure, LARGE)).chain([(Structure::default(), 0)]) {
                structure.index_with(&text, large);
                prop_assert_eq!(&found(&structure, &text), &expected);
                let bitmaps = structure.bitmaps_of(&text);
                for at in 0..text.len() {
                    let next = quotes.iter().skip(at).position(|is_quote| *is_quote).map(|length| at + length);
                    prop_assert_eq!(bitmaps.quotes.next(at), next, "{}", at);
                    prop_assert_eq!(balanced(bitmaps.opens, bitmaps.closes, at), plain_balance(opens, closes, at), "{}", at);
                }
            }
        }
    }
}
