//! The note in the last line of a run with `--user` about sessions that only `--actor`
//! would find.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::{Value, json};
use testkit::logs::records;

use crate::harness::Trial;

const ACCOUNT: &str = "111122223333";

fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "userName": name, "accountId": ACCOUNT, "principalId": format!("AIDA{name}"),
        "accessKeyId": format!("AKIA{name}"), "arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}")})
}

/// The session of a role that began at a minute.
fn session(role: &str, name: &str, minute: u32) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROA{role}:{name}"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"),
        "accessKeyId": format!("ASIA{role}{name}{minute}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role,
            "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}")},
            "attributes": {"creationDate": format!("2026-10-01T09:{minute:02}:00Z")}}})
}

fn event(minute: u32, source: &str, name: &str, identity: &Value, more: &Value) -> String {
    let mut event = json!({
        "eventVersion": "1.08", "eventID": format!("{minute}{name}"), "eventName": name, "awsRegion": "eu-west-1",
        "eventTime": format!("2026-10-01T09:{minute:02}:00Z"), "eventSource": source, "readOnly": false,
        "recipientAccountId": ACCOUNT, "userIdentity": identity,
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

/// A caller begins the session of a role at a minute.
fn assume(minute: u32, caller: &Value, role: &str, name: &str) -> String {
    let more = json!({
        "requestParameters": {"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "roleSessionName": name},
        "responseElements": {"credentials": {"accessKeyId": format!("ASIA{role}{name}{minute}")},
            "assumedRoleUser": {"assumedRoleId": format!("AROA{role}:{name}"),
                "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}")}},
    });
    event(minute, "sts.amazonaws.com", "AssumeRole", caller, &more)
}

fn delete(minute: u32, caller: &Value) -> String {
    event(minute, "s3.amazonaws.com", "DeleteBucket", caller, &json!({}))
}

/// The notes that follow the counts in the last line.
fn session_note(trial: &Trial, arguments: &[&str]) -> String {
    let ran = trial.run(arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let last = ran.stderr.lines().last().unwrap_or_default().to_string();
    last.split_once(" matched").map(|(_, rest)| rest.to_string()).unwrap_or(last)
}

const ONE: &str = "; this user also began 1 session under another name, and --actor alice shows it";

#[test]
fn the_last_line_says_what_the_actor_would_find() {
    let trial = Trial::with("b.json", records([assume(10, &user("alice"), "Admin", "s"), delete(1, &user("alice"))]));
    trial.write("a.json", records([delete(11, &session("Admin", "s", 10))]));
    for command in [&["."][..], &[".", "--count"], &["summary", "."], &["timeline", "."]] {
        assert_eq!(session_note(&trial, &[command, &["-u", "alice"]].concat()), ONE, "{command:?}");
    }
    for threads in ["1", "8"] {
        assert_eq!(session_note(&trial, &[".", "-u", "ALICE", "--threads", threads]), ONE.replace("alice", "ALICE"));
    }
    let several = "; these users also began 1 session under another name, and --actor 'al*' --actor bob shows it";
    assert_eq!(session_note(&trial, &[".", "-u", "al*", "-u", "bob", "--errors"]), several);
    let in_list = "; these users also began 1 session under another name, and --actor @users shows it";
    trial.write("users", "alice\n");
    assert_eq!(session_note(&trial, &["a.json", "b.json", "-u", "@users"]), in_list);
    // --actor does show the event of the session.
    assert_eq!(trial.run(&[".", "-q", "--count", "--actor", "alice"]).stdout, "3\n");
}

#[test]
fn sessions_with_a_matching_name_are_not_mentioned() {
    let trial = Trial::with("a.json", records([assume(10, &user("alice"), "Admin", "alice")]));
    assert_eq!(session_note(&trial, &["a.json", "-u", "alice"]), "");
    // A session that began from there does not have her name, but is hers.
    let further =
        [assume(10, &user("alice"), "Admin", "alice"), assume(12, &session("Admin", "alice", 10), "Audit", "s")];
    trial.write("b.json", records(&further));
    assert_eq!(session_note(&trial, &["b.json", "-u", "alice"]), ONE);
    // A session with her name that another user began is not hers.
    let other = [assume(10, &user("bob"), "Admin", "alice"), assume(12, &session("Admin", "alice", 10), "Audit", "s")];
    trial.write("c.json", records(&other));
    assert_eq!(session_note(&trial, &["c.json", "-u", "alice"]), "");
    assert_eq!(session_note(&trial, &["c.json", "-u", "Admin"]), "");
    // The name of the root user belongs to root alone.
    trial.write("d.json", records([assume(10, &json!({"type": "Root", "accountId": ACCOUNT}), "Admin", "root")]));
    assert_eq!(session_note(&trial, &["d.json", "-u", "root"]), ONE.replace("alice", "root"));
}

#[test]
fn each_session_counts_once() {
    let twice = assume(10, &user("alice"), "Admin", "s");
    let denied = json!({"errorCode": "AccessDenied", "requestParameters": {"roleArn": "arn:aws:iam::1:role/X",
        "roleSessionName": "x"}});
    let events = [
        twice.clone(),
        assume(11, &user("alice"), "Admin", "s"),
        assume(12, &user("bob"), "Admin", "s"),
        event(13, "sts.amazonaws.com", "AssumeRole", &user("alice"), &denied),
        twice,
    ];
    let trial = Trial::with("a.json", records(&events));
    let two = "; this user also began 2 sessions under other names, and --actor alice shows them";
    assert_eq!(session_note(&trial, &["a.json", "-u", "alice"]), two);
    assert_eq!(session_note(&trial, &["a.json", "-u", "alice", "--since", "2026-10-01T09:11"]), ONE);
    // Other options can rule out events that begin sessions.
    let least = two.replace("2 sessions", "at least 2 sessions");
    assert_eq!(session_note(&trial, &["a.json", "-u", "alice", "-r", "eu-west-1"]), least);
    assert_eq!(session_note(&trial, &["a.json", "-u", "alice", "--jq", ".readOnly"]), least);
    assert_eq!(session_note(&trial, &["a.json", "-u", "alice", "--reads"]), two);
    // If not all events are read, the number is unknown.
    assert!(!session_note(&trial, &["a.json", "-u", "alice", "-n", "1"]).contains("also began"));
    for options in [&["-u", "!alice"][..], &["-u", "alice", "--actor", "alice"], &["-e", "AssumeRole"]] {
        assert!(!session_note(&trial, &[&["a.json"], options].concat()).contains("also began"), "{options:?}");
    }
}

/// The call of a user of Identity Center from one account to another, as each of them records it.
fn across_accounts() -> [String; 2] {
    let id = "AROASSO:erin@example.com";
    let issuer = format!("arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1");
    let home = json!({"type": "AssumedRole", "principalId": id, "accountId": ACCOUNT, "accessKeyId": "ASIAERIN",
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_1/erin@example.com"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "AWSReservedSSO_Admin_1", "arn": issuer},
            "attributes": {"creationDate": "2026-10-01T09:00:00Z"}}});
    let foreign = json!({"type": "AWSAccount", "principalId": id, "accountId": ACCOUNT});
    [assume(10, &home, "Audit", "s"), assume(10, &foreign, "Audit", "s").replace("10AssumeRole", "another id")]
}

#[test]
fn the_order_of_the_two_records_of_a_call_has_no_effect() {
    let [home, foreign] = across_accounts();
    let expected = ONE.replace("alice", "erin@example.com");
    for [first, second] in [[&home, &foreign], [&foreign, &home]] {
        let trial = Trial::with("a.json", records([first]));
        trial.write("b.json", records([second]));
        for threads in ["1", "2"] {
            let arguments = ["a.json", "b.json", "-u", "erin@example.com", "--threads", threads];
            assert_eq!(session_note(&trial, &arguments), expected);
        }
    }
    let trial = Trial::with("a.json", records([foreign]));
    assert_eq!(
        session_note(&trial, &["a.json", "-u", "erin@example.com"]),
        "",
        "the record of the other account proves nothing"
    );
}

#[test]
fn too_many_sessions_are_not_counted() {
    let begun = (0..10_001).map(|number| assume(10, &user("alice"), "Admin", &format!("s{number}")));
    let trial = Trial::with("a.json", records(begun));
    let many = "; this user began many sessions, perhaps under other names, and --actor alice shows them";
    for threads in ["1", "2"] {
        assert_eq!(session_note(&trial, &["a.json", "--count", "-u", "alice", "--threads", threads]), many);
    }
    // The second pattern matches the names of all sessions.
    assert_eq!(session_note(&trial, &["a.json", "--count", "-u", "alice", "-u", "s*"]), "");
}

#[test]
fn names_that_are_too_long_for_aws_are_not_kept() {
    let named = |name: &str| {
        let caller = session("Admin", "x", 1).to_string();
        let source = format!(r#""sessionContext":{{"sourceIdentity":"{name}","#);
        serde_json::from_str::<Value>(&caller.replace(r#""sessionContext":{"#, &source)).unwrap()
    };
    for (length, expected) in [(1024, "1"), (1025, "0")] {
        let name = "n".repeat(length);
        let events = [assume(10, &named(&name), "Audit", "s"), delete(11, &session("Audit", "s", 10))];
        let trial = Trial::with("a.json", records(&events));
        let arguments = ["a.json", "-q", "--count", "-e", "DeleteBucket", "--actor", &name];
        assert_eq!(trial.run(&arguments).stdout, format!("{expected}\n"), "{length}");
    }
}
