//! Numbers of any length, compared exactly: sizes and ids exceed the precision of floats.

/// A decimal number: `0.` followed by its digits, times ten to the power of its exponent.
#[derive(Debug)]
pub struct Decimal<'a> {
    is_negative: bool,
    exponent: i32,
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl<'a> Decimal<'a> {
    /// Parses a number in the syntax of JSON. Leading zeros are accepted.
    pub fn read(text: &'a [u8]) -> Option<Decimal<'a>> {
        let (is_negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (whole, rest) = digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => Some(digits(rest)).filter(|(fraction, _)| !fraction.is_empty())?,
            rest => (&rest[..0], rest),
        };
        let power = match rest {
            [] => 0,
            [b'e' | b'E', power @ ..] => str::from_utf8(power).ok()?.parse().ok()?,
            _ => return None,
        };
        if whole.is_empty() {
            return None;
        }
        let zeros = |digits: &[u8]| digits.iter().take_while(|digit| **digit == b'0').count();
        let leading = zeros(whole);
        let (whole, mut exponent) = (&whole[leading..], (whole.len() - leading) as i32);
        let mut fraction =
            &fraction[..fraction.len() - fraction.iter().rev().take_while(|digit| **digit == b'0').count()];
        if whole.is_empty() {
            let leading = zeros(fraction);
            fraction = &fraction[leading..];
            exponent = -(leading as i32);
        }
        Some(Decimal { is_negative, exponent: exponent.saturating_add(power), whole, fraction })
    }

    /// A key whose byte order is the order of the numbers. No key is a prefix of another.
    pub fn bytes(&self) -> impl Iterator<Item = u8> {
        const NEGATIVE: u8 = 1;
        const ZERO: u8 = 2;
        const POSITIVE: u8 = 3;
        let whole = match self.fraction {
            // Leading and trailing zeros are already counted in the exponent.
            [] => &self.whole[..self.whole.len() - self.whole.iter().rev().take_while(|digit| **digit == b'0').count()],
            _ => self.whole,
        };
        let is_zero = whole.is_empty() && self.fraction.is_empty();
        let (sign, mask) = match (is_zero, self.is_negative) {
            (true, _) => (ZERO, 0),
            (false, true) => (NEGATIVE, u8::MAX),
            (false, false) => (POSITIVE, 0),
        };
        let exponent = (self.exponent as u32 ^ 1 << 31).to_be_bytes();
        let digits = exponent.into_iter().chain(whole.iter().chain(self.fraction).copied()).chain([0]);
        let digits = digits.map(move |byte| byte ^ mask).take(if is_zero { 0 } else { usize::MAX });
        std::iter::once(sign).chain(digits)
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Vec<u8> {
        let mut key = Vec::new();
        key.extend(Decimal::read(text.as_bytes()).unwrap().bytes());
        key
    }

    proptest! {
        #[test]
        fn numbers_compare_as_numbers(one in any::<i64>(), other in any::<i64>(), shift in 0..20_u32) {
            let (one, other) = (one >> shift, other >> (2 * shift));
            prop_assert_eq!(key(&one.to_string()).cmp(&key(&other.to_string())), one.cmp(&other));
        }

        #[test]
        fn fractions_compare_as_numbers(one in -1e6..1e6_f64, other in -1e-3..1e-3_f64) {
            prop_assert_eq!(key(&one.to_string()).cmp(&key(&other.to_string())), one.partial_cmp(&other).unwrap());
            prop_assert_eq!(key(&format!("{one:e}")), key(&one.to_string()));
        }
    }

    #[test]
    fn text_is_not_a_number() {
        for text in ["", "-", "+1", ".5", "5.", "1e", "1e+", "e5", "1.2.3", "0x1", "inf", "NaN", "1 ", "1_000", "--1"] {
            assert!(Decimal::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
