//! What can be typed, taken literally. What it means is for
//! [`plan`](crate::plan) to decide.

pub mod config;

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::cloudtrail::log_kind::LogKind;

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
    disable_help_subcommand = true,
    subcommand_help_heading = "Other commands",
    max_term_width = 100,
    after_help = "Examples:\n  \
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
pub struct Cli {
    /// What else than the main job
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The main job
    #[command(flatten)]
    pub convert: Convert,
}

impl Cli {
    /// Reads a command line.
    pub fn read<T: Into<OsString> + Clone>(typed: impl IntoIterator<Item = T>) -> Result<Cli, clap::Error> {
        let mut command = Cli::command();
        let matches = command.try_get_matches_from_mut(typed)?;
        let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        if let (Some(Command::Summary(summary)), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
            summary.question = question(matches);
        }
        Ok(cli)
    }
}

/// The options that say which events, but for the times, which may count back
/// from now, as they can be typed again; then the inputs.
fn question(matches: &ArgMatches) -> Vec<String> {
    let others = [Counting::augment_args, Work::augment_args, Talk::augment_args]
        .map(|augment| augment(clap::Command::new("others")));
    let is_counted = |id: &str| id == "dedupe";
    let is_other = |id: &str| {
        !is_counted(id) && others.iter().flat_map(clap::Command::get_arguments).any(|other| other.get_id() == id)
    };
    let all = Summary::augment_args(clap::Command::new("all"));
    let (mut options, mut inputs) = (Vec::new(), Vec::new());
    for argument in all.get_arguments() {
        let id = argument.get_id().as_str();
        let is_typed = matches.value_source(id) == Some(ValueSource::CommandLine);
        if !is_typed || is_other(id) || matches!(id, "since" | "until") {
            continue;
        }
        let values = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        match argument.get_long() {
            Some(long) if argument.get_action().takes_values() => options.extend(values.flat_map(|value| {
                if value.starts_with('-') {
                    vec![format!("--{long}={value}")]
                } else {
                    vec![format!("--{long}"), value]
                }
            })),
            Some(long) => options.push(format!("--{long}")),
            None => inputs.extend(values.map(|path| {
                let is_like_an_option = path.starts_with('-') && path != "-";
                if is_like_an_option { format!("./{path}") } else { path }
            })),
        }
    }
    inputs.into_iter().chain(options).collect()
}

/// What the program does beside the main job.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Mirror the logs of a bucket, and read nothing
    Sync(Box<Sync>),
    /// Count who did what, from where and when
    ///
    /// Shows the period, accounts and regions, and the most frequent users, event
    /// names, services, source addresses, errors and denied calls. All counts are
    /// exact, however many different values there are.
    Summary(Box<Summary>),
    /// Write what makes a shell complete options, columns and event names
    ///
    /// bash and zsh: source <(trail2tsv completions zsh), in ~/.bashrc or ~/.zshrc.
    ///
    /// fish: trail2tsv completions fish | source, in config.fish.
    ///
    /// PowerShell: trail2tsv completions powershell | Out-String | Invoke-Expression.
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Write the manual page, for man(1)
    Man,
}

/// The main job: events to rows.
#[derive(Args, Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct Convert {
    /// Folders, files, archives, - for standard input, or s3://BUCKET/PREFIX
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub bucket: Bucket,
    #[command(flatten)]
    pub scope: Scope,
    #[command(flatten)]
    pub conditions: Conditions,
    #[command(flatten)]
    pub table: Table,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub talk: Talk,
}

/// Brings the local mirror of a bucket's logs up to date.
///
/// Only what the mirror lacks is fetched, each object under its own key. A later
/// run over the same window finds what was delivered late.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  \
        trail2tsv sync --bucket my-trail --since 30d\n  \
        trail2tsv sync s3://my-trail/AWSLogs/o-abc --account 111122223333 --dry-run\n\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something could not be\n\
        had (stderr names it), 130 interrupted.")]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct Sync {
    /// s3://BUCKET/PREFIX, or a single object of a bucket
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    /// Only list, and print for each account, region and day what would be fetched
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub bucket: Bucket,
    #[command(flatten)]
    pub scope: Scope,
    #[command(flatten)]
    pub talk: Talk,
}

