//! When a new file is started.

use std::str::FromStr;

use jiff::SignedDuration;

use crate::error::Error;
use crate::syntax::window;

/// When a new file is started: at a size, at an age, or at whichever comes first.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FileRotation {
    /// Largest size of a file in bytes. A file is larger only if a single write is.
    pub size: Option<u64>,
    /// Time after which a file is closed.
    pub age: Option<SignedDuration>,
}

const SYNTAX: &str = "must be a size in K, M or G, an age in s, m, h or d, or both, as in 100M,1h";

impl FromStr for FileRotation {
    type Err = Error;

    /// Parses the value of `--rotate`: `100M`, `1h` or `100M,1h`. Sizes have upper-case units,
    /// powers of 1024; ages have lower-case units.
    fn from_str(text: &str) -> Result<FileRotation, Error> {
        let wrong = |reason: &str| Error::option("--rotate", text, reason);
        let mut rotation = FileRotation::default();
        for part in text.split(',').map(str::trim) {
            if let Some(size) = size(part) {
                let size = size.filter(|size| *size > 0).ok_or_else(|| wrong("the size is out of range"))?;
                if rotation.size.replace(size).is_some() {
                    return Err(wrong("has two sizes"));
                }
            } else if let Some(age) = window::span(part) {
                if age < SignedDuration::from_secs(1) {
                    return Err(wrong("the age must be at least 1s"));
                }
                if rotation.age.replace(age).is_some() {
                    return Err(wrong("has two ages; larger units come first, as in 1h30m"));
                }
            } else {
                return Err(wrong(SYNTAX));
            }
        }
        Ok(rotation)
    }
}

/// Parses a size; `None` if it is not one, and an inner `None` if it is too large.
fn size(text: &str) -> Option<Option<u64>> {
    let unit = match text.as_bytes().last()? {
        b'K' => 1 << 10,
        b'M' => 1 << 20,
        b'G' => 1_u64 << 30,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?.trim_end();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_read() {
        let read = |text: &str| {
            let rotation: FileRotation = text.parse().unwrap();
            (rotation.size, rotation.age.map(|age| age.as_secs()))
        };
        assert_eq!(read("100M"), (Some(100 << 20), None));
        assert_eq!(read("1h"), (None, Some(3600)));
        assert_eq!(read("1G, 1h30m"), (Some(1 << 30), Some(5400)));
        assert_eq!(read("30m,64K"), (Some(64 << 10), Some(1800)));
        assert_eq!(read("5 minutes"), (None, Some(300)));
    }

    #[test]
    fn invalid_values_are_usage_errors() {
        let size = "the size is out of range";
        for (text, reason) in [
            ("", SYNTAX),
            ("100", SYNTAX),
            ("100k", SYNTAX),
            ("1.5M", SYNTAX),
            ("-1M", SYNTAX),
            ("M", SYNTAX),
            ("100M,", SYNTAX),
            ("1h ago", SYNTAX),
            ("é", SYNTAX),
            ("0M", size),
            ("99999999999999G", size),
            ("99999999999999999999999M", size),
            ("0s", "the age must be at least 1s"),
            ("1M,2M", "has two sizes"),
            ("1h,2h", "has two ages; larger units come first, as in 1h30m"),
        ] {
            let error = text.parse::<FileRotation>().unwrap_err();
            assert!(matches!(error, Error::Usage(_)));
            assert_eq!(error.to_string(), format!("--rotate {text:?}: {reason}"));
        }
    }
}
