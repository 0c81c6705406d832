//! Counts an event at once, with what is remembered of its caller and its call.

use super::{SummaryTally, add_values};
use crate::command::summary::call_memo::{CALL_COLUMNS, CallFacts, CallValues};
use crate::command::summary::caller_memo::CallerValues;
use crate::command::summary::counted_columns::{CountedColumns, RememberedColumn};
use crate::command::summary::counter::Counter;
use crate::command::summary::counter_set::CounterSet;
use crate::command::summary::event_counts::EventCounts;
use crate::command::summary::event_readers::{UserReader, ValueReaders, write_principal};
use crate::command::summary::signals::{SignalContext, SignalWriter};
use crate::command::summary::value_stats::{Occurrence, ValueStats};
use crate::decode::event::Event;
use crate::table::cell::CellStyle;

/// An event that is counted, and what is known of it.
#[derive(Clone, Copy)]
struct CountedEvent<'e> {
    event: &'e Event<'e>,
    file: &'e str,
    style: &'e CellStyle,
    /// Seconds from 1970; `None` without a readable time.
    second: Option<i64>,
    call: CallFacts,
    /// Whether its call is remembered, and counted with others of its kind.
    is_call_known: bool,
    /// What is remembered of its caller, with which it is counted.
    caller: Option<&'e CallerValues>,
    /// The name of its user, if that is noted, and whether it was cut.
    name: Option<&'e [u8]>,
    is_name_cut: bool,
    occurrence: &'e Occurrence<'e>,
}

/// What the counting of an event has found.
#[derive(Default)]
struct FoundValues {
    caller: CallerValues,
    call_columns: [Option<u32>; CALL_COLUMNS],
    /// Whether a value was cut, so that it is not remembered.
    has_cut_values: bool,
    /// Whether a counter has a new value.
    has_grown: bool,
}

/// Where values without a subject are counted, and what that needs.
struct OtherCounting<'t> {
    readers: &'t mut ValueReaders,
    counters: &'t mut CounterSet<Counter>,
    counts: &'t mut EventCounts,
    /// Memory for a value.
    value: &'t mut Vec<u8>,
    found: &'t mut FoundValues,
}

impl SummaryTally {
    /// Counts an event, and returns whether that took more memory; `None` if it belongs to
    /// no period that is counted.
    #[inline]
    pub(super) fn count(&mut self, event: &Event<'_>, file: &str) -> Option<bool> {
        let SummaryTally { readers, subjects, counters, counts, bucketed_time, generation, style, value, .. } = self;
        let second = readers.clock.second(event);
        let is_earlier = readers.is_earlier(second)?;
        let known_call = readers.calls.as_ref().and_then(|calls| calls.find(event, *generation));
        let call = known_call.map_or_else(|| readers.call(event), |(_, known)| known.facts);
        let amount = readers.amount(event);
        if !is_earlier {
            counts.add(second, call.kind, readers.clock.has_other_forms(), bucketed_time);
            counts.add_amount(amount);
        }
        let known_caller = readers.callers.as_ref().and_then(|callers| callers.find(event, second, *generation));
        let caller_index = known_caller.map(|(index, _)| index);
        let caller = known_caller.map(|(_, known)| known);
        let (name, is_name_cut) = match (caller, &mut readers.user) {
            (Some(caller), _) => (Some(caller.user()), false),
            (None, Some(user)) => {
                let (name, is_cut) = user.read(event, file, style);
                (Some(name), is_cut)
            }
            (None, None) => (None, false),
        };
        let time = second.map(|_| &*bucketed_time);
        let unnamed = Occurrence { time, is_failed: call.is_failed, is_earlier, user: None, sum: amount.sum };
        let occurrence = &Occurrence { user: name, ..unnamed };
        let is_call_known = known_call.is_some();
        let counted =
            CountedEvent { event, file, style, second, call, is_call_known, caller, name, is_name_cut, occurrence };
        let mut found = counted.count_subjects(subjects, &mut counters.subjects, counts, value);
        match (known_call, &mut readers.calls) {
            (Some((index, _)), Some(calls)) => calls.count(index, occurrence),
            (None, Some(calls)) if !found.has_cut_values => {
                let settle = |values: &CallValues, stats: &ValueStats| {
                    settle_call(values, stats, subjects, &mut counters.subjects, &mut counts.empty);
                };
                calls.learn(event, *generation, CallValues { columns: found.call_columns, facts: call }, settle);
            }
            _ => {}
        }
        let counted = CountedEvent { occurrence: &unnamed, ..counted };
        let is_of_caller = !is_earlier
            && counted.count_others(OtherCounting {
                readers: &mut readers.values,
                counters,
                counts,
                value,
                found: &mut found,
            });
        if let (Some(index), Some(callers)) = (caller_index, &mut readers.callers) {
            callers.count(index, &unnamed);
        }
        let has_grown = found.has_grown;
        if is_of_caller && !found.has_cut_values {
            self.learn_caller(event, file, second, found.caller);
        }
        Some(has_grown)
    }

