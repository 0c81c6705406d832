//! Adds up parts.

use super::bytes::RecordBytes;
use super::sources::PartSources;
use super::{RecordKind, facts, totals};
use crate::command::summary::tally::SummaryTally;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;
use crate::spill::dedupe::SeenIds;

/// The sum of several parts, in bounded memory.
pub(super) struct PartSum {
    tally: SummaryTally,
    /// The ids so far, if duplicates are left out.
    seen: Option<SeenIds>,
    /// The number of events that were left out because a part before has them.
    duplicates: u64,
    sources: Option<PartSources>,
}

/// What parts add up to.
pub(super) struct SummedParts {
    pub(super) tally: SummaryTally,
    /// The number of events that were left out because a part before has them.
    pub(super) duplicates: u64,
    /// Where the events come from.
    pub(super) sources: PartSources,
}

impl PartSum {
    /// The sum of no parts.
    pub(super) fn new(tally: SummaryTally, dedupe: bool) -> PartSum {
        PartSum { tally, seen: dedupe.then(SeenIds::default), duplicates: 0, sources: None }
    }

    /// Adds a record of a part. Returns false if it is damaged, or counts something else.
    pub(super) fn add(&mut self, record: &[u8]) -> Result<bool, Error> {
        let Some((kind, bytes)) = record.split_first() else { return Ok(false) };
        let added = match RecordKind::of(*kind) {
            Some(RecordKind::Value) => self.add_value(RecordBytes(bytes)),
            Some(RecordKind::Facts) => return self.add_facts(bytes),
            Some(RecordKind::Sources) => self.add_sources(bytes),
            Some(kind) => totals::read(kind, bytes, self.tally.subjects()).map(|counts| self.tally.add_counts(counts)),
            None => None,
        };
        Ok(added.is_some())
    }

    fn add_value(&mut self, mut bytes: RecordBytes<'_>) -> Option<()> {
        let counter = bytes.number()?;
        let value = bytes.text()?;
        let stats = ValueStats::read_foreign(bytes.0)?;
        self.tally.add_value(counter.try_into().ok()?, value, &stats)
    }

    fn add_sources(&mut self, bytes: &[u8]) -> Option<()> {
        let sources = serde_json::from_slice(bytes).ok()?;
        match &mut self.sources {
            Some(all) => all.add(sources),
            none => *none = Some(sources),
        }
        Some(())
    }

    fn add_facts(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        let Some(mut facts) = facts::read(bytes) else { return Ok(false) };
        if let Some(seen) = &mut self.seen {
            facts.retain(|fact| {
                let is_new = fact.id.map_or(Ok(true), |id| seen.insert(id))?;
                self.duplicates += u64::from(!is_new);
                Ok::<_, Error>(is_new)
            })?;
        }
        self.tally.add_facts(&facts);
        Ok(true)
    }

    /// The sum.
    pub(super) fn finish(self) -> SummedParts {
        let PartSum { tally, duplicates, sources, .. } = self;
        SummedParts { tally, duplicates, sources: sources.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::summary::counted_columns::CountedColumns;
    use crate::command::summary::event_counts::READ;
    use crate::command::summary::event_facts::{EventFact, EventFacts};
    use crate::command::summary::part::write::write_tallies;
    use crate::command::summary::tally::CountedValues;
    use crate::decode::event::FieldSet;

    /// A tally of one column that may keep this number of bytes in memory.
    fn tally(memory_limit: usize) -> SummaryTally {
        let mut fields = FieldSet::default();
        let subjects = vec![CountedColumns::new(&["eventName"], true, &mut fields).unwrap()];
        let counted = CountedValues { subjects, amounts: None, is_overview: false, compared: None };
        SummaryTally::with_memory_limits(std::iter::once(memory_limit), counted, &mut fields).unwrap().remove(0)
    }

    type TestEvent = (i64, String, u8);

    fn facts_of(events: &[TestEvent]) -> EventFacts {
        let mut facts = EventFacts::default();
        for (second, value, id) in events {
            facts.push_value(value.as_bytes());
            let fact =
                EventFact { second: Some(*second), kind: READ as u8, id: Some([*id; 12]), ..EventFact::default() };
            facts.end_event(fact);
        }
        facts
    }

    fn records(tally: SummaryTally) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        let mut push = |record: &[u8]| {
            records.push(record.to_vec());
            Ok(())
        };
        write_tallies(vec![tally], &mut push).unwrap();
        records
    }

    fn counted(events: &[TestEvent], memory_limit: usize) -> Vec<Vec<u8>> {
        let mut tally = tally(memory_limit);
        tally.add_facts(&facts_of(events));
        records(tally)
    }

    proptest! {
        #[test]
        fn parts_add_up_however_little_memory_there_is(
            events in proptest::collection::vec((1_790_000_000..1_790_900_000_i64, "[a-f]{0,3}", 0..40_u8), 0..120),
            parts in 1..8_usize,
            memory_limit in prop_oneof![Just(usize::MAX), 0..4_000_usize],
        ) {
            let mut sum = PartSum::new(tally(memory_limit), false);
            let mut deduplicated = PartSum::new(tally(memory_limit), true);
            for part in events.chunks(events.len() / parts + 1) {
                for record in counted(part, memory_limit) {
                    prop_assert!(sum.add(&record).unwrap());
                }
                facts::write(&facts_of(part), &mut |record: &[u8]| {
                    assert!(deduplicated.add(record).unwrap());
                    Ok(())
                }).unwrap();
            }
            prop_assert_eq!(records(sum.finish().tally), counted(&events, usize::MAX));
            let mut seen = std::collections::BTreeSet::new();
            let first_seen: Vec<TestEvent> = events.iter().filter(|event| seen.insert(event.2)).cloned().collect();
            let summed = deduplicated.finish();
            prop_assert_eq!(summed.duplicates, (events.len() - first_seen.len()) as u64);
            prop_assert_eq!(records(summed.tally), counted(&first_seen, usize::MAX));
        }

        #[test]
        fn damaged_records_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..500_usize) {
            let mut sum = PartSum::new(tally(usize::MAX), false);
            let _ = sum.add(&bytes).unwrap();
            for record in counted(&[(1_790_000_000, "value".into(), 1)], usize::MAX) {
                let end = at % record.len();
                let is_histogram = record[0] == RecordKind::TimeHistogram as u8;
                prop_assert!(is_histogram || !sum.add(&record[..end]).unwrap());
            }
        }
    }

    #[test]
    fn records_of_other_counts_are_refused() {
        let mut sum = PartSum::new(tally(usize::MAX), false);
        let value = counted(&[(0, "a".into(), 1)], usize::MAX).remove(0);
        assert!(sum.add(&value).unwrap());
        let mut other = value.clone();
        other[1] = 5;
        for record in [&other[..], &[], &[0], &[99, 1]] {
            assert!(!sum.add(record).unwrap(), "{record:?}");
        }
    }
}
