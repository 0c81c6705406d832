//! Hostile and damaged archives.

use super::{Member, ROWS, both, bzip2, gzip, log, tar, zip, zipped, zstd};
use crate::harness::Trial;

#[test]
fn members_that_cannot_be_read_are_named() {
    let good = || Member::new("good.json", log("Good"));
    for (member, said) in [
        (Member { flags: 1, ..Member::new("a.json", log("A")) }, "a.json: encrypted; nothing was read"),
        (
            Member { method: Some(99), ..Member::new("a.json", log("A")) },
            "a.json: packed by AES, which is not supported; nothing was read",
        ),
        (
            Member { method: Some(8), is_packed: false, ..Member::new("a.json", "\u{7}".repeat(99)) },
            "a.json: zip stream is damaged; no event came before it",
        ),
    ] {
        let trial = Trial::with("log/a.zip", zip(&[member, good()]));
        trial.run(&ROWS).shows(
            3,
            "log/a.zip!good.json\tGood\n",
            &format!(
                "trail2tsv: log/a.zip!{said}\n\
                 trail2tsv: 1 event in {} read, 1 matched; 1 problem, named above\n",
                if said.contains("before") { "2 files" } else { "1 file" }
            ),
        );
    }
    // A wrong checksum.
    let mut file = zip(&[Member { is_packed: false, ..Member::new("a.json", log("A")) }, good()]);
    let place = file.windows(3).position(|part| part == b"\"A\"").unwrap();
    file[place + 1] = b'B';
    Trial::with("log/a.zip", file).run(&ROWS).shows(
        3,
        "log/a.zip!a.json\tB\nlog/a.zip!good.json\tGood\n",
        "trail2tsv: log/a.zip!a.json: zip stream is damaged; 1 event before it were kept\n\
         trail2tsv: 2 events in 2 files read, 2 matched; 1 problem, named above\n"
            .replace("event before it were", "event before it was")
            .as_str(),
    );
}

#[test]
fn member_paths_outside_the_archive_are_named_and_create_no_file() {
    let file = zip(&[
        Member::new("../../evil.json", log("A")),
        Member::new("/etc/evil.json", log("B")),
        Member::new("a\u{1b}[31m\n\tb.json", log("C")),
    ]);
    let trial = Trial::with("log/a.zip", file);
    let leads = "its path leads out of the archive; it is read, but no file is created";
    trial.run(&ROWS).shows(
        0,
        "log/a.zip!../../evil.json\tA\nlog/a.zip!/etc/evil.json\tB\nlog/a.zip!a\\u001b[31m\\n\\tb.json\tC\n",
        &format!(
            "trail2tsv: log/a.zip!../../evil.json: {leads}\n\
             trail2tsv: log/a.zip!/etc/evil.json: {leads}\n\
             trail2tsv: 3 events in 3 files read, 3 matched\n"
        ),
    );
    assert!(!trial.path("../evil.json").exists() && !trial.path("evil.json").exists());
}

