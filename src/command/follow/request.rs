//! What the options ask for: which events, how new objects are noticed, and where rows go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use super::args::{FollowArgs, FollowOutputArgs};
use crate::cli::source::{BucketArgs, bucket_input};
use crate::command::Context;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::filter::jq::expression::OutputKind;
use crate::sink::hec::{HecSettings, HecToken};
use crate::sink::rotating_file::FileRotation;
use crate::source::aws::Connection;
use crate::source::location::Location;
use crate::source::spec::BucketInput;
use crate::syntax::glob::split_list;
use crate::syntax::window::Window;
use crate::table::layout::{Format, TableLayout};

/// A request to follow a trail.
#[derive(Clone, Debug)]
pub(super) struct FollowRequest {
    /// The events to write.
    pub(super) reading: ReadRequest,
    /// How new objects are noticed.
    pub(super) arrival: ArrivalSource,
    /// The bucket and prefix that the user named; `None` for the buckets of the queue.
    pub(super) named: Option<Location>,
    /// Options for any bucket.
    bucket: BucketArgs,
    pub(super) layout: TableLayout,
    /// Where rows go.
    pub(super) destination: FollowDestination,
    /// Whether to leave out events that were written before.
    pub(super) dedupe: bool,
    /// Whether objects are removed from the mirror when they are written.
    pub(super) discard: bool,
    /// Folder of the journal.
    pub(super) journal: PathBuf,
    pub(super) connection: Connection,
    /// Write what was delivered since this time, before what is new.
    pub(super) since: Option<Timestamp>,
}

/// How new objects are noticed.
#[derive(Clone, Debug)]
pub(super) enum ArrivalSource {
    /// By the messages of a queue.
    Queue(String),
    /// By listing a bucket, with this time between two listings.
    Poll(Location, Duration),
}

/// Where rows go.
#[derive(Clone, Debug)]
pub(super) enum FollowDestination {
    /// Standard output.
    Stdout,
    /// A series of files.
    Files(PathBuf, FileRotation),
    /// Splunk's HTTP Event Collector.
    Collector(Box<HecSettings>),
}

impl FollowRequest {
    /// Checks the options.
    pub(super) fn new(args: FollowArgs, context: &Context) -> Result<FollowRequest, Error> {
        let zone = args.output.format.zone()?;
        let mut filter = args.filter.spec(&args.scope, context.now, &zone)?;
        reject_options(&args, filter.window)?;
        let named = named(&args)?;
        let arrival = arrival(&args, named.as_ref())?;
        // It says where to begin. Later, events of any time can be delivered.
        let since = std::mem::take(&mut filter.window).since;
        if named.is_none() && since.is_some() {
            return Err(Error::about("--since", " with --queue needs --bucket, to list what was delivered before"));
        }
        let layout = layout(&args, zone, context)?;
        let destination = destination(&args.output)?;
        let mut request = FollowRequest {
            reading: ReadRequest {
                inputs: Vec::new(),
                filter,
                outputs: Vec::new(),
                threads: args.work.threads(context.cores),
                verbosity: args.verbosity.verbosity(),
            },
            arrival,
            named,
            bucket: args.bucket,
            layout,
            destination,
            dedupe: args.output.dedupe,
            discard: args.arrival.discard,
            journal: PathBuf::new(),
            connection: Connection::default(),
            since,
        };
        // The connection is the same for every bucket.
        let any = request.named.clone().unwrap_or_else(|| Location::new("any-bucket", ""));
        request.connection = request.bucket_of(&any)?.connection;
        request.journal = match args.arrival.journal {
            Some(folder) => folder,
            None => state_folder()?.join("trail2tsv").join("follow").join(request.identity()),
        };
        Ok(request)
    }

