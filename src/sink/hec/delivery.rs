//! Sends a batch until the collector has taken all of its events, or refused them.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::HecDelivery;
use super::answer::{CollectorVerdict, described, has_read_probe, is_acknowledged};
use super::batch::HecBatch;
use super::cookies::CookieJar;
use super::outage::CollectorOutage;
use super::pace::HecPace;
use super::settings::HecSettings;
use super::transport::{CollectorAnswer, CollectorFailure, CollectorTransport};
use crate::error::backoff::backoff;

/// Notices for the user while batches are sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum DeliveryNotice {
    /// The state of the collector has changed.
    State(String),
    /// An event was not taken.
    Refused { source: String, id: Option<String>, reason: String },
}

/// Whether the collector has acknowledged a batch.
enum AcknowledgementOutcome {
    /// The batch is indexed.
    Given,
    /// The batch may be lost.
    Missing,
    /// The collector does not say.
    Refused(String),
}

/// Sends batches. Shared by the tasks of all batches.
pub(super) struct CollectorClient {
    transport: Arc<dyn CollectorTransport>,
    events_url: String,
    acknowledgements_url: String,
    authorization: String,
    /// Identifies this run to the collector, which counts acknowledgements for each channel.
    channel: String,
    index: Option<String>,
    pace: HecPace,
    notices: UnboundedSender<DeliveryNotice>,
    outage: CollectorOutage,
    cookies: CookieJar,
}

impl CollectorClient {
    pub(super) fn new(
        settings: &HecSettings,
        transport: Arc<dyn CollectorTransport>,
        pace: HecPace,
        notices: UnboundedSender<DeliveryNotice>,
    ) -> CollectorClient {
        CollectorClient {
            transport,
            events_url: settings.url.events_url(),
            acknowledgements_url: settings.url.acknowledgements_url(),
            authorization: settings.token.authorization(),
            channel: random_uuid(),
            index: settings.index.clone(),
            pace,
            notices,
            outage: CollectorOutage::default(),
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
                CollectorVerdict::Taken(_) => {
                    delivery.events += batch.len() as u64;
                    delivery.batches += 1;
                    continue;
                }
                CollectorVerdict::Fatal(reason) | CollectorVerdict::Busy(reason) => return Err(reason),
                CollectorVerdict::Invalid { position, reason } => (position, reason),
                CollectorVerdict::TooLarge(reason) => (None, reason),
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
                refusals.push(DeliveryNotice::Refused { source, id, reason });
            }
        }
        delivery.refused = refusals.len() as u64;
        match refusals.last() {
            Some(DeliveryNotice::Refused { reason, .. }) if count > 1 && delivery.events == 0 => Err(format!(
                "Splunk refused each of the {count} events of a batch ({reason}), so the cause is probably not in the \
                 events; check the collector and any proxy before it"
            )),
            _ => {
                refusals.into_iter().for_each(|refusal| self.notify(refusal));
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

    /// Sends a batch until there is an outcome that stays.
    async fn send(&self, batch: &HecBatch) -> CollectorVerdict {
        /// A collector that was restarted says once that it does not know the batch.
        const MAX_ROUNDS: u32 = 5;
        let mut rounds = 0;
        loop {
            let answer = match self.answer_to(batch).await {
                Ok(answer) => answer,
                Err(reason) => return CollectorVerdict::Fatal(reason),
            };
            let ack = match CollectorVerdict::of(&answer, self.index.as_deref()) {
                CollectorVerdict::Taken(Some(ack)) => ack,
                outcome => return outcome,
            };
            match self.wait_for_acknowledgement(ack).await {
                AcknowledgementOutcome::Given => return CollectorVerdict::Taken(None),
                AcknowledgementOutcome::Missing => {}
                AcknowledgementOutcome::Refused(reason) if rounds + 1 == MAX_ROUNDS => {
                    return CollectorVerdict::Fatal(format!(
                        "Splunk takes a batch, and {} does not say whether it is indexed ({reason}), {MAX_ROUNDS} \
                         times in a row; check that no proxy blocks this path, and that useACK of the token is the \
                         same on all indexers",
                        self.acknowledgements_url
                    ));
                }
                AcknowledgementOutcome::Refused(reason) => {
                    rounds += 1;
                    self.notify(DeliveryNotice::State(format!(
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
                Ok(answer) => match CollectorVerdict::of(&answer, self.index.as_deref()) {
                    CollectorVerdict::Busy(reason) => reason,
                    _ => {
                        self.record_answer();
                        return Ok(answer);
                    }
                },
                Err(failure) if failure.is_transient => failure.cause,
                Err(failure) => return Err(failure.cause),
            };
            self.record_failure(&reason);
            failed += 1;
            tokio::time::sleep(backoff(self.pace.first_pause, self.pace.longest_pause, failed)).await;
        }
    }

    /// Waits until the events of a batch are safe.
    async fn wait_for_acknowledgement(&self, ack: u64) -> AcknowledgementOutcome {
        let question = format!("{{\"acks\":[{ack}]}}");
        for poll in 1..=self.pace.polls {
            tokio::time::sleep(backoff(self.pace.first_poll, self.pace.longest_poll, poll)).await;
            match self.post(&self.acknowledgements_url, question.as_bytes(), false).await {
                Ok(answer) => match is_acknowledged(&answer, ack) {
                    Some(is_safe) => {
                        self.record_answer();
                        if is_safe {
                            return AcknowledgementOutcome::Given;
                        }
                    }
                    // It says that it was restarted, or that the token no longer acknowledges.
                    None if (400..500).contains(&answer.status) && !matches!(answer.status, 408 | 429) => {
                        return AcknowledgementOutcome::Refused(described(&answer));
                    }
                    None => self.record_failure(&format!("status {} for acknowledgements", answer.status)),
                },
                Err(failure) => self.record_failure(&failure.cause),
            }
        }
        self.notify(DeliveryNotice::State("Splunk has not acknowledged a batch; the batch is sent again".into()));
        AcknowledgementOutcome::Missing
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

    fn record_failure(&self, reason: &str) {
        if let Some(text) = self.outage.record_failure(reason) {
            self.notify(DeliveryNotice::State(text));
        }
    }

    fn record_answer(&self) {
        if let Some(text) = self.outage.record_answer() {
            self.notify(DeliveryNotice::State(text));
        }
    }

    fn notify(&self, notice: DeliveryNotice) {
        // The other end is gone only when the run ends.
        let _ = self.notices.send(notice);
    }
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
}
