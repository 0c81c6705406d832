//! The summary as text for people.

use super::super::harness::Trial;
use super::{LOG, body, small};

#[test]
fn text_fits_into_eighty_columns() {
    let ran = small().run(&["summary", "log"]);
    assert_eq!(
        body(&ran.stdout),
        "Period     2026-10-01 09:00:00 to 2026-10-03 11:00:00 UTC\n\
         Events     4 in 1 file: 1 read, 2 writes, 1 error (1 denied)\n\
         \u{20}          1 without a readable time\n\
         Accounts   2: 111122223333 (2), 444455556666 (1)\n\
         Regions    2: us-east-1 (2), eu-west-1 (1)\n\
         Different  2 users, 2 source addresses\n\
         Activity   █   ▄ by 12 hours\n\
         \n\
         Changes by theme\n\
         \u{20} call          on what  who    from         done  failed  first        last\n\
         instances\n\
         \u{20} RunInstances  -        alice  203.0.113.7     1       -  10-01 09:00  10-01 09:00\n\
         \n\
         Users       events  first        last         by 12 hours\n\
         alice            2  10-01 09:00  10-01 10:30  █\n\
         Reader/bob       1  10-03 11:00  10-03 11:00      █\n\
         (1 event without)\n\
         \n\
         Event names   events  first        last         by 12 hours\n\
         GetObject          2  10-01 10:30  10-03 11:00  █   █\n\
         RunInstances       1  10-01 09:00  10-01 09:00  █\n\
         Tick               1\n\
         \n\
         Services           events  first        last         by 12 hours\n\
         s3.amazonaws.com        2  10-01 10:30  10-03 11:00  █   █\n\
         ec2.amazonaws.com       1  10-01 09:00  10-01 09:00  █\n\
         (1 event without)\n\
         \n\
         Source addresses  events  first        last         by 12 hours\n\
         203.0.113.7            2  10-01 09:00  10-01 10:30  █\n\
         2001:db8::7            1  10-03 11:00  10-03 11:00      █\n\
         (1 event without)\n\
         \n\
         Errors        events  first        last         by 12 hours\n\
         AccessDenied       1  10-03 11:00  10-03 11:00      █\n\
         \n\
         Denied  call       events  first        last         by 12 hours\n\
         Reader  GetObject       1  10-03 11:00  10-03 11:00      █\n\
         \n\
         First seen, latest first\n\
         \u{20} value         first user  events  first\n\
         users\n\
         \u{20} Reader/bob    -                1  10-03 11:00\n\
         \u{20} alice         -                2  10-01 09:00\n\
         source addresses\n\
         \u{20} 2001:db8::7   Reader/bob       1  10-03 11:00\n\
         \u{20} 203.0.113.7   alice            2  10-01 09:00\n\
         event names\n\
         \u{20} GetObject     alice            2  10-01 10:30\n\
         \u{20} RunInstances  alice            1  10-01 09:00\n\
         \u{20} Tick          -                1\n\
         regions\n\
         \u{20} us-east-1     alice            2  10-01 10:30\n\
         \u{20} eu-west-1     alice            1  10-01 09:00\n"
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "trail2tsv: 4 events in 1 file read, 4 matched\n"));
}

#[test]
fn names_that_are_shortened_stay_different() {
    let event = |role: &str| {
        format!(
            r#"{{"eventTime":"2026-10-01T09:00:00Z","eventName":"DescribeInstanceAttributes","errorCode":"AccessDenied","userIdentity":{{"type":"AssumedRole","principalId":"A:s","sessionContext":{{"sessionIssuer":{{"userName":"{role}"}}}}}}}}"#
        )
    };
    let roles = ["red-team-machine-get-password-data-role", "red-team-get-usr-data-role", "short"];
    let mut trial = Trial::with("a.json", roles.map(event).join("\n"));
    trial.env("COLUMNS", "80");
    let ran = trial.run(&["summary", "a.json", "-q"]);
    let lines = ran.lines(0);
    let denied = lines.iter().position(|line| line.starts_with("Denied")).unwrap();
    let names: Vec<&str> = lines[denied + 1..].iter().map(|line| line.split(' ').next().unwrap()).collect();
    let names = &names[..3];
    assert_eq!(names, ["red-…sr-data-role", "red-…rd-data-role", "short"], "{ran:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{ran:?}");
}

