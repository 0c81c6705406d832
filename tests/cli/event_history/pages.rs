//! All events are read, in the same order every time.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::time::Duration;

use serde_json::{Value, json};

use super::account::{Account, OLD, REGIONS, count, event, events, json};

const STORY: &str = "2026-10-01T09:30:00Z\tCreateTags\tAdmin/alice\n\
                     2026-10-01T09:20:00Z\tTerminateInstances\tbob\n\
                     2026-10-01T09:10:00Z\tDescribeInstances\tbob\n\
                     2026-10-01T09:00:00Z\tRunInstances\talice\n\
                     2026-10-01T09:25:00Z\tDeleteUser\tbob\n\
                     2026-10-01T09:05:00Z\tCreateUser\talice\n";

#[test]
fn all_regions_are_read() {
    let account = Account::with_story();
    account.rows(&[]).shows(
        0,
        STORY,
        &format!(
            "trail2tsv: 6 events in 2 pages of event history read, 6 matched; 34 regions asked for all events in \
             34 requests; {OLD}\n"
        ),
    );
    let requests = account.server.requests();
    assert_eq!(requests.len(), REGIONS);
    for request in requests {
        assert_eq!(request.body, json!({"MaxResults": 50}), "{}", request.region);
    }
}

#[test]
fn the_page_with_the_newest_event_comes_first() {
    let account = Account::with_story();
    account.server.page(1);
    let names = ["CreateTags", "DeleteUser", "TerminateInstances", "DescribeInstances", "CreateUser", "RunInstances"];
    for threads in ["1", "4"] {
        let (rows, _) = account.requests_for(&["--threads", threads], "");
        assert_eq!(rows, names);
    }
}

#[test]
fn every_page_is_read_in_the_order_of_time() {
    let account = Account::new();
    for region in ["eu-west-1", "us-east-1", "ap-south-1"] {
        account.server.add(region, events(region, 1100));
    }
    let expected: Vec<String> = (0..22)
        .rev()
        .flat_map(|page| ["ap-south-1", "eu-west-1", "us-east-1"].map(|region| (page, region)))
        .flat_map(|(page, region)| (0..50).rev().map(move |place| format!("{region}-{}", page * 50 + place)))
        .collect();
    for _ in 0..3 {
        let (rows, requests) = account.requests_for(&[], "eu-west-1");
        assert!(rows == expected);
        assert_eq!(requests.len(), 22);
        assert!(requests[1..].iter().all(|request| request["NextToken"].is_string()));
    }
}

#[test]
fn the_order_does_not_depend_on_which_answer_comes_first() {
    let regions = ["eu-west-1", "us-east-1"];
    let rows = |slow: &str| {
        let account = Account::new();
        account.server.page(3);
        regions.iter().for_each(|region| account.server.add(region, events(region, 20)));
        account.server.delay(slow, Duration::from_millis(20));
        account.requests_for(&["-r", "*"], "").0
    };
    let expected = rows("sa-east-1");
    assert_eq!(expected.len(), 40);
    for slow in regions {
        assert_eq!(rows(slow), expected);
    }
}

#[test]
fn the_rows_are_those_of_the_same_events_in_a_file() {
    let account = Account::with_story();
    account.server.page(2);
    let mut entries = Vec::new();
    for (id, name) in [("1", "RunInstances"), ("2", "A\u{1b}[31m\t")] {
        entries.push(event(id, "2026-10-02T09:00:00Z", name, "ann\u{e9}\n\u{202e}"));
        account.server.add("sa-east-1", [entries.last().unwrap().clone()]);
    }
    let file = |entries: &[Value]| json!({"Events": entries}).to_string();
    account.trial.write("file", file(&entries.iter().map(|event| event.entry()).collect::<Vec<_>>()));
    let options = ["--no-header", "-f", "tsv", "-q"];
    let from_file = account.trial.run(&[&["file"], &options[..]].concat());
    let from_server = account.trial.run(&[&["--event-history", "-r", "sa-east-1"], &options[..]].concat());
    from_server.shows(0, "", "");
    // The events name another region than the one that returned them.
    let from_server = account.trial.run(&[&["--event-history", "--since", "2026-10-02"], &options[..]].concat());
    assert_eq!(from_file.lines(0).len(), 2);
    from_server.shows(0, &from_file.stdout, "");
}

