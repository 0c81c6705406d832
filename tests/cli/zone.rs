//! Times in the zone of `--time-zone`.

use crate::harness::Trial;

const LOG: &str = r#"{"Records":[
    {"eventName":"A","eventTime":"2026-10-25T00:30:00Z","userAgent":"2026-10-25T00:30:00Z",
     "requestParameters":{"startTime":"2026-10-24T23:00:00Z","note":"T1"}},
    {"eventName":"B","eventTime":"2026-10-25T01:30:00Z"},
    {"eventName":"C","eventTime":"soon"}]}"#;

#[test]
fn times_are_shown_in_the_zone() {
    let mut trial = Trial::with("a.json", LOG);
    let columns = "eventTime,requestParameters.startTime,requestParameters.note,userAgent,requestParameters";
    let arguments = ["a.json", "-q", "--no-header", "-c", columns, "-n", "1", "--time-zone"];
    let rest = "T1\t2026-10-25T00:30:00Z\t{\"startTime\":\"2026-10-24T23:00:00Z\",\"note\":\"T1\"}\n";
    for (zone, times) in [
        ("Europe/Berlin", "2026-10-25T02:30:00+02:00\t2026-10-25T01:00:00+02:00"),
        ("-03:30", "2026-10-24T21:00:00-03:30\t2026-10-24T19:30:00-03:30"),
        ("UTC", "2026-10-25T00:30:00Z\t2026-10-24T23:00:00Z"),
    ] {
        trial.run(&[&arguments[..], &[zone]].concat()).shows(0, &format!("{times}\t{rest}"), "");
    }
    trial.env("TZ", "Asia/Tokyo");
    let times = "2026-10-25T09:30:00+09:00\t2026-10-25T08:00:00+09:00";
    trial.run(&[&arguments[..], &["local"]].concat()).shows(0, &format!("{times}\t{rest}"), "");
    let times = "2026-10-25T02:30:00+02:00\n2026-10-25T02:30:00+01:00\nsoon\n";
    trial.run(&["a.json", "-q", "--no-header", "-c", "eventTime", "--time-zone", "europe/berlin"]).shows(0, times, "");
}

#[test]
fn an_object_of_columns_shows_what_a_table_does() {
    let trial = Trial::with("a.json", LOG);
    let arguments = ["a.json", "-q", "-f", "json", "--time-zone", "+02:00", "-n", "1"];
    let columns = "eventTime,requestParameters.startTime,requestParameters.note,userAgent";
    trial.run(&[&arguments[..], &["-c", columns]].concat()).shows(
        0,
        "{\"eventTime\":\"2026-10-25T02:30:00+02:00\",\"requestParameters.startTime\":\"2026-10-25T01:00:00+02:00\",\
         \"requestParameters.note\":\"T1\",\"userAgent\":\"2026-10-25T00:30:00Z\"}\n",
        "",
    );
    let whole = trial.run(&arguments);
    assert!(whole.lines(0)[0].contains(r#""eventTime":"2026-10-25T00:30:00Z""#), "events stay as delivered: {whole:?}");
}

#[test]
fn since_and_until_are_read_in_the_zone() {
    let trial = Trial::with("a.json", LOG);
    let names = |arguments: &[&str]| {
        let ran = trial.run(&[&["a.json", "-c", "eventName", "--no-header"], arguments].concat());
        ran.lines(0).join(" ")
    };
    // The event without a time is always kept.
    assert_eq!(names(&["--since", "2026-10-25T02:00"]), "C");
    assert_eq!(names(&["--since", "2026-10-25T02:00", "--time-zone", "Europe/Berlin"]), "A B C");
    assert_eq!(names(&["--since", "2026-10-25T04:00", "--time-zone", "+03:00"]), "B C");
    assert_eq!(names(&["--until", "2026-10-25T04:00", "--time-zone", "+03:00"]), "A C");
    assert_eq!(names(&["--since", "2026-10-25T01:00Z", "--time-zone", "+03:00"]), "B C");
}

#[test]
fn months_words_and_seconds_bound_the_window() {
    let trial = Trial::with("a.json", LOG);
    let names = |arguments: &[&str]| {
        let ran = trial.run(&[&["a.json", "-c", "eventName", "--no-header"], arguments].concat());
        ran.lines(0).join(" ")
    };
    assert_eq!(names(&["--since", "2026-10"]), "A B C");
    assert_eq!(names(&["--until", "2026-10"]), "C");
    assert_eq!(names(&["--until", "2026-11"]), "A B C");
    assert_eq!(names(&["--since", "1792890001"]), "B C");
    assert_eq!(names(&["--until", "1792890000001"]), "A C");
    assert_eq!(names(&["--since", "100 weeks"]), names(&["--since", "700 days ago"]));
    let mut later = Trial::with("later.json", LOG.replace("2026", "2096"));
    later.env("TRAIL2TSV_COLUMNS", "eventName");
    for time in ["now", "today", "Yesterday", "2 hours ago", "1h30m"] {
        assert_eq!(later.run(&["later.json", "--no-header", "--since", time]).lines(0), ["A", "B", "C"], "{time}");
        assert_eq!(later.run(&["later.json", "--no-header", "--until", time]).lines(0), ["C"], "{time}");
    }
}

#[test]
fn the_order_does_not_depend_on_the_zone() {
    let trial = Trial::with("a.json", LOG);
    let arguments = ["a.json", "-c", "eventName", "--no-header", "--sort", "eventTime", "--time-zone", "Europe/Berlin"];
    assert_eq!(trial.run(&arguments).lines(0), ["A", "B", "C"]);
}

#[test]
fn a_zone_must_exist() {
    let trial = Trial::with("a.json", LOG);
    trial.run(&["a.json", "--time-zone", "Europe/Brelin"]).shows(
        2,
        "",
        "trail2tsv: --time-zone \"Europe/Brelin\": not a time zone; did you mean Europe/Berlin?\n\
         trail2tsv: try --help\n",
    );
}
