//! Lists the objects that a window needs and reports which ones the mirror lacks, without
//! downloading.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::Date;

use super::listed_pages::{Listed, list_pages};
use super::mirror::Mirror;
use super::{ConnectedBucket, connect, unless_stopped};
use crate::cloudtrail::keys::KeyPlace;
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind::LogKind;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::report::{DownloadTotals, Report};
use crate::source::s3::object_batch::Object;
use crate::source::s3::object_filter::{ObjectFilter, ObjectState};
use crate::source::spec::BucketInput;

/// Time between two updates of the progress.
const REFRESH: Duration = Duration::from_millis(100);

/// Objects of one account, kind, region and day.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DayTotals {
    /// Account, or empty if the keys do not contain one.
    pub account: String,
    /// Region, or empty if the keys do not contain one.
    pub region: String,
    /// Day of delivery; `None` if the keys do not contain one.
    pub date: Option<Date>,
    /// Folder of the kind of logs, or empty if the keys do not contain one.
    pub kind: String,
    /// Number of objects that the mirror lacks.
    pub objects: u64,
    /// Total size of these objects, in bytes.
    pub bytes: u64,
    /// Number of objects that the mirror has.
    pub present: u64,
    /// Number of archived objects that the mirror lacks and that must be restored before a
    /// download.
    pub archived: u64,
}

/// An event of a dry run, in key order.
#[derive(Debug)]
pub enum DryRunEvent {
    /// Totals of one day.
    Day(DayTotals),
    /// An object or a part of the listing that cannot be listed or mirrored.
    Issue(Issue),
}

/// Result of a dry run.
#[derive(Debug)]
pub struct DryRunResult {
    /// Number of objects listed and already present.
    pub fetched: DownloadTotals,
    /// How far the run searched for late deliveries; `None` if that does not apply.
    pub late: Option<LateSearch>,
    /// Log kinds that exist and were not requested.
    pub unread: BTreeSet<LogKind>,
    /// Whether digests exist that were not requested.
    pub has_other_digests: bool,
}

/// Lists the objects and calls `each` for every event. Returns an error if listing fails or
/// `each` does.
pub fn dry_run(
    input: &BucketInput,
    report: &Report,
    stop: &Cancellation,
    each: impl FnMut(DryRunEvent) -> Result<(), Error>,
) -> Result<DryRunResult, Error> {
    let ConnectedBucket { runtime, shared, found } =
        connect(input, Mirror::at(&input.mirror, &input.location.bucket)?, None, report, stop)?;
    let (late, unread, has_other_digests) = (found.late(&shared.scope), found.unread.clone(), found.has_other_digests);
    let mut run = DryRun { filter: ObjectFilter::new(Arc::clone(&shared)), day: DayTotals::default(), each };
    let mut shown = Instant::now();
    let pages = list_pages(&shared, found, |listed| {
        match listed {
            Listed::Failed(issue) => (run.each)(DryRunEvent::Issue(issue))?,
            Listed::Page(page) => page.objects().try_for_each(|object| run.add(&object))?,
        }
        if shown.elapsed() > REFRESH {
            report.fetching(&shared.fetched());
            shown = Instant::now();
        }
        Ok(())
    });
    runtime.block_on(unless_stopped(stop, pages))?;
    run.end_day()?;
    Ok(DryRunResult { fetched: shared.fetched(), late, unread, has_other_digests })
}

/// Sums up the objects of each day.
struct DryRun<E> {
    filter: ObjectFilter,
    day: DayTotals,
    each: E,
}

impl<E: FnMut(DryRunEvent) -> Result<(), Error>> DryRun<E> {
    fn add(&mut self, object: &Object) -> Result<(), Error> {
        let (objects, present, archived) = match self.filter.classify(object) {
            ObjectState::NoObject | ObjectState::TooOld => return Ok(()),
            ObjectState::Refused(issue) => return (self.each)(DryRunEvent::Issue(issue)),
            ObjectState::Present(_) => (0, 1, 0),
            ObjectState::Archived => (0, 0, 1),
            ObjectState::Missing(..) => (1, 0, 0),
        };
        if !self.day.is_of(&object.key) {
            self.end_day()?;
            self.day = DayTotals::of(&object.key);
        }
        self.day.objects += objects;
        self.day.present += present;
        self.day.archived += archived;
        self.day.bytes += objects * object.size;
        Ok(())
    }

    fn end_day(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.day) {
            day if day.objects + day.present + day.archived > 0 => (self.each)(DryRunEvent::Day(day)),
            _ => Ok(()),
        }
    }
}

impl DayTotals {
    fn of(key: &str) -> DayTotals {
        let place = KeyPlace::of(folder(key));
        let text = |name: Option<&str>| name.unwrap_or_default().to_string();
        DayTotals {
            account: text(place.account),
            region: text(place.region),
            date: place.day(),
            kind: text(place.kind),
            ..DayTotals::default()
        }
    }

    fn is_of(&self, key: &str) -> bool {
        let place = KeyPlace::of(folder(key));
        (self.account.as_str(), self.region.as_str(), self.date, self.kind.as_str())
            == (
                place.account.unwrap_or_default(),
                place.region.unwrap_or_default(),
                place.day(),
                place.kind.unwrap_or_default(),
            )
    }
}

/// Returns the folder of a key. File names are not checked, so only the folder identifies
/// account and day.
fn folder(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}
