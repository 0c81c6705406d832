//! What an answer of the collector means for the batch that was sent.

use serde::Deserialize;
use serde_json::Value;

use super::transport::CollectorAnswer;

/// What became of a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum CollectorVerdict {
    /// All events were taken. With a number, Splunk will acknowledge them once they are safe.
    Taken(Option<u64>),
    /// The batch can be sent again later.
    Busy(String),
    /// An event is invalid: the one at this position from 0, if the collector named one.
    Invalid { position: Option<usize>, reason: String },
    /// The batch is larger than the collector accepts.
    TooLarge(String),
    /// No batch will be taken.
    Fatal(String),
}

/// The body of an answer. Members of another type than expected count as missing.
#[derive(Debug)]
struct AnswerBody {
    text: Option<String>,
    code: Option<u64>,
    ack_id: Option<u64>,
    invalid_event: Option<u64>,
}

impl AnswerBody {
    fn parse(text: &str) -> AnswerBody {
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let number = |name: &str| body.get(name).and_then(Value::as_u64);
        AnswerBody {
            text: body.get("text").and_then(Value::as_str).map(String::from),
            code: number("code"),
            ack_id: number("ackId"),
            invalid_event: number("invalid-event-number"),
        }
    }
}

impl CollectorVerdict {
    /// Classifies an answer by its status, and by the code in its body. `index` is the index that
    /// events were sent to.
    pub(super) fn of(answer: &CollectorAnswer, index: Option<&str>) -> CollectorVerdict {
        let body = AnswerBody::parse(&answer.text);
        let reason = reason(answer.status, &body);
        match (answer.status, body.code) {
            (200..300, Some(0)) => CollectorVerdict::Taken(body.ack_id),
            (408 | 429 | 500.., _) | (_, Some(8 | 9)) => CollectorVerdict::Busy(reason),
            (413, _) => CollectorVerdict::TooLarge(reason),
            // No data, invalid format, no `event`, blank `event`, fields that cannot be indexed.
            (400, Some(5 | 6 | 12 | 13 | 15)) => {
                let position = body.invalid_event.and_then(|number| usize::try_from(number).ok());
                CollectorVerdict::Invalid { position, reason }
            }
            (400, Some(7)) => CollectorVerdict::Fatal(wrong_index(index, &reason)),
            (400, Some(10 | 11)) => CollectorVerdict::Fatal(format!(
                "Splunk did not accept the channel of the requests ({reason}); check that no proxy removes the header \
                 X-Splunk-Request-Channel"
            )),
            (401 | 403, _) => CollectorVerdict::Fatal(format!(
                "Splunk did not accept the token ({reason}); check the token in SPLUNK_HEC_TOKEN or \
                 --hec-token-file, and in Splunk that it exists and is enabled under Settings > Data inputs > \
                 HTTP Event Collector"
            )),
            (_, Some(_)) => CollectorVerdict::Fatal(format!("Splunk refused the request ({reason})")),
            _ => CollectorVerdict::Fatal(format!(
                "the answer is not from an HTTP Event Collector ({reason}); check host, port and path"
            )),
        }
    }
}

fn wrong_index(index: Option<&str>, reason: &str) -> String {
    match index {
        Some(index) => format!(
            "Splunk did not accept the index {index:?} ({reason}); check --hec-index, and in Splunk that the index \
             exists and is among the allowed indexes of the token"
        ),
        None => format!(
            "Splunk did not accept the default index of the token ({reason}); name one of its allowed indexes with \
             --hec-index"
        ),
    }
}

/// True if the collector has read a blank event: it takes the event, or refuses it because it is
/// blank or missing.
pub(super) fn has_read_probe(answer: &CollectorAnswer) -> bool {
    matches!(AnswerBody::parse(&answer.text).code, Some(0 | 12 | 13))
}

/// Describes an answer: `status 403, code 4: Invalid token`.
pub(super) fn described(answer: &CollectorAnswer) -> String {
    reason(answer.status, &AnswerBody::parse(&answer.text))
}

fn reason(status: u16, body: &AnswerBody) -> String {
    const MAX_REASON: usize = 200;
    let text = body.text.as_deref().unwrap_or_default();
    let text: String = text.chars().take(MAX_REASON).collect();
    match body.code {
        Some(code) if !text.is_empty() => format!("status {status}, code {code}: {text}"),
        Some(code) => format!("status {status}, code {code}"),
        None => format!("status {status}"),
    }
}

