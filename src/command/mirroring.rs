//! Brings the mirrors of buckets up to date without reading events.

mod download_verifier;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::download_verifier::DownloadVerifier;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, DigestUse, Report, SyncTotals};
use crate::source::s3::bucket_source::BucketSource;
use crate::source::spec::BucketInput;
use crate::source::{LogSource, SourceItem};

/// Mirrors the buckets and returns the totals.
pub(super) fn mirror(buckets: &[BucketInput], report: &Report, stop: &Cancellation) -> Result<SyncTotals, Error> {
    let mut mirrored = SyncTotals::default();
    let verifier = Arc::new(DownloadVerifier::default());
    for input in buckets {
        let bucket = BucketSource::open(input, Some(verifier.clone()), report, stop)?;
        mirrored.digests = mirrored.digests.max(digest_use(input, bucket.has_other_digests()));
        let covered = mirror_one(bucket, report, stop)?;
        mirrored.fetched.add(&covered.fetched.unwrap_or_default());
        mirrored.late = mirrored.late.max(covered.late);
        mirrored.unread.extend(covered.unread);
    }
    Ok(mirrored)
}

/// Returns what a run does with the digests of a bucket.
pub(super) fn digest_use(input: &BucketInput, has_others: bool) -> DigestUse {
    match (input.digests, has_others) {
        (true, _) => DigestUse::Mirrored,
        (false, true) => DigestUse::LeftOut,
        (false, false) => DigestUse::None,
    }
}

/// Reports objects and errors until the bucket is mirrored.
fn mirror_one(bucket: BucketSource, report: &Report, stop: &Cancellation) -> Result<Coverage, Error> {
    let mut is_interrupted = stop.is_interrupted();
    let covered = Box::new(bucket).run(report, &mut |item| {
        match item {
            SourceItem::File(file) => report.detail(2, || file.name().into_owned()),
            SourceItem::Issue(issue) => report.issue(&issue),
            SourceItem::Note(text) => report.note(&text),
            SourceItem::Detail(text) => report.detail(1, || text),
            SourceItem::LeftOut(_) | SourceItem::Count(_) | SourceItem::Idle => {}
        }
        is_interrupted = stop.is_interrupted();
        if is_interrupted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if is_interrupted { Err(Error::Interrupted) } else { Ok(covered) }
}