#[test]
fn links_and_devices_are_counted() {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, name) in [
        (tar::EntryType::Directory, "folder/"),
        (tar::EntryType::Symlink, "symlink.json"),
        (tar::EntryType::Link, "link.json"),
        (tar::EntryType::Char, "null.json"),
        (tar::EntryType::Fifo, "fifo.json"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        builder.append_data(&mut header, name, &b""[..]).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    let content = log("A");
    header.set_size(content.len() as u64);
    // A name that is too long for the header.
    let long = format!("{}/a.json", "long/".repeat(60));
    builder.append_data(&mut header, &long, content.as_bytes()).unwrap();
    let trial = Trial::with("log/a.tar", builder.into_inner().unwrap());
    trial.run(&ROWS).shows(
        0,
        &format!("log/a.tar!{long}\tA\n"),
        "trail2tsv: 1 event in 1 file read, 1 matched; 4 files skipped: 2 pipes or devices, 2 links\n",
    );
    let link = Member { mode: 0o120_777, ..Member::new("link.json", "/etc/passwd") };
    let folder = Member { mode: 0o040_755, ..Member::new("folder/", "") };
    let trial = Trial::with("log/a.zip", zip(&[link, folder, Member::new("a.json", log("A"))]));
    trial.run(&ROWS).shows(
        0,
        "log/a.zip!a.json\tA\n",
        "trail2tsv: 1 event in 1 file read, 1 matched; 1 file skipped: 1 link\n",
    );
}

#[test]
fn members_before_the_end_of_a_truncated_archive_are_kept() {
    let whole =
        tar(&[("a.json", log("A").as_bytes()), ("b.json", log("B").as_bytes()), ("c.json", log("C").as_bytes())]);
    // Each member has a block for the header and one for the content. Two blocks end the archive.
    let rows = "log/a.tar!a.json\tA\nlog/a.tar!b.json\tB\n";
    for (end, rows, said, last) in [
        (512 * 4, rows, "log/a.tar: tar stream ends early; 2 files before it were read", "2 events in 2 files"),
        (512 * 4 + 100, rows, "log/a.tar: tar stream ends early; 2 files before it were read", "2 events in 2 files"),
        (512 * 5 + 50, rows, "log/a.tar!c.json: tar stream ends early; no event came before it", "2 events in 3 files"),
        (512 * 3 + 500, rows, "log/a.tar: tar stream ends early; 2 files before it were read", "2 events in 2 files"),
    ] {
        let count = rows.lines().count();
        Trial::with("log/a.tar", &whole[..end]).run(&ROWS).shows(
            3,
            rows,
            &format!("trail2tsv: {said}\ntrail2tsv: {last} read, {count} matched; 1 problem, named above\n"),
        );
    }
    let packed = gzip(&whole);
    let cut = Trial::with("log/a.tgz", &packed[..packed.len() - 12]).run(&ROWS);
    assert!(cut.code == Some(3) && cut.stderr.contains("gzip stream ends early"), "{cut:?}");
    let mut wrong = packed.clone();
    let place = wrong.len() - 5;
    wrong[place] ^= 1;
    Trial::with("log/a.tgz", wrong).run(&ROWS).shows(
        3,
        "log/a.tgz!a.json\tA\nlog/a.tgz!b.json\tB\nlog/a.tgz!c.json\tC\n",
        "trail2tsv: log/a.tgz: gzip checksum does not match; 3 files before it were read\n\
         trail2tsv: 3 events in 3 files read, 3 matched; 1 problem, named above\n",
    );
    // The directory of a zip archive is at its end.
    let zip = both(zipped);
    for end in [zip.len() - 1, zip.len() / 2, 40] {
        Trial::with("log/a.zip", &zip[..end]).run(&ROWS).shows(
            3,
            "",
            "trail2tsv: log/a.zip: zip stream ends early; nothing was read\n\
             trail2tsv: 0 events in 0 files read, 0 matched; 1 problem, named above\n",
        );
    }
    for (name, file) in [("a.zst", zstd(log("A").repeat(99).as_bytes())), ("a.bz2", bzip2(log("A").as_bytes()))] {
        let ran = Trial::with(&format!("log/{name}"), &file[..file.len() - 5]).run(&ROWS);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.stderr.contains("stream ends early"), "{ran:?}");
    }
}

#[test]
fn overlapping_members_are_refused() {
    let mut file = zip(&[Member::new("a.json", log("A"))]);
    // The entry of the directory is repeated, always for the same member.
    let start = file.windows(4).position(|part| part == b"PK\x01\x02").unwrap();
    let end = file.windows(4).position(|part| part == b"PK\x05\x06").unwrap();
    let entry = file[start..end].to_vec();
    let mut last = file[end..].to_vec();
    last[8..12].copy_from_slice(&[200, 0, 200, 0]);
    last[12..16].copy_from_slice(&(entry.len() as u32 * 200).to_le_bytes());
    file.truncate(start);
    file.extend(entry.repeat(200));
    file.extend(last);
    let ran = Trial::with("log/a.zip", &file).run(&ROWS);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.stderr.starts_with("trail2tsv: log/a.zip: archive members overlap; the rest was not read; "),
        "{ran:?}"
    );
    assert!(ran.stdout.lines().count() < 200, "{ran:?}");
}

#[test]
fn other_kinds_of_archives_are_named_where_one_is_expected() {
    for (start, kind) in
        [(&b"7z\xbc\xaf\x27\x1c"[..], "7z"), (b"Rar!\x1a\x07\x01\0", "rar"), (b"\x04\x22\x4d\x18", "lz4")]
    {
        let trial = Trial::with("log/evidence.7z", start);
        let said = format!("packed as {kind}, which is not supported; unpack it first; nothing was read");
        trial.run(&ROWS).shows(
            3,
            "",
            &format!(
                "trail2tsv: log/evidence.7z: {said}\n\
                 trail2tsv: 0 events in 0 files read, 0 matched; 1 problem, named above\n"
            ),
        );
        let trial = Trial::with("log/data", start);
        let last = "trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 unsupported archive\n";
        trial.run(&ROWS).shows(0, "", last);
        trial.run(&["log/data", "--count"]).shows(
            3,
            "0\n",
            &format!(
                "trail2tsv: log/data: {said}\n\
                 trail2tsv: 0 events in 0 files read, 0 matched; 1 problem, named above\n"
            ),
        );
    }
}
