//! The counts of one thread.

use std::sync::Arc;

use super::amount::{Amount, AmountReader};
use super::buckets::BucketedTime;
use super::caller_memo::{CallerMemo, CallerValues};
use super::comparison::ComparedPeriods;
use super::counted_columns::CountedColumns;
use super::counter::Counter;
use super::counter_set::CounterSet;
use super::event_counts::{ERROR, EventCounts, OTHER, READ, WRITE};
use super::event_facts::{EventFact, EventFacts};
use super::signals::{SignalContext, SignalWriter};
use super::spill::CountSpill;
use super::theme_value::ThemeValueWriter;
use super::value_stats::{Occurrence, ValueStats};
use crate::cloudtrail::call::{AccessKind, FailureRule};
use crate::cloudtrail::denial::DenialMatcher;
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::time::Clock;
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
    counters: CounterSet<Counter>,
    counts: EventCounts,
    /// What the counters may take.
    room: usize,
    bucketed_time: BucketedTime,
    /// How often counters moved to the disk, which ends their entries.
    generation: u64,
    style: CellStyle,
    /// Memory for a value.
    value: Vec<u8>,
    failure: Option<Error>,
}

/// What looks at an event.
#[derive(Clone)]
struct EventReaders {
    clock: Clock,
    access: AccessKind,
    failure: FailureRule,
    denial: DenialMatcher,
    identities: IdentityReader,
    name: CountedColumns,
    /// `None` if first users are not noted.
    user: Option<UserReader>,
    /// `None` if calls with a theme are not counted.
    themes: Option<ThemeValueWriter>,
    /// `None` if few values depend on the caller.
    callers: Option<CallerMemo>,
    /// `None` if signals are not looked for.
    signals: Option<SignalWriter>,
    amounts: Option<AmountReader>,
    compared: Option<ComparedPeriods>,
}

/// Reads the name of an event's user.
#[derive(Clone)]
struct UserReader {
    column: CountedColumns,
    name: Vec<u8>,
}

