//! What can be typed for a summary.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Parser};

use super::request::{ColorMode, SummaryFormat};
use crate::cli::filter::{FilterArgs, ScopeArgs};
use crate::cli::number;
use crate::cli::partial::PartialArgs;
use crate::cli::source::BucketArgs;
use crate::cli::work::{VerbosityArgs, WorkArgs};

/// Count who did what, from where and when
///
/// Shows the period, accounts and regions, the changes by theme (logging, IAM, security
/// groups, buckets, …), and the most frequent users, event names, services, source
/// addresses, errors and denied calls. All counts are exact, however many different values
/// there are.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "summary",
    after_help = "Examples:\n  \
    trail2tsv summary --bucket my-trail --since 30d\n  \
    trail2tsv summary AWSLogs --by userName,eventName -o counts.csv\n  \
    trail2tsv summary AWSLogs --html summary.html"
)]
#[allow(missing_docs, reason = "each is the group of its type")]
pub struct SummaryArgs {
    /// Folders, files, archives, - for standard input, or s3://BUCKET/PREFIX
    #[arg(value_name = "PATH|s3://BUCKET/PREFIX")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub counting: CountingArgs,
    #[command(flatten)]
    pub partial: PartialArgs,
    #[command(flatten)]
    pub work: WorkArgs,
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
    /// Some of the options, as they can be typed again.
    #[arg(skip)]
    pub typed: TypedWords,
}

/// The options that say which events, as they can be typed again.
#[derive(Clone, Debug, Default)]
pub struct TypedWords {
    /// The inputs and the options that say where the logs are, each with its value.
    pub sources: Vec<Vec<String>>,
    /// The others, but for the times, which may count back from now.
    pub question: Vec<String>,
    /// The filters, with times.
    pub filters: Vec<String>,
}

/// What is counted, and how it is shown.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What to count")]
pub struct CountingArgs {
    /// Count by these columns instead, by name or by path, or by minute, hour or day
    #[arg(long, value_name = "COLUMN,…")]
    pub by: Vec<String>,
    /// Also count the people and machines behind roles; reads the input twice
    #[arg(long, conflicts_with = "by")]
    pub actors: bool,
    /// Compare with the time before --since: 14d for the 14 days before it, or from a date on
    #[arg(long, value_name = "TIME", conflicts_with_all = ["against_since", "against_until", "by"])]
    pub against: Option<String>,
    /// Compare with the events from this time on
    #[arg(long, value_name = "TIME", conflicts_with = "by", hide_short_help = true)]
    pub against_since: Option<String>,
    /// Compare with the events before this time [default: --since]
    #[arg(long, value_name = "TIME", conflicts_with = "by", hide_short_help = true)]
    pub against_until: Option<String>,
    /// Also sum the numbers at this path, such as additionalEventData.bytesTransferredOut
    #[arg(long, value_name = "PATH")]
    pub sum: Option<String>,
    /// Zone of minute, hour and day in --by, and of --since and --until: local,
    /// Europe/Berlin, +02:00 [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, hide_short_help = true)]
    pub time_zone: Option<String>,
    /// Show only the N most frequent values, and the N latest changes of each theme
    /// [default: 10 and 5, 25 and 10 on a page, all in tsv, csv and json]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = number(1..=100_000_usize))]
    pub top: Option<usize>,
    /// Leave out events whose eventID came before
    #[arg(long)]
    pub dedupe: bool,
    /// text, tsv, csv or json [default: by the ending of --output, else text; nothing beside --html]
    #[arg(short, long, value_name = "FORMAT", value_enum, ignore_case = true, hide_possible_values = true)]
    pub format: Option<SummaryFormat>,
    /// Write to this file instead of standard output; it appears only when complete
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write a page for a browser, which needs no network
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Colours in the text: auto, always or never
    #[arg(long, value_name = "WHEN", value_enum, hide_possible_values = true)]
    pub color: Option<ColorMode>,
}

impl TypedWords {
    /// The words of a command line.
    pub(super) fn of(matches: &ArgMatches) -> TypedWords {
        let group = |augment: &[fn(Command) -> Command]| -> BTreeSet<String> {
            let all = augment.iter().map(|augment| augment(Command::new("group")));
            all.flat_map(|group| group.get_arguments().map(|option| option.get_id().to_string()).collect::<Vec<_>>())
                .collect()
        };
        let filters = group(&[ScopeArgs::augment_args, FilterArgs::augment_args]);
        let sources = group(&[BucketArgs::augment_args]);
        let is_time = |id: &str| matches!(id, "since" | "until");
        let is_question = |id: &str| id == "dedupe" || (filters.contains(id) && !is_time(id));
        TypedWords {
            sources: typed(matches, |id| id == "inputs" || sources.contains(id)),
            question: typed(matches, is_question).concat(),
            filters: typed(matches, |id| filters.contains(id)).concat(),
        }
    }
}

/// What was typed of the wanted arguments, as it can be typed again: inputs, then
/// options, each with its value.
fn typed(matches: &ArgMatches, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let all = SummaryArgs::augment_args(Command::new("all"));
    let (mut options, mut inputs) = (Vec::new(), Vec::new());
    for argument in all.get_arguments() {
        let id = argument.get_id().as_str();
        if matches.value_source(id) != Some(ValueSource::CommandLine) || !is_wanted(id) {
            continue;
        }
        let values = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        match argument.get_long() {
            Some(long) if argument.get_action().takes_values() => options.extend(values.map(|value| {
                if value.starts_with('-') {
                    vec![format!("--{long}={value}")]
                } else {
                    vec![format!("--{long}"), value]
                }
            })),
            Some(long) => options.push(vec![format!("--{long}")]),
            None => inputs.extend(values.map(|path| {
                let is_like_an_option = path.starts_with('-') && path != "-";
                vec![if is_like_an_option { format!("./{path}") } else { path }]
            })),
        }
    }
    inputs.into_iter().chain(options).collect()
}
