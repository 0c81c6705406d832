//! Writes the result: three tables for people on a terminal, or one table of data.

use std::io::Write;

use jiff::Timestamp;
use jiff::civil::Date;

use super::args::VerifyRequest;
use super::verify_result::{DayCounts, Finding, VerifyResult};
use crate::cloudtrail::digest::chain::Chain;
use crate::cloudtrail::digest::verdict::LogVerdict;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Coverage;
use crate::sink::Provenance;
use crate::sink::table_writer::TableWriter;
use crate::table::column::ColumnType;
use crate::table::computed::{CellValue, ComputedColumn};
use crate::table::layout::Format;

/// Columns with counts of a day.
const COUNTS: [&str; 8] =
    ["proven", "altered", "missing", "extraBytes", "inNoDigest", "notProven", "digests", "badDigests"];

/// Writes the result in the format that was asked for.
pub(super) fn write(request: &VerifyRequest, result: VerifyResult, stop: &Cancellation) -> Result<(), Error> {
    match request.layout.format {
        Format::Table => write_tables(request, result, stop),
        _ => write_data(request, result, stop),
    }
}

/// A time of a chain, proven or not.
struct ChainTime<'a> {
    chain: &'a Chain,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    is_proven: bool,
    detail: String,
}

/// The times of a chain, in order.
fn chain_times(chain: &Chain) -> Vec<ChainTime<'_>> {
    let proven = chain.covered.iter().map(|(from, until)| ChainTime {
        chain,
        from: Some(*from),
        until: Some(*until),
        is_proven: true,
        detail: String::new(),
    });
    let gaps = chain.gaps.iter().map(|gap| ChainTime {
        chain,
        from: gap.from,
        until: gap.until,
        is_proven: false,
        detail: gap.reason.to_string(),
    });
    let mut times: Vec<ChainTime<'_>> = proven.chain(gaps).collect();
    times.sort_by_key(|time| (time.from, time.until.is_none(), time.until));
    times
}

impl ChainTime<'_> {
    fn verdict(&self) -> &'static str {
        if self.is_proven { LogVerdict::Proven.name() } else { LogVerdict::NotProven.name() }
    }
}

fn write_tables(request: &VerifyRequest, result: VerifyResult, stop: &Cancellation) -> Result<(), Error> {
    write_days(request, &result, stop)?;
    if result.findings.count() > 0 {
        separate()?;
        let mut table = open(request, &["verdict", "detail", "object"])?;
        result.findings.finish(|finding| {
            let verdict = format!("{} {}", finding.kind.name(), finding.verdict);
            table.row(&[text(&verdict), text(&finding.detail), text(&finding.object)])
        })?;
        finish(table, stop)?;
    }
    separate()?;
    let mut table = open(request, &["account", "region", "trail", "from", "until", "verdict", "detail"])?;
    for time in result.chains.iter().flat_map(chain_times) {
        let id = &time.chain.id;
        let cells = [
            text(&id.account),
            text(&id.region),
            text(&id.trail),
            time_cell(time.from),
            time_cell(time.until),
            text(time.verdict()),
            text(&time.detail),
        ];
        table.row(&cells)?;
    }
    finish(table, stop)
}

/// Writes the numbers of each day, of which those that are 0 on all days are left out.
fn write_days(request: &VerifyRequest, result: &VerifyResult, stop: &Cancellation) -> Result<(), Error> {
    const ALWAYS: [&str; 2] = ["proven", "digests"];
    let is_shown = COUNTS.map(|name| ALWAYS.contains(&name));
    let days = result.days.values().flat_map(|days| days.values());
    let is_shown = days
        .map(DayCounts::in_columns)
        .fold(is_shown, |is_shown, numbers| std::array::from_fn(|column| is_shown[column] || numbers[column] > 0));
    let shown = |columns: [bool; COUNTS.len()]| (0..COUNTS.len()).filter(move |column| columns[*column]);
    let mut names = vec!["account", "region", "day"];
    names.extend(shown(is_shown).map(|column| COUNTS[column]));
    let mut table = open(request, &names)?;
    for ((account, region), days) in &result.days {
        for (day, counts) in days {
            let day = day_text(*day);
            let mut cells = vec![text(account), text(region), text(&day)];
            let numbers = counts.in_columns();
            cells.extend(shown(is_shown).map(|column| CellValue::Number(numbers[column])));
            table.row(&cells)?;
        }
    }
    finish(table, stop)
}

