//! The counts of one thread.

mod counted_event;
mod event;
mod flush;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::amount::AmountReader;
use super::buckets::BucketedTime;
use super::call_memo::CallFacts;
use super::comparison::ComparedPeriods;
use super::counted_columns::CountedColumns;
use super::counter::Counter;
use super::counter_set::CounterSet;
use super::event_counts::{ERROR, EventCounts};
use super::event_facts::{EventFact, EventFacts};
use super::event_readers::{EventReaders, write_principal};
use super::signals::SignalContext;
use super::spill::CountSpill;
use super::value_stats::{Occurrence, ValueStats};
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::spill::dedupe::IdHash;
use crate::table::cell::CellStyle;

/// What is counted and summed.
pub(super) struct CountedValues {
    pub(super) subjects: Vec<CountedColumns>,
    /// Reads what is summed, if anything is.
    pub(super) amounts: Option<AmountReader>,
    /// Whether calls with a theme are counted too, signals looked for, and first users noted.
    pub(super) is_overview: bool,
    /// The two periods that are compared, if that is asked for.
    pub(super) compared: Option<ComparedPeriods>,
}

/// All that one thread counts.
pub(super) struct SummaryTally {
    readers: EventReaders,
    subjects: Vec<CountedColumns>,
    /// Whether values of subjects depend on more than the call or the caller.
    has_other_subjects: bool,
    counters: CounterSet<Counter>,
    counts: EventCounts,
    /// What the counters may take.
    memory_limit: usize,
    bucketed_time: BucketedTime,
    /// How often counters moved to the disk, which ends their entries.
    generation: u64,
    style: CellStyle,
    /// Memory for a value.
    value: Vec<u8>,
    failure: Option<Error>,
}

/// Beside the memory for counters, this part of it may be taken by remembered values.
const MEMO_SHARE: usize = 4;

impl SummaryTally {
    /// Creates tallies that put what does not fit into the same place on disk, one for
    /// each number of bytes that it may keep in memory.
    pub(super) fn with_memory_limits(
        memory_limits: impl Iterator<Item = usize>,
        counted: CountedValues,
        fields: &mut FieldSet,
    ) -> Result<Vec<SummaryTally>, Error> {
        let readers = EventReaders::new(&counted, fields)?;
        let subjects = counted.subjects;
        let spills = CounterSet::new(subjects.len(), Arc::<CountSpill>::default);
        let tally = |memory_limit| {
            let mut readers = readers.clone();
            readers.limit_memory(memory_limit / MEMO_SHARE);
            SummaryTally {
                readers,
                has_other_subjects: subjects.iter().any(|subject| subject.remembered().is_none()),
                subjects: subjects.clone(),
                counters: spills.map(|spill| Counter::new(Arc::clone(spill))),
                counts: EventCounts::new(subjects.len()),
                memory_limit,
                bucketed_time: BucketedTime::new(0),
                generation: 0,
                style: CellStyle::default(),
                value: Vec::new(),
                failure: None,
            }
        };
        Ok(memory_limits.map(tally).collect())
    }

    /// Counts an event. Returns whether it belongs to a period that is counted.
    #[inline]
    pub(super) fn add(&mut self, event: &Event<'_>, file: &str) -> bool {
        if self.failure.is_some() {
            return true;
        }
        let has_grown = self.count(event, file);
        if has_grown == Some(true) {
            self.make_room();
        }
        has_grown.is_some()
    }

    /// The number of subjects.
    pub(super) fn subjects(&self) -> usize {
        self.subjects.len()
    }

    /// Adds what another run counted of all events together.
    pub(super) fn add_counts(&mut self, counts: EventCounts) {
        self.counts.merge(counts);
    }

    /// Adds what another run counted of a value, to the counter with this number. Returns
    /// `None` if no counter has this number.
    pub(super) fn add_value(&mut self, counter: usize, value: &[u8], stats: &ValueStats) -> Option<()> {
        if self.failure.is_none() && self.counters.iter_mut().nth(counter)?.add_stats(value, stats) {
            self.make_room();
        }
        Some(())
    }

    /// Counts a log that was read.
    pub(super) fn add_log(&mut self, file: &str) {
        self.counts.days.add(file);
    }

