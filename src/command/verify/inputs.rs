//! What is verified: folders, and buckets, which are mirrored first with their digests.

use std::path::PathBuf;

use crate::cli::digests::with_digests;
use crate::cli::source::{BucketArgs, bucket_input, connection};
use crate::command::mirroring::mirror;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::filter::spec::FilterSpec;
use crate::report::{Report, SyncTotals};
use crate::source::aws::Connection;
use crate::source::location::Location;
use crate::source::s3::mirror::Mirror;
use crate::source::spec::BucketInput;

/// What is verified.
#[derive(Debug)]
pub(super) struct VerifyInputs {
    /// Folders: mirrors, or parts of them.
    folders: Vec<PathBuf>,
    /// Buckets with their digests.
    buckets: Vec<BucketInput>,
    /// How AWS is reached; `None` if nothing is requested.
    pub(super) connection: Option<Connection>,
}

impl VerifyInputs {
    /// Takes the inputs from the command line.
    pub(super) fn new(paths: &[PathBuf], args: &BucketArgs, conditions: &FilterSpec) -> Result<VerifyInputs, Error> {
        if let Some(option) = refused_option(args) {
            return Err(Error::about(option, " cannot be used with verify"));
        }
        let prefix = args.prefix.as_deref().unwrap_or_default();
        let mut locations: Vec<Location> =
            args.bucket.iter().map(|bucket| Location::new(bucket.as_str(), prefix)).collect();
        let mut folders = Vec::new();
        for path in paths {
            match path.to_str().and_then(Location::parse) {
                Some(location) => locations.push(location),
                None if path.as_os_str() == "-" => {
                    return Err(Error::usage("-: neither a folder nor a bucket"));
                }
                None => folders.push(path.clone()),
            }
        }
        if args.prefix.is_some() && args.bucket.is_none() {
            return Err(Error::about("--prefix", " requires --bucket; with s3://… put the prefix in the address"));
        }
        if locations.is_empty()
            && let Some(option) = bucket_option(args)
        {
            return Err(Error::about(option, " needs --bucket BUCKET or s3://BUCKET/PREFIX"));
        }
        if locations.is_empty() && folders.is_empty() {
            return Err(Error::usage("verify needs the folder of a mirror, --bucket BUCKET or s3://BUCKET/PREFIX"));
        }
        let buckets = locations.iter().map(|location| bucket_input(args, conditions, location).map(with_digests));
        let connection = if args.offline { None } else { Some(connection(args, false)?) };
        Ok(VerifyInputs { folders, buckets: buckets.collect::<Result<_, _>>()?, connection })
    }

    /// Brings the mirrors of the buckets up to date. Returns the totals, if anything was to be
    /// done.
    pub(super) fn mirror(&self, report: &Report, stop: &Cancellation) -> Result<Option<SyncTotals>, Error> {
        if self.connection.is_some() && !self.buckets.is_empty() {
            return mirror(&self.buckets, report, stop).map(Some);
        }
        for bucket in &self.buckets {
            // The mirror of another bucket is refused.
            Mirror::at(&bucket.mirror, &bucket.location.bucket)?;
        }
        Ok(None)
    }

    /// The inputs, as the user knows them.
    pub(super) fn names(&self) -> Vec<String> {
        let folders = self.folders.iter().map(|folder| folder.display().to_string());
        folders.chain(self.buckets.iter().map(|bucket| bucket.location.to_string())).collect()
    }

    /// The folders to verify: those that were named, and the mirrors of buckets.
    pub(super) fn all_folders(&self) -> Vec<PathBuf> {
        let mirrored = self.buckets.iter().map(|bucket| match bucket.location.object_key() {
            "" => bucket.mirror.clone(),
            prefix => bucket.mirror.join(prefix),
        });
        self.folders.iter().cloned().chain(mirrored).collect()
    }
}

/// An option that was given and does not apply to `verify`.
fn refused_option(args: &BucketArgs) -> Option<&'static str> {
    [
        (args.history.event_history, "--event-history"),
        (args.history.no_pushdown, "--no-pushdown"),
        (args.keys_from.is_some(), "--keys-from"),
        // Digests list logs of all kinds.
        (!args.kind.is_empty(), "--kind"),
        (args.org_id.is_some(), "--org-id"),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}

/// An option that was given and does not apply without a bucket.
fn bucket_option(args: &BucketArgs) -> Option<&'static str> {
    [
        (args.mirror.is_some(), "--mirror"),
        (args.late_days.is_some(), "--late-days"),
        (args.no_sign_request, "--no-sign-request"),
        (args.request_payer, "--request-payer"),
        (args.jobs.is_some(), "--jobs"),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}
