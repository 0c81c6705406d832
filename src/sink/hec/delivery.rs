//! Sends a batch until the collector has taken all of its events, or refused them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::HecDelivery;
use super::answer::{Verdict, described, has_read_probe, is_acknowledged};
use super::batch::HecBatch;
use super::cookies::CookieJar;
use super::outage::Outage;
use super::settings::HecSettings;
use super::transport::{CollectorAnswer, CollectorFailure, CollectorTransport};

/// What the user is to be told while batches are sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Notice {
    /// The state of the collector has changed.
    State(String),
    /// An event was not taken.
    Refused { source: String, id: Option<String>, reason: String },
}

/// What became of the question whether a batch is indexed.
enum Acknowledgement {
    /// It is.
    Given,
    /// It may be lost.
    Missing,
    /// The collector does not answer the question.
    Refused(String),
}

/// How long to wait between requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct HecPace {
    /// The first pause; each further one is twice as long.
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    /// The first pause before it is asked whether a batch is acknowledged; longer ones follow.
    pub(super) first_poll: Duration,
    pub(super) longest_poll: Duration,
    /// How often that is asked before the batch is sent again.
    pub(super) polls: u32,
}

impl Default for HecPace {
    fn default() -> HecPace {
        HecPace {
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
            first_poll: Duration::from_millis(100),
            longest_poll: Duration::from_secs(5),
            // About five minutes.
            polls: 85,
        }
    }
}

/// Sends batches. Shared by the tasks of all batches.
pub(super) struct Courier {
    transport: Arc<dyn CollectorTransport>,
    events_url: String,
    acknowledgements_url: String,
    authorization: String,
    /// Identifies this run to the collector, which counts acknowledgements for each channel.
    channel: String,
    index: Option<String>,
    pace: HecPace,
    notices: UnboundedSender<Notice>,
    outage: Outage,
    cookies: CookieJar,
}

impl Courier {
    pub(super) fn new(
        settings: &HecSettings,
        transport: Arc<dyn CollectorTransport>,
        pace: HecPace,
        notices: UnboundedSender<Notice>,
    ) -> Courier {
        Courier {
            transport,
            events_url: settings.url.of_events(),
            acknowledgements_url: settings.url.of_acknowledgements(),
            authorization: settings.token.authorization(),
            channel: random_uuid(),
            index: settings.index.clone(),
            pace,
            notices,
            outage: Outage::default(),
            cookies: CookieJar::default(),
        }
    }

    /// Sends a batch until every event is taken or refused. Events are sent again as long as the
    /// collector cannot be reached. Returns the reason if no batch will ever be taken, or if what
    /// is refused is not a matter of single events: refused events are never sent again.
    pub(super) async fn deliver(&self, batch: HecBatch) -> Result<HecDelivery, String> {
        let count = batch.len();
        let mut delivery = HecDelivery::default();
        let mut refusals = Vec::new();
        let mut is_probed = false;
        let mut pending = vec![batch];
        while let Some(batch) = pending.pop() {
            let (position, reason) = match self.send(&batch).await {
                Verdict::Taken(_) => {
                    delivery.events += batch.len() as u64;
                    delivery.batches += 1;
                    continue;
                }
                Verdict::Fatal(reason) | Verdict::Busy(reason) => return Err(reason),
                Verdict::Invalid { position, reason } => (position, reason),
                Verdict::TooLarge(reason) => (None, reason),
            };
            if !is_probed {
                self.probe().await?;
                is_probed = true;
            }
            if batch.len() > 1 {
                // Only an event that is refused by itself is given up: what position the
                // collector means, and what it has done with the others, is not certain.
                pending.extend(batch.split(position).into_iter().rev());
            } else {
                let (source, id) = batch.first_name();
                refusals.push(Notice::Refused { source, id, reason });
            }
        }
        delivery.refused = refusals.len() as u64;
        match refusals.last() {
            Some(Notice::Refused { reason, .. }) if count > 1 && delivery.events == 0 => Err(format!(
                "Splunk refused each of the {count} events of a batch ({reason}), so the cause is probably not in the \
                 events; check the collector and any proxy before it"
            )),
            _ => {
                refusals.into_iter().for_each(|refusal| self.tell(refusal));
                Ok(delivery)
            }
        }
    }

    /// Returns an error if the collector cannot even read a blank event: then requests are refused
    /// for another reason than their events.
    async fn probe(&self) -> Result<(), String> {
        let answer = self.answer_to(&HecBatch::probe()).await?;
        match has_read_probe(&answer) {
            true => Ok(()),
            false => Err(format!(
                "Splunk refuses every request ({}), even one with a blank event; check that no proxy changes the \
                 requests, for example the header Content-Encoding: gzip",
                described(&answer)
            )),
        }
    }

