//! Options for the output, and the layout and order that they select.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::report::Terminal;
use crate::spill::sort::SortColumn;
use crate::syntax::glob::split_list;
use crate::syntax::window;
use crate::table::catalogue;
use crate::table::layout::{FileLayout, Format, TableLayout};
use crate::table::partition::PartitionKey;

/// Options for the rows of events.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct TableArgs {
    /// Columns by name or by path; -c help lists them
    ///
    /// A path is such as requestParameters.items[].id. +NAME adds to the default, and -NAME
    /// leaves a column out.
    #[arg(short, long, value_name = "LIST", allow_hyphen_values = true)]
    pub columns: Vec<String>,
    /// How rows are written, and where to.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Sort by these columns; - for descending
    #[arg(long, value_name = "[-]COLUMN,…", allow_hyphen_values = true)]
    pub sort: Vec<String>,
    /// Stop after this many rows
    ///
    /// With --sort, write the first N of all rows in that order.
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true,
          value_parser = |text: &str| text.parse::<u64>().map_err(|_| "not a number; write one such as 100"))]
    pub limit: Option<u64>,
    /// Drop repeated deliveries of an event
    ///
    /// An event is dropped if its eventID has occurred before.
    #[arg(long)]
    pub dedupe: bool,
    /// Write only the number of matching events
    #[arg(long)]
    pub count: bool,
    /// Write Parquet files into folders such as account=…/region=…/day=…, below the folder
    /// of --output
    #[arg(long, value_name = "KEY,…", value_enum, value_delimiter = ',', ignore_case = true, hide_short_help = true)]
    pub partition: Vec<PartitionKey>,
    /// Add the whole event as delivered to Parquet or SQLite, as the column record. This
    /// program can read such a Parquet file again
    #[arg(long, hide_short_help = true)]
    pub with_record: bool,
}

/// Options for the format and the destination of rows, whatever they contain.
#[derive(Args, Clone, Debug, Default, Deserialize, Serialize)]
#[command(next_help_heading = "Output")]
pub struct FormatArgs {
    /// Format
    ///
    /// A table leaves out default columns that do not fit the terminal; columns that are
    /// named are all shown. [default: by the ending of --output, else table on a terminal
    /// and tsv elsewhere]
    #[arg(short, long, value_name = "FORMAT", value_enum, ignore_case = true)]
    pub format: Option<Format>,
    /// Separate the cells of CSV by this character, such as ';'
    #[arg(long, value_name = "CHAR", value_parser = delimiter, allow_hyphen_values = true, hide_short_help = true)]
    pub delimiter: Option<u8>,
    /// Write to this file
    ///
    /// It appears only when it is complete.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Show times in this zone, and interpret --since and --until in it: local,
    /// Europe/Berlin, +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, hide_short_help = true)]
    pub time_zone: Option<String>,
    /// Omit the header line
    #[arg(long, hide_short_help = true)]
    pub no_header: bool,
    /// Text for absent and null values [default: empty]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, hide_short_help = true)]
    pub null: Option<String>,
    /// Do not escape text that a spreadsheet would evaluate as a formula
    #[arg(long, hide_short_help = true)]
    pub raw: bool,
    /// Write TSV or CSV that Excel opens correctly: byte order mark, CRLF line ends,
    /// cells of at most 32,767 characters
    #[arg(long, hide_short_help = true)]
    pub excel: bool,
}

impl TableArgs {
    /// The layout of rows, as [`FormatArgs::layout`]. A number alone is never a table.
    pub fn layout(
        &self,
        zone: TimeZone,
        set: Vec<&'static str>,
        terminal: Option<Terminal>,
        columns: Option<usize>,
    ) -> Result<TableLayout, Error> {
        let is_folder = !self.partition.is_empty();
        let layout = self.format.any_layout(zone, set, terminal, columns, !self.count, is_folder)?;
        match layout.format {
            Format::Parquet => self.check_parquet(terminal.is_some())?,
            _ if is_folder => {
                return Err(Error::about("--partition", " applies only to Parquet; add --format parquet"));
            }
            Format::Sqlite => self.check_sqlite(terminal.is_some())?,
            _ if self.with_record => {
                return Err(Error::about("--with-record", " applies only to Parquet and SQLite; add --format parquet"));
            }
            _ => {}
        }
        let files = FileLayout {
            with_record: self.with_record,
            partitions: self.partition.clone(),
            keeps_order: !self.sort.is_empty(),
            ..FileLayout::default()
        };
        Ok(TableLayout { columns: split_list(&self.columns), files, ..layout })
    }

