//! How rows are asked to look.

use jiff::tz::TimeZone;

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
