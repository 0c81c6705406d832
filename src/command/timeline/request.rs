//! What a timeline shows, and how it is written.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::TimelineArgs;
use crate::cli::source::inputs;
use crate::cli::table::FormatArgs;
use crate::command::Context;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::syntax::glob::split_list;
use crate::table::layout::{Format, TableLayout};

/// A timeline: what is read, and how its rows are written.
#[derive(Clone, Debug)]
pub(super) struct TimelineRequest {
    /// Which events are read, and how.
    pub(super) reading: ReadRequest,
    /// The time of the request.
    pub(super) now: Timestamp,
    /// The command line as typed.
    pub(super) command: String,
    /// Leave out events whose id came before.
    pub(super) dedupe: bool,
    /// Write at most this many rows.
    pub(super) limit: Option<u64>,
    /// The layout of the output.
    pub(super) layout: TableLayout,
    /// The output file; `None` for standard output.
    pub(super) output: Option<PathBuf>,
    /// The part that is written instead of rows.
    pub(super) partial: Option<PathBuf>,
}

impl TimelineRequest {
    /// What the options ask for.
    pub(super) fn new(args: TimelineArgs, context: &Context) -> Result<TimelineRequest, Error> {
        let rows = args.rows;
        let zone = rows.format.zone()?;
        let typed = args.filter.spec(&args.scope, context.now, &zone)?;
        let says_access = typed.options.iter().any(|(option, _)| matches!(option.flag, "--writes" | "--reads"));
        let filter = if rows.all || says_access { typed } else { typed.with("--writes", Vec::<String>::new()) };
        let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
        if inputs.is_empty() {
            return Err(Error::usage(
                "timeline: nothing to read; name a folder, a file, -, --bucket BUCKET or --event-history",
            ));
        }
        args.partial.check(rows.format.output.as_ref(), context.terminal.is_some())?;
        args.partial.check_inputs(&inputs)?;
        let partial = args.partial.partial;
        // A part goes to no terminal.
        let context = &Context { terminal: context.terminal.filter(|_| partial.is_none()), ..context.clone() };
        let layout = layout(&rows.format, split_list(&rows.columns), zone, context)?;
        let outputs = rows.format.output.iter().chain(partial.iter().filter(|path| path.as_os_str() != "-"));
        Ok(TimelineRequest {
            reading: ReadRequest {
                inputs,
                filter,
                outputs: outputs.cloned().collect(),
                threads: args.work.threads(context.cores),
                verbosity: args.verbosity.verbosity(),
            },
            now: context.now,
            command: context.command_line(),
            dedupe: rows.dedupe,
            limit: rows.limit,
            layout,
            output: rows.format.output,
            partial,
        })
    }
}

/// The layout of rows with these columns.
pub(super) fn layout(
    format: &FormatArgs,
    columns: Vec<String>,
    zone: TimeZone,
    context: &Context,
) -> Result<TableLayout, Error> {
    let layout = format.layout(zone, context.settings.names(), context.terminal, context.columns, true)?;
    if layout.format == Format::Xlsx {
        format.check_workbook(context.terminal.is_some())?;
    }
    Ok(TableLayout { columns, ..layout })
}
