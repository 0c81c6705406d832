//! Reads the event history of an account, which CloudTrail keeps for 90 days without a trail,
//! through its operation `LookupEvents`. All regions are read side by side.
//!
//! ```text
//!  regions ──▶ pages of each region ──▶ the page with the newest event ──▶ log files in memory
//! ```
//!
//! The order of the pages depends only on the times of their events, so it is the same for
//! every run.

mod failures;
mod lookup;
mod page_merge;
mod page_queue;
mod region_reader;
mod regions;
pub mod selection;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use self::failures::FirstFailures;
use self::lookup::{EventPage, LookupQuery};
use self::page_merge::PageMerge;
use self::page_queue::{LookupPageBudget, PageQueue};
use self::region_reader::{RegionMessage, RegionPace, RegionReader};
use self::selection::LookupSelection;
use super::aws::{self, AwsError, ServiceClient};
use super::memory_text::{MemoryGauge, MemoryText};
use super::spec::EventHistoryInput;
use super::{LogFile, LogSource, SourceItem};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::{Coverage, LookupTotals, Report, count};
use crate::syntax::window::Window;

/// The age that events reach in the event history.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Time after which a wait is interrupted to see whether the run goes on.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The event history of an account.
pub(super) struct EventHistorySource {
    /// `None` once the requests were ended.
    runtime: Option<Runtime>,
    /// The queues of the regions that answered.
    merge: PageMerge,
    /// What is to be said before the first page.
    first_items: Vec<SourceItem>,
    budget: Arc<LookupPageBudget>,
    /// The texts that were passed on and are in use.
    gauge: MemoryGauge,
    requests: Arc<AtomicU64>,
    totals: LookupTotals,
    /// Number of events passed on.
    events: u64,
}