/// Who did what, from where and when, counted.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:\n  \
    trail2tsv summary --bucket my-trail --since 30d\n  \
    trail2tsv summary AWSLogs --by userName,eventName --top 50 -f csv > counts.csv\n  \
    trail2tsv summary AWSLogs --html summary.html")]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct Summary {
    /// Folders, files, archives, - for standard input, or s3://BUCKET/PREFIX
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub bucket: Bucket,
    #[command(flatten)]
    pub scope: Scope,
    #[command(flatten)]
    pub conditions: Conditions,
    #[command(flatten)]
    pub counting: Counting,
    #[command(flatten)]
    pub work: Work,
    #[command(flatten)]
    pub talk: Talk,
    /// The options that say which events, as they can be typed again.
    #[arg(skip)]
    pub question: Vec<String>,
}

/// What is counted, and how it is shown.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What to count")]
pub struct Counting {
    /// Count by these columns instead, by name or by path
    #[arg(long, value_name = "COLUMN,…")]
    pub by: Vec<String>,
    /// How many of the most frequent to show [default: 10, and 25 on a page]
    #[arg(long, value_name = "N",
          value_parser = number(1..=100_000_usize))]
    pub top: Option<usize>,
    /// Leave out events whose eventID came before; takes one thread
    #[arg(long)]
    pub dedupe: bool,
    /// text, tsv, csv or json, on standard output [default: text, and nothing beside --html]
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write a page for a browser, which needs no network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Colours in the text: auto, always or never
    #[arg(long, value_name = "WHEN")]
    pub color: Option<String>,
}

/// Which bucket is read, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "From S3")]
pub struct Bucket {
    /// Mirror the logs of this S3 bucket, and read them
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// What stands before AWSLogs/ in the bucket
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Only this organisation's accounts (o-…)
    #[arg(long, value_name = "ID")]
    pub org_id: Option<String>,
    /// Kinds of logs to read, each of which has a folder beside CloudTrail/ [default: cloudtrail]
    #[arg(long, value_enum, value_name = "KIND,…", value_delimiter = ',')]
    pub kind: Vec<LogKind>,
    /// Where mirrored objects are kept [default: the platform's cache folder, trail2tsv/BUCKET]
    #[arg(long, value_name = "DIR")]
    pub mirror: Option<PathBuf>,
    /// Read the mirror as it is, talk to nobody
    #[arg(long)]
    pub offline: bool,
    /// Days after that of --until to look for late deliveries, at most 30
    /// [default: 1; with --offline, all that the mirror has]
    #[arg(long, value_name = "N",
          value_parser = number(0..=30_u32))]
    pub late_days: Option<u32>,
    /// Profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Talk to this S3 endpoint instead of AWS's
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Send requests without credentials
    #[arg(long)]
    pub no_sign_request: bool,
    /// Pay for the requests to a bucket of somebody else
    #[arg(long)]
    pub request_payer: bool,
    /// Downloads at once [default: 64, more while that is faster, fewer where S3 asks for it]
    #[arg(long, value_name = "N",
          value_parser = number(1..=1000_u16))]
    pub jobs: Option<u16>,
}

/// What the names of folders and files tell too: when, where, whose.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which events")]
pub struct Scope {
    /// Events from this time on: 30d, 12h, 2026-10-01, 2026-10-01T12:00 (UTC), RFC 3339
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Events before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// The region of the call
    #[arg(short, long, value_name = "PATTERN")]
    pub region: Vec<String>,
    /// The account; from S3 only this account's logs are fetched
    #[arg(long, value_name = "ID")]
    pub account: Vec<String>,
}

