//! Actors from every kind of input, which is read twice.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::{Value, json};
use testkit::event_history::HistoryEvent;
use testkit::logs::records;

use crate::bucket::cloud::{ACCOUNT, Cloud, key};
use crate::event_history::account::{Account, OLD};
use crate::harness::Trial;

const ROLE: &str = "arn:aws:iam::111122223333:role/Admin";

fn event(id: &str, time: &str, name: &str, identity: &Value, more: &Value) -> Value {
    let mut event = json!({
        "eventVersion": "1.08", "eventID": id, "eventTime": time, "eventName": name, "awsRegion": "eu-west-1",
        "eventSource": "s3.amazonaws.com", "recipientAccountId": ACCOUNT, "readOnly": false, "userIdentity": identity,
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

/// alice assumes the role Admin at a time, and gets a key.
fn assume(time: &str) -> Value {
    let alice = json!({"type": "IAMUser", "userName": "alice", "accountId": ACCOUNT, "accessKeyId": "AKIAALICE",
        "principalId": "AIDAALICE", "arn": "arn:aws:iam::111122223333:user/alice"});
    let more = json!({
        "eventSource": "sts.amazonaws.com",
        "requestParameters": {"roleArn": ROLE, "roleSessionName": "s"},
        "responseElements": {"credentials": {"accessKeyId": "ASIAADMIN"},
            "assumedRoleUser": {"assumedRoleId": "AROAADMIN:s", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/s"}},
    });
    event("assume", time, "AssumeRole", &alice, &more)
}

/// The session that began at one time calls at another.
fn call(created: &str, time: &str) -> Value {
    let session = json!({"type": "AssumedRole", "principalId": "AROAADMIN:s", "accountId": ACCOUNT,
        "arn": "arn:aws:sts::111122223333:assumed-role/Admin/s", "accessKeyId": "ASIAADMIN",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "userName": "Admin"},
            "attributes": {"creationDate": created}}});
    event("call", time, "DeleteBucket", &session, &json!({}))
}

fn log(events: &[Value]) -> Vec<u8> {
    records(events.iter().map(Value::to_string).collect::<Vec<_>>())
}

const CREATED: &str = "2026-10-01T09:00:00Z";
const CALLED: &str = "2026-10-01T09:30:00Z";
const COLUMNS: [&str; 3] = ["--no-header", "-c", "eventName,userName,actor,actorVia"];
const ROW: &str = "DeleteBucket\tAdmin/s\talice\tkey\n";
const UNKNOWN: &str = "DeleteBucket\tAdmin/s\t\t\n";

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [more, &COLUMNS].concat()
}

#[test]
fn a_filter_finds_what_a_person_did_in_a_role() {
    let trial = Trial::with("b.json", log(&[assume(CREATED)]));
    trial.write("a.json", log(&[call(CREATED, CALLED)]));
    let read = "trail2tsv: 2 events in 2 files read";
    let user = trial.run(&arguments(&[".", "-u", "alice"]));
    user.shows(
        0,
        "AssumeRole\talice\talice\tidentity\n",
        &format!("{read}, 1 matched; this user also began 1 session under another name, and --actor alice shows it\n")
            .replace("2 events", "1 event decoded"),
    );
    let both = format!("{ROW}AssumeRole\talice\talice\tidentity\n");
    for pattern in ["alice", "ALI*", "111122223333/alice", "!bob"] {
        trial.run(&arguments(&[".", "--actor", pattern])).shows(0, &both, &format!("{read}, 2 matched\n"));
    }
    for condition in ["actor = alice", "actorVia = key", "actor ~ ^al"] {
        let ran = trial.run(&arguments(&[".", "-e", "DeleteBucket", "--where", condition]));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ROW), "{ran:?}");
    }
    assert_eq!(trial.run(&[".", "--actor", "alice", "--count", "-q"]).stdout, "2\n");
    assert_eq!(
        trial.run(&arguments(&[".", "-q", "--sort", "actorVia"])).stdout,
        "AssumeRole\talice\talice\tidentity\n".to_string() + ROW
    );
    // By itself, --actor matches what alice did in a role, so only -e is named.
    let other = trial.run(&["a.json", "b.json", "--actor", "alice", "-e", "DeleteBucke", "--count"]);
    assert!(other.stderr.contains("DeleteBucke") && !other.stderr.contains("--actor"), "{other:?}");
    let none = trial.run(&[".", "--actor", "mallory", "--count"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), "0\n"));
    assert!(none.stderr.contains("mallory"), "{none:?}");
}

#[test]
fn a_session_without_a_start_has_no_actor_and_is_counted() {
    let trial = Trial::with("a.json", log(&[call(CREATED, CALLED), call(CREATED, "2026-10-01T09:31:00Z")]));
    trial.run(&arguments(&["a.json"])).shows(
        0,
        &UNKNOWN.repeat(2),
        "trail2tsv: 2 events in 1 file read, 2 matched; 1 session began outside the logs that were read, so its \
         actor is unknown\n",
    );
}

