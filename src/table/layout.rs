//! The request for a table: columns, format and cell rules.

use std::sync::Arc;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::column::ColumnType;
use super::event_row::SharedValues;
use super::partition::PartitionKey;

/// The requested layout of rows.
#[derive(Clone, Debug)]
pub struct TableLayout {
    /// The values of `--columns`; empty for the default.
    pub columns: Vec<String>,
    /// The output format.
    pub format: Format,
    /// The delimiter of CSV.
    pub delimiter: u8,
    /// The most columns that a line of an aligned table takes; `None` for no limit.
    pub width: Option<usize>,
    /// Whether to write a header.
    pub header: bool,
    /// The text for absent and null values.
    pub null: String,
    /// Whether formulas get a leading `'`.
    pub guard: bool,
    /// Whether TSV and CSV are written for Excel.
    pub excel: bool,
    /// The zone that times are converted to; `None` leaves them as delivered.
    pub zone: Option<TimeZone>,
    /// The options that come from settings. They give way if they do not fit the format.
    pub set: Vec<&'static str>,
    /// The layout of columnar files.
    pub files: FileLayout,
}

/// The requested layout of columnar files.
#[derive(Clone, Debug, Default)]
pub struct FileLayout {
    /// Whether a column has the whole event.
    pub with_record: bool,
    /// The folders that files are in; empty for a single file.
    pub partitions: Vec<PartitionKey>,
    /// Whether rows stay in the order in which they are written; otherwise they are sorted
    /// by time.
    pub keeps_order: bool,
    /// The values that rows share, from the workers to the files.
    pub shared: Arc<SharedValues>,
}

impl Default for TableLayout {
    /// TSV with a header, and with a guard against formulas.
    fn default() -> TableLayout {
        TableLayout {
            columns: Vec::new(),
            format: Format::Tsv,
            delimiter: b',',
            width: None,
            header: true,
            null: String::new(),
            guard: true,
            excel: false,
            zone: None,
            set: Vec::new(),
            files: FileLayout::default(),
        }
    }
}

/// A column, as outputs that arrange their cells need it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OutputColumn {
    /// The header of a sheet.
    pub name: String,
    /// The type of its cells.
    pub column_type: ColumnType,
    /// Position among the columns that an aligned table leaves out if a line does not fit,
    /// the first first; `None` for a column that is always shown.
    pub leave_out: Option<usize>,
}

/// The output format.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
pub enum Format {
    /// Aligned columns, cut to the terminal
    Table,
    /// Tabs between cells, nothing quoted
    #[default]
    Tsv,
    /// Comma-separated values (RFC 4180)
    Csv,
    /// Each event as delivered, one a line, or an object of the --columns
    #[value(alias = "jsonl", alias = "ndjson")]
    Json,
    /// An Excel workbook
    Xlsx,
    /// Typed columns of whole events, for Athena, DuckDB and others
    Parquet,
    /// An SQLite database with a table of the --columns
    Sqlite,
}

impl Format {
    /// Whether rows have the values of events instead of cells of text.
    pub fn has_values(self) -> bool {
        matches!(self, Format::Parquet | Format::Sqlite)
    }

    /// What it is called if it has values instead of cells for people, so that options for such
    /// cells have no effect.
    pub fn of_values(self) -> Option<&'static str> {
        match self {
            Format::Json => Some("JSON"),
            Format::Parquet => Some("Parquet"),
            Format::Sqlite => Some("SQLite"),
            Format::Table | Format::Tsv | Format::Csv | Format::Xlsx => None,
        }
    }

    /// The name of the format, as it is typed.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
    }

    /// The format of a file name's ending.
    pub fn from_extension(extension: &str) -> Option<Format> {
        match extension.to_ascii_lowercase().as_str() {
            "tsv" | "tab" | "txt" | "out" | "log" => Some(Format::Tsv),
            "csv" => Some(Format::Csv),
            "json" | "jsonl" | "ndjson" => Some(Format::Json),
            "xlsx" => Some(Format::Xlsx),
            "parquet" => Some(Format::Parquet),
            "db" | "sqlite" | "sqlite3" => Some(Format::Sqlite),
            _ => None,
        }
    }
}
