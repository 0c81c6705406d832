//! Sums of a field: exact, as multiples of a billionth.

use indicatif::HumanCount;

use crate::cloudtrail::field::Field;
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;

const OPTION: &str = "--sum";
/// Digits behind the decimal point.
const FRACTION: i32 = 9;
const ONE: i128 = 10_i128.pow(FRACTION as u32);
/// Numbers of more digits before the decimal point are not summed, so that no sum
/// overflows.
const MAX_DIGITS: i32 = 18;

/// Reads the values that are summed.
#[derive(Clone, Debug)]
pub(super) struct AmountReader {
    field: Field,
}

/// The sum of the values of one event, or of many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Amount {
    /// In billionths.
    pub(super) sum: i128,
    /// The number of values that are not numbers, or not exact in billionths.
    pub(super) others: u32,
}

impl AmountReader {
    /// Adds the fields it reads to `fields`. Fails if the path is invalid.
    pub(super) fn new(path: &str, fields: &mut FieldSet) -> Result<AmountReader, Error> {
        let field = Field::parse(path, fields).map_err(|reason| Error::option(OPTION, path, reason))?;
        Ok(AmountReader { field })
    }

    /// The sum of the values in an event; null and absent values count as nothing.
    pub(super) fn read(&mut self, event: &Event<'_>) -> Amount {
        let mut amount = Amount::default();
        self.field.each(event, |text| match parse(text) {
            Some(number) => amount.sum = amount.sum.saturating_add(number),
            None => amount.others = amount.others.saturating_add(1),
        });
        amount
    }
}

/// A number in billionths; `None` if the text is not a number, is too large, or has more
/// decimals.
fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let (unsigned, is_negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) || (decimals.is_empty() && mantissa.contains('.'))
    {
        return None;
    }
    let digits = [whole, decimals].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = (digits.len() - digits.trim_end_matches('0').len()) as i64;
    // The power of ten of the last significant digit, in billionths.
    let power = i64::from(exponent) - decimals.len() as i64 + zeros + i64::from(FRACTION);
    let length = significant.len() as i64 + power;
    if power < 0 || length > i64::from(MAX_DIGITS + FRACTION) {
        return None;
    }
    let number = significant.parse::<i128>().ok()? * 10_i128.pow(power as u32);
    Some(if is_negative { -number } else { number })
}

/// A sum as a decimal number: `1234.5`.
pub(super) fn decimal(sum: i128) -> String {
    let (whole, fraction) = parts(sum);
    format!("{}{whole}{fraction}", sign(sum))
}

/// A sum for people, with commas between thousands: `1,234.5`.
pub(super) fn readable(sum: i128) -> String {
    let (whole, fraction) = parts(sum);
    match u64::try_from(whole) {
        Ok(whole) => format!("{}{}{fraction}", sign(sum), HumanCount(whole)),
        Err(_) => decimal(sum),
    }
}

fn sign(sum: i128) -> &'static str {
    if sum < 0 { "-" } else { "" }
}

/// The whole number, and the decimals with their point.
fn parts(sum: i128) -> (u128, String) {
    let (whole, rest) = (sum.unsigned_abs() / ONE.unsigned_abs(), sum.unsigned_abs() % ONE.unsigned_abs());
    let fraction = match rest {
        0 => String::new(),
        rest => format!(".{rest:09}").trim_end_matches('0').to_string(),
    };
    (whole, fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written_exactly() {
        for (text, shown, people) in [
            ("0", "0", "0"),
            ("-0.0", "0", "0"),
            ("1234", "1234", "1,234"),
            ("3456.0", "3456", "3,456"),
            ("1.2345678E7", "12345678", "12,345,678"),
            ("1E-9", "0.000000001", "0.000000001"),
            ("100e-2", "1", "1"),
            (" 0012.50 ", "12.5", "12.5"),
            ("-1234.5", "-1234.5", "-1,234.5"),
            ("999999999999999999.999999999", "999999999999999999.999999999", "999,999,999,999,999,999.999999999"),
            ("9007199254740993", "9007199254740993", "9,007,199,254,740,993"),
        ] {
            let sum = parse(text).unwrap();
            assert_eq!((decimal(sum).as_str(), readable(sum).as_str()), (shown, people), "{text}");
        }
        let most = parse("999999999999999999").unwrap() * 1_000_000_000;
        assert_eq!(readable(most), "999999999999999999000000000");
        for text in [
            "",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "0x10",
            "1,000",
            "true",
            "NaN",
            "1e18",
            "1E-10",
            "0.0000000001",
            "1000000000000000000",
            "1e999999999999",
            "{}",
            "١",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&format!("1{}", "0".repeat(10_000))), None);
    }
}
