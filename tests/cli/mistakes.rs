//! Common mistakes of new users, and the hints that correct them.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use crate::harness::Trial;

#[test]
fn mistakes_teach() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/AWSLogs");
    let sample = sample.to_str().unwrap();
    for (arguments, told) in [
        (&["--where", "errorCode is AccessDenied"][..], "write 'FIELD = VALUE'"),
        (&["--where", "errorCode =~ Access"], "write FIELD ~ REGEX"),
        (&["--where", "requestParameters.durationSeconds => 3600"], "write FIELD >= VALUE"),
        (&["--where", "eventName =!Sign"], "write FIELD != VALUE"),
        (&["--where", "userAgent = \"*aws*"], "a quote without its second"),
        (&["--where", "sourceIPAddress = 10.0.0.0/8"], "write --source-ip '10.0.0.0/8'"),
        (&["--where", "eventName = Get*,Sign"], "write {Get*,Sign} for either"),
        (&["--where", "requestParameters.*"], "has a wildcard"),
        (&["--event-name", "!!Sign"], "negated twice"),
        (&["--where", "errorCode ="], "!FIELD asks for events without the field"),
        (&["--where", "!errorCode = x"], "write FIELD != VALUE"),
        (&["--where", "errorcode = x"], "did you mean errorCode?"),
        (&["--where", "bucketName = x"], "requestParameters.bucketName"),
        (&["--where", "errorCode = a and eventName = b"], "give each a --where of its own"),
        (&["--where", "errorMessage ~ ("], "not a regular expression: unclosed group"),
        (&["--where", "eventTime > yesterday"], "such as 3600, 30d, 2026-10-01"),
        (&["--grep", "*.txt"], "not a regular expression: repetition operator missing expression"),
        (&["--grep", ""], "leave it out"),
        (&["--jq", ".eventName == 'X'"], "texts stand in double quotes"),
        (&["--jq", ".eventName = \"X\""], "write == to compare"),
        (&["--jq", "eventName == \"X\""], "a field is written with a dot, .eventName"),
        (&["--jq", ".Records[] | .eventName"], "leave .Records[] out"),
        (&["--jq", ".a | select(.b"], "is never closed"),
        (&["--jq", "select(.eventName == \"X\")", "-c", "eventName"], "leave --columns out"),
        (&["--errors", "--no-errors"], "cannot be used with"),
        (&["--reads", "--writes"], "cannot be used with"),
        (&["--resource", ""], "leave it out or write *"),
        (&["--error-code", "{a"], "* stands for any text"),
        (&["--since", "last week"], "write 30d, 12h"),
        (&["--account", "my-account"], "write its 12 digits"),
        (&["--source-ip", "10.0.0"], "write 203.0.113.7, 203.0.113.0/24"),
        (&["--columns", "eventnam"], "did you mean eventName?"),
        (&["--format", "excel"], "not one of table, tsv, csv, json, xlsx"),
        (&["--limit", "ten"], "write one such as 100"),
        (&["--event_name", "X"], "--event-name"),
        (&["--offline"], "--offline needs --bucket BUCKET"),
        (&["--bucket", "s3://logs/AWSLogs"], "write it without s3://"),
    ] {
        let ran = Trial::new().run(&[&[sample], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}
