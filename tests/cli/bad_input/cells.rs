//! Unexpected values in every default column: an event is still one line, with every cell
//! in its column.

use std::fmt::Write;

use crate::harness::Trial;

const COLUMNS: [&str; 10] = [
    "eventTime",
    "awsRegion",
    "eventSource",
    "eventName",
    "userName",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "errorCode",
    "recipientAccountId",
];

/// One event with the JSON `value` in one column, or in all of them.
fn event(value: &str, only: Option<&str>) -> String {
    let mut event = String::from(r#"{"eventVersion":"1.08""#);
    for column in COLUMNS.into_iter().filter(|column| only.is_none_or(|only| only == *column)) {
        match column {
            "userName" => write!(event, r#","userIdentity":{{"type":"IAMUser","userName":{value}}}"#).unwrap(),
            _ => write!(event, r#","{column}":{value}"#).unwrap(),
        }
    }
    event + "}"
}

fn last(events: usize) -> String {
    format!("trail2tsv: {events} events in 1 file read, {events} matched\n")
}

#[test]
fn every_type_fits_every_column() {
    let values = [
        (r#""text""#, "text"),
        (r#""""#, ""),
        ("17", "17"),
        ("-1.50e3", "-1.50e3"),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ("{}", "{}"),
        ("[]", "[]"),
        (r#"{ "b": [1], "a": "=x" }"#, r#"{"b":[1],"a":"=x"}"#),
        (r#"[ "text", null ]"#, r#"["text",null]"#),
    ];
    let (mut log, mut rows) = (String::new(), String::new());
    for (place, column) in COLUMNS.into_iter().enumerate() {
        for (value, cell) in values {
            log += &(event(value, Some(column)) + "\n");
            // A user name must be text, so an object or array yields an empty cell.
            let is_not_text = column == "userName" && cell.starts_with(['{', '[']);
            let cell = if is_not_text { "" } else { cell };
            writeln!(rows, "{}{cell}{}", "\t".repeat(place), "\t".repeat(COLUMNS.len() - 1 - place)).unwrap();
        }
    }
    let trial = Trial::with("log", log);
    trial.run(&["log", "--no-header"]).shows(0, &rows, &last(values.len() * COLUMNS.len()));
}

/// Every control character, those of Latin-1 included.
fn controls() -> impl Iterator<Item = char> {
    ('\0'..' ').chain('\u{7f}'..='\u{9f}')
}

fn shown(control: char) -> String {
    match control {
        '\t' => "\\t".into(),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        other => format!("\\u{:04x}", u32::from(other)),
    }
}

#[test]
fn control_characters_stay_in_their_cells() {
    let (mut log, mut lines) = (String::from("["), Vec::new());
    for control in controls() {
        for written in [format!("\\u{:04X}", u32::from(control)), control.to_string()] {
            log += &(event(&format!("\"a{written}b\""), None) + ",");
            lines.push([format!("a{}b", shown(control)).as_str(); COLUMNS.len()].join("\t"));
        }
    }
    log += &(event(r#""\b\f\n\r\t\/\"""#, None) + "]");
    let trial = Trial::with("log", log);

    let special = r#"\u0008\u000c\n\r\t/""#;
    let tsv = lines.join("\n") + "\n" + &[special; COLUMNS.len()].join("\t") + "\n";
    trial.run(&["log", "--no-header"]).shows(0, &tsv, &last(lines.len() + 1));

    let quoted = r#""\u0008\u000c\n\r\t/""""#;
    let csv = lines.join("\n").replace('\t', ",") + "\n" + &[quoted; COLUMNS.len()].join(",") + "\n";
    trial.run(&["log", "--no-header", "-f", "csv"]).shows(0, &csv, &last(lines.len() + 1));
}

#[test]
fn control_characters_inside_objects_keep_their_meaning() {
    let (mut log, mut tsv, mut csv, mut count) = (String::new(), String::new(), String::new(), 0);
    for control in controls() {
        for written in [format!("\\u{:04x}", u32::from(control)), control.to_string()] {
            let is_raw = written.starts_with(control);
            let cell = if is_raw { shown(control) } else { written.clone() };
            log += &format!("{{\"eventName\":\"A\",\"requestParameters\":{{\"k{written}\": [\"v{written}\"]}}}}\n");
            writeln!(tsv, "{{\"k{cell}\":[\"v{cell}\"]}}\tA").unwrap();
            writeln!(csv, "\"{{\"\"k{cell}\"\":[\"\"v{cell}\"\"]}}\",A").unwrap();
            count += 1;
        }
    }
    let trial = Trial::with("log", log);
    let arguments = ["log", "--no-header", "-c", "requestParameters,eventName"];
    let ran = trial.run(&arguments);
    ran.shows(0, &tsv, &last(count));
    for line in ran.stdout.lines() {
        let json = line.strip_suffix("\tA").unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
    }
    trial.run(&[&arguments[..], &["-f", "csv"]].concat()).shows(0, &csv, &last(count));
}

#[test]
fn the_null_text_is_one_line() {
    let trial = Trial::with("log", r#"{"eventName":"A","eventVersion":"1"}"#);
    trial.run(&["log", "-c", "eventName,errorCode", "--null", "a\tb\r\n\u{1b}"]).shows(
        0,
        "eventName\terrorCode\nA\ta\\tb\\r\\n\\u001b\n",
        "trail2tsv: 1 event in 1 file read, 1 matched\n",
    );
}

#[test]
fn the_header_is_one_line_too() {
    let trial = Trial::with("log", r#"{"eventName":"A","eventVersion":"1"}"#);
    trial.run(&["log", "-c", "eventName,x.\"a\tb\nc\""]).shows(
        0,
        "eventName\tx.\"a\\tb\\nc\"\nA\t\n",
        "trail2tsv: 1 event in 1 file read, 1 matched\n",
    );
}

/// Characters that are invisible or reorder other text, one of each kind, and
/// their form in a cell.
const HIDDEN: [(&str, &str); 12] = [
    ("\u{ad}", "\\u00ad"),
    ("\u{61c}", "\\u061c"),
    ("\u{180e}", "\\u180e"),
    ("\u{200b}", "\\u200b"),
    ("\u{200d}", "\\u200d"),
    ("\u{2028}", "\\u2028"),
    ("\u{2029}", "\\u2029"),
    ("\u{202e}", "\\u202e"),
    ("\u{2066}", "\\u2066"),
    ("\u{3164}", "\\u3164"),
    ("\u{feff}", "\\ufeff"),
    ("\u{e0041}", "\\udb40\\udc41"),
];

#[test]
fn hidden_and_bidirectional_characters_are_escaped() {
    let (mut log, mut tsv, mut csv, mut json) = (String::new(), String::new(), String::new(), String::new());
    for (hidden, shown) in HIDDEN {
        log += &(event(&format!("\"é{hidden}b\""), None) + "\n");
        log += &format!("{{\"eventName\":\"A\",\"requestParameters\":{{\"{hidden}\":\"é{hidden}\"}}}}\n");
        let cell = format!("é{shown}b");
        let object = format!("{{\"{shown}\":\"é{shown}\"}}");
        writeln!(tsv, "{cell}\t{cell}\t{cell}\nA\t\t{object}").unwrap();
        writeln!(csv, "{cell},{cell},{cell}\nA,,\"{}\"", object.replace('"', "\"\"")).unwrap();
        writeln!(json, "{{\"eventName\":\"{cell}\",\"userName\":\"{cell}\",\"requestParameters\":\"{cell}\"}}")
            .unwrap();
        writeln!(json, "{{\"eventName\":\"A\",\"userName\":null,\"requestParameters\":{object}}}").unwrap();
    }
    let trial = Trial::with("log", log);
    let columns = ["log", "--no-header", "-c", "eventName,userName,requestParameters", "-f"];
    for (format, expected) in [("tsv", &tsv), ("csv", &csv), ("json", &json)] {
        trial.run(&[&columns[..], &[format]].concat()).shows(0, expected, &last(2 * HIDDEN.len()));
    }
    let whole = trial.run(&["log", "-f", "json", "-q"]);
    let sheet = trial.run(&["log", "-o", "out.xlsx", "-q"]);
    assert_eq!((whole.code, sheet.code), (Some(0), Some(0)));
    let book = crate::xlsx::Book::read(std::fs::read(trial.path("out.xlsx")).unwrap());
    let cells: Vec<String> = book.sheets[0].1.iter().flatten().map(|cell| cell.to_string()).collect();
    for (hidden, shown) in HIDDEN {
        assert!(!whole.stdout.contains(hidden) && whole.stdout.contains(shown), "{shown}");
        assert!(!cells.iter().any(|cell| cell.contains(hidden)) && cells.contains(&format!("é{shown}b")), "{shown}");
    }
    for line in whole.stdout.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn column_names_cannot_hide_characters() {
    let trial = Trial::with("log", r#"{"eventName":"A","eventVersion":"1"}"#);
    for (hidden, shown) in HIDDEN {
        let column = format!("eventName,x.\"a{hidden}b\"");
        let run = |more: &[&str]| trial.run(&[&["log", "-q", "-c", &column], more].concat()).stdout;
        assert_eq!(run(&[]), format!("eventName\tx.\"a{shown}b\"\nA\t\n"));
        assert_eq!(run(&["-f", "csv"]), format!("eventName,\"x.\"\"a{shown}b\"\"\"\nA,\n"));
        assert_eq!(run(&["-f", "json"]), format!("{{\"eventName\":\"A\",\"x.\\\"a{shown}b\\\"\":null}}\n"));
        let by = ["summary", "log", "-q", "--by", &format!("x.\"a{hidden}b\""), "-f"];
        for format in ["text", "tsv", "csv", "json"] {
            let ran = trial.run(&[&by[..], &[format]].concat());
            assert!(!ran.stdout.contains(hidden) && ran.stdout.contains(shown), "{ran:?}");
        }
    }
}

#[test]
fn a_formula_is_escaped_whatever_precedes_it() {
    let unseen = ["", " ", "\u{a0} \u{3000}", "\u{200b}", "\u{feff}", "\t", "\r", "\n", "\u{202e} ", "\""];
    let formulas = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\u{ff1d}1+1", "\u{ff0b}1", "\u{ff0d}1", "\u{ff20}A1"];
    let harmless = ["-5", "-", "+1.5", "a=1", "1-1", "'=1"];
    let (mut log, mut csv, mut count) = (String::new(), String::new(), 0);
    let mut add = |text: String, is_guarded: bool| {
        log += &format!("{{\"eventVersion\":\"1\",\"eventName\":{}}}\n", serde_json::to_string(&text).unwrap());
        let cell = format!("{}{}", if is_guarded { "'" } else { "" }, testkit::plain::row::shown(&text));
        let is_quoted = cell.contains([',', '"']);
        csv += &(if is_quoted { format!("\"{}\"\n", cell.replace('"', "\"\"")) } else { cell + "\n" });
        count += 1;
    };
    for before in unseen {
        formulas.iter().for_each(|formula| add(format!("{before}{formula}"), true));
        harmless.iter().for_each(|text| add(format!("{before}{text}"), false));
    }
    let trial = Trial::with("log", log);
    trial.run(&["log", "--no-header", "-c", "eventName", "-f", "csv"]).shows(0, &csv, &last(count));
    let raw = trial.run(&["log", "--no-header", "-c", "eventName", "--raw", "-q"]);
    let guarded = |line: &&str| line.starts_with('\'');
    assert_eq!(raw.lines(0).into_iter().filter(guarded).count(), 1, "only the quote that is in the log: {raw:?}");
}
