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
