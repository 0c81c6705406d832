//! How rows look.

use std::path::Path;

use crate::cli;
use crate::error::Fatal;
use crate::pattern::split_list;

/// How rows look.
#[derive(Clone, Debug)]
pub struct TableLayout {
    /// The value of `--columns`, unless it is the default.
    pub columns: Vec<String>,
    /// How cells are separated.
    pub format: Format,
    /// Whether the first line names the columns.
    pub header: bool,
    /// What is written for absent and null.
    pub null: String,
    /// Whether text that a spreadsheet would run is disarmed.
    pub guard: bool,
}

impl TableLayout {
    /// What the options ask for.
    pub(super) fn new(typed: &cli::Table) -> Result<TableLayout, Fatal> {
        Ok(TableLayout {
            columns: split_list(&typed.columns),
            format: format(typed.format.as_deref(), typed.output.as_deref())?,
            header: !typed.no_header,
            null: typed.null.clone().unwrap_or_default(),
            guard: !typed.raw,
        })
    }
}

/// A format of tables.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Tabs between cells, nothing quoted.
    #[default]
    Tsv,
    /// RFC 4180.
    Csv,
}

/// The format that was named, or that the file's ending asks for.
fn format(named: Option<&str>, output: Option<&Path>) -> Result<Format, Fatal> {
    let by_name = |name: &str| match name.to_ascii_lowercase().as_str() {
        "tsv" => Some(Format::Tsv),
        "csv" => Some(Format::Csv),
        _ => None,
    };
    if let Some(name) = named {
        return by_name(name).ok_or_else(|| Fatal::option("--format", name, "not a format; write tsv or csv"));
    }
    let ending = output.and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    match ending {
        Some(ending @ ("json" | "xlsx" | "jsonl" | "gz" | "parquet")) => Err(Fatal::option(
            "--output",
            &output.unwrap_or(Path::new("")).to_string_lossy(),
            format!("no format is known by the ending .{ending}; end it in .tsv or .csv, or name one by --format"),
        )),
        Some(ending) => Ok(by_name(ending).unwrap_or_default()),
        None => Ok(Format::Tsv),
    }
}