    /// Returns a usage error for options that cannot be combined with Parquet.
    fn check_parquet(&self, is_terminal: bool) -> Result<(), Error> {
        const NOT_BUILT: &str = " is not part of this build; build trail2tsv with its feature parquet";
        if !cfg!(feature = "parquet") {
            return Err(Error::about("--format parquet", NOT_BUILT));
        }
        if self.count {
            return Err(Error::about("--count", " cannot be combined with parquet"));
        }
        if let Some(twice) = self.partition.iter().enumerate().find(|(at, key)| self.partition[..*at].contains(key)) {
            return Err(Error::option("--partition", twice.1.name(), "given twice"));
        }
        match &self.format.output {
            None if !self.partition.is_empty() => {
                Err(Error::about("--partition", " needs a folder for its files; add -o FOLDER"))
            }
            None if is_terminal => {
                let text = ": refusing to write Parquet to a terminal; use -o FILE.parquet";
                Err(Error::about("--format parquet", text))
            }
            _ => Ok(()),
        }
    }

    /// Returns a usage error for options that cannot be combined with SQLite.
    fn check_sqlite(&self, is_terminal: bool) -> Result<(), Error> {
        const NOT_BUILT: &str = " is not part of this build; build trail2tsv with its feature sqlite";
        if !cfg!(feature = "sqlite") {
            return Err(Error::about("--format sqlite", NOT_BUILT));
        }
        if self.count {
            return Err(Error::about("--count", " cannot be combined with sqlite"));
        }
        if self.format.output.is_none() && is_terminal {
            let text = ": refusing to write a database to a terminal; use -o FILE.db";
            return Err(Error::about("--format sqlite", text));
        }
        Ok(())
    }

    /// The columns to sort by, the most significant first.
    pub fn order(&self) -> Vec<SortColumn> {
        order(&self.sort)
    }
}

impl FormatArgs {
    /// The time zone in which times are shown and parsed.
    pub fn zone(&self) -> Result<TimeZone, Error> {
        self.time_zone.as_deref().map_or(Ok(TimeZone::UTC), window::zone)
    }

    /// The layout of rows, as wide as the terminal on standard output or else `columns`
    /// wide. `set` lists the options that come from settings. `has_rows` says that there are
    /// rows to align on a terminal. Fails if an option has no
    /// effect on the format.
    pub fn layout(
        &self,
        zone: TimeZone,
        set: Vec<&'static str>,
        terminal: Option<Terminal>,
        columns: Option<usize>,
        has_rows: bool,
    ) -> Result<TableLayout, Error> {
        let layout = self.any_layout(zone, set, terminal, columns, has_rows, false)?;
        if layout.format.has_values() {
            let option = format!("--format {}", layout.format.name());
            return Err(Error::about(&option, " is for rows of events; use tsv, csv, json or xlsx here"));
        }
        Ok(layout)
    }

    /// Like `layout`, for output that may be Parquet. `is_folder` says that it goes into a folder.
    fn any_layout(
        &self,
        zone: TimeZone,
        set: Vec<&'static str>,
        terminal: Option<Terminal>,
        columns: Option<usize>,
        has_rows: bool,
        is_folder: bool,
    ) -> Result<TableLayout, Error> {
        let format = self.format(terminal.is_some() && has_rows, is_folder)?;
        if let (Some(name), Some(option)) = (format.of_values(), table_option(self, format)) {
            return Err(Error::about(option, format!(" has no effect with {name} output")));
        }
        if self.delimiter.is_some() && format != Format::Csv {
            return Err(Error::about("--delimiter", " applies only to CSV; add --format csv"));
        }
        if self.excel && format == Format::Table {
            return Err(Error::about("--excel", " has no effect on an aligned table; use tsv or csv"));
        }
        Ok(TableLayout {
            columns: Vec::new(),
            format,
            delimiter: self.delimiter.unwrap_or(b','),
            width: terminal.map(Terminal::columns).or(columns),
            header: !self.no_header,
            null: self.null.clone().unwrap_or_default(),
            guard: !self.raw,
            excel: self.excel,
            zone: Some(zone).filter(|zone| *zone != TimeZone::UTC),
            set,
            files: FileLayout::default(),
        })
    }

