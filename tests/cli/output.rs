//! Rows, files and counts of the main command.

use super::harness::{Trial, gzip};

const LOG: &str = r#"{"Records":[
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"A","userAgent":"=1\t2","requestParameters":{"x": "a,b"}},
    {"eventTime":"2026-10-01T10:00:00Z","eventName":"B","errorCode":null},
    {"eventTime":"2026-10-01T11:00:00Z","eventName":"C"}]}"#;

const LAST: &str = "trail2tsv: 3 events in 1 file read, 3 matched\n";

#[test]
fn rows_come_as_tsv_with_a_header() {
    let trial = Trial::with("log/a.json.gz", gzip(LOG));
    trial.run(&["log", "-c", "eventTime,eventName,userAgent,requestParameters,errorCode"]).shows(
        0,
        "eventTime\teventName\tuserAgent\trequestParameters\terrorCode\n\
         2026-10-01T09:00:00Z\tA\t'=1\\t2\t{\"x\":\"a,b\"}\t\n\
         2026-10-01T10:00:00Z\tB\t\t\t\n\
         2026-10-01T11:00:00Z\tC\t\t\t\n",
        LAST,
    );
}

#[test]
fn csv_quotes_what_needs_it() {
    let trial = Trial::with("a.json", LOG);
    trial.run(&["a.json", "-f", "csv", "-c", "eventName,requestParameters", "-n", "1", "-q"]).shows(
        0,
        "eventName,requestParameters\nA,\"{\"\"x\"\":\"\"a,b\"\"}\"\n",
        "",
    );
}

#[test]
fn options_change_cells() {
    let trial = Trial::with("a.json", LOG);
    let arguments = ["a.json", "-c", "eventName,userAgent,errorCode", "--raw", "--null", "null", "--no-header", "-q"];
    trial.run(&arguments).shows(0, "A\t=1\\t2\tnull\nB\tnull\tnull\nC\tnull\tnull\n", "");
}

#[test]
fn a_file_appears_whole_and_its_ending_sets_the_format() {
    let trial = Trial::with("a.json", LOG);
    trial.run(&["a.json", "-o", "out.csv", "-c", "eventName,eventTime", "-e", "B"]).shows(
        0,
        "",
        "trail2tsv: 3 events in 1 file read, 1 matched\n",
    );
    assert_eq!(trial.read("out.csv"), "eventName,eventTime\nB,2026-10-01T10:00:00Z\n");
    assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 2, "a temporary file remains");
}

#[test]
fn counts_and_limits() {
    let trial = Trial::with("a.json", LOG);
    trial.run(&["a.json", "--count"]).shows(0, "3\n", LAST);
    trial.run(&["a.json", "--count", "-e", "nothing"]).shows(
        0,
        "0\n",
        "trail2tsv: nothing matched --event-name \"nothing\"; existing values: A, B, C (3 events looked at)\n\
         trail2tsv: 0 events decoded in 1 file read, 0 matched\n",
    );
    assert_eq!(trial.run(&["a.json", "-c", "eventName", "-n", "2"]).lines(0), ["eventName", "A", "B"]);
    assert_eq!(trial.run(&["a.json", "-c", "eventName", "-n", "0"]).lines(0), ["eventName"]);
}

#[test]
fn standard_input_is_a_file_too() {
    let trial = Trial::new();
    for input in [LOG.as_bytes().to_vec(), gzip(LOG), [gzip(LOG), gzip(LOG)].concat()] {
        let times = if input.len() > gzip(LOG).len() && input.starts_with(&[0x1f]) { 2 } else { 1 };
        let ran = trial.run_with_stdin(&["-", "-c", "eventName,file", "--no-header"], input);
        assert_eq!(ran.lines(0), ["A\t-", "B\t-", "C\t-"].repeat(times));
    }
}

#[test]
fn the_order_is_that_of_keys_whatever_the_threads() {
    let trial = Trial::new();
    let mut expected = Vec::new();
    for number in 0..300 {
        trial.write(
            &format!("log/{number:03}.json"),
            format!("{{\"eventName\":\"{number}\",\"eventVersion\":\"1\"}}\n").repeat(number % 7),
        );
        expected.extend(vec![number.to_string(); number % 7]);
    }
    for threads in ["1", "2", "7"] {
        let ran = trial.run(&["log", "-c", "eventName", "--no-header", "--threads", threads]);
        assert_eq!(ran.lines(0), expected);
    }
}

