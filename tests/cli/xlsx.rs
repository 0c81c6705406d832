//! Workbooks: an independent reader finds the same cells as in TSV.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};
use flate2::read::DeflateDecoder;
use jiff::Timestamp;
use rawzip::ZipArchive;
use testkit::logs::{AccountRegion, Generator, edge_cases, records};

use crate::harness::{RunResult, Trial, gzip};

/// A part of a workbook: its data as stored, and its text.
fn part(trial: &Trial, name: &str) -> (Vec<u8>, String) {
    let bytes = std::fs::read(trial.path("out.xlsx")).unwrap();
    let archive = ZipArchive::from_slice(&bytes).unwrap();
    let mut entries = archive.entries();
    while let Some(header) = entries.next_entry().unwrap() {
        if header.file_path().as_bytes() == name.as_bytes() {
            let entry = archive.get_entry(header.wayfinder()).unwrap();
            let mut text = String::new();
            entry.verifying_reader(DeflateDecoder::new(entry.data())).read_to_string(&mut text).unwrap();
            return (entry.data().to_vec(), text);
        }
    }
    panic!("{name}");
}

/// A workbook as another program reads it.
pub struct Book {
    pub sheets: Vec<(String, Vec<Vec<Data>>)>,
    formulas: usize,
}

impl Book {
    pub fn read(bytes: Vec<u8>) -> Book {
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let names = workbook.sheet_names();
        let formulas = names.iter().map(|name| workbook.worksheet_formula(name).unwrap().used_cells().count()).sum();
        let cells = |range: calamine::Range<Data>| range.rows().map(<[Data]>::to_vec).collect();
        let sheets = workbook.worksheets().into_iter().map(|(name, range)| (name, cells(range))).collect();
        Book { sheets, formulas }
    }

    fn sheet(&self, name: &str) -> &[Vec<Data>] {
        &self.sheets.iter().find(|sheet| sheet.0 == name).unwrap().1
    }

    /// The values of a label in the sheet `About`.
    fn about(&self, label: &str) -> Vec<String> {
        let rows = self.sheet("About").iter();
        rows.filter(|row| row[0] == Data::String(label.into())).map(|row| row[1].to_string()).collect()
    }
}

/// The cells of a TSV, cut to the limit of Excel.
pub fn tsv(ran: &RunResult) -> Vec<Vec<String>> {
    ran.stdout.lines().map(|line| line.split('\t').map(fitted).collect()).collect()
}

fn fitted(cell: &str) -> String {
    let (mark, mut room) = (" …[cut: Excel holds no more]", 32_767);
    if cell.encode_utf16().count() <= room {
        return cell.into();
    }
    room -= mark.encode_utf16().count();
    let fits = |character: &char| {
        let left = room.checked_sub(character.len_utf16());
        room = left.unwrap_or(0);
        left.is_some()
    };
    cell.chars().take_while(fits).chain(mark.chars()).collect()
}

