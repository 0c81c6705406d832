//! Sorting rows, leaving out duplicates, and limiting the number of rows.

use crate::harness::Trial;

const LOG: &str = r#"{"Records":[
    {"eventName":"A","eventTime":"2026-10-01T10:00:00Z","userAgent":"b","requestParameters":{"n":9}},
    {"eventName":"B","eventTime":"2026-10-01T09:00:00Z","userAgent":"a","requestParameters":{"n":"10"}},
    {"eventName":"C","eventTime":"2026-10-01T11:00:00+02:00","userAgent":"b"},
    {"eventName":"D","eventTime":null,"userAgent":"a","requestParameters":{"n":-1.5}},
    {"eventName":"E","eventTime":"2026-10-01T08:59:59.5Z","userAgent":null,"requestParameters":{"n":"x"}}]}"#;

fn names(trial: &Trial, arguments: &[&str]) -> String {
    trial.run(&[&["log", "-c", "eventName", "--no-header"], arguments].concat()).lines(0).join(" ")
}

#[test]
fn rows_are_sorted_by_any_columns() {
    let trial = Trial::with("log/a.json", LOG);
    for (sort, expected) in [
        (&["--sort", "eventTime"][..], "E B C A D"),
        (&["--sort", "-eventTime"], "A B C E D"),
        (&["--sort=-eventTime"], "A B C E D"),
        (&["--sort", "requestParameters.n"], "D A B E C"),
        (&["--sort", "-requestParameters.n"], "E B A D C"),
        (&["--sort", "userAgent"], "B D A C E"),
        (&["--sort", "-userAgent"], "A C B D E"),
        (&["--sort", "userAgent,-eventTime"], "B D A C E"),
        (&["--sort", "userAgent", "--sort", "-eventName"], "D B C A E"),
        (&["--sort", "file"], "A B C D E"),
        (&["--sort", "-eventName", "-n", "2"], "E D"),
        (&["--sort", "-eventName", "-n", "0"], ""),
        (&["--sort", "-eventName", "-n", "9"], "E D C B A"),
        (&["--sort", "-eventName", "-e", "{A,B,C}"], "C B A"),
        (&["--sort", "time"], "E B C A D"),
        (&["--sort", "-EVENTTIME"], "A B C E D"),
        (&["--sort=Agent,-time"], "B D A C E"),
    ] {
        assert_eq!(names(&trial, sort), expected, "{sort:?}");
    }
}

#[test]
fn a_limit_of_sorted_rows_is_reported() {
    let trial = Trial::with("log/a.json", LOG);
    trial.run(&["log", "-c", "eventName", "--sort", "-eventTime", "-n", "2"]).shows(
        0,
        "eventName\nA\nB\n",
        "trail2tsv: 5 events in 1 file read, 5 matched, the first 2 written; 1 event kept without a readable eventTime\n",
    );
    trial.run(&["log", "-c", "event", "--sort=-time", "-n", "1"]).shows(
        0,
        "eventName\nA\n",
        "trail2tsv: 5 events in 1 file read, 5 matched, the first 1 written; 1 event kept without a readable eventTime\n",
    );
    trial.run(&["log", "--count", "--sort", "eventTime"]).shows(
        0,
        "5\n",
        "trail2tsv: 5 events in 1 file read, 5 matched\n",
    );
}

#[test]
fn a_column_to_sort_by_must_exist() {
    let trial = Trial::with("log/a.json", LOG);
    trial.run(&["log", "--sort", "-eventtim"]).shows(
        2,
        "",
        "trail2tsv: --sort \"eventtim\": not a column; did you mean eventTime?\ntrail2tsv: try --help\n",
    );
    trial.run(&["log", "--sort", ""]).shows(
        2,
        "",
        "trail2tsv: --sort \"\": an empty name; --columns help lists the names\ntrail2tsv: try --help\n",
    );
}

/// Enough events that the sorter writes some to disk; a few are larger than a block.
fn many(trial: &Trial) -> Vec<(u64, String)> {
    let mut rows = Vec::new();
    let mut number = 7_u64;
    for file in 0..12 {
        let mut log = String::new();
        for _ in 0..80 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (key, length) = (number >> 55, if number >> 33 & 0x3f == 0 { 1_200_000 } else { 40_000 });
            let text = format!("{}", number >> 20).repeat(length / 13);
            log.push_str(&format!("{{\"eventName\":\"x\",\"apiVersion\":{key},\"userAgent\":\"{text}\"}}\n"));
            rows.push((key, text));
        }
        trial.write(&format!("log/{file:02}.json"), log);
    }
    rows
}

