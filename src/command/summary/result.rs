//! The merged counts of all threads: everything that the outputs show.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::all_rows::{self, AllRows, RowOrder};
use super::comparison::{ComparedPeriods, FrequencyComparison};
use super::counter::Counter;
use super::derived::DerivedTables;
use super::event_counts::EventCounts;
use super::request::RowLimits;
use super::signals::{ActiveDays, Signal, SignalFold, SignalKind, SignalTable};
use super::tally::SummaryTally;
use super::theme_value;
use super::time_histogram::TimeHistogram;
use crate::cloudtrail::theme::Theme;
use crate::command::summary::buckets::BucketedTime;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;

/// The kind of value that a table counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TableTopic {
    /// Calls with a theme, by theme.
    Changes,
    Accounts,
    Regions,
    Users,
    /// Actors.
    People,
    Events,
    Sources,
    Addresses,
    Keys,
    Agents,
    Resources,
    Errors,
    Denied,
    /// The columns requested on the command line.
    Requested,
    /// The values that were first seen last.
    FirstSeen,
    /// The least frequent calls and errors.
    Rare,
    /// What differs from an earlier period.
    Against,
    /// Signals of a kind.
    Signals(SignalKind),
}

impl TableTopic {
    /// The name of the table in data: the column that it counts.
    pub(super) fn column(self) -> &'static str {
        match self {
            TableTopic::Changes => "changes",
            TableTopic::Accounts => "recipientAccountId",
            TableTopic::Regions => "awsRegion",
            TableTopic::Users => "userName",
            TableTopic::People => "actor",
            TableTopic::Events => "eventName",
            TableTopic::Sources => "eventSource",
            TableTopic::Addresses => "sourceIPAddress",
            TableTopic::Keys => "accessKeyId",
            TableTopic::Agents => "userAgent",
            TableTopic::Resources => "resources",
            TableTopic::Errors => "errorCode",
            TableTopic::Denied => "deniedCalls",
            TableTopic::Requested => "counts",
            TableTopic::FirstSeen => "firstSeen",
            TableTopic::Rare => "rare",
            TableTopic::Against => "against",
            TableTopic::Signals(kind) => kind.column(),
        }
    }

    /// Whether rows say who made the first of their calls.
    pub(super) fn has_first_user(self) -> bool {
        matches!(
            self,
            TableTopic::Regions
                | TableTopic::Events
                | TableTopic::Sources
                | TableTopic::Addresses
                | TableTopic::Keys
                | TableTopic::Agents
                | TableTopic::Resources
                | TableTopic::Errors
                | TableTopic::Against
        )
    }

    /// The number of leading values that make a group of rows.
    pub(super) fn group_columns(self) -> usize {
        match self {
            TableTopic::Changes | TableTopic::FirstSeen | TableTopic::Rare => 1,
            TableTopic::Against => 2,
            _ => 0,
        }
    }
}

/// The most frequent values of one kind.
#[derive(Clone, Debug)]
pub(super) struct SummaryTable {
    pub(super) topic: TableTopic,
    /// The names of the values of a row.
    pub(super) columns: Vec<String>,
    /// The number of different values, including those not in `rows`.
    pub(super) distinct: u64,
    /// The number of events with a value.
    pub(super) events: u64,
    /// The number of events without a value.
    pub(super) empty: u64,
    /// The values with the highest ranks.
    pub(super) rows: Vec<TableRow>,
    /// The times at which values were first seen.
    pub(super) first_seen: TimeHistogram<1>,
}

/// One value per column of the table, and their statistics.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct TableRow {
    pub(super) values: Vec<String>,
    pub(super) stats: ValueStats,
}

/// All counts of a run.
pub(super) struct Summary {
    pub(super) counts: EventCounts,
    pub(super) tables: Vec<SummaryTable>,
    /// The principals with denied calls. Counted apart, because the rows of denied
    /// calls are only the most frequent ones.
    pub(super) roles: SummaryTable,
    /// What values of two periods are compared by.
    pub(super) comparison: Option<FrequencyComparison>,
    order: RowOrder,
}

