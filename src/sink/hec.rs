//! Sends events to Splunk's HTTP Event Collector (HEC), at least once.
//!
//! Events are collected in batches. While batches are sent, further ones can be filled.
//! [`HecSink::flush`] returns when every event is taken, and acknowledged if the collector does
//! that.

mod answer;
mod batch;
mod cookies;
mod delivery;
mod outage;
mod pace;
mod settings;
#[cfg(test)]
mod tests;
mod transport;

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinError, JoinSet};

use self::batch::{EventFrame, HecBatch};
use self::delivery::{CollectorClient, DeliveryNotice};
use self::pace::HecPace;
pub use self::settings::{HecSettings, HecToken, HecUrl, SOURCE_TYPE, TOKEN_VARIABLE};
pub use self::transport::{CollectorAnswer, CollectorFailure, CollectorResponse, CollectorTransport};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::report::Report;

/// Size of a batch in bytes before compression: the limit of Splunk Cloud is 1 MB.
const BATCH_SIZE: usize = 1_000_000;

/// Most batches that are on their way at once.
const MAX_BATCHES: usize = 8;

/// Most bytes on their way at once, unless a single event is larger.
const MAX_BYTES: usize = 16 << 20;

/// An event for the collector.
#[derive(Clone, Copy, Debug)]
pub struct HecEvent<'a> {
    /// When it happened; `None` to let Splunk find the time.
    pub time: Option<Timestamp>,
    /// Where it was delivered: the address of a log file.
    pub source: &'a str,
    /// Its JSON, as it was delivered.
    pub event: &'a [u8],
}

/// What became of events.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HecDelivery {
    /// Events that were taken.
    pub events: u64,
    /// Requests that they were taken in.
    pub batches: u64,
    /// Events that Splunk refused. Each was reported.
    pub refused: u64,
}

impl AddAssign for HecDelivery {
    fn add_assign(&mut self, other: HecDelivery) {
        self.events += other.events;
        self.batches += other.batches;
        self.refused += other.refused;
    }
}

/// Sends events to a collector. Dropping it gives up what has not been flushed.
pub struct HecSink<'a> {
    report: &'a Report,
    url: HecUrl,
    client: Arc<CollectorClient>,
    frame: EventFrame,
    /// The batch being filled.
    filling: HecBatch,
    /// Batches on their way. Each task returns the size of its batch too.
    sending: JoinSet<(usize, Result<HecDelivery, String>)>,
    bytes_sending: usize,
    notices: UnboundedReceiver<DeliveryNotice>,
    /// What was delivered since the last flush.
    delivered: HecDelivery,
    /// Why nothing can be delivered any more.
    failure: Option<String>,
    tasks: Handle,
    _threads: TaskThreads,
}

/// The threads that tasks run on. Dropping it does not wait for a name to be looked up.
#[derive(Debug)]
struct TaskThreads(Option<Runtime>);

