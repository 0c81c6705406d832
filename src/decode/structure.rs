//! Where the strings and brackets of a JSON text are: one pass over all bytes,
//! 64 at a time, that leaves four bits for each byte.
//!
//! Everything that reads JSON here asks these bits instead of looking at every
//! byte again: the end of a string is the next quote bit, the end of an object
//! is where the bracket bits balance. The pass knows nothing of grammar; that
//! is left to [`json`](super::json).

mod simd;

/// The bits of 64 bytes of text, the first byte in the lowest bit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Block {
    /// Quotes that begin or end a string.
    pub quotes: u64,
    /// `{` and `[` outside strings.
    pub opens: u64,
    /// `}` and `]` outside strings.
    pub closes: u64,
    /// Bytes that cannot be copied into a cell without a look: control
    /// characters, backslashes, and what is not ASCII.
    pub odd: u64,
}

/// The bits of a whole text. Kept from text to text for its memory.
#[derive(Debug)]
pub struct Structure {
    /// Longer than the text needs where a text before it needed more.
    blocks: Vec<Block>,
    /// How many blocks are of this text.
    length: usize,
    seen: Seen,
    way: Way,
}

/// What a pass has seen of a whole text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Seen {
    is_ascii: bool,
    /// There are no spaces between the parts of values.
    is_dense: bool,
}

/// One way to do the work, for the machines that can.
#[derive(Clone, Copy, Debug)]
struct Way {
    pass: Pass,
    balance: Balance,
}

/// Fills in a block for each 64 bytes of a text, the last of which may be
/// incomplete.
type Pass = fn(&[u8], &mut [Block]) -> Seen;

/// Finds the place behind the bracket that closes the one at a place.
type Balance = fn(&[Block], usize) -> Option<usize>;

const PORTABLE: Way = Way { pass: portable, balance };

impl Default for Structure {
    /// A structure that is found in the fastest way that this machine knows.
    fn default() -> Structure {
        Structure::with(simd::fastest().unwrap_or(PORTABLE))
    }
}

impl Structure {
    /// A structure that is found without instructions that not every machine
    /// has: slower, and the measure of the fast ways.
    pub fn portable() -> Structure {
        Structure::with(PORTABLE)
    }

    fn with(way: Way) -> Structure {
        Structure { blocks: Vec::new(), length: 0, seen: Seen { is_ascii: true, is_dense: true }, way }
    }

    /// Replaces the bits by those of `text`, which must begin outside a string.
    pub fn index(&mut self, text: &[u8]) {
        const KEPT: usize = (16 << 20) / WIDTH;
        self.length = text.len().div_ceil(WIDTH);
        if self.blocks.len() > KEPT && self.length < KEPT {
            // What one large text needed is not kept for all others.
            self.blocks = Vec::new();
        }
        if self.blocks.len() < self.length {
            self.blocks.resize(self.length, Block::default());
        }
        self.seen = (self.way.pass)(text, &mut self.blocks[..self.length]);
    }

    /// A block for each 64 bytes of the text.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks[..self.length]
    }

    /// Whether the text has no byte above 127.
    pub fn is_ascii(&self) -> bool {
        self.seen.is_ascii
    }

    /// Whether there is no space between the parts of a value.
    pub fn is_dense(&self) -> bool {
        self.seen.is_dense
    }

    /// The place behind the bracket that closes the one at `at`; nothing where
    /// the text ends first, or where no bracket opens.
    pub fn balanced(&self, at: usize) -> Option<usize> {
        (self.way.balance)(self.blocks(), at)
    }
}

/// [`Structure::balanced`], inlined so that it is compiled for the
/// instructions that its caller may use.
#[inline(always)]
fn balance(blocks: &[Block], at: usize) -> Option<usize> {
    let first = at / WIDTH;
    let opening = blocks.get(first)?.opens >> (at % WIDTH);
    if opening & 1 == 0 {
        return None;
    }
    let (mut depth, mut inside) = (0, !0 << (at % WIDTH));
    for (number, block) in blocks.iter().enumerate().skip(first) {
        let (opens, mut closes) = (block.opens & inside, block.closes & inside);
        inside = !0;
        let (opened, closed) = (opens.count_ones(), closes.count_ones());
        // Most blocks close fewer brackets than are open: no need to look where.
        if closed >= depth {
            for closed in 1..=closed {
                let place = closes.trailing_zeros();
                if depth + (opens & ((1 << place) - 1)).count_ones() == closed {
                    return Some(number * WIDTH + place as usize + 1);
                }
                closes &= closes - 1;
            }
        }
        depth = depth + opened - closed;
    }
    None
}