/// Returns whether the collector has acknowledged a batch; `None` if it will not answer that.
pub(super) fn is_acknowledged(answer: &CollectorAnswer, ack: u64) -> Option<bool> {
    #[derive(Deserialize)]
    struct Acknowledgements {
        acks: std::collections::HashMap<String, bool>,
    }
    match answer.status {
        200..300 => {
            let body: Acknowledgements = serde_json::from_str(&answer.text).ok()?;
            Some(body.acks.get(&ack.to_string()).copied().unwrap_or(false))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, text: &str) -> CollectorVerdict {
        CollectorVerdict::of(&CollectorAnswer { status, text: text.into(), cookies: Vec::new() }, Some("aws"))
    }

    #[test]
    fn only_code_0_means_taken() {
        assert_eq!(outcome(200, r#"{"text":"Success","code":0}"#), CollectorVerdict::Taken(None));
        assert_eq!(outcome(200, r#"{"text":"Success","code":0,"ackId":7}"#), CollectorVerdict::Taken(Some(7)));
        for text in ["", "<html>", "[]", "{}", r#"{"code":-1}"#] {
            let CollectorVerdict::Fatal(reason) = outcome(200, text) else { panic!("{text}") };
            assert!(reason.starts_with("the answer is not from an HTTP Event Collector (status 200)"), "{reason}");
        }
        assert!(matches!(outcome(200, r#"{"text":"x","code":17}"#), CollectorVerdict::Fatal(_)));
        assert!(matches!(outcome(302, ""), CollectorVerdict::Fatal(_)));
    }

    #[test]
    fn a_busy_collector_is_asked_again() {
        for (status, text) in [
            (503, r#"{"text":"Server is busy","code":9}"#),
            (500, r#"{"text":"Internal server error","code":8}"#),
            (429, ""),
            (408, ""),
            (502, "<html>"),
            (200, r#"{"text":"Server is busy","code":9}"#),
        ] {
            assert!(matches!(outcome(status, text), CollectorVerdict::Busy(_)), "{status} {text}");
        }
    }

    #[test]
    fn an_invalid_event_has_a_position() {
        let text = r#"{"text":"Invalid data format","code":6,"invalid-event-number":3}"#;
        let reason = "status 400, code 6: Invalid data format".to_string();
        assert_eq!(outcome(400, text), CollectorVerdict::Invalid { position: Some(3), reason });
        for code in [5, 12, 13, 15] {
            let CollectorVerdict::Invalid { position, .. } = outcome(400, &format!(r#"{{"code":{code}}}"#)) else {
                panic!()
            };
            assert_eq!(position, None);
        }
        let odd = outcome(400, r#"{"text":1,"code":6,"invalid-event-number":-1}"#);
        assert_eq!(odd, CollectorVerdict::Invalid { position: None, reason: "status 400, code 6".into() });
        assert!(matches!(outcome(413, "<html>"), CollectorVerdict::TooLarge(_)));
    }

    #[test]
    fn fatal_errors_say_what_to_check() {
        for (status, text, expected) in [
            (403, r#"{"text":"Invalid token","code":4}"#, "SPLUNK_HEC_TOKEN or --hec-token-file"),
            (403, r#"{"text":"Token disabled","code":1}"#, "(status 403, code 1: Token disabled)"),
            (401, "", "Splunk did not accept the token (status 401)"),
            (400, r#"{"text":"Incorrect index","code":7,"invalid-event-number":1}"#, "the index \"aws\" (status 400"),
            (400, r#"{"text":"Data channel is missing","code":10}"#, "X-Splunk-Request-Channel"),
            (404, "not found", "check host, port and path"),
            (400, "", "check host, port and path"),
        ] {
            let CollectorVerdict::Fatal(reason) = outcome(status, text) else { panic!("{status} {text}") };
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn acknowledgements_are_read() {
        let is = |status, text: &str| {
            is_acknowledged(&CollectorAnswer { status, text: text.into(), cookies: Vec::new() }, 7)
        };
        assert_eq!(is(200, r#"{"acks":{"7":true}}"#), Some(true));
        assert_eq!(is(200, r#"{"acks":{"7":false,"8":true}}"#), Some(false));
        assert_eq!(is(200, r#"{"acks":{}}"#), Some(false));
        assert_eq!(is(200, "x"), None);
        assert_eq!(is(400, r#"{"text":"ACK is disabled","code":14}"#), None);
    }
}
