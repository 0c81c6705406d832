//! What a run will do. Every default is decided here, and nowhere else: the
//! stages get a finished [`Plan`] and ask no further.

use std::path::PathBuf;

use clap_complete::Shell;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::{self, Cli, Command};
use crate::error::Fatal;
use crate::syntax::window;

mod conditions;
mod source;
mod summary;
mod table;

pub use conditions::Conditions;
pub use source::{BucketInput, Connection, Downloads, Input};
pub use summary::{Look, SummaryFormat, SummaryPlan};
pub use table::{Format, OrderBy, TableLayout};

/// What is asked of the program.
#[derive(Clone, Debug)]
pub enum Task {
    /// Nothing to read was named: say how.
    Help,
    /// List the columns that there are.
    ColumnsHelp,
    /// Write what makes a shell complete options.
    Completions(Shell),
    /// Write the manual page.
    Man,
    /// The main job.
    Convert(Box<Plan>),
    /// Bring mirrors up to date.
    Sync(SyncPlan),
    /// Count instead of listing.
    Summary(Box<SummaryPlan>),
}

/// What is mirrored, and how.
#[derive(Clone, Debug)]
pub struct SyncPlan {
    /// The buckets.
    pub buckets: Vec<BucketInput>,
    /// Only list, and say what would be fetched.
    pub is_dry: bool,
    /// How much is said on stderr.
    pub talk: Talk,
}

/// What a run reads, selects and writes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where events come from, in the order in which their rows come.
    pub inputs: Vec<Input>,
    /// Which events are wanted.
    pub conditions: Conditions,
    /// How they are written.
    pub table: TableLayout,
    /// Where to.
    pub output: Option<PathBuf>,
    /// What they are sorted by, unless it is the usual order.
    pub sort: Vec<OrderBy>,
    /// Leave out events whose id came before.
    pub dedupe: bool,
    /// Write only their number.
    pub count: bool,
    /// Stop after so many rows.
    pub limit: Option<u64>,
    /// How many threads decode.
    pub threads: usize,
    /// How much is said on stderr.
    pub talk: Talk,
    /// When this was asked for.
    pub now: Timestamp,
    /// What was typed.
    pub command: String,
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Talk {
    /// Only what went wrong.
    pub quiet: bool,
    /// 1: what is done; 2: for each file.
    pub verbose: u8,
}

/// What the plan depends on beside the command line.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The time that spans count back from.
    pub now: Timestamp,
    /// How many threads can run at once.
    pub cores: usize,
    /// What was typed, as a shell would take it.
    pub command: String,
    /// The terminal that standard output is, if it is one.
    pub screen: Option<Screen>,
    /// The options that are set for every day, and were not typed.
    pub set: Vec<&'static str>,
}

/// What a terminal is like.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Its columns.
    pub width: usize,
    /// Whether it shows colours, and nobody minds.
    pub has_colors: bool,
}

impl Talk {
    fn new(typed: &cli::Talk) -> Talk {
        Talk { quiet: typed.quiet, verbose: typed.verbose }
    }
}

/// How many threads decode.
fn threads(typed: &cli::Work, around: &Surroundings) -> usize {
    /// More would need more memory than there may be, and wait for the disk.
    const MOST: usize = 32;
    typed.threads.map_or(around.cores.clamp(1, MOST), usize::from)
}

impl Task {
    /// How events are read, if any are.
    pub fn reading(&self) -> Option<&Plan> {
        match self {
            Task::Convert(plan) => Some(plan),
            Task::Summary(plan) => Some(&plan.reading),
            _ => None,
        }
    }

    /// Decides what was asked for.
    pub fn new(cli: Cli, around: Surroundings) -> Result<Task, Fatal> {
        match cli.command {
            Some(Command::Completions { shell }) => Ok(Task::Completions(shell)),
            Some(Command::Man) => Ok(Task::Man),
            Some(Command::Sync(typed)) => Task::sync(&typed, around),
            Some(Command::Summary(typed)) => Task::summary(*typed, around),
            None => Task::convert(cli.convert, around),
        }
    }

