//! The destination of a summary, and its provenance.

use super::super::harness::Trial;
use super::{LOG, body, small};

#[test]
fn a_file_has_the_format_of_its_ending() {
    let trial = small();
    for (file, format) in [("out.tsv", "tsv"), ("out.CSV", "csv"), ("out.json", "json")] {
        let expected = trial.run(&["summary", "log", "-f", format, "-q"]).stdout;
        trial.run(&["summary", "log", "-o", file, "-q"]).shows(0, "", "");
        assert_eq!(trial.read(file), expected, "{file}");
    }
    for file in ["out.txt", "out"] {
        let expected = trial.run(&["summary", "log", "-q"]);
        trial.run(&["summary", "log", "--output", file, "-q"]).shows(0, "", "");
        assert_eq!(body(&trial.read(file)), body(&expected.stdout), "{file}");
    }
    trial.run(&["summary", "log", "-o", "data", "-f", "json", "-q"]).shows(0, "", "");
    assert_eq!(trial.read("data"), trial.read("out.json"), "--format overrides the ending");
    assert_eq!(trial.run(&["summary", "log", "-o", "-", "-q", "-f", "json"]).stdout, trial.read("data"));
}

#[test]
fn a_file_and_a_page_are_written_together() {
    let trial = small();
    trial.run(&["summary", "log", "-o", "log/out.json", "--html", "log/page.html", "-q"]).shows(0, "", "");
    let both = (trial.read("log/out.json"), trial.read("log/page.html"));
    assert!(both.0.starts_with("{\"events\":4,") && both.1.starts_with("<!doctype html>"));
    trial.run(&["summary", "log", "-o", "log/out.json", "--html", "log/page.html"]).shows(
        0,
        "",
        "trail2tsv: 4 events in 1 file read, 4 matched; 2 files skipped: 2 earlier results\n",
    );
    assert_eq!(trial.read("log/out.json"), both.0);
}

#[test]
fn unsuitable_output_files_are_refused() {
    let trial = small();
    for (arguments, expected) in [
        (&["-o", "out.html"][..], "--output \"out.html\": --output does not write a page; use --html FILE"),
        (
            &["-o", "out.xlsx"],
            "--output \"out.xlsx\": unknown ending .xlsx; \
             use .txt, .tsv, .csv or .json, or choose a format with --format",
        ),
        (
            &["-o", "out.sqlite"],
            "--output \"out.sqlite\": unknown ending .sqlite; \
             use .txt, .tsv, .csv or .json, or choose a format with --format",
        ),
        (&["-o", "a.txt", "--html", "a.txt"], "--output \"a.txt\": also the file of --html; choose another one"),
    ] {
        let ran = trial.run(&[&["summary", "log"], arguments].concat());
        ran.shows(2, "", &format!("trail2tsv: {expected}\ntrail2tsv: try --help\n"));
    }
    trial.write("log.json", LOG);
    let said = "trail2tsv: log.json: is a log that the output would replace; choose another file\n";
    trial.run(&["summary", "log.json", "-o", "log.json"]).shows(1, "", said);
    trial.run(&["summary", "log.json", "-o", "log.json", "--html", "page.html"]).shows(1, "", said);
    assert_eq!(trial.read("log.json"), LOG);
    assert!(!trial.path("page.html").exists());
}

#[test]
fn a_file_that_is_not_complete_does_not_appear() {
    let trial = small();
    trial.write("out.tsv", "old");
    assert_eq!(trial.run(&["summary", "missing", "-o", "out.tsv"]).code, Some(1));
    assert_eq!(trial.read("out.tsv"), "old");
}

