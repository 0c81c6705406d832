//! Searches a text for all needles in one pass, at several gigabytes a second: a test
//! of three bytes rules out nearly all offsets. The same pass validates UTF-8, so that the
//! text is read only once.

use super::Matches;
use super::needle::Needle;
use crate::decode::structure::{Dispatch, SimdLevel};
use crate::decode::utf8::is_valid_piece;

/// Finds the offsets at which a needle occurs, or may occur in an escaped spelling;
/// `None` if there are more than `most`.
pub(super) fn matches(needles: &[Needle], text: &[u8], simd: SimdLevel, most: usize) -> Option<Matches> {
    let mut places = Vec::new();
    let is_utf8 = simd.run(NeedleScan { needles, text, most, places: &mut places });
    places.sort_unstable();
    places.dedup();
    (places.len() <= most).then_some(Matches { places, is_utf8 })
}

/// One pass over a text.
struct NeedleScan<'a> {
    needles: &'a [Needle],
    text: &'a [u8],
    /// The pass stops after more matches than this.
    most: usize,
    places: &'a mut Vec<usize>,
}

/// Number of offsets that are tested together.
const WIDTH: usize = 256;
/// The bit that distinguishes upper-case from lower-case letters.
const CASE: u8 = 0x20;

impl Dispatch for NeedleScan<'_> {
    /// Whether the text is valid UTF-8, if the pass was not stopped.
    type Outcome = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let NeedleScan { needles, text, most, places } = self;
        let signs: Vec<NeedlePrefix> = needles.iter().map(NeedlePrefix::of).collect();
        let reach = signs.iter().map(|sign| sign.rare + 1).max().unwrap_or(0);
        let blocks = (text.len() + 1).saturating_sub(reach) / WIDTH;
        let mut is_utf8 = true;
        for block in 0..blocks {
            let at = block * WIDTH;
            is_utf8 &= is_ascii(&text[at..at + WIDTH]) || is_valid_piece(text, at, WIDTH);
            let mut is_near = false;
            for sign in &signs {
                is_near |= sign.is_near(text, at);
            }
            if is_near {
                for (needle, sign) in needles.iter().zip(&signs) {
                    sign.candidates(text, at, |at| places.extend(needle.may_be_at(text, at).then_some(at)));
                }
                // An offset occurs at most once per needle.
                if places.len() > most.saturating_mul(needles.len()) {
                    return is_utf8;
                }
            }
        }
        // The last offsets do not fill a block.
        let rest = blocks * WIDTH..text.len();
        is_utf8 &= is_ascii(&text[rest.clone()]) || is_valid_piece(text, rest.start, rest.len());
        places.extend(rest.filter(|at| needles.iter().any(|needle| needle.may_be_at(text, *at))));
        is_utf8
    }
}

/// Whether no byte is above 127. Without a branch per byte, the loop is vectorised.
#[inline(always)]
fn is_ascii(text: &[u8]) -> bool {
    text.iter().fold(0, |any, byte| any | byte).is_ascii()
}

/// Three bytes of a needle, used to rule out offsets.
struct NeedlePrefix {
    /// The first two bytes and the rarest one, in lower case.
    bytes: [u8; 3],
    /// Distance of the rarest byte from the first.
    rare: usize,
}

impl NeedlePrefix {
    fn of(needle: &Needle) -> NeedlePrefix {
        let core = needle.core();
        // Every core has at least three bytes.
        let bytes = [core[0], core[1], core[needle.rare]].map(|byte| byte | CASE);
        NeedlePrefix { bytes, rare: needle.rare }
    }

    /// Whether the needle may occur in the block at `at`.
    #[inline(always)]
    fn is_near(&self, text: &[u8], at: usize) -> bool {
        let mut any = 0;
        for flag in self.flags(text, at) {
            any |= flag;
        }
        any != 0
    }

    /// Calls `show` with the offsets in this block where the needle may occur.
    #[inline(always)]
    fn candidates(&self, text: &[u8], at: usize, mut show: impl FnMut(usize)) {
        for (nth, flags) in self.flags(text, at).as_chunks::<8>().0.iter().enumerate() {
            let mut flags = u64::from_le_bytes(*flags);
            while flags != 0 {
                let byte = flags.trailing_zeros() / u8::BITS;
                show(at + nth * 8 + byte as usize);
                flags &= flags - 1;
            }
        }
    }

    /// For each offset in this block, whether all three bytes match, ignoring case, or
    /// an escape starts there. The loop has no branches and no calls, so that the
    /// compiler can vectorise it.
    #[inline(always)]
    fn flags(&self, text: &[u8], at: usize) -> [u8; WIDTH] {
        let mut flags = [0; WIDTH];
        let [first, second, last] = self.bytes;
        let (ones, twos, threes) = (&text[at..], &text[at + 1..], &text[at + self.rare..]);
        let (ones, twos, threes) = (&ones[..WIDTH], &twos[..WIDTH], &threes[..WIDTH]);
        for place in 0..WIDTH {
            let (one, two, three) = (ones[place], twos[place], threes[place]);
            let is_held = (one | CASE == first) & (two | CASE == second) & (three | CASE == last);
            let is_escape = (one == b'\\') & (two == b'u');
            flags[place] = u8::from(is_held | is_escape);
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_instruction_set_finds_the_same(
            text in "([RrUu\"nx/]|\\\\/|\\\\u(72|75|41|e9)){0,900}",
            odd in prop::collection::vec((any::<prop::sample::Index>(), "[é€😀]"), 0..3),
            cut in any::<bool>(),
            texts in prop::collection::vec(("\"?[runRUN/]{3,6}", any::<bool>()), 1..4),
        ) {
            let needles = texts.iter().filter_map(|(text, is_end)| {
                Needle::of_run(text.to_ascii_lowercase().as_bytes(), *is_end)
            });
            let (needles, mut bytes): (Vec<Needle>, _) = (needles.collect(), text.into_bytes());
            for (place, letter) in odd {
                // Half a letter is invalid.
                let letter = &letter.as_bytes()[usize::from(cut)..];
                let at = place.index(bytes.len() + 1);
                bytes.splice(at..at, letter.iter().copied());
            }
            let is_utf8 = str::from_utf8(&bytes).is_ok();
            let holds = |at: &usize| needles.iter().any(|needle| needle.may_be_at(&bytes, *at));
            let plain: Vec<usize> = (0..bytes.len()).filter(holds).collect();
            for simd in SimdLevel::all() {
                let found = matches(&needles, &bytes, simd, plain.len());
                prop_assert_eq!(found.as_ref(), Some(&Matches { places: plain.clone(), is_utf8 }), "{:?}", simd);
                if let Some(fewer) = plain.len().checked_sub(1) {
                    prop_assert_eq!(matches(&needles, &bytes, simd, fewer), None, "{:?}", simd);
                }
            }
        }
    }
}
