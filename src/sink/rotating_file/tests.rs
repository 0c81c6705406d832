//! Rotating files, with times that the test hands in.

use std::fs;

use tempfile::TempDir;

use super::*;

const HEADER: &[u8] = b"";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_947_300 + seconds).unwrap()
}

fn rotation(text: &str) -> FileRotation {
    text.parse().unwrap()
}

fn open_in(folder: &TempDir, rotate: FileRotation) -> RotatingFile {
    RotatingFile::open(&folder.path().join("c.ndjson"), rotate, HEADER, &Report::silent()).unwrap()
}

/// The files of a folder with their contents, in the order of their names.
fn files(folder: &TempDir) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            let content = String::from_utf8(fs::read(entry.path()).unwrap()).unwrap();
            (entry.file_name().into_string().unwrap(), content)
        })
        .collect();
    files.sort();
    files
}

fn named(name: &str, content: &str) -> (String, String) {
    (name.into(), content.into())
}

#[test]
fn rows_are_in_a_part_until_the_file_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = open_in(&folder, rotation("100M,1h"));
    assert_eq!(files(&folder), [], "no row, no file");
    file.write(b"{1}\n", at(0)).unwrap();
    file.write(b"{2}\n{3}\n", at(1)).unwrap();
    file.sync().unwrap();
    let part = named("c.20261129T101500Z.ndjson.part", "{1}\n{2}\n{3}\n");
    assert_eq!(files(&folder), std::slice::from_ref(&part));
    assert_eq!(file.path(), Some(folder.path().join(&part.0).as_path()));
    file.close().unwrap();
    assert_eq!(files(&folder), [named("c.20261129T101500Z.ndjson", &part.1)]);
    file.close().unwrap();
    file.sync().unwrap();
    file.tick(at(9999)).unwrap();
    assert_eq!((file.closed(), file.path()), (1, None));
}

#[test]
fn files_are_closed_at_a_size_between_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = open_in(&folder, FileRotation { size: Some(10), age: None });
    let large = "x".repeat(BUFFER_SIZE * 2) + "\n";
    for rows in ["aaaa\n", "bbbb\n", "cccc\n", large.as_str(), "dddd\n"] {
        file.write(rows.as_bytes(), at(0)).unwrap();
    }
    file.close().unwrap();
    let expected = [
        named("c.20261129T101500Z-2.ndjson", "cccc\n"),
        named("c.20261129T101500Z-3.ndjson", &large),
        named("c.20261129T101500Z-4.ndjson", "dddd\n"),
        named("c.20261129T101500Z.ndjson", "aaaa\nbbbb\n"),
    ];
    assert!(files(&folder) == expected);
    assert_eq!(file.closed(), 4);
}

#[test]
fn files_are_closed_at_an_age_even_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = open_in(&folder, rotation("1h"));
    file.write(b"1\n", at(0)).unwrap();
    file.tick(at(3599)).unwrap();
    assert_eq!(files(&folder)[0].0, "c.20261129T101500Z.ndjson.part");
    file.tick(at(3600)).unwrap();
    assert_eq!(files(&folder), [named("c.20261129T101500Z.ndjson", "1\n")]);
    file.write(b"2\n", at(4000)).unwrap();
    file.write(b"3\n", at(9000)).unwrap();
    file.close().unwrap();
    let names: Vec<_> = files(&folder).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["c.20261129T101500Z.ndjson", "c.20261129T112140Z.ndjson", "c.20261129T124500Z.ndjson"]);
}

#[test]
fn every_file_has_the_header_and_none_has_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.tsv");
    let open = || RotatingFile::open(&path, FileRotation { size: Some(8), age: None }, b"a\tb\n", &Report::silent());
    let mut file = open().unwrap();
    file.write(b"1\t2\n", at(0)).unwrap();
    file.write(b"3\t4\n", at(1)).unwrap();
    file.close().unwrap();
    let expected = [named("c.20261129T101500Z.tsv", "a\tb\n1\t2\n"), named("c.20261129T101501Z.tsv", "a\tb\n3\t4\n")];
    assert_eq!(files(&folder), expected);
    fs::write(folder.path().join("c.20261129T101502Z.tsv.part"), "a\tb\n3").unwrap();
    drop(open().unwrap());
    assert_eq!(files(&folder), expected);
}

#[test]
fn files_of_a_killed_run_are_completed() {
    let folder = tempfile::tempdir().unwrap();
    let long = "y".repeat(200_000);
    for (name, content) in [
        ("c.20261129T090000Z.ndjson.part", "{1}\n{2}\n{\"half"),
        ("c.20261129T090001Z.ndjson.part", "{3}\n"),
        ("c.20261129T090002Z.ndjson.part", "{\"half"),
        ("c.20261129T090003Z-7.ndjson.part", ""),
        ("c.20261129T090004Z-2.ndjson.part", &format!("{{4}}\n{long}")),
        ("d.20261129T090000Z.ndjson.part", "other\nx"),
        ("c.ndjson", "kept"),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("c.20261129T090009Z.ndjson.part")).unwrap();
    drop(open_in(&folder, rotation("1h")));
    let expected = [
        named("c.20261129T090000Z.ndjson", "{1}\n{2}\n"),
        named("c.20261129T090001Z.ndjson", "{3}\n"),
        named("c.20261129T090004Z-2.ndjson", "{4}\n"),
        named("c.ndjson", "kept"),
        named("d.20261129T090000Z.ndjson.part", "other\nx"),
    ];
    assert_eq!(files(&folder), expected);
}

