//! Where events come from: files, standard input, buckets and their mirrors.

use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy;

use super::Conditions;
use crate::cli;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Fatal;
use crate::syntax::glob::split_list;
use crate::syntax::window::Window;

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
    /// The kinds of logs; where empty, that which the prefix names, or the usual one.
    pub kinds: Vec<LogKind>,
    /// Accounts, as patterns; all where empty.
    pub accounts: Vec<String>,
    /// Regions, as patterns; all where empty.
    pub regions: Vec<String>,
    /// The time that events are wanted from.
    pub window: Window,
    /// How many days after the window late deliveries are looked for; without a
    /// number, in all days that there are.
    pub late_days: Option<u32>,
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
    /// How long nothing may come before it is asked for again.
    pub patience: Duration,
}

/// What is delivered is usually there within minutes.
const LATE_DAYS: u32 = 1;

/// A variable of the environment that sets that, in seconds.
const PATIENCE: &str = "TRAIL2TSV_PATIENCE";

const DOWNLOADS: Downloads = Downloads { first: 64, most: 256 };

/// What the named paths and the options of a bucket ask to be read.
pub(super) fn inputs(paths: &[PathBuf], typed: &cli::Bucket, conditions: &Conditions) -> Result<Vec<Input>, Fatal> {
    let mut inputs = Vec::new();
    if typed.prefix.is_some() && typed.bucket.is_none() {
        return Err(Fatal::Usage("--prefix needs --bucket BUCKET; an address has its own, s3://BUCKET/PREFIX".into()));
    }
    if let Some(bucket) = &typed.bucket {
        let prefix = typed.prefix.as_deref().unwrap_or_default();
        inputs.push(Input::Bucket(Box::new(bucket_input(typed, conditions, bucket, prefix)?)));
    }
    for path in paths {
        inputs.push(match path.to_str().and_then(|text| text.strip_prefix("s3://")) {
            Some(address) => {
                let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
                Input::Bucket(Box::new(bucket_input(typed, conditions, bucket, prefix)?))
            }
            None if path.as_os_str() == "-" => Input::Stdin,
            None => Input::Path(path.clone()),
        });
    }
    if inputs.iter().filter(|input| matches!(input, Input::Stdin)).count() > 1 {
        return Err(Fatal::Usage("standard input (-) can be read only once".into()));
    }
    let has_bucket = inputs.iter().any(|input| matches!(input, Input::Bucket(_)));
    if !has_bucket && let Some(option) = bucket_option(typed) {
        return Err(Fatal::Usage(format!("{option} needs --bucket BUCKET or s3://BUCKET/PREFIX")));
    }
    Ok(inputs)
}

/// An option that was given and means nothing without a bucket.
fn bucket_option(typed: &cli::Bucket) -> Option<&'static str> {
    [
        (typed.mirror.is_some(), "--mirror"),
        (typed.offline, "--offline"),
        (typed.org_id.is_some(), "--org-id"),
        (!typed.kind.is_empty(), "--kind"),
        (typed.endpoint_url.is_some(), "--endpoint-url"),
        (typed.profile.is_some(), "--profile"),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}

fn bucket_input(
    typed: &cli::Bucket,
    conditions: &Conditions,
    bucket: &str,
    prefix: &str,
) -> Result<BucketInput, Fatal> {
    let is_name = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && !bucket.starts_with('.');
    if !is_name {
        return Err(match typed.bucket.as_deref() == Some(bucket) {
            true => {
                let right = "not the name of a bucket; write it without s3:// and without a path";
                Fatal::option("--bucket", bucket, right)
            }
            false => Fatal::Usage(format!("s3://{bucket}/{prefix}: {bucket:?} is not the name of a bucket")),
        });
    }
    if let Some(organisation) = &typed.org_id
        && !organisation.starts_with("o-")
    {
        return Err(Fatal::option("--org-id", organisation, "not an organisation; its id begins with o-"));
    }
    Ok(BucketInput {
        bucket: bucket.to_string(),
        prefix: as_folder(prefix),
        organisation: typed.org_id.clone(),
        kinds: typed.kind.clone(),
        accounts: conditions.accounts.clone(),
        regions: split_list(&conditions.regions),
        window: conditions.window,
        // What is in the mirror costs no request.
        late_days: typed.late_days.or(if typed.offline { None } else { Some(LATE_DAYS) }),
        mirror: match &typed.mirror {
            Some(folder) => folder.clone(),
            None => cache_folder()?.join("trail2tsv").join(bucket),
        },
        offline: typed.offline,
        connection: Connection {
            profile: typed.profile.clone(),
            endpoint_url: typed.endpoint_url.clone(),
            anonymous: typed.no_sign_request,
            request_payer: typed.request_payer,
            patience: patience()?,
        },
        downloads: match typed.jobs {
            Some(jobs) => Downloads { first: jobs.into(), most: jobs.into() },
            None => DOWNLOADS,
        },
    })
}

/// Long enough for any answer of S3, and short enough for people who wait.
fn patience() -> Result<Duration, Fatal> {
    const DEFAULT: Duration = Duration::from_secs(30);
    let Some(typed) = std::env::var_os(PATIENCE) else { return Ok(DEFAULT) };
    let typed = typed.to_string_lossy();
    let seconds = typed.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| Fatal::option(PATIENCE, &typed, "not a number of seconds to 3600"))
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
