//! Archives of logs, and logs in other compression formats than CloudTrail's.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod hostile;
mod zip;

use std::io::Write;

use self::zip::{Member, zip};
use crate::harness::{Trial, gzip};

const ROWS: [&str; 4] = ["-c", "file,eventName", "--no-header", "log"];

fn log(name: &str) -> String {
    format!(r#"{{"Records":[{{"eventVersion":"1.08","eventTime":"2026-10-01T09:00:00Z","eventName":"{name}"}}]}}"#)
}

/// A tar archive with these files.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The two logs in every archive here.
fn both(pack: impl Fn(&[(&str, &[u8])]) -> Vec<u8>) -> Vec<u8> {
    pack(&[("AWSLogs/a.json.gz", &gzip(log("A"))), ("notes.txt", b"text"), ("b.json", log("B").as_bytes())])
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&members.iter().map(|(name, content)| Member::new(name, content)).collect::<Vec<_>>())
}

#[test]
fn every_archive_gives_the_files_in_it() {
    for (name, file) in [
        ("a.tar", both(tar)),
        ("a.zip", both(zipped)),
        ("a.tar.gz", gzip(both(tar))),
        ("a.tar.zst", zstd(&both(tar))),
        ("a.tar.bz2", bzip2(&both(tar))),
        // The content decides, not the name.
        ("a.json.gz", both(zipped)),
        ("a", gzip(both(tar))),
    ] {
        let trial = Trial::with(&format!("log/{name}"), &file);
        let rows = format!("log/{name}!AWSLogs/a.json.gz\tA\nlog/{name}!b.json\tB\n");
        let last = "trail2tsv: 2 events in 2 files read, 2 matched; 1 file skipped: 1 not JSON\n";
        trial.run(&ROWS).shows(0, &rows, last);
        trial.run(&["-c", "file,eventName", "--no-header", &format!("log/{name}")]).shows(0, &rows, last);
        // Standard input need not be a file.
        trial.run_with_stdin(&["-", "-c", "file,eventName", "--no-header"], &file).shows(
            0,
            &rows.replace(&format!("log/{name}"), "'-"),
            last,
        );
        for threads in ["1", "8"] {
            trial.run(&[&ROWS[..], &["--threads", threads]].concat()).shows(0, &rows, last);
        }
    }
}

#[test]
fn other_compressions_of_a_single_log_are_read() {
    for (name, file) in [
        ("a.json.zst", zstd(log("A").as_bytes())),
        ("a.json.bz2", bzip2(log("A").as_bytes())),
        ("a.json.gz.gz", gzip(gzip(log("A")))),
        ("a.zst.bz2", bzip2(&zstd(log("A").as_bytes()))),
        ("several.zst", [zstd(log("A").as_bytes()), zstd(b"\n")].concat()),
    ] {
        let trial = Trial::with(&format!("log/{name}"), &file);
        trial.run(&ROWS).shows(0, &format!("log/{name}\tA\n"), "trail2tsv: 1 event in 1 file read, 1 matched\n");
    }
}

/// The file was made from a log by the tool `xz`.
#[test]
fn xz_is_read() {
    const XZ: &[u8] = include_bytes!("archives/log.json.xz");
    let trial = Trial::with("log/a.json.xz", XZ);
    trial.run(&ROWS).shows(0, "log/a.json.xz\tA\n", "trail2tsv: 1 event in 1 file read, 1 matched\n");
    let trial = Trial::with("log/a.zip", zipped(&[("a.json.xz", XZ)]));
    trial.run(&ROWS).shows(0, "log/a.zip!a.json.xz\tA\n", "trail2tsv: 1 event in 1 file read, 1 matched\n");
    let trial = Trial::with("log/a.json.xz", &XZ[..XZ.len() - 40]);
    let ran = trial.run(&ROWS);
    assert!(ran.code == Some(3) && ran.stderr.contains("log/a.json.xz: xz stream"), "{ran:?}");
}

