//! Common mistakes of new users, and the hints that correct them.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use crate::harness::Trial;

#[test]
fn mistakes_are_explained_with_a_correction() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/AWSLogs");
    let sample = sample.to_str().unwrap();
    for (arguments, told) in [
        (&["--where", "errorCode is AccessDenied"][..], "write 'FIELD = VALUE'"),
        (&["--where", "errorCode =~ Access"], "write FIELD ~ REGEX"),
        (&["--where", "requestParameters.durationSeconds => 3600"], "write FIELD >= VALUE"),
        (&["--where", "eventName =!Sign"], "write FIELD != VALUE"),
        (&["--where", "userAgent = \"*aws*"], "an unclosed quote"),
        (&["--where", "sourceIPAddress = 10.0.0.0/8"], "write --source-ip '10.0.0.0/8'"),
        (&["--where", "eventName = Get*,Sign"], "write {Get*,Sign} to match either"),
        (&["--where", "requestParameters.*"], "has a wildcard"),
        (&["--event-name", "!!Sign"], "negated twice"),
        (&["--where", "errorCode ="], "!FIELD selects events without the field"),
        (&["--where", "!errorCode = x"], "write FIELD != VALUE"),
        (&["--where", "errorcode = x"], "did you mean errorCode?"),
        (&["--where", "bucketName = x"], "requestParameters.bucketName"),
        (&["--where", "errorCode = a and eventName = b"], "write one --where for each"),
        (&["--where", "errorMessage ~ ("], "not a regular expression: unclosed group"),
        (&["--where", "eventTime > noon"], "such as 30d, 2026-10-01"),
        (&["--where", "userAgent > noon"], "such as 3600, 30d, 2026-10-01"),
        (&["--where", "eventTime > 30"], "expected a time after the operator, such as 30d"),
        (&["--where", "eventTime = 2026-10-01"], "write eventTime = 2026-10-01* for all of it"),
        (&["--where", "eventTime != 2026"], "write eventTime != 2026* for all of it"),
        (&["--where", "eventTime > yesterday"], "write --since yesterday, or a time after the operator, such as 30d"),
        (&["--grep", "*.txt"], "not a regular expression: repetition operator missing expression"),
        (&["--grep", ""], "leave it out"),
        (&["--jq", ".eventName == 'X'"], "write strings in double quotes"),
        (&["--jq", ".eventName = \"X\""], "write == to compare"),
        (&["--jq", "eventName == \"X\""], "write a field with a dot, .eventName"),
        (&["--jq", ".Records[] | .eventName"], "leave out .Records[]"),
        (&["--jq", ".a | select(.b"], "is never closed"),
        (&["--jq", "select(.eventName == \"X\")", "-c", "eventName"], "leave out --columns"),
        (&["--errors", "--no-errors"], "cannot be used with"),
        (&["--reads", "--writes"], "cannot be used with"),
        (&["--resource", ""], "leave it out or write *"),
        (&["--error-code", "{a"], "* matches any text"),
        (&["--since", "last week"], "write 30d, 12h"),
        (&["--account", "my-account"], "write its 12 digits"),
        (&["--source-ip", "10.0.0"], "write 203.0.113.7, 203.0.113.0/24"),
        (&["--columns", "eventnam"], "did you mean eventName?"),
        (&["--format", "excel"], "not one of table, tsv, csv, json, xlsx"),
        (&["--limit", "ten"], "write one such as 100"),
        (&["-n", "-1"], "--limit \"-1\": not a number; write one such as 100"),
        (&["--threads", "-1"], "--threads \"-1\": not a number from 1 to 32"),
        (&["--since", "2026"], "write a year with a month, as in 2026-01, or a span with a unit, as in 7d"),
        (&["--event_name", "X"], "--event-name"),
        (&["--offline"], "--offline needs --bucket BUCKET"),
        (&["--late-days", "3"], "--late-days needs --bucket BUCKET"),
        (&["--jobs", "3"], "--jobs needs --bucket BUCKET"),
        (&["--no-sign-request"], "--no-sign-request needs --bucket BUCKET"),
        (&["--request-payer"], "--request-payer needs --bucket BUCKET"),
        (&["--bucket", "s3://logs/AWSLogs"], "write it without s3://"),
    ] {
        let ran = Trial::new().run(&[&[sample], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}