fn portable(text: &[u8], blocks: &mut [Block]) -> Seen {
    pass(text, blocks, classify, prefix_xor)
}

/// One pass over `text`, given how 64 bytes are classified and how parities
/// are summed up. Inlined, so that it is compiled for the instructions that
/// its caller may use.
#[inline(always)]
fn pass(
    text: &[u8],
    blocks: &mut [Block],
    classify: impl Fn(&[u8; WIDTH]) -> Classes,
    prefix_xor: impl Fn(u64) -> u64,
) -> Seen {
    let mut carry = Carry::default();
    let (chunks, rest) = text.as_chunks::<WIDTH>();
    for (chunk, block) in chunks.iter().zip(blocks.iter_mut()) {
        *block = carry.block(classify(chunk), &prefix_xor);
    }
    if let (Some(block), false) = (blocks.last_mut(), rest.is_empty()) {
        // Letters mean nothing to the pass.
        let mut last = [b'x'; WIDTH];
        last[..rest.len()].copy_from_slice(rest);
        *block = carry.block(classify(&last), &prefix_xor);
    }
    Seen { is_ascii: carry.high == 0, is_dense: carry.spaces == 0 }
}

const WIDTH: usize = 64;

/// What each byte is, before it is known which of them are inside strings.
struct Classes {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
    spaces: u64,
    /// Control characters and bytes above 127.
    unprintable: u64,
    /// Bytes above 127.
    high: u64,
}

/// What one block hands to the next.
#[derive(Default)]
struct Carry {
    /// The next byte is escaped by a backslash before it.
    escaped: bool,
    /// All ones while inside a string.
    in_string: u64,
    /// Not zero once a byte above 127 was seen.
    high: u64,
    /// Not zero once a space outside strings was seen.
    spaces: u64,
}

impl Carry {
    #[inline(always)]
    fn block(&mut self, classes: Classes, prefix_xor: impl Fn(u64) -> u64) -> Block {
        let quotes = classes.quotes & !self.escaped_bytes(classes.backslashes);
        let in_string = prefix_xor(quotes) ^ self.in_string;
        self.in_string = (in_string.cast_signed() >> 63).cast_unsigned();
        self.high |= classes.high;
        self.spaces |= classes.spaces & !in_string;
        Block {
            quotes,
            opens: classes.opens & !in_string,
            closes: classes.closes & !in_string,
            odd: classes.unprintable | classes.backslashes,
        }
    }

    /// The bytes that follow an odd run of backslashes.
    #[inline(always)]
    fn escaped_bytes(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            return u64::from(std::mem::take(&mut self.escaped));
        }
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let carried = u64::from(self.escaped);
        let backslashes = backslashes & !carried;
        let follows = backslashes << 1 | carried;
        // Adding a run's start to the run carries to the bit behind it: on the
        // "wrong" parity for runs that begin on an odd bit, which `EVEN` mends.
        let odd_starts = backslashes & !EVEN & !follows;
        let (ends, overflow) = odd_starts.overflowing_add(backslashes);
        self.escaped = overflow;
        (EVEN ^ (ends << 1)) & follows
    }
}

/// Each bit becomes the parity of the bits up to and including itself.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// Classifies 64 bytes, eight at a time in an ordinary register.
fn classify(chunk: &[u8; WIDTH]) -> Classes {
    let mut classes = Classes { quotes: 0, backslashes: 0, opens: 0, closes: 0, spaces: 0, unprintable: 0, high: 0 };
    let (words, _) = chunk.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // `[` and `{`, and `]` and `}`, differ in this one bit only.
        let folded = word | repeat(0x20);
        let shift = at * 8;
        classes.quotes |= equal(word, b'"') << shift;
        classes.backslashes |= equal(word, b'\\') << shift;
        classes.opens |= equal(folded, b'{') << shift;
        classes.closes |= equal(folded, b'}') << shift;
        let high = gather(word & repeat(0x80));
        classes.spaces |= equal(word, b' ') << shift;
        classes.unprintable |= (control(word) | high) << shift;
        classes.high |= high << shift;
    }
    classes
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