    /// Appends what [`add`](SummaryTally::add) would count of an event to `facts`. Returns
    /// whether it belongs to a period that is counted.
    pub(super) fn note(&mut self, event: &Event<'_>, file: &str, id: Option<IdHash>, facts: &mut EventFacts) -> bool {
        let SummaryTally { readers, subjects, style, value, .. } = self;
        let second = readers.clock.second(event);
        let Some(is_earlier) = readers.is_earlier(second) else { return false };
        let call = readers.call(event);
        let mut cut_values = 0;
        let user = readers.user.as_mut().map(|user| user.read(event, file, style).text);
        if let Some(user) = user {
            facts.push_value(user);
        }
        for subject in subjects.iter_mut() {
            let start = facts.text().len();
            cut_values += u8::from(subject.value(event, file, style, facts.text()));
            let is_counted = !subject.is_omitted(&facts.text()[start..]);
            facts.end_value(start, is_counted);
        }
        let is_denied = !is_earlier && call.is_denied;
        value.clear();
        if is_denied {
            write_principal(&mut readers.values.identities, event, style, value);
            facts.push_value(value);
            let start = facts.text().len();
            cut_values += u8::from(readers.values.name.value(event, file, style, facts.text()));
            facts.end_value(start, true);
        }
        let start = facts.text().len();
        let theme = call.theme.filter(|_| !is_earlier);
        if let (Some(themes), Some(position)) = (&mut readers.values.themes, theme) {
            cut_values += u8::from(themes.write(position, None, (event, file), style, facts.text()).is_cut);
            facts.end_value(start, true);
        }
        let mut signal_values = 0;
        if let Some(signals) = readers.values.signals.as_mut().filter(|_| !is_earlier) {
            let user = user.unwrap_or_default();
            let CallFacts { is_failed, .. } = call;
            let context = SignalContext { user, principal: value, second, is_failed, is_denied };
            signals.write(event, &context, &mut |value| {
                facts.push_value(value);
                signal_values += 1;
            });
        }
        facts.end_event(EventFact {
            second,
            has_other_times: readers.clock.has_other_forms(),
            kind: call.kind,
            cut_values: if is_earlier { 0 } else { cut_values },
            is_earlier,
            is_denied,
            has_theme: theme.is_some(),
            signals: signal_values,
            amount: readers.amount(event),
            id,
        });
        true
    }

    /// Counts the events of facts.
    pub(super) fn add_facts(&mut self, facts: &EventFacts) {
        if self.failure.is_some() {
            return;
        }
        let counted = facts.each(|fact, values| {
            if self.count_fact(fact, values) {
                self.make_room();
            }
            if self.failure.is_some() { Err(()) } else { Ok(()) }
        });
        // The failure is kept, and ends the run in the end.
        let _ = counted;
    }

    fn count_fact(&mut self, fact: &EventFact, values: &mut dyn Iterator<Item = Option<&[u8]>>) -> bool {
        let SummaryTally { readers, subjects, counters, counts, bucketed_time, value, .. } = self;
        if !fact.is_earlier {
            counts.add(fact.second, fact.kind.into(), fact.has_other_times, bucketed_time);
            counts.cut_values += u64::from(fact.cut_values);
            counts.add_amount(fact.amount);
        }
        let user = readers.user.as_ref().and_then(|_| values.next().flatten());
        let occurrence = Occurrence {
            time: fact.second.map(|_| &*bucketed_time),
            is_failed: usize::from(fact.kind) == ERROR,
            is_earlier: fact.is_earlier,
            user,
            sum: fact.amount.sum,
        };
        let mut has_grown = false;
        for ((subject, counter), empty) in subjects.iter().zip(&mut counters.subjects).zip(&mut counts.empty) {
            match values.next().flatten() {
                Some(value) => has_grown |= add_values(counter, subject.is_list(), value, &occurrence),
                None => *empty += u64::from(!fact.is_earlier),
            }
        }
        let occurrence = Occurrence { user: None, ..occurrence };
        if fact.is_denied
            && let (Some(Some(principal)), Some(Some(name))) = (values.next(), values.next())
        {
            counts.denied += 1;
            has_grown |= counters.roles.add(principal, &occurrence);
            value.clear();
            value.extend_from_slice(principal);
            value.push(b'\t');
            value.extend_from_slice(name);
            has_grown |= counters.denied.add(value, &occurrence);
        }
        if fact.has_theme
            && let Some(Some(value)) = values.next()
        {
            has_grown |= counters.changes.add(value, &occurrence);
        }
        for value in values.take(fact.signals.into()).flatten() {
            has_grown |= counters.signals.add(value, &occurrence);
        }
        has_grown
    }

    /// Moves the largest counters to disk until the others fit into memory. A failure is
    /// kept until the tallies are merged.
    fn make_room(&mut self) {
        let is_full =
            |tally: &SummaryTally| tally.counters.iter().map(Counter::size).sum::<usize>() > tally.memory_limit;
        if is_full(self) {
            self.flush();
        }
        while is_full(self) {
            let Some(largest) = self.counters.iter_mut().max_by_key(|counter| counter.size()) else { return };
            self.generation += 1;
            if let Err(failure) = largest.spill() {
                self.failure = Some(failure);
                return;
            }
        }
    }

    /// Puts together what all threads counted.
    pub(super) fn merge(tallies: Vec<SummaryTally>) -> Result<(EventCounts, CounterSet<Vec<Counter>>), Error> {
        let subjects = tallies.first().map_or(0, |tally| tally.subjects.len());
        let mut counts = EventCounts::new(subjects);
        let mut counters = CounterSet::new(subjects, Vec::new);
        for mut tally in tallies {
            tally.flush();
            if let Some(failure) = tally.failure {
                return Err(failure);
            }
            counts.merge(tally.counts);
            for (list, counter) in counters.iter_mut().zip(tally.counters.into_iter()) {
                list.push(counter);
            }
        }
        Ok((counts, counters))
    }
}

/// Counts a value, or each value of a list.
#[inline]
fn add_values(counter: &mut Counter, is_list: bool, value: &[u8], occurrence: &Occurrence<'_>) -> bool {
    if !is_list {
        return counter.add(value, occurrence);
    }
    let mut has_grown = false;
    for one in value.split(|byte| *byte == b'\t') {
        has_grown |= counter.add(one, occurrence);
    }
    has_grown
}
