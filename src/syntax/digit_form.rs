//! Recognizes texts of fixed form, such as times.

/// Whether a text equals `form`, with any digit for each `0`.
#[inline]
pub fn has_digit_form(text: &[u8], form: &[u8]) -> bool {
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() == form.len() && text.iter().zip(form).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_for_zeros() {
        assert!(has_digit_form(b"2026-10", b"0000-00"));
        for other in ["2026-1", "2026-100", "2026_10", "2026-1x", ""] {
            assert!(!has_digit_form(other.as_bytes(), b"0000-00"), "{other:?}");
        }
    }
}
