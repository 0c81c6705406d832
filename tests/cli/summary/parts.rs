//! Parts of summaries: merged, they are equal to one run over all logs.

use std::fs;
use std::path::{Path, PathBuf};

use super::Trial;

/// Number of parts.
const PARTS: usize = 7;
const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/AWSLogs");

/// The sample in seven folders `p1` to `p7` of unequal size, each with a further log. Its ids
/// are in other logs too, some with other values. One log is damaged.
fn sample() -> Trial {
    const FILES: [usize; PARTS] = [1, 0, 9, 2, 3, 14, 99];
    let trial = Trial::new();
    let mut files = Vec::new();
    collect(Path::new(LOGS), &mut files);
    files.sort();
    let mut files = files.iter();
    for (part, count) in (1..=PARTS).zip(FILES) {
        for file in files.by_ref().take(count) {
            let name = file.strip_prefix(LOGS).unwrap().display().to_string();
            trial.write(&format!("p{part}/AWSLogs/{name}"), fs::read(file).unwrap());
        }
        trial.write(&format!("p{part}/log.json"), log(part));
    }
    trial.write("p5/damaged.json", r#"{"Records":[{"eventName":"#);
    trial
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// The log of a part. Every second event has the id of one in another part, but another user.
fn log(part: usize) -> String {
    let event = |number: usize| {
        let (id, user) = (number * part % 40, (part + number) % 9);
        let (minute, address) = (number * 7 % 60, number % 5 + part);
        let bytes = if number % 11 == 3 { "\"many\"".into() } else { format!("{}.5", number * 1000 + part) };
        let error = if (number + part).is_multiple_of(4) { r#""errorCode":"AccessDenied","# } else { "" };
        format!(
            r#"{{"eventID":"id-{id}","eventTime":"2026-10-{:02}T{:02}:{minute:02}:00Z","eventName":"Get{}",{error}
                "eventSource":"s3.amazonaws.com","awsRegion":"eu-west-1","recipientAccountId":"111122223333",
                "sourceIPAddress":"203.0.113.{address}","readOnly":true,"userAgent":"agent/{number}",
                "resources":[{{"ARN":"arn:aws:s3:::b{user}"}},{{"ARN":"arn:aws:s3:::c"}}],
                "additionalEventData":{{"bytesTransferredOut":{bytes}}},
                "userIdentity":{{"type":"IAMUser","userName":"user-{user}","accessKeyId":"AKIAEXAMPLE{user}"}}}}"#,
            1 + (number + part) % 4,
            number % 24,
            number % 6,
        )
    };
    format!(r#"{{"Records":[{}]}}"#, (0..30 + 10 * part).map(event).collect::<Vec<_>>().join(","))
}

/// Replaces the command and the time.
fn without_provenance(text: &str, command: &str) -> String {
    const MADE: &str = " UTC by trail2tsv";
    let mut text = text.replace(command, "COMMAND");
    if let Some(end) = text.find(MADE) {
        text.replace_range(end - "2026-10-01 00:00:00".len()..end, "NOW");
    }
    text
}

/// Checks that the merged parts are equal to one run, and so are the files that it writes.
#[track_caller]
fn check(trial: &Trial, options: &[&str], files: &[&str]) {
    for [of_parts, of_whole] in [["1", "8"], ["8", "1"]] {
        let folders: Vec<String> = (1..=PARTS).map(|part| format!("p{part}")).collect();
        let folders = folders.iter().map(String::as_str);
        let whole: Vec<&str> = ["summary"]
            .into_iter()
            .chain(folders)
            .chain(options.iter().copied())
            .chain(["--threads", of_whole])
            .collect();
        let expected = trial.run(&whole);
        let expected_files: Vec<String> = files.iter().map(|file| trial.read(file)).collect();
        files.iter().for_each(|file| fs::remove_file(trial.path(file)).unwrap());
        let parts: Vec<String> = (1..=PARTS).map(|part| format!("{part}.part")).collect();
        for (at, part) in parts.iter().enumerate() {
            let folder = format!("p{}", at + 1);
            let own: Vec<&str> = ["summary", &folder, "--partial", part, "--threads", of_parts]
                .into_iter()
                .chain(options.iter().copied())
                .collect();
            let ran = trial.run(&own);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(if at == 4 { 3 } else { 0 }), ""), "{ran:?}");
        }
        let merge: Vec<&str> = ["merge"].into_iter().chain(parts.iter().map(String::as_str)).collect();
        let merged = trial.run(&merge);
        let [whole, merge] = [whole, merge].map(|words| format!("trail2tsv {}", words.join(" ")));
        let shown = without_provenance(&expected.stdout, &whole);
        assert_eq!(without_provenance(&merged.stdout, &merge), shown, "{merged:?}");
        assert_eq!((merged.code, &merged.stderr), (Some(3), &expected.stderr), "{merged:?}");
        assert_eq!(expected.code, Some(3));
        for (file, expected) in files.iter().zip(&expected_files) {
            assert_eq!(without_provenance(&trial.read(file), &merge), without_provenance(expected, &whole), "{file}");
        }
    }
}

