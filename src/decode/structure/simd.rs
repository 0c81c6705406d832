//! The same pass with instructions that process 16, 32 or 64 bytes at once, and bitmap
//! queries with instructions that count and shift bits. The only module with `unsafe`.
//!
//! Measured when it was added, on 439 MB of logs with two threads and `--count`: the
//! whole run took 3.6 times as long as inflating alone with the portable pass, and 2.0
//! times with AVX-512.
//!
//! What is unsafe, and why it is sound: a function compiled for an instruction set may
//! run only on a processor that has it. Each such function is private to this module
//! and called only for a [`SimdLevel`] that names its instruction set. Such a level is
//! created only after `is_x86_feature_detected!`, or its counterpart, has found every
//! feature that the function names. Loads are unaligned and stay within a reference to
//! 64 bytes.

#![allow(unsafe_code, reason = "this is the one module; its header has the argument")]

use super::{BlockWork, TextTraits, portable};

/// An instruction set that this machine is known to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SimdLevel(Instructions);

/// The instructions that a level requires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Instructions {
    /// No special instructions.
    Any,
    /// NEON.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// AVX2 and the extensions that came with it.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 as well.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Work that is compiled once per instruction set.
pub trait Dispatch {
    /// The result of the work.
    type Outcome;

    /// Does the work. Only code that is inlined into it is compiled for the instruction
    /// set, so implementations are `#[inline(always)]`.
    fn run(self) -> Self::Outcome;
}

impl SimdLevel {
    /// The portable level: the slowest, and the reference for the others.
    pub const PORTABLE: SimdLevel = SimdLevel(Instructions::Any);

    /// The fastest level of this machine.
    pub fn fastest() -> SimdLevel {
        SimdLevel::all().next().unwrap_or(SimdLevel::PORTABLE)
    }

    /// Every level of this machine, the fastest first.
    pub fn all() -> impl Iterator<Item = SimdLevel> {
        #[cfg(target_arch = "x86_64")]
        let fast = x86::levels();
        #[cfg(target_arch = "aarch64")]
        let fast = aarch64::levels();
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let fast = std::iter::empty();
        fast.chain([SimdLevel::PORTABLE])
    }

