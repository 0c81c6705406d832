//! The command `merge`: joins part files into what one run over all files would have written.
//!
//! ```text
//!  parts ──▶ check: whole? one question? each file once? all of the plan?
//!        └─▶ the join of their command, in the order of the plan
//! ```

mod args;
mod file_names;
mod part_set;
mod plan;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::MergeArgs;
pub(super) use self::part_set::{CheckedPart, PartSet};
use super::{Command, Context, history, rows, summary, timeline};
use crate::cli::parse_error::usage_error;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::filter::spec::FilterSpec;
use crate::report::{Coverage, Report};
use crate::syntax::window::Window;

/// The command `merge`.
#[derive(Debug)]
pub struct MergeCommand;

/// A merge whose parts are known to be whole and to belong together.
pub(super) struct MergeRun<'a> {
    /// The parts in their order.
    pub(super) parts: &'a PartSet,
    /// The lists of all files, if there are any.
    pub(super) plan: &'a [std::path::PathBuf],
    /// Where the result goes; `None` is standard output.
    pub(super) output: Option<&'a std::path::Path>,
    pub(super) context: &'a Context,
    pub(super) report: &'a Report,
    pub(super) stop: &'a Cancellation,
}

impl MergeRun<'_> {
    /// The window of the question.
    pub(super) fn window(&self) -> Window {
        let time = |name: &str| self.parts.header.options.get(name)?.first()?.parse().ok();
        Window { since: time("since"), until: time("until") }
    }
}

/// Joins the parts of a command and writes the result.
type PartJoin = fn(&MergeRun<'_>) -> Result<Coverage, Error>;

/// The commands that make parts, by the first word of the name in the header.
const JOINS: &[(&str, PartJoin)] = &[
    ("", rows::join_parts),
    ("summary", summary::join_parts),
    ("timeline", timeline::join_parts),
    ("history", history::join_parts),
];

impl Command for MergeCommand {
    fn definition(&self) -> clap::Command {
        MergeArgs::command()
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = MergeArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let question = args.question(context)?;
        let request = ReadRequest {
            inputs: Vec::new(),
            filter: FilterSpec { now: context.now, ..FilterSpec::default() },
            outputs: args.output.iter().cloned().collect(),
            threads: 1,
            verbosity: args.verbosity.verbosity(),
        };
        let report = context.report(&request, args.output.is_none())?;
        let outcome = context.work(&report, |stop| {
            let parts = PartSet::check(&args, question.as_ref(), &report, stop)?;
            let name = &parts.header.command;
            let first = name.split(' ').next();
            let join = JOINS.iter().find_map(|(command, join)| (first == Some(command)).then_some(join));
            let join = join.ok_or_else(|| Error::Failed(format!("parts of trail2tsv {name} cannot be merged")))?;
            let output = args.output.as_deref();
            let run = MergeRun { parts: &parts, plan: &args.plan, output, context, report: &report, stop };
            join(&run)
        });
        Ok(context.conclude(&report, outcome))
    }
}
