//! Where logs come from: the options, and the requests that they make.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use etcetera::BaseStrategy;

use super::key_list::key_list_input;
use super::number;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Error;
use crate::filter::options::{ACCOUNT, REGION};
use crate::filter::spec::FilterSpec;
use crate::source::aws::Connection;
use crate::source::event_history::selection::LookupSelection;
use crate::source::location::{Location, is_bucket_name};
use crate::source::spec::{BucketInput, Downloads, EventHistoryInput, Input};

/// Whether the event history is read, and how.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct EventHistoryArgs {
    /// Read the account's last 90 days; needs no trail
    ///
    /// Reads the management events of all regions, or of those of --region. AWS evaluates one of
    /// the conditions and can miss events; the last line says which. See --no-pushdown.
    #[arg(long)]
    pub event_history: bool,
    /// With --event-history, request all events and apply all conditions locally
    #[arg(long, hide_short_help = true)]
    pub no_pushdown: bool,
}

/// Which bucket is read, and how.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "From AWS")]
pub struct BucketArgs {
    /// Mirror the logs of this S3 bucket and read them
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Prefix before AWSLogs/ in the bucket
    #[arg(long, value_name = "PREFIX", hide_short_help = true)]
    pub prefix: Option<String>,
    /// Only accounts of this organisation (o-…)
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub org_id: Option<String>,
    /// Kinds of logs to read [default: cloudtrail]
    #[arg(long, value_enum, value_name = "KIND,…", value_delimiter = ',', hide_short_help = true)]
    pub kind: Vec<LogKind>,
    /// Folder of the local mirror [default: trail2tsv/BUCKET in the platform's cache folder]
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub mirror: Option<PathBuf>,
    /// Use only the local mirror; make no network requests
    #[arg(long, hide_short_help = true)]
    pub offline: bool,
    /// Read the objects and files of this list, in its order; - for standard input
    ///
    /// An s3://BUCKET/KEY or a path a line, as trail2tsv keys writes them, or separated by NUL.
    /// Nothing else is listed. Downloaded copies are removed after reading, unless --mirror
    /// keeps them; the bucket is never changed.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub keys_from: Option<PathBuf>,
    /// Days after --until to search for late deliveries, at most 30
    /// [default: 1; with --offline, all days in the mirror]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = number(0..=30_u32), hide_short_help = true)]
    pub late_days: Option<u32>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "the group of its type")]
    pub history: EventHistoryArgs,
    /// AWS profile to use
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Use this endpoint instead of that of AWS
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub endpoint_url: Option<String>,
    /// Do not sign requests; for public buckets
    #[arg(long, hide_short_help = true)]
    pub no_sign_request: bool,
    /// Accept charges for requests to a requester-pays bucket
    #[arg(long, hide_short_help = true)]
    pub request_payer: bool,
    /// Concurrent downloads [default: adaptive, starting at 64]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = number(1..=1000_u16), hide_short_help = true)]
    pub jobs: Option<u16>,
}

/// Log files are usually delivered within minutes.
const LATE_DAYS: u32 = 1;

/// Environment variable that sets the read timeout, in seconds.
const READ_TIMEOUT: &str = "TRAIL2TSV_READ_TIMEOUT";

const DOWNLOADS: Downloads = Downloads { initial: 64, max: 256 };

/// The limits on concurrent downloads.
pub(super) fn downloads(args: &BucketArgs) -> Downloads {
    args.jobs.map_or(DOWNLOADS, |jobs| Downloads { initial: jobs.into(), max: jobs.into() })
}

/// What the named paths and the options of a bucket ask to be read.
pub fn inputs(paths: &[PathBuf], args: &BucketArgs, conditions: &FilterSpec) -> Result<Vec<Input>, Error> {
    if let Some(list) = &args.keys_from {
        return Ok(vec![key_list_input(list, paths, args, conditions)?]);
    }
    let mut inputs = Vec::new();
    if args.prefix.is_some() && args.bucket.is_none() {
        return Err(Error::about("--prefix", " requires --bucket; with s3://… put the prefix in the address"));
    }
    if let Some(bucket) = &args.bucket {
        let location = Location::new(bucket.as_str(), args.prefix.as_deref().unwrap_or_default());
        inputs.push(Input::Bucket(Box::new(bucket_input(args, conditions, &location)?)));
    }
    if args.history.event_history {
        inputs.push(Input::EventHistory(Box::new(event_history_input(args, conditions)?)));
    } else if args.history.no_pushdown {
        return Err(Error::about("--no-pushdown", " needs --event-history"));
    }
    for path in paths {
        inputs.push(match path.to_str().and_then(Location::parse) {
            Some(location) => Input::Bucket(Box::new(bucket_input(args, conditions, &location)?)),
            None if path.as_os_str() == "-" => Input::Stdin,
            None => Input::Path(path.clone()),
        });
    }
    if inputs.iter().filter(|input| matches!(input, Input::Stdin)).count() > 1 {
        return Err(Error::usage("standard input (-) can be read only once"));
    }
    let has_bucket = inputs.iter().any(|input| matches!(input, Input::Bucket(_)));
    if !has_bucket && let Some(option) = bucket_option(args) {
        return Err(Error::about(option, " needs --bucket BUCKET or s3://BUCKET/PREFIX"));
    }
    Ok(inputs)
}