    /// Runs `work` on blocks. Also returns what all of them have in common.
    #[inline]
    pub(super) fn run_blocks<W: BlockWork>(self, work: W) -> (W::Outcome, TextTraits) {
        match self.0 {
            Instructions::Any => portable(work),
            // SAFETY: the level exists only if the machine has its instructions.
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => unsafe { aarch64::blocks_neon(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::blocks_avx2(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { x86::blocks_avx512(work) },
        }
    }

    /// Runs `work`, and everything inlined into it, with the instructions of this
    /// level.
    #[inline(always)]
    pub fn run<W: Dispatch>(self, work: W) -> W::Outcome {
        match self.0 {
            Instructions::Any => work.run(),
            // Code for this architecture is always compiled with these instructions.
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => work.run(),
            // SAFETY: the level exists only if the machine has its instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::with_avx2(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { x86::with_avx512(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Dispatch, Instructions, SimdLevel};
    use crate::decode::structure::{BlockWork, ByteClasses, TextTraits, WIDTH};

    /// The levels of this machine, the fastest first.
    pub(super) fn levels() -> impl Iterator<Item = SimdLevel> {
        let has_avx2 = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("pclmulqdq")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        let has_avx512 = has_avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl");
        let avx512 = has_avx512.then_some(SimdLevel(Instructions::Avx512));
        let avx2 = has_avx2.then_some(SimdLevel(Instructions::Avx2));
        avx512.into_iter().chain(avx2)
    }

    /// Bitmap queries take half the instructions with dedicated ones for counting and
    /// shifting.
    #[target_feature(enable = "avx2,popcnt,bmi1,bmi2")]
    pub(super) fn with_avx2<W: Dispatch>(work: W) -> W::Outcome {
        work.run()
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,popcnt,bmi1,bmi2")]
    pub(super) fn with_avx512<W: Dispatch>(work: W) -> W::Outcome {
        work.run()
    }

    #[target_feature(enable = "avx512f,avx512bw,pclmulqdq,popcnt,bmi1,bmi2")]
    pub(super) fn blocks_avx512<W: BlockWork>(work: W) -> (W::Outcome, TextTraits) {
        let (mut any, mut least) = (_mm512_setzero_si512(), _mm512_set1_epi8(-1));
        let outcome = work.run(|block| classify_64(block, &mut any, &mut least), |bits| prefix_xor(bits));
        let line_ends = _mm512_cmple_epu8_mask(least, _mm512_set1_epi8(b'\n'.cast_signed()));
        (outcome, TextTraits { is_ascii: _mm512_movepi8_mask(any) == 0, is_one_line: line_ends == 0 })
    }

    #[target_feature(enable = "avx2,pclmulqdq,popcnt,bmi1,bmi2")]
    pub(super) fn blocks_avx2<W: BlockWork>(work: W) -> (W::Outcome, TextTraits) {
        let (mut any, mut least) = (_mm256_setzero_si256(), set(u8::MAX));
        let outcome = work.run(|block| classify_32(block, &mut any, &mut least), |bits| prefix_xor(bits));
        let line_ends = _mm256_cmpeq_epi8(_mm256_min_epu8(least, set(b'\n')), least);
        let has_none = |bytes| _mm256_movemask_epi8(bytes) == 0;
        (outcome, TextTraits { is_ascii: has_none(any), is_one_line: has_none(line_ends) })
    }

    /// A carry-less multiplication by all ones sums parities.
    #[target_feature(enable = "pclmulqdq")]
    #[inline]
    fn prefix_xor(bits: u64) -> u64 {
        let product = _mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, bits.cast_signed()), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product).cast_unsigned()
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load_64(block: &[u8; WIDTH]) -> __m512i {
        // SAFETY: the reference is to 64 bytes, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn equal_64(bytes: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()))
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    fn classify_64(block: &[u8; WIDTH], any: &mut __m512i, least: &mut __m512i) -> ByteClasses {
        let bytes = load_64(block);
        *any = _mm512_or_si512(*any, bytes);
        *least = _mm512_min_epu8(*least, bytes);
        // `[` and `{` differ only in this bit, as do `]` and `}`.
        let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
        ByteClasses {
            quotes: equal_64(bytes, b'"'),
            backslashes: equal_64(bytes, b'\\'),
            opens: equal_64(folded, b'{'),
            closes: equal_64(folded, b'}'),
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn load_32(block: &[u8; WIDTH]) -> [__m256i; 2] {
        let (low, high) = block.split_at(WIDTH / 2);
        // Without a closure: one with these instructions is not inlined into `map`, which has
        // none, and this loop would make calls for every block.
        // SAFETY: each half has the 32 bytes of a load, which needs no alignment.
        unsafe { [_mm256_loadu_si256(low.as_ptr().cast()), _mm256_loadu_si256(high.as_ptr().cast())] }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn classify_32(block: &[u8; WIDTH], any: &mut __m256i, least: &mut __m256i) -> ByteClasses {
        let [low, high] = load_32(block);
        *any = _mm256_or_si256(*any, _mm256_or_si256(low, high));
        *least = _mm256_min_epu8(*least, _mm256_min_epu8(low, high));
        let (low_folded, high_folded) = (_mm256_or_si256(low, set(0x20)), _mm256_or_si256(high, set(0x20)));
        ByteClasses {
            quotes: equal(low, high, b'"'),
            backslashes: equal(low, high, b'\\'),
            opens: equal(low_folded, high_folded, b'{'),
            closes: equal(low_folded, high_folded, b'}'),
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn set(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    /// Gathers the highest bit of each byte.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn mask(low: __m256i, high: __m256i) -> u64 {
        let half = |half| u64::from(_mm256_movemask_epi8(half).cast_unsigned());
        let mut bits = half(low) | half(high) << 32;
        // SAFETY: the assembly is empty. It hides from the compiler that the bits come
        // from a vector; otherwise it would process everything that follows in vectors
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

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use std::arch::aarch64::*;
    use std::arch::is_aarch64_feature_detected;

    use super::{Instructions, SimdLevel};
    use crate::decode::structure::{BlockWork, ByteClasses, TextTraits, WIDTH, prefix_xor};

    /// A quarter of a block.
    const QUARTER: usize = WIDTH / 4;

    /// The levels of this machine, the fastest first.
    pub(super) fn levels() -> impl Iterator<Item = SimdLevel> {
        is_aarch64_feature_detected!("neon").then_some(SimdLevel(Instructions::Neon)).into_iter()
    }

    #[target_feature(enable = "neon")]
    pub(super) fn blocks_neon<W: BlockWork>(work: W) -> (W::Outcome, TextTraits) {
        let (mut any, mut least) = (vdupq_n_u8(0), vdupq_n_u8(u8::MAX));
        let outcome = work.run(|block| classify_16(block, &mut any, &mut least), prefix_xor);
        (outcome, TextTraits { is_ascii: vmaxvq_u8(any) < 0x80, is_one_line: vminvq_u8(least) > b'\n' })
    }

    #[target_feature(enable = "neon")]
    #[inline]
    fn load_16(block: &[u8; WIDTH]) -> [uint8x16_t; 4] {
        [0, 1, 2, 3].map(|quarter| {
            // SAFETY: all quarters lie within the 64 bytes of the reference, and
            // the load needs no alignment.
            unsafe { vld1q_u8(block.as_ptr().add(quarter * QUARTER)) }
        })
    }

    #[target_feature(enable = "neon")]
    #[inline]
    fn equal_16(bytes: [uint8x16_t; 4], byte: u8) -> u64 {
        mask(bytes.map(|part| vceqq_u8(part, vdupq_n_u8(byte))))
    }

    #[target_feature(enable = "neon")]
    #[inline]
    fn classify_16(block: &[u8; WIDTH], any: &mut uint8x16_t, least: &mut uint8x16_t) -> ByteClasses {
        let bytes = load_16(block);
        // `[` and `{` differ only in this bit, as do `]` and `}`.
        let folded = bytes.map(|part| vorrq_u8(part, vdupq_n_u8(0x20)));
        *any = bytes.iter().fold(*any, |any, part| vorrq_u8(any, *part));
        *least = bytes.iter().fold(*least, |least, part| vminq_u8(least, *part));
        ByteClasses {
            quotes: equal_16(bytes, b'"'),
            backslashes: equal_16(bytes, b'\\'),
            opens: equal_16(folded, b'{'),
            closes: equal_16(folded, b'}'),
        }
    }

    /// One bit for each byte, whose bits are all equal: each byte keeps the bit of its
    /// position among eight, and neighbours are added up until eight bytes have become
    /// one.
    #[target_feature(enable = "neon")]
    #[inline]
    fn mask(bytes: [uint8x16_t; 4]) -> u64 {
        const PLACES: u64 = u64::from_le_bytes([1, 2, 4, 8, 16, 32, 64, 128]);
        let places = vreinterpretq_u8_u64(vdupq_n_u64(PLACES));
        let [first, second, third, fourth] = bytes.map(|part| vandq_u8(part, places));
        let pairs = vpaddq_u8(vpaddq_u8(first, second), vpaddq_u8(third, fourth));
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)))
    }
}