impl Drop for TaskThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl<'a> HecSink<'a> {
    /// Creates a sink. It connects when a batch is full or flushed. `report` is told about
    /// outages and refused events.
    pub fn open(
        settings: &HecSettings,
        transport: Arc<dyn CollectorTransport>,
        report: &'a Report,
    ) -> Result<HecSink<'a>, Error> {
        HecSink::with_pace(settings, transport, report, HecPace::default())
    }

    fn with_pace(
        settings: &HecSettings,
        transport: Arc<dyn CollectorTransport>,
        report: &'a Report,
        pace: HecPace,
    ) -> Result<HecSink<'a>, Error> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime =
            runtime.map_err(|error| Error::Failed(format!("a thread cannot be started: {}", io_message(&error))))?;
        if !settings.url.is_private() {
            report.note(&format!("{}: the token and the events are sent unencrypted", settings.url));
        }
        let (sender, notices) = unbounded_channel();
        Ok(HecSink {
            report,
            url: settings.url.clone(),
            client: Arc::new(CollectorClient::new(settings, transport, pace, sender)),
            frame: EventFrame::new(settings),
            filling: HecBatch::default(),
            sending: JoinSet::new(),
            bytes_sending: 0,
            notices,
            delivered: HecDelivery::default(),
            failure: None,
            tasks: runtime.handle().clone(),
            _threads: TaskThreads(Some(runtime)),
        })
    }

    /// Adds an event to the current batch, and sends the batch before if it is full. Waits while
    /// too much is on its way. After an error, this event is not added; what was added before is
    /// kept.
    pub fn add(&mut self, event: &HecEvent<'_>, stop: &Cancellation) -> Result<(), Error> {
        self.check()?;
        let object = self.frame.object(event);
        if !self.filling.is_empty() && self.filling.size() + object.len() > BATCH_SIZE {
            self.send(stop)?;
        }
        self.filling.push(event.source, &object);
        Ok(())
    }

    /// Returns when every event added is taken or refused, with the counts since the last flush.
    /// As long as the collector cannot be reached, it waits until `stop` is interrupted. After
    /// [`Error::Interrupted`], the events are kept, and a further flush waits for them.
    pub fn flush(&mut self, stop: &Cancellation) -> Result<HecDelivery, Error> {
        self.check()?;
        if !self.filling.is_empty() {
            self.send(stop)?;
        }
        while !self.sending.is_empty() {
            self.wait_for_one(stop)?;
        }
        Ok(std::mem::take(&mut self.delivered))
    }

    /// Does the same for a limited time, for a caller that has other things to do meanwhile.
    /// Returns `None` if there are events left, which a further flush waits for.
    pub fn flush_within(&mut self, limit: Duration, stop: &Cancellation) -> Result<Option<HecDelivery>, Error> {
        let (end, user) = (Cancellation::default(), stop.clone());
        let shared_end = end.clone();
        let timer = self.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(limit) => {}
                () = user.interrupted() => {}
            }
            shared_end.interrupt();
        });
        let flushed = self.flush(&end);
        timer.abort();
        match flushed {
            Err(Error::Interrupted) if !stop.is_interrupted() => Ok(None),
            other => other.map(Some),
        }
    }

    /// True if events were added that are not known to be taken or refused.
    pub fn has_pending(&self) -> bool {
        !self.filling.is_empty() || !self.sending.is_empty()
    }

    /// Sends the current batch as soon as there is room for it.
    fn send(&mut self, stop: &Cancellation) -> Result<(), Error> {
        let size = self.filling.size();
        while self.sending.len() >= MAX_BATCHES || !self.sending.is_empty() && self.bytes_sending + size > MAX_BYTES {
            self.wait_for_one(stop)?;
        }
        let (batch, client) = (std::mem::take(&mut self.filling), self.client.clone());
        self.bytes_sending += size;
        self.sending.spawn_on(async move { (size, client.deliver(batch).await) }, &self.tasks);
        Ok(())
    }

    /// Waits until a batch is delivered, and reports what is noticed meanwhile.
    fn wait_for_one(&mut self, stop: &Cancellation) -> Result<(), Error> {
        let HecSink { tasks, sending, notices, report, .. } = self;
        let joined = tasks.block_on(async {
            loop {
                tokio::select! {
                    biased;
                    Some(notice) = notices.recv() => report_notice(report, notice),
                    joined = sending.join_next() => return Ok(joined),
                    () = stop.interrupted() => return Err(Error::Interrupted),
                }
            }
        });
        // What a task noticed is reported before its result.
        while let Ok(notice) = self.notices.try_recv() {
            report_notice(self.report, notice);
        }
        match joined? {
            Some(joined) => self.conclude(joined),
            None => Ok(()),
        }
    }

    fn conclude(&mut self, joined: Result<(usize, Result<HecDelivery, String>), JoinError>) -> Result<(), Error> {
        match joined {
            Ok((size, Ok(delivery))) => {
                self.bytes_sending -= size;
                self.delivered += delivery;
                Ok(())
            }
            Ok((_, Err(reason))) => self.fail(reason),
            Err(error) => self.fail(format!("internal error: a task ended early: {error}")),
        }
    }

    fn fail(&mut self, reason: String) -> Result<(), Error> {
        self.failure = Some(reason);
        self.check()
    }

    fn check(&self) -> Result<(), Error> {
        self.failure.as_ref().map_or(Ok(()), |reason| Err(Error::Failed(format!("{}: {reason}", self.url))))
    }
}

impl fmt::Debug for HecSink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HecSink").field("url", &self.url).field("sending", &self.sending.len()).finish_non_exhaustive()
    }
}

fn report_notice(report: &Report, notice: DeliveryNotice) {
    match notice {
        DeliveryNotice::State(text) => report.note(&text),
        DeliveryNotice::Refused { source, id, reason } => {
            let event = id.map_or_else(|| "an event".into(), |id| format!("event {id}"));
            let problem = Problem::Refused(format!("{event} was refused by Splunk ({reason})"));
            report.issue(&Issue { name: source, problem, outcome: Outcome::LeftOut(1) });
        }
    }
}
