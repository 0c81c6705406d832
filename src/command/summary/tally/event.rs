//! Counts an event at once, with what is remembered of its caller and its call.

use super::SummaryTally;
use super::counted_event::{CountedEvent, FoundValues, OtherCounting};
use super::flush::{flush_call, flush_caller};
use crate::command::summary::call_memo::{CallFacts, CallKey, CallValues};
use crate::command::summary::caller_memo::{CallerKey, CallerValues};
use crate::command::summary::change_memo::ChangeKey;
use crate::command::summary::counted_columns::CountedColumns;
use crate::command::summary::counter::Counter;
use crate::command::summary::counter_set::CounterSet;
use crate::command::summary::event_counts::EventCounts;
use crate::command::summary::event_readers::{EventReaders, UserName};
use crate::command::summary::value_stats::Occurrence;
use crate::decode::event::Event;

/// What the call and the caller of an event are found by.
struct EventKeys<'e> {
    call: CallKey<'e>,
    caller: CallerKey<'e>,
}

/// What is remembered of the call and of the caller of an event.
#[derive(Clone, Copy)]
struct KnownEntries {
    /// The index of the call, and what depends on it.
    call: Option<(usize, CallFacts)>,
    /// The index of the caller.
    caller: Option<usize>,
}

/// Where an event is counted, and what that needs.
struct EventCounting<'t> {
    readers: &'t mut EventReaders,
    subjects: &'t mut [CountedColumns],
    counters: &'t mut CounterSet<Counter>,
    counts: &'t mut EventCounts,
    /// Memory for a value.
    value: &'t mut Vec<u8>,
    generation: u64,
}

impl SummaryTally {
    /// Counts an event, and returns whether that took more memory; `None` if it belongs to
    /// no period that is counted.
    #[inline]
    pub(super) fn count(&mut self, event: &Event<'_>, file: &str) -> Option<bool> {
        let SummaryTally { readers, subjects, counters, counts, bucketed_time, generation, style, value, .. } = self;
        let second = readers.clock.second(event);
        let is_earlier = readers.is_earlier(second)?;
        let mut keys = EventKeys { call: CallKey::unusable(), caller: CallerKey::unusable() };
        let known = keys.find(readers, event, second, *generation);
        let call = known.call.map_or_else(|| readers.call(event), |(_, facts)| facts);
        let amount = readers.amount(event);
        if !is_earlier {
            counts.add(second, call.kind.into(), readers.clock.has_other_forms(), bucketed_time);
            counts.add_amount(amount);
        }
        let time = second.map(|_| &*bucketed_time);
        let occurrence = &Occurrence { time, is_failed: call.is_failed, is_earlier, user: None, sum: amount.sum };
        let counted = CountedEvent { event, file, style, second, call, caller: None, user: None, occurrence };
        let counting = EventCounting { readers, subjects, counters, counts, value, generation: *generation };
        Some(match (known.call, known.caller) {
            (Some((call, _)), Some(caller)) if !self.has_other_subjects => counting.count_known(counted, call, caller),
            _ => counting.count_new(counted, known, &keys),
        })
    }
}

impl<'e> EventKeys<'e> {
    /// Looks for the call and the caller of an event.
    #[inline]
    fn find(
        &mut self,
        readers: &EventReaders,
        event: &Event<'e>,
        second: Option<i64>,
        generation: u64,
    ) -> KnownEntries {
        let mut known = KnownEntries { call: None, caller: None };
        if let Some(calls) = &readers.calls {
            calls.set_key(event, generation, &mut self.call);
            known.call = calls.find(&self.call);
        }
        if let Some(callers) = &readers.callers {
            callers.set_key(event, second, generation, &mut self.caller);
            known.caller = callers.find(&self.caller);
        }
        known
    }
}

