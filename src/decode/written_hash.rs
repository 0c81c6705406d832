//! A hash of text as it is written in an event, for caches that compare the text afterwards.

/// Mixes a text into a hash, which is best in its highest bits. Half of the bytes are enough to
/// distinguish sessions.
#[inline]
pub fn written_hash(text: &[u8], seed: u64) -> u64 {
    let words = text.as_chunks::<16>().0.iter().filter_map(|chunk| chunk.first_chunk());
    words.fold(seed, |mixed, word| {
        (mixed.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
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
