//! Text files for Excel: the marks and limits that it needs to read them correctly.

use crate::harness::Trial;

const LOG: &str = r#"{"Records":[{"eventName":"é","userAgent":"\"Moz\tilla","requestParameters":{"x":"a,b"},"recipientAccountId":"000000000012"}]}"#;
const COLUMNS: [&str; 3] = ["log", "-c", "eventName,userAgent,requestParameters,recipientAccountId"];

#[test]
fn a_file_begins_with_a_mark_and_has_the_line_ends_of_excel() {
    let trial = Trial::with("log", LOG);
    let last = "trail2tsv: 1 event in 1 file read, 1 matched\n";
    let excel = |more: &[&str]| trial.run(&[&COLUMNS[..], &["--excel"], more].concat());
    excel(&[]).shows(
        0,
        "\u{feff}eventName\tuserAgent\trequestParameters\trecipientAccountId\r\n\
         é\t\"\"\"Moz\\tilla\"\t{\"x\":\"a,b\"}\t000000000012\r\n",
        last,
    );
    let row = "é,\"\"\"Moz\\tilla\",\"{\"\"x\"\":\"\"a,b\"\"}\",000000000012\r\n";
    excel(&["-f", "csv"]).shows(
        0,
        &format!("\u{feff}eventName,userAgent,requestParameters,recipientAccountId\r\n{row}"),
        last,
    );
    excel(&["-f", "csv", "--no-header"]).shows(0, &format!("\u{feff}{row}"), last);
    excel(&["-e", "nothing", "--no-header", "-q"]).shows(0, "\u{feff}", "");
    excel(&["--count", "-q"]).shows(0, "1\n", "");
}

/// The longest text of one character that a cell can hold. The character has this
/// many units of UTF-16.
fn longest(character: &str, units: usize) -> String {
    character.repeat(32_767 / units)
}

#[test]
fn cells_are_cut_to_what_excel_holds() {
    let mark = " …[cut: Excel holds no more]";
    let event =
        |text: &str| format!("{{\"eventName\":\"A\",\"userAgent\":{}}}\n", serde_json::to_string(text).unwrap());
    for (character, units) in [("x", 1), ("é", 1), ("€", 1), ("😀", 2)] {
        let fits = longest(character, units);
        let cut = character.repeat((32_767 - mark.encode_utf16().count()) / units) + mark;
        let log = event(&fits) + &event(&(fits.clone() + character)) + &event(&fits.repeat(33)) + &event("B");
        let trial = Trial::with("log", log);
        let arguments = ["log", "--excel", "--no-header", "-c", "userAgent,eventName"];
        for format in ["tsv", "csv"] {
            let ran = trial.run(&[&arguments[..], &["-f", format]].concat());
            let separator = if format == "csv" { "," } else { "\t" };
            let rows = [&fits, &cut, &cut, "B"].map(|cell| format!("{cell}{separator}A\r\n")).concat();
            assert!(ran.stdout == format!("\u{feff}{rows}"), "{character} {format}");
            assert_eq!(
                ran.stderr,
                "trail2tsv: 4 events in 1 file read, 4 matched; \
                 2 cells cut to Excel's limit of 32,767 characters\n"
            );
        }
        let limited = trial.run(&[&arguments[..], &["-n", "2"]].concat());
        assert!(limited.stderr.contains("; 1 cell cut to"), "{:?}", limited.stderr);
    }
}

#[test]
fn cut_cells_of_rows_that_are_left_out_do_not_count() {
    let event = |name: &str, id: &str, length: usize| {
        format!("{{\"eventName\":\"{name}\",\"eventID\":\"{id}\",\"userAgent\":\"{}\"}}\n", "x".repeat(length))
    };
    let long = 40_000;
    let log = event("A", "1", long) + &event("B", "1", long) + &event("C", "2", 1) + &event("D", "3", long);
    let large = event("E", "4", 2_000_000) + &event("F", "4", 2_000_000);
    let trial = Trial::with("log", log + &large);
    let cut = |more: &[&str]| {
        let ran = trial.run(&[&["log", "--excel", "-c", "eventName,userAgent"], more].concat());
        let said = ran
            .stderr
            .split("; ")
            .find_map(|said| said.trim_end().strip_suffix(" cut to Excel's limit of 32,767 characters"));
        said.unwrap_or("none").to_string()
    };
    assert_eq!(cut(&[]), "5 cells");
    assert_eq!(cut(&["--dedupe"]), "3 cells");
    assert_eq!(cut(&["--dedupe", "--sort", "-eventName"]), "3 cells");
    assert_eq!(cut(&["--dedupe", "-n", "2"]), "1 cell");
    assert_eq!(cut(&["--dedupe", "-e", "C,B"]), "1 cell");
    assert_eq!(cut(&["--sort", "-eventName", "-n", "3"]), "3 cells");
    assert_eq!(cut(&["--sort", "userAgent", "-n", "1"]), "none");
    assert_eq!(cut(&["-e", "C"]), "none");
}

#[test]
fn jq_lines_are_not_allowed_in_excel_output() {
    let trial = Trial::with("log", LOG);
    for (options, named) in [(&["--excel"][..], "--excel"), (&["-f", "xlsx"], "--format xlsx")] {
        for expression in [".eventName", "[.eventName, .userAgent] | @tsv", "{eventName}"] {
            trial.run(&[&["log", "--jq", expression], options].concat()).shows(
                2,
                "",
                &format!(
                    "trail2tsv: {named}: the --jq expression must only select events, as in '.readOnly == true'; \
                     its own lines can be written as tsv, csv or json\ntrail2tsv: try --help\n"
                ),
            );
        }
    }
    let decides = ["log", "--excel", "--jq", ".eventName == \"é\"", "-c", "eventName", "-q"];
    trial.run(&decides).shows(0, "\u{feff}eventName\r\né\r\n", "");
}

#[test]
fn an_object_is_cut_like_text() {
    let items = vec!["{\"key\": \"a,b\"}"; 200_000].join(",");
    let trial = Trial::with("log", format!("{{\"eventName\":\"A\",\"requestParameters\":[{items}]}}"));
    let ran = trial.run(&["log", "--excel", "--no-header", "-f", "csv", "-c", "requestParameters,eventName", "-q"]);
    let cell = ran.stdout.strip_prefix("\u{feff}\"").unwrap().strip_suffix(" …[cut: Excel holds no more]\",A\r\n");
    let cell = cell.unwrap().replace("\"\"", "\"");
    assert!(format!("[{items}").replace(": ", ":").starts_with(&cell));
    assert_eq!(cell.len(), 32_767 - 28);
}
