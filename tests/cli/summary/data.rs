//! The summary as data.

use serde_json::Value;

use super::small;

#[test]
fn rows_have_all_tables() {
    let ran = small().run(&["summary", "log", "-f", "tsv", "-q"]);
    let lines = ran.lines(0);
    assert_eq!(
        lines[..3],
        [
            "table\tvalue\teventName\tevents\tfirst\tlast\tfailed\tresources\tuserName\tsourceIPAddress\tfirstUser\tdetail",
            "total\tevents\t\t4\t2026-10-01T09:00:00Z\t2026-10-03T11:00:00Z\t\t\t\t\t\t",
            "total\tfiles\t\t1\t\t\t\t\t\t\t\t",
        ]
    );
    for line in [
        "distinct\tuserName\t\t2\t\t\t\t\t\t\t\t",
        "userName\talice\t\t2\t2026-10-01T09:00:00Z\t2026-10-01T10:30:00Z\t\t\t\t\t\t",
        "deniedCalls\tReader\tGetObject\t1\t2026-10-03T11:00:00Z\t2026-10-03T11:00:00Z\t\t\t\t\t\t",
        "changes\tinstances\tRunInstances\t1\t2026-10-01T09:00:00Z\t2026-10-01T09:00:00Z\t0\t\talice\t203.0.113.7\t\t",
        "eventName\tRunInstances\t\t1\t2026-10-01T09:00:00Z\t2026-10-01T09:00:00Z\t\t\t\t\talice\t",
        "eventName\tTick\t\t1\t\t\t\t\t\t\t\t",
    ] {
        assert!(lines.contains(&line), "{line}\n{ran:?}");
    }
    let csv = small().run(&["summary", "log", "-f", "csv", "-q"]);
    assert_eq!(csv.lines(0), lines.iter().map(|line| line.replace('\t', ",")).collect::<Vec<_>>());
}

#[test]
fn cells_are_as_safe_as_those_of_rows() {
    let trial = super::Trial::with("a.json", r#"{"eventName":"=1+1,\u001b\t","eventVersion":"1"}"#);
    trial.run(&["summary", "a.json", "--by", "eventName", "-f", "csv", "-q"]).shows(
        0,
        "eventName,events,first,last\n\"'=1+1,\\u001b\\t\",1,,\n",
        "",
    );
}

#[test]
fn json_is_one_object() {
    let ran = small().run(&["summary", "log", "-f", "json", "-q"]);
    let [line] = ran.lines(0)[..] else { panic!("{ran:?}") };
    let object: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&object["events"], &object["files"], &object["denied"]), (&4.into(), &1.into(), &1.into()));
    assert_eq!(object["first"], "2026-10-01T09:00:00Z");
    let users = &object["userName"];
    assert_eq!((&users["distinct"], &users["events"], &users["without"]), (&2.into(), &3.into(), &1.into()));
    assert_eq!(users["rows"][0]["userName"], "alice");
    assert_eq!(object["deniedCalls"]["rows"][0]["principal"], "Reader");
    assert_eq!(object["events"], 4);
    assert_eq!(object["eventName"]["rows"][2]["first"], Value::Null, "{line}");
}

#[test]
fn data_have_every_row_unless_told_otherwise() {
    let event = |number: usize| {
        let name = number % 30_011;
        format!(r#"{{"eventTime":"2026-10-01T09:00:00Z","eventName":"n{name}","errorCode":"AccessDenied"}}"#)
    };
    let trial = super::Trial::with("a.json", (0..30_020).map(event).collect::<Vec<_>>().join("\n"));
    let time = "2026-10-01T09:00:00Z";
    let mut names: Vec<String> = (0..30_011).map(|name| format!("n{name}")).collect();
    let is_rare = |name: &String| name[1..].parse::<usize>().is_ok_and(|number| number >= 9);
    names.sort_by_key(|name| (is_rare(name), name.clone()));
    let row = |name: &String| format!("{name}\t{}\t{time}\t{time}", if is_rare(name) { 1 } else { 2 });
    let expected: Vec<String> = names.iter().map(row).collect();
    let by = trial.run(&["summary", "a.json", "-q", "-f", "tsv", "--by", "eventName"]);
    assert_eq!(by.lines(0)[1..], expected);
    let top = trial.run(&["summary", "a.json", "-q", "-f", "tsv", "--by", "eventName", "--top", "20"]);
    assert_eq!(top.lines(0)[1..], expected[..20]);
    let all = trial.run(&["summary", "a.json", "-q", "-f", "csv"]);
    let of = |table: &str| all.stdout.lines().filter(|line| line.starts_with(&format!("{table},"))).count();
    assert_eq!((of("eventName"), of("deniedCalls"), of("errorCode"), of("userName")), (30_011, 30_011, 1, 0));
    let json = trial.run(&["summary", "a.json", "-q", "-f", "json", "--html", "page.html"]);
    let object: Value = serde_json::from_str(json.lines(0)[0]).unwrap();
    let rows = |table: &str| object[table]["rows"].as_array().unwrap();
    let found: Vec<&str> = rows("eventName").iter().map(|row| row["eventName"].as_str().unwrap()).collect();
    assert_eq!(found, names);
    assert_eq!((rows("deniedCalls").len(), rows("userName").len(), rows("sourceIPAddress").len()), (30_011, 0, 0));
}

#[test]
fn json_and_tables_have_the_same_names() {
    let trial = small();
    let object: Value = serde_json::from_str(&trial.run(&["summary", "log", "-f", "json", "-q"]).stdout).unwrap();
    let tsv = trial.run(&["summary", "log", "-f", "tsv", "-q"]);
    let of = |table: &str| -> Vec<String> {
        let cells = tsv.stdout.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        cells.filter(|cells| cells[0] == table).map(|cells| cells[1].to_string()).collect()
    };
    let names = |wanted: fn(&Value) -> bool| -> Vec<String> {
        let entries = object.as_object().unwrap().iter();
        entries.filter(|(_, value)| wanted(value)).map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(of("total"), names(Value::is_number));
    assert_eq!(of("distinct"), names(Value::is_object));
    for table in of("distinct") {
        assert_eq!(object[&table]["rows"].as_array().unwrap().len(), of(&table).len(), "{table}");
    }
}
