//! A hash of text as it is written in an event, for caches that compare the text afterwards.

/// Mixes a text into a hash, which is best in its highest bits. Half of the bytes are enough to
/// distinguish sessions.
#[inline]
pub fn written_hash(text: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const OTHER: u64 = 0xc2b2_ae3d_27d4_eb4f;
    let word = |words: &[u8; 16]| words.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    let (chunks, rest) = text.as_chunks::<32>();
    // Only short steps wait for the one before: the product of two words does not.
    let mixed = chunks.iter().fold(seed, |mixed, chunk| {
        let (words, _) = chunk.as_chunks();
        let product = (word(&words[0]) ^ FACTOR).wrapping_mul(word(&words[1]) ^ OTHER);
        mixed.rotate_left(5).wrapping_add(product)
    });
    let last = rest.first_chunk().map_or(0, word);
    (mixed ^ (mixed >> 32)).wrapping_add(last ^ OTHER).wrapping_mul(FACTOR)
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
