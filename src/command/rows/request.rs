//! What the options ask for: which events, in which rows, and where they go.

use std::path::PathBuf;

use jiff::Timestamp;

use super::RowsArgs;
use super::row_merge::RowSelection;
use crate::cli::source::inputs;
use crate::cli::table::check_workbook;
use crate::command::Context;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::filter::jq::expression::OutputKind;
use crate::report::Report;
use crate::spill::sort::SortColumn;
use crate::table::layout::{Format, TableLayout};

/// A request for rows.
#[derive(Clone, Debug)]
pub(super) struct RowsRequest {
    /// The events to read.
    pub(super) reading: ReadRequest,
    /// The layout of the output.
    pub(super) table: TableLayout,
    /// The output file; `None` for standard output.
    pub(super) output: Option<PathBuf>,
    /// The columns to sort by; empty keeps the order of the inputs.
    pub(super) sort: Vec<SortColumn>,
    /// Whether to omit events whose id was seen before.
    pub(super) dedupe: bool,
    /// Whether to write only the number of events.
    pub(super) count: bool,
    /// Stop after this many rows.
    pub(super) limit: Option<u64>,
    /// The time of the request.
    pub(super) now: Timestamp,
    /// The command line as typed.
    pub(super) command: String,
    /// The part file to write instead of rows.
    pub(super) partial: Option<PathBuf>,
}

const SHAPED: &str = ": the --jq expression writes its own lines; leave out --columns, or let \
                      --jq only select events: '.eventName == \"RunInstances\"' instead of select(…)";

const UNDECIDED: &str = ": the --jq expression must only select events, as in '.readOnly == true'; \
                         its own lines can be written as tsv, csv or json";

impl RowsRequest {
    /// Checks the options. Returns `None` if there is nothing to read.
    pub(super) fn new(args: RowsArgs, context: &Context) -> Result<Option<RowsRequest>, Error> {
        let zone = args.table.format.zone()?;
        let filter = args.filter.spec(&args.scope, context.now, &zone)?;
        let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
        if inputs.is_empty() {
            return Ok(None);
        }
        args.partial.check(args.table.format.output.as_ref(), context.terminal.is_some())?;
        // A part goes to no terminal.
        let terminal = context.terminal.filter(|_| args.partial.partial.is_none());
        let table = args.table.layout(zone, context.settings.names(), terminal, context.columns)?;
        if table.format == Format::Xlsx {
            check_workbook(&args.table, terminal.is_some())?;
        }
        args.partial.check_inputs(&inputs)?;
        let partial = args.partial.partial;
        if partial.is_some() && table.format == Format::Parquet {
            let text = " makes no Parquet; write a Parquet file for each part, and read them together";
            return Err(Error::about("--partial", text));
        }
        if partial.is_some() && table.format == Format::Sqlite {
            return Err(Error::about("--partial", " makes no database; merge parts into tsv, and import that"));
        }
        let outputs = args.table.format.output.iter().chain(partial.iter().filter(|path| path.as_os_str() != "-"));
        Ok(Some(RowsRequest {
            reading: ReadRequest {
                inputs,
                filter,
                outputs: outputs.cloned().collect(),
                threads: args.work.threads(context.cores),
                verbosity: args.verbosity.verbosity(),
            },
            table,
            sort: args.table.order(),
            dedupe: args.table.dedupe,
            output: args.table.format.output,
            count: args.table.count,
            limit: args.table.limit,
            now: context.now,
            command: context.command_line(),
            partial,
        }))
    }

    /// Which rows are written, and in which order.
    pub(super) fn selection(&self) -> RowSelection {
        RowSelection { dedupe: self.dedupe, is_sorted: self.order().is_some(), limit: self.limit }
    }

    /// The columns to sort by, if rows are written.
    pub(super) fn order(&self) -> Option<&[SortColumn]> {
        (!self.sort.is_empty() && !self.count).then_some(&self.sort)
    }

    /// Whether rows depend on the time of their events.
    pub(super) fn needs_time(&self) -> bool {
        !self.count
            && (self.table.zone.is_some()
                || self.table.format == Format::Parquet
                || self.sort.iter().any(|by| by.column == "eventTime"))
    }

    /// Number of rows after which a batch of files can stop. With an order or
    /// deduplication, only the merge knows which rows count.
    pub(super) fn batch_limit(&self) -> Option<u64> {
        self.limit.filter(|_| self.order().is_none() && !self.dedupe)
    }

