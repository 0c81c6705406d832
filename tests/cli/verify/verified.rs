//! The results that a verification keeps for later runs: the column `verified`, and the number
//! of files that are proven.

use std::fs;

use testkit::logs::gzip;

use super::SignedMirror;

impl SignedMirror {
    /// The verdicts in the rows, in the order of their events.
    fn verdicts(&self, input: &[&str]) -> Vec<String> {
        let options = ["-q", "--no-header", "--sort", "eventTime,file", "-c", "verified"];
        let ran = self.trial.run(&[input, &options].concat());
        ran.lines(0).into_iter().map(String::from).collect()
    }
}

#[test]
fn rows_show_whether_their_file_is_proven() {
    let mirror = SignedMirror::new();
    let logs = mirror.chain.log_keys(2);
    let path = |key: &str| mirror.trial.path("mirror").join(key);
    assert_eq!(mirror.verdicts(&["mirror"]), ["unknown"; 6], "nothing was verified");
    let event = String::from_utf8(testkit::logs::gunzip(&fs::read(path(&logs[0])).unwrap()).unwrap()).unwrap();
    fs::write(path(&logs[0]), gzip(event.replace("Root", "User").as_bytes())).unwrap();
    mirror.verify(&["-q"]);
    let expected = ["yes", "no", "yes", "yes", "yes", "yes"];
    assert_eq!(mirror.verdicts(&["mirror"]), expected);
    assert_eq!(mirror.verdicts(&["mirror/AWSLogs"]), expected);
    let offline = ["--bucket", "example-trail-logs", "--mirror", "mirror", "--offline"];
    assert_eq!(mirror.verdicts(&offline), expected);
    let sorted =
        mirror.trial.run(&["mirror", "-q", "--no-header", "--sort", "verified", "-c", "verified", "-f", "json"]);
    assert_eq!(sorted.lines(0)[..2], [r#"{"verified":"no"}"#, r#"{"verified":"yes"}"#]);
    let counted = mirror.trial.run(&["summary", "mirror", "-q", "--by", "verified", "-f", "tsv"]);
    assert!(counted.stdout.contains("\nyes\t5\t") && counted.stdout.contains("\nno\t1\t"), "{counted:?}");
}

#[test]
fn a_file_that_changes_later_is_unknown() {
    let mirror = SignedMirror::new();
    mirror.verify(&["-q"]);
    let path = mirror.trial.path("mirror").join(&mirror.chain.log_keys(1)[0]);
    let whole = fs::read(&path).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let mut changed = whole.clone();
    // This byte of the gzip header changes no event.
    changed[4] ^= 1;
    fs::write(&path, &changed).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(mirror.verdicts(&["mirror"])[..2], ["unknown", "yes"]);
    fs::write(&path, &whole).unwrap();
    assert_eq!(mirror.verdicts(&["mirror"])[..2], ["yes", "yes"]);
}

#[test]
fn a_later_verification_keeps_other_results() {
    let mirror = SignedMirror::new();
    mirror.verify(&["-q", "--until", "2026-11-01T03:00"]);
    assert_eq!(mirror.verdicts(&["mirror"]), ["yes", "yes", "yes", "unknown", "unknown", "unknown"]);
    mirror.verify(&["-q", "--since", "2026-11-01T03:00"]);
    assert_eq!(mirror.verdicts(&["mirror"]), ["yes"; 6]);
    assert!(mirror.trial.run(&["keys", "mirror", "-q"]).stdout.lines().all(|key| !key.contains(".trail2tsv")));
}

#[test]
fn the_column_is_not_a_condition_and_not_in_sql() {
    let mirror = SignedMirror::new();
    let refused = mirror.trial.run(&["mirror", "--where", "verified = yes"]);
    let text = "the verdict is not part of an event; grep the rows of --columns +verified";
    assert!(refused.code == Some(2) && refused.stderr.contains(text), "{refused:?}");
    let sql = mirror.trial.run(&["sql", "duckdb", "mirror", "-c", "verified"]);
    assert!(sql.code == Some(2) && sql.stderr.contains("the engine does not have the results of verify"), "{sql:?}");
    let all = mirror.trial.run(&["mirror", "-q", "-c", "all", "-n", "1"]);
    assert!(!all.stdout.contains("verified"), "{all:?}");
}

#[test]
fn a_page_and_a_workbook_say_how_many_files_are_proven() {
    let mirror = SignedMirror::new();
    let run = |arguments: &[&str]| assert_eq!(mirror.trial.run(arguments).code, Some(0));
    run(&["summary", "mirror", "-q", "--html", "before.html"]);
    assert!(!mirror.trial.read("before.html").contains("proven by trail2tsv verify"));
    mirror.verify(&["-q", "--until", "2026-11-01T05:00"]);
    run(&["summary", "mirror", "-q", "--html", "page.html"]);
    assert!(mirror.trial.read("page.html").contains("4 of 6 files proven by trail2tsv verify"));
    run(&["mirror", "-q", "-o", "book.xlsx"]);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(mirror.trial.path("book.xlsx")).unwrap();
    let about = calamine::Reader::worksheet_range(&mut book, "About").unwrap();
    let lines: Vec<String> = about.rows().map(|row| format!("{}: {}", row[0], row[1])).collect();
    assert!(lines.contains(&"Verified: 4 of 6 files proven by trail2tsv verify".to_string()), "{lines:?}");
}

#[cfg(unix)]
#[test]
fn a_read_only_mirror_is_verified() {
    use std::os::unix::fs::PermissionsExt;
    let mirror = SignedMirror::new();
    let folder = mirror.trial.path("mirror");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser can write everywhere.
    let is_superuser = fs::write(folder.join("x"), "").is_ok();
    let ran = mirror.verify(&[]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    if !is_superuser {
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains("the column verified will not know these results: "), "{ran:?}");
    }
}
