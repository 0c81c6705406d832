//! The command `trail`: creates, shows and deletes trails with what belongs to them.
//!
//! ```text
//!  options ──▶ state that is there ──▶ plan ──▶ requests, or a script
//! ```
//!
//! All reading is done before the first change. A step of a plan has the requests that make the
//! change, and the lines of the AWS CLI come from the same parameters. Only settings of buckets are
//! written twice, for the CLI in `bucket_change.rs` and for the SDK in `bucket_client/changes.rs`:
//! a test compares the two.

mod api_call;
mod args;
mod bucket_change;
mod bucket_client;
mod bucket_plan;
mod confirmation;
mod create;
mod delete;
mod event_selectors;
mod names;
mod plan;
mod policy;
mod query_parameters;
mod queue_plan;
mod resource_policy;
mod session;
mod show;
mod show_row;
mod statements;
mod topic_plan;
mod trail_plan;
mod trail_state;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::{TrailAction, TrailArgs};
use self::create::CreateRequest;
use self::delete::DeleteRequest;
use self::show::ShowRequest;
use super::{Command, Context};
use crate::cli::command_help::{ROW_FORMATS, list_formats, reword_options};
use crate::cli::parse_error::usage_error;
use crate::cli::work::VerbosityArgs;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::Report;
use crate::source::aws::{runtime, unless_stopped};

/// The command `trail`.
#[derive(Debug)]
pub struct TrailCommand;

impl Command for TrailCommand {
    fn definition(&self) -> clap::Command {
        let zone = ("time_zone", "Show times in this zone: local, Europe/Berlin, +02:00 [default: UTC]");
        TrailArgs::command().mut_subcommand("show", |show| list_formats(reword_options(show, [zone]), ROW_FORMATS))
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = TrailArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let action = args
            .action
            .ok_or_else(|| Error::usage("trail: no action; write trail create, trail show or trail delete"))?;
        match action {
            TrailAction::Create(args) => {
                let verbosity = args.verbosity.clone();
                let request = CreateRequest::new(*args)?;
                run(context, &verbosity, false, async |report, stop| request.run(context, report, stop).await)
            }
            TrailAction::Show(args) => {
                let verbosity = args.verbosity.clone();
                let request = ShowRequest::new(args, context)?;
                let has_rows = request.writes_stdout();
                run(context, &verbosity, has_rows, async |report, stop| request.run(report, stop).await)
            }
            TrailAction::Delete(args) => {
                let verbosity = args.verbosity.clone();
                let request = DeleteRequest::new(args)?;
                run(context, &verbosity, false, async |report, stop| request.run(context, report, stop).await)
            }
        }
    }
}

/// Runs an action to its end, or until the user cancels.
fn run(
    context: &Context,
    verbosity: &VerbosityArgs,
    has_rows: bool,
    action: impl AsyncFnOnce(&Report, &Cancellation) -> Result<(), Error>,
) -> Result<Exit, Error> {
    let report = Report::new(verbosity.verbosity(), has_rows);
    let outcome = context.work(&report, |stop| {
        let runtime = runtime()?;
        runtime.block_on(unless_stopped(stop, action(&report, stop)))
    });
    report.clear();
    Ok(match outcome {
        Ok(()) if report.problems() > 0 => Exit::Partial,
        Ok(()) => Exit::Done,
        Err(fatal) => context.fail(&report, fatal),
    })
}