/// A cell as a TSV shows it; a date to a millisecond.
pub fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => number.to_string(),
        Data::DateTime(date) => {
            let seconds = date.as_f64() * 86_400.0 - 2_209_161_600.0;
            Timestamp::from_millisecond((seconds * 1000.0).round() as i64).unwrap().to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// Writes a TSV and a workbook, checks that their cells are the same, and returns
/// the workbook.
fn check_workbook(trial: &Trial, arguments: &[&str]) -> Book {
    let lines = trial.run(&[&["log", "--raw"], arguments].concat());
    let ran = trial.run(&[&["log", "-o", "out.xlsx"], arguments].concat());
    let said = trial.run(&[&["log", "--excel"], arguments].concat());
    ran.shows(said.code.unwrap(), "", &said.stderr);
    let book = Book::read(std::fs::read(trial.path("out.xlsx")).unwrap());
    let (rows, expected) = (book.sheet("Events"), tsv(&lines));
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(&expected) {
        let shown = row.iter().zip(expected).map(|(cell, expected)| match cell {
            // The notation of the time does not matter.
            Data::DateTime(_) if is_near(&text(cell), expected) => expected.clone(),
            _ => text(cell),
        });
        assert_eq!(&shown.collect::<Vec<_>>(), expected);
    }
    assert_eq!(book.formulas, 0);
    book
}

/// Whether two times differ by at most a millisecond.
fn is_near(first: &str, second: &str) -> bool {
    let read = |text: &str| match text.parse::<f64>() {
        // Milliseconds or seconds.
        Ok(number) if number > 1e11 => Timestamp::from_millisecond(number as i64).unwrap(),
        Ok(number) => Timestamp::from_millisecond((number * 1000.0) as i64).unwrap(),
        // CloudTrail Lake omits the zone, which is UTC.
        Err(_) => text.parse().or_else(|_| format!("{text}Z").parse()).unwrap(),
    };
    let [first, second] = [first, second].map(read);
    first.duration_since(second).as_millis().abs() <= 1
}

#[test]
fn times_are_dates_ids_are_text_and_numbers_numbers() {
    let log = r#"{"eventTime":"2026-10-01T09:00:01Z","eventName":"A","recipientAccountId":"000000000012","requestParameters":{"n":17.5,"id":"17","long":12345678901234567890},"userAgent":"=1+1"}
        {"eventTime":"soon","eventName":"B","recipientAccountId":12,"requestParameters":{"n":"2026-10-01T09:00:01Z"},"userAgent":"_x0041_ <&>  "}"#;
    let trial = Trial::with("log", log);
    let columns =
        "eventTime,recipientAccountId,requestParameters.n,requestParameters.id,requestParameters.long,userAgent";
    let book = check_workbook(&trial, &["-c", columns]);
    let kinds = |row: usize| {
        let kind = |cell: &Data| match cell {
            Data::DateTime(_) => 'd',
            Data::Float(_) => 'n',
            Data::String(_) => 't',
            Data::Empty => ' ',
            other => panic!("{other:?}"),
        };
        book.sheet("Events")[row].iter().map(kind).collect::<String>()
    };
    assert_eq!([kinds(0), kinds(1), kinds(2)], ["tttttt", "dtnttt", "ttd  t"]);
}

#[test]
fn a_workbook_of_a_whole_log_can_be_read() {
    let (mut generator, place) = (Generator::new(11), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..300).map(|second| {
        let mut event = String::new();
        generator.event(&place, Timestamp::from_second(1_790_845_200 + second).unwrap(), &mut event);
        event.into_bytes()
    });
    let events: Vec<Vec<u8>> = edge_cases::events().into_iter().map(|event| event.json).chain(generated).collect();
    let trial = Trial::with("log/a.json.gz", gzip(records(events)));
    check_workbook(&trial, &["-c", "+userIdentity,resources,errorMessage"]);
    check_workbook(&trial, &["--no-header", "--null", "n/a"]);
}

#[test]
fn a_sheet_has_a_header_widths_and_styles() {
    let log = r#"{"eventTime":"2026-10-01T09:00:01Z","eventName":"A","recipientAccountId":"000000000012","requestParameters":{"n":17.5},"userAgent":" _x0041_ <&> "}
        {"eventTime":"soon","eventName":"B","requestParameters":{"n":"17"},"userAgent":"LONG"}"#;
    let long = "y".repeat(256);
    let trial = Trial::with("log", log.replace("LONG", &long));
    let columns = "eventTime,eventName,recipientAccountId,requestParameters.n,userAgent";
    trial.run(&["log", "-c", columns, "-o", "out.xlsx", "-q"]).shows(0, "", "");
    let expected = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<dimension ref="A1:E3"/>
<sheetViews><sheetView tabSelected="1" workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/></sheetView></sheetViews>
<sheetFormatPr defaultRowHeight="15.75" customHeight="1"/>
<cols><col min="1" max="1" width="20.7109375" style="5" customWidth="1"/>
<col min="2" max="2" width="13.7109375" style="2" customWidth="1"/>
<col min="3" max="3" width="22.7109375" style="2" customWidth="1"/>
<col min="4" max="4" width="23.7109375" style="2" customWidth="1"/>
<col min="5" max="5" width="49.7109375" style="2" customWidth="1"/></cols>
<sheetData><row r="1" ht="15.75" customHeight="1"><c r="A1" s="1" t="inlineStr"><is><t>eventTime</t></is></c>
<c r="B1" s="1" t="inlineStr"><is><t>eventName</t></is></c>
<c r="C1" s="1" t="inlineStr"><is><t>recipientAccountId</t></is></c>
<c r="D1" s="1" t="inlineStr"><is><t>requestParameters.n</t></is></c>
<c r="E1" s="1" t="inlineStr"><is><t>userAgent</t></is></c></row>
<row r="2" ht="15.75" customHeight="1"><c r="A2" s="5"><v>46296.37501157408</v></c>
<c r="B2" s="2" t="inlineStr"><is><t>A</t></is></c>
<c r="C2" s="2" t="inlineStr"><is><t>000000000012</t></is></c>
<c r="D2" s="4"><v>17.5</v></c>
<c r="E2" s="2" t="inlineStr"><is><t xml:space="preserve"> _x005F_x0041_ &lt;&amp;&gt; </t></is></c></row>
<row r="3" ht="15.75" customHeight="1"><c r="A3" s="2" t="inlineStr"><is><t>soon</t></is></c>
<c r="B3" s="2" t="inlineStr"><is><t>B</t></is></c>
<c r="D3" s="2" t="inlineStr"><is><t>17</t></is></c>
<c r="E3" s="3" t="inlineStr"><is><t>LONG</t></is></c></row></sheetData>
<autoFilter ref="A1:E3"/>
<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>
<ignoredErrors><ignoredError sqref="A1:E3" numberStoredAsText="1"/></ignoredErrors></worksheet>"#;
    let sheet = part(&trial, "xl/worksheets/sheet1.xml").1.replace(&long, "LONG");
    let joined = |xml: &str| xml.replace(">\n<", "><");
    assert_eq!(joined(&sheet), joined(expected));
    let styles = part(&trial, "xl/styles.xml").1;
    let codes = r#"<numFmt numFmtId="164" formatCode="@"/><numFmt numFmtId="165" formatCode="yyyy-mm-dd hh:mm:ss"/>"#;
    assert!(styles.contains(codes), "{styles}");
    let formats: Vec<&str> =
        styles.split("<xf ").skip(2).take(6).map(|style| style.split("</xf>").next().unwrap()).collect();
    let xf = |format, font, fill, rest| {
        format!(r#"numFmtId="{format}" fontId="{font}" fillId="{fill}" borderId="0" xfId="0"{rest}"#)
    };
    assert_eq!(
        formats,
        [
            xf(0, 0, 0, "/>"),
            xf(164, 1, 2, r#" applyNumberFormat="1" applyFont="1" applyFill="1"/>"#),
            xf(164, 0, 0, r#" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/>"#),
            xf(0, 0, 0, r#" quotePrefix="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/>"#),
            xf(0, 0, 0, r#" applyAlignment="1"><alignment horizontal="right" vertical="top"/>"#),
            xf(165, 0, 0, r#" applyNumberFormat="1" applyAlignment="1"><alignment horizontal="left" vertical="top"/>"#),
        ]
    );
}

#[test]
fn a_workbook_is_the_same_for_any_number_of_threads() {
    let (mut generator, place) = (Generator::new(14), AccountRegion::new("111122223333", "eu-west-1"));
    let trial = Trial::new();
    for file in 0..8 {
        let event = |second: i64| {
            let mut event = String::new();
            generator.event(&place, Timestamp::from_second(1_790_845_200 + second).unwrap(), &mut event);
            event.into_bytes()
        };
        trial.write(&format!("log/{file}.json.gz"), gzip(records((0..400).map(event))));
    }
    let sheet = |threads: &str| {
        trial.run(&["log", "--threads", threads, "-o", "out.xlsx", "-q"]).shows(0, "", "");
        part(&trial, "xl/worksheets/sheet1.xml")
    };
    let one = sheet("1");
    // The sheet needs many blocks.
    assert!(one.1.len() > 2 << 20, "{}", one.1.len());
    for threads in ["2", "8"] {
        assert!(sheet(threads).0 == one.0, "{threads}");
    }
}

#[test]
fn the_second_sheet_says_what_the_first_is() {
    let trial = Trial::with("log/a.json", r#"{"eventTime":"2026-10-01T09:00:00Z","eventName":"A"}"#);
    trial.write("log/b.json", r#"{"Records":[{"eventName":"A""#);
    let ran = trial.run(&["log", "-e", "A,it's", "--since", "2026-09-30", "-o", "out.xlsx"]);
    let problem = "log/b.json: JSON ends early; no event came before it";
    let read = "1 event in 2 files read, 1 matched; 1 problem, named";
    let unmatched = "nothing matched --event-name \"it's\"";
    ran.shows(3, "", &format!("trail2tsv: {problem}\ntrail2tsv: {unmatched}\ntrail2tsv: {read} above\n"));
    let book = Book::read(std::fs::read(trial.path("out.xlsx")).unwrap());
    assert_eq!(book.sheets.iter().map(|sheet| sheet.0.as_str()).collect::<Vec<_>>(), ["Events", "About"]);
    assert_eq!(book.about("Written by"), [format!("trail2tsv {}", env!("CARGO_PKG_VERSION"))]);
    assert!(book.about("Written at")[0].ends_with(" UTC"));
    assert_eq!(book.about("Command"), [r"trail2tsv log -e 'A,it'\''s' --since 2026-09-30 -o out.xlsx"]);
    assert_eq!(book.about("Events since"), ["2026-09-30 00:00:00 UTC"]);
    assert_eq!(book.about("Events before"), Vec::<String>::new());
    assert_eq!(book.about("Time zone"), ["UTC"]);
    assert_eq!(book.about("Read"), [format!("{read} below")]);
    assert_eq!(book.about("Problem"), [problem]);
    assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 2, "a temporary file remains");
}

#[test]
fn large_cells_are_cut() {
    let event = format!(r#"{{"eventName":"A","userAgent":"{}"}}"#, "-é".repeat(900_000));
    let trial = Trial::with("log", records([&event, "{\"eventName\":\"B\",\"eventVersion\":\"1\"}", &event]));
    let ran = trial.run(&["log", "-c", "eventName,userAgent", "--no-header", "-o", "out.xlsx"]);
    let last = "3 events in 1 file read, 3 matched; 2 cells cut to Excel's limit of 32,767 characters";
    ran.shows(0, "", &format!("trail2tsv: {last}\n"));
    let book = Book::read(std::fs::read(trial.path("out.xlsx")).unwrap());
    let cells: Vec<String> = book.sheet("Events").iter().flat_map(|row| row.iter().map(text)).collect();
    let cut = "-é".repeat(16_369) + "- …[cut: Excel holds no more]";
    assert!(cells == ["A", &cut, "B", "", "A", &cut]);
    assert_eq!(cut.encode_utf16().count(), 32_767);
}

#[test]
fn limits_and_pipes() {
    let log: String =
        (0..5000).map(|number| format!("{{\"eventName\":\"{number}\",\"eventVersion\":\"1\"}}\n")).collect();
    let trial = Trial::with("log", log);
    let output = trial.command(&["log", "-f", "xlsx", "-c", "eventName", "-n", "4321"]).output().unwrap();
    assert!(output.status.success());
    let book = Book::read(output.stdout);
    assert_eq!(book.sheet("Events").len(), 4322);
    assert_eq!(text(&book.sheet("Events")[4321][0]), "4320");
    let nothing = trial.command(&["log", "-f", "xlsx", "-c", "eventName", "-n", "0"]).output().unwrap();
    assert_eq!(Book::read(nothing.stdout).sheet("Events").len(), 1);
}

#[test]
fn rows_are_sorted() {
    let (mut generator, place) = (Generator::new(13), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..200).map(|second| {
        let mut event = String::new();
        generator.event(&place, Timestamp::from_second(1_790_845_200 + second).unwrap(), &mut event);
        event.into_bytes()
    });
    let large = format!(r#"{{"eventName":"M","userAgent":"{}"}}"#, "x".repeat(3_000_000)).into_bytes();
    let number = |number: &str| {
        format!(r#"{{"eventName":"N","eventTime":"2026-10-01T09:00:00Z","requestParameters":{{"n":{number}}}}}"#)
    };
    let numbers = ["17", "\"3\"", "-2.5", "100"].map(|text| number(text).into_bytes());
    let trial = Trial::with("log", records(generated.chain([large]).chain(numbers)));
    let columns = ["-c", "+requestParameters.n"];
    check_workbook(&trial, &[&columns[..], &["--sort", "-eventName,sourceIPAddress,eventTime"]].concat());
    check_workbook(&trial, &[&columns[..], &["--sort", "userName,-eventTime", "-n", "50"]].concat());
    let book = check_workbook(&trial, &["-e", "N", "-c", "requestParameters.n", "--sort", "requestParameters.n"]);
    let cells = [Data::Float(-2.5), Data::String("3".into()), Data::Float(17.0), Data::Float(100.0)];
    assert_eq!(book.sheet("Events")[1..].concat(), cells);
}

#[test]
fn times_are_in_the_zone() {
    let log = r#"{"eventTime":"2026-10-25T00:30:00Z","eventName":"A","requestParameters":{"at":"2026-10-24T23:00:00Z"}}
        {"eventTime":"2026-10-25T01:30:00Z","eventName":"B"}
        {"eventTime":"soon","eventName":"C"}"#;
    let trial = Trial::with("log", log);
    let book = |zone: &str| {
        let arguments = ["log", "-c", "eventTime,requestParameters.at", "--since", "2026-10-24", "--no-header"];
        trial.run(&[&arguments[..], &["-o", "out.xlsx", "--time-zone", zone, "-q"]].concat()).shows(0, "", "");
        Book::read(std::fs::read(trial.path("out.xlsx")).unwrap())
    };
    let berlin = book("Europe/Berlin");
    // The local time, whose clock goes back at three.
    let cells: Vec<String> = berlin.sheet("Events").concat().iter().map(text).collect();
    assert_eq!(cells, ["2026-10-25T02:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:30:00Z", "", "soon", ""]);
    assert!(matches!(berlin.sheet("Events")[0][..], [Data::DateTime(_), Data::DateTime(_)]));
    assert_eq!(berlin.about("Time zone"), ["Europe/Berlin"]);
    assert_eq!(berlin.about("Events since"), ["2026-10-24 00:00:00 +02:00"]);
    let west = book("-03:30");
    assert_eq!(text(&west.sheet("Events")[0][0]), "2026-10-24T21:00:00Z");
    assert_eq!(west.about("Time zone"), ["UTC-03:30"]);
    assert_eq!(book("UTC").about("Events since"), ["2026-10-24 00:00:00 UTC"]);
}

#[cfg(target_os = "linux")]
#[test]
fn workbooks_that_cannot_be_written_are_named() {
    let mut trial = Trial::with("log", "{\"eventName\":\"A\",\"eventVersion\":\"1\"}");
    trial.run(&["log", "-o", "/dev/full", "-f", "xlsx"]).shows(
        1,
        "",
        "trail2tsv: /dev/full: cannot be written: No space left on device\n",
    );
    trial.env("TMPDIR", "/nowhere");
    let ran = trial.run(&["log", "-f", "xlsx"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("trail2tsv: the workbook cannot be written: "), "{ran:?}");
    assert!(ran.stderr.contains("/nowhere"), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn temporary_files_that_cannot_be_written_are_named() {
    let (mut generator, place) = (Generator::new(15), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..2000).map(|second| {
        let mut event = String::new();
        generator.event(&place, Timestamp::from_second(1_790_845_200 + second).unwrap(), &mut event);
        event.into_bytes()
    });
    let trial = Trial::with("log", records(generated));
    let ran = trial.run_in_shell("trap '' XFSZ; ulimit -f 16; trail2tsv log -o out.xlsx");
    ran.shows(1, "", "trail2tsv: the workbook cannot be written: File too large\n");
    assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 1, "a temporary file remains");
}

#[test]
fn a_count_cannot_be_a_workbook() {
    let trial = Trial::with("log", "{\"eventName\":\"A\",\"eventVersion\":\"1\"}");
    trial.run(&["log", "-o", "out.xlsx", "--count"]).shows(
        2,
        "",
        "trail2tsv: --count cannot be combined with xlsx\ntrail2tsv: try --help\n",
    );
    assert!(!trial.path("out.xlsx").exists());
}
