//! What a run will do. Every default is decided here, and nowhere else: the
//! stages get a finished [`Plan`] and ask no further.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use jiff::Timestamp;

use crate::cli::Cli;
use crate::error::Fatal;
use crate::pattern::split_list;
use crate::window::Window;

/// What is asked of the program.
#[derive(Clone, Debug)]
pub enum Task {
    /// Nothing to read was named: say how.
    Help,
    /// List the columns that there are.
    ColumnsHelp,
    /// The main job.
    Convert(Box<Plan>),
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

/// One source of log files.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input, one text.
    Stdin,
    /// A file, or a folder to be walked.
    Path(PathBuf),
    /// A bucket, by way of its mirror.
    Bucket(Box<BucketInput>),
}

/// What to mirror from a bucket.
#[derive(Clone, Debug, Default)]
pub struct BucketInput {
    /// The bucket's name.
    pub bucket: String,
    /// What its log keys begin with: empty, or ending in `/`.
    pub prefix: String,
    /// Only this organisation.
    pub organisation: Option<String>,
    /// Accounts, as patterns; all where empty.
    pub accounts: Vec<String>,
    /// Regions, as patterns; all where empty.
    pub regions: Vec<String>,
    /// The time that events are wanted from.
    pub window: Window,
    /// How many days after the window late deliveries are looked for.
    pub late_days: u32,
    /// The folder that objects are kept in, under their keys.
    pub mirror: PathBuf,
    /// Read the mirror without asking the bucket.
    pub offline: bool,
    /// How to reach S3.
    pub connection: Connection,
    /// How many downloads run at once.
    pub downloads: Downloads,
}

/// How many downloads run at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Downloads {
    /// So many at first.
    pub first: usize,
    /// So many at most, where more are faster.
    pub most: usize,
}

impl Downloads {
    /// Whether the number was asked for, and stays.
    pub fn is_fixed(&self) -> bool {
        self.first == self.most
    }
}

/// How to reach S3, where that differs from what the environment says.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// A profile of the AWS configuration.
    pub profile: Option<String>,
    /// The address of another S3.
    pub endpoint_url: Option<String>,
    /// Send no credentials.
    pub anonymous: bool,
    /// Pay for requests to somebody else's bucket.
    pub request_payer: bool,
}

/// The filters as they were typed; values of one field are alternatives.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is the option of its name")]
pub struct Conditions {
    pub window: Window,
    pub event_names: Vec<String>,
    pub users: Vec<String>,
    pub source_ips: Vec<String>,
    pub regions: Vec<String>,
    pub event_sources: Vec<String>,
    pub accounts: Vec<String>,
}

/// How rows look.
#[derive(Clone, Debug)]
pub struct TableLayout {
    /// The value of `--columns`, unless it is the default.
    pub columns: Vec<String>,
    /// How cells are separated.
    pub format: Format,
    /// Whether the first line names the columns.
    pub header: bool,
    /// What is written for absent and null.
    pub null: String,
    /// Whether text that a spreadsheet would run is disarmed.
    pub guard: bool,
}

/// A format of tables.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Tabs between cells, nothing quoted.
    #[default]
    Tsv,
    /// RFC 4180.
    Csv,
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
}

const DOWNLOADS: Downloads = Downloads { first: 64, most: 256 };

impl Task {
    /// Decides what `cli` asks for.
    pub fn new(cli: Cli, around: Surroundings) -> Result<Task, Fatal> {
        if cli.columns.iter().any(|list| list == "help") {
            return Ok(Task::ColumnsHelp);
        }
        let conditions = conditions(&cli, around.now)?;
        let inputs = inputs(&cli, &conditions)?;
        if inputs.is_empty() {
            return Ok(Task::Help);
        }
        Ok(Task::Convert(Box::new(Plan {
            inputs,
            conditions,
            table: TableLayout {
                columns: split_list(&cli.columns),
                format: format(cli.format.as_deref(), cli.output.as_deref())?,
                header: !cli.no_header,
                null: cli.null.unwrap_or_default(),
                guard: !cli.raw,
            },
            output: cli.output,
            count: cli.count,
            limit: cli.limit,
            threads: cli.threads.map_or(around.cores, usize::from).max(1),
            talk: Talk { quiet: cli.quiet, verbose: cli.verbose },
        })))
    }
}

fn conditions(cli: &Cli, now: Timestamp) -> Result<Conditions, Fatal> {
    let accounts = split_list(&cli.account);
    if let Some(wrong) = accounts.iter().find(|account| !is_account_pattern(account)) {
        return Err(Fatal::option("--account", wrong, "not an account; write its 12 digits, such as 111122223333"));
    }
    Ok(Conditions {
        window: Window::parse(cli.since.as_deref(), cli.until.as_deref(), now)?,
        event_names: cli.event_name.clone(),
        users: cli.user.clone(),
        source_ips: cli.source_ip.clone(),
        regions: cli.region.clone(),
        event_sources: cli.event_source.clone(),
        accounts,
    })
}

