//! Every JSON type as the value of every column.

use super::{EdgeCase, EventDraft};

const COLUMNS: &[&str] = &[
    "eventTime",
    "awsRegion",
    "eventSource",
    "eventName",
    "userIdentity",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "errorCode",
    "recipientAccountId",
];
const IN_IDENTITY: &[&str] = &["type", "userName", "arn", "principalId", "accountId", "sessionContext"];

/// A value of each type: its name, its JSON, and whether that is strict.
const VALUES: &[(&str, &str, bool)] = &[
    ("a string", r#""text""#, true),
    ("an empty string", r#""""#, true),
    ("an integer", "42", true),
    ("zero", "0", true),
    ("minus zero", "-0", true),
    ("a negative integer", "-7", true),
    ("a fraction", "3.25", true),
    ("a fraction with zeros", "1.500", true),
    ("an exponent", "1e3", true),
    ("an exponent with signs", "-1.5E-07", true),
    ("an integer of 64 bits", "18446744073709551615", true),
    ("an integer of 30 digits", "123456789012345678901234567890", true),
    ("a number beyond all doubles", "1e400", true),
    ("true", "true", true),
    ("false", "false", true),
    ("null", "null", true),
    ("an empty object", "{}", true),
    ("an empty array", "[]", true),
    ("an object", r#"{"a":1,"b":{"c":null}}"#, true),
    ("an array", r#"[1,"two",[3],{"four":4}]"#, true),
    ("an array with one text", r#"["text"]"#, true),
];

pub(super) fn all() -> Vec<EdgeCase> {
    let mut all = Vec::new();
    for &(name, json, strict) in VALUES {
        for column in COLUMNS {
            let draft = EventDraft::new(format!("{column} is {name}")).set(column, json);
            all.push(if strict { draft.edge_case() } else { draft.not_strict().edge_case() });
        }
        for key in IN_IDENTITY {
            let identity = format!(r#"{{"type":"AssumedRole","{key}":{json},"invokedBy":"ec2.amazonaws.com"}}"#);
            // A duplicate key is an edge case of its own.
            let identity = match *key {
                "type" => identity.replace(r#""type":"AssumedRole","#, ""),
                _ => identity,
            };
            let draft = EventDraft::new(format!("userIdentity.{key} is {name}")).set("userIdentity", identity);
            all.push(if strict { draft.edge_case() } else { draft.not_strict().edge_case() });
        }
    }
    for column in COLUMNS {
        all.push(EventDraft::new(format!("{column} is absent")).without(column).edge_case());
    }
    all
}
