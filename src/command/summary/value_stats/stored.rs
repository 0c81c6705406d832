//! Statistics as bytes: of fixed length, but for the name of the first user at the end.

use super::{MARK, MAX_USER, SPARKLINE_BUCKETS, ValueStats};
use crate::command::summary::buckets::{BucketSize, SIZES};

impl ValueStats {
    /// The serialized size in bytes, without the name of the first user.
    pub(in crate::command::summary) const LENGTH: usize = 8 + 16 + 16 + 8 + 8 + 1 + 8 + 4 * SPARKLINE_BUCKETS;

    /// Appends [`ValueStats::LENGTH`] bytes and the name of the first user to `out`.
    pub(in crate::command::summary) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.count.to_le_bytes());
        out.extend(self.sum.to_le_bytes());
        out.extend(self.seconds.iter().flat_map(|second| second.to_le_bytes()));
        out.extend(self.failures.to_le_bytes());
        out.extend(self.earlier.to_le_bytes());
        out.push(self.size.index() as u8);
        out.extend(self.start.to_le_bytes());
        out.extend(self.buckets.iter().flat_map(|count| count.to_le_bytes()));
        out.extend_from_slice(&self.first_user);
    }

    /// Reads the bytes that [`ValueStats::write`] wrote.
    pub(in crate::command::summary) fn read(bytes: &[u8]) -> ValueStats {
        fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
            let (first, rest) = bytes.split_first_chunk().unwrap_or((&[0; N], &[]));
            *bytes = rest;
            *first
        }
        let mut bytes = bytes;
        ValueStats {
            count: u64::from_le_bytes(take(&mut bytes)),
            sum: i128::from_le_bytes(take(&mut bytes)),
            seconds: [0; 2].map(|_: i64| i64::from_le_bytes(take(&mut bytes))),
            failures: u64::from_le_bytes(take(&mut bytes)),
            earlier: u64::from_le_bytes(take(&mut bytes)),
            size: BucketSize::at(take::<1>(&mut bytes)[0]),
            start: i64::from_le_bytes(take(&mut bytes)),
            buckets: [0; SPARKLINE_BUCKETS].map(|_: u32| u32::from_le_bytes(take(&mut bytes))),
            first_user: bytes.to_vec(),
        }
    }

    /// Like [`read`](Self::read), for bytes of another process. Returns `None` for statistics that
    /// no events have.
    pub(in crate::command::summary) fn read_foreign(bytes: &[u8]) -> Option<ValueStats> {
        /// More events than all accounts have in a year.
        const MAX_STORED: u64 = 1 << 48;
        const SIZE: usize = 8 + 16 + 16 + 8 + 8;
        let has_size = bytes.len() >= ValueStats::LENGTH && usize::from(bytes[SIZE]) < SIZES;
        let stats = ValueStats::read(bytes);
        let is_possible = has_size
            && stats.count <= MAX_STORED
            && stats.failures <= stats.count
            && stats.earlier <= MAX_STORED
            && stats.first_user.len() <= MAX_USER + MARK.len()
            && stats.has_possible_times();
        is_possible.then_some(stats)
    }

    /// Whether the buckets are those of the period.
    fn has_possible_times(&self) -> bool {
        let last_bucket = self.buckets.iter().rposition(|count| *count > 0);
        let Some([first, last]) = self.period() else {
            return self.seconds == ValueStats::default().seconds && last_bucket.is_none();
        };
        /// Many thousand years, which the largest buckets cover.
        const MAX_STORED: i64 = 1 << 39;
        let known = -MAX_STORED..=MAX_STORED;
        let bucket = |second: i64| self.size.of_minute(second.div_euclid(60));
        known.contains(&first)
            && known.contains(&last)
            && self.start == bucket(first)
            && self.buckets[0] > 0
            && last_bucket.is_some_and(|at| self.start + at as i64 == bucket(last))
    }
}
