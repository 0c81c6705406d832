//! Lists the objects and files of inputs.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::HumanBytes;

use super::args::KeysRequest;
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::log_kind::{LogKind, unread};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::{Coverage, Report, count};
use crate::source::key_list::line::{ListedName, ListedObject};
use crate::source::location::Location;
use crate::source::s3::key_lister::{ListedKey, list_keys};
use crate::source::spec::{BucketInput, Input};
use crate::source::{InputOverlaps, LogFile, LogSource, SourceItem, open_input};

/// What was listed.
#[derive(Debug, Default)]
pub(super) struct KeyTotals {
    objects: u64,
    bytes: u64,
    /// Objects that must be restored before they can be read. They are not listed.
    pub(super) archived: u64,
    /// Number of requests, if a bucket was listed.
    requests: Option<u64>,
    /// What was not listed, and why.
    left_out: Coverage,
    late: Option<LateSearch>,
    unread: BTreeSet<LogKind>,
}

/// Passes the objects and files of all inputs to `each`, in their order.
pub(super) fn each_object(
    request: &KeysRequest,
    report: &Report,
    stop: &Cancellation,
    mut each: impl FnMut(&ListedObject) -> Result<(), Error>,
) -> Result<KeyTotals, Error> {
    let mut totals = KeyTotals::default();
    let mut shown = Instant::now();
    let mut add = |totals: &mut KeyTotals, name, size: u64| {
        const OFTEN: Duration = Duration::from_millis(100);
        totals.objects += 1;
        totals.bytes += size;
        if shown.elapsed() > OFTEN {
            report.progress(&format!("{} listed", count(totals.objects, "object")));
            shown = Instant::now();
        }
        each(&ListedObject { name, size: Some(size) })
    };
    let mut overlaps = InputOverlaps::of(&request.inputs, report);
    for (at, input) in request.inputs.iter().enumerate() {
        match input {
            _ if overlaps.is_repeated(at) => {}
            Input::Bucket(bucket) if !bucket.offline => list_bucket(bucket, &mut totals, report, stop, &mut add)?,
            input => {
                let source = open_input(input, overlaps.inside(at), request.window, report, stop)?;
                list_files(source, &mut totals, report, stop, &mut add)?;
            }
        }
    }
    report.clear();
    Ok(totals)
}

fn list_bucket(
    bucket: &BucketInput,
    totals: &mut KeyTotals,
    report: &Report,
    stop: &Cancellation,
    add: &mut impl FnMut(&mut KeyTotals, ListedName, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = |key: String| ListedName::Object(Location::new(bucket.location.bucket.clone(), key));
    let listed = list_keys(bucket, report, stop, |key| {
        match key {
            ListedKey::Object(object) => add(totals, name(object.key), object.size.unwrap_or_default())?,
            ListedKey::Archived(_) => totals.archived += 1,
            ListedKey::Failed(issue) => report.issue(&issue),
        }
        Ok(())
    })?;
    *totals.requests.get_or_insert_default() += listed.requests;
    totals.left_out.unopened += listed.unwanted;
    totals.late = totals.late.max(listed.late);
    totals.unread.extend(listed.unread);
    Ok(())
}

/// Lists a folder, a file, or a mirror without its bucket.
fn list_files(
    source: Box<dyn LogSource>,
    totals: &mut KeyTotals,
    report: &Report,
    stop: &Cancellation,
    add: &mut impl FnMut(&mut KeyTotals, ListedName, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut result = Ok(());
    let coverage = source.run(report, &mut |item| {
        match item {
            SourceItem::File(file) => result = listed(&file, report, |name, size| add(totals, name, size)),
            SourceItem::Issue(issue) => report.issue(&issue),
            SourceItem::Note(text) => report.note(&text),
            SourceItem::Detail(text) => report.detail(1, || text),
            SourceItem::LeftOut(file) => totals.left_out.add(&file.coverage()),
            SourceItem::Count(coverage) => totals.left_out.add(&coverage),
            SourceItem::Idle => {}
        }
        if stop.is_interrupted() {
            result = Err(Error::Interrupted);
        }
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    result?;
    totals.late = totals.late.max(coverage.late);
    totals.unread.extend(&coverage.unread);
    Ok(())
}

/// Lists a file by its address or its path.
fn listed(
    file: &LogFile,
    report: &Report,
    add: impl FnOnce(ListedName, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let path = file.path.as_deref().unwrap_or(Path::new("-"));
    let metadata = match path.metadata() {
        Ok(metadata) if !file.is_special => metadata,
        Ok(_) => return Err(Error::usage(format!("{}: a pipe or a device; keys lists only files", path.display()))),
        Err(error) => {
            let problem = Problem::Unreadable(error);
            report.issue(&Issue { name: file.name().into_owned(), problem, outcome: Outcome::Nothing });
            return Ok(());
        }
    };
    let name = match &file.location {
        Some(location) => ListedName::Object(location.clone()),
        None => ListedName::File(path.to_path_buf()),
    };
    add(name, metadata.len())
}

impl KeyTotals {
    /// Advice on archived objects; `None` if there are none.
    pub(super) fn archived_advice(&self) -> Option<String> {
        let (are, them) = if self.archived == 1 { ("is", "it") } else { ("are", "them") };
        let objects = count(self.archived, "object");
        (self.archived > 0).then(|| {
            format!("{objects} {are} archived in S3 Glacier and not listed; restore {them} (aws s3api restore-object), then run again")
        })
    }
}

impl fmt::Display for KeyTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} listed ({})", count(self.objects, "object"), HumanBytes(self.bytes))?;
        if let Some(requests) = self.requests {
            write!(f, "; {}", count(requests, "list request"))?;
        }
        let Coverage { unopened, folders_left_out, ignored, .. } = &self.left_out;
        if *unopened > 0 {
            write!(f, "; {} not listed: delivered before the window", count(*unopened, "object"))?;
        }
        if *folders_left_out > 0 {
            write!(f, "; {} not entered: outside the requested scope", count(*folders_left_out, "folder"))?;
        }
        for (reason, number) in ignored {
            write!(f, "; {number} {} not listed", reason.counted(*number))?;
        }
        if let Some(late) = self.late {
            write!(f, "; {late}")?;
        }
        if let Some(unread) = unread(&self.unread) {
            write!(f, "; {unread}")?;
        }
        self.archived_advice().map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}