impl SummaryTally {
    /// Creates tallies that put what does not fit into the same place on disk, one for
    /// each number of bytes that it may keep in memory.
    pub(super) fn with_rooms(
        rooms: impl Iterator<Item = usize>,
        counted: CountedValues,
        fields: &mut FieldSet,
    ) -> Result<Vec<SummaryTally>, Error> {
        let readers = EventReaders::new(&counted, fields)?;
        let subjects = counted.subjects;
        let spills = CounterSet::new(subjects.len(), Arc::<CountSpill>::default);
        let tally = |room| SummaryTally {
            readers: readers.clone(),
            subjects: subjects.clone(),
            counters: spills.map(|spill| Counter::new(Arc::clone(spill))),
            counts: EventCounts::new(subjects.len()),
            room,
            bucketed_time: BucketedTime::new(0),
            generation: 0,
            style: CellStyle::default(),
            value: Vec::new(),
            failure: None,
        };
        Ok(rooms.map(tally).collect())
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

    /// Counts an event, and returns whether that took more memory; `None` if it belongs to
    /// no period that is counted.
    #[inline]
    fn count(&mut self, event: &Event<'_>, file: &str) -> Option<bool> {
        let mut has_grown = false;
        let SummaryTally { readers, subjects, counters, counts, bucketed_time, generation, style, value, .. } = self;
        let second = readers.clock.second(event);
        let is_earlier = readers.is_earlier(second)?;
        let (kind, is_failed) = readers.kind(event);
        let amount = readers.amount(event);
        if !is_earlier {
            counts.add(second, kind, readers.clock.has_other_forms(), bucketed_time);
            counts.add_amount(amount);
        }
        let known = readers.callers.as_ref().and_then(|callers| callers.find(event, second, *generation));
        let (name, is_name_cut) = match (known, &mut readers.user) {
            (Some(known), _) => (Some(&known.values.user[..]), false),
            (None, Some(user)) => {
                let (name, is_cut) = user.read(event, file, style);
                (Some(name), is_cut)
            }
            (None, None) => (None, false),
        };
        let mut values = CallerValues::default();
        let mut has_cut_values = is_name_cut;
        let time = second.map(|_| &*bucketed_time);
        let occurrence = Occurrence { time, is_failed, is_earlier, user: name, sum: amount.sum };
        for ((subject, counter), empty) in subjects.iter_mut().zip(&mut counters.subjects).zip(&mut counts.empty) {
            let of_caller = subject.of_caller();
            if let (Some(known), Some(column)) = (known, of_caller) {
                match known.values.columns[column as usize] {
                    Some(entry) => counter.add_at(entry, &occurrence),
                    None => *empty += u64::from(!is_earlier),
                }
                continue;
            }
            if let Some((bytes, length)) = subject.short(event).filter(|_| of_caller.is_none()) {
                has_grown |= counter.add_short(bytes, length, &occurrence);
                continue;
            }
            let value = match name {
                Some(name) if subject.is_user() => {
                    counts.cut_values += u64::from(is_name_cut);
                    name
                }
                _ => {
                    value.clear();
                    let is_cut = subject.value(event, file, style, value);
                    counts.cut_values += u64::from(is_cut);
                    has_cut_values |= is_cut;
                    &*value
                }
            };
            if subject.is_omitted(value) {
                *empty += u64::from(!is_earlier);
            } else if let Some(column) = of_caller {
                let counted = counter.add_value(value, &occurrence);
                has_grown |= counted.is_new;
                values.columns[column as usize] = Some(counted.entry);
            } else {
                has_grown |= add_values(counter, subject.is_list(), value, &occurrence);
            }
        }
        if is_earlier {
            return Some(has_grown);
        }
        let occurrence = Occurrence { time, is_failed, is_earlier, user: None, sum: amount.sum };
        let is_denied = is_failed && readers.denial.is_denied(event);
        value.clear();
        let (mut principal, mut learned) = (0, None);
        if is_denied {
            counts.denied += 1;
            write_principal(&mut readers.identities, event, style, value);
            principal = value.len();
            has_grown |= counters.roles.add(value, &occurrence);
            value.push(b'\t');
            counts.cut_values += u64::from(readers.name.value(event, file, style, value));
            has_grown |= counters.denied.add(value, &occurrence);
        }
        if let Some(signals) = &mut readers.signals {
            let user = name.unwrap_or_default();
            let context = SignalContext { user, principal: &value[..principal], second, is_failed, is_denied };
            if is_denied {
                signals.write_denied(&context, &mut |value| has_grown |= counters.signals.add(value, &occurrence));
            }
            match known {
                Some(known) => {
                    known.values.signal.iter().for_each(|entry| counters.signals.add_at(*entry, &occurrence));
                }
                None => {
                    let is_of_caller = signals.write_caller(event, &context, &mut |value| {
                        let counted = counters.signals.add_value(value, &occurrence);
                        has_grown |= counted.is_new;
                        values.signal = Some(counted.entry);
                    });
                    if is_of_caller && !has_cut_values {
                        values.user.extend_from_slice(user);
                        learned = Some(values);
                    }
                }
            }
        }
        if let Some(themes) = &mut readers.themes {
            value.clear();
            if let Some(is_cut) = themes.write(event, file, style, value) {
                counts.cut_values += u64::from(is_cut);
                has_grown |= counters.changes.add(value, &occurrence);
            }
        }
        if let (Some(callers), Some(values)) = (&mut readers.callers, learned) {
            callers.learn(event, second, *generation, values);
        }
        Some(has_grown)
    }

    /// Appends what [`add`](SummaryTally::add) would count of an event to `facts`. Returns
    /// whether it belongs to a period that is counted.
    pub(super) fn note(&mut self, event: &Event<'_>, file: &str, id: Option<IdHash>, facts: &mut EventFacts) -> bool {
        let SummaryTally { readers, subjects, style, value, .. } = self;
        let second = readers.clock.second(event);
        let Some(is_earlier) = readers.is_earlier(second) else { return false };
        let (kind, is_failed) = readers.kind(event);
        let mut cut_values = 0;
        let user = readers.user.as_mut().map(|user| user.read(event, file, style).0);
        if let Some(user) = user {
            facts.push_value(user);
        }
        for subject in subjects.iter_mut() {
            let start = facts.text().len();
            cut_values += u8::from(subject.value(event, file, style, facts.text()));
            let is_counted = !subject.is_omitted(&facts.text()[start..]);
            facts.end_value(start, is_counted);
        }
        let is_denied = !is_earlier && is_failed && readers.denial.is_denied(event);
        value.clear();
        if is_denied {
            write_principal(&mut readers.identities, event, style, value);
            facts.push_value(value);
            let start = facts.text().len();
            cut_values += u8::from(readers.name.value(event, file, style, facts.text()));
            facts.end_value(start, true);
        }
        let start = facts.text().len();
        let themes = readers.themes.as_mut().filter(|_| !is_earlier);
        let theme_value = themes.and_then(|themes| themes.write(event, file, style, facts.text()));
        if let Some(is_cut) = theme_value {
            cut_values += u8::from(is_cut);
            facts.end_value(start, true);
        }
        let mut signal_values = 0;
        if let Some(signals) = readers.signals.as_mut().filter(|_| !is_earlier) {
            let user = user.unwrap_or_default();
            let context = SignalContext { user, principal: value, second, is_failed, is_denied };
            signals.write(event, &context, &mut |value| {
                facts.push_value(value);
                signal_values += 1;
            });
        }
        facts.end_event(EventFact {
            second,
            has_other_times: readers.clock.has_other_forms(),
            kind: kind as u8,
            cut_values: if is_earlier { 0 } else { cut_values },
            is_earlier,
            is_denied,
            has_theme: theme_value.is_some(),
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
        while self.counters.iter().map(Counter::size).sum::<usize>() > self.room {
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
        for tally in tallies {
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

impl EventReaders {
    fn new(counted: &CountedValues, fields: &mut FieldSet) -> Result<EventReaders, Error> {
        let is_overview = counted.is_overview;
        Ok(EventReaders {
            clock: Clock::new(fields)?,
            access: AccessKind::new(fields)?,
            failure: FailureRule::new(fields)?,
            denial: DenialMatcher::new(fields)?,
            identities: IdentityReader::new(fields)?,
            name: CountedColumns::new(&["eventName"], true, fields)?,
            user: is_overview.then(|| UserReader::new(fields)).transpose()?,
            themes: is_overview.then(|| ThemeValueWriter::new(fields)).transpose()?,
            callers: is_overview.then(|| CallerMemo::new(fields)).transpose()?,
            signals: is_overview.then(|| SignalWriter::new(fields)).transpose()?,
            amounts: counted.amounts.clone(),
            compared: counted.compared,
        })
    }

    /// Whether an event of this time belongs to the earlier period of a comparison; `None` if
    /// it belongs to neither.
    #[inline]
    fn is_earlier(&self, second: Option<i64>) -> Option<bool> {
        self.compared.map_or(Some(false), |compared| compared.is_earlier(second))
    }

    /// The sum of an event.
    #[inline]
    fn amount(&mut self, event: &Event<'_>) -> Amount {
        self.amounts.as_mut().map_or(Amount::default(), |amounts| amounts.read(event))
    }

    /// What kind of call an event is, and whether it failed.
    #[inline]
    fn kind(&mut self, event: &Event<'_>) -> (usize, bool) {
        let is_failed = self.failure.is_failed(event);
        let kind = match (is_failed, self.access.is_read(event)) {
            (true, _) => ERROR,
            (false, Some(true)) => READ,
            (false, Some(false)) => WRITE,
            (false, None) => OTHER,
        };
        (kind, is_failed)
    }
}

/// Appends the caller of a denied call.
fn write_principal(identities: &mut IdentityReader, event: &Event<'_>, style: &CellStyle, out: &mut Vec<u8>) {
    if let Some(name) = identities.principal(event).holder() {
        style.text(&name, out);
    }
}

impl UserReader {
    fn new(fields: &mut FieldSet) -> Result<UserReader, Error> {
        Ok(UserReader { column: CountedColumns::users(fields)?, name: Vec::new() })
    }

    /// The name of an event's user, and whether it was cut.
    #[inline]
    fn read(&mut self, event: &Event<'_>, file: &str, style: &CellStyle) -> (&[u8], bool) {
        self.name.clear();
        let is_cut = self.column.value(event, file, style, &mut self.name);
        (&self.name, is_cut)
    }
}
