//! Events that are sent in one request.

use std::sync::Arc;

use jiff::Timestamp;
use libdeflater::{CompressionLvl, Compressor};
use serde::Deserialize;
use serde_json::Value;

use super::HecEvent;
use super::settings::HecSettings;

/// Events as the collector wants them: one object after another.
#[derive(Debug, Default)]
pub(super) struct HecBatch {
    text: Vec<u8>,
    events: Vec<BatchedEvent>,
}

#[derive(Clone, Debug)]
struct BatchedEvent {
    /// End of its object in the text.
    end: usize,
    source: Arc<str>,
}

/// The members that all events have in common.
#[derive(Debug)]
pub(super) struct EventFrame {
    /// The host, if there is one.
    before_source: String,
    /// Source type and index.
    after_source: String,
}

impl EventFrame {
    pub(super) fn new(settings: &HecSettings) -> EventFrame {
        let member = |name: &str, value: &str| format!("\"{name}\":{},", quoted(value));
        let index = settings.index.as_deref().map_or_else(String::new, |index| member("index", index));
        EventFrame {
            before_source: settings.host.as_deref().map_or_else(String::new, |host| member("host", host)),
            after_source: member("sourcetype", &settings.source_type) + &index,
        }
    }

    /// Returns the object for an event.
    pub(super) fn object(&self, event: &HecEvent<'_>) -> Vec<u8> {
        let mut object = Vec::with_capacity(event.event.len() + 256);
        object.push(b'{');
        if let Some(time) = event.time {
            object.extend_from_slice(format!("\"time\":{},", seconds(time)).as_bytes());
        }
        object.extend_from_slice(self.before_source.as_bytes());
        object.extend_from_slice(format!("\"source\":{},", quoted(event.source)).as_bytes());
        object.extend_from_slice(self.after_source.as_bytes());
        object.extend_from_slice(b"\"event\":");
        // The collector takes UTF-8 only.
        object.extend_from_slice(String::from_utf8_lossy(event.event).as_bytes());
        object.extend_from_slice(b"}\n");
        object
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Formats a time as seconds since 1970, with milliseconds if there are any.
fn seconds(time: Timestamp) -> String {
    let milliseconds = time.as_millisecond();
    let (seconds, rest) = (milliseconds.unsigned_abs() / 1000, milliseconds.unsigned_abs() % 1000);
    let sign = if milliseconds < 0 { "-" } else { "" };
    if rest == 0 { format!("{sign}{seconds}") } else { format!("{sign}{seconds}.{rest:03}") }
}

impl HecBatch {
    /// A blank event. A collector that can read it refuses it by a code of its own, so that it
    /// leaves nothing in Splunk.
    pub(super) fn probe() -> HecBatch {
        let mut batch = HecBatch::default();
        batch.push("", b"{\"event\":\"\"}\n");
        batch
    }

    /// Appends the object of an event from `source`.
    pub(super) fn push(&mut self, source: &str, object: &[u8]) {
        // Most events of a batch come from few objects.
        let last = self.events.last().map(|event| &event.source).filter(|last| &***last == source);
        let source = last.cloned().unwrap_or_else(|| source.into());
        self.text.extend_from_slice(object);
        self.events.push(BatchedEvent { end: self.text.len(), source });
    }

    /// Number of events.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Size in bytes before compression.
    pub(super) fn size(&self) -> usize {
        self.text.len()
    }

    /// Compresses the text with gzip; `None` if the library fails.
    pub(super) fn compressed(&self) -> Option<Vec<u8>> {
        /// A low one: events repeat themselves, and lag matters more than the last bytes.
        const LEVEL: i32 = 3;
        let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
        let mut bytes = vec![0; compressor.gzip_compress_bound(self.text.len())];
        let length = compressor.gzip_compress(&self.text, &mut bytes).ok()?;
        bytes.truncate(length);
        bytes.shrink_to_fit();
        Some(bytes)
    }

    /// Returns the text as it is sent without compression.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the name of the first event: its source, and its id if it has one.
    pub(super) fn first_name(&self) -> (String, Option<String>) {
        #[derive(Deserialize)]
        struct Framed {
            event: Identified,
        }
        #[derive(Deserialize)]
        struct Identified {
            #[serde(rename = "eventID")]
            id: Option<String>,
        }
        let Some(first) = self.events.first() else { return (String::new(), None) };
        let framed: Option<Framed> = serde_json::from_slice(&self.text[..first.end]).ok();
        (first.source.to_string(), framed.and_then(|framed| framed.event.id))
    }

    /// Splits a batch of several events into smaller ones: the events before `position`, the one
    /// there, and those after it. Without a valid position it is cut in half.
    pub(super) fn split(self, position: Option<usize>) -> Vec<HecBatch> {
        let count = self.len();
        let cuts = match position.filter(|position| *position < count) {
            Some(position) => [0, position, position + 1, count],
            None => [0, 0, count / 2, count],
        };
        cuts.windows(2).map(|cut| self.part(cut[0], cut[1])).filter(|part| !part.is_empty()).collect()
    }

    fn part(&self, from: usize, to: usize) -> HecBatch {
        let start_of = |at: usize| at.checked_sub(1).map_or(0, |before| self.events[before].end);
        let (start, end) = (start_of(from), start_of(to));
        let shifted = |event: &BatchedEvent| BatchedEvent { end: event.end - start, source: event.source.clone() };
        HecBatch {
            text: self.text[start..end.max(start)].to_vec(),
            events: self.events[from..to].iter().map(shifted).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::HecToken;
    use super::*;

    fn frame(index: Option<&str>, host: Option<&str>) -> EventFrame {
        let token = HecToken::from_variable(Some("t".into())).unwrap();
        let mut settings = HecSettings::new("https://s", token).unwrap();
        (settings.index, settings.host) = (index.map(String::from), host.map(String::from));
        EventFrame::new(&settings)
    }

    fn object(frame: &EventFrame, time: Option<&str>, source: &str, event: &[u8]) -> String {
        let time = time.map(|time| time.parse().unwrap());
        String::from_utf8(frame.object(&HecEvent { time, source, event })).unwrap()
    }

    #[test]
    fn an_event_is_sent_as_it_was_delivered() {
        let event = br#"{"eventID": "1",  "n":1.0}"#;
        assert_eq!(
            object(&frame(Some("aws"), Some("h\"1")), Some("2026-11-29T10:15:00Z"), "s3://b/k", event),
            "{\"time\":1795947300,\"host\":\"h\\\"1\",\"source\":\"s3://b/k\",\"sourcetype\":\"aws:cloudtrail\",\
             \"index\":\"aws\",\"event\":{\"eventID\": \"1\",  \"n\":1.0}}\n"
        );
        assert_eq!(
            object(&frame(None, None), None, "a\nb", b"\"\xff\""),
            "{\"source\":\"a\\nb\",\"sourcetype\":\"aws:cloudtrail\",\"event\":\"\u{fffd}\"}\n"
        );
    }

    #[test]
    fn times_have_milliseconds() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", "0"),
            ("2026-11-29T10:15:00.25Z", "1795947300.250"),
            ("1969-12-31T23:59:58.5Z", "-1.500"),
        ] {
            assert_eq!(seconds(time.parse().unwrap()), expected);
        }
    }

    #[test]
    fn a_batch_is_split_around_an_event() {
        let batch = |count: usize| {
            let mut batch = HecBatch::default();
            (0..count).for_each(|at| batch.push("s", format!("{{\"event\":{{\"eventID\":\"{at}\"}}}}").as_bytes()));
            batch
        };
        let ids = |parts: Vec<HecBatch>| -> Vec<(usize, String)> {
            parts.iter().map(|part| (part.len(), part.first_name().1.unwrap())).collect()
        };
        let is = |count: usize, position, expected: &[(usize, &str)]| {
            let expected: Vec<_> = expected.iter().map(|(count, id)| (*count, id.to_string())).collect();
            assert_eq!(ids(batch(count).split(position)), expected);
        };
        is(5, Some(2), &[(2, "0"), (1, "2"), (2, "3")]);
        is(5, Some(0), &[(1, "0"), (4, "1")]);
        is(5, Some(4), &[(4, "0"), (1, "4")]);
        is(5, Some(5), &[(2, "0"), (3, "2")]);
        is(2, None, &[(1, "0"), (1, "1")]);
        assert_eq!(HecBatch::default().first_name(), (String::new(), None));
    }
}
