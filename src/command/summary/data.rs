//! The summary as data: one line per value, or one JSON object.
//!
//! Both use the same table names: the name of the counted column.

use serde::Serialize;
use serde_json::{Map, Value};

use super::all_rows::{AllRows, CountedRow};
use super::amount;
use super::data_line::{LineCell, LineColumn};
use super::event_counts::{ERROR, OTHER, READ, WRITE};
use super::request::SummaryFormat;
use super::result::{Summary, SummaryTable, TableTopic};
use super::time;
use super::value_stats::ValueStats;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::sink::target::Target;
use crate::syntax::visible::push_text;
use crate::table::column::ColumnType;
use crate::table::computed::{CellValue, ComputedColumn, ComputedTable};
use crate::table::layout::{Format, TableLayout};

/// A summary to be written as data.
pub(super) struct SummaryData<'a> {
    pub(super) summary: &'a Summary,
    pub(super) coverage: &'a Coverage,
    /// Whether duplicate events were left out.
    pub(super) dedupe: bool,
    /// Whether a field is summed.
    pub(super) has_sum: bool,
    /// Whether there is an earlier period.
    pub(super) is_compared: bool,
    pub(super) stop: &'a Cancellation,
}

impl SummaryData<'_> {
    /// Writes the summary: `all` rows if given, otherwise the rows of its tables.
    pub(super) fn write(&self, all: Option<AllRows>, format: SummaryFormat, target: &mut Target) -> Result<(), Error> {
        let mut out = DataBuffer { bytes: Vec::new(), target, stop: self.stop };
        match format {
            SummaryFormat::Csv => self.write_lines(all, Format::Csv, &mut out)?,
            SummaryFormat::Json => self.write_json(all, &mut out)?,
            SummaryFormat::Tsv | SummaryFormat::Text => self.write_lines(all, Format::Tsv, &mut out)?,
        }
        out.flush()
    }

    /// Writes the rows of the requested columns or, without a request, of every
    /// table in turn.
    fn write_lines(&self, all: Option<AllRows>, format: Format, out: &mut DataBuffer<'_>) -> Result<(), Error> {
        let layout = TableLayout { format, ..TableLayout::default() };
        if let Some(table) = self.summary.table(TableTopic::Requested) {
            let columns = columns(table.columns.iter().map(String::as_str), self.has_sum);
            let mut lines = ComputedTable::new(columns, &layout);
            out.bytes.extend(lines.header());
            return self.each_row(all, |CountedRow { values, count, sum, period, .. }| {
                let values = values.iter().map(|value| CellValue::Text(value));
                let sum = self.has_sum.then(|| amount::decimal(sum));
                lines.row(&values.chain(numbers(count, sum.as_deref(), period)).collect::<Vec<_>>(), &mut out.bytes);
                out.flush_if_full()
            });
        }
        let columns = LineColumn::all(self.has_sum, self.is_compared);
        let headings = columns.iter().map(|column| ComputedColumn::new(column.name(), column.column_type())).collect();
        let mut lines = ComputedTable::new(headings, &layout);
        out.bytes.extend(lines.header());
        let mut row = |table: &str, of: Option<&SummaryTable>, row: &CountedRow<'_>| {
            let cells: Vec<LineCell<'_>> = columns.iter().map(|column| column.cell(table, of, row)).collect();
            lines.row(&cells.iter().map(LineCell::value).collect::<Vec<_>>(), &mut out.bytes);
            out.flush_if_full()
        };
        let mut total = |table: &str, name: &str, stats: &ValueStats| {
            let values = &[name.to_string()];
            row(table, None, &CountedRow::new(0, values, stats))
        };
        let counts = &self.summary.counts;
        total("total", "events", &counts.all)?;
        for (name, count) in self.totals() {
            total("total", name, &ValueStats::of_count(count))?;
        }
        for table in self.tables() {
            total("distinct", table.topic.column(), &ValueStats::of_count(table.distinct))?;
        }
        self.each_row(all, |counted| {
            let Some(table) = self.summary.tables.get(counted.table) else { return Ok(()) };
            row(table.topic.column(), Some(table), &counted)
        })
    }

    /// The tables that data have. The rows of what is first seen and rare are in others.
    fn tables(&self) -> impl Iterator<Item = &SummaryTable> {
        self.summary.tables.iter().filter(|table| !is_derived(table.topic))
    }

    /// Writes everything as one object, row by row to bound memory.
    fn write_json(&self, all: Option<AllRows>, out: &mut DataBuffer<'_>) -> Result<(), Error> {
        let [first, last] = times(self.summary.counts.all.period());
        let totals = self.totals().map(|(name, count)| (name.into(), count.into())).collect();
        let head = SummaryHead { events: self.summary.counts.all.count, first, last, totals };
        let head = json(&head)?;
        match self.has_sum {
            true => out.text(with_sum(&head, self.summary.counts.all.sum).trim_end_matches('}')),
            false => out.text(head.trim_end_matches('}')),
        }
        let mut tables = self.summary.tables.iter().enumerate().filter(|(_, table)| !is_derived(table.topic));
        let mut open: Option<usize> = None;
        self.each_row(all, |row| {
            let is_next = open != Some(row.table);
            while open != Some(row.table)
                && let Some((at, table)) = tables.next()
            {
                begin_table(table, open.is_some(), out)?;
                open = Some(at);
            }
            if !is_next {
                out.text(",");
            }
            if let Some(table) = self.summary.tables.get(row.table) {
                let object = json(&row_object(table, &row))?;
                out.text(&if self.has_sum { with_sum(&object, row.sum) } else { object });
            }
            out.flush_if_full()
        })?;
        for (at, table) in tables {
            begin_table(table, open.is_some(), out)?;
            open = Some(at);
        }
        out.text(if open.is_some() { "]}}" } else { "}" });
        out.bytes.push(b'\n');
        Ok(())
    }

    /// Calls `each` for `all` rows if given, otherwise for the rows of the tables.
    fn each_row(
        &self,
        all: Option<AllRows>,
        mut each: impl FnMut(CountedRow<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if let Some(all) = all {
            return all.each(each);
        }
        for (table, counted) in self.summary.tables.iter().enumerate() {
            for row in counted.rows.iter().filter(|_| !is_derived(counted.topic)) {
                each(CountedRow::new(table, &row.values, &row.stats))?;
            }
        }
        Ok(())
    }

    fn totals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = &self.summary.counts;
        let duplicates = self.dedupe.then_some(("duplicates", self.coverage.duplicates));
        let totals = [
            ("files", self.coverage.files),
            ("reads", counts.kinds[READ]),
            ("writes", counts.kinds[WRITE]),
            ("errors", counts.kinds[ERROR]),
            ("other", counts.kinds[OTHER]),
            ("denied", counts.denied),
            ("untimed", self.summary.untimed()),
        ];
        let pages = (self.coverage.pages > 0).then_some(("pages", self.coverage.pages));
        totals.into_iter().chain(duplicates).chain(pages)
    }
}

