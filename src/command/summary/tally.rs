//! The counts of one thread.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::amount::{Amount, AmountReader};
use super::counter::{Counter, LONGEST, SHORT, ValueParts};
use super::event_facts::{EventFact, EventFacts};
use super::spill::CountSpill;
use super::theme_value::ThemeValueWriter;
use super::timeline::Timeline;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::call::{AccessKind, FailureRule, is_success};
use crate::cloudtrail::denial::DenialMatcher;
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::time::Clock;
use crate::command::summary::buckets::BucketedTime;
use crate::command::summary::log_days::LogDays;
use crate::command::summary::value_stats::{Occurrence, ValueStats};
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::spill::dedupe::IdHash;
use crate::table::cell::CellStyle;
use crate::table::column::Column;
use crate::table::time_step::TimeStep;

/// What is counted by: the values of these columns.
#[derive(Clone, Debug)]
pub(super) struct CountedColumns {
    columns: Vec<Column>,
    /// Whether an event without a value counts too, as one of no value.
    has_empty: bool,
    /// Whether the values are error codes, of which `200` is not one.
    are_errors: bool,
}

/// What is counted and summed.
pub(super) struct CountedValues {
    pub(super) subjects: Vec<CountedColumns>,
    /// Reads what is summed, if anything is.
    pub(super) amounts: Option<AmountReader>,
    /// Whether calls with a theme are counted too.
    pub(super) has_themes: bool,
}

/// All that one thread counts.
pub(super) struct SummaryTally {
    readers: EventReaders,
    subjects: Vec<CountedColumns>,
    /// One for each subject, one for denied calls, one for who was denied them, and one for
    /// the calls with a theme.
    counters: Vec<Counter>,
    counts: EventCounts,
    /// What the counters may take.
    room: usize,
    bucketed_time: BucketedTime,
    style: CellStyle,
    /// Memory for a value.
    value: Vec<u8>,
    failure: Option<Error>,
}

/// What is counted of all events together.
#[derive(Default)]
pub(super) struct EventCounts {
    pub(super) all: ValueStats,
    /// Reads, writes, errors, and what is none of these.
    pub(super) kinds: [u64; KINDS],
    /// The same over time.
    pub(super) timeline: Timeline<KINDS>,
    /// Monday's hours, Tuesday's and so on.
    pub(super) week: Vec<u64>,
    /// For each subject the events that have no value.
    pub(super) empty: Vec<u64>,
    pub(super) denied: u64,
    /// Whether there are times in other forms than that of CloudTrail itself.
    pub(super) has_other_times: bool,
    /// The values of the field of `--sum` that are not in the sum.
    pub(super) not_summed: u64,
    /// Values that were counted by their start, their length and a hash.
    pub(super) cut_values: u64,
    pub(super) days: LogDays,
}

/// The values of larger events come in pieces.
const LARGE: usize = 64 << 10;

pub(super) const KINDS: usize = 4;
pub(super) const READ: usize = 0;
pub(super) const WRITE: usize = 1;
pub(super) const ERROR: usize = 2;
pub(super) const OTHER: usize = 3;
pub(super) const WEEK: usize = 7 * 24;

/// What looks at an event.
#[derive(Clone)]
struct EventReaders {
    clock: Clock,
    access: AccessKind,
    failure: FailureRule,
    denial: DenialMatcher,
    identities: IdentityReader,
    name: CountedColumns,
    /// `None` if calls with a theme are not counted.
    themes: Option<ThemeValueWriter>,
    amounts: Option<AmountReader>,
}

impl CountedColumns {
    /// The values of these columns.
    pub(super) fn new(columns: &[&str], has_empty: bool, fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        let columns = columns.iter().map(|name| Column::new("--by", name, fields)).collect::<Result<_, _>>()?;
        Ok(CountedColumns { columns, has_empty, are_errors: false })
    }