/// One bit for each byte of `word` that is an ASCII control character.
fn control(word: u64) -> u64 {
    let low = (word & repeat(0x7f)) + repeat(0x7f - 0x1f);
    gather(!(low | word) & repeat(0x80)) | equal(word, 0x7f)
}

/// The high bits of eight bytes as eight adjacent bits.
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One byte after the other, as a person would do it.
    fn plain(text: &[u8]) -> Vec<Block> {
        let mut blocks = vec![Block::default(); text.len().div_ceil(WIDTH)];
        let (mut in_string, mut escaped) = (false, false);
        for at in 0..blocks.len() * WIDTH {
            let byte = text.get(at).copied().unwrap_or(b'x');
            let (block, bit) = (&mut blocks[at / WIDTH], 1 << (at % WIDTH));
            let is_escaped = std::mem::take(&mut escaped);
            match byte {
                b'\\' if !is_escaped => escaped = true,
                b'"' if !is_escaped => {
                    block.quotes |= bit;
                    in_string = !in_string;
                }
                b'{' | b'[' if !in_string => block.opens |= bit,
                b'}' | b']' if !in_string => block.closes |= bit,
                _ => {}
            }
            if byte == b'\\' || !(b' '..0x7f).contains(&byte) {
                block.odd |= bit;
            }
        }
        blocks
    }

    fn plain_balance(blocks: &[Block], at: usize) -> Option<usize> {
        let has = |bits: fn(&Block) -> u64, at: usize| bits(&blocks[at / WIDTH]) >> (at % WIDTH) & 1 == 1;
        let mut depth = 0;
        for at in at..blocks.len() * WIDTH {
            depth += i32::from(has(|block| block.opens, at)) - i32::from(has(|block| block.closes, at));
            if depth <= 0 {
                return (depth == 0 && has(|block| block.closes, at)).then_some(at + 1);
            }
        }
        None
    }

    /// Every way that this machine knows.
    fn all() -> Vec<Structure> {
        simd::all().into_iter().chain([PORTABLE]).map(Structure::with).collect()
    }

    #[test]
    fn every_byte_alone_is_classified() {
        for (byte, mut structure) in
            (0..=255).flat_map(|byte| all().into_iter().map(move |structure| (byte, structure)))
        {
            structure.index(&[byte; 65]);
            assert_eq!(structure.blocks(), plain(&[byte; 65]), "{byte:#x}");
            assert_eq!((structure.is_ascii(), structure.is_dense()), (byte < 128, byte != b' '));
        }
    }

    #[test]
    fn a_shorter_text_leaves_nothing_of_the_one_before() {
        for mut structure in all() {
            structure.index(&[b'{'; 1000]);
            structure.index(b"\xc3\xa4");
            assert_eq!((structure.blocks().len(), structure.is_ascii()), (1, false));
            structure.index(b"");
            assert_eq!((structure.blocks(), structure.is_ascii()), (&[][..], true));
        }
    }

    #[test]
    fn spaces_in_strings_leave_a_text_dense() {
        for mut structure in all() {
            for (text, is_dense) in [("{\"a b\":\"\\\" \"}", true), ("{\"a\": 1}", false), ("{\n}", true)] {
                structure.index(text.as_bytes());
                assert_eq!(structure.is_dense(), is_dense, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn bits_equal_the_plain_ones(text in proptest::collection::vec(
            prop_oneof![8 => proptest::sample::select(br#"\\\\""{}[]:, ax"#.to_vec()), 1 => any::<u8>()], 0..400,
        )) {
            for mut structure in all() {
                structure.index(&text);
                prop_assert_eq!(structure.blocks(), plain(&text));
                for at in 0..text.len() {
                    prop_assert_eq!(structure.balanced(at), plain_balance(structure.blocks(), at), "{}", at);
                }
            }
        }
    }
}