    /// The layout for what the jq expression can output. Fails if the two contradict
    /// each other.
    pub(super) fn layout(&self, output_kind: OutputKind, report: &Report) -> Result<TableLayout, Error> {
        let mut layout = self.table.clone();
        // Lines that the expression writes have no columns to name.
        layout.header &= output_kind == OutputKind::Boolean;
        let gives_way = |option: &str| {
            let is_set = layout.set.iter().any(|set| option == format!("--{set}"));
            if is_set {
                report.detail(1, || format!("{option} is ignored: the --jq expression writes its own lines"));
            }
            is_set
        };
        if output_kind == OutputKind::Value && !layout.columns.is_empty() {
            if !gives_way("--columns") {
                return Err(Error::about("--columns", SHAPED));
            }
            layout.columns.clear();
        }
        if output_kind != OutputKind::Boolean && layout.excel && !self.count {
            if !gives_way("--excel") {
                return Err(Error::about("--excel", UNDECIDED));
            }
            layout.excel = false;
        }
        if layout.format == Format::Table && (output_kind != OutputKind::Boolean || self.count) {
            // Lines that the expression writes have no columns to align.
            layout.format = Format::Tsv;
        }
        if output_kind != OutputKind::Boolean && layout.format == Format::Xlsx && !self.count {
            return Err(Error::about("--format xlsx", UNDECIDED));
        }
        if output_kind != OutputKind::Boolean && layout.format.has_values() {
            return Err(Error::about(&format!("--format {}", layout.format.name()), UNDECIDED));
        }
        Ok(layout)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::config::Settings;
    use crate::report::Terminal;
    use crate::source::location::Location;
    use crate::source::spec::Input;

    fn context() -> Context {
        let terminal = Some(Terminal { width: 80, has_colors: true });
        let now = "2026-11-21T10:30:00Z".parse().unwrap();
        Context {
            now,
            cores: 2,
            terminal,
            columns: None,
            typed: Vec::new(),
            settings: Settings::default(),
            run_report: None,
        }
    }

    fn outcome(arguments: &[&str]) -> Result<Option<RowsRequest>, Error> {
        RowsRequest::new(RowsArgs::try_parse_from(["trail2tsv"].iter().chain(arguments)).unwrap(), &context())
    }

    fn convert(arguments: &[&str]) -> RowsRequest {
        outcome(arguments).unwrap().unwrap()
    }

    fn refusal(arguments: &[&str]) -> String {
        outcome(arguments).unwrap_err().to_string()
    }

    #[test]
    fn no_input_asks_for_help() {
        assert!(outcome(&[]).unwrap().is_none());
    }

    #[test]
    fn addresses_and_options_name_buckets() {
        let inputs = convert(&["--bucket", "logs", "--prefix", "/a/b", "s3://other/AWSLogs/", "x", "-"]).reading.inputs;
        let [Input::Bucket(first), Input::Bucket(second), Input::Path(path), Input::Stdin] = &inputs[..] else {
            panic!("{inputs:?}")
        };
        assert_eq!(first.location, Location::new("logs", "a/b/"));
        assert_eq!(second.location, Location::new("other", "AWSLogs/"));
        assert!(first.mirror.ends_with("trail2tsv/logs"));
        assert_eq!(path.as_os_str(), "x");
    }

    #[test]
    fn the_format_follows_the_ending() {
        assert_eq!(convert(&["x", "-o", "out.csv"]).table.format, Format::Csv);
        assert_eq!(convert(&["x", "-o", "out.csv", "-f", "TSV"]).table.format, Format::Tsv);
        assert_eq!(convert(&["x", "-o", "out"]).table.format, Format::Tsv);
        // On the terminal of this context.
        assert_eq!(convert(&["x"]).table.format, Format::Table);
        assert_eq!(convert(&["x", "--excel"]).table.format, Format::Tsv);
        assert_eq!(convert(&["x", "--delimiter", ";"]).table.format, Format::Csv);
        let piped = Context { terminal: None, ..context() };
        let args = RowsArgs::try_parse_from(["trail2tsv", "x"]).unwrap();
        assert_eq!(RowsRequest::new(args, &piped).unwrap().unwrap().table.format, Format::Tsv);
        for ending in ["json", "jsonl", "NDJSON"] {
            assert_eq!(convert(&["x", "-o", &format!("out.{ending}")]).table.format, Format::Json);
        }
        assert_eq!(convert(&["x", "-o", "out.xlsx"]).table.format, Format::Xlsx);
        assert!(refusal(&["x", "-o", "out.xls"]).contains(".xls;"));
        assert!(
            refusal(&["x", "-f", "xlsx"]).ends_with("refusing to write a workbook to a terminal; use -o FILE.xlsx")
        );
        assert_eq!(refusal(&["x", "-o", "x.xlsx", "--count"]), "--count cannot be combined with xlsx");
    }

    #[test]
    fn refusals_name_the_option_and_what_would_be_right() {
        assert!(refusal(&["x", "--account", "1234"]).starts_with("--account \"1234\": not an account"));
        assert!(refusal(&["--bucket", "s3://b"]).starts_with("--bucket \"s3://b\": not the name of a bucket"));
        assert!(refusal(&["x", "--offline"]).starts_with("--offline needs --bucket"));
        assert!(refusal(&["-", "-"]).contains("only once"));
        assert!(refusal(&["x", "--since", "soon"]).starts_with("--since \"soon\": not a time"));
    }
}
