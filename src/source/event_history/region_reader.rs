//! Reads the events of one region that a query selects, page by page. Each region has a limit
//! of its own for the rate of requests.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::lookup::{EventPage, LookedUpEvent, LookupAnswer, LookupQuery};
use super::page_queue::{LookupPageBudget, QueueLength};
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::{AwsError, AwsErrorKind, ServiceClient};

/// Seconds by which events may be out of order.
pub(super) const DISORDER: i64 = 60;
/// Longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// What a reader sends.
#[derive(Debug)]
pub(super) enum RegionMessage {
    /// The next page, with at least one event.
    Page(EventPage),
    /// A message for `-v`.
    Detail(String),
    /// The region answered, and has no page.
    Empty,
    /// There are no further pages.
    End,
    /// The rest cannot be read. The time is the one that was reached.
    Failed(AwsError, Option<Timestamp>),
}

/// Reads one region.
pub(super) struct RegionReader {
    pub(super) client: Arc<ServiceClient>,
    pub(super) region: String,
    pub(super) query: LookupQuery,
    pub(super) pace: Arc<RegionPace>,
    /// Number of requests of all regions.
    pub(super) requests: Arc<AtomicU64>,
    pub(super) budget: Arc<LookupPageBudget>,
    /// Number of pages in the channel.
    pub(super) length: Arc<QueueLength>,
    pub(super) sender: UnboundedSender<RegionMessage>,
}

/// The limit for the rate of requests to one region.
#[derive(Debug)]
pub(super) struct RegionPace {
    /// Time between the starts of two requests.
    interval: Duration,
    /// Start of the last request.
    last: Mutex<Option<Instant>>,
}

impl RegionPace {
    pub(super) fn new(interval: Duration) -> RegionPace {
        RegionPace { interval, last: Mutex::default() }
    }

    /// Waits until the next request may start.
    async fn wait(&self) {
        let mut last = self.last.lock().await;
        if let Some(last) = *last {
            tokio::time::sleep_until(last + self.interval).await;
        }
        *last = Some(Instant::now());
    }

    /// The pause after a number of failed attempts.
    fn pause(&self, failed: u32) -> Duration {
        (self.interval * (1 << failed.min(8))).min(MAX_PAUSE)
    }
}

/// How far a region was read.
#[derive(Debug, Default)]
struct RegionPosition {
    token: Option<String>,
    /// Whether a page was received.
    is_begun: bool,
    /// Last second that is requested, if that is not the one of the query.
    end: Option<i64>,
    /// Second of the oldest event received.
    oldest: Option<i64>,
    /// Ids and seconds of the events received that a new start would return again.
    recent: HashMap<String, i64>,
    /// Number of starts since the last page with a new event.
    restarts: u32,
}

impl RegionReader {
    /// Sends all pages.
    pub(super) async fn run(self) {
        let mut position = RegionPosition { end: self.query.end, ..RegionPosition::default() };
        loop {
            self.budget.wait_for_room(&self.length).await;
            match self.next(&mut position).await {
                Ok(true) => return self.send(RegionMessage::End),
                // The run may need no more pages.
                Ok(false) if self.sender.is_closed() => return,
                Ok(false) => {}
                Err(error) => {
                    let reached = position.oldest.and_then(|second| Timestamp::from_second(second).ok());
                    return self.send(RegionMessage::Failed(error, reached));
                }
            }
        }
    }

    fn send(&self, message: RegionMessage) {
        if let RegionMessage::Page(page) = &message {
            self.budget.add(page.bytes(), &self.length);
        }
        // The receiver is dropped when the run needs no more pages.
        let _ = self.sender.send(message);
    }

    /// Requests the next page and sends its events. Returns whether it was the last one.
    async fn next(&self, position: &mut RegionPosition) -> Result<bool, AwsError> {
        let answer = match self.request(position).await {
            Err(error) if is_token_error(&error) && position.token.is_some() && position.restart(self.query.end) => {
                let from = position.end.and_then(|second| Timestamp::from_second(second).ok());
                let from = from.map_or_else(|| "the newest event".into(), |time| time.to_string());
                self.send(RegionMessage::Detail(format!("{}: {error}; continued from {from}", self.region)));
                return Ok(false);
            }
            answer => answer?,
        };
        let is_first = !std::mem::replace(&mut position.is_begun, true);
        let LookupAnswer { events, next_token } = answer;
        if next_token.is_some() && next_token == position.token {
            let cause = "the answer of LookupEvents repeats its NextToken";
            return Err(AwsError::new(AwsErrorKind::InvalidResponse, cause));
        }
        let events = position.take_new(events);
        if !events.is_empty() {
            self.send(RegionMessage::Page(EventPage::new(events)));
        } else if is_first {
            self.send(RegionMessage::Empty);
        }
        position.token = next_token;
        Ok(position.token.is_none())
    }

