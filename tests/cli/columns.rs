//! Columns by name, and the page that lists them.

use std::path::Path;

use crate::harness::Trial;

/// Which the sample logs have no event for.
const UNSEEN: [&str; 2] = ["insightDetails", "edgeDeviceDetails"];

/// The names and examples that `--columns help` shows.
fn help() -> Vec<(String, String)> {
    let trial = Trial::new();
    let ran = trial.run(&["--columns", "help"]);
    let lines = ran.lines(0);
    let named = lines.windows(2).filter(|pair| pair[0].starts_with("  ") && !pair[0].starts_with("   "));
    let word = |line: &str| line.split_whitespace().next().map(String::from);
    named.filter_map(|pair| Some((word(pair[0])?, pair[1].trim().to_string()))).collect()
}

#[test]
fn every_example_is_a_value_of_its_column() {
    let trial = Trial::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output =
        trial.command(&["testdata/AWSLogs", "--columns", "all", "-q", "--raw"]).current_dir(root).output().unwrap();
    let rows = trial.ran(&[], output);
    let mut rows = rows.lines(0).into_iter().map(|row| row.split('\t').collect::<Vec<_>>());
    let (header, rows) = (rows.next().unwrap(), rows.collect::<Vec<_>>());
    let help = help();
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