#[test]
fn filters_say_what_is_counted() {
    let trial = small();
    let ran = trial.run(&["summary", "log", "-u", "alice", "--since", "2026-10-01T10:00", "-q"]);
    assert_eq!(
        ran.lines(0)[..2],
        ["Period     2026-10-01 10:30:00 to 2026-10-01 10:30:00 UTC", "Events     1 in 1 file: 1 read"],
    );
}

#[test]
fn jq_decides_what_is_counted() {
    let trial = small();
    let ran = trial.run(&["summary", "log", "--jq", ".readOnly == true", "-q"]);
    assert_eq!(ran.lines(0)[1], "Events     2 in 1 file: 1 read, 1 error (1 denied)");
    for selected in ["select(.errorCode)", ".errorCode, .errorMessage", "{a: .errorCode} | .a"] {
        let ran = trial.run(&["summary", "log", "--jq", selected, "-q"]);
        assert_eq!(ran.lines(0)[1], "Events     1 in 1 file: 1 error (1 denied)", "{selected}");
    }
}

#[test]
fn the_format_that_is_set_for_tables_is_not_that_of_a_summary() {
    let mut trial = small();
    trial.env("TRAIL2TSV_FORMAT", "csv");
    assert!(trial.run(&["summary", "log", "-q"]).stdout.starts_with("Period  "));
}

#[test]
fn a_summary_without_events_has_no_tables() {
    for content in ["", "{\"Records\":[]}"] {
        let trial = Trial::with("log/a.json", content);
        let expected = format!(
            "Period     no events\nEvents     0 in {}\n",
            if content.is_empty() { "0 files" } else { "1 file" }
        );
        let ran = trial.run(&["summary", "log", "-q"]);
        assert_eq!((ran.code, body(&ran.stdout), ran.stderr.as_str()), (Some(0), expected.as_str(), ""));
    }
}

