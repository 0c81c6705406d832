//! Hostile and unusual keys never lead out of the mirror and are never skipped silently.
//! Mirrors that cannot be written are reported.

use std::fs;

use super::cloud::{ACCOUNT, Cloud, files, lines, minutes};

const LOG: &str = r#"{"eventName":"hostile","eventVersion":"1"}"#;

/// The folder of the day that the logs of [`Cloud::with_logs`] are in.
fn day() -> String {
    format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/10/01/")
}

#[test]
fn keys_that_lead_elsewhere_are_named_and_not_followed() {
    const OUT: &str = "its key contains an empty name, . or ..";
    const ODD: &str = "its key contains characters that some systems do not allow in file names";
    const LONG: &str = "its key contains a name that is too long for a file";
    let long = format!("{}.json.gz", "x".repeat(300));
    for (name, reason) in [
        ("../../../../../../../../x.json.gz", OUT),
        ("/etc/passwd", OUT),
        ("./x.json.gz", OUT),
        ("a//b.json.gz", OUT),
        ("..\\..\\x.json.gz", ODD),
        ("C:\\x.json.gz", ODD),
        ("C:x.json.gz", ODD),
        ("a\u{1b}[31m.json.gz", ODD),
        ("a\nb.json.gz", ODD),
        (&long, LONG),
        (".trail2tsv-bucket", "its key is reserved for a file of the mirror"),
        ("a.json.gz.trail2tsv-part", "its key ends in the suffix of unfinished downloads"),
        ("folder/", OUT),
    ] {
        let cloud = Cloud::with_logs(2);
        cloud.bucket.put(format!("{}{name}", day()), LOG);
        let shown: String =
            name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
        let said = format!("trail2tsv: s3://logs/{}{shown}: not mirrored: {reason}; nothing was read\n", day());
        cloud.run(&["-q"]).shows(3, &minutes(2), &said);
        assert_eq!(cloud.assert_whole(), 2);
        assert_eq!(files(&cloud.trial.path("")).len(), 2, "{name:?}");
        assert_eq!(cloud.server.counts().get, 2);
    }
}

#[test]
fn hostile_folder_names_cannot_leave_the_mirror() {
    for key in [
        format!("AWSLogs/{ACCOUNT}/CloudTrail/../../../../../../x.json.gz"),
        format!("AWSLogs/{ACCOUNT}/CloudTrail/a\u{1}b/x.json.gz"),
        format!("../AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/x.json.gz"),
    ] {
        let cloud = Cloud::new();
        cloud.bucket.put(&key, LOG);
        let ran = cloud.run(&["-q"]);
        assert_eq!(ran.lines(3), [""; 0]);
        assert!(ran.stderr.contains(": not mirrored: its key "), "{ran:?}");
        assert_eq!(files(&cloud.trial.path("")).len(), 0);
    }
}

#[test]
fn unusual_but_safe_keys_are_read_as_logs() {
    let cloud = Cloud::new();
    let names = ["%2e%2e%2fx.json", "a b+c&d=e.json", "..x", "a..b", "é\u{1f980}.json", "~x", "$(x)", "-x.json"];
    for name in names {
        cloud.bucket.put(format!("{}{name}", day()), format!("{{\"eventName\":\"{name}\",\"eventVersion\":\"1\"}}"));
    }
    let mut rows = names;
    rows.sort_unstable();
    cloud.run(&["-q", "--raw"]).shows(0, &lines(&rows), "");
    assert_eq!(cloud.assert_whole(), names.len());
    cloud.run(&["-q", "--raw", "--offline"]).shows(0, &lines(&rows), "");
}

#[test]
fn of_a_file_and_a_folder_with_one_key_the_first_is_mirrored() {
    const WHY: &str = "the mirror has a file where a folder is needed, or the reverse";
    for _ in 0..5 {
        let cloud = Cloud::new();
        for name in ["x", "x-1", "x/y", "x/z/y", "z"] {
            cloud
                .bucket
                .put(format!("{}{name}", day()), format!("{{\"eventName\":\"{name}\",\"eventVersion\":\"1\"}}"));
        }
        let said =
            |name: &str| format!("trail2tsv: s3://logs/{}{name}: not mirrored: {WHY}; nothing was read\n", day());
        cloud.run(&["-q"]).shows(3, "x\nx-1\nz\n", &[said("x/y"), said("x/z/y")].concat());
        assert_eq!(cloud.assert_whole(), 3);
    }
    // The mirror has a folder where the object would be.
    let cloud = Cloud::with_logs(2);
    let key = &cloud.bucket.keys("")[0];
    fs::create_dir_all(cloud.trial.path("mirror").join(key)).unwrap();
    let said = format!("trail2tsv: s3://logs/{key}: not mirrored: {WHY}; nothing was read\n");
    cloud.run(&["-q"]).shows(3, "E001\n", &said);
}