    /// The values of these columns or steps of time, as typed.
    pub(super) fn asked(names: &[String], zone: &TimeZone, fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        let column = |name: &String| match TimeStep::named(name) {
            Some(step) => Column::of_step(step, zone, fields),
            None => Column::new("--by", name, fields),
        };
        let columns = names.iter().map(column).collect::<Result<_, _>>()?;
        Ok(CountedColumns { columns, has_empty: true, are_errors: false })
    }

    /// The error codes of what failed.
    pub(super) fn errors(fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        Ok(CountedColumns { are_errors: true, ..CountedColumns::new(&["errorCode"], false, fields)? })
    }

    /// The readers of actors in the columns.
    pub(super) fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        self.columns.iter_mut().filter_map(Column::actor_reader)
    }

    /// Whether an event with this value is not counted.
    fn is_omitted(&self, value: &[u8]) -> bool {
        let is_success = || self.are_errors && str::from_utf8(value).is_ok_and(is_success);
        (value.is_empty() && !self.has_empty) || is_success()
    }

    /// The value for an event, if there is one that is short and stands in the
    /// event just so.
    #[inline]
    fn short<'a>(&self, event: &Event<'a>) -> Option<(&'a [u8; SHORT], usize)> {
        let [column] = &self.columns[..] else { return None };
        let (bytes, length) = column.short(event).filter(|(_, length)| (1..=SHORT).contains(length))?;
        Some((bytes.first_chunk()?, length))
    }

    /// Appends the values for an event, separated by tabs, which are in no value.
    /// Says whether something in them was cut.
    #[inline]
    pub(super) fn value(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) -> bool {
        if event.value().raw().len() > LARGE {
            return self.long_value(event, file, style, out);
        }
        let start = out.len();
        for (at, column) in self.columns.iter_mut().enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            column.write(event, file, style, out);
        }
        out.len() - start > LONGEST
    }

    /// The same for an event that may hold more than memory should hold twice.
    #[cold]
    fn long_value(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) -> bool {
        let (mut parts, mut is_cut) = (ValueParts::default(), false);
        for column in &mut self.columns {
            parts.begin();
            let written = column.write_in_pieces(event, file, style, &mut |piece| {
                parts.push(piece);
                ControlFlow::Continue(())
            });
            is_cut |= written == ControlFlow::Continue(true);
        }
        is_cut |= parts.is_long();
        out.extend_from_slice(&parts.value());
        is_cut
    }
}

impl SummaryTally {
    /// Creates tallies that put what does not fit into the same place on disk, one for
    /// each number of bytes that it may keep in memory.
    pub(super) fn with_rooms(
        rooms: impl Iterator<Item = usize>,
        counted: CountedValues,
        fields: &mut FieldSet,
    ) -> Result<Vec<SummaryTally>, Error> {
        let CountedValues { subjects, amounts, has_themes } = counted;
        let readers = EventReaders::new(amounts, has_themes, fields)?;
        let spills: Vec<Arc<CountSpill>> = (0..subjects.len() + 3).map(|_| Arc::default()).collect();
        let tally = |room| SummaryTally {
            readers: readers.clone(),
            subjects: subjects.clone(),
            counters: spills.iter().map(|spill| Counter::new(Arc::clone(spill))).collect(),
            counts: EventCounts { week: vec![0; WEEK], empty: vec![0; subjects.len()], ..EventCounts::default() },
            room,
            bucketed_time: BucketedTime::new(0),
            style: CellStyle::default(),
            value: Vec::new(),
            failure: None,
        };
        Ok(rooms.map(tally).collect())
    }

    /// Counts an event.
    #[inline]
    pub(super) fn add(&mut self, event: &Event<'_>, file: &str) {
        if self.failure.is_none() && self.count(event, file) {
            self.make_room();
        }
    }

    /// Counts a log that was read.
    pub(super) fn add_log(&mut self, file: &str) {
        self.counts.days.add(file);
    }