/// Twelve digits, or a pattern over them.
fn is_account_pattern(text: &str) -> bool {
    let pattern = text.strip_prefix('!').unwrap_or(text);
    let is_open = pattern.contains(['*', '?', '[', '{']);
    (is_open || pattern.len() == 12)
        && pattern.bytes().all(|byte| byte.is_ascii_digit() || b"*?[]{},-!".contains(&byte))
}

fn inputs(cli: &Cli, conditions: &Conditions) -> Result<Vec<Input>, Fatal> {
    let mut inputs = Vec::new();
    if let Some(bucket) = &cli.bucket {
        let prefix = cli.prefix.as_deref().unwrap_or_default();
        inputs.push(Input::Bucket(Box::new(bucket_input(cli, conditions, bucket, prefix)?)));
    }
    for path in &cli.inputs {
        inputs.push(match path.to_str().and_then(|text| text.strip_prefix("s3://")) {
            Some(address) => {
                let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
                Input::Bucket(Box::new(bucket_input(cli, conditions, bucket, prefix)?))
            }
            None if path.as_os_str() == "-" => Input::Stdin,
            None => Input::Path(path.clone()),
        });
    }
    if inputs.iter().filter(|input| matches!(input, Input::Stdin)).count() > 1 {
        return Err(Fatal::Usage("standard input (-) can be read only once".into()));
    }
    let has_bucket = inputs.iter().any(|input| matches!(input, Input::Bucket(_)));
    if !has_bucket && let Some(option) = bucket_option(cli) {
        return Err(Fatal::Usage(format!("{option} needs --bucket BUCKET or s3://BUCKET/PREFIX")));
    }
    Ok(inputs)
}

/// An option that was given and means nothing without a bucket.
fn bucket_option(cli: &Cli) -> Option<&'static str> {
    [
        (cli.mirror.is_some(), "--mirror"),
        (cli.offline, "--offline"),
        (cli.org_id.is_some(), "--org-id"),
        (cli.endpoint_url.is_some(), "--endpoint-url"),
        (cli.profile.is_some(), "--profile"),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}

fn bucket_input(cli: &Cli, conditions: &Conditions, bucket: &str, prefix: &str) -> Result<BucketInput, Fatal> {
    let is_name = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && !bucket.starts_with('.');
    if !is_name {
        return Err(Fatal::option(
            "--bucket",
            bucket,
            "not the name of a bucket; write it without s3:// and without a path",
        ));
    }
    if let Some(organisation) = &cli.org_id
        && !organisation.starts_with("o-")
    {
        return Err(Fatal::option("--org-id", organisation, "not an organisation; its id begins with o-"));
    }
    Ok(BucketInput {
        bucket: bucket.to_string(),
        prefix: as_folder(prefix),
        organisation: cli.org_id.clone(),
        accounts: conditions.accounts.clone(),
        regions: split_list(&conditions.regions),
        window: conditions.window,
        late_days: cli.late_days,
        mirror: match &cli.mirror {
            Some(folder) => folder.clone(),
            None => cache_folder()?.join("trail2tsv").join(bucket),
        },
        offline: cli.offline,
        connection: Connection {
            profile: cli.profile.clone(),
            endpoint_url: cli.endpoint_url.clone(),
            anonymous: cli.no_sign_request,
            request_payer: cli.request_payer,
        },
        downloads: match cli.jobs {
            Some(jobs) => Downloads { first: jobs.into(), most: jobs.into() },
            None => DOWNLOADS,
        },
    })
}

/// A prefix that ends at a folder, as people mean it.
fn as_folder(prefix: &str) -> String {
    match prefix.trim_matches('/') {
        "" => String::new(),
        inner => format!("{inner}/"),
    }
}

fn cache_folder() -> Result<PathBuf, Fatal> {
    etcetera::choose_base_strategy()
        .map(|strategy| strategy.cache_dir())
        .map_err(|_| Fatal::Usage("no home folder for the mirror; say where by --mirror DIR".into()))
}

/// The format that was named, or that the file's ending asks for.
fn format(named: Option<&str>, output: Option<&Path>) -> Result<Format, Fatal> {
    let by_name = |name: &str| match name.to_ascii_lowercase().as_str() {
        "tsv" => Some(Format::Tsv),
        "csv" => Some(Format::Csv),
        _ => None,
    };
    if let Some(name) = named {
        return by_name(name).ok_or_else(|| Fatal::option("--format", name, "not a format; write tsv or csv"));
    }
    let ending = output.and_then(|path| path.extension()).and_then(|ending| ending.to_str());
    match ending {
        Some(ending @ ("json" | "xlsx" | "jsonl" | "gz" | "parquet")) => Err(Fatal::option(
            "--output",
            &output.unwrap_or(Path::new("")).to_string_lossy(),
            format!("no format is known by the ending .{ending}; end it in .tsv or .csv, or name one by --format"),
        )),
        Some(ending) => Ok(by_name(ending).unwrap_or_default()),
        None => Ok(Format::Tsv),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn plan(arguments: &[&str]) -> Result<Task, Fatal> {
        let typed = ["trail2tsv"].iter().chain(arguments);
        let around = Surroundings { now: "2026-11-21T10:30:00Z".parse().unwrap(), cores: 2 };
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
