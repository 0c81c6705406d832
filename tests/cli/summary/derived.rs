//! Values that were first seen last, and rare values.

use serde_json::Value;

use super::super::harness::Trial;
use super::body;

/// Events of one second each: name, user, address and key.
fn log(events: &[[&str; 4]]) -> Trial {
    let event = |(second, [name, user, address, key]): (usize, &[&str; 4])| {
        format!(
            r#"{{"eventTime":"2026-10-01T09:{:02}:{:02}Z","eventName":"{name}","readOnly":true,"sourceIPAddress":"{address}","userAgent":"agent of {user}","userIdentity":{{"type":"IAMUser","userName":"{user}","accessKeyId":"{key}"}}}}"#,
            second / 60,
            second % 60
        )
    };
    // The latest event comes first, because logs have no reliable order.
    let events: Vec<String> = events.iter().enumerate().rev().map(event).collect();
    Trial::with("log/a.json", format!("{{\"Records\":[{}]}}", events.join(",")))
}

fn table<'a>(text: &'a str, title: &str) -> &'a str {
    let table = text.split_once(&format!("\n{title}\n")).unwrap().1;
    table.split_once("\n\n").map_or(table, |(table, _)| table)
}

#[test]
fn what_is_seen_for_the_first_time_comes_with_its_first_user() {
    let events = [
        ["A", "alice", "203.0.113.1", "AKIA1"],
        ["B", "bob", "203.0.113.1", "ASIA1"],
        ["B", "alice", "203.0.113.2", "AKIA1"],
        ["C", "bob", "203.0.113.3", "AKIA2"],
        ["A", "bob", "203.0.113.4", "AKIA2"],
    ];
    let ran = log(&events).run(&["summary", "log", "-q"]);
    assert_eq!(
        table(body(&ran.stdout), "First seen, latest first").trim_end(),
        "\u{20} value           first user  events  first
users
  bob             -                3  10-01 09:00
  alice           -                2  10-01 09:00
source addresses
  203.0.113.4     bob              1  10-01 09:00
  203.0.113.3     bob              1  10-01 09:00
  203.0.113.2     alice            1  10-01 09:00
long-term access keys
  AKIA2           bob              2  10-01 09:00
  AKIA1           alice            2  10-01 09:00
user agents
  agent of bob    bob              3  10-01 09:00
  agent of alice  alice            2  10-01 09:00
event names
  C               bob              1  10-01 09:00
  B               bob              2  10-01 09:00
  A               alice            2  10-01 09:00"
    );
}

#[test]
fn the_rarest_values_are_shown_if_a_table_leaves_values_out() {
    let names: Vec<String> = (0..12).map(|at| format!("N{at:02}")).collect();
    let events: Vec<[&str; 4]> =
        names.iter().flat_map(|name| [[name.as_str(), "alice", "203.0.113.1", ""]; 2]).skip(1).collect();
    let trial = log(&events);
    let ran = trial.run(&["summary", "log", "-q"]);
    assert_eq!(
        table(body(&ran.stdout), "Rarest").trim_end(),
        "\u{20} value  first user  events  first        last
event names
  N00    alice            1  10-01 09:00  10-01 09:00
  N11    alice            2  10-01 09:00  10-01 09:00
  N10    alice            2  10-01 09:00  10-01 09:00"
    );
    let all = trial.run(&["summary", "log", "-q", "--top", "12"]);
    assert!(!all.stdout.contains("Rarest"), "{all:?}");
}

#[test]
fn the_first_user_in_a_second_is_chosen_alphabetically() {
    let event = |user: &str, time: &str| {
        format!(r#"{{"eventTime":"{time}","eventName":"A","userIdentity":{{"type":"IAMUser","userName":"{user}"}}}}"#)
    };
    let (early, late) = ("2026-10-01T09:00:00Z", "2026-10-01T09:00:01Z");
    for order in [["carol", "bob", "dave"], ["dave", "carol", "bob"], ["bob", "dave", "carol"]] {
        for dedupe in [&[][..], &["--dedupe"]] {
            let mut events: Vec<String> = order.iter().map(|user| event(user, early)).collect();
            events.insert(1, event("alice", late));
            let trial = Trial::with("a.json", events.join("\n"));
            let ran = trial.run(&[&["summary", "a.json", "-q", "-f", "json"][..], dedupe].concat());
            let object: Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(object["eventName"]["rows"][0]["firstUser"], "bob");
        }
    }
}
