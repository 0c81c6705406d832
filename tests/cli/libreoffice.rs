//! Opens files written for Excel in LibreOffice, if it is installed, and checks rows and
//! columns.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

use std::path::Path;
use std::process::{Command, Stdio};

use calamine::Data;
use testkit::logs::{AccountRegion, Generator, edge_cases, records};

use crate::harness::Trial;
use crate::xlsx::{Book, text, tsv};

const COLUMNS: [&str; 2] = ["-c", "+userIdentity,resources,errorMessage"];
const COUNT: usize = 13;

/// Opens a file in LibreOffice, which converts it to a workbook. `None` if
/// LibreOffice is not installed.
fn opened(trial: &Trial, name: &str, filter: &str) -> Option<Book> {
    let home = trial.path("office");
    let status = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", home.display()))
        .args(["--headless", "--norestore", filter, "--convert-to", "xlsx", "--outdir", "opened", name])
        .current_dir(trial.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(_) => {
            eprintln!("soffice is not installed: {name} was not opened in LibreOffice");
            return None;
        }
    }
    let written = trial.path("opened").join(Path::new(name).with_extension("xlsx"));
    Some(Book::read(std::fs::read(written).unwrap()))
}

/// The options for opening a text file: the separator, and every column as
/// text.
fn filter(separator: char) -> String {
    let columns: Vec<String> = (1..=COUNT).map(|column| format!("{column}/2")).collect();
    format!("--infilter=CSV:{},34,76,1,{}", u32::from(separator), columns.join("/"))
}

fn trial() -> Trial {
    let (mut generator, place) = (Generator::new(12), AccountRegion::new("111122223333", "eu-west-1"));
    let generated = (0..100).map(|second| {
        let mut event = String::new();
        generator.event(&place, jiff::Timestamp::from_second(1_790_845_200 + second).unwrap(), &mut event);
        event.into_bytes()
    });
    let quotes = [r#""\"=1+1\"""#, r#""\"""#, r#""a\"b""#, r#""\"a\tb\nc""#, r#""'""#, r#"" x ""#, r#""\"a\",\"b\"""#];
    let quotes = quotes.map(|text| format!("{{\"eventName\":{text},\"userAgent\":{text},\"errorMessage\":{text}}}"));
    let odd = edge_cases::events().into_iter().map(|event| event.json);
    Trial::with("log", records(odd.chain(generated).chain(quotes.map(String::into_bytes))))
}

#[test]
fn text_files_open_with_every_cell_in_its_place() {
    let trial = trial();
    let expected = tsv(&trial.run(&[&["log"], &COLUMNS[..]].concat()));
    for (name, separator) in [("out.csv", ','), ("out.tsv", '\t')] {
        trial.run(&[&["log", "--excel", "-o", name], &COLUMNS[..]].concat());
        let Some(book) = opened(&trial, name, &filter(separator)) else { return };
        check_cells(&book.sheets[0].1, &expected);
    }
}

#[test]
fn workbooks_open_with_every_cell_in_its_place() {
    let trial = trial();
    let expected = tsv(&trial.run(&[&["log", "--raw"], &COLUMNS[..]].concat()));
    trial.run(&[&["log", "-o", "out.xlsx"], &COLUMNS[..]].concat());
    let Some(book) = opened(&trial, "out.xlsx", "--norestore") else { return };
    check_cells(&book.sheets[0].1, &expected);
    assert_eq!(book.sheets[1].0, "About");
}

/// Checks all cells except times, which are dates if they can be parsed.
#[track_caller]
fn check_cells(rows: &[Vec<Data>], expected: &[Vec<String>]) {
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(expected) {
        assert!(row.len() <= COUNT, "{row:?}");
        let mut shown: Vec<String> = row.iter().map(text).collect();
        shown.resize(COUNT, String::new());
        if matches!(row[0], Data::DateTime(_)) {
            shown[0].clone_from(&expected[0]);
        }
        assert_eq!(&shown, expected);
    }
}
