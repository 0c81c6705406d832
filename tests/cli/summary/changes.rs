//! The table of changes by theme.

use serde_json::Value;

use super::super::harness::Trial;
use super::body;

/// A call at a minute, with the text of its further members.
fn call(minute: u8, source: &str, name: &str, user: &str, members: &str) -> String {
    format!(
        r#"{{"eventTime":"2026-10-01T09:{minute:02}:00Z","eventSource":"{source}.amazonaws.com","eventName":"{name}",
        "eventID":"e{minute}","sourceIPAddress":"203.0.113.7","userIdentity":{{"type":"IAMUser","userName":"{user}"}}
        {members}}}"#
    )
}

/// Logging is stopped after a failed attempt, and there are calls on two buckets and a secret,
/// and calls without a theme.
fn story() -> Trial {
    let trail = r#","requestParameters":{"name":"audit"}"#;
    let denied = format!(r#"{trail},"errorCode":"AccessDenied""#);
    let bucket = |name: &str| format!(r#","requestParameters":{{"bucketName":"{name}"}}"#);
    let events = [
        call(1, "cloudtrail", "StopLogging", "eve", &denied),
        call(2, "cloudtrail", "StopLogging", "eve", trail),
        call(3, "cloudtrail", "DeleteTrail", "eve", &denied),
        call(4, "s3", "DeleteBucket", "bob", &bucket("b-1")),
        call(5, "s3", "PutBucketPolicy", "bob", &bucket("b-2")),
        call(6, "s3", "PutBucketPolicy", "bob", &bucket("b-2")),
        call(7, "secretsmanager", "GetSecretValue", "eve", r#","readOnly":true,"requestParameters":{"secretId":"s"}"#),
        call(8, "ec2", "DescribeInstances", "bob", ""),
        call(9, "iot", "CreatePolicy", "bob", ""),
    ];
    Trial::with("log/a.json", format!(r#"{{"Records":[{}]}}"#, events.join(",")))
}

#[test]
fn changes_come_first_by_theme() {
    let ran = story().run(&["summary", "log", "-q"]);
    let (_, rest) = body(&ran.stdout).split_once("\n\n").unwrap();
    let (table, _) = rest.split_once("\n\n").unwrap();
    let expected = "\
Changes by theme
  call             on what  who  from         done  failed  first        last
logging and detection
  StopLogging      audit    eve  203.0.113.7     1       1  10-01 09:01  10-01 09:02
  DeleteTrail      audit    eve  203.0.113.7     -       1  10-01 09:03  10-01 09:03
secrets
  GetSecretValue   s        eve  203.0.113.7     1       -  10-01 09:07  10-01 09:07
buckets
  PutBucketPolicy  b-2      bob  203.0.113.7     2       -  10-01 09:05  10-01 09:06
  DeleteBucket     b-1      bob  203.0.113.7     1       -  10-01 09:04  10-01 09:04";
    assert_eq!(table, expected);
}

#[test]
fn the_table_fits_the_terminal_and_its_limit() {
    let mut trial = story();
    trial.env("COLUMNS", "60");
    let ran = trial.run(&["summary", "log", "-q", "--top", "1"]);
    let (table, _) = body(&ran.stdout).split_once("\n\n").unwrap().1.split_once("\n\n").unwrap();
    let expected = "\
Changes by theme
  call      on what  who  from     done  failed  last
logging and detection
  Stop…ing  audit    eve  203…3.7     1       1  10-01 09:02
secrets
  GetS…lue  s        eve  203…3.7     1       -  10-01 09:07
buckets
  PutB…icy  b-2      bob  203…3.7     2       -  10-01 09:06
(2 more with 2 events)";
    assert_eq!(table, expected);
}

#[test]
fn data_have_all_changes() {
    let ran = story().run(&["summary", "log", "-q", "-f", "tsv"]);
    let lines = ran.lines(0);
    let header =
        "table\tvalue\teventName\tevents\tfirst\tlast\tfailed\tresources\tuserName\tsourceIPAddress\tfirstUser\tdetail";
    assert_eq!(lines[0], header);
    let changes: Vec<&&str> = lines.iter().filter(|line| line.starts_with("changes\t")).collect();
    assert_eq!(changes.len(), 5);
    let first = "changes\tlogging and detection\tStopLogging\t2\t2026-10-01T09:01:00Z\t2026-10-01T09:02:00Z\t1\taudit\t\
                 eve\t203.0.113.7\t\t";
    assert_eq!(*changes[0], first);
    assert!(lines.contains(&"distinct\tchanges\t\t5\t\t\t\t\t\t\t\t"), "{ran:?}");
    let object: Value = serde_json::from_str(&story().run(&["summary", "log", "-q", "-f", "json"]).stdout).unwrap();
    let changes = &object["changes"];
    assert_eq!((&changes["distinct"], &changes["events"]), (&5.into(), &7.into()));
    let expected = serde_json::json!({"theme": "logging and detection", "eventName": "DeleteTrail",
        "resources": "audit", "userName": "eve", "sourceIPAddress": "203.0.113.7", "events": 1, "failed": 1,
        "first": "2026-10-01T09:03:00Z", "last": "2026-10-01T09:03:00Z"});
    assert_eq!(changes["rows"][1], expected);
}

#[test]
fn changes_are_the_same_on_all_threads_and_without_duplicates() {
    let logs = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");
    let trial = Trial::new();
    let rows = |options: &[&str]| {
        let ran = trial.run(&[&["summary", logs, "-q", "-f", "tsv"], options].concat());
        let rows = ran.lines(0).into_iter().filter(|line| line.starts_with("changes\t")).map(String::from);
        rows.collect::<Vec<_>>()
    };
    let one = rows(&["--threads", "1"]);
    assert!(one.len() > 10, "{one:#?}");
    assert_eq!(rows(&["--threads", "8"]), one);
    assert_eq!(rows(&["--threads", "8", "--dedupe"]), rows(&["--threads", "1", "--dedupe"]));
    let events =
        |rows: &[String]| rows.iter().map(|row| row.split('\t').nth(3).unwrap().parse::<u64>().unwrap()).sum::<u64>();
    assert!(events(&rows(&["--dedupe"])) <= events(&one));
    let [events_of_story, others] = [&["--dedupe"][..], &[]]
        .map(|options| story().run(&[&["summary", "log", "-q", "-f", "json"], options].concat()).stdout);
    let changes = |text: &str| serde_json::from_str::<Value>(text).unwrap()["changes"].clone();
    assert_eq!(changes(&events_of_story), changes(&others));
}

#[test]
fn counts_by_columns_have_no_changes() {
    let ran = story().run(&["summary", "log", "-q", "--by", "userName"]);
    assert!(!ran.stdout.contains("Changes"), "{ran:?}");
}

#[test]
fn the_page_has_the_changes() {
    let trial = story();
    trial.run(&["summary", "log", "-q", "--html", "page.html"]).shows(0, "", "");
    let page = trial.read("page.html");
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let rows = data["changes"]["rows"].as_array().unwrap();
    let values = |row: &Value| {
        row["values"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(values(&rows[0]), ["logging and detection", "StopLogging", "audit", "eve", "203.0.113.7"]);
    assert_eq!((&rows[0]["events"], &rows[0]["failed"], rows.len()), (&2.into(), &1.into(), 5));
    // Other tables count no failures.
    assert_eq!(data["tables"][0]["rows"][0].get("failed"), None);
    assert_eq!(data["tables"].as_array().unwrap().iter().filter(|table| table["name"] == "changes").count(), 0);
}