#[test]
fn merged_parts_are_one_run_in_every_format() {
    let trial = sample();
    check(&trial, &[], &[]);
    for format in ["text", "tsv", "csv", "json"] {
        check(&trial, &["--format", format], &[]);
        check(&trial, &["--format", format, "--top", "2", "--dedupe"], &[]);
    }
}

#[test]
fn merged_parts_are_one_page() {
    let trial = sample();
    check(&trial, &["--html", "page.html"], &["page.html"]);
    let page = trial.read("page.html");
    assert!(page.contains("trail2tsv p1 p2 p3 p4 p5 p6 p7") && page.contains("arn:aws:s3:::b3"), "{page}");
    check(&trial, &["--html", "page.html", "--format", "tsv", "--dedupe", "--region", "eu-west-1"], &["page.html"]);
}

#[test]
fn merged_comparisons_are_those_of_one_run() {
    let trial = sample();
    for options in [&["--format", "tsv"][..], &["--dedupe"], &["--html", "page.html"]] {
        let files: &[&str] = if options[0] == "--html" { &["page.html"] } else { &[] };
        let since = ["--since", "2026-10-03", "--until", "2026-10-05", "--against", "2d"];
        check(&trial, &[&since[..], options].concat(), files);
    }
}

#[test]
fn merged_columns_steps_and_sums_are_those_of_one_run() {
    let trial = sample();
    let sum = "additionalEventData.bytesTransferredOut";
    for options in [
        &["--by", "userName,eventName", "--format", "tsv"][..],
        &["--by", "hour,eventName", "--format", "csv"],
        &["--by", "day", "--time-zone", "Europe/Berlin", "--sum", sum],
        &["--by", "userName", "--sum", sum, "--dedupe", "--format", "json"],
        &["--sum", sum, "--format", "json", "--top", "3"],
        &["--jq", ".readOnly", "--by", "errorCode,awsRegion", "--format", "tsv"],
    ] {
        check(&trial, options, &[]);
    }
}

#[test]
fn the_ending_of_the_merged_file_decides_about_its_format() {
    let trial = sample();
    for part in ["1", "2"] {
        trial.run(&["summary", &format!("p{part}"), "--partial", &format!("{part}.part")]).lines(0);
    }
    trial.run(&["merge", "1.part", "2.part", "-o", "merged.csv"]).lines(0);
    trial.run(&["summary", "p1", "p2", "-o", "whole.csv"]).lines(0);
    assert_eq!(trial.read("merged.csv"), trial.read("whole.csv"));
    let unknown = trial.run(&["merge", "1.part", "2.part", "-o", "merged.xlsx"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("unknown ending .xlsx"), "{unknown:?}");
}

#[test]
fn parts_are_equal_bytes_and_of_one_question() {
    let trial = sample();
    let part = |threads: &str, file: &str, options: &[&str]| {
        let words = ["summary", "p1", "--threads", threads, "--partial", file];
        trial.run(&[&words[..], options].concat()).lines(0);
        fs::read(trial.path(file)).unwrap()
    };
    for options in [&[][..], &["--dedupe"]] {
        assert_eq!(part("1", "1.part", options), part("8", "2.part", options));
    }
    trial.run(&["summary", "p2", "--partial", "2.part", "--top", "3"]).lines(0);
    let other = trial.run(&["merge", "1.part", "2.part"]);
    assert!(other.code == Some(1) && other.stderr.contains("2.part: is a part of another question"), "{other:?}");
    let checked = trial.run(&["merge", "2.part", "--", "summary", "--top", "3"]);
    checked.lines(0);
    let refused = trial.run(&["merge", "2.part", "--", "summary", "--top", "4"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("--top"), "{refused:?}");
}

#[test]
fn options_that_parts_cannot_answer_are_refused() {
    let trial = sample();
    for options in [
        &["--actors"][..],
        &["--actor", "alice"],
        &["--by", "eventName,actor"],
        &["--where", "actor = alice"],
        &["-o", "x.csv"],
    ] {
        let ran = trial.run(&[&["summary", "p1", "--partial", "1.part"], options].concat());
        let reason =
            if options[0] == "-o" { "--partial takes the place of --output" } else { "--partial: actors need" };
        assert!(ran.code == Some(2) && ran.stderr.contains(reason), "{ran:?}");
        assert!(!trial.path("1.part").exists());
    }
}
