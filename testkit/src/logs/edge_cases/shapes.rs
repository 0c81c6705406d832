//! Edge cases of shape: order, repetition and spelling of keys, white space, depth.

use super::{EdgeCase, EventDraft, WhiteSpace};

pub(super) fn all() -> Vec<EdgeCase> {
    let mut all = keys();
    all.extend(spaces());
    all.extend(parameters());
    all
}

fn keys() -> Vec<EdgeCase> {
    let mut reversed = EventDraft::new("keys: reversed");
    reversed.fields.reverse();
    let mut sorted = EventDraft::new("keys: sorted");
    sorted.fields.sort();
    vec![
        reversed.edge_case(),
        sorted.edge_case(),
        EventDraft::new("keys: eventName twice").again("eventName", r#""TerminateInstances""#).edge_case(),
        EventDraft::new("keys: eventName twice, the second null").again("eventName", "null").edge_case(),
        EventDraft::new("keys: eventTime twice").again("eventTime", r#""2026-10-02T12:00:00Z""#).edge_case(),
        EventDraft::new("keys: userIdentity twice")
            .again("userIdentity", r#"{"type":"Root","accountId":"111122223333"}"#)
            .edge_case(),
        EventDraft::new("keys: twice inside userIdentity")
            .set("userIdentity", r#"{"type":"IAMUser","userName":"first","type":"Root","userName":"second"}"#)
            .edge_case(),
        EventDraft::new("keys: twice inside requestParameters")
            .set("requestParameters", r#"{"a":1,"b":2,"a":3,"b":{"c":4,"c":5}}"#)
            .edge_case(),
        EventDraft::new("keys: eventName with an escape")
            .without("eventName")
            .set(r"event\u004eame", r#""TerminateInstances""#)
            .edge_case(),
        EventDraft::new("keys: eventName with an escape, and plain").again(r"event\u004eame", r#""TerminateInstances""#).edge_case(),
        EventDraft::new("keys: userIdentity and its keys with escapes")
            .without("userIdentity")
            .set(r"\u0075serIdentity", r#"{"\u0074ype":"IAMUser","user\u004Eame":"alice"}"#)
            .edge_case(),
        EventDraft::new("keys: other capital letters").without("eventName").set("EventName", r#""TerminateInstances""#).edge_case(),
        EventDraft::new("keys: a key that begins like another").set("eventNameOfYesterday", r#""TerminateInstances""#).edge_case(),
        EventDraft::new("keys: a name of ours inside requestParameters")
            .set("requestParameters", r#"{"eventName":"TerminateInstances","userIdentity":{"type":"Root"},"Records":[{"eventName":"TerminateInstances","eventVersion":"1"}]}"#)
            .edge_case(),
        EventDraft::new("keys: a name of ours as a value").set("userAgent", r#""eventName""#).edge_case(),
        EventDraft::new("keys: ends in a backslash").set(r"odd\\", r#""value""#).edge_case(),
        EventDraft::new("keys: holds quotation marks and colons").set(r#"a\":\"b"#, r#""value""#).edge_case(),
    ]
}

fn spaces() -> Vec<EdgeCase> {
    let nested = "[ 1 ,\t{ \"a\" :\r\n[ ] ,\n\"b\" : { } } , \" kept  as it is \" ]";
    let draft = |why: &str| EventDraft::new(why).set("requestParameters", nested);
    vec![
        draft("white space: blanks").spaced(WhiteSpace { open: " ", colon: " ", comma: " ", close: " " }),
        draft("white space: tabs").spaced(WhiteSpace { open: "\t", colon: "\t", comma: "\t", close: "\t" }),
        draft("white space: line feeds").spaced(WhiteSpace { open: "\n", colon: "\n", comma: "\n", close: "\n" }),
        draft("white space: Windows lines").spaced(WhiteSpace { open: "\r\n  ", colon: " ", comma: "", close: "\r\n" }),
        draft("white space: pretty").spaced(WhiteSpace { open: "\n    ", colon: " ", comma: "", close: "\n" }),
        draft("white space: 70 blanks").spaced(WhiteSpace {
            open: SEVENTY,
            colon: SEVENTY,
            comma: SEVENTY,
            close: SEVENTY,
        }),
    ]
}

const SEVENTY: &str = "                                                                      ";

fn parameters() -> Vec<EdgeCase> {
    let of = |why: &str, json: String| EventDraft::new(why).set("requestParameters", json);
    vec![
        of("parameters: 100 arrays deep", deep(100, "[", "1", "]")).edge_case(),
        of("parameters: 100 objects deep", deep(100, r#"{"a":"#, "null", "}")).edge_case(),
        // Strict JSON, but serde_json stops at 128.
        of("parameters: 200 arrays deep", deep(200, "[", "", "]")).not_strict().edge_case(),
        of("parameters: 200 objects deep", deep(200, r#"{"a":"#, "{}", "}")).not_strict().edge_case(),
        of("parameters: 10,000 elements", format!("[{}1]", "1,".repeat(9_999))).edge_case(),
        of("parameters: 2,000 keys", many_keys(2_000)).edge_case(),
        of("parameters: brackets in strings", r#"{"a":"}]{[","b":["]","}"],"}":"{"}"#.into()).edge_case(),
        of("parameters: commas and colons in strings", r#"{"a,b":"c:d","e\":\"f":",:,:"}"#.into()).edge_case(),
        of("parameters: quotation marks in strings", r#"{"a":"\"","\"":"\"\"","b":"\\\"","c":"\",\"d\":\""}"#.into()).edge_case(),
        of("parameters: strings that end in backslashes", r#"{"a":"\\","b":"\\\\","c":"\\\\\\\"","\\":"\\"}"#.into()).edge_case(),
        of("parameters: empty keys", r#"{"":{"":""},"a":{"":[]}}"#.into()).edge_case(),
        of("parameters: every scalar", r#"[null,true,false,0,-0,1.0,1e5,1E+5,-1.5e-5,"",[],{}]"#.into()).edge_case(),
        of("parameters: number spellings", r#"{"a":1.0,"b":1.10,"c":1e2,"d":1E2,"e":100000000000000000000,"f":0.1e-10}"#.into()).edge_case(),
        of("parameters: a policy in a string", r#"{"policyDocument":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [ { \"Effect\": \"Allow\" } ]\n}\n"}"#.into()).edge_case(),
        of("parameters: 100,000 characters in one string", format!(r#"{{"a":"{}"}}"#, "y".repeat(100_000))).edge_case(),
        of("parameters: 40,000 bytes in a cell of JSON", format!("[{}0]", r#""ab","#.repeat(8_000))).edge_case(),
        of("parameters: left out by AWS", "null".into()).set("requestParametersOmitted", r#""too large""#).edge_case(),
    ]
}

fn deep(depth: usize, open: &str, inside: &str, close: &str) -> String {
    [&*open.repeat(depth), inside, &*close.repeat(depth)].concat()
}

fn many_keys(count: usize) -> String {
    let pairs: Vec<String> = (0..count).map(|index| format!(r#""key{index}":{index}"#)).collect();
    format!("{{{}}}", pairs.join(","))
}