#[test]
fn text_in_a_pipe_is_not_cut() {
    let (name, user) = ("N".repeat(150), "u".repeat(300));
    let event = format!(
        r#"{{"eventTime":"2026-10-01T09:00:00Z","eventName":"{name}","userIdentity":{{"type":"IAMUser","userName":"{user}"}}}}"#
    );
    let mut trial = Trial::with("a.json", event);
    let ran = trial.run(&["summary", "a.json", "--by", "userName,eventName", "-q"]);
    let row = format!("{user}  {name}       1  10-01 09:00  10-01 09:00  █");
    assert!(ran.lines(0).contains(&row.as_str()), "{ran:?}");
    trial.run(&["summary", "a.json", "--by", "userName,eventName", "-q", "-o", "out"]);
    assert!(trial.read("out").contains(&row));
    for (columns, widest) in [("100", 100), ("60", 60), ("1", 40)] {
        let ran = trial.env("COLUMNS", columns).run(&["summary", "a.json", "--by", "userName,eventName", "-q"]);
        let table = ran.stdout.lines().filter(|line| line.ends_with('█'));
        let width = table.map(|line| line.chars().count()).max();
        assert!(width.is_some_and(|width| width <= widest.max(54)), "{columns}: {ran:?}");
    }
    for columns in ["", "0", "wide"] {
        let ran = trial.env("COLUMNS", columns).run(&["summary", "a.json", "--by", "userName,eventName", "-q"]);
        assert!(ran.lines(0).contains(&row.as_str()), "{columns:?}: {ran:?}");
    }
}

#[test]
fn text_and_page_say_where_they_come_from() {
    let trial = small();
    let filters = ["-u", "alice", "--since", "2026-10-01", "--where", "eventName != 'a\u{202e}<b>'"];
    let arguments = [&["summary", "log", "-q"], &filters[..]].concat();
    let ran = trial.run(&arguments);
    let (_, footer) = ran.stdout.split_once("\nCommand ").unwrap();
    let footer = format!("Command {footer}");
    let lines: Vec<&str> = footer.lines().collect();
    let asked = "--since 2026-10-01 --where 'eventName != '\\''a\\u202e<b>'\\'''";
    assert_eq!(
        lines[..4],
        [
            format!("Command    trail2tsv summary log -q -u alice {asked}").as_str(),
            "Input      log",
            "Filters    --since 2026-10-01 --user alice --where 'eventName != '\\''a\\u202e<b>'\\''' (from 2026-10-01T00:00:00Z)",
            "Duplicates not removed; use --dedupe to leave them out",
        ],
        "{ran:?}"
    );
    let made = lines[4].strip_prefix("Made at    20").unwrap();
    assert!(made.ends_with(&format!(" UTC by trail2tsv {}", env!("CARGO_PKG_VERSION"))), "{made}");
    trial.run(&[&arguments[..], &["--html", "page.html"]].concat()).shows(0, "", "");
    let page = trial.read("page.html");
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let labels: Vec<&str> =
        data["provenance"].as_array().unwrap().iter().map(|line| line[0].as_str().unwrap()).collect();
    assert_eq!(labels, ["Command", "Input", "Filters", "Duplicates", "Made at"]);
    assert_eq!(data["provenance"][1][1], "log");
    assert!(data["provenance"][0][1].as_str().unwrap().contains("a\\u202e<b>"));
}

#[test]
fn duplicates_that_were_left_out_are_counted() {
    let event = r#"{"eventTime":"2026-10-01T09:00:00Z","eventName":"A","eventID":"1"}"#;
    let trial = Trial::with("a.json", [event, event, event].join("\n"));
    let ran = trial.run(&["summary", "a.json", "--dedupe", "-q"]);
    assert!(ran.lines(0).contains(&"Duplicates 2 left out: eventID seen before"), "{ran:?}");
    assert!(ran.lines(0).contains(&"Filters    none"), "{ran:?}");
    let ran = trial.run(&["summary", "a.json", "--dedupe", "-q", "-f", "tsv"]);
    assert!(ran.lines(0).contains(&"total\tduplicates\t\t2\t\t\t\t\t\t\t\t"), "{ran:?}");
    let ran = trial.run(&["summary", "a.json", "-q", "-f", "tsv"]);
    assert!(!ran.stdout.contains("duplicates"), "{ran:?}");
    let ran = trial.run_with_stdin(&["summary", "-", "-q"], event);
    assert!(ran.lines(0).contains(&"Input      standard input"), "{ran:?}");
}
