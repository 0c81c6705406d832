//! The same pass with instructions that look at 32 or 64 bytes at once. The
//! only module with `unsafe`.
//!
//! Measured on logs of 439 MB, two threads, the whole run: 3.6 times the time
//! of inflating alone with the portable pass, 2.0 times with AVX-512 (`--count`).
//!
//! What is unsafe, and why it is sound: a function that is compiled for an
//! instruction set may run only where the processor has it. Each is private,
//! and is called only through a plain function that [`fastest`] and `all` hand
//! out after `is_x86_feature_detected!` has found every feature that it names.
//! Loads are unaligned ones, from a reference to an array of just their size.

#![allow(unsafe_code, reason = "this is the one module; its header has the argument")]

#[cfg(target_arch = "x86_64")]
use x86::ways;

use super::Way;

/// The fastest way that this machine knows, if it knows any.
pub(super) fn fastest() -> Option<Way> {
    ways().next()
}

/// Every way that this machine knows.
#[cfg(test)]
pub(super) fn all() -> Vec<Way> {
    ways().collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn ways() -> impl Iterator<Item = Way> {
    std::iter::empty()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use crate::decode::structure::{Block, Classes, Seen, WIDTH, Way, balance, pass};

    /// What this machine knows, the fastest first.
    pub(super) fn ways() -> impl Iterator<Item = Way> {
        let has_32 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("pclmulqdq")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1");
        let has_64 = has_32 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        // SAFETY: each is handed out only where its features were found.
        let by_64 = Way {
            pass: |text, blocks| unsafe { pass_64(text, blocks) },
            balance: |blocks, at| unsafe { balance_counting(blocks, at) },
        };
        // SAFETY: as above.
        let by_32 = Way { pass: |text, blocks| unsafe { pass_32(text, blocks) }, ..by_64 };
        [has_64.then_some(by_64), has_32.then_some(by_32)].into_iter().flatten()
    }

    #[target_feature(enable = "avx512f,avx512bw,pclmulqdq")]
    fn pass_64(text: &[u8], blocks: &mut [Block]) -> Seen {
        pass(text, blocks, |chunk| classify_64(chunk), |bits| prefix_xor(bits))
    }

    #[target_feature(enable = "avx2,pclmulqdq")]
    fn pass_32(text: &[u8], blocks: &mut [Block]) -> Seen {
        pass(text, blocks, |chunk| classify_32(chunk), |bits| prefix_xor(bits))
    }

    /// Counting bits is one instruction here, and a dozen elsewhere.
    #[target_feature(enable = "popcnt,bmi1")]
    fn balance_counting(blocks: &[Block], at: usize) -> Option<usize> {
        balance(blocks, at)
    }

    /// Multiplying without carries by all ones sums up parities.
    #[target_feature(enable = "pclmulqdq")]
    #[inline]
    fn prefix_xor(bits: u64) -> u64 {
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits.cast_signed()), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product).cast_unsigned()
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn classify_64(chunk: &[u8; WIDTH]) -> Classes {
        // SAFETY: the reference is to 64 bytes, and the load needs no alignment.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let equal = |bytes, byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
        // `[` and `{`, and `]` and `}`, differ in this one bit only.
        let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        Classes {
            quotes: equal(bytes, b'"'),
            backslashes: equal(bytes, b'\\'),
            opens: equal(folded, b'{'),
            closes: equal(folded, b'}'),
            spaces: equal(bytes, b' '),
            // As signed numbers, bytes above 127 are below the space too.
            unprintable: _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20)) | equal(bytes, 0x7f),
            high: _mm512_movepi8_mask(bytes),
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn classify_32(chunk: &[u8; WIDTH]) -> Classes {
        // SAFETY: both halves lie within the 64 bytes of the reference, and the
        // loads need no alignment.
        let (low, high) = unsafe {
            (_mm256_loadu_si256(chunk.as_ptr().cast()), _mm256_loadu_si256(chunk.as_ptr().add(WIDTH / 2).cast()))
        };
        let (low_folded, high_folded) = (_mm256_or_si256(low, set(0x20)), _mm256_or_si256(high, set(0x20)));
        Classes {
            quotes: equal(low, high, b'"'),
            backslashes: equal(low, high, b'\\'),
            opens: equal(low_folded, high_folded, b'{'),
            closes: equal(low_folded, high_folded, b'}'),
            spaces: equal(low, high, b' '),
            // As signed numbers, bytes above 127 are below the space too.
            unprintable: mask(_mm256_cmpgt_epi8(set(0x20), low), _mm256_cmpgt_epi8(set(0x20), high))
                | equal(low, high, 0x7f),
            high: mask(low, high),
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn set(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    /// The highest bit of each byte.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn mask(low: __m256i, high: __m256i) -> u64 {
        let half = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
        let mut bits = half(low) | half(high) << 32;
        // SAFETY: no instruction at all. It keeps the compiler from seeing that
        // the bits come from a vector: it would do all that follows on vectors
        // of single bits, at five times the instructions (measured).
        unsafe { std::arch::asm!("/* {0} */", inout(reg) bits, options(pure, nomem, nostack, preserves_flags)) };
        bits
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn equal(low: __m256i, high: __m256i, byte: u8) -> u64 {
        mask(_mm256_cmpeq_epi8(low, set(byte)), _mm256_cmpeq_epi8(high, set(byte)))
    }
}