/// What is made of the counts.
pub(super) struct SummaryRules {
    /// The number of rows that tables keep, or groups of their rows.
    pub(super) top: RowLimits,
    /// The order of the rows of the columns asked for.
    pub(super) order: RowOrder,
    /// The two periods that are compared.
    pub(super) compared: Option<ComparedPeriods>,
    /// Whether the events are all those of their days. Otherwise, days without events are not
    /// days without logs.
    pub(super) has_whole_days: bool,
}

impl SummaryRules {
    /// Finds the signals in what all threads counted. `all` is given each of them, as a row of
    /// the tables that begin at this number.
    fn signals(
        &self,
        counters: Vec<Counter>,
        counts: &EventCounts,
        first_table: usize,
        mut all: Option<&mut AllRows>,
    ) -> Result<Vec<SignalTable>, Error> {
        let days = match self.has_whole_days {
            true => ActiveDays::with_events(&counts.histogram),
            false => ActiveDays::default(),
        };
        let mut fold = SignalFold::new(self.top.changes, days, all.is_some());
        let mut take = |fold: &mut SignalFold| {
            let Some(all) = &mut all else { return Ok(()) };
            fold.take_found().into_iter().try_for_each(|signal| {
                let rank = [0, signal.rank, 0];
                let value = [signal.subject, signal.user, signal.detail].join("\t");
                all.push(first_table + signal.kind as usize, rank, value.as_bytes(), &signal.stats)
            })
        };
        let mut counters = counters.into_iter();
        if let Some(first) = counters.next() {
            first.finish_in_order(counters, |value, stats| {
                fold.push(value, stats);
                take(&mut fold)
            })?;
        }
        fold.end_group();
        take(&mut fold)?;
        Ok(fold.finish())
    }
}

impl Summary {
    /// Merges the tallies of all threads. `headings` has the columns of each table. `all` is
    /// given every row.
    pub(super) fn new(
        headings: Vec<(TableTopic, Vec<String>)>,
        tallies: Vec<SummaryTally>,
        rules: &SummaryRules,
        mut all: Option<&mut AllRows>,
    ) -> Result<Summary, Error> {
        let SummaryRules { top, order, .. } = *rules;
        let (counts, counters) = SummaryTally::merge(tallies)?;
        let roles = vec!["principal".to_string()];
        let roles = SummaryTable::new(TableTopic::Denied, roles, 0, counters.roles, top.others, |_, _, _| Ok(()))?;
        let is_overview = headings.iter().all(|(topic, _)| *topic != TableTopic::Requested);
        let columns = theme_value::COLUMNS.map(String::from).to_vec();
        let changes = is_overview.then_some(((TableTopic::Changes, columns), (counters.changes, 0)));
        let empty = counts.empty.iter().copied().chain(std::iter::repeat(0));
        let subjects = counters.subjects.into_iter().chain([counters.denied]);
        let others = headings.into_iter().zip(subjects.zip(empty));
        let counted: Vec<_> = changes.into_iter().chain(others).collect();
        let last = counts.all.period().map(|[_, last]| last);
        let comparison = rules.compared.map(|compared| compared.comparison(last));
        let mut derived = DerivedTables::new(top.derived, comparison);
        let (mut tables, number_of_derived) = (Vec::with_capacity(counted.len()), counted.len());
        for (at, ((topic, columns), (counters, empty))) in counted.into_iter().enumerate() {
            let each = |rank, value: &[u8], stats: &ValueStats| {
                if is_overview {
                    derived.offer(topic, value, stats, all.as_deref_mut().map(|all| (number_of_derived, all)))?;
                }
                match &mut all {
                    Some(all) if stats.count > 0 => all.push(at, rank, value, stats),
                    _ => Ok(()),
                }
            };
            tables.push(SummaryTable::new(topic, columns, empty, counters, top.of(topic), each)?);
        }
        if order == RowOrder::Value {
            tables.iter_mut().for_each(SummaryTable::sort_by_value);
        }
        if is_overview {
            tables.extend(derived.finish(counts.all.count));
            let signals = rules.signals(counters.signals, &counts, tables.len(), all)?;
            tables.extend(signals.into_iter().map(SummaryTable::of_signals));
        }
        Ok(Summary { counts, tables, roles, comparison, order })
    }

