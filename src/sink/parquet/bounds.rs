//! The least and the greatest value of a page or of a column, for the statistics of a file.

use std::cmp::Ordering;

/// The order of values as they are stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ValueOrder {
    /// By bytes.
    Bytes,
    /// By the number of eight bytes, the low ones first.
    Number,
}

/// The least and the greatest value, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueBounds(Option<(Vec<u8>, Vec<u8>)>);

/// A bound that may have been shortened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Bound {
    pub(super) bytes: Vec<u8>,
    /// Whether it is a value.
    pub(super) is_exact: bool,
}

/// Longer bounds are shortened.
const MAX_BOUND: usize = 64;

impl ValueOrder {
    pub(super) fn compare(self, one: &[u8], other: &[u8]) -> Ordering {
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes));
        match self {
            ValueOrder::Bytes => one.cmp(other),
            ValueOrder::Number => number(one).cmp(&number(other)),
        }
    }
}

impl ValueBounds {
    /// Includes a value.
    pub(super) fn add(&mut self, value: &[u8], order: ValueOrder) {
        let Some((least, greatest)) = &mut self.0 else {
            self.0 = Some((value.to_vec(), value.to_vec()));
            return;
        };
        let changed = if order.compare(value, least).is_lt() {
            least
        } else if order.compare(value, greatest).is_gt() {
            greatest
        } else {
            return;
        };
        changed.clear();
        changed.extend_from_slice(value);
    }

    /// Includes all values of other bounds.
    pub(super) fn merge(&mut self, other: &ValueBounds, order: ValueOrder) {
        if let Some((least, greatest)) = &other.0 {
            self.add(least, order);
            self.add(greatest, order);
        }
    }

    /// The bounds as they are written; `None` if there are no values, or if the greatest one is
    /// too long and has no shorter upper bound.
    pub(super) fn written(&self, order: ValueOrder) -> Option<(Bound, Bound)> {
        let (least, greatest) = self.0.as_ref()?;
        let exact = |bytes: &[u8]| Bound { bytes: bytes.to_vec(), is_exact: true };
        if order == ValueOrder::Number {
            return Some((exact(least), exact(greatest)));
        }
        let least = match least.len() <= MAX_BOUND {
            true => exact(least),
            false => Bound { bytes: start(least).to_vec(), is_exact: false },
        };
        let greatest = match greatest.len() <= MAX_BOUND {
            true => exact(greatest),
            false => Bound { bytes: after(start(greatest))?, is_exact: false },
        };
        Some((least, greatest))
    }
}

/// The first characters of a text, as many as are allowed.
fn start(text: &[u8]) -> &[u8] {
    let mut end = MAX_BOUND;
    while end > 0 && text[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &text[..end]
}

/// A text that is greater than every text with this start; `None` if there is none.
fn after(start: &[u8]) -> Option<Vec<u8>> {
    let last = start.iter().rposition(|byte| *byte < 0x7f)?;
    let mut greater = start[..=last].to_vec();
    greater[last] += 1;
    Some(greater)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_values_are_within_their_bounds(values in prop::collection::vec("(a|é|\u{7f}|z){0,80}", 1..6)) {
            let mut bounds = ValueBounds::default();
            values.iter().for_each(|value| bounds.add(value.as_bytes(), ValueOrder::Bytes));
            if let Some((least, greatest)) = bounds.written(ValueOrder::Bytes) {
                for value in &values {
                    prop_assert!(least.bytes.as_slice() <= value.as_bytes() && value.as_bytes() <= greatest.bytes.as_slice());
                }
                for bound in [least, greatest] {
                    prop_assert!(bound.bytes.len() <= MAX_BOUND && str::from_utf8(&bound.bytes).is_ok());
                    prop_assert!(!bound.is_exact || values.iter().any(|value| value.as_bytes() == bound.bytes));
                }
            }
        }
    }

    #[test]
    fn numbers_are_compared_as_such() {
        let mut bounds = ValueBounds::default();
        for number in [5_i64, -1, 256] {
            bounds.add(&number.to_le_bytes(), ValueOrder::Number);
        }
        let (least, greatest) = bounds.written(ValueOrder::Number).unwrap();
        assert_eq!((least.bytes, greatest.bytes), ((-1_i64).to_le_bytes().to_vec(), 256_i64.to_le_bytes().to_vec()));
    }
}
