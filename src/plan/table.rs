//! How rows look.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::cli;
use crate::error::Fatal;
use crate::syntax::glob::split_list;

/// How rows look.
#[derive(Clone, Debug)]
pub struct TableLayout {
    /// The value of `--columns`, unless it is the default.
    pub columns: Vec<String>,
    /// What is written of an event.
    pub format: Format,
    /// Whether the first line names the columns.
    pub header: bool,
    /// What is written for absent and null.
    pub null: String,
    /// Whether text that a spreadsheet would run is disarmed.
    pub guard: bool,
    /// Whether TSV and CSV are written for Excel.
    pub excel: bool,
    /// The zone that times are shown in, if not as they were delivered.
    pub zone: Option<TimeZone>,
    /// The options that nobody typed: where they make no sense, they give way.
    pub set: Vec<&'static str>,
}

impl TableLayout {
    /// What the options ask for.
    pub(super) fn new(typed: &cli::Table, zone: TimeZone, set: Vec<&'static str>) -> Result<TableLayout, Fatal> {
        let format = format(typed.format.as_deref(), typed.output.as_deref())?;
        if format == Format::Json
            && let Some(option) = table_option(typed)
        {
            let text = format!("{option} is about tables; JSON has a null, numbers and texts of its own");
            return Err(Fatal::Usage(text));
        }
        Ok(TableLayout {
            columns: split_list(&typed.columns),
            format,
            header: !typed.no_header,
            null: typed.null.clone().unwrap_or_default(),
            guard: !typed.raw,
            excel: typed.excel,
            zone: Some(zone).filter(|zone| *zone != TimeZone::UTC),
            set,
        })
    }
}

/// A column to sort by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrderBy {
    /// Its name.
    pub column: String,
    /// Whether the greatest comes first.
    pub descends: bool,
}

/// What is sorted by, the first first.
pub(super) fn order(typed: &[String]) -> Vec<OrderBy> {
    let by = |name: String| match name.strip_prefix('-') {
        Some(column) => OrderBy { column: column.trim().to_string(), descends: true },
        None => OrderBy { column: name, descends: false },
    };
    split_list(typed).into_iter().map(by).collect()
}

/// Refuses what makes no workbook.
pub(super) fn check_workbook(typed: &cli::Table, is_terminal: bool) -> Result<(), Fatal> {
    if typed.count {
        return Err(Fatal::Usage("--count writes a number, and no xlsx".into()));
    }
    if is_terminal && typed.output.is_none() {
        let text = "--format xlsx: a workbook is nothing for a terminal; write it to a file by -o FILE.xlsx";
        return Err(Fatal::Usage(text.into()));
    }
    Ok(())
}

/// An option that was given and would change nothing in JSON.
fn table_option(typed: &cli::Table) -> Option<&'static str> {
    [(typed.null.is_some(), "--null"), (typed.excel, "--excel")]
        .into_iter()
        .find_map(|(is_given, option)| is_given.then_some(option))
}

/// What is written of an event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Tabs between cells, nothing quoted.
    #[default]
    Tsv,
    /// RFC 4180.
    Csv,
    /// The event itself, or an object of the columns, one a line.
    Json,
    /// A workbook of Excel.
    Xlsx,
}

/// The format that was named, or that the file's ending asks for.
fn format(named: Option<&str>, output: Option<&Path>) -> Result<Format, Fatal> {
    let by_name = |name: &str| match name.to_ascii_lowercase().as_str() {
        "tsv" => Some(Format::Tsv),
        "csv" => Some(Format::Csv),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "xlsx" => Some(Format::Xlsx),
        _ => None,
    };
    if let Some(name) = named {
        let right = "not a format; write tsv, csv, json or xlsx";
        return by_name(name).ok_or_else(|| Fatal::option("--format", name, right));
    }
    let ending = output.and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    match ending {
        Some(ending @ ("xls" | "ods" | "gz" | "parquet")) => Err(Fatal::option(
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
