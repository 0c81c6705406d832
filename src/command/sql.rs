//! The command `sql`: prints a question as SQL for Athena, Spark or DuckDB, as far as their
//! SQL can state it exactly. It reads no logs.
//!
//! ```text
//!  inputs ──▶ log_source ──▶ definitions, records
//!  filters ──▶ conditions ─┐                          ┌▶ caller ─┐
//!  columns ──▶ select ─────┴▶ event_fields ─▶ fields ─┴──────────┴▶ statement ──▶ text
//! ```

mod address;
mod caller;
mod calls;
mod conditions;
mod dialect;
mod event_fields;
mod log_source;
mod pattern;
mod schema;
mod select;
mod statement;

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use jiff::tz::TimeZone;

pub use self::dialect::Dialect;
use self::log_source::SqlLogSource;
use self::statement::SqlRequest;
use super::context::print;
use super::{Command, Context};
use crate::cli::command_help::{LATE_DAYS, hide_options, reword_options};
use crate::cli::filter::{FilterArgs, ScopeArgs};
use crate::cli::parse_error::usage_error;
use crate::cli::source::{BucketArgs, inputs};
use crate::cli::table::TableArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Error;
use crate::error::exit::Exit;
use crate::report::Report;
use crate::syntax::glob::split_list;

/// Print the query as SQL for Athena, Spark or DuckDB
///
/// Takes the options of the main command and prints table definitions and a query with the same
/// rows. What SQL cannot state exactly is an error that names it. No logs are read.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "sql",
    after_help = "Examples:\n  \
        trail2tsv sql duckdb AWSLogs -e TerminateInstances --errors | duckdb\n  \
        trail2tsv sql athena --bucket my-trail --account 111122223333 --region eu-west-1 --since 30d\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage or not possible in SQL."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct SqlArgs {
    /// The engine
    #[arg(value_enum)]
    pub dialect: Dialect,
    /// s3://BUCKET/PREFIX; for Spark and DuckDB also folders and files
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

/// Options that decide how rows are read, written and reported, not which rows there are.
const IGNORED: [&str; 19] = [
    "format",
    "delimiter",
    "output",
    "no_header",
    "null",
    "raw",
    "excel",
    "partition",
    "with_record",
    "mirror",
    "offline",
    "profile",
    "endpoint_url",
    "no_sign_request",
    "request_payer",
    "jobs",
    "threads",
    "report",
    "no_pushdown",
];

/// The command `sql`.
#[derive(Debug)]
pub struct SqlCommand;

impl Command for SqlCommand {
    fn definition(&self) -> clap::Command {
        // They are accepted, so that a command line can be used as it is.
        let refused = ["event_history", "keys_from", "kind", "resource", "grep", "jq", "actor"];
        let command = hide_options(SqlArgs::command(), IGNORED.into_iter().chain(refused));
        reword_options(command, [("bucket", "S3 bucket with the logs; nothing is requested"), ("late_days", LATE_DAYS)])
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = SqlArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let report = Report::new(args.verbosity.verbosity(), true);
        let is_typed = |option: &&&str| typed.value_source(option) == Some(ValueSource::CommandLine);
        let of_settings = context.settings.names();
        for option in IGNORED.iter().filter(is_typed).map(|option| option.replace('_', "-")) {
            if !of_settings.contains(&option.as_str()) {
                report.note(&format!("--{option} has no effect on SQL"));
            }
        }
        print(&text(&args, context)?)
    }
}

/// The SQL of a request.
fn text(args: &SqlArgs, context: &Context) -> Result<String, Error> {
    check_inputs(&args.bucket)?;
    let zone = args.table.format.zone()?;
    if zone != TimeZone::UTC {
        return Err(Error::about("--time-zone", " cannot be written as SQL: times are printed as delivered"));
    }
    let filter = args.filter.spec(&args.scope, context.now, &zone)?;
    let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
    if inputs.is_empty() {
        return Err(Error::usage("sql: nothing to read; name --bucket BUCKET, s3://BUCKET/PREFIX or a folder"));
    }
    let request = SqlRequest {
        dialect: args.dialect,
        source: SqlLogSource::new(args.dialect, &inputs, context.now)?,
        filter: &filter,
        columns: &split_list(&args.table.columns),
        sort: &args.table.order(),
        limit: args.table.limit,
        dedupe: args.table.dedupe,
        count: args.table.count,
    };
    request.text()
}

/// Refuses inputs that engines cannot read.
fn check_inputs(bucket: &BucketArgs) -> Result<(), Error> {
    if bucket.history.event_history {
        return Err(Error::about("--event-history", " cannot be read by SQL engines; name a bucket"));
    }
    if bucket.keys_from.is_some() {
        return Err(Error::about("--keys-from", " cannot be read by SQL engines; name a bucket"));
    }
    if bucket.kind.iter().any(|kind| *kind != LogKind::CloudTrail) {
        return Err(Error::about("--kind", " cannot be written as SQL: only CloudTrail's own logs can be read"));
    }
    Ok(())
}
