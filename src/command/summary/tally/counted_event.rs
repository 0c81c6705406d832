//! Counts the values of an event whose call or caller is not remembered, or that is denied or has
//! a theme.

use super::add_values;
use crate::command::summary::call_memo::{CALL_COLUMNS, CallFacts};
use crate::command::summary::caller_memo::CallerValues;
use crate::command::summary::counted_columns::{CountedColumns, RememberedColumn};
use crate::command::summary::counter::Counter;
use crate::command::summary::counter_set::CounterSet;
use crate::command::summary::event_counts::EventCounts;
use crate::command::summary::event_readers::{UserName, ValueReaders, write_principal};
use crate::command::summary::signals::{SignalContext, SignalWriter};
use crate::command::summary::value_stats::Occurrence;
use crate::decode::event::Event;
use crate::table::cell::CellStyle;

/// An event that is counted, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct CountedEvent<'e> {
    pub(super) event: &'e Event<'e>,
    pub(super) file: &'e str,
    pub(super) style: &'e CellStyle,
    /// Seconds from 1970; `None` without a readable time.
    pub(super) second: Option<i64>,
    pub(super) call: CallFacts,
    /// What is remembered of its caller, with which it is counted.
    pub(super) caller: Option<&'e CallerValues>,
    /// The name of its user, if that is noted.
    pub(super) user: Option<UserName<'e>>,
    pub(super) occurrence: &'e Occurrence<'e>,
}

/// What the counting of an event has found.
#[derive(Default)]
pub(super) struct FoundValues {
    pub(super) caller: CallerValues,
    pub(super) call_columns: [Option<u32>; CALL_COLUMNS],
    /// The entry of the change, if that depends on the call, the caller and the request alone.
    pub(super) change_of_request: Option<u32>,
    /// Whether a value was cut, so that it is not remembered.
    pub(super) has_cut_values: bool,
    /// Whether a counter has a new value.
    pub(super) has_grown: bool,
}

/// Where values without a subject are counted, and what that needs.
pub(super) struct OtherCounting<'t> {
    pub(super) readers: &'t mut ValueReaders,
    pub(super) counters: &'t mut CounterSet<Counter>,
    pub(super) counts: &'t mut EventCounts,
    /// Memory for a value.
    pub(super) value: &'t mut Vec<u8>,
    pub(super) found: &'t mut FoundValues,
}

impl CountedEvent<'_> {
    /// Counts the value of each subject.
    #[inline]
    pub(super) fn count_subjects(
        &self,
        is_call_known: bool,
        subjects: &mut [CountedColumns],
        counters: &mut [Counter],
        counts: &mut EventCounts,
        value: &mut Vec<u8>,
    ) -> FoundValues {
        let has_cut_values = self.user.is_some_and(|user| user.is_cut);
        let mut found = FoundValues { has_cut_values, ..FoundValues::default() };
        for ((subject, counter), empty) in subjects.iter_mut().zip(counters).zip(&mut counts.empty) {
            let is_known = match subject.remembered() {
                Some(RememberedColumn::Call(_)) => is_call_known,
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
        let value = match self.user {
            Some(user) if subject.is_user() => {
                *cut_values += u64::from(user.is_cut);
                user.text
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
    pub(super) fn count_others(&self, mut counting: OtherCounting<'_>) -> bool {
        let CountedEvent { event, file, style, second, caller, user, .. } = *self;
        let CallFacts { is_failed, is_denied, theme, .. } = self.call;
        counting.value.clear();
        let principal = if is_denied { self.count_denied(&mut counting) } else { 0 };
        let OtherCounting { readers, counters, counts, value, found } = counting;
        let mut is_of_caller = false;
        if let Some(signals) = &mut readers.signals {
            let (user, principal) = (user.map_or(&[][..], |user| user.text), &value[..principal]);
            let context = SignalContext { user, principal, second, is_failed, is_denied };
            is_of_caller = self.count_signals(signals, &context, &mut counters.signals, found);
        }
        if let (Some(themes), Some(position)) = (&mut readers.themes, theme) {
            value.clear();
            let changed_by = caller.map(CallerValues::changed_by);
            let written = themes.write(position, changed_by, (event, file), style, value);
            counts.cut_values += u64::from(written.is_cut);
            let counted = counters.changes.add_value(value, self.occurrence);
            found.has_grown |= counted.is_new;
            found.change_of_request = Some(counted.entry).filter(|_| written.is_of_request && !written.is_cut);
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

    /// What is remembered of its caller, with these entries; `None` if that depends on more.
    pub(super) fn caller_values(&self, readers: &mut ValueReaders, found: CallerValues) -> Option<CallerValues> {
        let user = self.user.filter(|user| user.is_of_identity)?.text;
        let changed_by = readers.themes.as_mut()?.changed_by(user, (self.event, self.file), self.style)?;
        let mut values = found;
        values.set_user(changed_by, user.len());
        Some(values)
    }
}