/// What the object says of all events, before its tables.
#[derive(Serialize)]
struct SummaryHead {
    events: u64,
    first: Option<String>,
    last: Option<String>,
    #[serde(flatten)]
    totals: Map<String, Value>,
}

/// What the object of a table says before its rows.
#[derive(Serialize)]
struct TableHead {
    distinct: u64,
    events: u64,
    without: u64,
}

/// A row: the value of each column, and how often it occurs.
#[derive(Serialize)]
struct RowObject {
    #[serde(flatten)]
    values: Map<String, Value>,
    events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<u64>,
    first: Option<String>,
    last: Option<String>,
    #[serde(rename = "firstUser", skip_serializing_if = "Option::is_none")]
    first_user: Option<String>,
}

/// An object with a sum as its last member, a number of any length.
fn with_sum(object: &str, sum: i128) -> String {
    format!("{},\"sum\":{}}}", object.strip_suffix('}').unwrap_or(object), amount::decimal(sum))
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Failed(format!("the summary cannot be written: {error}")))
}

/// Closes the previous table's object and opens that of `table` up to its rows.
fn begin_table(table: &SummaryTable, has_previous: bool, out: &mut DataBuffer<'_>) -> Result<(), Error> {
    let head = json(&TableHead { distinct: table.distinct, events: table.events, without: table.empty })?;
    out.text(if has_previous { "]}," } else { "," });
    out.text(&format!("\"{}\":{},\"rows\":[", table.topic.column(), head.trim_end_matches('}')));
    Ok(())
}

fn row_object(table: &SummaryTable, row: &CountedRow<'_>) -> RowObject {
    let values = table.columns.iter().cloned().zip(row.values.iter().map(|value| value.as_str().into())).collect();
    let [first, last] = times(row.period);
    let is_against = table.topic == TableTopic::Against;
    RowObject {
        values,
        events: row.count,
        failed: (table.topic == TableTopic::Changes).then_some(row.failures),
        earlier: is_against.then_some(row.earlier),
        first,
        last,
        first_user: (table.topic.has_first_user() && !is_against).then(|| row.first_user.to_string()),
    }
}

/// Whether a table repeats what the rows of others say.
fn is_derived(topic: TableTopic) -> bool {
    matches!(topic, TableTopic::FirstSeen | TableTopic::Rare)
}

/// Collects output, so that the target is written in large pieces.
struct DataBuffer<'a> {
    bytes: Vec<u8>,
    target: &'a mut Target,
    stop: &'a Cancellation,
}

impl DataBuffer<'_> {
    const FLUSH_SIZE: usize = 64 << 10;

    /// Appends JSON. Hidden characters occur only inside its strings, so they can
    /// be escaped without changing the value.
    fn text(&mut self, json: &str) {
        push_text(json, &mut self.bytes);
    }

    fn flush_if_full(&mut self) -> Result<(), Error> {
        if self.bytes.len() < DataBuffer::FLUSH_SIZE { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        self.target.write(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

/// The columns of a table: the named ones, and those of [`numbers`].
fn columns<'a>(names: impl IntoIterator<Item = &'a str>, has_sum: bool) -> Vec<ComputedColumn> {
    let sum = has_sum.then_some(("sum", ColumnType::Value));
    let times = [("first", ColumnType::Time), ("last", ColumnType::Time)];
    let named = names.into_iter().map(|name| (name, ColumnType::Text));
    named
        .chain([("events", ColumnType::Value)])
        .chain(sum)
        .chain(times)
        .map(|(name, column_type)| ComputedColumn::new(name, column_type))
        .collect()
}

/// The number of events, their sum if there is one, and the times of the first and the
/// last.
fn numbers(count: u64, sum: Option<&str>, period: Option<[i64; 2]>) -> impl Iterator<Item = CellValue<'_>> {
    let time = |second| CellValue::Time(time::timestamp(second));
    let times = period.map_or([CellValue::Empty; 2], |period| period.map(time));
    [CellValue::Number(count)].into_iter().chain(sum.map(CellValue::Text)).chain(times)
}

fn times(period: Option<[i64; 2]>) -> [Option<String>; 2] {
    period.map_or([None, None], |period| period.map(|second| Some(time::written(second))))
}
