//! How rows are asked to look.

use clap::ValueEnum;
use jiff::tz::TimeZone;

/// How rows look.
#[derive(Clone, Debug)]
pub struct TableLayout {
    /// The value of `--columns`, unless it is the default.
    pub columns: Vec<String>,
    /// What is written of an event.
    pub format: Format,
    /// What separates the cells of CSV.
    pub delimiter: u8,
    /// How many columns of a terminal a line of an aligned table may take.
    pub width: Option<usize>,
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

/// What is written of an event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
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
}

impl Format {
    /// The format that a file name's ending stands for.
    pub fn of_ending(ending: &str) -> Option<Format> {
        match ending.to_ascii_lowercase().as_str() {
            "tsv" | "tab" | "txt" | "out" | "log" => Some(Format::Tsv),
            "csv" => Some(Format::Csv),
            "json" | "jsonl" | "ndjson" => Some(Format::Json),
            "xlsx" => Some(Format::Xlsx),
            _ => None,
        }
    }
}