    fn sync(typed: &cli::Sync, around: Surroundings) -> Result<Task, Fatal> {
        let conditions = Conditions::new(&typed.scope, &cli::Conditions::default(), around.now, &TimeZone::UTC)?;
        if typed.bucket.offline {
            return Err(Fatal::Usage("--offline leaves sync nothing to do".into()));
        }
        let mut buckets = Vec::new();
        for input in source::inputs(&typed.inputs, &typed.bucket, &conditions)? {
            match input {
                Input::Bucket(bucket) => buckets.push(*bucket),
                Input::Path(path) => {
                    return Err(Fatal::Usage(format!("{path:?}: not a bucket; write s3://BUCKET/PREFIX")));
                }
                Input::Stdin => return Err(Fatal::Usage("-: not a bucket; write s3://BUCKET/PREFIX".into())),
            }
        }
        if buckets.is_empty() {
            return Err(Fatal::Usage("sync needs --bucket BUCKET or s3://BUCKET/PREFIX".into()));
        }
        Ok(Task::Sync(SyncPlan { buckets, is_dry: typed.dry_run, talk: Talk::new(&typed.talk) }))
    }

    fn convert(typed: cli::Convert, around: Surroundings) -> Result<Task, Fatal> {
        if typed.table.columns.iter().any(|list| list == "help") {
            return Ok(Task::ColumnsHelp);
        }
        let zone = typed.table.time_zone.as_deref().map_or(Ok(TimeZone::UTC), window::zone)?;
        let conditions = Conditions::new(&typed.scope, &typed.conditions, around.now, &zone)?;
        let inputs = source::inputs(&typed.inputs, &typed.bucket, &conditions)?;
        if inputs.is_empty() {
            return Ok(Task::Help);
        }
        let table = TableLayout::new(&typed.table, zone, around.set.clone())?;
        if table.format == Format::Xlsx {
            table::check_workbook(&typed.table, around.screen.is_some())?;
        }
        Ok(Task::Convert(Box::new(Plan {
            inputs,
            conditions,
            table,
            sort: table::order(&typed.table.sort),
            dedupe: typed.table.dedupe,
            output: typed.table.output,
            count: typed.table.count,
            limit: typed.table.limit,
            threads: threads(&typed.work, &around),
            talk: Talk::new(&typed.talk),
            now: around.now,
            command: around.command,
        })))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn plan(arguments: &[&str]) -> Result<Task, Fatal> {
        let typed = ["trail2tsv"].iter().chain(arguments);
        let now = "2026-11-21T10:30:00Z".parse().unwrap();
        let screen = Some(Screen { width: 80, has_colors: true });
        let around = Surroundings { now, cores: 2, command: typed.clone().copied().collect(), screen, set: Vec::new() };
        Task::new(Cli::try_parse_from(typed).unwrap(), around)
    }

    fn convert(arguments: &[&str]) -> Plan {
        match plan(arguments).unwrap() {
            Task::Convert(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }

    fn refusal(arguments: &[&str]) -> String {
        plan(arguments).unwrap_err().to_string()
    }

    #[test]
    fn no_input_asks_for_help() {
        assert!(matches!(plan(&[]), Ok(Task::Help)));
        assert!(matches!(plan(&["--columns", "help"]), Ok(Task::ColumnsHelp)));
    }

    #[test]
    fn sync_takes_buckets_and_nothing_else() {
        let Ok(Task::Sync(plan)) = plan(&["sync", "s3://logs/AWSLogs", "--bucket", "more", "--dry-run", "-v"]) else {
            panic!("no plan of a sync")
        };
        let names: Vec<&str> = plan.buckets.iter().map(|bucket| bucket.bucket.as_str()).collect();
        assert_eq!((names, plan.is_dry, plan.talk.verbose), (vec!["more", "logs"], true, 1));
        for (arguments, text) in [
            (&["sync"][..], "sync needs --bucket BUCKET or s3://BUCKET/PREFIX"),
            (&["sync", "log"], "\"log\": not a bucket; write s3://BUCKET/PREFIX"),
            (&["sync", "-"], "-: not a bucket; write s3://BUCKET/PREFIX"),
            (&["sync", "s3://logs", "--offline"], "--offline leaves sync nothing to do"),
        ] {
            assert_eq!(refusal(arguments), text);
        }
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
        assert_eq!(refusal(&["x", "-f", "yaml"]), "--format \"yaml\": not a format; write tsv, csv, json or xlsx");
        for ending in ["json", "jsonl", "NDJSON"] {
            assert_eq!(convert(&["x", "-o", &format!("out.{ending}")]).table.format, Format::Json);
        }
        assert_eq!(convert(&["x", "-o", "out.xlsx"]).table.format, Format::Xlsx);
        assert!(refusal(&["x", "-o", "out.xls"]).contains(".xls;"));
        assert!(refusal(&["x", "-f", "xlsx"]).ends_with("write it to a file by -o FILE.xlsx"));
        assert_eq!(refusal(&["x", "-o", "x.xlsx", "--count"]), "--count writes a number, and no xlsx");
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