    /// The table of a topic, if the summary has one.
    pub(super) fn table(&self, topic: TableTopic) -> Option<&SummaryTable> {
        self.tables.iter().find(|table| table.topic == topic)
    }

    /// The rarest values of tables that do not show all of theirs.
    pub(super) fn rarest(&self) -> Option<SummaryTable> {
        let mut rarest = self.table(TableTopic::Rare)?.clone();
        let is_cut = |table: &SummaryTable| table.distinct > table.rows.len() as u64;
        let cut: Vec<&str> =
            self.tables.iter().filter(|table| is_cut(table)).map(|table| table.topic.column()).collect();
        rarest.rows.retain(|row| row.values.first().is_some_and(|column| cut.contains(&column.as_str())));
        Some(rarest)
    }

    /// Truncates each table to its `top` first rows; that of changes, to those of each theme.
    pub(super) fn keep(&mut self, top: RowLimits) {
        for table in &mut self.tables {
            let top = top.of(table.topic);
            if self.order == RowOrder::Value {
                let key = |row: &TableRow| (Reverse(row.stats.count), row.values.clone());
                table.rows.sort_by_cached_key(key);
            }
            let (mut group, mut count) = (None, 0);
            table.rows.retain(|row| {
                let group_of_row = row.values.get(..table.topic.group_columns()).map(<[String]>::to_vec);
                count = if group == group_of_row { count + 1 } else { 1 };
                group = group_of_row;
                count <= top
            });
            if self.order == RowOrder::Value {
                table.sort_by_value();
            }
        }
    }

    /// The number of events without a readable time.
    pub(super) fn untimed(&self) -> u64 {
        self.counts.all.count - self.counts.week.iter().sum::<u64>()
    }
}

impl RowLimits {
    /// The limit of a table, or of each group of its rows.
    fn of(self, topic: TableTopic) -> usize {
        match topic {
            TableTopic::Changes | TableTopic::Signals(_) => self.changes,
            TableTopic::FirstSeen | TableTopic::Rare | TableTopic::Against => self.derived,
            _ => self.others,
        }
    }
}

impl SummaryTable {
    fn of_signals(signals: SignalTable) -> SummaryTable {
        let row = |Signal { subject, user, detail, stats, .. }| TableRow { values: vec![subject, user, detail], stats };
        SummaryTable {
            topic: TableTopic::Signals(signals.kind),
            columns: ["subject", "userName", "detail"].map(String::from).to_vec(),
            distinct: signals.distinct,
            events: signals.events,
            empty: 0,
            rows: signals.rows.into_iter().map(row).collect(),
            first_seen: TimeHistogram::default(),
        }
    }

    fn sort_by_value(&mut self) {
        self.rows.sort_by(|one, other| one.values.cmp(&other.values));
    }

    fn new(
        topic: TableTopic,
        columns: Vec<String>,
        empty: u64,
        counters: Vec<Counter>,
        top: usize,
        mut each: impl FnMut(ValueRank, &[u8], &ValueStats) -> Result<(), Error>,
    ) -> Result<SummaryTable, Error> {
        let mut table = SummaryTable {
            topic,
            columns,
            distinct: 0,
            events: 0,
            empty,
            rows: Vec::new(),
            first_seen: TimeHistogram::default(),
        };
        let mut top_values = TopValues::new(top);
        let mut counters = counters.into_iter();
        if let Some(first) = counters.next() {
            let mut time = BucketedTime::new(0);
            first.finish(counters, |value, stats| {
                let first_part = value.split(|byte| *byte == b'\t').next().unwrap_or_default();
                let rank = rank(topic, &String::from_utf8_lossy(first_part), stats);
                // Only the comparison has values of the earlier period alone.
                if stats.count == 0 {
                    return each(rank, value, stats);
                }
                table.distinct += 1;
                table.events += stats.count;
                if let Some([first, _]) = stats.period() {
                    time.set(first);
                    table.first_seen.add(&time, 0);
                }
                top_values.offer(rank, value, stats);
                each(rank, value, stats)
            })?;
        }
        table.rows = top_values.rows();
        Ok(table)
    }
}

