//! What a summary counts, and how it is shown.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::all_rows::RowOrder;
use super::args::{CountingArgs, SummaryArgs, TypedWords};
use super::comparison::ComparedPeriods;
use super::provenance;
use crate::cli::source::inputs;
use crate::command::Context;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::report::Terminal;
use crate::sink::target::is_same_file;
use crate::syntax::glob::split_list;
use crate::syntax::window::{self, Window};
use crate::table::catalogue;
use crate::table::layout::Format;
use crate::table::time_step::TimeStep;

/// A summary: what is read and counted, and what is made of it.
#[derive(Clone, Debug)]
pub struct SummaryRequest {
    /// Which events are read, and how.
    pub reading: ReadRequest,
    /// The time of the request.
    pub now: Timestamp,
    /// The command line as typed.
    pub command: String,
    /// Leave out events whose id came before.
    pub dedupe: bool,
    /// The columns to count by; empty for the usual tables.
    pub by: Vec<String>,
    /// The time of the events that are counted.
    pub window: Window,
    /// The earlier time that they are compared with.
    pub earlier: Option<Window>,
    /// Whether actors are counted besides.
    pub has_people: bool,
    /// The path of the field that is summed.
    pub sum: Option<String>,
    /// The zone of steps of time in `by`.
    pub zone: TimeZone,
    /// How many of the most frequent values are shown, if that was typed.
    pub top: Option<usize>,
    /// How the output is written, if there is one.
    pub format: Option<SummaryFormat>,
    /// The file that is written instead of standard output.
    pub output: Option<PathBuf>,
    /// The file of the page.
    pub html: Option<PathBuf>,
    /// How text looks.
    pub style: TextStyle,
    /// The options that say which events, as typed.
    pub typed: TypedWords,
    /// Whether these name all inputs as one command can.
    pub has_typed_inputs: bool,
    /// The names of the inputs.
    pub inputs: Vec<String>,
    /// The part that is written instead of the outputs.
    pub partial: Option<PartRequest>,
}

/// A part to be written, and how the outputs of the merged parts are written.
#[derive(Clone, Debug)]
pub struct PartRequest {
    /// The file of the part.
    pub path: PathBuf,
    /// The format that was typed.
    pub format: Option<SummaryFormat>,
    /// When text has colours.
    pub color: ColorMode,
}

/// How a summary is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
pub enum SummaryFormat {
    /// Text for people
    Text,
    /// Tabs between cells, nothing quoted
    Tsv,
    /// Comma-separated values (RFC 4180)
    Csv,
    /// One JSON object
    Json,
}

/// When text has colours.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
pub enum ColorMode {
    /// On a terminal
    #[default]
    Auto,
    /// Also in files and pipes
    Always,
    /// Nowhere
    Never,
}

/// How text looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextStyle {
    /// How many columns a line has at most, if there is a limit.
    pub width: Option<usize>,
    /// Whether there are colours.
    pub has_colors: bool,
}

/// How many rows of each table are kept.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RowLimits {
    /// Of the table of changes, for each theme.
    pub changes: usize,
    /// Of the tables of what is new, rare or different, for each group.
    pub derived: usize,
    /// Of each other table.
    pub others: usize,
}

impl RowLimits {
    /// Enough for both.
    pub fn max(self, other: RowLimits) -> RowLimits {
        RowLimits {
            changes: self.changes.max(other.changes),
            derived: self.derived.max(other.derived),
            others: self.others.max(other.others),
        }
    }
}

/// Columns of a terminal whose width is not known.
const WIDTH: usize = 80;
/// No terminal is used that is narrower.
const NARROWEST: usize = 40;
const TOP: RowLimits = RowLimits { changes: 5, derived: 3, others: 10 };
const TOP_OF_PAGE: RowLimits = RowLimits { changes: 10, derived: 10, others: 25 };

impl SummaryFormat {
    /// Whether programs read it.
    pub fn is_data(self) -> bool {
        self != SummaryFormat::Text
    }
}

/// Which events are counted.
pub(super) struct EventSelection {
    /// The filters; their window is that of the later period.
    pub(super) filter: FilterSpec,
    zone: TimeZone,
    pub(super) window: Window,
    /// The period that they are compared with.
    pub(super) earlier: Option<Window>,
}

