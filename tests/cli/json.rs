//! JSON: events as delivered, one per line, or objects of columns.

use serde_json::Value;
use testkit::logs::{edge_cases, records};
use testkit::plain::row::is_hidden;

use crate::harness::{RunResult, Trial, gzip};

const EVENT: &str = r#"{"eventTime":"2026-10-01T09:00:00Z","eventName":"A","userAgent":"=1\t2","userIdentity":{"type":"IAMUser","userName":"al\"ice\\"},"requestParameters":{"x":[1.50,{"y":null}]},"readOnly":true,"resources":[{"ARN":"arn:aws:s3:::b"}]}"#;

fn json(trial: &Trial, arguments: &[&str]) -> RunResult {
    trial.run(&[&["log", "-f", "json"], arguments].concat())
}

/// A text without the white space outside its strings.
fn compact(json: &[u8]) -> Vec<u8> {
    let (mut in_string, mut is_escaped) = (false, false);
    let mut keep = |byte: &u8| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
        in_string || !byte.is_ascii_whitespace()
    };
    json.iter().copied().filter(|byte| keep(byte)).collect()
}

#[test]
fn events_stay_as_they_were_delivered() {
    let trial =
        Trial::with("log/a.json.gz", gzip(records([EVENT, r#"{"eventName":"B","eventVersion":"1","novel":1E400}"#])));
    let last = "trail2tsv: 2 events in 1 file read, 2 matched\n";
    let whole = format!("{EVENT}\n{}\n", r#"{"eventName":"B","eventVersion":"1","novel":1E400}"#);
    json(&trial, &[]).shows(0, &whole, last);
    json(&trial, &["--no-header", "--raw"]).shows(0, &whole, last);
    for name in ["out.json", "out.jsonl", "out.ndjson"] {
        trial.run(&["log", "-o", name, "-q"]).shows(0, "", "");
        assert_eq!(trial.read(name), whole);
    }
    assert_eq!(json(&trial, &["-n", "1"]).lines(0), [EVENT]);
    assert_eq!(json(&trial, &["-e", "B"]).lines(0), [r#"{"eventName":"B","eventVersion":"1","novel":1E400}"#]);
    json(&trial, &["-e", "nothing", "-q"]).shows(0, "", "");
}

#[test]
fn every_wrapping_gives_the_event() {
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(EVENT).unwrap()).unwrap();
    let quoted = serde_json::to_string(&pretty).unwrap();
    for log in [
        format!("{{\"Records\":\t[\r\n{pretty}\n]}}"),
        format!("[{pretty}]"),
        format!("{EVENT}\n"),
        format!("{{\"Events\":[{{\"EventId\":\"x\",\"CloudTrailEvent\":{quoted}}}]}}"),
        format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\": {pretty}}}"),
    ] {
        let trial = Trial::with("log", &log);
        assert_eq!(json(&trial, &[]).lines(0), [EVENT], "{log}");
    }
}

#[test]
fn columns_make_objects() {
    let trial = Trial::with("log", records([EVENT, r#"{"eventName":"B","errorCode":null}"#]));
    let columns = "eventName,userName,userAgent,readOnly,errorCode,requestParameters,requestParameters.x[0],\
                   requestParameters.x[].y,resources,mfa,file";
    json(&trial, &["-c", columns]).shows(
        0,
        concat!(
            r#"{"eventName":"A","userName":"al\"ice\\","userAgent":"=1\t2","readOnly":true,"errorCode":null,"#,
            r#""requestParameters":{"x":[1.50,{"y":null}]},"requestParameters.x[0]":1.50,"requestParameters.x[].y":[null],"#,
            r#""resources":["arn:aws:s3:::b"],"mfa":null,"file":"log"}"#,
            "\n",
            r#"{"eventName":"B","userName":null,"userAgent":null,"readOnly":null,"errorCode":null,"#,
            r#""requestParameters":null,"requestParameters.x[0]":null,"requestParameters.x[].y":[],"#,
            r#""resources":[],"mfa":null,"file":"log"}"#,
            "\n",
        ),
        "trail2tsv: 2 events in 1 file read, 2 matched\n",
    );
    let default = json(&trial, &["-c", "+file", "-n", "1"]);
    let object: serde_json::Map<String, Value> = serde_json::from_str(default.lines(0)[0]).unwrap();
    assert_eq!(object.keys().map(String::as_str).take(2).collect::<Vec<_>>(), ["eventTime", "awsRegion"]);
    assert_eq!(object.len(), 11);
}

#[test]
fn unusual_events_are_one_line_and_keep_their_meaning() {
    let odd = edge_cases::events();
    let trial = Trial::with("log", records(odd.iter().map(|event| &event.json)));
    let ran = json(&trial, &["-q"]);
    let expected: Vec<_> = odd.iter().filter(|event| event.why != "an event without anything").collect();
    let lines = ran.lines(ran.code.unwrap());
    assert_eq!(lines.len(), expected.len());
    let mut untouched = 0;
    for (line, event) in lines.into_iter().zip(expected) {
        assert!(!line.contains(is_hidden), "{}: {line:?}", event.why);
        if event.strict {
            let delivered: Value = serde_json::from_slice(&event.json).unwrap();
            assert_eq!(serde_json::from_str::<Value>(line).unwrap(), delivered, "{}", event.why);
        }
        let compact = compact(&event.json);
        if str::from_utf8(&compact).is_ok_and(|text| !text.contains(is_hidden)) {
            assert_eq!(line.as_bytes(), compact, "{}", event.why);
            untouched += 1;
        }
    }
    assert!(untouched > 100, "{untouched}");
}

#[test]
fn an_event_of_many_blocks_is_one_line() {
    let items = (0..60_000).map(|number| format!("{{\"id\": \"é-{number}\\n\"}}")).collect::<Vec<_>>().join(", ");
    let numbers = vec!["1 "; 900_000].join(",\n");
    let large = format!("{{ \"items\": [{items}], \"numbers\": [{numbers}] }}");
    let event = format!("{{\"eventName\": \"A\",\t\"requestParameters\": {large}}}");
    let trial = Trial::with("log", records([&event, "{\"eventName\":\"B\",\"eventVersion\":\"1\"}", &event]));
    let line = String::from_utf8(compact(event.as_bytes())).unwrap();
    assert!(json(&trial, &[]).lines(0) == [&line, "{\"eventName\":\"B\",\"eventVersion\":\"1\"}", &line]);
    assert!(json(&trial, &["-n", "1"]).lines(0) == [&line]);
    let none = r#"{"eventName":"B","requestParameters":null}"#;
    assert!(json(&trial, &["-c", "eventName,requestParameters"]).lines(0) == [&line, none, &line]);
}

#[test]
fn an_event_that_came_before_is_left_out() {
    let event = |id: &str, name: &str| format!(r#"{{"eventName":"{name}","eventID":"{id}"}}"#);
    let (one, two) = (event("1", "A"), event("2", "B"));
    let trial = Trial::with("log", records([&one, &event("1", "C"), &two]));
    let last = "trail2tsv: 3 events in 1 file read, 2 matched; 1 duplicate left out: eventID seen before\n";
    json(&trial, &["--dedupe"]).shows(0, &format!("{one}\n{two}\n"), last);
    json(&trial, &["--dedupe", "--sort", "-eventName"]).shows(0, &format!("{two}\n{one}\n"), last);
    json(&trial, &["--dedupe", "-c", "eventName"]).shows(0, "{\"eventName\":\"A\"}\n{\"eventName\":\"B\"}\n", last);
}

#[test]
fn jq_output_is_one_value_per_line() {
    let trial = Trial::with("log", EVENT);
    let gives = |expression: &str, expected: &[&str]| {
        assert_eq!(json(&trial, &["--jq", expression]).lines(0), expected, "{expression}");
    };
    gives(".eventName == \"A\"", &[EVENT]);
    gives(".userAgent, .userIdentity.userName", &[r#""=1\t2""#, r#""al\"ice\\""#]);
    gives(
        "{eventName, n: (1 + 1)}, \"a\\u007f\", [.userAgent]",
        &[r#"{"eventName":"A","n":2}"#, r#""a\u007f""#, r#"["=1\t2"]"#],
    );
}

#[test]
fn options_without_effect_on_json_are_refused() {
    let trial = Trial::with("log", EVENT);
    for option in [&["--null", "x"][..], &["--excel"]] {
        let text = "has no effect with JSON output";
        json(&trial, option).shows(2, "", &format!("trail2tsv: {} {text}\ntrail2tsv: try --help\n", option[0]));
    }
}
