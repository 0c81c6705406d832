//! A bitmap with one bit per byte of a text, and queries on it.

use super::large::{BitKind, LargeText};

/// Number of zero bytes after a bitmap, so that eight bytes can be read from every
/// offset in it.
pub(super) const MARGIN: usize = 8;

/// One bit for each byte of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bitmap<'a> {
    bits: &'a [u8],
    /// Computes the bits of a large text, which are not stored.
    large: Option<(LargeText<'a>, BitKind)>,
}

impl<'a> Bitmap<'a> {
    pub(super) fn new(bits: &'a [u8]) -> Bitmap<'a> {
        Bitmap { bits, large: None }
    }

    /// Creates a bitmap of a large text.
    pub(super) fn large(text: LargeText<'a>, kind: BitKind) -> Bitmap<'a> {
        Bitmap { bits: &[], large: Some((text, kind)) }
    }

    /// At least 57 bits from `at` on, the first in the lowest bit; `None` after the end.
    #[inline(always)]
    fn near(&self, at: usize) -> Option<u64> {
        let bytes = self.bits.get(at / 8..)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes) >> (at % 8))
    }

    /// The words of 64 bits from `at` on, with the bits before `at` cleared.
    #[inline(always)]
    fn words(&self, at: usize) -> impl Iterator<Item = u64> + use<'a> {
        let words = self.bits.as_chunks().0.get(at / 64..).unwrap_or(&[]);
        let mut inside = !0 << (at % 64);
        words.iter().map(move |word| u64::from_le_bytes(*word) & std::mem::replace(&mut inside, !0))
    }

    /// Whether the bit at `at` is set.
    pub fn is_set(&self, at: usize) -> bool {
        match self.near(at) {
            Some(bits) => bits & 1 == 1,
            None => self.next_before(at, at + 1).is_some(),
        }
    }

    /// The offset of the first set bit from `at` on.
    #[inline(always)]
    pub fn next(&self, at: usize) -> Option<usize> {
        match self.near(at) {
            Some(0) => self.next_far(at),
            Some(near) => Some(at + near.trailing_zeros() as usize),
            None => self.next_in_large(at),
        }
    }

    #[cold]
    fn next_in_large(&self, at: usize) -> Option<usize> {
        self.next_before(at, usize::MAX)
    }

    /// The offset of the first set bit of a large text in `at..end`.
    fn next_before(&self, at: usize, end: usize) -> Option<usize> {
        let (text, kind) = self.large?;
        let mut inside = !0 << (at % 64);
        for number in at / 64..text.blocks().min(end.div_ceil(64)) {
            let word = text.block(number).of(kind) & std::mem::replace(&mut inside, !0);
            if word != 0 {
                return Some(number * 64 + word.trailing_zeros() as usize).filter(|at| *at < end);
            }
        }
        None
    }

    fn next_far(&self, at: usize) -> Option<usize> {
        let number = |word: u64| word.trailing_zeros() as usize;
        let first = at / 64 * 64;
        (first..).step_by(64).zip(self.words(at)).find(|(_, word)| *word != 0).map(|(start, word)| start + number(word))
    }
}

/// The offset after the bracket that closes the one at `at`; `None` if the text ends
/// first or no bracket opens at `at`.
#[inline(always)]
pub fn balanced(opens: Bitmap<'_>, closes: Bitmap<'_>, at: usize) -> Option<usize> {
    let (Some(opening), Some(closing)) = (opens.near(at), closes.near(at)) else {
        return balanced_in_large(opens, closes, at);
    };
    // Most objects are small and have no nested ones.
    if closing != 0 && opening & (closing ^ (closing - 1)) == 1 {
        return Some(at + closing.trailing_zeros() as usize + 1);
    }
    if opening & 1 == 0 {
        return None;
    }
    let first = at / 64 * 64;
    closing_place((first..).step_by(64).zip(opens.words(at).zip(closes.words(at))))
}

#[cold]
fn balanced_in_large(opens: Bitmap<'_>, closes: Bitmap<'_>, at: usize) -> Option<usize> {
    let mut inside = !0 << (at % 64);
    let (text, _) = opens.large.filter(|_| closes.large.is_some() && opens.is_set(at))?;
    closing_place((at / 64..text.blocks()).map(|number| {
        let (block, inside) = (text.block(number), std::mem::replace(&mut inside, !0));
        (number * 64, (block.opens & inside, block.closes & inside))
    }))
}

/// The offset after the bracket that closes the first one in these words.
#[inline(always)]
fn closing_place(words: impl Iterator<Item = (usize, (u64, u64))>) -> Option<usize> {
    let mut depth = 0;
    for (start, (opens, mut closes)) in words {
        let (opened, closed) = (opens.count_ones(), closes.count_ones());
        // Most words close fewer brackets than are open, so none of them can be the
        // end.
        if closed >= depth {
            for closed in 1..=closed {
                let place = closes.trailing_zeros();
                if depth + (opens & ((1 << place) - 1)).count_ones() == closed {
                    return Some(start + place as usize + 1);
                }
                closes &= closes - 1;
            }
        }
        depth = depth + opened - closed;
    }
    None
}