    /// Sends a request until it succeeds, or must not be repeated.
    async fn request(&self, position: &RegionPosition) -> Result<LookupAnswer, AwsError> {
        let mut failed = 0;
        loop {
            self.pace.wait().await;
            let parameters = self.query.request(position.end, position.token.as_deref());
            let request =
                JsonRequest::new(JsonService::CLOUDTRAIL, &self.region, "LookupEvents", &parameters).with_resource("*");
            match self.client.call_json(&request).await {
                Err(error) if failed < attempts(error.kind, position.is_begun) => {
                    failed += 1;
                    tokio::time::sleep(self.pace.pause(failed)).await;
                }
                result => {
                    self.requests.fetch_add(1, Relaxed);
                    return result;
                }
            }
        }
    }
}

/// Number of further attempts after those of the client. All users of an account share its
/// limit for the rate of requests, so throttling can last.
fn attempts(kind: AwsErrorKind, is_begun: bool) -> u32 {
    match kind {
        AwsErrorKind::Throttled => 20,
        // A region that never answered may not exist for this account.
        AwsErrorKind::ServiceFailure
        | AwsErrorKind::Timeout
        | AwsErrorKind::Unreachable
        | AwsErrorKind::InvalidResponse
            if is_begun =>
        {
            5
        }
        _ => 0,
    }
}

/// True if the token of a request is not valid, or no longer.
fn is_token_error(error: &AwsError) -> bool {
    error.code.contains("NextToken")
}

impl RegionPosition {
    /// Starts anew at the time that was reached. Returns false if that has not helped before.
    fn restart(&mut self, end: Option<i64>) -> bool {
        const MAX_RESTARTS: u32 = 3;
        let reached = self.oldest.map(|oldest| oldest.saturating_add(DISORDER));
        self.end = match (reached, end) {
            (Some(reached), Some(end)) => Some(reached.min(end)),
            (reached, end) => reached.or(end),
        };
        self.token = None;
        self.restarts += 1;
        self.restarts <= MAX_RESTARTS
    }

    /// Returns the events that were not received before.
    fn take_new(&mut self, mut events: Vec<LookedUpEvent>) -> Vec<LookedUpEvent> {
        let is_known = |event: &LookedUpEvent| event.event_id.as_ref().is_some_and(|id| self.recent.contains_key(id));
        events.retain(|event| !is_known(event));
        if !events.is_empty() {
            self.restarts = 0;
        }
        for event in &events {
            let Some(second) = event.second() else { continue };
            self.oldest = Some(self.oldest.map_or(second, |oldest| oldest.min(second)));
            self.recent.extend(event.event_id.clone().map(|id| (id, second)));
        }
        let oldest = self.oldest.unwrap_or(i64::MAX);
        self.recent.retain(|_, second| *second <= oldest.saturating_add(DISORDER));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(events: &[(&str, i64)]) -> Vec<LookedUpEvent> {
        let text = |(id, time): &(&str, i64)| format!(r#"{{"EventId":"{id}","EventTime":{time}}}"#);
        serde_json::from_str(&format!("[{}]", events.iter().map(text).collect::<Vec<_>>().join(","))).unwrap()
    }

    fn new(position: &mut RegionPosition, page: &[(&str, i64)]) -> Vec<String> {
        position.take_new(events(page)).into_iter().filter_map(|event| event.event_id).collect()
    }

    #[test]
    fn a_new_start_repeats_no_event() {
        let mut position = RegionPosition { token: Some("t".into()), ..RegionPosition::default() };
        assert_eq!(new(&mut position, &[("a", 300), ("b", 200), ("c", 170), ("d", 171)]), ["a", "b", "c", "d"]);
        assert!(position.restart(Some(1000)));
        assert_eq!((position.end, position.token.clone()), (Some(230), None));
        assert_eq!(new(&mut position, &[("e", 200), ("b", 200), ("d", 171), ("c", 170), ("f", 9)]), ["e", "f"]);
        assert_eq!(position.recent.len(), 1);
        assert!(position.restart(Some(50)) && position.end == Some(50));
        assert!(position.restart(None) && position.restart(None) && !position.restart(None));
    }

    #[test]
    fn only_regions_that_answered_are_worth_waiting_for() {
        assert_eq!(attempts(AwsErrorKind::Unreachable, false), 0);
        assert_eq!(attempts(AwsErrorKind::Unreachable, true), 5);
        assert_eq!(attempts(AwsErrorKind::Throttled, false), 20);
        assert_eq!(attempts(AwsErrorKind::AccessDenied, true), 0);
    }
}
