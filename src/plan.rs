//! What a run will do. Every default is decided here, and nowhere else: the
//! stages get a finished [`Plan`] and ask no further.

use std::path::PathBuf;

use clap_complete::Shell;
use jiff::Timestamp;

use crate::cli::{self, Cli, Command};
use crate::error::Fatal;

mod conditions;
mod source;
mod summary;
mod table;

pub use conditions::Conditions;
pub use source::{BucketInput, Connection, Input};
pub use summary::{Look, SummaryFormat, SummaryPlan};
pub use table::{Format, TableLayout};

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
    /// Count instead of listing.
    Summary(Box<SummaryPlan>),
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
    /// Write only their number.
    pub count: bool,
    /// Stop after so many rows.
    pub limit: Option<u64>,
    /// How many threads decode.
    pub threads: usize,
    /// How much is said on stderr.
    pub talk: Talk,
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
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// The time that spans count back from.
    pub now: Timestamp,
    /// How many threads can run at once.
    pub cores: usize,
    /// The terminal that standard output is, if it is one.
    pub screen: Option<Screen>,
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
    fn new(typed: &cli::Work) -> Talk {
        Talk { quiet: typed.quiet, verbose: typed.verbose }
    }
}

impl Task {
    /// Decides what was asked for.
    pub fn new(cli: Cli, around: Surroundings) -> Result<Task, Fatal> {
        match cli.command {
            Some(Command::Completions { shell }) => Ok(Task::Completions(shell)),
            Some(Command::Man) => Ok(Task::Man),
            Some(Command::Summary(typed)) => Task::summary(*typed, around),
            None => Task::convert(cli.convert, around),
        }
    }

    fn convert(typed: cli::Convert, around: Surroundings) -> Result<Task, Fatal> {
        if typed.table.columns.iter().any(|list| list == "help") {
            return Ok(Task::ColumnsHelp);
        }
        let conditions = Conditions::new(&typed.scope, &typed.conditions, around.now)?;
        let inputs = source::inputs(&typed.inputs, &typed.bucket, &conditions)?;
        if inputs.is_empty() {
            return Ok(Task::Help);
        }
        Ok(Task::Convert(Box::new(Plan {
            inputs,
            conditions,
            table: TableLayout::new(&typed.table)?,
            output: typed.table.output,
            count: typed.table.count,
            limit: typed.table.limit,
            threads: typed.work.threads.map_or(around.cores, usize::from).max(1),
            talk: Talk::new(&typed.work),
        })))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn plan(arguments: &[&str]) -> Result<Task, Fatal> {
        let typed = ["trail2tsv"].iter().chain(arguments);
        let around = Surroundings { now: "2026-11-21T10:30:00Z".parse().unwrap(), cores: 2, screen: None };
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
        assert_eq!(refusal(&["x", "-f", "yaml"]), "--format \"yaml\": not a format; write tsv or csv");
        assert!(refusal(&["x", "-o", "out.xlsx"]).contains(".xlsx"));
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