    /// Remembers what was found of the caller of the last event.
    fn learn_caller(&mut self, event: &Event<'_>, file: &str, second: Option<i64>, mut values: CallerValues) {
        let SummaryTally { readers, subjects, counters, counts, generation, style, .. } = self;
        let (Some(themes), Some(callers)) = (&mut readers.values.themes, &mut readers.callers) else { return };
        let user = readers.user.as_ref().map_or(&[][..], UserReader::last);
        let Some(changed_by) = themes.changed_by(user, (event, file), style) else { return };
        values.set_user(changed_by, user.len());
        callers.learn(event, second, *generation, values, |values, stats| {
            settle_caller(values, stats, subjects, counters, &mut counts.empty);
        });
    }

    /// Adds what was counted of calls and callers to their entries, which are about to move or to
    /// be read.
    pub(super) fn settle(&mut self) {
        let SummaryTally { readers, subjects, counters, counts, .. } = self;
        if let Some(calls) = &mut readers.calls {
            calls.settle(|values, stats| {
                settle_call(values, stats, subjects, &mut counters.subjects, &mut counts.empty);
            });
        }
        if let Some(callers) = &mut readers.callers {
            callers.settle(|values, stats| settle_caller(values, stats, subjects, counters, &mut counts.empty));
        }
    }
}

/// Adds what was counted of a call to its entries.
fn settle_call(
    values: &CallValues,
    stats: &ValueStats,
    subjects: &[CountedColumns],
    counters: &mut [Counter],
    empty: &mut [u64],
) {
    for ((subject, counter), empty) in subjects.iter().zip(counters).zip(empty) {
        if let Some(RememberedColumn::Call(column)) = subject.remembered() {
            match values.columns[column as usize] {
                Some(entry) => counter.merge_at(entry, stats),
                None => *empty += stats.count,
            }
        }
    }
}

/// Adds what was counted of a caller to its entries.
fn settle_caller(
    values: &CallerValues,
    stats: &ValueStats,
    subjects: &[CountedColumns],
    counters: &mut CounterSet<Counter>,
    empty: &mut [u64],
) {
    let of_user = stats.clone().by_user(values.user());
    for ((subject, counter), empty) in subjects.iter().zip(&mut counters.subjects).zip(empty) {
        if let Some(RememberedColumn::Caller(column)) = subject.remembered() {
            match values.columns[column as usize] {
                Some(entry) => counter.merge_at(entry, &of_user),
                None => *empty += stats.count,
            }
        }
    }
    // Signals have no users, and nothing to compare with an earlier period.
    if let (Some(entry), true) = (values.signal, stats.count > 0) {
        counters.signals.merge_at(entry, &stats.clone().without_earlier());
    }
}