    /// Sends a batch until there is a verdict that stays.
    async fn send(&self, batch: &HecBatch) -> Verdict {
        /// A collector that was restarted says once that it does not know the batch.
        const MOST_ROUNDS: u32 = 5;
        let mut rounds = 0;
        loop {
            let answer = match self.answer_to(batch).await {
                Ok(answer) => answer,
                Err(reason) => return Verdict::Fatal(reason),
            };
            let ack = match Verdict::of(&answer, self.index.as_deref()) {
                Verdict::Taken(Some(ack)) => ack,
                verdict => return verdict,
            };
            match self.wait_for_acknowledgement(ack).await {
                Acknowledgement::Given => return Verdict::Taken(None),
                Acknowledgement::Missing => {}
                Acknowledgement::Refused(reason) if rounds + 1 == MOST_ROUNDS => {
                    return Verdict::Fatal(format!(
                        "Splunk takes a batch, and {} does not say whether it is indexed ({reason}), {MOST_ROUNDS} \
                         times in a row; check that no proxy blocks this path, and that useACK of the token is the \
                         same on all indexers",
                        self.acknowledgements_url
                    ));
                }
                Acknowledgement::Refused(reason) => {
                    rounds += 1;
                    self.tell(Notice::State(format!(
                        "Splunk does not say whether it has indexed a batch ({reason}); the batch is sent again"
                    )));
                    // A collector that never answers this is not to be flooded.
                    tokio::time::sleep(self.pace.longest_poll).await;
                }
            }
        }
    }

    /// Posts a batch until the answer is another one than that it can be taken later. Returns the
    /// reason if it cannot be posted at all.
    async fn answer_to(&self, batch: &HecBatch) -> Result<CollectorAnswer, String> {
        let compressed = batch.compressed();
        let body = compressed.as_deref().unwrap_or(batch.text());
        let mut failed = 0;
        loop {
            let reason = match self.post(&self.events_url, body, compressed.is_some()).await {
                Ok(answer) => match Verdict::of(&answer, self.index.as_deref()) {
                    Verdict::Busy(reason) => reason,
                    _ => {
                        self.has_answered();
                        return Ok(answer);
                    }
                },
                Err(failure) if failure.is_transient => failure.cause,
                Err(failure) => return Err(failure.cause),
            };
            self.has_failed(&reason);
            failed += 1;
            tokio::time::sleep(pause(self.pace.first_pause, self.pace.longest_pause, failed)).await;
        }
    }

    /// Waits until the events of a batch are safe.
    async fn wait_for_acknowledgement(&self, ack: u64) -> Acknowledgement {
        let question = format!("{{\"acks\":[{ack}]}}");
        for poll in 1..=self.pace.polls {
            tokio::time::sleep(pause(self.pace.first_poll, self.pace.longest_poll, poll)).await;
            match self.post(&self.acknowledgements_url, question.as_bytes(), false).await {
                Ok(answer) => match is_acknowledged(&answer, ack) {
                    Some(is_safe) => {
                        self.has_answered();
                        if is_safe {
                            return Acknowledgement::Given;
                        }
                    }
                    // It says that it was restarted, or that the token no longer acknowledges.
                    None if (400..500).contains(&answer.status) && !matches!(answer.status, 408 | 429) => {
                        return Acknowledgement::Refused(described(&answer));
                    }
                    None => self.has_failed(&format!("status {} for acknowledgements", answer.status)),
                },
                Err(failure) => self.has_failed(&failure.cause),
            }
        }
        self.tell(Notice::State("Splunk has not acknowledged a batch; the batch is sent again".into()));
        Acknowledgement::Missing
    }

    async fn post(&self, url: &str, body: &[u8], is_compressed: bool) -> Result<CollectorAnswer, CollectorFailure> {
        let cookies = self.cookies.header();
        let mut headers = vec![
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
            ("x-splunk-request-channel", self.channel.as_str()),
        ];
        if is_compressed {
            headers.push(("content-encoding", "gzip"));
        }
        if let Some(cookies) = &cookies {
            headers.push(("cookie", cookies));
        }
        let answer = self.transport.post_to_collector(url, &headers, body.to_vec()).await?;
        self.cookies.set(&answer.cookies);
        Ok(answer)
    }

    fn has_failed(&self, reason: &str) {
        if let Some(text) = self.outage.has_failed(reason) {
            self.tell(Notice::State(text));
        }
    }

    fn has_answered(&self) {
        if let Some(text) = self.outage.has_ended() {
            self.tell(Notice::State(text));
        }
    }

    fn tell(&self, notice: Notice) {
        // The other end is gone only when the run ends.
        let _ = self.notices.send(notice);
    }
}

/// The pause after a number of attempts. It is random, so that clients that failed at the same
/// time do not try again at the same time.
fn pause(first: Duration, longest: Duration, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    (first * (1 << doublings)).min(longest).mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// Returns a random UUID (version 4).
fn random_uuid() -> String {
    let bits = fastrand::u128(..);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{bits:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_random_uuids() {
        let (one, other) = (random_uuid(), random_uuid());
        assert_ne!(one, other);
        for uuid in [one, other] {
            let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
            assert!(uuid[14..].starts_with('4') && matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uuid}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(60));
        for (attempts, most) in [(0, 500), (1, 500), (2, 1000), (7, 32_000), (8, 60_000), (u32::MAX, 60_000)] {
            let (most, pause) = (Duration::from_millis(most), pause(first, longest, attempts));
            assert!(pause <= most && pause >= most / 2, "{attempts}: {pause:?}");
        }
    }
}