/// The place of a value in its table, the highest first: of its group, then within it.
pub(super) type ValueRank = [u64; 3];

/// The rank of a value whose first part is `first_part`. Values rank by count. Changes rank by
/// theme, what worked before what only failed, then the newest first.
fn rank(topic: TableTopic, first_part: &str, stats: &ValueStats) -> ValueRank {
    if topic != TableTopic::Changes {
        return [0, stats.count, 0];
    }
    let theme = Theme::from_name(first_part).map_or(0, |theme| u64::MAX - theme as u64);
    let has_worked = u64::from(stats.failures < stats.count);
    // Negative seconds sort below the others, as unsigned numbers.
    let last = stats.period().map_or(0, |[_, last]| (last as u64) ^ (1 << 63));
    [theme, has_worked, last]
}

/// The values with the highest ranks of each group so far; ties go to the value that sorts
/// first.
pub(super) struct TopValues {
    /// The most values of a group.
    limit: usize,
    heaps: BTreeMap<Reverse<u64>, BinaryHeap<Reverse<TopCandidate>>>,
}

type TopCandidate = (ValueRank, Reverse<Vec<u8>>, BoxedStats);

/// Statistics that all compare equal: the order of candidates is decided by
/// their values, which are distinct.
struct BoxedStats(ValueStats);

impl PartialEq for BoxedStats {
    fn eq(&self, _: &BoxedStats) -> bool {
        true
    }
}

impl Eq for BoxedStats {}

impl PartialOrd for BoxedStats {
    fn partial_cmp(&self, other: &BoxedStats) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BoxedStats {
    fn cmp(&self, _: &BoxedStats) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl TopValues {
    /// For this number of values of each group.
    pub(super) fn new(limit: usize) -> TopValues {
        TopValues { limit, heaps: BTreeMap::new() }
    }

    /// Takes a value, which is kept as long as it is among the highest.
    pub(super) fn offer(&mut self, rank: ValueRank, value: &[u8], stats: &ValueStats) {
        let heap = self.heaps.entry(Reverse(rank[0])).or_default();
        if heap.len() >= self.limit {
            let is_better = heap
                .peek()
                .is_some_and(|Reverse((other, Reverse(last), _))| (rank, Reverse(value)) > (*other, Reverse(last)));
            if !is_better {
                return;
            }
            heap.pop();
        }
        heap.push(Reverse((rank, Reverse(value.to_vec()), BoxedStats(stats.clone()))));
    }

    /// The rows, group by group.
    pub(super) fn rows(self) -> Vec<TableRow> {
        let top_values = self.heaps.into_values().flat_map(BinaryHeap::into_sorted_vec);
        top_values
            .map(|Reverse((_, Reverse(value), BoxedStats(stats)))| TableRow { values: all_rows::values(&value), stats })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_count_and_then_by_name() {
        let mut top_values = TopValues::new(3);
        for (value, count) in [("d", 1), ("b", 2), ("a", 1), ("e", 5), ("c", 2), ("f", 2)] {
            let mut stats = ValueStats::default();
            stats.count = count;
            top_values.offer([0, count, 0], value.as_bytes(), &stats);
        }
        let rows: Vec<String> = top_values.rows().into_iter().map(|row| row.values.concat()).collect();
        assert_eq!(rows, ["e", "b", "c"]);
        let mut none = TopValues::new(0);
        none.offer([0; 3], b"a", &ValueStats::default());
        assert!(none.rows().is_empty());
    }
}
