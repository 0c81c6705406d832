//! Columns by name, and the page that lists them.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use crate::harness::Trial;

/// Columns for which the sample logs have no event.
const UNSEEN: [&str; 2] = ["insightDetails", "edgeDeviceDetails"];

/// The names and examples that `--columns help` shows.
fn help() -> Vec<(String, String)> {
    let trial = Trial::new();
    let ran = trial.run(&["--columns", "help"]);
    let lines = ran.lines(0);
    let end = lines.iter().position(|line| *line == "Short names:").unwrap();
    let named = lines[..end].windows(2).filter(|pair| pair[0].starts_with("  ") && !pair[0].starts_with("   "));
    let word = |line: &str| line.split_whitespace().next().map(String::from);
    named.filter_map(|pair| Some((word(pair[0])?, pair[1].trim().to_string()))).collect()
}

#[test]
fn every_example_is_a_value_of_its_column() {
    let trial = Trial::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut output = trial.command(&["testdata/AWSLogs", "--columns", "all", "-q", "--raw"]);
    output.args(["--networks", "docs/networks.csv", "--geoip", "docs/geoip.mmdb"]);
    let output = output.current_dir(root).output().unwrap();
    let rows = trial.ran(&[], output);
    let mut rows = rows.lines(0).into_iter().map(|row| row.split('\t').collect::<Vec<_>>());
    let (header, rows) = (rows.next().unwrap(), rows.collect::<Vec<_>>());
    let mut help = help();
    help.retain(|(name, _)| name != "verified");
    assert!(header.iter().copied().eq(help.iter().map(|(name, _)| name.as_str())), "{header:?}");
    assert!(header.len() > 30 && rows.len() > 300);
    for (at, (name, example)) in help.iter().enumerate() {
        let is_seen = rows.iter().any(|row| row[at].starts_with(example));
        assert_eq!(is_seen, !UNSEEN.contains(&name.as_str()), "{name} {example}");
    }
}

#[test]
fn the_nearest_name_is_offered() {
    let trial = Trial::with("a.json", r#"{"eventName":"A","eventVersion":"1"}"#);
    for (name, offer) in [
        ("evnetName", "not a column; did you mean eventName?"),
        ("eventNames", "not a column; did you mean eventName?"),
        ("sourceIpAdress", "not a column; did you mean sourceIPAddress?"),
        ("requestParameter.bucketName", "not a path; did you mean requestParameters…?"),
    ] {
        trial.run(&["a.json", "-c", name]).shows(
            2,
            "",
            &format!("trail2tsv: --columns {name:?}: {offer}\ntrail2tsv: try --help\n"),
        );
    }
}

#[test]
fn values_of_many_are_joined() {
    let event = r#"{"eventName":"A","requestParameters":{"items":[{"id":"i-1"},{"id":null},{},{"id":"i-2"}]}}"#;
    let trial = Trial::with("a.json", event);
    let arguments = ["a.json", "--no-header", "-c", "requestParameters.items[].id"];
    assert_eq!(trial.run(&arguments).lines(0), ["i-1;i-2"]);
}

const EVENT: &str = r#"{"eventTime":"2026-10-01T09:00:00Z","awsRegion":"eu-west-1","eventSource":"s3.amazonaws.com",
    "eventName":"GetObject","userIdentity":{"type":"IAMUser","userName":"alice"},"sourceIPAddress":"203.0.113.7",
    "userAgent":"curl","requestParameters":{"key":"k"},"errorCode":"AccessDenied",
    "recipientAccountId":"111122223333","time":"noon","Region":"inner"}"#;

#[test]
fn short_names_and_any_case_name_columns() {
    let trial = Trial::with("a.json", EVENT);
    let header =
        "eventTime\tuserName\tsourceIPAddress\tawsRegion\teventName\tuserAgent\trecipientAccountId\terrorCode\n";
    let row = "2026-10-01T09:00:00Z\talice\t203.0.113.7\teu-west-1\tGetObject\tcurl\t111122223333\tAccessDenied\n";
    for columns in [
        "time,user,ip,region,event,agent,account,error",
        "TIME,User,IP,Region,EVENT,aGent,Account,ERROR",
        "EVENTTIME,username,sourceipaddress,AwsRegion,eventname,USERAGENT,recipientaccountid,errorcode",
    ] {
        trial.run(&["a.json", "-q", "-c", columns]).shows(0, &format!("{header}{row}"), "");
    }
    // A name that begins with a dot is a field of the event, exactly as typed.
    trial.run(&["a.json", "-q", "-c", ".time,.Region,.region"]).shows(
        0,
        ".time\t.Region\t.region\nnoon\tinner\t\n",
        "",
    );
    trial.run(&["a.json", "-q", "-f", "json", "-c", "Time,MFA"]).shows(
        0,
        "{\"eventTime\":\"2026-10-01T09:00:00Z\",\"mfa\":null}\n",
        "",
    );
}

#[test]
fn the_list_of_columns_names_the_short_ones() {
    let trial = Trial::new();
    let ran = trial.run(&["-c", "HELP"]);
    let lines = ran.lines(0);
    let at = lines.iter().position(|line| *line == "Short names:").unwrap();
    let pairs: Vec<Vec<&str>> = lines[at + 2..at + 10].iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(pairs[0], ["time", "eventTime"]);
    assert_eq!(pairs[7], ["error", "errorCode"]);
    assert_eq!(lines[at + 10], "");
}

#[test]
fn a_minus_leaves_out_columns_of_the_default() {
    let trial = Trial::with("a.json", EVENT);
    let header = |columns: &[&str]| trial.run(&[&["a.json", "-q"], columns].concat()).lines(0)[0].replace('\t', ",");
    let rest =
        "eventTime,eventSource,eventName,userName,sourceIPAddress,requestParameters,errorCode,recipientAccountId";
    assert_eq!(header(&["-c", "-userAgent,-awsRegion"]), rest);
    assert_eq!(header(&["-c", "-agent", "-c", "-REGION"]), rest);
    assert_eq!(header(&["--columns=-agent,-region"]), rest);
    assert_eq!(header(&["-c", "+resources,-userAgent,-region"]), format!("{rest},resources"));
    assert_eq!(header(&["-c", "-userAgent,+mfa,-region"]), format!("{rest},mfa"));
    assert_eq!(header(&["-c", "time,user,-time"]), "userName");
}

#[test]
fn columns_that_cannot_be_removed_are_named() {
    let trial = Trial::with("a.json", EVENT);
    let list = "eventTime,awsRegion,eventSource,eventName,userName,sourceIPAddress,userAgent,requestParameters,errorCode,\
                recipientAccountId";
    let not_there = format!("not in the list, so it cannot be left out; the list is {list}");
    let option = "no column to leave out; write a list of columns before the next option";
    for (arguments, value, reason) in [
        (&["-c", "-mfa"][..], "-mfa", not_there.as_str()),
        (&["-c", "-requestParameters.key"], "-requestParameters.key", &not_there),
        (&["-c", "-userAgnt"], "-userAgnt", "not a column; did you mean userAgent?"),
        (&["-c", "-q"], "-q", option),
        (&["-c", "-u", "root"], "-u", option),
        (&["-c", "--sort"], "--sort", option),
        (&["-c", "time,-time"], "time,-time", "leaves out every column; keep at least one"),
    ] {
        trial.run(&[&["a.json"], arguments].concat()).shows(
            2,
            "",
            &format!("trail2tsv: --columns {value:?}: {reason}\ntrail2tsv: try --help\n"),
        );
    }
}
