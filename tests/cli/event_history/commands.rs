//! Every command that reads events reads the event history.

use super::account::{Account, OLD, event};

#[test]
fn events_are_counted() {
    let account = Account::with_story();
    let last_line = format!(
        "trail2tsv: 6 events in 2 pages of event history read, 6 matched; 34 regions asked for all events in \
         34 requests; {OLD}\n"
    );
    account.trial.run(&["summary", "--event-history", "--by", "user", "-f", "tsv"]).shows(
        0,
        "userName\tevents\tfirst\tlast\n\
         bob\t3\t2026-10-01T09:10:00Z\t2026-10-01T09:25:00Z\n\
         alice\t2\t2026-10-01T09:00:00Z\t2026-10-01T09:05:00Z\n\
         Admin/alice\t1\t2026-10-01T09:30:00Z\t2026-10-01T09:30:00Z\n",
        &last_line,
    );
    let ran = account.trial.run(&["summary", "--event-history"]);
    assert!(ran.stdout.contains("6 in 2 pages of event history: 1 read, 5 writes"), "{ran:?}");
    account.trial.run(&["--event-history", "--count"]).shows(0, "6\n", &last_line);
}

#[test]
fn history_accepts_events_from_newest_to_oldest() {
    let account = Account::with_story();
    let arguments = ["history", "resource", "i-0abc12de34f567890", "-c", "from,until,property,value,begunBy,endedBy"];
    let ran = account.trial.run(&[&arguments[..], &["--event-history"]].concat());
    let last_line = format!(
        "trail2tsv: 5 events in 2 pages of event history read, 2 matched; 34 regions asked for events with read-only \
         \"false\" in 34 requests (this misses events that do not say whether they only read; --no-pushdown requests \
         all events); {OLD}\n"
    );
    let expected = "from\tuntil\tproperty\tvalue\tbegunBy\tendedBy\n\
                    2026-10-01T09:00:00Z\t2026-10-01T09:20:00Z\texists\t\talice\tbob\n\
                    2026-10-01T09:00:00Z\t2026-10-01T09:20:00Z\tstate\trunning\talice\tbob\n\
                    2026-10-01T09:00:00Z\t2026-10-01T09:20:00Z\ttype\tt3.micro\talice\tbob\n";
    ran.shows(0, expected, &last_line);
}

#[test]
fn jq_runs_on_event_history() {
    let account = Account::with_story();
    let ran = account.trial.run(&["--event-history", "-q", "--jq", ".eventName | select(endswith(\"User\"))"]);
    ran.shows(0, "DeleteUser\nCreateUser\n", "");
}

#[test]
fn dedupe_and_sort_work_on_event_history() {
    let account = Account::with_story();
    account.server.add("eu-west-1", [event("1", "2026-10-01T09:00:00Z", "RunInstances", "alice")]);
    let ran = account.rows(&["-q", "--dedupe", "--sort", "eventTime", "-e", "RunInstances,CreateUser"]);
    ran.shows(0, "2026-10-01T09:00:00Z\tRunInstances\talice\n2026-10-01T09:05:00Z\tCreateUser\talice\n", "");
}

#[test]
fn nothing_is_requested_again_for_hints() {
    let account = Account::with_story();
    let ran = account.rows(&["-e", "RunInstance", "-r", "eu-west-1"]);
    ran.shows(
        0,
        "",
        &format!(
            "trail2tsv: 0 events in 0 pages of event history read, 0 matched; 1 region asked for events with event \
             name \"RunInstance\" in 1 request (this misses names in another case; --no-pushdown requests all events); {OLD}\n"
        ),
    );
    assert_eq!(account.server.requests().len(), 1);
}
