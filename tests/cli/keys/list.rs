//! `keys` without `--split`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::s3::Fault;

use crate::bucket::cloud::{ACCOUNT, Cloud, OTHER, lines};
use crate::harness::Trial;

/// The lines of objects of the bucket.
fn listed(cloud: &Cloud, keys: &[impl AsRef<str>]) -> String {
    let line = |key: &str| format!("s3://logs/{key}\t{}", cloud.bucket.get(key).unwrap().body.len());
    lines(&keys.iter().map(|key| line(key.as_ref())).collect::<Vec<_>>())
}

#[test]
fn objects_of_the_window_and_scope_are_listed() {
    let cloud = Cloud::with_logs(3);
    let other = cloud.log("AWSLogs/", OTHER, "us-east-1", "2026-10-02T10:00", &["X"]);
    let keys = cloud.bucket.keys("");
    assert_eq!(keys.len(), 4);
    let ran = cloud.trial.run(&["keys", "--bucket", "logs"]);
    let requests = cloud.server.counts().list;
    let last = format!("trail2tsv: 4 objects listed ({}); {requests} list requests\n", cloud.size(&keys));
    ran.shows(0, &listed(&cloud, &keys), &last);
    assert_eq!(cloud.server.counts().get, 0);
    cloud.trial.run(&["keys", "-q", "s3://logs", "--account", OTHER]).shows(0, &listed(&cloud, &[&other]), "");
    cloud.server.reset_counts();
    let ran = cloud.trial.run(&["keys", "s3://logs", "--since", "2026-10-01T09:01"]);
    let (later, requests) = (&keys[1..], cloud.server.counts().list);
    let last = format!(
        "trail2tsv: 3 objects listed ({}); {requests} list requests; 1 object not listed: delivered before the window\n",
        cloud.size(later)
    );
    ran.shows(0, &listed(&cloud, later), &last);
    let ran = cloud.trial.run(&["keys", "s3://logs", "--until", "2026-10-02", "-o", "keys.txt"]);
    assert!(ran.stderr.ends_with("; searched for late deliveries up to 2026-10-03\n"), "{ran:?}");
    assert_eq!((ran.code, cloud.trial.read("keys.txt")), (Some(0), listed(&cloud, &keys)));
}

#[test]
fn files_of_folders_and_mirrors_are_listed() {
    let trial = Trial::new();
    trial.write("logs/b/x.json", "12");
    trial.write("logs/a.json", "1");
    trial.write("logs/.a.json.gz.trail2tsv-part", "1");
    trial.write("one.json", "");
    trial.run(&["keys", "logs", "./one.json"]).shows(
        0,
        "logs/a.json\t1\nlogs/b/x.json\t2\n./one.json\t0\n",
        "trail2tsv: 3 objects listed (3 B); 1 unfinished download not listed\n",
    );
    let day = format!("{ACCOUNT}/CloudTrail/eu-west-1/2026/10/01");
    let names = ["0800", "0900"].map(|time| format!("{day}/{ACCOUNT}_CloudTrail_eu-west-1_20261001T{time}Z_A.json.gz"));
    names.iter().for_each(|name| trial.write(&format!("days/{name}"), ""));
    trial.run(&["keys", "days", "--since", "2026-10-01T08:30"]).shows(
        0,
        &format!("days/{}\t0\n", names[1]),
        "trail2tsv: 1 object listed (0 B); 1 object not listed: delivered before the window\n",
    );
    let cloud = Cloud::with_logs(2);
    cloud.run(&["-q"]);
    let keys = cloud.bucket.keys("");
    cloud.server.reset_counts();
    let offline = ["keys", "-q", "--bucket", "logs", "--mirror", "mirror", "--offline"];
    cloud.trial.run(&offline).shows(0, &listed(&cloud, &keys), "");
    assert_eq!(cloud.server.counts().list, 0);
}