/// What only the events tell.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Which events")]
pub struct Conditions {
    /// What was called, such as TerminateInstances or 'Delete*'
    #[arg(short, long, value_name = "PATTERN")]
    pub event_name: Vec<String>,
    /// Who called: a user, role, session, ARN or principal id (a comma is part of it)
    #[arg(short, long, value_name = "PATTERN")]
    pub user: Vec<String>,
    /// Where the call came from
    #[arg(short = 'i', long, value_name = "IP|CIDR|PATTERN")]
    pub source_ip: Vec<String>,
    /// The service; ec2 means ec2.amazonaws.com
    #[arg(short = 's', long, value_name = "PATTERN")]
    pub event_source: Vec<String>,
    /// What it was about: an id, ARN or name in any field, the error message too
    #[arg(long, value_name = "ID|PATTERN")]
    pub resource: Vec<String>,
    /// The access key that signed the call
    #[arg(long, value_name = "ID|PATTERN")]
    pub access_key: Vec<String>,
    /// Why it did not happen, such as '*Unauthorized*,AccessDenied*'
    #[arg(long, value_name = "PATTERN", conflicts_with = "no_errors")]
    pub error_code: Vec<String>,
    /// Only what failed or was denied
    #[arg(long, conflicts_with = "no_errors")]
    pub errors: bool,
    /// Only what happened
    #[arg(long)]
    pub no_errors: bool,
    /// Only calls that change something
    #[arg(long, conflicts_with = "reads")]
    pub writes: bool,
    /// Only calls that read
    #[arg(long)]
    pub reads: bool,
    /// What the event holds, as delivered, in a regular expression
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    pub grep: Vec<String>,
    /// A condition on any field: 'FIELD = VALUE' or != (globs), ~ !~ (regular expressions),
    /// < <= > >= (numbers, times), FIELD or !FIELD (there or not); several must all hold
    #[arg(long = "where", value_name = "'FIELD OP VALUE'", allow_hyphen_values = true)]
    pub wheres: Vec<String>,
    /// A jq expression: true keeps the event, false and null do not, and anything else
    /// is written as a line instead of the row
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub jq: Option<String>,
}

/// What rows look like, and where they go.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What to write")]
pub struct Table {
    /// Columns by name or by path, such as requestParameters.items[].id;
    /// +LIST adds to the default; help lists the names
    #[arg(short, long, value_name = "LIST")]
    pub columns: Vec<String>,
    /// tsv, csv, json or xlsx [default: by the ending of --output, else tsv];
    /// json is each event as delivered, one a line, or an object of the --columns
    #[arg(short, long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Write to this file, which appears only when it is whole
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Sort by these columns, those with a leading - from the greatest to the least
    #[arg(long, value_name = "[-]COLUMN,…", allow_hyphen_values = true)]
    pub sort: Vec<String>,
    /// Stop after this many rows; with --sort, write the first of them all
    #[arg(short = 'n', long, value_name = "N",
          value_parser = |text: &str| text.parse::<u64>().map_err(|_| "not a number; write one such as 100"))]
    pub limit: Option<u64>,
    /// Leave out events whose eventID came before
    #[arg(long)]
    pub dedupe: bool,
    /// Write only how many events match
    #[arg(long)]
    pub count: bool,
    /// Show times in this zone, and read --since and --until in it: local,
    /// Europe/Berlin, +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub time_zone: Option<String>,
    /// Leave out the line of column names
    #[arg(long)]
    pub no_header: bool,
    /// Write this for what is absent or null [default: nothing]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub null: Option<String>,
    /// Do not disarm text that a spreadsheet would run as a formula
    #[arg(long)]
    pub raw: bool,
    /// TSV and CSV that Excel opens: a byte order mark, its line ends, and no
    /// cell longer than it can hold
    #[arg(long)]
    pub excel: bool,
}

/// How the work is done.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Talk and work")]
pub struct Work {
    /// Threads that decode, at most 32 [default: one for each core]
    #[arg(long, value_name = "N",
          value_parser = number(1..=32_u16))]
    pub threads: Option<u16>,
}

/// What every job takes: where settings are, and how much is said of the work.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Talk and work")]
pub struct Talk {
    /// Take settings from this file [default: trail2tsv/config.toml in the platform's config folder]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// No progress and no last line; problems are named all the same
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more about what is done; -vv names each file
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

/// Reads a number within bounds, or says what would be right.
fn number<N>(bounds: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| format!("not a number from {} to {}", bounds.start(), bounds.end()))
    }
}