    /// Counts an event, and returns true if that took more memory.
    #[inline]
    fn count(&mut self, event: &Event<'_>, file: &str) -> bool {
        let mut has_grown = false;
        let SummaryTally { readers, subjects, counters, counts, bucketed_time, style, value, .. } = self;
        let second = readers.clock.second(event);
        let (kind, is_failed) = readers.kind(event);
        counts.add(second, kind, readers.clock.has_other_forms(), bucketed_time);
        let amount = readers.amount(event);
        counts.add_amount(amount);
        let occurrence = Occurrence { time: second.map(|_| &*bucketed_time), is_failed, sum: amount.sum };
        for ((subject, counter), empty) in subjects.iter_mut().zip(&mut *counters).zip(&mut counts.empty) {
            if let Some((bytes, length)) = subject.short(event).filter(|_| !subject.are_errors) {
                has_grown |= counter.add_short(bytes, length, &occurrence);
                continue;
            }
            value.clear();
            counts.cut_values += u64::from(subject.value(event, file, style, value));
            if subject.is_omitted(value) {
                *empty += 1;
            } else {
                has_grown |= counter.add(value, &occurrence);
            }
        }
        if is_failed && readers.denial.is_denied(event) {
            counts.denied += 1;
            value.clear();
            readers.write_principal(event, style, value);
            if let [.., denied, roles, _] = &mut counters[..] {
                has_grown |= roles.add(value, &occurrence);
                value.push(b'\t');
                counts.cut_values += u64::from(readers.name.value(event, file, style, value));
                has_grown |= denied.add(value, &occurrence);
            }
        }
        if let (Some(themes), Some(counter)) = (&mut readers.themes, counters.last_mut()) {
            value.clear();
            if let Some(is_cut) = themes.write(event, file, style, value) {
                counts.cut_values += u64::from(is_cut);
                has_grown |= counter.add(value, &occurrence);
            }
        }
        has_grown
    }

    /// Appends what [`add`](SummaryTally::add) would count of an event to `facts`.
    pub(super) fn note(&mut self, event: &Event<'_>, file: &str, id: Option<IdHash>, facts: &mut EventFacts) {
        let SummaryTally { readers, subjects, style, .. } = self;
        let second = readers.clock.second(event);
        let (kind, is_failed) = readers.kind(event);
        let mut cut_values = 0;
        for subject in subjects.iter_mut() {
            let start = facts.text().len();
            cut_values += u8::from(subject.value(event, file, style, facts.text()));
            let is_counted = !subject.is_omitted(&facts.text()[start..]);
            facts.end_value(start, is_counted);
        }
        let is_denied = is_failed && readers.denial.is_denied(event);
        if is_denied {
            let start = facts.text().len();
            readers.write_principal(event, style, facts.text());
            facts.end_value(start, true);
            let start = facts.text().len();
            cut_values += u8::from(readers.name.value(event, file, style, facts.text()));
            facts.end_value(start, true);
        }
        let start = facts.text().len();
        let theme_value = readers.themes.as_mut().and_then(|themes| themes.write(event, file, style, facts.text()));
        if let Some(is_cut) = theme_value {
            cut_values += u8::from(is_cut);
            facts.end_value(start, true);
        }
        let has_other_times = readers.clock.has_other_forms();
        let (kind, has_theme, amount) = (kind as u8, theme_value.is_some(), readers.amount(event));
        facts.end_event(EventFact { second, has_other_times, kind, cut_values, is_denied, has_theme, amount, id });
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
        let SummaryTally { counters, counts, bucketed_time, value, .. } = self;
        counts.add(fact.second, fact.kind.into(), fact.has_other_times, bucketed_time);
        counts.cut_values += u64::from(fact.cut_values);
        counts.add_amount(fact.amount);
        let is_failed = usize::from(fact.kind) == ERROR;
        let time = fact.second.map(|_| &*bucketed_time);
        let occurrence = Occurrence { time, is_failed, sum: fact.amount.sum };
        let mut has_grown = false;
        for (counter, empty) in counters.iter_mut().zip(&mut counts.empty) {
            match values.next().flatten() {
                Some(value) => has_grown |= counter.add(value, &occurrence),
                None => *empty += 1,
            }
        }
        if fact.is_denied
            && let ([.., denied, roles, _], Some(Some(principal)), Some(Some(name))) =
                (&mut counters[..], values.next(), values.next())
        {
            counts.denied += 1;
            has_grown |= roles.add(principal, &occurrence);
            value.clear();
            value.extend_from_slice(principal);
            value.push(b'\t');
            value.extend_from_slice(name);
            has_grown |= denied.add(value, &occurrence);
        }
        if fact.has_theme
            && let (Some(counter), Some(Some(value))) = (counters.last_mut(), values.next())
        {
            has_grown |= counter.add(value, &occurrence);
        }
        has_grown
    }

