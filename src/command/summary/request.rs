//! What a summary counts, and how it is shown.

use jiff::tz::TimeZone;

use super::args::SummaryArgs;
use crate::cli::source::inputs;
use crate::cli::table::TableArgs;
use crate::command::Context;
use crate::engine::request::EventRequest;
use crate::error::Error;
use crate::report::Terminal;
use crate::syntax::glob::split_list;
use crate::table::catalogue;

/// A summary: what is read and counted, and what is made of it.
#[derive(Clone, Debug)]
pub struct SummaryRequest {
    /// Which events are read, and how; its output is a page.
    pub reading: EventRequest,
    /// Leave out events whose id came before.
    pub dedupe: bool,
    /// The columns to count by; where there are none, what everybody asks.
    pub by: Vec<String>,
    /// How many of the most frequent values the output shows.
    pub top: usize,
    /// What is written to standard output, if anything.
    pub format: Option<SummaryFormat>,
    /// How text looks.
    pub look: TextStyle,
    /// How many of the most frequent values the page shows.
    pub html_top: usize,
    /// The options that say which events, but for times, as typed.
    pub question: Vec<String>,
}

/// How a summary is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SummaryFormat {
    /// For people.
    Text,
    /// Tabs between cells.
    Tsv,
    /// RFC 4180.
    Csv,
    /// One object.
    Json,
}

/// How text looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TextStyle {
    /// How many columns a line has at most.
    pub width: usize,
    /// Whether there are colours.
    pub has_colors: bool,
}

/// Columns of a terminal that does not tell, and of text that goes elsewhere.
const WIDTH: usize = 80;
/// No terminal is used that is narrower.
const NARROWEST: usize = 40;
const TOP: usize = 10;
const TOP_OF_PAGE: usize = 25;

impl SummaryRequest {
    /// What the options ask for.
    pub fn new(args: SummaryArgs, context: &Context) -> Result<SummaryRequest, Error> {
        let counting = args.counting;
        let filter = args.filter.spec(&args.scope, context.now, &TimeZone::UTC)?;
        let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
        if inputs.is_empty() {
            return Err(Error::usage("summary: nothing to read; name a folder, a file, - or --bucket BUCKET"));
        }
        // Which of several events came first, only one thread can tell.
        let threads = if counting.dedupe { 1 } else { args.work.threads(context.cores) };
        let format = counting.format.as_deref().map(format).transpose()?;
        let format = format.or(counting.html.is_none().then_some(SummaryFormat::Text));
        Ok(SummaryRequest {
            reading: EventRequest {
                inputs,
                filter,
                table: TableArgs::default().layout(TimeZone::UTC, Vec::new(), None)?,
                output: counting.html,
                sort: Vec::new(),
                dedupe: false,
                count: false,
                limit: None,
                threads,
                verbosity: args.verbosity.verbosity(),
                now: context.now,
                command: context.command_line(),
            },
            dedupe: counting.dedupe,
            by: split_list(&counting.by).into_iter().map(canonical).collect(),
            top: counting.top.unwrap_or(TOP),
            format,
            look: look(counting.color.as_deref(), context.terminal)?,
            html_top: counting.top.unwrap_or(TOP_OF_PAGE),
            question: args.question,
        })
    }
}

/// The name of a column in the catalogue, or the path as typed.
fn canonical(name: String) -> String {
    catalogue::canonical(&name).map_or(name, String::from)
}

fn format(name: &str) -> Result<SummaryFormat, Error> {
    match name.to_ascii_lowercase().as_str() {
        "text" => Ok(SummaryFormat::Text),
        "tsv" => Ok(SummaryFormat::Tsv),
        "csv" => Ok(SummaryFormat::Csv),
        "json" => Ok(SummaryFormat::Json),
        _ => Err(Error::option("--format", name, "not a format of a summary; write text, tsv, csv or json")),
    }
}

fn look(color: Option<&str>, terminal: Option<Terminal>) -> Result<TextStyle, Error> {
    let has_colors = match color {
        None | Some("auto") => terminal.is_some_and(|terminal| terminal.has_colors),
        Some("always") => true,
        Some("never") => false,
        Some(other) => return Err(Error::option("--color", other, "not known; write auto, always or never")),
    };
    let width = terminal.map(|terminal| terminal.width).filter(|width| *width > 0).unwrap_or(WIDTH);
    Ok(TextStyle { width: width.max(NARROWEST), has_colors })
}