#[test]
fn the_column_file_shows_the_region() {
    let account = Account::with_story();
    let ran = account.trial.run(&["--event-history", "-q", "--no-header", "-c", "file,eventName", "-e", "*User"]);
    ran.shows(0, "event-history/us-east-1\tDeleteUser\nevent-history/us-east-1\tCreateUser\n", "");
}

#[test]
fn the_window_is_asked_for_and_applied_exactly() {
    let account = Account::with_story();
    let window = ["--since", "2026-10-01T09:05:00.5Z", "--until", "2026-10-01T09:25:00Z"];
    let (rows, requests) = account.requests_for(&window, "us-east-1");
    assert_eq!(rows, ["TerminateInstances", "DescribeInstances"]);
    assert_eq!(requests, [json!({"StartTime": 1790845500, "EndTime": 1790846700, "MaxResults": 50})]);
    let ran = account.rows(&["--since", "2026-10-01T09:25:00Z", "-r", "us-east-1"]);
    ran.shows(
        0,
        "2026-10-01T09:25:00Z\tDeleteUser\tbob\n",
        "trail2tsv: 1 event in 1 page of event history read, 1 matched; 1 region asked for all events in 1 request; \
         event history has no data events\n",
    );
}

#[test]
fn what_is_older_than_90_days_is_not_requested() {
    let account = Account::with_story();
    let ran = account.rows(&["--since", "2020-01-01", "-r", "us-east-1"]);
    assert!(ran.code == Some(0) && ran.stderr.ends_with(&format!("{OLD}\n")), "{ran:?}");
    assert_eq!(account.server.requests()[0].body, json!({"MaxResults": 50}));
    account.rows(&["--until", "2020-01-01"]).shows(
        0,
        "",
        &format!(
            "trail2tsv: 0 events in 0 pages of event history read, 0 matched; 0 regions asked for all events in \
             0 requests; {OLD}\n"
        ),
    );
    account.rows(&["-q", "--since", "2999-01-01"]).shows(0, "", "");
    assert_eq!(account.server.requests(), []);
}

#[test]
fn a_limit_ends_the_requests() {
    let account = Account::new();
    account.server.add("eu-west-1", events("eu-west-1", 500));
    // The third page never comes.
    account.server.answer_at("eu-west-1", Some(100), 0, "", usize::MAX);
    let ran = account.rows(&["-n", "1"]);
    assert_eq!(ran.lines(0), ["2026-10-01T00:08:19Z\teu-west-1-499\talice"]);
    assert!(
        ran.stderr.contains("(limit reached; the rest was not read); 34 regions asked for all events; "),
        "{ran:?}"
    );
    assert!(count(&account.server.requests(), "eu-west-1") <= 3);
}

#[test]
fn events_without_readable_text_are_named() {
    let account = Account::new();
    let good = |id: &str| event(id, "2026-10-01T00:00:00Z", "RunInstances", "alice");
    let hostile = json("a\u{1b}[31m", "2026-10-01T00:00:00Z", "X", "x");
    account.server.add(
        "eu-west-1",
        [
            good("1"),
            good("2").with_text(Some("{\"eventName\":")),
            good("3").with_text(Some("[]")),
            good("4").with_text(None),
            testkit::event_history::HistoryEvent::new(&hostile).with_text(Some("\u{1b}]0;x\u{7}")),
            good("5"),
        ],
    );
    let expected = "2026-10-01T00:00:00Z\tRunInstances\talice\n".repeat(2);
    let problem = |id: &str| {
        format!("trail2tsv: event-history/eu-west-1: event {id} has no readable CloudTrailEvent; it was left out\n")
    };
    account.rows(&["-q"]).shows(3, &expected, &["2", "3", "4", "a\\u{1b}[31m"].map(problem).concat());
}