    /// Moves the largest counters to disk until the others fit into memory. A failure is
    /// kept until the tallies are merged.
    fn make_room(&mut self) {
        while self.counters.iter().map(Counter::size).sum::<usize>() > self.room {
            let Some(largest) = self.counters.iter_mut().max_by_key(|counter| counter.size()) else { return };
            if let Err(failure) = largest.spill() {
                self.failure = Some(failure);
                return;
            }
        }
    }

    /// Puts together what all threads counted.
    pub(super) fn merge(tallies: Vec<SummaryTally>) -> Result<(EventCounts, Vec<Vec<Counter>>), Error> {
        let mut counts = EventCounts { week: vec![0; WEEK], ..EventCounts::default() };
        let mut counters: Vec<Vec<Counter>> = Vec::new();
        for tally in tallies {
            if let Some(failure) = tally.failure {
                return Err(failure);
            }
            counts.merge(tally.counts);
            counters.resize_with(tally.counters.len(), Vec::new);
            for (list, counter) in counters.iter_mut().zip(tally.counters) {
                list.push(counter);
            }
        }
        Ok((counts, counters))
    }
}

impl EventReaders {
    fn new(amounts: Option<AmountReader>, has_themes: bool, fields: &mut FieldSet) -> Result<EventReaders, Error> {
        Ok(EventReaders {
            clock: Clock::new(fields)?,
            access: AccessKind::new(fields)?,
            failure: FailureRule::new(fields)?,
            denial: DenialMatcher::new(fields)?,
            identities: IdentityReader::new(fields)?,
            name: CountedColumns::new(&["eventName"], true, fields)?,
            themes: if has_themes { Some(ThemeValueWriter::new(fields)?) } else { None },
            amounts,
        })
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

    /// Appends the caller of a denied call.
    fn write_principal(&mut self, event: &Event<'_>, style: &CellStyle, out: &mut Vec<u8>) {
        if let Some(name) = self.identities.principal(event).holder() {
            style.text(&name, out);
        }
    }
}

impl EventCounts {
    /// Counts an event of a kind. `bucketed_time` is set to its time, if it has one.
    #[inline]
    fn add(&mut self, second: Option<i64>, kind: usize, has_other_times: bool, bucketed_time: &mut BucketedTime) {
        self.kinds[kind] += 1;
        let Some(second) = second else { return self.all.add(&Occurrence::default()) };
        bucketed_time.set(second);
        self.has_other_times |= has_other_times;
        self.all.add(&Occurrence { time: Some(bucketed_time), ..Occurrence::default() });
        self.timeline.add(bucketed_time, kind);
        self.week[bucketed_time.hour_of_week] += 1;
    }

    /// Adds the sum of an event that was counted.
    #[inline]
    fn add_amount(&mut self, amount: Amount) {
        self.all.sum = self.all.sum.saturating_add(amount.sum);
        self.not_summed += u64::from(amount.others);
    }

    fn merge(&mut self, other: EventCounts) {
        self.not_summed += other.not_summed;
        self.all.merge(&other.all);
        self.timeline.merge(&other.timeline);
        self.empty.resize(other.empty.len(), 0);
        let sums = self.kinds.iter_mut().chain(&mut self.week).chain(&mut self.empty);
        for (sum, count) in sums.zip(other.kinds.iter().chain(&other.week).chain(&other.empty)) {
            *sum += count;
        }
        self.denied += other.denied;
        self.has_other_times |= other.has_other_times;
        self.cut_values += other.cut_values;
        self.days.merge(other.days);
    }
}
