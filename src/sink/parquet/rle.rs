//! Parquet's RLE / bit-packing hybrid, which encodes levels and dictionary indexes: runs of equal
//! numbers, and groups of eight packed to bits in between.

use crate::syntax::varint;

/// Numbers of this many at least are a run.
const RUN: usize = 8;

/// The number of bits that numbers up to `largest` need.
pub(super) fn bit_width(largest: u32) -> u8 {
    (u32::BITS - largest.leading_zeros()) as u8
}

/// Appends numbers of `width` bits. Readers know how many there are.
pub(super) fn encode<N: Copy + Into<u32> + PartialEq>(numbers: &[N], width: u8, out: &mut Vec<u8>) {
    // Everything before `start` is written.
    let (mut start, mut at) = (0, 0);
    while at < numbers.len() {
        let run = run_length(&numbers[at..]);
        // A run can only begin where a packed group ends.
        let missing = (RUN - (at - start) % RUN) % RUN;
        if run >= missing + RUN || (run >= missing && at + run == numbers.len() && run > missing) {
            pack(&numbers[start..at + missing], width, out);
            varint::write(((run - missing) as u64) << 1, out);
            let value: u32 = numbers[at].into();
            out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
            start = at + run;
        }
        at += run;
    }
    pack(&numbers[start..], width, out);
}

/// The number of equal numbers at the start.
fn run_length<N: Copy + PartialEq>(numbers: &[N]) -> usize {
    let (Some(first), true) = (numbers.first(), numbers.get(1) == numbers.first()) else { return numbers.len().min(1) };
    // Most runs are long, and whole chunks are compared at once.
    let (chunks, _) = numbers.as_chunks::<32>();
    let is_equal = |chunk: &&[N; 32]| chunk.iter().fold(true, |is_equal, number| is_equal & (number == first));
    let equal = chunks.iter().take_while(is_equal).count() * 32;
    equal + numbers[equal..].iter().take_while(|number| *number == first).count()
}

/// Appends numbers as packed groups. The last group is filled with zeros, so all but the last
/// call need whole groups.
fn pack<N: Copy + Into<u32>>(numbers: &[N], width: u8, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    varint::write((numbers.len().div_ceil(RUN) as u64) << 1 | 1, out);
    let (groups, rest) = if width <= 16 { numbers.as_chunks::<RUN>() } else { (&[][..], numbers) };
    for group in groups {
        let number = |at: usize| u128::from(group[at].into()) << (at * usize::from(width));
        let word = (0..RUN).fold(0, |word, at| word | number(at));
        out.extend_from_slice(&word.to_le_bytes()[..usize::from(width)]);
    }
    for group in rest.chunks(RUN) {
        let (mut word, mut used) = (0_u64, 0);
        for at in 0..RUN {
            let number: u32 = group.get(at).map_or(0, |number| (*number).into());
            word |= u64::from(number) << used;
            used += width;
            while used >= 8 {
                out.push(word as u8);
                word >>= 8;
                used -= 8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes numbers as the format describes them.
    fn decoded(mut bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let (mut header, mut shift) = (0_u64, 0);
            loop {
                let (byte, rest) = bytes.split_first().unwrap();
                bytes = rest;
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            if header & 1 == 0 {
                let (value, rest) = bytes.split_at(usize::from(width).div_ceil(8));
                bytes = rest;
                let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                numbers.extend(std::iter::repeat_n(value, (header >> 1) as usize));
            } else {
                let (packed, rest) = bytes.split_at((header >> 1) as usize * usize::from(width));
                bytes = rest;
                let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
                let value = |at: usize| {
                    (0..usize::from(width)).fold(0, |value, of| value | bit(at * usize::from(width) + of) << of)
                };
                numbers.extend((0..(header >> 1) as usize * RUN).map(value));
            }
        }
        assert!(bytes.is_empty());
        numbers.truncate(count);
        numbers
    }

    proptest! {
        #[test]
        fn numbers_are_decoded_as_they_were(
            runs in prop::collection::vec((any::<u32>(), prop_oneof![Just(1), 1..40_usize]), 0..30),
            width in 1..25_u8,
        ) {
            let numbers: Vec<u32> = runs.into_iter().flat_map(|(number, count)| std::iter::repeat_n(number % (1 << width), count)).collect();
            let mut bytes = Vec::new();
            encode(&numbers, width, &mut bytes);
            prop_assert_eq!(decoded(&bytes, width, numbers.len()), numbers);
        }
    }

    #[test]
    fn a_run_takes_few_bytes() {
        let mut bytes = Vec::new();
        encode(&[0_u8; 4096], 1, &mut bytes);
        assert_eq!(bytes, [0x80, 0x40, 0]);
        assert_eq!([0, 1, 2, 255, 256].map(bit_width), [0, 1, 2, 8, 9]);
    }
}