    /// The request for a bucket: the one that was named, or one that the queue names.
    pub(super) fn bucket_of(&self, location: &Location) -> Result<BucketInput, Error> {
        let input = bucket_input(&self.bucket, &self.reading.filter, location)?;
        if self.named.is_some() || self.bucket.mirror.is_none() {
            return Ok(input);
        }
        // The objects of several buckets cannot be in one folder.
        Ok(BucketInput { mirror: input.mirror.join(&*location.bucket), ..input })
    }

    /// The request to list what was delivered since a time, by the days of its folders.
    pub(super) fn bucket_since(&self, location: &Location, since: Option<Timestamp>) -> Result<BucketInput, Error> {
        let window = Window { since, until: None };
        Ok(BucketInput { window, may_be_empty: true, ..self.bucket_of(location)? })
    }

    /// The time since which a listing looks for objects that are delivered late, counted back
    /// from `time`.
    pub(super) fn listed_since(&self, time: Timestamp) -> Timestamp {
        start_of_day(time, self.late_days())
    }

    /// Number of days for which objects are remembered: SQS keeps messages for 14 days, and a
    /// listing reaches back for late deliveries.
    pub(super) fn remembered_days(&self) -> i64 {
        match self.arrival {
            ArrivalSource::Queue(_) => 15,
            ArrivalSource::Poll(..) => self.late_days() + 2,
        }
    }

    fn late_days(&self) -> i64 {
        self.bucket.late_days.unwrap_or(1).into()
    }

    /// The start of the days for which objects are remembered.
    pub(super) fn remembered_since(&self, time: Timestamp) -> Timestamp {
        start_of_day(time, self.remembered_days())
    }

    /// The layout for what the jq expression can output. Returns an error if the two contradict
    /// each other.
    pub(super) fn layout_for(&self, output_kind: OutputKind) -> Result<TableLayout, Error> {
        let mut layout = self.layout.clone();
        layout.header &= output_kind == OutputKind::Boolean;
        if output_kind == OutputKind::Value && !layout.columns.is_empty() && !layout.set.contains(&"columns") {
            return Err(Error::about("--columns", ": the --jq expression writes its own lines; leave out --columns"));
        }
        if output_kind == OutputKind::Value {
            layout.columns.clear();
        }
        if output_kind != OutputKind::Boolean && layout.excel {
            return Err(Error::about("--excel", ": the --jq expression must only select events"));
        }
        Ok(layout)
    }

