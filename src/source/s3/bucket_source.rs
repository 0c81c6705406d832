//! Yields the files of a mirror in key order while they are downloaded.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::download_threads::{DownloadThreads, StartedDownload};
use super::mirror::Mirror;
use super::{
    ConnectedBucket, MirrorItem, MirrorTasks, ObjectVerifier, PendingObject, Refetch, connect, fetch, no_threads,
};
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, Report, count};
use crate::source::aws;
use crate::source::location::Location;
use crate::source::spec::BucketInput;
use crate::source::{LogFile, LogSource, SourceItem};

/// A bucket that is being mirrored.
#[derive(Debug)]
pub struct BucketSource {
    /// The address that the user gave, which may be that of a single object.
    named: Location,
    shared: Arc<MirrorTasks>,
    arrivals: mpsc::Receiver<PendingObject>,
    /// The next object in key order, while its download is running.
    pending: Option<StartedDownload>,
    /// How far the run searches for late deliveries; `None` if that does not apply.
    late: Option<LateSearch>,
    /// Log kinds that the bucket contains and the user did not request.
    unread: BTreeSet<LogKind>,
    /// Whether the bucket contains digests that the user did not request.
    has_other_digests: bool,
    /// Threads that run the downloads. Dropping them cancels the downloads.
    _threads: DownloadThreads,
    runtime: Arc<Runtime>,
}

/// Result of [`BucketSource::next`].
enum NextItem {
    Arrived(MirrorItem),
    /// The next item was not ready in time.
    Wait,
    /// The last item has been returned.
    End,
}

impl BucketSource {
    /// Connects, finds the folders that contain logs, and starts to mirror them. `verifier`
    /// checks objects for which S3 has no checksum; `stop` cancels the connection attempt.
    pub fn open(
        input: &BucketInput,
        verifier: Option<Arc<dyn ObjectVerifier>>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<BucketSource, Error> {
        let mirror = Mirror::open(&input.mirror, &input.location.bucket)?;
        let ConnectedBucket { runtime, shared, found } = connect(input, mirror, verifier, report, stop)?;
        // Number of objects that downloads may be ahead of the decoder.
        const AHEAD: usize = 4096;
        let (sender, arrivals) = mpsc::channel(AHEAD);
        let threads = DownloadThreads::open(&shared, aws::THREADS).map_err(no_threads)?;
        let named = shared.client.location(input.location.object_key());
        let (late, unread) = (found.late(&shared.scope), found.unread.clone());
        let has_other_digests = found.has_other_digests;
        runtime.spawn(fetch::all(Arc::clone(&shared), threads.starter(), found, sender));
        let (pending, runtime) = (None, Arc::new(runtime));
        let _threads = threads;
        Ok(BucketSource { named, shared, arrivals, pending, late, unread, has_other_digests, _threads, runtime })
    }

    /// Returns whether the bucket contains digests that the user did not request.
    pub fn has_other_digests(&self) -> bool {
        self.has_other_digests
    }

    /// Returns the next item in key order, or [`NextItem::Wait`] after `timeout`.
    fn next(&mut self, timeout: Duration) -> NextItem {
        /// Objects arrive in quick succession, and one wake-up for several of them is enough.
        const PAUSE: Duration = Duration::from_millis(1);
        let BucketSource { runtime, pending, arrivals, .. } = self;
        let at_once = async {
            tokio::select! {
                biased;
                item = next_item(pending, arrivals) => Some(item),
                () = std::future::ready(()) => None,
            }
        };
        let item = runtime.block_on(at_once).or_else(|| {
            std::thread::sleep(PAUSE);
            runtime.block_on(async { tokio::time::timeout(timeout, next_item(pending, arrivals)).await.ok() })
        });
        match item {
            Some(Some(item)) => NextItem::Arrived(item),
            Some(None) => NextItem::End,
            None => NextItem::Wait,
        }
    }

    /// Converts an item. Returns an error if it ends the run.
    fn item(&self, arrived: MirrorItem) -> Result<SourceItem, Error> {
        Ok(match arrived {
            MirrorItem::Object { path, location } => {
                let refetch = Refetch { shared: Arc::clone(&self.shared), runtime: Arc::clone(&self.runtime) };
                let (refetch, below) = (Some(refetch), self.shared.mirror.root().cloned());
                let is_named = location == self.named;
                SourceItem::File(LogFile { refetch, below, is_named, ..LogFile::object(path, location) })
            }
            MirrorItem::TooOld => SourceItem::too_old(),
            MirrorItem::Issue(issue) => SourceItem::Issue(issue),
            MirrorItem::Note(text) => SourceItem::Note(text),
            MirrorItem::Fatal(fatal) => return Err(fatal),
        })
    }

    /// Returns a one-sentence summary of the requests.
    fn request_summary(&self) -> String {
        let fetched = self.shared.fetched();
        format!(
            "{}: {} listed; {}",
            self.shared.client.location(""),
            count(fetched.known, "object"),
            fetched.requests()
        )
    }
}

/// Waits for the next item in key order; `None` at the end. Nothing is lost if the wait ends early.
async fn next_item(
    pending: &mut Option<StartedDownload>,
    arrivals: &mut mpsc::Receiver<PendingObject>,
) -> Option<MirrorItem> {
    if pending.is_none() {
        match arrivals.recv().await? {
            PendingObject::Ready(item) => return Some(item),
            PendingObject::Downloading(download) => *pending = Some(download),
        }
    }
    let item = pending.as_mut()?.item().await;
    *pending = None;
    Some(item)
}

impl LogSource for BucketSource {
    fn run(
        mut self: Box<Self>,
        report: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        const POLL_INTERVAL: Duration = Duration::from_millis(50);
        let mut shown = Instant::now();
        loop {
            let item = match self.next(POLL_INTERVAL) {
                NextItem::Arrived(arrived) => self.item(arrived)?,
                NextItem::Wait => SourceItem::Idle,
                NextItem::End => {
                    report.detail(1, || self.request_summary());
                    break;
                }
            };
            let flow = each(item);
            if shown.elapsed() > POLL_INTERVAL {
                report.fetching(&self.shared.fetched());
                shown = Instant::now();
            }
            if flow.is_break() {
                break;
            }
        }
        let BucketSource { shared, late, unread, .. } = *self;
        Ok(Coverage { fetched: Some(shared.fetched()), late, unread, ..Coverage::default() })
    }
}