#[test]
fn streams_are_read_twice() {
    let trial = Trial::with("a.json", log(&[call(CREATED, CALLED), assume(CREATED)]));
    let read = "trail2tsv: 2 events in 1 file read, 1 matched\n";
    let arguments = arguments(&["-", "-e", "DeleteBucket"]);
    trial.run_with_stdin(&arguments, trial.read("a.json")).shows(0, ROW, &read.replace("2 events", "1 event decoded"));
    #[cfg(unix)]
    {
        let line = "mkfifo p; cat a.json > p & trail2tsv p -q --no-header -c file,actor -e DeleteBucket";
        trial.run_in_shell(line).shows(0, "p\talice\n", "");
    }
}

#[test]
fn sessions_that_began_before_the_window_are_known() {
    let trial = Trial::with("a.json", log(&[assume("2026-09-30T22:00:00Z"), call("2026-09-30T22:00:00Z", CALLED)]));
    let ran = trial.run(&arguments(&["a.json", "--since", "2026-10-01T09:00", "-q"]));
    ran.shows(0, ROW, "");
    // A session that began more than 12 hours before the window has ended.
    let ran = trial.run(&arguments(&["a.json", "--since", "2026-10-01T10:01", "--until", "2026-10-02", "-q"]));
    ran.shows(0, "", "");
}

#[test]
fn a_bucket_is_asked_for_the_day_before_and_for_global_events() {
    let cloud = Cloud::new();
    let (began, delivered) = ("2026-09-30T22:00:00Z", "2026-09-30T22:05");
    cloud.bucket.put(key("AWSLogs/", ACCOUNT, "us-east-1", delivered), testkit::logs::gzip(&log(&[assume(began)])));
    cloud.bucket.put(
        key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:35"),
        testkit::logs::gzip(&log(&[call(began, CALLED)])),
    );
    // Logs of other regions are not needed.
    cloud.log("AWSLogs/", ACCOUNT, "eu-central-1", "2026-10-01T09:35", &["Other"]);
    let window =
        ["--bucket", "logs", "--mirror", "mirror", "--since", "2026-10-01T09:00", "--until", "2026-10-01T10:00"];
    let region = ["--region", "eu-west-1"];
    cloud.server.record();
    let ran = cloud.trial.run(&arguments(&[&window[..], &region].concat()));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ROW), "{ran:?}");
    assert!(ran.stderr.starts_with("trail2tsv: 2 objects downloaded ("), "{ran:?}");
    let gets =
        cloud.server.requests().iter().filter(|request| request.operation == testkit::s3::Operation::Get).count();
    assert_eq!(gets, 2, "nothing is downloaded twice");
    let offline = cloud.trial.run(&arguments(&[&window[..], &region, &["--offline", "-q"]].concat()));
    offline.shows(0, ROW, "");
}

#[test]
fn event_history_is_asked_for_the_events_that_hand_out_credentials() {
    let account = Account::new();
    account.server.add("eu-west-1", [HistoryEvent::new(&call(CREATED, CALLED))]);
    account.server.add("us-east-1", [HistoryEvent::new(&assume(CREATED))]);
    let ran = account.trial.run(&arguments(&["--event-history", "-r", "eu-west-1", "-e", "DeleteBucket"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ROW), "{ran:?}");
    assert!(ran.stderr.ends_with(&format!("{OLD}\n")), "{ran:?}");
}

#[test]
fn follow_shows_no_actors() {
    let trial = Trial::new();
    for asked in [["--actor", "alice"], ["-c", "+actor"], ["--where", "actorVia = key"]] {
        let ran = trial.run(&[&["follow", "--bucket", "logs"], &asked[..]].concat());
        ran.shows(
            2,
            "",
            "trail2tsv: follow cannot show or compare actors, which depend on earlier events; ask for them with \
             `trail2tsv --bucket BUCKET --since 1d --columns +actor`\ntrail2tsv: try --help\n",
        );
    }
}

#[test]
fn a_summary_counts_people() {
    let trial = Trial::with("a.json", log(&[call(CREATED, CALLED), assume(CREATED)]));
    let ran = trial.run(&["summary", "a.json", "--actors", "-q"]);
    let people = ran.stdout.split("\n\n").find(|table| table.contains("People")).unwrap_or_default();
    assert!(people.contains("alice") && people.contains('2'), "{ran:?}");
    assert!(!trial.run(&["summary", "a.json", "-q"]).stdout.contains("People"));
    let by = trial.run(&["summary", "a.json", "--by", "actor,actorVia", "-f", "tsv", "-q"]);
    let rows: Vec<Vec<&str>> = by.lines(0).into_iter().map(|row| row.split('\t').take(3).collect()).collect();
    assert!(rows.contains(&vec!["alice", "key", "1"]) || by.stdout.contains("alice\tkey"), "{by:?}");
}
