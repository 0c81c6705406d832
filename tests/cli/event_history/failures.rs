//! Nothing is lost in silence when requests fail.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::event_history::ANY;

use super::account::{Account, OLD, count, events};

const ALWAYS: usize = usize::MAX;

/// An account with 220 events in two regions, on pages of 50.
fn account() -> Account {
    let account = Account::new();
    for region in ["eu-west-1", "us-east-1"] {
        account.server.add(region, events(region, 220));
    }
    account
}

/// Reads two regions, and returns the exit code, the number of rows and the messages.
#[track_caller]
fn read(account: &Account) -> (Option<i32>, usize, String) {
    let ran = account.rows(&["-r", "*-1", "-q"]);
    (ran.code, ran.stdout.lines().count(), ran.stderr.clone())
}

#[test]
fn throttling_loses_nothing() {
    let account = account();
    let expected = account.rows(&["-q"]).stdout;
    account.server.requests();
    account.server.fail_at("eu-west-1", Some(100), 400, "ThrottlingException", 12);
    account.server.fail(ANY, 400, "ThrottlingException", 15);
    account.rows(&["-q"]).shows(0, &expected, "");
    let requests = account.server.requests();
    assert_eq!(requests.len(), 34 + 2 * 4 + 12 + 15);
    let repeated: Vec<_> = requests.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(repeated.len() >= 12);
}

#[test]
fn throttling_that_never_ends_names_what_is_missing() {
    let account = account();
    account.server.fail_at("eu-west-1", Some(100), 400, "ThrottlingException", ALWAYS);
    assert_eq!(
        read(&account),
        (
            Some(3),
            320,
            "trail2tsv: event history of eu-west-1: not read: ThrottlingException: as the test wants; its events \
             before 2026-10-01T00:02:00Z were not read\n"
                .into()
        )
    );
}

#[test]
fn a_token_that_has_expired_costs_no_event() {
    let account = account();
    let expected = account.rows(&["-q", "-r", "eu-west-1"]).stdout;
    account.server.requests();
    for at in [50, 150] {
        account.server.fail_at("eu-west-1", Some(at), 400, "InvalidNextTokenException", 1);
    }
    account.rows(&["-q", "-r", "eu-west-1"]).shows(0, &expected, "");
    // Some events are returned again.
    assert!(count(&account.server.requests(), "eu-west-1") > 5);
    account.server.fail_at("eu-west-1", Some(50), 400, "InvalidNextTokenException", ALWAYS);
    let ran = account.rows(&["-v", "-r", "eu-west-1"]);
    assert!(
        ran.stderr.contains("eu-west-1: InvalidNextTokenException: as the test wants; continued from 2026-10-01T00:0"),
        "{ran:?}"
    );
}

#[test]
fn a_failure_in_between_is_retried() {
    let account = account();
    account.server.fail_at("us-east-1", Some(150), 500, "InternalFailure", 3);
    account.server.answer_at("us-east-1", Some(50), 200, "<html>", 2);
    assert_eq!(read(&account), (Some(0), 440, String::new()));
    account.server.fail_at("us-east-1", Some(150), 500, "InternalFailure", ALWAYS);
    assert_eq!(
        read(&account),
        (
            Some(3),
            370,
            "trail2tsv: event history of us-east-1: not read: InternalFailure: as the test wants; its events before \
             2026-10-01T00:01:10Z were not read\n"
                .into()
        )
    );
}

#[test]
fn an_answer_without_an_end_is_a_problem() {
    let account = account();
    let [event] = &events("sa-east-1", 1)[..] else { panic!("one event") };
    let body = serde_json::json!({"Events": [event.entry()], "NextToken": "x"}).to_string();
    account.server.answer_at("sa-east-1", None, 200, &body, ALWAYS);
    assert_eq!(
        read(&account),
        (
            Some(3),
            441,
            "trail2tsv: event history of sa-east-1: not read: the answer of LookupEvents repeats its NextToken; its \
             events before 2026-10-01T00:00:00Z were not read\n"
                .into()
        )
    );
}

#[test]
fn regions_that_are_off_are_named() {
    let account = account();
    account.server.fail("ap-east-1", 400, "UnrecognizedClientException", ALWAYS);
    account.server.fail("me-south-1", 403, "InvalidClientTokenId", ALWAYS);
    let ran = account.rows(&[]);
    assert_eq!(ran.lines(0).len(), 440);
    assert_eq!(
        ran.stderr,
        format!(
            "trail2tsv: not read, because they are not enabled for this account: ap-east-1, me-south-1\n\
             trail2tsv: 440 events in 10 pages of event history read, 440 matched; 32 regions asked for all events \
             in 42 requests; {OLD}\n"
        )
    );
}

