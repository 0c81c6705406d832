//! The same pass with instructions that look at 32 or 64 bytes at once. The
//! only module with `unsafe`.
//!
//! Measured on logs of 439 MB, two threads, the whole run: 3.6 times the time
//! of inflating alone with the portable pass, 1.6 times with AVX-512.
//!
//! What is unsafe, and why it is sound: a function that is compiled for an
//! instruction set may run only where the processor has it. Each is private,
//! and is called only through a plain function that [`fastest`] and `all` hand
//! out after `is_x86_feature_detected!` has found every feature that it names.
//! Loads are unaligned ones, from a reference to an array of just their size.

#![allow(unsafe_code, reason = "this is the one module; its header has the argument")]

#[cfg(target_arch = "x86_64")]
use x86::ways;

use super::Pass;

/// The fastest way that this machine knows, if it knows any.
pub(super) fn fastest() -> Option<Pass> {
    ways().next()
}

/// Every way that this machine knows.
#[cfg(test)]
pub(super) fn all() -> Vec<Pass> {
    ways().collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn ways() -> impl Iterator<Item = Pass> {
    std::iter::empty()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use crate::decode::structure::{Block, Classes, Pass, WIDTH, pass};

    /// What this machine knows, the fastest first.
    pub(super) fn ways() -> impl Iterator<Item = Pass> {
        let has_64 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("pclmulqdq")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        let has_32 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq");
        // SAFETY: each is handed out only where its features were found.
        let by_64: Pass = |text, blocks| unsafe { avx512(text, blocks) };
        let by_32: Pass = |text, blocks| unsafe { avx2(text, blocks) };
        [has_64.then_some(by_64), has_32.then_some(by_32)].into_iter().flatten()
    }

    #[target_feature(enable = "avx512f,avx512bw,pclmulqdq,bmi1,bmi2")]
    fn avx512(text: &[u8], blocks: &mut [Block]) -> bool {
        pass(text, blocks, |chunk| classify_64(chunk), |bits| prefix_xor(bits))
    }

    #[target_feature(enable = "avx2,pclmulqdq")]
    fn avx2(text: &[u8], blocks: &mut [Block]) -> bool {
        pass(text, blocks, |chunk| classify_32(chunk), |bits| prefix_xor(bits))
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
            blanks: _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
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
        let mask = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
        let both = |of: &dyn Fn(__m256i) -> __m256i| mask(of(low)) | mask(of(high)) << 32;
        let set = |byte: u8| _mm256_set1_epi8(byte.cast_signed());
        let equal = |byte| both(&|half| _mm256_cmpeq_epi8(half, set(byte)));
        let folded = |byte| both(&|half| _mm256_cmpeq_epi8(_mm256_or_si256(half, set(0x20)), set(byte)));
        Classes {
            quotes: equal(b'"'),
            backslashes: equal(b'\\'),
            opens: folded(b'{'),
            closes: folded(b'}'),
            blanks: both(&|half| _mm256_cmpeq_epi8(_mm256_max_epu8(half, set(0x20)), set(0x20))),
            high: both(&|half| half),
        }
    }
}