impl EventHistorySource {
    /// Requests the first page of every region. Returns an error if no region answers, so that
    /// missing credentials or permissions are reported before output is written.
    pub(super) fn open(
        input: &EventHistoryInput,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<EventHistorySource, Error> {
        let runtime = aws::runtime()?;
        let kept_since = input.now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let selection = input.selection.as_ref();
        let totals = LookupTotals {
            selection: selection.map(|selection| selection.description()),
            missed: selection.and_then(|selection| selection.missed),
            is_older: input.window.since.is_none_or(|since| since < kept_since),
            ..LookupTotals::default()
        };
        let mut source = EventHistorySource {
            runtime: None,
            merge: PageMerge::default(),
            first_items: Vec::new(),
            budget: Arc::default(),
            gauge: MemoryGauge::default(),
            requests: Arc::default(),
            totals,
            events: 0,
        };
        let Window { since, until } = input.window;
        // AWS refuses windows without a second that can have events.
        if until.is_none_or(|until| until > kept_since) && since.is_none_or(|since| since < input.now) {
            report.looking_up("reading event history: waiting for the first answers");
            let begun = aws::first_answer("event history", report, stop, source.begin(input, kept_since));
            if let Err(error) = runtime.block_on(begun) {
                // A name that is being resolved must not delay the end.
                runtime.shutdown_background();
                return Err(error);
            }
        }
        source.runtime = Some(runtime);
        Ok(source)
    }

    /// Starts to read all regions, and waits for their first answers.
    async fn begin(&mut self, input: &EventHistoryInput, kept_since: Timestamp) -> Result<(), Error> {
        let config = input.connection.load().await;
        let client = Arc::new(ServiceClient::new(&config));
        let mut queues = Vec::new();
        for region in regions::wanted(&input.regions, client.region())? {
            let pace = Arc::new(RegionPace::new(input.interval));
            for query in queries(input, kept_since) {
                let (sender, queue) = PageQueue::new(region.clone());
                let reader = RegionReader {
                    client: Arc::clone(&client),
                    region: region.clone(),
                    query,
                    pace: Arc::clone(&pace),
                    requests: Arc::clone(&self.requests),
                    budget: Arc::clone(&self.budget),
                    length: Arc::clone(&queue.length),
                    sender,
                };
                tokio::spawn(reader.run());
                queues.push(queue);
            }
        }
        let mut failures = FirstFailures::new(!input.regions.is_empty());
        for mut queue in queues {
            match self.first_answer(&mut queue).await {
                Ok(()) => self.merge.queues.push(queue),
                Err(error) => failures.add(queue.region, error, input.connection.profile.as_deref())?,
            }
        }
        self.totals.regions = self.merge.regions();
        self.first_items.extend(failures.finish(self.merge.queues.is_empty())?);
        Ok(())
    }

    /// Waits for the first answer of a region.
    async fn first_answer(&mut self, queue: &mut PageQueue) -> Result<(), AwsError> {
        loop {
            match queue.fill().await {
                Some(RegionMessage::Failed(error, _)) => return Err(error),
                Some(RegionMessage::Detail(text)) => self.first_items.push(SourceItem::Detail(text)),
                _ => return Ok(()),
            }
        }
    }

    /// Receives until every queue has a page or has ended. Returns an item that came instead,
    /// or [`SourceItem::Idle`] if a page has not come in time.
    fn fill(&mut self) -> Result<Option<SourceItem>, Error> {
        let Some(runtime) = &self.runtime else { return Ok(None) };
        for queue in &mut self.merge.queues {
            while queue.head.is_none() && !queue.is_ended {
                let filled = runtime.block_on(async { tokio::time::timeout(POLL_INTERVAL, queue.fill()).await });
                match filled {
                    Err(_) => return Ok(Some(SourceItem::Idle)),
                    Ok(None | Some(RegionMessage::Empty | RegionMessage::End | RegionMessage::Page(_))) => {}
                    Ok(Some(RegionMessage::Detail(text))) => return Ok(Some(SourceItem::Detail(text))),
                    Ok(Some(RegionMessage::Failed(error, reached))) => {
                        return failures::later(&queue.region, &error, reached).map(Some);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Passes on a page, once the pages before it leave room for it in memory.
    fn pass_on(
        &mut self,
        region: &str,
        page: EventPage,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        const MAX_BYTES: u64 = 16 << 20;
        while self.gauge.bytes() > MAX_BYTES {
            each(SourceItem::Idle)?;
            std::thread::sleep(POLL_INTERVAL / 10);
        }
        let name = format!("event-history/{region}");
        let text = page.text();
        let events = page.events.len() as u64;
        for event in page.unreadable {
            let (name, problem) = (name.clone(), Problem::LookedUpEvent(event));
            each(SourceItem::Issue(Issue { name, problem, outcome: Outcome::LeftOut(1) }))?;
        }
        if events == 0 {
            return ControlFlow::Continue(());
        }
        self.events += events;
        each(SourceItem::File(LogFile::memory(Arc::new(MemoryText::new(name, text, self.gauge.clone())))))
    }

    /// Passes on all items. Breaks if the run needs no more.
    fn pass_on_all(
        &mut self,
        report: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        for item in std::mem::take(&mut self.first_items) {
            if each(item).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        loop {
            let flow = match self.fill()? {
                Some(item) => each(item),
                None => {
                    let Some((region, page)) = self.merge.newest(&self.budget) else {
                        return Ok(ControlFlow::Continue(()));
                    };
                    let reached = page.time();
                    let flow = self.pass_on(&region, page, each);
                    if let Some(time) = reached {
                        let (reached, events) = (time.strftime("%F"), count(self.events, "event"));
                        report.looking_up(&format!("reading event history: back to {reached}, {events}"));
                    }
                    flow
                }
            };
            if flow.is_break() {
                return Ok(flow);
            }
        }
    }
}

impl LogSource for EventHistorySource {
    fn run(
        mut self: Box<Self>,
        report: &Report,
        each: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    ) -> Result<Coverage, Error> {
        let passed_on = self.pass_on_all(report, each);
        if let Some(runtime) = self.runtime.take() {
            // A name that is being resolved must not delay the end.
            runtime.shutdown_background();
        }
        // If the run needs no more, further pages may have been requested meanwhile.
        let requests = passed_on?.is_continue().then(|| self.requests.load(Relaxed));
        report.detail(1, || format!("event history: {}", count(self.requests.load(Relaxed), "request")));
        Ok(Coverage { lookups: Some(Box::new(LookupTotals { requests, ..self.totals })), ..Coverage::default() })
    }
}

/// The queries for a window, one for each value that events are selected by. The times of
/// requests are whole seconds, and the end is inclusive; the filter decides exactly.
fn queries(input: &EventHistoryInput, kept_since: Timestamp) -> Vec<LookupQuery> {
    let Window { since, until } = input.window;
    let ceiling = |time: Timestamp| time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    let query = |selection: Option<(&'static str, String)>| LookupQuery {
        selection,
        // AWS may refuse times that are out of its range.
        start: since.filter(|since| *since > kept_since).map(|since| since.as_second()),
        end: until.filter(|until| *until < input.now).map(ceiling),
    };
    match &input.selection {
        None => vec![query(None)],
        Some(LookupSelection { attribute, values, .. }) => {
            values.iter().map(|value| query(Some((attribute, value.clone())))).collect()
        }
    }
}