/// An option that was given and means nothing without a bucket.
fn bucket_option(args: &BucketArgs) -> Option<&'static str> {
    let has_history = args.history.event_history;
    [
        (args.mirror.is_some(), "--mirror"),
        (args.offline, "--offline"),
        (args.org_id.is_some(), "--org-id"),
        (!args.kind.is_empty(), "--kind"),
        (args.endpoint_url.is_some() && !has_history, "--endpoint-url"),
        (args.profile.is_some() && !has_history, "--profile"),
        (args.no_sign_request, "--no-sign-request"),
        (args.request_payer, "--request-payer"),
        (args.late_days.is_some(), "--late-days"),
        (args.jobs.is_some(), "--jobs"),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}

pub(crate) fn bucket_input(
    args: &BucketArgs,
    conditions: &FilterSpec,
    location: &Location,
) -> Result<BucketInput, Error> {
    let bucket = &*location.bucket;
    if !is_bucket_name(bucket) {
        return Err(match args.bucket.as_deref() == Some(bucket) {
            true => {
                let right = "not the name of a bucket; write it without s3:// and without a path";
                Error::option("--bucket", bucket, right)
            }
            false => Error::usage(format!("{location}: {bucket:?} is not the name of a bucket")),
        });
    }
    if let Some(organisation) = &args.org_id
        && !organisation.starts_with("o-")
    {
        return Err(Error::option("--org-id", organisation, "not an organisation id; write one such as o-a1b2c3d4e5"));
    }
    Ok(BucketInput {
        location: Location { bucket: Arc::clone(&location.bucket), key: as_folder(&location.key) },
        organisation: args.org_id.clone(),
        kinds: args.kind.clone(),
        digests: false,
        accounts: conditions.options.list(ACCOUNT),
        regions: conditions.options.list(REGION),
        also_region: None,
        window: conditions.window,
        // What is in the mirror costs no request.
        late_days: args.late_days.or(if args.offline { None } else { Some(LATE_DAYS) }),
        mirror: match &args.mirror {
            Some(folder) => folder.clone(),
            None => cache_folder()?.join("trail2tsv").join(bucket),
        },
        offline: args.offline,
        connection: connection(args, args.no_sign_request)?,
        request_payer: args.request_payer,
        downloads: downloads(args),
        may_be_empty: false,
    })
}

fn event_history_input(args: &BucketArgs, conditions: &FilterSpec) -> Result<EventHistoryInput, Error> {
    let selection = LookupSelection::of(conditions).filter(|_| !args.history.no_pushdown);
    Ok(EventHistoryInput {
        regions: conditions.options.list(REGION),
        window: conditions.window,
        now: conditions.now,
        selection,
        // Its requests are always signed.
        connection: connection(args, false)?,
        interval: lookup_interval(),
    })
}

pub(crate) fn connection(args: &BucketArgs, anonymous: bool) -> Result<Connection, Error> {
    Ok(Connection {
        profile: args.profile.clone(),
        endpoint_url: args.endpoint_url.clone(),
        anonymous,
        read_timeout: read_timeout()?,
    })
}

/// CloudTrail accepts two requests a second from each account and region. Tests set another
/// interval, in milliseconds.
fn lookup_interval() -> Duration {
    const DEFAULT: Duration = Duration::from_millis(500);
    let typed = std::env::var("_TRAIL2TSV_LOOKUP_INTERVAL").ok().and_then(|typed| typed.parse().ok());
    typed.map_or(DEFAULT, Duration::from_millis)
}

/// Long enough for any answer of S3, and short enough for people who wait.
pub(super) fn read_timeout() -> Result<Duration, Error> {
    const DEFAULT: Duration = Duration::from_secs(30);
    let Some(typed) = std::env::var_os(READ_TIMEOUT) else { return Ok(DEFAULT) };
    let typed = typed.to_string_lossy();
    let seconds = typed.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| Error::option(READ_TIMEOUT, &typed, "must be a number of seconds from 1 to 3600"))
}

/// Normalizes a prefix to end with a slash, or to be empty.
fn as_folder(prefix: &str) -> String {
    match prefix.trim_matches('/') {
        "" => String::new(),
        inner => format!("{inner}/"),
    }
}

fn cache_folder() -> Result<PathBuf, Error> {
    etcetera::choose_base_strategy()
        .map(|strategy| strategy.cache_dir())
        .map_err(|_| Error::usage("no home folder for the mirror; choose a folder with --mirror DIR"))
}