#[test]
fn one_event_is_a_summary_too() {
    let trial = Trial::with("a.json", r#"{"eventTime":"2026-10-01T09:00:00Z","eventName":"A"}"#);
    let ran = trial.run(&["summary", "a.json", "-q"]);
    assert_eq!(
        (ran.code, body(&ran.stdout), ran.stderr.as_str()),
        (
            Some(0),
            "Period     2026-10-01 09:00:00 to 2026-10-01 09:00:00 UTC\n\
         Events     1 in 1 file: 1 write\n\
         Different  0 users, 0 source addresses\n\
         Activity   █ by minute\n\
         \n\
         Event names  events  first        last         by minute\n\
         A                 1  10-01 09:00  10-01 09:00  █\n\
         \n\
         First seen, latest first\n\
         \u{20} value  first user  events  first\n\
         event names\n\
         \u{20} A      -                1  10-01 09:00\n",
            "",
        )
    );
}

#[test]
fn any_column_can_be_counted() {
    let trial = small();
    let ran = trial.run(&["summary", "log", "--by", "userName,eventName", "--top", "2"]);
    assert_eq!(
        ran.lines(0)[5..9],
        [
            "userName    eventName  events  first        last         by 12 hours",
            "-           Tick            1",
            "Reader/bob  GetObject       1  10-03 11:00  10-03 11:00      █",
            "(2 more with 2 events)",
        ]
    );
}

#[test]
fn colours_come_where_they_are_wanted() {
    let mut trial = small();
    assert!(!trial.run(&["summary", "log"]).stdout.contains('\u{1b}'), "no terminal, no colours");
    assert!(!trial.run(&["summary", "log", "--color", "never"]).stdout.contains('\u{1b}'));
    trial.env("NO_COLOR", "1");
    let plain = trial.run(&["summary", "log"]).stdout;
    let coloured = trial.run(&["summary", "log", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}[1mUsers"), "{coloured:?}");
    let mut bare = String::new();
    for part in coloured.split('\u{1b}') {
        bare.push_str(part.strip_prefix('[').and_then(|rest| Some(rest.split_once('m')?.1)).unwrap_or(part));
    }
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(body(&bare)), trimmed(body(&plain)), "colours move nothing");
}

#[test]
fn hostile_values_stay_values() {
    let hostile = [
        "\\u001b[31mred",
        "a\\u009bb",
        "gpj.\\u202eexe",
        "x\\u200b\\ufeff",
        "<script>",
        &"w".repeat(300),
        &"漢".repeat(90),
    ];
    let events: Vec<String> = hostile
        .iter()
        .map(|name| format!(r#"{{"eventTime":"2026-10-01T09:00:00Z","eventName":"{name}","sourceIPAddress":"{name}","userIdentity":{{"type":"IAMUser","userName":"{name}"}}}}"#))
        .collect();
    let mut trial = Trial::with("a.json", events.join("\n"));
    let ran = trial.env("COLUMNS", "80").run(&["summary", "a.json"]);
    let lines = ran.lines(0);
    assert!(ran.stdout.chars().all(|character| character == '\n' || !character.is_control()));
    assert!(!ran.stdout.contains(['\u{202e}', '\u{200b}', '\u{feff}']));
    for shown in ["\\u001b[31mred", "a\\u009bb", "gpj.\\u202eexe", "x\\u200b\\ufeff", "<script>"] {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{shown} "))), "{shown}");
    }
    for line in lines {
        let wide = line.chars().filter(|character| *character == '漢').count();
        assert!(line.chars().count() + wide <= 80, "{line}");
    }
}

#[test]
fn ten_thousand_users_are_counted_one_by_one() {
    let event = |number: usize| {
        format!(r#"{{"eventName":"A","userIdentity":{{"type":"IAMUser","userName":"u{}"}}}}"#, number % 10_000)
    };
    let trial = Trial::with("a.json", (0..20_001).map(event).collect::<Vec<_>>().join("\n"));
    let ran = trial.run(&["summary", "a.json", "--top", "1"]);
    let lines = ran.lines(0);
    assert!(lines.contains(&"Different  10,000 users, 0 source addresses"), "{lines:?}");
    assert!(lines.contains(&"u0          3") && lines.contains(&"(9,999 more with 19,998 events)"), "{lines:?}");
}

#[test]
fn invalid_combinations_are_usage_errors() {
    let trial = small();
    for (arguments, expected) in [
        (&["summary"][..], "summary: nothing to read; name a folder, a file, -, --bucket BUCKET or --event-history"),
        (&["summary", "log", "-f", "xml"], "--format \"xml\": not one of text, tsv, csv, json"),
        (&["summary", "log", "--color", "red"], "--color \"red\": not one of auto, always, never"),
        (&["summary", "log", "--by", "eventnam"], "--by \"eventnam\": not a column; did you mean eventName?"),
    ] {
        trial.run(arguments).shows(2, "", &format!("trail2tsv: {expected}\ntrail2tsv: try --help\n"));
    }
    let ran = trial.run_with_stdin(&["summary", "-", "-q", "--by", "awsRegion", "-f", "tsv", "--top", "1"], LOG);
    assert_eq!(
        ran.lines(0),
        ["awsRegion\tevents\tfirst\tlast", "us-east-1\t2\t2026-10-01T10:30:00Z\t2026-10-03T11:00:00Z"]
    );
    let ran = trial.run_with_stdin(&["summary", "-", "-q", "--by", "Region", "-f", "tsv", "--top", "1"], LOG);
    assert_eq!(ran.lines(0)[0], "awsRegion\tevents\tfirst\tlast");
    let broken = Trial::with("b.json", &LOG[..LOG.len() - 60]);
    let ran = broken.run(&["summary", "b.json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stdout.contains("Events     2 in 1 file"), "{ran:?}");
}

/// Events at these minutes of a day.
fn minutes(minutes: &[u32]) -> Trial {
    let event = |minute: &u32| {
        format!(r#"{{"eventTime":"2026-10-01T{:02}:{:02}:30Z","eventName":"A"}}"#, minute / 60, minute % 60)
    };
    Trial::with("a.json", minutes.iter().map(event).collect::<Vec<_>>().join("\n"))
}

#[test]
fn short_periods_have_steps_of_minutes() {
    for (times, bars, step) in [
        (&[600, 600, 603][..], "█  ▄", "minute"),
        (&[600, 601, 624], "█   ▄", "5 minutes"),
        (&[600, 615, 629, 665], "▄█  ▄", "15 minutes"),
        (&[600, 601, 959], "█          ▄", "30 minutes"),
        (&[600, 601, 960], "█     ▄", "hour"),
    ] {
        let trial = minutes(times);
        let ran = trial.run(&["summary", "a.json", "-q", "--threads", "1"]);
        assert!(ran.lines(0).contains(&format!("Activity   {bars} by {step}").as_str()), "{step}: {ran:?}");
        let three = trial.run(&["summary", "a.json", "-q", "--threads", "3"]);
        assert_eq!(body(&three.stdout), body(&ran.stdout));
    }
    let mut wide = minutes(&[600, 601, 959]);
    let ran = wide.env("COLUMNS", "120").run(&["summary", "a.json", "-q"]);
    assert!(ran.stdout.contains(" by 15 minutes\n"), "{ran:?}");
}
