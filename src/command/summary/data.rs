//! The summary as data: one line per value, or one JSON object.
//!
//! Both use the same table names: the name of the counted column.

use serde::Serialize;
use serde_json::{Map, Value};

use super::all_rows::{AllRows, CountedRow};
use super::amount;
use super::request::SummaryFormat;
use super::result::{Summary, SummaryTable, TableTopic};
use super::tally::{ERROR, OTHER, READ, WRITE};
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

/// The name of a table in machine-readable output: the column that it counts.
fn name(about: TableTopic) -> &'static str {
    match about {
        TableTopic::Changes => "changes",
        TableTopic::Accounts => "recipientAccountId",
        TableTopic::Regions => "awsRegion",
        TableTopic::Users => "userName",
        TableTopic::People => "actor",
        TableTopic::Events => "eventName",
        TableTopic::Sources => "eventSource",
        TableTopic::Addresses => "sourceIPAddress",
        TableTopic::Errors => "errorCode",
        TableTopic::Denied => "deniedCalls",
        TableTopic::Asked => "counts",
    }
}

/// The columns of lines that only changes fill.
const CHANGE_COLUMNS: [(&str, ColumnType); 4] = [
    ("failed", ColumnType::Value),
    ("resources", ColumnType::Text),
    ("userName", ColumnType::Text),
    ("sourceIPAddress", ColumnType::Text),
];

/// A summary to be written as data.
pub(super) struct SummaryData<'a> {
    pub(super) summary: &'a Summary,
    pub(super) coverage: &'a Coverage,
    /// Whether duplicate events were left out.
    pub(super) dedupe: bool,
    /// Whether a field is summed.
    pub(super) has_sum: bool,
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
        if let Some(table) = self.summary.table(TableTopic::Asked) {
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
        let changes = CHANGE_COLUMNS.map(|(name, shows)| ComputedColumn::new(name, shows));
        let all_columns = columns(["table", "value", "eventName"], self.has_sum).into_iter().chain(changes).collect();
        let mut lines = ComputedTable::new(all_columns, &layout);
        out.bytes.extend(lines.header());
        let mut row = |table: &str, row: &CountedRow<'_>, has_sum: bool, failures: CellValue<'_>| {
            let value = |at: usize| CellValue::Text(row.values.get(at).map_or("", String::as_str));
            let sum = self.has_sum.then(|| if has_sum { amount::decimal(row.sum) } else { String::new() });
            let cells = [CellValue::Text(table), value(0), value(1)].into_iter();
            let cells = cells.chain(numbers(row.count, sum.as_deref(), row.period)).chain([failures]);
            lines.row(&cells.chain([2, 3, 4].map(value)).collect::<Vec<_>>(), &mut out.bytes);
            out.flush_if_full()
        };
        let mut total = |table: &str, name: &str, count: u64, sum: Option<i128>, period| {
            let values = &[name.to_string()];
            let counted = CountedRow { table: 0, values, count, failures: 0, sum: sum.unwrap_or(0), period };
            row(table, &counted, sum.is_some(), CellValue::Empty)
        };
        let counts = &self.summary.counts;
        total("total", "events", counts.all.count, Some(counts.all.sum), counts.all.period())?;
        for (name, count) in self.totals() {
            total("total", name, count, None, None)?;
        }
        for table in &self.summary.tables {
            total("distinct", name(table.about), table.distinct, None, None)?;
        }
        self.each_row(all, |counted| {
            let Some(table) = self.summary.tables.get(counted.table) else { return Ok(()) };
            let failures = failures(table, &counted).map_or(CellValue::Empty, CellValue::Number);
            row(name(table.about), &counted, true, failures)
        })
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
        let mut tables = self.summary.tables.iter().enumerate();
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
            for row in &counted.rows {
                let ValueStats { count, failures, sum, .. } = row.stats;
                each(CountedRow { table, values: &row.values, count, failures, sum, period: row.stats.period() })?;
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
    first: Option<String>,
    last: Option<String>,
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
    out.text(&format!("\"{}\":{},\"rows\":[", name(table.about), head.trim_end_matches('}')));
    Ok(())
}

fn row_object(table: &SummaryTable, row: &CountedRow<'_>) -> RowObject {
    let values = table.columns.iter().cloned().zip(row.values.iter().map(|value| value.as_str().into())).collect();
    let [first, last] = times(row.period);
    RowObject { values, events: row.count, failed: failures(table, row), first, last }
}

/// How many events of a row failed, in the table that counts them.
fn failures(table: &SummaryTable, row: &CountedRow<'_>) -> Option<u64> {
    (table.about == TableTopic::Changes).then_some(row.failures)
}

/// Collects output, so that the target is written in large pieces.
struct DataBuffer<'a> {
    bytes: Vec<u8>,
    target: &'a mut Target,
    stop: &'a Cancellation,
}

impl DataBuffer<'_> {
    const FULL: usize = 64 << 10;

    /// Appends JSON. Hidden characters occur only inside its strings, so they can
    /// be escaped without changing the value.
    fn text(&mut self, json: &str) {
        push_text(json, &mut self.bytes);
    }

    fn flush_if_full(&mut self) -> Result<(), Error> {
        if self.bytes.len() < DataBuffer::FULL { Ok(()) } else { self.flush() }
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
        .map(|(name, shows)| ComputedColumn::new(name, shows))
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