#[test]
fn whatever_a_killed_run_wrote_last_whole_rows_are_kept() {
    let rows = "a\tb\n1\t2\n33\t44\n";
    for length in 0..=rows.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("c.20261129T090000Z.tsv.part"), &rows[..length]).unwrap();
        let path = folder.path().join("c.tsv");
        drop(RotatingFile::open(&path, rotation("1h"), b"a\tb\n", &Report::silent()).unwrap());
        let whole = rows[..length].rfind('\n').map_or("", |at| &rows[..=at]);
        match whole {
            "" | "a\tb\n" => assert_eq!(files(&folder), []),
            whole => assert_eq!(files(&folder), [named("c.20261129T090000Z.tsv", whole)]),
        }
    }
}

#[test]
fn a_clock_that_is_set_back_closes_the_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = open_in(&folder, rotation("1h"));
    file.write(b"1\n", at(0)).unwrap();
    file.tick(at(-3599)).unwrap();
    assert_eq!(file.closed(), 0);
    file.tick(at(-3600)).unwrap();
    assert_eq!(file.closed(), 1);
}

#[test]
fn a_dropped_file_is_completed_and_loses_no_synced_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = open_in(&folder, rotation("1h"));
    file.write(b"synced\n", at(0)).unwrap();
    file.sync().unwrap();
    file.write(b"not synced\n", at(0)).unwrap();
    drop(file);
    let mut file = open_in(&folder, rotation("1h"));
    assert_eq!(files(&folder), [named("c.20261129T101500Z.ndjson", "synced\n")]);
    file.write(b"next\n", at(0)).unwrap();
    file.close().unwrap();
    assert_eq!(files(&folder)[0], named("c.20261129T101500Z-2.ndjson", "next\n"));
}

#[test]
fn two_runs_never_write_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut one = open_in(&folder, rotation("1h"));
    one.write(b"one\n", at(0)).unwrap();
    one.sync().unwrap();
    let mut other = open_in(&folder, rotation("1h"));
    assert_eq!(files(&folder)[0].0, "c.20261129T101500Z.ndjson.part", "a file in use is left as it is");
    other.write(b"other\n", at(0)).unwrap();
    one.write(b"one again\n", at(0)).unwrap();
    one.close().unwrap();
    other.close().unwrap();
    let expected =
        [named("c.20261129T101500Z-2.ndjson", "other\n"), named("c.20261129T101500Z.ndjson", "one\none again\n")];
    assert_eq!(files(&folder), expected);
}

#[test]
fn a_closed_file_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.20261129T101500Z.ndjson"), "old\n").unwrap();
    let mut file = open_in(&folder, rotation("1h"));
    file.write(b"new\n", at(0)).unwrap();
    file.close().unwrap();
    let expected = [named("c.20261129T101500Z-2.ndjson", "new\n"), named("c.20261129T101500Z.ndjson", "old\n")];
    assert_eq!(files(&folder), expected);
    fs::write(folder.path().join("c.20261129T101500Z.ndjson.part"), "part\n").unwrap();
    let path = folder.path().join("c.ndjson");
    let error = RotatingFile::open(&path, rotation("1h"), HEADER, &Report::silent()).unwrap_err().to_string();
    let end = "c.20261129T101500Z.ndjson exists; move one of the two files to another name or folder";
    assert!(error.contains("cannot be completed: ") && error.ends_with(end), "{error}");
}

#[test]
fn a_missing_folder_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/c.ndjson");
    let error = RotatingFile::open(&path, rotation("1h"), HEADER, &Report::silent()).unwrap_err().to_string();
    assert!(error.ends_with("no: cannot be written: No such file or directory"), "{error}");
}

#[cfg(unix)]
#[test]
fn files_are_readable_by_others_as_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let plain_file = folder.path().join("plain");
    fs::write(&plain_file, "").unwrap();
    let mut file = open_in(&folder, rotation("1h"));
    file.write(b"1\n", at(0)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.path().unwrap()), mode(&plain_file));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_whole_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = open_in(&folder, rotation("1h"));
    file.write(b"kept\n", at(0)).unwrap();
    file.sync().unwrap();
    // Writing to this device fails as on a full disk.
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let good = std::mem::replace(&mut file.open.as_mut().unwrap().file, full);
    file.write(b"lost\n", at(0)).unwrap();
    let error = file.sync().unwrap_err().to_string();
    assert!(error.contains("c.20261129T101500Z.ndjson.part: cannot be written: No space left on device"), "{error}");
    assert!(error.ends_with("; free space and start again: the rows before were kept"), "{error}");
    // Nothing is claimed to be safe later either, until it is.
    assert!(file.sync().is_err());
    file.open.as_mut().unwrap().file = good;
    file.close().unwrap();
    assert_eq!(files(&folder), [named("c.20261129T101500Z.ndjson", "kept\nlost\n")]);
}
