//! Signals, which deserve a closer look.

use serde_json::Value;

use super::super::harness::Trial;

const KEY: &str = "AKIAI44QH8DHBEXAMPLE";

fn event(time: &str, name: &str, address: &str, rest: &str) -> String {
    format!(
        r#"{{"eventTime":"{time}","eventName":"{name}","eventID":"{time}{name}{address}","sourceIPAddress":"{address}","userAgent":"aws-cli/2.1","userIdentity":{{"type":"IAMUser","userName":"bob","accountId":"111122223333","accessKeyId":"{KEY}"}}{rest}}}"#
    )
}

/// A key that is unused from August to October and then has two addresses, twelve denied calls
/// within three minutes, and a sign-in without MFA.
fn story() -> Trial {
    let mut events = vec![
        event("2026-08-01T09:00:00Z", "A", "203.0.113.7", ""),
        event("2026-10-01T09:00:00Z", "A", "203.0.113.7", ""),
        event("2026-10-01T09:05:00Z", "A", "198.51.100.9", ""),
        event("2026-10-01T09:10:00Z", "A", "203.0.113.7", ""),
    ];
    for second in 0..12 {
        let time = format!("2026-10-02T10:{:02}:{:02}Z", 9 + second / 5, second % 5);
        events.push(event(&time, "B", "203.0.113.7", r#","errorCode":"AccessDenied""#));
    }
    // In August, only a service calls.
    for day in 1..=31 {
        let time = format!("2026-08-{day:02}T12:00:00Z");
        events.push(event(&time, "A", "ec2.amazonaws.com", ""));
    }
    let sign_in = event(
        "2026-10-03T09:00:00Z",
        "ConsoleLogin",
        "203.0.113.7",
        r#","additionalEventData":{"MFAUsed":"No"},"responseElements":{"ConsoleLogin":"Success"}"#,
    );
    events.push(sign_in.replace(KEY, ""));
    Trial::with("log/a.json", format!("{{\"Records\":[{}]}}", events.join(",")))
}

#[test]
fn each_signal_is_a_table_that_says_what_it_means() {
    let ran = story().run(&["summary", "log", "-q"]);
    let text = ran.stdout.as_str();
    let (_, after) = text.split_once("\none key, several addresses\n").unwrap();
    let (signals, _) = after.split_once("\nUsers").unwrap();
    assert_eq!(
        signals,
        "The key or the session may have been copied, above all if the addresses were used at overlapping
times. Usually a person changed networks, or several machines share the key.
  subject               who  what                                                         events  first        last
  AKIAI44QH8DHBEXAMPLE  bob  2 addresses at overlapping times: 203.0.113.7, 198.51.100.9      16  08-01 09:00  10-02 10:11

burst of denied calls
The caller may be trying what the credentials allow. Usually a tool lacks a permission and repeats
its calls.
  subject  what                                                     events  first        last
  bob      12 denied calls within 10 minutes from 2026-10-02 10:09      12  10-02 10:09  10-02 10:11

console sign-in without MFA
A password alone was enough for this sign-in. Usually the user has no MFA device yet. Sign-ins
through an identity provider are not listed: CloudTrail does not know whether they had MFA.
  subject  what                                                events  first        last
  bob      1 sign-in to account 111122223333 from 203.0.113.7       1  10-03 09:00  10-03 09:00

dormant key in use again
A forgotten key may have been found, above all if it woke up at a new address. Usually a rare job
ran.
  subject               who  what                                                    events  first        last
  AKIAI44QH8DHBEXAMPLE  bob  unused on 30 days, then on 2026-10-01 from 203.0.113.7      16  08-01 09:00  10-02 10:11
"
    );
}

#[test]
fn data_have_a_table_of_each_kind() {
    let ran = story().run(&["summary", "log", "-q", "-f", "json"]);
    let object: Value = serde_json::from_str(&ran.stdout).unwrap();
    let row = &object["severalAddresses"]["rows"][0];
    assert_eq!((&row["subject"], &row["userName"], &row["events"]), (&KEY.into(), &"bob".into(), &16.into()));
    for (kind, distinct) in [
        ("severalAddresses", 1),
        ("instanceRole", 0),
        ("deniedBurst", 1),
        ("noMfa", 1),
        ("dormantKey", 1),
        ("severalPrograms", 0),
    ] {
        assert_eq!(object[kind]["distinct"], distinct, "{kind}");
        assert_eq!(object[kind]["rows"].as_array().unwrap().len(), distinct, "{kind}");
    }
    let lines = story().run(&["summary", "log", "-q", "-f", "tsv"]);
    let burst = lines.lines(0).iter().find(|line| line.starts_with("deniedBurst\t")).unwrap().to_string();
    assert!(
        burst.starts_with(
            "deniedBurst\tbob\t\t12\t2026-10-02T10:09:00Z\t2026-10-02T10:11:01Z\t\t\t\t\t\t12 denied calls"
        ),
        "{burst}"
    );
}

#[test]
fn a_filter_does_not_hide_the_sleep_of_a_key() {
    let dormant = |options: &[&str]| {
        let ran = story().run(&[&["summary", "log", "-q", "-f", "json"][..], options].concat());
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["dormantKey"]["distinct"].clone()
    };
    assert_eq!((dormant(&[]), dormant(&["--access-key", KEY, "-i", "203.0.113.7"])), (1.into(), 1.into()));
    // The days before October have no events: their logs may be missing.
    assert_eq!(dormant(&["--since", "2026-10-01"]), 0);
}

#[test]
fn signals_are_the_same_on_all_threads_and_among_duplicates() {
    let logs = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");
    let trial = Trial::new();
    let lines = |options: &[&str]| {
        let ran = trial.run(&[&["summary", logs, "-q", "-f", "tsv"][..], options].concat());
        let is_signal = |line: &&str| line.contains("address") || line.starts_with("noMfa") || line.contains("denied");
        ran.lines(0)
            .into_iter()
            .filter(is_signal)
            .filter(|line| !line.contains("duplicates"))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    let one = lines(&["--threads", "1"]);
    assert!(one.len() > 30, "{one:?}");
    assert_eq!(lines(&["--threads", "8"]), one);
    let unique = lines(&["--threads", "1", "--dedupe"]);
    assert_eq!(lines(&["--threads", "8", "--dedupe"]), unique);
    assert_eq!(unique.len(), one.len());
}

#[test]
fn a_page_has_signals_beside_data_with_all_rows() {
    let trial = story();
    let ran = trial.run(&["summary", "log", "-q", "--html", "page.html", "-o", "all.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    let page = trial.read("page.html");
    let all: Value = serde_json::from_str(&trial.read("all.json")).unwrap();
    for (kind, name) in [("severalAddresses", "one key, several addresses"), ("noMfa", "console sign-in without MFA")] {
        assert_eq!(all[kind]["rows"].as_array().unwrap().len(), 1, "{kind}");
        assert!(page.contains(&format!("\"name\":\"{name}\"")), "{name}");
    }
    assert!(page.contains("12 denied calls within 10 minutes"));
}

#[test]
fn signals_that_are_left_out_are_counted() {
    let logs = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");
    let trial = Trial::new();
    let all = trial.run(&["summary", logs, "-q", "-f", "json"]);
    let all: Value = serde_json::from_str(&all.stdout).unwrap();
    let rows = all["severalAddresses"]["rows"].as_array().unwrap();
    let events: u64 = rows.iter().skip(1).map(|row| row["events"].as_u64().unwrap()).sum();
    let text = trial.run(&["summary", logs, "-q", "--top", "1"]);
    let note = format!("({} more with {events} events)", rows.len() - 1);
    assert!(text.stdout.contains(&note), "{note}\n{}", text.stdout);
    assert_eq!(all["severalAddresses"]["distinct"], rows.len());
}

#[test]
fn names_of_networks_do_not_change_signals() {
    let trial = story();
    trial.write("networks.csv", "203.0.113.0/24,office\n");
    trial.write("log/a.json", story_without_august());
    let dormant = |options: &[&str]| {
        let ran = trial.run(&[&["summary", "log", "-q", "-f", "json"][..], options].concat());
        serde_json::from_str::<Value>(&ran.stdout).unwrap()["dormantKey"]["distinct"].clone()
    };
    // Without logs between the uses, only calendar days would make the key dormant.
    assert_eq!((dormant(&[]), dormant(&["--networks", "networks.csv"])), (0.into(), 0.into()));
}

fn story_without_august() -> String {
    let events = [("2026-08-01T09:00:00Z", "A"), ("2026-10-01T09:00:00Z", "B")];
    let events = events.map(|(time, name)| event(time, name, "203.0.113.7", ""));
    format!("{{\"Records\":[{}]}}", events.join(","))
}