#[test]
fn names_that_differ_only_in_case_are_two_objects() {
    let cloud = Cloud::new();
    for name in ["a/x.json", "A/x.json", "a/X.json"] {
        cloud.bucket.put(format!("{}{name}", day()), format!("{{\"eventName\":\"{name}\",\"eventVersion\":\"1\"}}"));
    }
    let ran = cloud.run(&["-q"]);
    if cfg!(target_os = "linux") {
        ran.shows(0, "A/x.json\na/X.json\na/x.json\n", "");
        assert_eq!(cloud.assert_whole(), 3);
    }
}

#[test]
fn empty_objects_for_folders_are_not_logs() {
    let cloud = Cloud::with_logs(2);
    for folder in ["AWSLogs/".to_string(), format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/"), day()] {
        cloud.bucket.put(folder, "");
    }
    cloud.run(&["-q"]).shows(0, &minutes(2), "");
    assert_eq!(cloud.server.counts().get, 2);
}

#[test]
fn an_empty_object_is_mirrored_and_counted() {
    let cloud = Cloud::with_logs(1);
    cloud.bucket.put(format!("{}z.json.gz", day()), "");
    let size = cloud.size(&cloud.bucket.keys(""));
    cloud.run(&[]).shows(
        0,
        "E000\n",
        &format!(
            "trail2tsv: 2 objects downloaded ({size}), 0 already in the mirror; \
             1 event in 1 file read, 1 matched; 1 file skipped: 1 empty\n"
        ),
    );
    cloud.server.reset_counts();
    cloud.run(&["-q"]).shows(0, "E000\n", "");
    assert_eq!(cloud.server.counts().get, 0);
}

#[test]
fn a_mirror_that_cannot_be_made_is_named() {
    let cloud = Cloud::with_logs(1);
    cloud.trial.write("mirror", "a file");
    cloud.run(&[]).shows(
        1,
        "",
        "trail2tsv: mirror: the mirror cannot be created: File exists; choose another with --mirror\n",
    );
    assert_eq!((cloud.trial.read("mirror"), cloud.server.counts().list), ("a file".into(), 0));
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_run_and_a_later_run_continues() {
    let cloud = Cloud::with_logs(3);
    let key = &cloud.bucket.keys("")[1];
    let mut random = fastrand::Rng::with_seed(1);
    let agent: String = (0..20_000).map(|_| random.alphanumeric()).collect();
    let event = format!(r#"{{"Records":[{{"eventName":"E001","userAgent":"{agent}"}}]}}"#);
    cloud.bucket.put(key.as_str(), crate::harness::gzip(event));
    // The size of files is limited, which acts like a full disk.
    let limited = r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#;
    for job in [&["sync", "s3://logs", "--mirror", "mirror"][..], &["s3://logs", "--mirror", "mirror", "--count"]] {
        let plain = cloud.trial.command(job);
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(limited).arg(plain.get_program()).args(job).current_dir(cloud.trial.path(""));
        shell.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = cloud.trial.ran(job, shell.output().unwrap());
        let said =
            format!("trail2tsv: mirror/{key}: cannot be written: File too large; files already mirrored are kept\n");
        ran.shows(1, "", &said);
        assert!(cloud.assert_whole() < 3);
        assert!(!cloud.mirrored().iter().any(|key| key.ends_with(super::cloud::PART)), "a partial file remains");
    }
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    assert_eq!(cloud.assert_whole(), 3);
}

#[cfg(unix)]
#[test]
fn a_complete_mirror_may_be_read_only() {
    use std::os::unix::fs::PermissionsExt;

    let cloud = Cloud::with_logs(2);
    cloud.run(&["-q"]).shows(0, &minutes(2), "");
    let folder = cloud.trial.path("mirror").join(day());
    let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    cloud.run(&["-q"]).shows(0, &minutes(2), "");
    let key = cloud.minute(2);
    let ran = cloud.run(&["-q"]);
    mode(0o755);
    // For root, everything is writable.
    match ran.code {
        Some(0) => ran.shows(0, &minutes(3), ""),
        _ => ran.shows(
            1,
            &minutes(2),
            &format!(
                "trail2tsv: mirror/{key}: cannot be written: Permission denied; files already mirrored are kept\n"
            ),
        ),
    };
}
