//! Requests for pages of the event history, and their answers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Number of events on a page; AWS allows no more.
const PAGE: u32 = 50;

/// What is the same in all requests of a run.
#[derive(Clone, Debug)]
pub(super) struct LookupQuery {
    /// The attribute and its value.
    pub(super) selection: Option<(&'static str, String)>,
    /// First second of the wanted events.
    pub(super) start: Option<i64>,
    /// Last second of the wanted events.
    pub(super) end: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LookupRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup_attributes: Option<[LookupAttribute<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    max_results: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LookupAttribute<'a> {
    attribute_key: &'a str,
    attribute_value: &'a str,
}

/// An answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LookupAnswer {
    #[serde(default)]
    pub(super) events: Vec<LookedUpEvent>,
    pub(super) next_token: Option<String>,
}

/// An event of an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LookedUpEvent {
    pub(super) event_id: Option<String>,
    /// Seconds since 1970.
    event_time: Option<f64>,
    /// The event itself, as text.
    cloud_trail_event: Option<String>,
}

/// A page of events, newest first.
#[derive(Debug)]
pub(super) struct EventPage {
    pub(super) events: Vec<PageEvent>,
    /// Second of the newest event; `None` if no event has a time.
    pub(super) newest: Option<i64>,
    /// Names of the events that have no text that can be read.
    pub(super) unreadable: Vec<String>,
}

/// An event of a page.
#[derive(Debug)]
pub(super) struct PageEvent {
    pub(super) id: Option<String>,
    pub(super) second: Option<i64>,
    /// A JSON object.
    text: String,
}

impl LookupQuery {
    /// Creates the request for a page: the first one up to `end`, or the one of a token.
    pub(super) fn request<'a>(&'a self, end: Option<i64>, token: Option<&'a str>) -> LookupRequest<'a> {
        let attribute = |(name, value): &'a (&'static str, String)| {
            [LookupAttribute { attribute_key: name, attribute_value: value }]
        };
        LookupRequest {
            lookup_attributes: self.selection.as_ref().map(attribute),
            start_time: self.start,
            end_time: end,
            max_results: PAGE,
            next_token: token,
        }
    }
}

impl LookedUpEvent {
    /// The second of the event.
    pub(super) fn second(&self) -> Option<i64> {
        // A time that no event can have is converted to the nearest possible one.
        self.event_time.map(|time| time.floor() as i64)
    }
}

impl EventPage {
    /// Collects events.
    pub(super) fn new(events: Vec<LookedUpEvent>) -> EventPage {
        let newest = events.iter().filter_map(LookedUpEvent::second).max();
        let mut page = EventPage { events: Vec::new(), newest, unreadable: Vec::new() };
        for event in events {
            let second = event.second();
            match event.cloud_trail_event.filter(|text| is_object(text)) {
                Some(text) => page.events.push(PageEvent { id: event.event_id, second, text }),
                None => page.unreadable.push(event_name(event.event_id)),
            }
        }
        page
    }

    /// The length of the events in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.text.len()).sum()
    }

    /// The events in the form of a log file.
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.events.iter().map(|event| event.text.as_str()).collect();
        format!("{{\"Records\":[{}]}}", texts.join(","))
    }

    /// The time of the newest event.
    pub(super) fn time(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.newest?).ok()
    }
}

/// The id of an event for a message, of bounded length.
fn event_name(id: Option<String>) -> String {
    const MAX_ID: usize = 64;
    let id = id.unwrap_or_default();
    if id.is_empty() { "without EventId".into() } else { id.chars().take(MAX_ID).collect() }
}

/// True if a text is a JSON object.
fn is_object(text: &str) -> bool {
    #[derive(Deserialize)]
    struct JsonObject {}
    text.trim_start().starts_with('{') && serde_json::from_str::<JsonObject>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_a_log_file() {
        let answer = r#"{"Events":[
            {"EventId":"a","EventTime":1790000000.0,"CloudTrailEvent":" {\"eventName\":\"A\\\"\"} "},
            {"EventId":"b","EventTime":1790000001.5,"CloudTrailEvent":"{\"x\":"},
            {"EventId":"c","EventTime":1789999999,"CloudTrailEvent":"[]"},
            {"CloudTrailEvent":"{\"eventName\":\"B\",\"x\":\"\\ud800\"}"},
            {"EventId":""},{"EventId":"e","CloudTrailEvent":null}],"Other":{},"NextToken":"t"}"#;
        let answer: LookupAnswer = serde_json::from_str(answer).unwrap();
        assert_eq!(answer.next_token.as_deref(), Some("t"));
        let page = EventPage::new(answer.events);
        assert_eq!(page.text(), r#"{"Records":[ {"eventName":"A\""} ,{"eventName":"B","x":"\ud800"}]}"#);
        assert_eq!((page.events.len(), page.newest), (2, Some(1_790_000_001)));
        assert_eq!(page.unreadable, ["b", "c", "without EventId", "e"]);
        let empty: LookupAnswer = serde_json::from_str("{}").unwrap();
        assert_eq!(EventPage::new(empty.events).text(), r#"{"Records":[]}"#);
    }

    #[test]
    fn requests_contain_only_what_was_asked() {
        let mut query = LookupQuery { selection: None, start: None, end: None };
        let text = |request: LookupRequest<'_>| serde_json::to_string(&request).unwrap();
        assert_eq!(text(query.request(None, None)), r#"{"MaxResults":50}"#);
        query.start = Some(1);
        query.selection = Some(("Username", "alice".into()));
        assert_eq!(
            text(query.request(Some(2), Some("t"))),
            r#"{"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"alice"}],"StartTime":1,"EndTime":2,"MaxResults":50,"NextToken":"t"}"#
        );
    }
}