impl CountedEvent<'_> {
    /// Counts the value of each subject.
    #[inline]
    fn count_subjects(
        &self,
        subjects: &mut [CountedColumns],
        counters: &mut [Counter],
        counts: &mut EventCounts,
        value: &mut Vec<u8>,
    ) -> FoundValues {
        let mut found = FoundValues { has_cut_values: self.is_name_cut, ..FoundValues::default() };
        for ((subject, counter), empty) in subjects.iter_mut().zip(counters).zip(&mut counts.empty) {
            let is_known = match subject.remembered() {
                Some(RememberedColumn::Call(_)) => self.is_call_known,
                Some(RememberedColumn::Caller(_)) => self.caller.is_some(),
                None => false,
            };
            if !is_known && !self.count_subject(subject, counter, &mut counts.cut_values, value, &mut found) {
                *empty += u64::from(!self.occurrence.is_earlier);
            }
        }
        found
    }

    /// Counts the value of a subject. Returns false if there is none to count.
    fn count_subject(
        &self,
        subject: &mut CountedColumns,
        counter: &mut Counter,
        cut_values: &mut u64,
        value: &mut Vec<u8>,
        found: &mut FoundValues,
    ) -> bool {
        let CountedEvent { event, file, style, occurrence, .. } = *self;
        let remembered = subject.remembered();
        if let Some((bytes, length)) = subject.short(event).filter(|_| remembered.is_none()) {
            found.has_grown |= counter.add_short(bytes, length, occurrence);
            return true;
        }
        let value = match self.name {
            Some(name) if subject.is_user() => {
                *cut_values += u64::from(self.is_name_cut);
                name
            }
            _ => {
                value.clear();
                let is_cut = subject.value(event, file, style, value);
                *cut_values += u64::from(is_cut);
                found.has_cut_values |= is_cut;
                &*value
            }
        };
        if subject.is_omitted(value) {
            return false;
        }
        let Some(column) = remembered else {
            found.has_grown |= add_values(counter, subject.is_list(), value, occurrence);
            return true;
        };
        let counted = counter.add_value(value, occurrence);
        found.has_grown |= counted.is_new;
        match column {
            RememberedColumn::Caller(column) => found.caller.columns[column as usize] = Some(counted.entry),
            RememberedColumn::Call(column) => found.call_columns[column as usize] = Some(counted.entry),
        }
        true
    }

    /// Counts the values of the tables that have no subject: denied calls, signals and changes.
    /// Returns whether signals were found anew and depend on nothing but the caller and the day.
    #[inline]
    fn count_others(&self, mut counting: OtherCounting<'_>) -> bool {
        let CountedEvent { event, file, style, second, caller, name, .. } = *self;
        let CallFacts { is_failed, is_denied, theme, .. } = self.call;
        counting.value.clear();
        let principal = if is_denied { self.count_denied(&mut counting) } else { 0 };
        let OtherCounting { readers, counters, counts, value, found } = counting;
        let mut is_of_caller = false;
        if let Some(signals) = &mut readers.signals {
            let (user, principal) = (name.unwrap_or_default(), &value[..principal]);
            let context = SignalContext { user, principal, second, is_failed, is_denied };
            is_of_caller = self.count_signals(signals, &context, &mut counters.signals, found);
        }
        if let (Some(themes), Some(position)) = (&mut readers.themes, theme) {
            value.clear();
            let changed_by = caller.map(CallerValues::changed_by);
            counts.cut_values += u64::from(themes.write(position, changed_by, (event, file), style, value));
            found.has_grown |= counters.changes.add(value, self.occurrence);
        }
        is_of_caller
    }

    /// Counts a denied call. Returns the length of the principal, with which `value` starts.
    #[cold]
    fn count_denied(&self, counting: &mut OtherCounting<'_>) -> usize {
        let OtherCounting { readers, counters, counts, value, found } = counting;
        let CountedEvent { event, file, style, occurrence, .. } = *self;
        let ValueReaders { identities, name, .. } = readers;
        counts.denied += 1;
        match self.caller {
            Some(caller) => value.extend_from_slice(caller.principal(|| {
                let mut principal = Vec::new();
                write_principal(identities, event, style, &mut principal);
                principal
            })),
            None => write_principal(identities, event, style, value),
        }
        let principal = value.len();
        found.has_grown |= counters.roles.add(value, occurrence);
        value.push(b'\t');
        counts.cut_values += u64::from(name.value(event, file, style, value));
        found.has_grown |= counters.denied.add(value, occurrence);
        principal
    }

    /// Counts the values of signals. Returns whether they were found anew and, denied calls
    /// apart, depend on nothing but the caller and the day.
    #[inline]
    fn count_signals(
        &self,
        signals: &mut SignalWriter,
        context: &SignalContext<'_>,
        counter: &mut Counter,
        found: &mut FoundValues,
    ) -> bool {
        let occurrence = self.occurrence;
        if context.is_denied {
            signals.write_denied(context, &mut |value| found.has_grown |= counter.add(value, occurrence));
        }
        if self.caller.is_some() {
            return false;
        }
        signals.write_caller(self.event, context, &mut |value| {
            let counted = counter.add_value(value, occurrence);
            found.has_grown |= counted.is_new;
            found.caller.signal = Some(counted.entry);
        })
    }
}
