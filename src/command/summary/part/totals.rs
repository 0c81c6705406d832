//! What is counted of all events together, as records.

use super::bytes::{RecordBytes, write_text};
use super::{EachRecord, RecordKind};
use crate::command::summary::event_counts::{EventCounts, KINDS, WEEK};
use crate::command::summary::time_histogram::TimeHistogram;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;
use crate::syntax::varint;

/// Passes the counts to `each`, in several records.
pub(super) fn write(counts: &EventCounts, each: &mut EachRecord<'_>) -> Result<(), Error> {
    let mut record = RecordKind::Totals.start();
    counts.all.write(&mut record);
    let numbers = counts.kinds.iter().chain(&counts.week);
    numbers.for_each(|number| varint::write(*number, &mut record));
    varint::write(counts.empty.len() as u64, &mut record);
    counts.empty.iter().for_each(|number| varint::write(*number, &mut record));
    for number in [counts.denied, counts.cut_values, counts.not_summed, counts.days.unplaced] {
        varint::write(number, &mut record);
    }
    record.extend([counts.has_other_times, counts.days.has_more].map(u8::from));
    each(&record)?;
    let mut record = RecordKind::TimeHistogram.start();
    counts.histogram.write(&mut record);
    each(&record)?;
    for ((account, region), ranges) in counts.days.owners() {
        let mut record = RecordKind::LogDays.start();
        write_text(account.as_bytes(), &mut record);
        write_text(region.as_bytes(), &mut record);
        record.extend(ranges.iter().flatten().flat_map(|day| day.to_le_bytes()));
        each(&record)?;
    }
    Ok(())
}

/// The counts of a record of this kind, for this number of subjects. Returns `None` if the
/// record is damaged.
pub(super) fn read(kind: RecordKind, bytes: &[u8], subjects: usize) -> Option<EventCounts> {
    let mut counts = EventCounts::new(subjects);
    match kind {
        RecordKind::Totals => read_totals(RecordBytes(bytes), &mut counts)?,
        RecordKind::TimeHistogram => counts.histogram = TimeHistogram::read(bytes)?,
        RecordKind::LogDays => read_log_days(RecordBytes(bytes), &mut counts)?,
        RecordKind::Value | RecordKind::Facts | RecordKind::Sources => return None,
    }
    Some(counts)
}

fn read_totals(mut bytes: RecordBytes<'_>, counts: &mut EventCounts) -> Option<()> {
    counts.all = ValueStats::read_foreign(bytes.bytes(ValueStats::LENGTH as u64)?)?;
    for at in 0..KINDS {
        counts.kinds[at] = bytes.number()?;
    }
    for at in 0..WEEK {
        counts.week[at] = bytes.number()?;
    }
    let timed: u64 = counts.week.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
    if timed > counts.all.count || bytes.number()? != counts.empty.len() as u64 {
        return None;
    }
    for number in &mut counts.empty {
        *number = bytes.number()?;
    }
    counts.denied = bytes.number()?;
    counts.cut_values = bytes.number()?;
    counts.not_summed = bytes.number()?;
    counts.days.unplaced = bytes.number()?;
    counts.has_other_times = bytes.flag()?;
    counts.days.has_more = bytes.flag()?;
    bytes.is_empty().then_some(())
}

fn read_log_days(mut bytes: RecordBytes<'_>, counts: &mut EventCounts) -> Option<()> {
    let mut text = || String::from_utf8(bytes.text()?.to_vec()).ok();
    let owner = (text()?, text()?);
    let (ranges, rest) = bytes.0.as_chunks::<8>();
    let day = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| i32::from_le_bytes(*bytes));
    let ranges: Vec<[i32; 2]> = ranges.iter().map(|range| [day(&range[..4]), day(&range[4..])]).collect();
    (rest.is_empty() && counts.days.add_owner(&owner, &ranges)).then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::summary::amount::Amount;
    use crate::command::summary::buckets::BucketedTime;

    const SUBJECTS: usize = 3;

    /// The records of counts, as one list.
    fn records(counts: &EventCounts) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        write(counts, &mut |record: &[u8]| {
            records.push(record.to_vec());
            Ok(())
        })
        .unwrap();
        records
    }

    fn read_back(records: &[Vec<u8>]) -> EventCounts {
        let mut counts = EventCounts::new(SUBJECTS);
        for record in records {
            let kind = RecordKind::of(record[0]).unwrap();
            counts.merge(read(kind, &record[1..], SUBJECTS).unwrap());
        }
        counts
    }

    fn counts(events: &[(Option<i64>, usize, u8)]) -> EventCounts {
        let (mut counts, mut time) = (EventCounts::new(SUBJECTS), BucketedTime::new(0));
        for (second, kind, number) in events {
            counts.add(*second, *kind, *number == 0, &mut time);
            counts.add_amount(Amount { sum: i128::from(*number) << 80, others: u32::from(*number % 3) });
            counts.empty[usize::from(number % 3)] += 1;
            counts.denied += u64::from(number % 2);
            counts.cut_values += u64::from(number % 5);
            let name =
                format!("AWSLogs/{number:012}/CloudTrail/eu-west-{}/2026/10/{:02}/x", number % 4, 1 + number % 28);
            counts.days.add(if number % 7 == 0 { "-" } else { &name });
        }
        counts
    }

    fn events() -> impl Strategy<Value = Vec<(Option<i64>, usize, u8)>> {
        let second = prop_oneof![
            1 => Just(None),
            9 => (1_790_000_000..1_791_000_000_i64).prop_map(Some),
            1 => (-60_000_000_000..200_000_000_000_i64).prop_map(Some),
        ];
        proptest::collection::vec((second, 0..KINDS, 0..250_u8), 0..60)
    }

    proptest! {
        #[test]
        fn counts_are_read_back_and_parts_add_up(events in events(), cut in 0..60_usize) {
            let whole = records(&counts(&events));
            prop_assert_eq!(&records(&read_back(&whole)), &whole);
            let (left, right) = events.split_at(cut.min(events.len()));
            let mut merged = read_back(&records(&counts(left)));
            merged.merge(read_back(&records(&counts(right))));
            prop_assert_eq!(records(&merged), whole);
        }

        #[test]
        fn other_bytes_are_no_counts(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0..400_usize) {
            for kind in [RecordKind::Totals, RecordKind::TimeHistogram, RecordKind::LogDays] {
                let _ = read(kind, &bytes, SUBJECTS);
            }
            let mut record = records(&counts(&[(Some(5), 1, 9)]))[0][1..].to_vec();
            let at = at % record.len();
            record[at] ^= bytes.pop().unwrap_or(1);
            let _ = read(RecordKind::Totals, &record, SUBJECTS);
            prop_assert!(read(RecordKind::Totals, &record[..at], SUBJECTS).is_none());
        }
    }
}