#[test]
fn invalid_utf_16_is_named_however_it_is_packed() {
    const XZ: &[u8] = include_bytes!("archives/unpaired-surrogate.json.xz");
    let mut text: Vec<u8> = format!("\u{feff}{}", log("AB")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let at = 2 * (1 + log("AB").find("AB").unwrap() + 1);
    text[at..at + 2].copy_from_slice(&0xd83d_u16.to_le_bytes());
    for (path, member, file) in [
        ("log/a.zst", "", zstd(&text)),
        ("log/a.bz2", "", bzip2(&text)),
        ("log/a.xz", "", XZ.to_vec()),
        ("log/a.zip", "!a", zipped(&[("a", &text)])),
        ("log/a.tar", "!a.gz", tar(&[("a.gz", &gzip(&text))])),
    ] {
        let name = format!("{path}{member}");
        Trial::with(path, file).run(&ROWS).shows(
            3,
            &format!("{name}\tA\u{fffd}\n"),
            &format!(
                "trail2tsv: {name}: byte {at} is not valid UTF-16; invalid bytes are shown as U+FFFD; its 1 event was kept\n\
                 trail2tsv: 1 event in 1 file read, 1 matched; 1 problem, named above\n"
            ),
        );
    }
}

#[test]
fn archives_in_archives_are_read_once() {
    let inner = both(zipped);
    let middle = tar(&[("inner.zip", &inner), ("c.json", log("C").as_bytes())]);
    let trial = Trial::with("log/outer.tgz", gzip(&middle));
    trial.run(&ROWS).shows(
        0,
        "log/outer.tgz!inner.zip!AWSLogs/a.json.gz\tA\nlog/outer.tgz!inner.zip!b.json\tB\nlog/outer.tgz!c.json\tC\n",
        "trail2tsv: 3 events in 3 files read, 3 matched; 1 file skipped: 1 not JSON\n",
    );
    let trial = Trial::with("log/outer.zip", zipped(&[("middle.tar", &middle), ("d.json", log("D").as_bytes())]));
    trial.run(&ROWS).shows(
        3,
        "log/outer.zip!middle.tar!c.json\tC\nlog/outer.zip!d.json\tD\n",
        "trail2tsv: log/outer.zip!middle.tar!inner.zip: archives are nested too deeply; nothing was read\n\
         trail2tsv: 2 events in 2 files read, 2 matched; 1 problem, named above\n",
    );
}

#[test]
fn members_are_treated_like_files() {
    const LATE: &str = "111122223333_CloudTrail_eu-west-1_20261001T0915Z_AAAABBBBCCCCDDDD.json.gz";
    const EARLY: &str = "111122223333_CloudTrail_eu-west-1_20260901T0915Z_AAAABBBBCCCCDDDD.json.gz";
    let folder = "AWSLogs/111122223333/CloudTrail/eu-west-1";
    let (late, early) = (format!("{folder}/2026/10/01/{LATE}"), format!("{folder}/2026/09/01/{EARLY}"));
    for pack in [tar as fn(&[(&str, &[u8])]) -> Vec<u8>, zipped] {
        let file = pack(&[(&early, &gzip(log("Early"))), (&late, &gzip(log("Late"))), ("x.json", b"{}")]);
        let trial = Trial::with("log/a", &file);
        // Members that were delivered before the window are not opened.
        trial.run(&[&ROWS[..], &["--since", "2026-10-01"]].concat()).shows(
            0,
            &format!("log/a!{late}\tLate\n"),
            "trail2tsv: 1 event in 1 file read, 1 matched; 1 file not opened: delivered before the window; \
             1 file skipped: 1 other JSON\n",
        );
        // The prefilter finds events in members, and rules out the other members.
        trial.run(&[&ROWS[..], &["-e", "Late"]].concat()).shows(
            0,
            &format!("log/a!{late}\tLate\n"),
            "trail2tsv: 1 event decoded in 2 files read, 1 matched; 1 file skipped: 1 other JSON\n",
        );
        let ran = trial.run(&[&ROWS[..], &["-n", "1"]].concat());
        assert_eq!(ran.lines(0), [format!("log/a!{early}\tEarly")]);
        // A member with the name of a log must be a log.
        let trial = Trial::with("log/a", pack(&[(&late, b"<html>"), (&early, &gzip(log("A"))[..20])]));
        trial.run(&ROWS).shows(
            3,
            "",
            &format!(
                "trail2tsv: log/a!{late}: named like a CloudTrail log, but is not one (not JSON); nothing was read\n\
                 trail2tsv: log/a!{early}: gzip stream ends early; no event came before it\n\
                 trail2tsv: 0 events in 2 files read, 0 matched; 2 problems, named above\n"
            ),
        );
    }
}

#[test]
fn an_archive_without_logs_is_named() {
    for (name, file) in
        [("a.zip", zipped(&[("x.txt", b"x")])), ("a.tar", tar(&[("x.txt", b"x")])), ("b.zip", zipped(&[]))]
    {
        let passed = if name == "b.zip" { "" } else { "; 1 file skipped: 1 not JSON" };
        let trial = Trial::with(&format!("log/{name}"), &file);
        let said = format!("trail2tsv: log/{name}: the archive contains no CloudTrail logs");
        let last = format!("trail2tsv: 0 events in 0 files read, 0 matched{passed}");
        trial.run(&ROWS).shows(0, "", &format!("{said}\n{last}\n"));
        trial.run(&["--count", &format!("log/{name}")]).shows(
            3,
            "0\n",
            &format!("{said}; nothing was read\n{last}; 1 problem, named above\n"),
        );
        // In a folder of other files, a workbook is not expected to be a log.
        let trial = Trial::with("log/result.xlsx", &file);
        trial.run(&ROWS).shows(0, "", &format!("{last}\n"));
    }
}

#[test]
fn a_file_with_the_name_of_an_archive_must_be_one() {
    for (content, kind) in [(&b"<html>"[..], "not JSON"), (b"", "empty"), (b"{}", "other JSON")] {
        for name in ["a.zip", "a.tar.gz", "A.TGZ", "a.json.zst"] {
            let trial = Trial::with(&format!("log/{name}"), content);
            trial.run(&ROWS).shows(
                3,
                "",
                &format!(
                    "trail2tsv: log/{name}: named like an archive, but is not one ({kind}); nothing was read\n\
                     trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 {kind}; 1 problem, named above\n"
                ),
            );
        }
    }
    // A log is read under any name.
    let trial = Trial::with("log/a.zip", log("A"));
    trial.run(&ROWS).shows(0, "log/a.zip\tA\n", "trail2tsv: 1 event in 1 file read, 1 matched\n");
}

#[test]
fn a_summary_counts_what_is_in_archives() {
    let key = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01/\
               111122223333_CloudTrail_eu-west-1_20261001T0915Z_AAAABBBBCCCCDDDD.json.gz";
    let trial = Trial::with("log/a.zip", zipped(&[(key, &gzip(log("A")))]));
    let ran = trial.run(&["summary", "log", "--by", "eventName", "-f", "csv"]);
    assert_eq!(ran.lines(0)[1], "A,1,2026-10-01T09:00:00Z,2026-10-01T09:00:00Z");
}
