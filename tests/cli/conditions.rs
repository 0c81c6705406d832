//! Conditions on the sample bucket.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use crate::harness::{RunResult, Trial};

fn run(arguments: &[&str]) -> RunResult {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/AWSLogs");
    Trial::new().run(&[&[sample.to_str().unwrap()], arguments].concat())
}

#[track_caller]
fn check_rows(arguments: &[&str], expected: &[&str]) {
    assert_eq!(run(arguments).lines(0), expected, "{arguments:?}");
}

#[test]
fn conditions_combine() {
    check_rows(
        &["--user", "bob", "--writes", "--errors", "-c", "eventName,errorCode", "--no-header"],
        &["TerminateInstances\tClient.UnauthorizedOperation"],
    );
    check_rows(
        &["--resource", "i-0abc12de34f567890", "--no-errors", "-c", "eventName", "--no-header"],
        &["RunInstances", "TerminateInstances"],
    );
    check_rows(&["--where", "eventName = ConsoleLogin", "--where", "mfa = No", "--no-errors", "--count"], &["1"]);
    check_rows(&["--grep", "example-flow", "--grep", "backup-svc", "--count"], &["2"]);
    check_rows(&["--access-key", "!AKIA*,!ASIA*", "--error-code", "*", "--count"], &["2"]);
}