#[test]
fn several_inputs_come_in_their_order() {
    let trial = Trial::with("b/x.json", r#"{"eventName":"B","eventVersion":"1"}"#);
    trial.write("a/x.json", r#"{"eventName":"A","eventVersion":"1"}"#);
    assert_eq!(trial.run(&["b", "a", "-c", "eventName", "--no-header"]).lines(0), ["B", "A"]);
}

#[cfg(unix)]
#[test]
fn a_private_file_stays_private() {
    use std::os::unix::fs::PermissionsExt;
    let trial = Trial::with("a.json", LOG);
    trial.write("out.tsv", "old");
    std::fs::set_permissions(trial.path("out.tsv"), PermissionsExt::from_mode(0o600)).unwrap();
    trial.run(&["a.json", "-o", "out.tsv", "-q"]).shows(0, "", "");
    let mode = std::fs::metadata(trial.path("out.tsv")).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, trial.read("out.tsv").lines().count()), (0o600, 4));
}

#[test]
fn an_event_of_many_blocks_is_one_row_in_every_format() {
    let items = (0..60_000).map(|number| format!("{{\"id\": \"=i-{number}\\n\"}}")).collect::<Vec<_>>().join(", ");
    let (text, large) = (format!("-{}", "\\\"é\\t".repeat(400_000)), format!("{{\"items\": [{items}]}}"));
    let event = format!(r#"{{"eventName":"A","requestParameters":{large},"userAgent":"{text}"}}"#);
    let trial = Trial::with(
        "a.json",
        format!("{{\"Records\":[{event},{{\"eventName\":\"B\",\"eventVersion\":\"1\"}},{event}]}}"),
    );
    let arguments = ["a.json", "-c", "eventName,requestParameters,userAgent", "--no-header"];

    let json = large.replace(": ", ":").replace(", ", ",");
    let user_agent = format!("'-{}", "\"é\\t".repeat(400_000));
    let row = format!("A\t{json}\t{user_agent}");
    let lines = [row.clone(), "B\t\t".into(), row];
    assert!(trial.run(&arguments).lines(0) == lines);
    assert!(trial.run(&[&arguments[..], &["-n", "1"]].concat()).lines(0) == lines[..1]);

    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let row = format!("A,{},{}", quoted(&json), quoted(&user_agent));
    assert!(trial.run(&[&arguments[..], &["-f", "csv"]].concat()).lines(0) == [row.clone(), "B,,".into(), row]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let trial = Trial::with("logs/a.json.gz", gzip(LOG));
    std::os::unix::fs::symlink("far.tsv", trial.path("near.tsv")).unwrap();
    for _ in 0..2 {
        trial.run(&["logs", "-c", "eventName", "-n", "1", "-o", "near.tsv", "-q"]).shows(0, "", "");
        assert!(trial.path("near.tsv").is_symlink());
        assert_eq!(trial.read("far.tsv"), "eventName\nA\n");
    }
}

#[cfg(unix)]
#[test]
fn standard_output_has_names() {
    let trial = Trial::with("logs/a.json.gz", gzip(LOG));
    for name in ["-", "/dev/stdout", "/dev/fd/1", "stdout"] {
        let _ = std::os::unix::fs::symlink("/dev/stdout", trial.path("stdout"));
        let line = format!("echo first > out; trail2tsv logs -c eventName -n 1 -q -o {name} >> out");
        assert_eq!(trial.run_in_shell(&line).code, Some(0), "{name}");
        assert_eq!(trial.read("out"), "first\neventName\nA\n", "{name}");
    }
}

#[test]
fn an_earlier_result_is_not_read() {
    let trial = Trial::with("logs/a.json.gz", gzip(LOG));
    for _ in 0..2 {
        trial.run(&["logs", "-f", "json", "-o", "logs/found.json", "-q"]).shows(0, "", "");
    }
    let events = trial.read("logs/found.json");
    assert_eq!(events.lines().count(), 3);
    let last = "trail2tsv: 3 events in 1 file read, 3 matched; 1 file skipped: 1 earlier result\n";
    trial.run(&["logs", "-f", "json", "-o", "logs/found.json"]).shows(0, "", last);
    let text = "is a log that the output would replace; choose another file";
    let name = "111122223333_CloudTrail_us-east-1_20261001T0915Z_abcdefghijklmnop.json.gz";
    let (log, other) = (&format!("logs/{name}"), &format!("other/{name}"));
    for log in [log, other] {
        trial.write(log, gzip(LOG));
    }
    for (input, output) in [("logs/found.json", "logs/../logs/found.json"), ("logs", log), ("logs", other)] {
        let said = format!("trail2tsv: {output}: {text}\n");
        trial.run(&[input, "-f", "json", "-o", output]).shows(1, "", &said);
        trial.run(&["summary", input, "--html", output]).shows(1, "", &said);
    }
    assert_eq!(trial.read("logs/found.json"), events);
    for log in [log, other] {
        assert!(std::fs::read(trial.path(log)).unwrap() == gzip(LOG), "{log}");
    }
}

#[test]
fn a_table_is_aligned_and_keeps_to_the_width() {
    let trial = Trial::with("a.json", LOG);
    let arguments = ["a.json", "-q", "-f", "table", "-c", "eventName,eventTime,userAgent"];
    let text = "eventName  eventTime             userAgent\n\
                A          2026-10-01T09:00:00Z  '=1\\t2\n\
                B          2026-10-01T10:00:00Z\n\
                C          2026-10-01T11:00:00Z\n";
    trial.run(&arguments).shows(0, text, "");
    // The lines of a jq expression have no columns.
    let lines = ["a.json", "-q", "-f", "table", "--jq", ".eventName + \"\\tx\""];
    trial.run(&lines).shows(0, "A\tx\nB\tx\nC\tx\n", "");
    trial.run(&["a.json", "-q", "-f", "table", "--count"]).shows(0, "3\n", "");
    let text = "trail2tsv: --excel has no effect on an aligned table; use tsv or csv\ntrail2tsv: try --help\n";
    trial.run(&["a.json", "-f", "table", "--excel"]).shows(2, "", text);
}

#[test]
fn csv_takes_any_delimiter() {
    let trial = Trial::with("a.json", r#"{"Records":[{"eventName":"A;B","eventTime":"x,y","userAgent":"q\"|"}]}"#);
    let csv = |delimiter: &str| {
        trial.run(&["a.json", "-q", "-c", "eventName,eventTime,userAgent", "--delimiter", delimiter]).stdout
    };
    assert_eq!(csv(";"), "eventName;eventTime;userAgent\n\"A;B\";x,y;\"q\"\"|\"\n");
    assert_eq!(csv("|"), "eventName|eventTime|userAgent\nA;B|x,y|\"q\"\"|\"\n");
    assert_eq!(csv("\\t"), "eventName\teventTime\tuserAgent\nA;B\tx,y\t\"q\"\"|\"\n");
    let named = ["a.json", "-q", "-c", "eventName", "--delimiter", ";", "-f", "csv", "-o", "out"];
    trial.run(&named).shows(0, "", "");
    assert_eq!(trial.read("out"), "eventName\n\"A;B\"\n");
    for wrong in ["", "ab", "\"", "é", "a"] {
        let text = format!("--delimiter {wrong:?}: not a delimiter; use one character such as ; or | or \\t");
        trial.run(&["a.json", "--delimiter", wrong]).shows(
            2,
            "",
            &format!("trail2tsv: {text}\ntrail2tsv: try --help\n"),
        );
    }
    let text = "trail2tsv: --delimiter applies only to CSV; add --format csv\ntrail2tsv: try --help\n";
    trial.run(&["a.json", "-f", "json", "--delimiter", ";"]).shows(2, "", text);
}

#[test]
fn the_last_line_counts_a_file_that_a_limit_ended() {
    let trial = Trial::with("a.json", LOG);
    let last = "trail2tsv: 2 events in 1 file read, 2 matched (limit reached; the rest was not read)\n";
    trial.run(&["a.json", "-n", "2", "--no-header", "-c", "eventName"]).shows(0, "A\nB\n", last);
}
