//! A hash of text as it is written in an event, for caches that compare the text afterwards.

/// Mixes a text into a hash, which is best in its highest bits. Half of the bytes are enough to
/// distinguish sessions.
#[inline]
pub fn written_hash(text: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |mixed: u64, words: &[u8]| match words.first_chunk() {
        Some(word) => (mixed.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR),
        None => mixed,
    };
    // Four hashes side by side, as each step has to wait for the one before.
    let (chunks, rest) = text.as_chunks::<64>();
    let lanes = chunks.iter().fold([seed, 1, 2, 3], |lanes, chunk| {
        let (words, _) = chunk.as_chunks::<16>();
        std::array::from_fn(|lane| mix(lanes[lane], &words[lane]))
    });
    let mixed = lanes.into_iter().fold(seed, |mixed, lane| (mixed.rotate_left(5) ^ lane).wrapping_mul(FACTOR));
    rest.as_chunks::<16>().0.iter().fold(mixed, |mixed, words| mix(mixed, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_and_seeds_have_different_hashes() {
        let one = written_hash(b"AROA36P3HAPY7EXAMPLE:session-one", 32);
        assert_ne!(one, written_hash(b"AROA36P3HAPY7EXAMPLE:session-two", 31));
        assert_ne!(one, written_hash(b"AROB36P3HAPY7EXAMPLE:session-one", 32));
        assert_eq!(one, written_hash(b"AROA36P3HAPY7EXAMPLE:session-one", 32));
    }
}