#[test]
fn column_values_can_be_conditions() {
    check_rows(&["--where", "resources = i-0abc12de34f567890", "-e", "Terminate*", "--count"], &["2"]);
    check_rows(&["--where", "resources", "--where", "!resources", "--count"], &["0"]);
    let refused = run(&["--where", "file = *eu-west-1*"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
    assert!(refused.stderr.contains("name the files to read instead"), "{refused:?}");
}

#[test]
fn a_pattern_with_brackets_matches_literally() {
    let trial = Trial::new();
    trial.write(
        "log",
        r#"{"eventName":"A","userAgent":"[Boto3/1.26.165 Python/3.10.6]","userIdentity":{"userName":"Jürgen"}}"#,
    );
    for arguments in [
        ["--where", "userAgent = [Boto3/1.26.165 Python/3.10.6]"],
        ["--where", "userAgent = [boto3/*]"],
        ["--user", "JÜRGEN"],
        ["--user", "JÜRGEN*"],
        ["--user", "{JÜRGEN,x}"],
    ] {
        assert_eq!(trial.run(&["log", "--count", arguments[0], arguments[1]]).lines(0), ["1"], "{arguments:?}");
    }
}

#[test]
fn a_role_is_found_by_its_arn() {
    check_rows(&["--user", "arn:aws:iam::111122223333:role/Maintenance", "--count"], &["6"]);
    check_rows(&["--user", "Maintenance", "--count"], &["6"]);
    let near = run(&["--user", "arn:aws:iam::111122223333:role/Maintenanc", "--count"]);
    assert!(near.stderr.contains("did you mean Maintenance?"), "{near:?}");
    let none = run(&["--user", "arn:aws:iam::111122223333:role/Nobody", "--count"]);
    assert!(none.stderr.contains("role/Nobody\"; existing values: "), "{none:?}");
}

#[test]
fn an_expression_decides() {
    let expression = ".eventName == \"TerminateInstances\" and .errorCode == null";
    check_rows(&["--jq", expression, "-c", "userName"], &["userName", "Admin/alice@example.com"]);
    check_rows(&["--jq", expression, "--count"], &["1"]);
    check_rows(&["-e", "Run*", "--jq", ".readOnly", "-c", "userName"], &[]);
}

#[test]
fn an_expression_shapes_lines() {
    check_rows(
        &["-e", "TerminateInstances", "--jq", "[.eventName, .errorCode] | @tsv"],
        &["TerminateInstances\tClient.UnauthorizedOperation", "TerminateInstances\t"],
    );
    check_rows(
        &["-e", "TerminateInstances", "--jq", "{eventName, n: (1 + 1)}", "-n", "1"],
        &[r#"{"eventName":"TerminateInstances","n":2}"#],
    );
    check_rows(&["-e", "TerminateInstances", "--jq", ".errorCode"], &["Client.UnauthorizedOperation"]);
    check_rows(
        &["-e", "TerminateInstances", "--jq", ".requestParameters | .. | strings", "-n", "3"],
        &["i-0abc12de34f567890", "i-0abc12de34f567890"],
    );
    check_rows(
        &["-u", "bob", "-e", "GetCallerIdentity", "--jq", "\"a\\tb\\n\" + .userAgent, .userAgent"],
        &[
            "a\tb\\n=HYPERLINK(\"http://203.0.113.66/\",\"details\")",
            "'=HYPERLINK(\"http://203.0.113.66/\",\"details\")",
        ],
    );
}

#[test]
fn an_expression_that_fails_leaves_the_event_out_and_says_so() {
    let ran = run(&["-e", "TerminateInstances", "--jq", ".eventName.x"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    assert!(ran.stderr.contains(": --jq failed on an event: cannot index"), "{ran:?}");
    assert_eq!(ran.stderr.matches("--jq failed on").count(), 1, "only the first is reported: {ran:?}");
    assert!(ran.stderr.contains("; 2 events left out: --jq failed, first error above"), "{ran:?}");
}

#[test]
fn options_without_a_match_are_explained() {
    for (arguments, hint) in [
        (
            &["-e", "Terminateinstance"][..],
            "nothing matched --event-name \"Terminateinstance\"; did you mean TerminateInstances?",
        ),
        (&["-u", "Alice Smith"], "nothing matched --user \"Alice Smith\"; did you mean Admin/alice@example.com?"),
        (
            &["--account", "999988887777"],
            "nothing matched --account \"999988887777\"; existing values: 111122223333, 444455556666",
        ),
        (&["-r", "eu-west-3"], "nothing matched --region \"eu-west-3\"; did you mean eu-west-1?"),
        (&["-r", "mars"], "nothing matched --region \"mars\"; existing values: eu-west-1, us-east-1, ap-southeast-2"),
        (&["--error-code", "Denied"], "nothing matched --error-code \"Denied\"; did you mean AccessDenied?"),
        (
            &["--until", "2026-09-01"],
            "nothing matched the time window; the events are from 2026-09-30T05:20:52Z to 2026-10-03T1",
        ),
        (&["--since", "2026-11-01"], "nothing matched the time window; the events are from "),
        (
            &["-e", "TerminateInstances", "-s", "ec2", "--where", "mfa = nosuch"],
            "nothing matched --where \"mfa = nosuch\"; existing values: false, No, true (",
        ),
        (&["-e", "TerminateInstances", "--resource", "i-1"], "nothing matched --resource \"i-1\"; existing values: "),
        (
            &["-u", "gracee@example.com"],
            "nothing matched --user \"gracee@example.com\"; did you mean grace@example.com?",
        ),
        (&["-e", "ec2:RunInstances"], "nothing matched --event-name \"ec2:RunInstances\"; did you mean RunInstances?"),
        (&["-u", "Deploy"], "nothing matched --user \"Deploy\"; did you mean Deployer?"),
        (&["--actor", "erim"], "nothing matched --actor \"erim\"; did you mean erin@example.com?"),
        (
            &["-u", "bob,alice@example.com"],
            "nothing matched --user \"bob,alice@example.com\"; a comma is part of the value, so repeat --user for each (",
        ),
        (&["--where", "requestParameters = x"], "nothing matched --where \"requestParameters = x\" ("),
        (&["--where", "userType = Rot"], "nothing matched --where \"userType = Rot\"; did you mean Root?"),
        (
            &["--where", "errorCode = null"],
            "nothing matched --where \"errorCode = null\"; existing values: ThrottlingException, AccessDenied, ",
        ),
        (
            &["--where", "requestParameters.instancesSet.items.instanceId = i-*"],
            "nothing matched --where \"requestParameters.instancesSet.items.instanceId = i-*\"; no event has \
             requestParameters.instancesSet.items.instanceId; did you mean \
             requestParameters.instancesSet.items[].instanceId?",
        ),
        (
            &["--where", "userIdentity.sessioncontext.attributes"],
            "nothing matched --where \"userIdentity.sessioncontext.attributes\"; no event has \
             userIdentity.sessioncontext.attributes; did you mean userIdentity.sessionContext.attributes?",
        ),
        (
            &["--where", "requestParameters.nosuch = 1"],
            "nothing matched --where \"requestParameters.nosuch = 1\"; no event has requestParameters.nosuch (",
        ),
        (&["--grep", "nosuch"], "0 events decoded in 33 files read, 0 matched"),
        (&["--grep", "nosuch", "--errors"], "nothing matched --grep \"nosuch\" ("),
        (
            &["-e", "RunInstances", "-e", "!RunInstances"],
            "nothing matched --event-name \"RunInstances, !RunInstances\"; existing values: ",
        ),
        (&["-e", "RunInstances", "-u", "alic"], "nothing matched --user \"alic\"; did you mean alice@example.com?"),
        (
            &["-e", "RunInstances", "-u", "bob"],
            "each option alone matches events, but no event matches all of them (383 events looked at)",
        ),
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1), "{ran:?}");
        assert!(ran.stderr.starts_with(&format!("trail2tsv: {hint}")), "{ran:?}");
        assert_eq!(run(&[arguments, &["-q"]].concat()).stderr, "", "-q prints no hints");
    }
}

#[test]
fn a_failing_jq_leaves_no_part_of_an_event() {
    let trial = Trial::with("log/a.json", r#"{"eventName":"A","eventID":"1"}{"eventName":"B","eventID":"2"}"#);
    let last = "; 1 event left out: --jq failed, first error above";
    let fails_on_b = r#".eventName, true, (if .eventName == "B" then error("x") else empty end)"#;
    for (arguments, expected) in [(&["-q"][..], "A\nA\n"), (&["--count"], "1\n")] {
        let ran = trial.run(&[&["log", "-f", "tsv", "-c", "eventName", "--jq", fails_on_b], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), expected), "{ran:?}");
        assert!(arguments == ["-q"] || ran.stderr.contains(last), "{ran:?}");
    }
    let ran = trial.run(&["summary", "log", "--jq", fails_on_b, "--by", "eventName", "-f", "tsv"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(3), 2), "{ran:?}");
}

#[test]
fn several_jq_results_do_not_make_an_event_a_duplicate() {
    let trial = Trial::with("log/a.json", r#"{"eventName":"A","eventID":"1"}{"eventName":"B","eventID":"1"}"#);
    let arguments = ["log", "-c", "eventName", "--jq", "1, true", "--dedupe", "--no-header"];
    trial.run(&arguments).shows(
        0,
        "1\nA\n",
        "trail2tsv: 2 events in 1 file read, 2 matched; 1 duplicate left out: eventID seen before\n",
    );
}

#[test]
fn a_value_copied_from_its_cell_finds_the_event() {
    let values = [
        "tab\there",
        "two\r\nlines",
        "\u{1b}[31mred",
        "gpj.\u{202e}exe",
        "x\u{e0041}",
        "CORP\\new",
        r"C:\temp\x",
        "=1+1",
        " @A",
    ];
    for value in values {
        let json = serde_json::to_string(value).unwrap();
        let event = |value: &str| {
            format!(
                r#"{{"eventName":{value},"sourceIPAddress":{value},"errorCode":{value},"userAgent":{value},"eventSource":{value},"awsRegion":{value},"recipientAccountId":{value},"userIdentity":{{"type":"IAMUser","userName":{value},"accessKeyId":{value}}},"requestParameters":{{"a":[{value}]}}}}"#
            )
        };
        // Enough other events for the prefilter to be used.
        let others = vec![event("\"other tabthere twolines CORPnew\""); 200].join(",");
        let trial = Trial::with("log", format!("{{\"Records\":[{others},{}]}}", event(&json)));
        let shown = trial.run(&["log", "-q", "--no-header", "-c", "userAgent", "--where", "userAgent != other*"]);
        let [cell] = shown.lines(0)[..] else { panic!("{value:?}: {shown:?}") };
        // In a condition, a value that begins with a quote must be quoted.
        let quoted = if cell.starts_with('\'') { format!("\"{cell}\"") } else { cell.into() };
        let starts = format!("userAgent = \"{cell}*\"");
        for arguments in [
            ["--where".into(), format!("userAgent = {quoted}")],
            ["--where".into(), starts],
            ["--where".into(), format!("requestParameters.a[] = {quoted}")],
            ["--where".into(), format!("userName = {quoted}")],
            ["--user".into(), cell.into()],
            ["--source-ip".into(), cell.into()],
            ["--error-code".into(), cell.into()],
            ["--resource".into(), cell.into()],
            ["--event-name".into(), cell.into()],
            ["--event-source".into(), cell.into()],
            ["--region".into(), cell.into()],
            ["--access-key".into(), cell.into()],
        ] {
            let [option, asked] = &arguments;
            let ran = trial.run(&["log", "-q", "--count", option, asked]);
            assert_eq!(ran.stdout, "1\n", "{ran:?}");
        }
        let regex = regex_of(cell);
        let ran = trial.run(&["log", "-q", "--count", "--where", &format!("userAgent ~ \"^{regex}$\"")]);
        assert_eq!(ran.stdout, "1\n", "{ran:?}");
    }
}

/// A cell as a regular expression: special characters are escaped, escape sequences are kept.
fn regex_of(cell: &str) -> String {
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    if cell.contains("CORP") || cell.contains("C:") {
        return cell.replace('\\', "\\\\");
    }
    cell.replace('[', "\\[").replace('+', "\\+").replace('.', "\\.")
}