impl EventSelection {
    pub(super) fn new(args: &SummaryArgs, context: &Context) -> Result<EventSelection, Error> {
        let zone = args.counting.time_zone.as_deref().map_or(Ok(TimeZone::UTC), window::zone)?;
        let filter = args.filter.spec(&args.scope, context.now, &zone)?;
        let (window, earlier) = periods(&args.counting, filter.window, context.now, &zone)?;
        Ok(EventSelection { filter, zone, window, earlier })
    }
}

impl SummaryRequest {
    /// What the options ask for.
    pub fn new(args: SummaryArgs, context: &Context) -> Result<SummaryRequest, Error> {
        let EventSelection { mut filter, zone, window, earlier } = EventSelection::new(&args, context)?;
        let counting = args.counting;
        filter.window.since = window.since.map(|since| earlier.and_then(|earlier| earlier.since).unwrap_or(since));
        let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
        if inputs.is_empty() {
            return Err(Error::usage(
                "summary: nothing to read; name a folder, a file, -, --bucket BUCKET or --event-history",
            ));
        }
        args.partial.check(counting.output.as_ref(), context.terminal.is_some())?;
        args.partial.check_inputs(&inputs)?;
        if args.partial.partial.is_some() && counting.actors {
            return Err(no_actors_in_parts());
        }
        let format = format(counting.format, counting.output.as_deref(), counting.html.as_deref())?;
        let color = counting.color.unwrap_or_default();
        let style = text_style(color, counting.output.is_none(), context);
        let partial = args.partial.partial.map(|path| PartRequest { path, format: counting.format, color });
        let outputs = match &partial {
            Some(partial) => vec![partial.path.clone()],
            None => counting.html.iter().chain(&counting.output).cloned().collect(),
        };
        Ok(SummaryRequest {
            inputs: inputs.iter().map(provenance::input).collect(),
            reading: ReadRequest {
                inputs,
                filter,
                outputs,
                threads: args.work.threads(context.cores),
                verbosity: args.verbosity.verbosity(),
            },
            now: context.now,
            command: context.command_line(),
            dedupe: counting.dedupe,
            by: split_list(&counting.by).into_iter().map(canonical).collect(),
            window,
            earlier,
            has_people: counting.actors,
            sum: counting.sum,
            zone,
            top: counting.top,
            format,
            output: counting.output,
            html: counting.html,
            style,
            typed: args.typed,
            has_typed_inputs: true,
            partial,
        })
    }

    /// The periods that are compared.
    pub(super) fn compared(&self) -> Option<ComparedPeriods> {
        self.earlier.map(|earlier| ComparedPeriods::new(earlier, self.window))
    }

    /// Whether the filters leave out no part of a day of an account and a region.
    pub(super) fn has_whole_days(&self) -> bool {
        const WHOLE: [&str; 6] = ["--since", "--until", "--account", "--region", "--networks", "--geoip"];
        let is_whole = |word: &String| word.split('=').next().is_some_and(|option| WHOLE.contains(&option));
        self.typed.filters.iter().filter(|word| word.starts_with("--")).all(is_whole)
    }

    /// The order of rows: of time if they are counted by it first.
    pub(super) fn row_order(&self) -> RowOrder {
        let is_time = self.by.first().is_some_and(|name| TimeStep::from_name(name).is_some());
        if is_time { RowOrder::Value } else { RowOrder::Rank }
    }

    /// Whether every row is written.
    pub fn has_all_rows(&self) -> bool {
        self.top.is_none() && self.format.is_some_and(SummaryFormat::is_data)
    }

    /// How many rows of each table the output shows, where it does not show all.
    pub fn output_top(&self) -> RowLimits {
        match self.format {
            None => RowLimits::default(),
            Some(_) if self.has_all_rows() => RowLimits::default(),
            Some(_) => self.top_or(TOP),
        }
    }

    /// How many rows of each table the page shows.
    pub fn page_top(&self) -> RowLimits {
        if self.html.is_some() { self.top_or(TOP_OF_PAGE) } else { RowLimits::default() }
    }

    /// The number that was typed, or the default.
    fn top_or(&self, default: RowLimits) -> RowLimits {
        self.top.map_or(default, |top| RowLimits { changes: top, derived: top, others: top })
    }
}