    /// Returns a usage error if a workbook would be written to a terminal.
    pub fn check_workbook(&self, is_terminal: bool) -> Result<(), Error> {
        if is_terminal && self.output.is_none() {
            let text = ": refusing to write a workbook to a terminal; use -o FILE.xlsx";
            return Err(Error::about("--format xlsx", text));
        }
        Ok(())
    }

    /// The format: as named, else by the ending of the file, else by the destination.
    /// Fails for an unknown ending, and for a folder unless it is to be one.
    fn format(&self, is_terminal: bool, is_folder: bool) -> Result<Format, Error> {
        if is_folder {
            return self.format.map_or_else(|| self.format_of_folder(), Ok);
        }
        let Some(output) = self.output.as_deref() else {
            let for_excel = if self.excel { Some(Format::Tsv) } else { None };
            let for_delimiter = self.delimiter.map(|_| Format::Csv);
            let usual = if is_terminal { Format::Table } else { Format::Tsv };
            return Ok(self.format.or(for_delimiter).or(for_excel).unwrap_or(usual));
        };
        let shown = output.to_string_lossy();
        if output.is_dir() || shown.ends_with('/') {
            if self.format == Some(Format::Parquet) {
                let reason = "is a folder; name a file in it, or add --partition account,region,day";
                return Err(Error::option("--output", &shown, reason));
            }
            let name = output.join("events.tsv");
            let reason = format!("is a folder; name a file in it, such as {}", name.display());
            return Err(Error::option("--output", &shown, reason));
        }
        if let Some(format) = self.format {
            return Ok(format);
        }
        let Some(ending) = output.extension().and_then(|ending| ending.to_str()) else {
            return Ok(if self.delimiter.is_some() { Format::Csv } else { Format::Tsv });
        };
        let is_like_a_format = ending.starts_with(|first: char| first.is_ascii_alphabetic());
        match Format::from_extension(ending) {
            Some(Format::Tsv) if self.delimiter.is_some() && !ending.eq_ignore_ascii_case("tsv") => Ok(Format::Csv),
            Some(format) => Ok(format),
            None if !is_like_a_format => Ok(Format::Tsv),
            None => Err(Error::option(
                "--output",
                &shown,
                format!(
                    "unknown ending .{ending}; use .tsv, .txt, .csv, .json, .ndjson, .xlsx, .parquet, .db or \
                     .sqlite, or choose a format with --format"
                ),
            )),
        }
    }

    /// The format of the files in a folder. Fails for a folder with the name of another file.
    fn format_of_folder(&self) -> Result<Format, Error> {
        let ending = self.output.as_ref().and_then(|output| output.extension()?.to_str());
        match ending.and_then(Format::from_extension) {
            None | Some(Format::Parquet) => Ok(Format::Parquet),
            Some(_) => {
                let shown = self.output.as_ref().map_or(String::new(), |output| output.to_string_lossy().into_owned());
                let reason = "is the name of a file; --partition writes Parquet files into a folder, such as -o lake";
                Err(Error::option("--output", &shown, reason))
            }
        }
    }
}

/// Parses the columns to sort by.
fn order(typed: &[String]) -> Vec<SortColumn> {
    let canonical = |name: &str| catalogue::canonical(name).unwrap_or(name).to_string();
    let by = |name: String| match name.strip_prefix('-') {
        Some(column) => SortColumn { column: canonical(column.trim()), descends: true },
        None => SortColumn { column: canonical(&name), descends: false },
    };
    split_list(typed).into_iter().map(by).collect()
}

/// Returns a usage error for options that cannot be combined with a workbook.
pub fn check_workbook(args: &TableArgs, is_terminal: bool) -> Result<(), Error> {
    if args.count {
        return Err(Error::about("--count", " cannot be combined with xlsx"));
    }
    args.format.check_workbook(is_terminal)
}

/// A given option that has no effect on a format of values. JSON has no header and escapes no
/// formula, which is what two of them ask for.
fn table_option(args: &FormatArgs, format: Format) -> Option<&'static str> {
    let is_json = format == Format::Json;
    [
        (args.null.is_some(), "--null"),
        (args.excel, "--excel"),
        (args.no_header && !is_json, "--no-header"),
        (args.raw && !is_json, "--raw"),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}

/// Parses the delimiter of CSV, one byte.
fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'\'' | b'\\') => Ok(*byte),
            [byte @ (b'\t' | b' ')] => Ok(*byte),
            _ => Err("not a delimiter; use one character such as ; or | or \\t".into()),
        },
    }
}