#[test]
fn many_rows_are_sorted_on_disk_and_nothing_stays() {
    let mut trial = Trial::new();
    let mut rows = many(&trial);
    rows.sort_by_key(|(key, _)| *key);
    std::fs::create_dir(trial.path("temporary")).unwrap();
    let temporary = trial.path("temporary").display().to_string();
    trial.env("TMPDIR", &temporary);
    let arguments = ["log", "-c", "userAgent", "--no-header", "--sort", "apiVersion", "--threads", "3"];
    let ran = trial.run(&arguments);
    assert!(ran.lines(0) == rows.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>());
    let ran = trial.run(&[&arguments[..], &["-n", "500"]].concat());
    assert!(ran.lines(0) == rows[..500].iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>());
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_named_with_the_way_out() {
    let mut trial = Trial::new();
    many(&trial);
    trial.env("PATH", "/usr/bin:/bin").env("TMPDIR", "nowhere");
    let arguments = ["log", "-c", "userAgent", "--sort", "apiVersion", "-o", "out.tsv"];
    trial.run(&arguments).shows(
        1,
        "",
        "trail2tsv: nowhere: cannot write temporary data: No such file or directory; \
         set TMPDIR to a folder with more space\n",
    );
    // The size of files is limited, which acts like a full disk.
    let temporary = trial.path("").display().to_string();
    trial.env("TMPDIR", &temporary);
    let limited =
        format!("trap '' XFSZ; ulimit -f 1000; exec {} {}", env!("CARGO_BIN_EXE_trail2tsv"), arguments.join(" "));
    let output = trial.shell(&limited).output().unwrap();
    trial.ran(&arguments, output).shows(
        1,
        "",
        &format!(
            "trail2tsv: {}: cannot write temporary data: File too large; \
             set TMPDIR to a folder with more space\n",
            temporary
        ),
    );
    assert!(!trial.path("out.tsv").exists());
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_no_temporary_file() {
    use std::io::Write;
    let mut trial = Trial::new();
    std::fs::create_dir(trial.path("temporary")).unwrap();
    let temporary = trial.path("temporary").display().to_string();
    trial.env("TMPDIR", &temporary);
    let mut child = trial.command(&["-", "--sort", "userAgent"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let event = format!("{{\"eventName\":\"x\",\"userAgent\":\"{}\"}}\n", "x".repeat(50_000));
    // More than the program reads ahead and sorts in memory.
    for _ in 0..2_000 {
        stdin.write_all(event.as_bytes()).unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}

/// Ids as JSON, and whether each came before.
const IDS: [(&str, bool); 12] = [
    (r#""one""#, false),
    (r#""two""#, false),
    (r#""one""#, true),
    (r#""""#, false),
    (r#""""#, false),
    ("null", false),
    ("null", false),
    ("17", false),
    (r#""17""#, true),
    (r#""\u006fne""#, true),
    (r#""ONE""#, false),
    (r#"{"one":1}"#, false),
];

#[test]
fn an_event_whose_id_came_before_is_left_out() {
    let trial = Trial::new();
    let mut expected = Vec::new();
    for (file, events) in IDS.chunks(5).enumerate() {
        let events = events.iter().enumerate().map(|(at, (id, is_known))| {
            let name = format!("{file}{at}");
            let event = format!(r#"{{"eventName":"{name}","eventID":{id}}}"#);
            expected.extend((!is_known).then_some(name));
            event
        });
        trial.write(&format!("log/{file}.json"), events.collect::<Vec<_>>().join("\n"));
    }
    let last = "trail2tsv: 12 events in 3 files read, 9 matched; 3 duplicates left out: eventID seen before\n";
    let arguments = ["log", "--dedupe", "-c", "eventName", "--no-header"];
    for threads in ["1", "4"] {
        let stdout = expected.iter().map(|name| format!("{name}\n")).collect::<String>();
        trial.run(&[&arguments[..], &["--threads", threads]].concat()).shows(0, &stdout, last);
    }
    trial.run(&["log", "--dedupe", "--count"]).shows(0, "9\n", last);
    assert_eq!(trial.run(&[&arguments[..], &["-n", "3"]].concat()).lines(0), expected[..3]);
    // Sorting does not change which duplicate is kept.
    expected.sort_by(|one, other| other.cmp(one));
    assert_eq!(trial.run(&[&arguments[..], &["--sort", "-eventName"]].concat()).lines(0), expected);
}

#[test]
fn large_duplicates_are_left_out_too() {
    let trial = Trial::new();
    let event = |id: &str, name: &str| {
        format!(r#"{{"eventName":"{name}","eventID":"{id}","userAgent":"{}"}}"#, name.repeat(3_000_000))
    };
    trial.write("log/a.json", [event("1", "B"), event("2", "A"), event("1", "C")].join("\n"));
    for (more, expected) in [(&[][..], ["B", "A"]), (&["--sort", "eventName"], ["A", "B"])] {
        let arguments = [&["log", "--dedupe", "-c", "eventName,userAgent", "--no-header"], more].concat();
        let rows = expected.map(|name| format!("{name}\t{}", name.repeat(3_000_000)));
        let ran = trial.run(&arguments);
        assert!(ran.lines(0) == rows, "{more:?}");
        assert!(ran.stderr.ends_with("2 matched; 1 duplicate left out: eventID seen before\n"), "{}", ran.stderr);
    }
}