impl DayCounts {
    /// The numbers in the order of their columns.
    fn in_columns(&self) -> [u64; COUNTS.len()] {
        let [proven, altered, missing, extra, in_no_digest, not_proven] = self.logs;
        let digests = self.good_digests + self.bad_digests;
        [proven, altered, missing, extra, in_no_digest, not_proven, digests, self.bad_digests]
    }
}

fn write_data(request: &VerifyRequest, result: VerifyResult, stop: &Cancellation) -> Result<(), Error> {
    const FIRST: [&str; 9] = ["type", "account", "region", "day", "trail", "object", "verdict", "from", "until"];
    let names = [&FIRST[..], &COUNTS, &["detail"]].concat();
    let mut table = open(request, &names)?;
    for ((account, region), days) in &result.days {
        for (day, counts) in days {
            let row =
                DataRow { row_type: "day", account, region, day: *day, counts: Some(counts), ..DataRow::default() };
            row.write(&mut table)?;
        }
    }
    for time in result.chains.iter().flat_map(chain_times) {
        let id = &time.chain.id;
        let row = DataRow {
            row_type: "period",
            account: &id.account,
            region: &id.region,
            trail: &id.trail,
            verdict: time.verdict(),
            from: time.from,
            until: time.until,
            detail: &time.detail,
            ..DataRow::default()
        };
        row.write(&mut table)?;
    }
    result.findings.finish(|finding| finding_row(finding).write(&mut table))?;
    for (key, digests) in &result.keys {
        let counts = DayCounts { good_digests: *digests, ..DayCounts::default() };
        let row = DataRow {
            row_type: "key",
            region: &key.region,
            object: &key.fingerprint,
            counts: Some(&counts),
            detail: &key.source,
            ..DataRow::default()
        };
        row.write(&mut table)?;
    }
    finish(table, stop)
}

fn finding_row(finding: &Finding) -> DataRow<'_> {
    DataRow {
        row_type: finding.kind.name(),
        account: &finding.account,
        region: &finding.region,
        day: finding.day,
        trail: finding.trail.as_deref().unwrap_or_default(),
        object: &finding.object,
        verdict: &finding.verdict,
        detail: &finding.detail,
        ..DataRow::default()
    }
}

/// A row of the table of data. Empty texts are absent values.
#[derive(Default)]
struct DataRow<'a> {
    row_type: &'a str,
    account: &'a str,
    region: &'a str,
    day: Option<Date>,
    trail: &'a str,
    object: &'a str,
    verdict: &'a str,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    counts: Option<&'a DayCounts>,
    detail: &'a str,
}

impl DataRow<'_> {
    fn write(&self, table: &mut TableWriter) -> Result<(), Error> {
        let day = self.day.map(|day| day.to_string()).unwrap_or_default();
        let mut cells = vec![text(self.row_type)];
        cells.extend(
            [self.account, self.region, &day, self.trail, self.object, self.verdict].map(CellValue::text_if_any),
        );
        cells.extend([time_cell(self.from), time_cell(self.until)]);
        match self.counts {
            Some(counts) => cells.extend(count_cells(counts)),
            None => cells.extend([CellValue::Empty; COUNTS.len()]),
        }
        cells.push(CellValue::text_if_any(self.detail));
        table.row(&cells)
    }
}

fn count_cells<'a>(counts: &DayCounts) -> impl Iterator<Item = CellValue<'a>> + use<'a> {
    counts.in_columns().into_iter().map(CellValue::Number)
}

fn text(text: &str) -> CellValue<'_> {
    CellValue::Text(text)
}

fn time_cell(time: Option<Timestamp>) -> CellValue<'static> {
    time.map_or(CellValue::Empty, CellValue::Time)
}

fn day_text(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn open(request: &VerifyRequest, names: &[&str]) -> Result<TableWriter, Error> {
    let column = |name: &&str| {
        let column_type = match *name {
            "from" | "until" => ColumnType::Time,
            name if COUNTS.contains(&name) => ColumnType::Value,
            _ => ColumnType::Text,
        };
        ComputedColumn::new(*name, column_type)
    };
    let window = request.scope.window;
    let provenance = Provenance { now: request.now, command: &request.command, window };
    let columns = names.iter().map(column).collect();
    TableWriter::open(request.output.as_deref(), &request.layout, columns, &provenance)
}

fn finish(table: TableWriter, stop: &Cancellation) -> Result<(), Error> {
    table.finish(&mut Coverage::default(), stop)
}

/// Writes an empty line between two tables.
fn separate() -> Result<(), Error> {
    let written = std::io::stdout().write_all(b"\n");
    written.map_err(|error| Error::write("standard output", &error))
}