#[test]
fn a_region_that_fails_is_a_problem() {
    let account = account();
    account.server.fail("ap-east-1", 500, "InternalFailure", ALWAYS);
    account.server.answer_at("sa-east-1", None, 200, "{\"Events\":7}", ALWAYS);
    for region in ["ca-west-1", "il-central-1"] {
        account.server.fail(region, 400, "AccessDeniedException", ALWAYS);
    }
    let ran = account.rows(&["-q"]);
    assert_eq!(ran.lines(3).len(), 440);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[..2],
        [
            "trail2tsv: event history of ap-east-1: not read: InternalFailure: as the test wants; nothing was read",
            "trail2tsv: event history of ca-west-1, il-central-1: not read: access denied (AccessDeniedException): as \
             the test wants; cloudtrail:LookupEvents is needed on *; nothing was read",
        ]
    );
    assert!(
        lines[2].starts_with(
            "trail2tsv: event history of sa-east-1: not read: the answer of LookupEvents cannot be read: "
        )
    );
}

#[test]
fn a_missing_permission_is_named_once() {
    let account = account();
    account.server.fail("ap-east-1", 400, "UnrecognizedClientException", ALWAYS);
    account.server.fail(ANY, 400, "AccessDeniedException", ALWAYS);
    account.trial.run(&["--event-history", "-o", "out.tsv"]).shows(
        1,
        "",
        "trail2tsv: access denied (AccessDeniedException): as the test wants; cloudtrail:LookupEvents is needed on *\n",
    );
    assert!(!account.trial.path("out.tsv").exists());
}

#[test]
fn rejected_credentials_end_the_run() {
    for (code, text) in [
        ("UnrecognizedClientException", "the credentials were rejected (UnrecognizedClientException)"),
        ("ExpiredTokenException", "the credentials have expired (ExpiredTokenException)"),
    ] {
        let account = account();
        account.server.fail(ANY, 400, code, ALWAYS);
        let expected = format!(
            "trail2tsv: {text}; sign in again, for example with `aws sso login`, or choose another profile with \
             --profile\n"
        );
        account.rows(&[]).shows(1, "", &expected);
        if code == "UnrecognizedClientException" {
            let expected = expected.replace('\n', "; or --region names only regions that are not enabled\n");
            account.rows(&["-r", "me-south-1"]).shows(1, "", &expected);
        }
    }
    let account = account();
    account.server.fail_at("eu-west-1", Some(100), 400, "ExpiredTokenException", ALWAYS);
    let ran = account.rows(&[]);
    assert!(ran.code == Some(1) && ran.stderr.starts_with("trail2tsv: the credentials have expired"), "{ran:?}");
}

#[test]
fn missing_credentials_name_the_profile() {
    let mut account = account();
    account.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    let expected = "trail2tsv: no credentials found; sign in, for example with `aws sso login`, or choose another \
                    profile with --profile\n";
    account.rows(&[]).shows(1, "", expected);
    account.trial.write(".aws/config", "[profile audit]\n");
    let expected = "trail2tsv: --profile \"adit\": profile not found; available profiles: audit\n";
    account.rows(&["--profile", "adit"]).shows(1, "", expected);
    assert_eq!(account.server.requests(), []);
}

#[test]
fn a_service_that_cannot_be_reached_ends_the_run() {
    let mut account = account();
    account.trial.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let ran = account.rows(&[]);
    assert!(ran.code == Some(1) && ran.stderr.starts_with("trail2tsv: CloudTrail cannot be reached: "), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_the_run() {
    use crate::bucket::cloud::{signal, text, wait_until};
    for at in [0, 100] {
        let account = account();
        account.server.answer_at("eu-west-1", Some(at), 0, "", ALWAYS);
        let mut child = account.trial.command(&["--event-history", "-o", "out.tsv"]).spawn().unwrap();
        let mut requests = Vec::new();
        wait_until(|| {
            requests.extend(account.server.requests());
            count(&requests, "eu-west-1") > at / 50
        });
        signal(&child, "-INT");
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(text(child.stderr.take()), "trail2tsv: interrupted\n");
        assert!(!account.trial.path("out.tsv").exists());
    }
}