/// The time of the events that are counted, and the earlier one that they are compared with.
fn periods(
    counting: &CountingArgs,
    window: Window,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<(Window, Option<Window>), Error> {
    let CountingArgs { against, against_since, against_until, .. } = counting;
    let [option, text] = match (against, against_since) {
        (Some(text), _) => ["--against", text],
        (None, Some(text)) => ["--against-since", text],
        (None, None) if let Some(until) = against_until => {
            return Err(Error::option("--against-until", until, "needs --against-since TIME"));
        }
        (None, None) => return Ok((window, None)),
    };
    let until = against_until.as_deref();
    let until = Window::parse_options(["--against-since", "--against-until"], None, until, now, zone)?.until;
    let Some(start) = window.since.or(until) else {
        return Err(Error::option(option, text, "compares with the time before --since; add --since TIME"));
    };
    // A span counts back from the start of what is compared.
    let from = if against.is_some() { start } else { now };
    let since = Window::parse_options([option, "--against-until"], Some(text), None, from, zone)?.since;
    let earlier = Window { since, until: Some(until.unwrap_or(start)) };
    if earlier.until > Some(start) || earlier.since >= earlier.until {
        let end = earlier.until.unwrap_or(start).min(start);
        return Err(Error::option(
            option,
            text,
            format!("not an earlier time: it must begin before {end} and end by {start}"),
        ));
    }
    Ok((Window { since: Some(start), ..window }, Some(earlier)))
}

/// The name of a column in the catalogue or of a step of time, or the path as typed.
fn canonical(name: String) -> String {
    if let Some(step) = TimeStep::from_name(&name) {
        return step.name().into();
    }
    catalogue::canonical(&name).map_or(name, String::from)
}

/// The error of a part that would need all sign-ins.
pub(super) fn no_actors_in_parts() -> Error {
    Error::about("--partial", ": actors need the sign-ins of all parts; leave out --actors, --actor and --by actor")
}

/// The format of the output, if there is one.
pub(super) fn format(
    typed: Option<SummaryFormat>,
    output: Option<&Path>,
    html: Option<&Path>,
) -> Result<Option<SummaryFormat>, Error> {
    if let Some(path) = output.filter(|path| html.is_some_and(|html| is_same_file(path, html))) {
        return Err(Error::option("--output", &path.to_string_lossy(), "also the file of --html; choose another one"));
    }
    match (typed, output) {
        (Some(format), _) => Ok(Some(format)),
        (None, Some(path)) => format_of_file(path).map(Some),
        (None, None) => Ok(html.is_none().then_some(SummaryFormat::Text)),
    }
}

/// The format that the ending of a file asks for.
fn format_of_file(path: &Path) -> Result<SummaryFormat, Error> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let is_wrong = |reason: String| Err(Error::option("--output", &path.to_string_lossy(), reason));
    match ending.as_str() {
        "tsv" => Ok(SummaryFormat::Tsv),
        "csv" => Ok(SummaryFormat::Csv),
        "json" => Ok(SummaryFormat::Json),
        "html" | "htm" => is_wrong("--output does not write a page; use --html FILE".into()),
        // Such a file would not be what its name says.
        _ if matches!(ending.as_str(), "xls" | "ods" | "gz")
            || Format::from_extension(&ending)
                .is_some_and(|format| matches!(format, Format::Xlsx | Format::Parquet | Format::Sqlite)) =>
        {
            is_wrong(format!(
                "unknown ending .{ending}; use .txt, .tsv, .csv or .json, or choose a format with --format"
            ))
        }
        _ => Ok(SummaryFormat::Text),
    }
}

/// How text looks on standard output or, where it goes to a file, there.
pub(super) fn text_style(color: ColorMode, is_stdout: bool, context: &Context) -> TextStyle {
    let terminal = context.terminal.filter(|_| is_stdout);
    let has_colors = match color {
        ColorMode::Auto => terminal.is_some_and(|terminal| terminal.has_colors),
        ColorMode::Always => true,
        ColorMode::Never => false,
    };
    let of_terminal = |terminal: Terminal| if terminal.width > 0 { terminal.width } else { WIDTH };
    let width = context.columns.or(terminal.map(of_terminal));
    TextStyle { width: width.map(|width| width.max(NARROWEST)), has_colors }
}
