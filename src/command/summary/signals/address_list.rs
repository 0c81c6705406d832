//! The addresses of a key, a session or a user.

use std::collections::BTreeMap;

use super::call_origin::{CLASSES, CallOrigin, OriginClass};
use crate::command::summary::value_stats::ValueStats;

/// The most addresses that are kept for the text. All are counted.
const MAX_KEPT: usize = 4096;
/// The most periods that are compared.
const MAX_PERIODS: usize = 16_384;
/// Of more addresses, the text shows the first and the last half of this number.
const MAX_SHOWN: usize = 6;

/// Different addresses, which come in the order of bytes.
#[derive(Debug, Default)]
pub(super) struct AddressList {
    /// The number of different addresses of each class.
    counts: [u64; CLASSES],
    kept: Vec<KeptAddress>,
    /// When an address of the class was used, by day if that is known.
    periods: Vec<(usize, [i64; 2])>,
    current: Option<AddressUse>,
}

/// An address for the text.
#[derive(Debug)]
struct KeptAddress {
    /// The first second.
    first: i64,
    text: String,
}

/// The use of one address.
#[derive(Debug, Default)]
pub(super) struct AddressUse {
    pub(super) text: Vec<u8>,
    /// The first and the last second of each day; without a day, of all its time.
    pub(super) days: BTreeMap<Option<u16>, [i64; 2]>,
}

impl AddressList {
    /// Adds the use of an address, on a day if that is known. Returns the use of the address
    /// before, if that was another one.
    pub(super) fn add(&mut self, text: &[u8], day: Option<u16>, stats: &ValueStats) -> Option<AddressUse> {
        let is_other = self.current.as_ref().is_some_and(|current| current.text != text);
        let ended = if is_other { self.end() } else { None };
        let current = self.current.get_or_insert_with(|| AddressUse { text: text.to_vec(), ..AddressUse::default() });
        if let Some([first, last]) = stats.period() {
            let period = current.days.entry(day).or_insert([first, last]);
            *period = [period[0].min(first), period[1].max(last)];
        }
        ended
    }

    /// Counts the last address, and returns its use.
    pub(super) fn end(&mut self) -> Option<AddressUse> {
        let ended = self.current.take()?;
        let class = CallOrigin::read(&ended.text).map_or(OriginClass::Other, CallOrigin::class) as usize;
        self.counts[class] += 1;
        if self.kept.len() < MAX_KEPT {
            let first = ended.days.values().map(|[first, _]| *first).min().unwrap_or(i64::MAX);
            self.kept.push(KeptAddress { first, text: String::from_utf8_lossy(&ended.text).into_owned() });
        }
        let room = MAX_PERIODS - self.periods.len();
        self.periods.extend(ended.days.values().map(|period| (class, *period)).take(room));
        Some(ended)
    }

    /// The number of different addresses.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether there are several addresses that one machine cannot be expected to have.
    pub(super) fn has_several(&self) -> bool {
        [OriginClass::PublicIpv4, OriginClass::PublicIpv6, OriginClass::Private]
            .into_iter()
            .any(|class| self.counts[class as usize] > 1)
    }

    /// Whether an address was used while another one of its class was in use.
    pub(super) fn has_overlap(&self) -> bool {
        let mut periods = self.periods.clone();
        // The periods of one address are days, and do not overlap.
        periods.sort_unstable();
        periods.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[1].1[0] <= pair[0].1[1])
    }

    /// A text such as `2 addresses: 203.0.113.1, 203.0.113.2`, in the order of their first use.
    pub(super) fn text(self) -> String {
        let overlap = if self.has_overlap() { " at overlapping times" } else { "" };
        self.text_with(overlap)
    }

    /// Like [`text`](Self::text), without whether they were used at overlapping times.
    pub(super) fn text_without_overlap(self) -> String {
        self.text_with("")
    }

    fn text_with(mut self, overlap: &str) -> String {
        self.kept.sort_by(|one, other| (one.first, &one.text).cmp(&(other.first, &other.text)));
        let texts: Vec<&str> = self.kept.iter().map(|kept| kept.text.as_str()).collect();
        let half = MAX_SHOWN / 2;
        let shown = match texts.len() {
            count if count > MAX_SHOWN => {
                format!("{}, …, {}", texts[..half].join(", "), texts[count - half..].join(", "))
            }
            _ => texts.join(", "),
        };
        match self.count() {
            1 => shown,
            count => {
                format!("{count} addresses{overlap}: {shown}")
            }
        }
    }
}