    /// A name for the journal of this source and this destination, as two followers that write
    /// to different places must not share one.
    fn identity(&self) -> String {
        let source = match &self.arrival {
            ArrivalSource::Queue(queue) => queue.clone(),
            ArrivalSource::Poll(bucket, _) => bucket.to_string(),
        };
        let digest: [u8; 32] = Sha256::digest(format!("{source}\n{}", self.destination.name())).into();
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FollowDestination {
    fn name(&self) -> String {
        match self {
            FollowDestination::Stdout => "-".into(),
            FollowDestination::Files(path, _) => {
                // The same file has the same journal, whatever the folder that it is named from.
                std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
            }
            FollowDestination::Collector(settings) => settings.url.to_string(),
        }
    }
}

/// Rejects options that only a run with an end can have.
fn reject_options(args: &FollowArgs, window: Window) -> Result<(), Error> {
    let no_end = " cannot be used with follow, which has no end";
    let history = " cannot be used with follow; run trail2tsv --event-history periodically instead";
    let rejected = [
        (window.until.is_some(), "--until", no_end),
        (args.bucket.offline, "--offline", " cannot be used with follow"),
        (args.work.report.is_some(), "--report", no_end),
        (args.bucket.keys_from.is_some(), "--keys-from", " cannot be used with follow"),
        (args.bucket.history.event_history, "--event-history", history),
    ];
    match rejected.into_iter().find(|(is_typed, ..)| *is_typed) {
        Some((_, option, reason)) => Err(Error::about(option, reason)),
        None => Ok(()),
    }
}

/// How the options say that new objects are noticed.
fn arrival(args: &FollowArgs, named: Option<&Location>) -> Result<ArrivalSource, Error> {
    const INTERVAL: Duration = Duration::from_secs(60);
    match (&args.arrival.queue, named) {
        (Some(queue), _) => Ok(ArrivalSource::Queue(queue.clone())),
        (None, Some(bucket)) => Ok(ArrivalSource::Poll(bucket.clone(), args.arrival.poll.unwrap_or(INTERVAL))),
        (None, None) => Err(Error::usage("follow needs --queue QUEUE, or --bucket BUCKET to poll")),
    }
}

/// Where the options say that rows go.
fn destination(args: &FollowOutputArgs) -> Result<FollowDestination, Error> {
    const ROTATION: &str = "100M,1h";
    if let Some(url) = &args.hec {
        let token = HecToken::load(args.hec_token_file.as_deref())?;
        let settings = HecSettings::new(url, token)?;
        let (index, host) = (args.hec_index.clone(), args.hec_host.clone());
        return Ok(FollowDestination::Collector(Box::new(HecSettings { index, host, ..settings })));
    }
    match &args.format.output {
        Some(path) if path.as_os_str() != "-" => {
            let rotation = args.rotate.as_deref().unwrap_or(ROTATION).parse()?;
            Ok(FollowDestination::Files(path.clone(), rotation))
        }
        _ if args.rotate.is_some() => Err(Error::about("--rotate", " needs -o FILE")),
        _ => Ok(FollowDestination::Stdout),
    }
}

/// The bucket and prefix that were named.
fn named(args: &FollowArgs) -> Result<Option<Location>, Error> {
    let prefix = args.bucket.prefix.as_deref();
    match (&args.bucket.bucket, &args.address) {
        (Some(_), Some(address)) => Err(Error::option("--bucket", address, "follow reads one bucket; leave one out")),
        (Some(bucket), None) => Ok(Some(Location::new(bucket.as_str(), prefix.unwrap_or_default()))),
        (None, _) if prefix.is_some() => {
            Err(Error::about("--prefix", " requires --bucket; with s3://… put the prefix in the address"))
        }
        (None, Some(address)) => Location::parse(address)
            .map(Some)
            .ok_or_else(|| Error::usage(format!("{address:?}: not a bucket; write s3://BUCKET/PREFIX"))),
        (None, None) => Ok(None),
    }
}

fn layout(args: &FollowArgs, zone: TimeZone, context: &Context) -> Result<TableLayout, Error> {
    let format = &args.output.format;
    // Rows are written as they come, so they cannot be aligned, even on a terminal.
    let layout = format.layout(zone, context.settings.names(), context.terminal, context.columns, false)?;
    if args.output.hec.is_some() {
        return Ok(TableLayout { format: Format::Json, columns: Vec::new(), ..layout });
    }
    let refused = match layout.format {
        Format::Tsv | Format::Csv | Format::Json => None,
        Format::Table => Some("table"),
        Format::Xlsx => Some("xlsx"),
        Format::Parquet => Some("parquet"),
        Format::Sqlite => Some("sqlite"),
    };
    if let Some(name) = refused {
        return Err(Error::option("--format", name, "follow writes rows as they come; use tsv, csv or json"));
    }
    Ok(TableLayout { columns: split_list(&args.output.columns), ..layout })
}

/// The start of the day in UTC that is some days before a time.
fn start_of_day(time: Timestamp, days: i64) -> Timestamp {
    let date = time.to_zoned(TimeZone::UTC).date().saturating_sub(days.days());
    date.to_zoned(TimeZone::UTC).map_or(time, |day| day.timestamp())
}

fn state_folder() -> Result<PathBuf, Error> {
    let strategy = etcetera::choose_base_strategy()
        .map_err(|_| Error::usage("no home folder for the journal; choose a folder with --journal DIR"))?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
}

/// Whether a path is below a prefix of keys.
pub(super) fn is_below(key: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_matches('/');
    prefix.is_empty() || Path::new(key).starts_with(prefix)
}
