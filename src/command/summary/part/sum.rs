//! Adds up parts.

use super::bytes::RecordBytes;
use super::{RecordKind, facts, totals};
use crate::command::summary::tally::SummaryTally;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;
use crate::spill::dedupe::SeenIds;

/// The sum of several parts, in bounded memory.
pub(in crate::command::summary) struct PartSum {
    tally: SummaryTally,
    /// The ids so far, if duplicates are left out.
    seen: Option<SeenIds>,
    /// The number of events that were left out because a part before has them.
    duplicates: u64,
}

impl PartSum {
    /// The sum of no parts.
    pub(in crate::command::summary) fn new(tally: SummaryTally, dedupe: bool) -> PartSum {
        PartSum { tally, seen: dedupe.then(SeenIds::default), duplicates: 0 }
    }

    /// Adds a record of a part. Returns false if it is damaged, or counts something else.
    pub(in crate::command::summary) fn add(&mut self, record: &[u8]) -> Result<bool, Error> {
        let Some((kind, bytes)) = record.split_first() else { return Ok(false) };
        let added = match RecordKind::of(*kind) {
            Some(RecordKind::Value) => self.add_value(RecordBytes(bytes)),
            Some(RecordKind::Facts) => return self.add_facts(bytes),
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

    /// The sum, and the number of events that were left out.
    pub(in crate::command::summary) fn finish(self) -> (SummaryTally, u64) {
        (self.tally, self.duplicates)
    }
}