#[cfg(unix)]
#[test]
fn hostile_names_are_quoted() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let trial = Trial::new();
    for name in [&b"a\tb\nc"[..], b"\x1b[31m", b"\"q\"", b"\xff", b" s p ", "é\u{202e}".as_bytes()] {
        std::fs::create_dir_all(trial.path("logs")).unwrap();
        std::fs::write(trial.path("logs").join(OsStr::from_bytes(name)), "1").unwrap();
    }
    trial.run(&["keys", "-q", "logs"]).shows(
        0,
        "\"logs/\\033[31m\"\t1\nlogs/ s p \t1\nlogs/\"q\"\t1\n\"logs/a\\tb\\nc\"\t1\n\"logs/é\\342\\200\\256\"\t1\n\"logs/\\377\"\t1\n",
        "",
    );
    let cloud = Cloud::new();
    let day = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/10/01/");
    for name in ["a\tb\n.json", "\u{1b}[31m"] {
        cloud.bucket.put(format!("{day}{name}"), "12");
    }
    let lines = format!("\"s3://logs/{day}\\033[31m\"\t2\n\"s3://logs/{day}a\\tb\\n.json\"\t2\n");
    cloud.trial.run(&["keys", "-q", "s3://logs"]).shows(0, &lines, "");
}

#[test]
fn what_cannot_be_listed_is_named() {
    let cloud = Cloud::with_logs(3);
    let keys = cloud.bucket.keys("");
    let archived = cloud.bucket.get(&keys[1]).unwrap().storage_class("GLACIER");
    cloud.bucket.put(&keys[1], archived);
    let advice =
        "1 object is archived in S3 Glacier and not listed; restore it (aws s3api restore-object), then run again";
    let rows = listed(&cloud, &[&keys[0], &keys[2]]);
    let ran = cloud.trial.run(&["keys", "s3://logs"]);
    assert!(ran.stderr.ends_with(&format!(" list requests; {advice}\n")), "{ran:?}");
    ran.shows(3, &rows, &ran.stderr);
    cloud.trial.run(&["keys", "-q", "s3://logs"]).shows(3, &rows, &format!("trail2tsv: {advice}\n"));

    let cloud = Cloud::with_logs(1);
    let key = cloud.log("AWSLogs/", ACCOUNT, "us-east-1", "2026-10-01T09:00", &["X"]);
    cloud.server.fault(Fault::list("*/us-east-1/*").status(403, "AccessDenied"));
    let ran = cloud.trial.run(&["keys", "-q", "s3://logs"]);
    assert!(ran.stderr.contains("/us-east-1/") && ran.stderr.contains("access denied"), "{ran:?}");
    let found: Vec<String> = cloud.bucket.keys("").into_iter().filter(|other| *other != key).collect();
    ran.shows(3, &listed(&cloud, &found), &ran.stderr);
}

#[test]
fn wrong_usage_is_explained() {
    let trial = Trial::with("x.json", "");
    for (arguments, error) in [
        (&[][..], "keys: nothing to list; name --bucket BUCKET, s3://BUCKET/PREFIX or a folder"),
        (&["-"], "-: not a bucket or a folder; keys lists no streams"),
        (&["--event-history"], "--event-history has no objects that keys could list"),
        (&["x.json", "--offline"], "--offline needs --bucket BUCKET or s3://BUCKET/PREFIX"),
        (&["x.json", "--late-days", "3"], "--late-days needs --bucket BUCKET or s3://BUCKET/PREFIX"),
    ] {
        let said = format!("trail2tsv: {error}\ntrail2tsv: try --help\n");
        trial.run(&[&["keys"], arguments].concat()).shows(2, "", &said);
    }
    trial.run(&["keys", "nowhere"]).shows(1, "", "trail2tsv: nowhere: cannot be read: No such file or directory\n");
    for arguments in [&["--split", "2"][..], &["--output-dir", "d"], &["--split", "0", "--output-dir", "d"]] {
        let ran = trial.run(&[&["keys", "x.json"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    }
    assert!(!trial.path("d").exists());
}
