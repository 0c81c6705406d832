//! The main command: writes the events that match, one row each.

use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};

use super::context::print;
use super::dispatch::print_help_as_error;
use super::{Command, Context, isolation, no_match_hints};
use crate::cli::filter::{FilterArgs, ScopeArgs};
use crate::cli::parse_error::usage_error;
use crate::cli::source::{BucketArgs, inputs};
use crate::cli::table::{TableArgs, check_workbook};
use crate::cli::work::{VerbosityArgs, WorkArgs};
use crate::engine;
use crate::engine::request::EventRequest;
use crate::error::Error;
use crate::error::exit::Exit;
use crate::report::Report;
use crate::table::catalogue;
use crate::table::layout::Format;

/// Who did what in this AWS account: CloudTrail logs to a table.
///
/// Reads CloudTrail log files from folders, files, standard input or S3, and
/// writes the events that match as one line each. What comes from S3 is kept
/// in a local mirror and is never fetched twice.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "trail2tsv",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Other commands",
    max_term_width = 100,
    after_help = "trail2tsv --help lists all options, trail2tsv help COMMAND those of a command.",
    after_long_help = "Examples:\n  \
        trail2tsv --bucket my-trail --since 30d > out.tsv\n  \
        trail2tsv AWSLogs -e TerminateInstances -c eventTime,userName,errorCode\n  \
        trail2tsv AWSLogs --access-key AKIAIOSFODNN7EXAMPLE --writes --no-errors\n  \
        trail2tsv AWSLogs -i 198.51.100.0/24 --sort eventTime -o found.xlsx\n  \
        trail2tsv AWSLogs -u root --where '!invokedBy' --sort eventTime\n  \
        trail2tsv summary AWSLogs --html page.html\n\n\
        A pattern is a glob in any case (* any text, ? one character, {a,b} either, \\ before\n\
        one of these for itself); a leading ! negates it. Repeat an option, or separate\n\
        values by commas, for OR.\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        read (stderr names it), 130 interrupted."
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct RowsArgs {
    /// Folders, files, archives, or - for stdin
    ///
    /// An address s3://BUCKET/PREFIX is mirrored first, as by --bucket and --prefix.
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

/// The command that has no name.
#[derive(Debug)]
pub struct Rows;

impl Command for Rows {
    fn definition(&self) -> clap::Command {
        RowsArgs::command()
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = RowsArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        if args.table.columns.iter().any(|list| list.eq_ignore_ascii_case("help")) {
            return print(&catalogue::help());
        }
        let Some(request) = request(args, context)? else { return Ok(print_help_as_error()) };
        if let Some(exit) = isolation::enter(&request, context)? {
            return Ok(exit);
        }
        let report = Report::new(request.verbosity, request.output.is_none() && !request.count);
        let outcome = context.work(&report, |stop| {
            let finished = engine::run(&request, &report, stop)?;
            if !request.verbosity.quiet {
                report.clear();
                no_match_hints::hints(&request, &finished, stop).iter().for_each(|hint| report.note(hint));
            }
            Ok(finished.coverage)
        });
        Ok(context.conclude(&report, outcome))
    }
}

/// The request to the engine, or `None` if no input is named.
fn request(args: RowsArgs, context: &Context) -> Result<Option<EventRequest>, Error> {
    let zone = args.table.zone()?;
    let filter = args.filter.spec(&args.scope, context.now, &zone)?;
    let inputs = inputs(&args.inputs, &args.bucket, &filter)?;
    if inputs.is_empty() {
        return Ok(None);
    }
    let table = args.table.layout(zone, context.settings.names(), context.terminal, context.columns)?;
    if table.format == Format::Xlsx {
        check_workbook(&args.table, context.terminal.is_some())?;
    }
    Ok(Some(EventRequest {
        inputs,
        filter,
        table,
        sort: args.table.order(),
        dedupe: args.table.dedupe,
        output: args.table.output,
        second_output: None,
        count: args.table.count,
        limit: args.table.limit,
        threads: args.work.threads(context.cores),
        verbosity: args.verbosity.verbosity(),
        now: context.now,
        command: context.command_line(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::Settings;
    use crate::report::Terminal;
    use crate::source::spec::Input;

    fn context() -> Context {
        let terminal = Some(Terminal { width: 80, has_colors: true });
        let now = "2026-11-21T10:30:00Z".parse().unwrap();
        Context { now, cores: 2, terminal, columns: None, typed: Vec::new(), settings: Settings::default() }
    }

    fn outcome(arguments: &[&str]) -> Result<Option<EventRequest>, Error> {
        request(RowsArgs::try_parse_from(["trail2tsv"].iter().chain(arguments)).unwrap(), &context())
    }

    fn convert(arguments: &[&str]) -> EventRequest {
        outcome(arguments).unwrap().unwrap()
    }

    fn usage_error_text(arguments: &[&str]) -> String {
        outcome(arguments).unwrap_err().to_string()
    }

    #[test]
    fn no_input_asks_for_help() {
        assert!(outcome(&[]).unwrap().is_none());
    }

    #[test]
    fn addresses_and_options_name_buckets() {
        let inputs = convert(&["--bucket", "logs", "--prefix", "/a/b", "s3://other/AWSLogs/", "x", "-"]).inputs;
        let [Input::Bucket(first), Input::Bucket(second), Input::Path(path), Input::Stdin] = &inputs[..] else {
            panic!("{inputs:?}")
        };
        assert_eq!((first.bucket.as_str(), first.prefix.as_str()), ("logs", "a/b/"));
        assert_eq!((second.bucket.as_str(), second.prefix.as_str()), ("other", "AWSLogs/"));
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
        assert_eq!(request(args, &piped).unwrap().unwrap().table.format, Format::Tsv);
        for ending in ["json", "jsonl", "NDJSON"] {
            assert_eq!(convert(&["x", "-o", &format!("out.{ending}")]).table.format, Format::Json);
        }
        assert_eq!(convert(&["x", "-o", "out.xlsx"]).table.format, Format::Xlsx);
        assert!(usage_error_text(&["x", "-o", "out.xls"]).contains(".xls;"));
        assert!(
            usage_error_text(&["x", "-f", "xlsx"])
                .ends_with("refusing to write a workbook to a terminal; use -o FILE.xlsx")
        );
        assert_eq!(usage_error_text(&["x", "-o", "x.xlsx", "--count"]), "--count cannot be combined with xlsx");
    }

    #[test]
    fn usage_errors_name_the_option_and_its_remedy() {
        assert!(usage_error_text(&["x", "--account", "1234"]).starts_with("--account \"1234\": not an account"));
        assert!(usage_error_text(&["--bucket", "s3://b"]).starts_with("--bucket \"s3://b\": not the name of a bucket"));
        assert!(usage_error_text(&["x", "--offline"]).starts_with("--offline needs --bucket"));
        assert!(usage_error_text(&["-", "-"]).contains("only once"));
        assert!(usage_error_text(&["x", "--since", "soon"]).starts_with("--since \"soon\": not a time"));
    }
}
