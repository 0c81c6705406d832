//! What is written: the options, and the requests that they make.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::spill::sort::SortColumn;
use crate::syntax::glob::split_list;
use crate::syntax::window;
use crate::table::catalogue;
use crate::table::layout::{Format, TableLayout};

/// What rows look like, and where they go.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What to write")]
pub struct TableArgs {
    /// Columns by name or by path, such as requestParameters.items[].id;
    /// +NAME adds to the default, -NAME leaves out; help lists the names
    #[arg(short, long, value_name = "LIST", allow_hyphen_values = true)]
    pub columns: Vec<String>,
    /// tsv, csv, json or xlsx [default: by the ending of --output, else tsv];
    /// json is each event as delivered, one a line, or an object of the --columns
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write to this file, which appears only when it is whole
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Sort by these columns, those with a leading - from the greatest to the least
    #[arg(long, value_name = "[-]COLUMN,…", allow_hyphen_values = true)]
    pub sort: Vec<String>,
    /// Stop after this many rows; with --sort, write the first of them all
    #[arg(short = 'n', long, value_name = "N",
          value_parser = |text: &str| text.parse::<u64>().map_err(|_| "not a number; write one such as 100"))]
    pub limit: Option<u64>,
    /// Leave out events whose eventID came before
    #[arg(long)]
    pub dedupe: bool,
    /// Write only how many events match
    #[arg(long)]
    pub count: bool,
    /// Show times in this zone, and read --since and --until in it: local,
    /// Europe/Berlin, +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub time_zone: Option<String>,
    /// Leave out the line of column names
    #[arg(long)]
    pub no_header: bool,
    /// Write this for what is absent or null [default: nothing]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub null: Option<String>,
    /// Do not disarm text that a spreadsheet would run as a formula
    #[arg(long)]
    pub raw: bool,
    /// TSV and CSV that Excel opens: a byte order mark, its line ends, and no
    /// cell longer than it can hold
    #[arg(long)]
    pub excel: bool,
}

impl TableArgs {
    /// The zone that times are shown and read in.
    pub fn zone(&self) -> Result<TimeZone, Error> {
        self.time_zone.as_deref().map_or(Ok(TimeZone::UTC), window::zone)
    }

    /// How rows are to look; `set` are the options that nobody typed.
    pub fn layout(&self, zone: TimeZone, set: Vec<&'static str>) -> Result<TableLayout, Error> {
        let format = format(self.format.as_deref(), self.output.as_deref())?;
        if format == Format::Json
            && let Some(option) = table_option(self)
        {
            return Err(Error::about(option, " is about tables; JSON has a null, numbers and texts of its own"));
        }
        Ok(TableLayout {
            columns: split_list(&self.columns),
            format,
            header: !self.no_header,
            null: self.null.clone().unwrap_or_default(),
            guard: !self.raw,
            excel: self.excel,
            zone: Some(zone).filter(|zone| *zone != TimeZone::UTC),
            set,
        })
    }

    /// The columns to sort by, the first first.
    pub fn order(&self) -> Vec<SortColumn> {
        order(&self.sort)
    }
}

/// What is sorted by, the first first.
fn order(typed: &[String]) -> Vec<SortColumn> {
    let canonical = |name: &str| catalogue::canonical(name).unwrap_or(name).to_string();
    let by = |name: String| match name.strip_prefix('-') {
        Some(column) => SortColumn { column: canonical(column.trim()), descends: true },
        None => SortColumn { column: canonical(&name), descends: false },
    };
    split_list(typed).into_iter().map(by).collect()
}

/// Refuses what makes no workbook.
pub fn check_workbook(typed: &TableArgs, is_terminal: bool) -> Result<(), Error> {
    if typed.count {
        return Err(Error::about("--count", " writes a number, and no xlsx"));
    }
    if is_terminal && typed.output.is_none() {
        let text = ": a workbook is nothing for a terminal; write it to a file by -o FILE.xlsx";
        return Err(Error::about("--format xlsx", text));
    }
    Ok(())
}

/// An option that was given and would change nothing in JSON.
fn table_option(typed: &TableArgs) -> Option<&'static str> {
    [(typed.null.is_some(), "--null"), (typed.excel, "--excel")]
        .into_iter()
        .find_map(|(is_given, option)| is_given.then_some(option))
}

/// The format that was named, or that the file's ending asks for.
fn format(named: Option<&str>, output: Option<&Path>) -> Result<Format, Error> {
    let by_name = |name: &str| match name.to_ascii_lowercase().as_str() {
        "tsv" => Some(Format::Tsv),
        "csv" => Some(Format::Csv),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "xlsx" => Some(Format::Xlsx),
        _ => None,
    };
    if let Some(name) = named {
        let right = "not a format; write tsv, csv, json or xlsx";
        return by_name(name).ok_or_else(|| Error::option("--format", name, right));
    }
    let ending = output.and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    match ending {
        Some(ending @ ("xls" | "ods" | "gz" | "parquet")) => Err(Error::option(
            "--output",
            &output.unwrap_or(Path::new("")).to_string_lossy(),
            format!(
                "no format is known by the ending .{ending}; end it in .tsv, .csv, .json or .xlsx, or name one by --format"
            ),
        )),
        Some(ending) => Ok(by_name(ending).unwrap_or_default()),
        None => Ok(Format::Tsv),
    }
}
