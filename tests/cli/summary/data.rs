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
            "table\tvalue\teventName\tevents\tfirst\tlast",
            "total\tevents\t\t4\t2026-10-01T09:00:00Z\t2026-10-03T11:00:00Z",
            "total\tfiles\t\t1\t\t",
        ]
    );
    for line in [
        "distinct\tusers\t\t2\t\t",
        "users\talice\t\t2\t2026-10-01T09:00:00Z\t2026-10-01T10:30:00Z",
        "denied\tReader\tGetObject\t1\t2026-10-03T11:00:00Z\t2026-10-03T11:00:00Z",
        "names\tTick\t\t1\t\t",
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
    assert_eq!((&object["events"], &object["files"], &object["refused"]), (&4.into(), &1.into(), &1.into()));
    assert_eq!(object["first"], "2026-10-01T09:00:00Z");
    let users = &object["users"];
    assert_eq!((&users["distinct"], &users["events"], &users["without"]), (&2.into(), &3.into(), &1.into()));
    assert_eq!(users["top"][0]["userName"], "alice");
    assert_eq!(object["denied"]["top"][0]["principal"], "Reader");
    assert_eq!(object["events"], 4);
    assert_eq!(object["names"]["top"][2]["first"], Value::Null, "{line}");
}