impl EventCounting<'_> {
    /// Counts an event whose call and caller are remembered, with all that depends on them.
    #[inline]
    fn count_known(self, event: CountedEvent<'_>, call: usize, caller: usize) -> bool {
        let EventReaders { calls: Some(calls), callers: Some(callers), .. } = &mut *self.readers else { return false };
        let user = callers.values(caller).map(CallerValues::user);
        calls.count(call, &Occurrence { user, ..*event.occurrence });
        callers.count(caller, event.occurrence);
        let has_others = event.call.is_denied || event.call.theme.is_some();
        has_others && !event.occurrence.is_earlier && self.count_others_of_known(event, call, caller)
    }

    /// Counts the values without a subject of an event whose call and caller are remembered.
    #[inline(never)]
    fn count_others_of_known(self, event: CountedEvent<'_>, call: usize, caller: usize) -> bool {
        let EventCounting { readers, counters, counts, value, generation, .. } = self;
        let EventReaders { calls: Some(calls), callers: Some(callers), changes: Some(changes), values, .. } = readers
        else {
            return false;
        };
        let variant = [calls.number(call), callers.number(caller)];
        let mut key = ChangeKey::unusable();
        if event.call.theme.is_some() {
            changes.set_key(event.event, variant, generation, &mut key);
        }
        let known_change = changes.find(&key);
        let theme = event.call.theme.filter(|_| known_change.is_none());
        let event = CountedEvent { caller: callers.values(caller), call: CallFacts { theme, ..event.call }, ..event };
        let mut found = FoundValues::default();
        event.count_others(OtherCounting { readers: values, counters, counts, value, found: &mut found });
        match (known_change, found.change_of_request) {
            (Some(index), _) => changes.count(index, event.occurrence),
            (None, Some(entry)) => {
                changes.learn(&key, entry, |entry, stats| counters.changes.merge_at(entry, stats, &[]));
            }
            (None, None) => {}
        }
        found.has_grown
    }

    /// Counts an event whose call or caller is not remembered. Then they are, if possible.
    #[inline(never)]
    fn count_new(self, event: CountedEvent<'_>, known: KnownEntries, keys: &EventKeys<'_>) -> bool {
        let EventCounting { readers, subjects, counters, counts, value, .. } = self;
        let EventReaders { calls, callers, user, values: readers, .. } = readers;
        let caller = known.caller.and_then(|index| callers.as_ref()?.values(index));
        let user = match caller {
            Some(caller) => Some(UserName { text: caller.user(), is_cut: false, is_of_identity: true }),
            None => user.as_mut().map(|user| user.read_new(event.event, event.file, event.style)),
        };
        let occurrence = &Occurrence { user: user.map(|user| user.text), ..*event.occurrence };
        let counted = CountedEvent { caller, user, occurrence, ..event };
        let mut found = counted.count_subjects(known.call.is_some(), subjects, &mut counters.subjects, counts, value);
        if let Some(calls) = calls {
            let values = CallValues { columns: found.call_columns, facts: event.call };
            match known.call {
                Some((index, _)) => calls.count(index, occurrence),
                None if found.has_cut_values => {}
                None => calls.learn(&keys.call, values, |values, stats| {
                    flush_call(values, stats, subjects, counters, counts);
                }),
            }
        }
        let counted = CountedEvent { occurrence: event.occurrence, ..counted };
        let others = OtherCounting { readers, counters, counts, value, found: &mut found };
        let is_of_caller = !event.occurrence.is_earlier && counted.count_others(others);
        let has_grown = found.has_grown;
        let is_remembered = is_of_caller && !found.has_cut_values;
        let values = if is_remembered { counted.caller_values(readers, found.caller) } else { None };
        match (callers, known.caller, values) {
            (Some(callers), Some(index), _) => callers.count(index, event.occurrence),
            (Some(callers), None, Some(values)) => callers.learn(&keys.caller, values, |values, stats| {
                flush_caller(values, stats, subjects, counters, counts);
            }),
            _ => {}
        }
        has_grown
    }
}
