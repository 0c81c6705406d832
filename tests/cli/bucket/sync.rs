//! The subcommand `sync`.

use testkit::s3::{Bucket, Fault};

use super::cloud::{ACCOUNT, Cloud, OTHER, key, lines, minutes, signal, wait_until};
use crate::harness::RunResult;

fn sync(cloud: &Cloud, arguments: &[&str]) -> RunResult {
    cloud.trial.run(&[&["sync", "--bucket", "logs", "--mirror", "mirror"], arguments].concat())
}

#[test]
fn sync_mirrors_a_bucket_and_prints_no_rows() {
    let cloud = Cloud::with_logs(5);
    let size = cloud.size(&cloud.bucket.keys(""));
    sync(&cloud, &[]).shows(
        0,
        "",
        &format!(
            "trail2tsv: 5 objects downloaded ({size}), 0 already in the mirror; 5 list requests, 5 object requests\n"
        ),
    );
    assert_eq!((cloud.assert_whole(), cloud.mirrored()), (5, cloud.bucket.keys("")));
    cloud.server.reset_counts();
    sync(&cloud, &[]).shows(
        0,
        "",
        "trail2tsv: 0 objects downloaded (0 B), 5 already in the mirror; 5 list requests, 0 object requests\n",
    );
    assert_eq!(cloud.server.counts().get, 0);
    sync(&cloud, &["-q"]).shows(0, "", "");
    cloud.run(&["-q", "--offline"]).shows(0, &minutes(5), "");
}

#[test]
fn only_what_was_asked_for_is_mirrored() {
    let cloud = Cloud::new();
    let keys = [(ACCOUNT, "2026-10-01T09:15"), (ACCOUNT, "2026-10-02T09:15"), (OTHER, "2026-10-01T09:15")]
        .map(|(account, minute)| cloud.log("AWSLogs/", account, "eu-west-1", minute, &["x"]));
    cloud.log("AWSLogs/", ACCOUNT, "eu-west-2", "2026-10-01T09:15", &["x"]);
    let window = ["--since", "2026-10-02", "--account", ACCOUNT, "--region", "eu-west-1"];
    assert_eq!(sync(&cloud, &window).lines(0), [""; 0]);
    assert_eq!(cloud.mirrored(), keys[1..2]);
    let ran = cloud.trial.run(&["sync", &format!("s3://logs/{}", keys[2]), "--mirror", "mirror", "-vv"]);
    assert_eq!(ran.lines(0), [""; 0]);
    assert!(ran.stderr.contains(&format!("trail2tsv: s3://logs/{}\n", keys[2])), "{ran:?}");
    assert_eq!(cloud.mirrored(), keys[1..3]);
}

#[test]
fn a_settings_file_names_the_bucket() {
    let cloud = Cloud::with_logs(2);
    cloud.trial.write("audit.toml", "bucket = \"logs\"\n");
    let ran = cloud.trial.run(&["sync", "--config", "audit.toml", "--mirror", "mirror"]);
    assert_eq!(ran.lines(0), [""; 0]);
    assert_eq!(cloud.mirrored(), cloud.bucket.keys(""));
}

#[test]
fn objects_that_cannot_be_fetched_are_named() {
    let cloud = Cloud::with_logs(3);
    let keys = cloud.bucket.keys("");
    cloud.server.fault(Fault::get(&keys[1]).status(403, "AccessDenied"));
    let size = cloud.size(&[&keys[0], &keys[2]]);
    sync(&cloud, &[]).shows(
        3,
        "",
        &format!(
            "trail2tsv: s3://logs/{}: not downloaded: access denied: s3:GetObject is needed on arn:aws:s3:::logs/*; nothing was read\n\
             trail2tsv: 2 objects downloaded ({size}), 0 already in the mirror, 1 failed, named above; \
             5 list requests, 3 object requests\n",
            keys[1]
        ),
    );
    cloud.server.clear_faults();
    cloud.server.fault(Fault::any().status(403, "AccessDenied"));
    assert_eq!(sync(&cloud, &[]).code, Some(1));
}

#[test]
fn a_dry_run_says_what_is_missing_and_fetches_nothing() {
    let cloud = Cloud::with_logs(3);
    for (account, minute) in [(ACCOUNT, "2026-10-02T09:15"), (OTHER, "2026-10-01T09:15")] {
        cloud.log("AWSLogs/", account, "eu-west-1", minute, &["x"]);
    }
    let keys = cloud.bucket.keys("");
    cloud.trial.write(&format!("mirror/{}", keys[0]), cloud.bucket.get(&keys[0]).unwrap().body);
    cloud.trial.write(&format!("mirror/{}", keys[1]), "of another size");
    let [first, second, third] = [&keys[1..3], &keys[3..4], &keys[4..]].map(|keys| cloud.size(keys).0);
    let head = "account\tregion\tday\tobjects\tbytes\tpresent\tarchived\tkind";
    let rows = [
        head.to_string(),
        format!("{ACCOUNT}\teu-west-1\t2026-10-01\t2\t{first}\t1\t0\tCloudTrail"),
        format!("{ACCOUNT}\teu-west-1\t2026-10-02\t1\t{second}\t0\t0\tCloudTrail"),
        format!("{OTHER}\teu-west-1\t2026-10-01\t1\t{third}\t0\t0\tCloudTrail"),
    ];
    sync(&cloud, &["--dry-run"]).shows(
        0,
        &lines(&rows),
        &format!(
            "trail2tsv: 4 objects to download ({}), 1 already in the mirror; 8 list requests\n",
            cloud.size(&keys[1..])
        ),
    );
    assert_eq!((cloud.server.counts().get, cloud.mirrored().len()), (0, 2));
    let late = ["--dry-run", "-q", "--since", "2026-10-02T09:16"];
    sync(&cloud, &late).shows(0, &format!("{head}\n"), "");
    cloud.bucket.put(format!("AWSLogs/{ACCOUNT}/CloudTrail/eu\t1/../x"), "");
    let ran = sync(&cloud, &["--dry-run"]);
    assert_eq!(ran.lines(3), rows);
    assert!(ran.stderr.contains("/../x: not mirrored: its key contains characters"), "{ran:?}");
}

#[test]
fn sync_can_be_interrupted() {
    let cloud = Cloud::with_logs(8);
    cloud.server.fault(Fault::get(&cloud.bucket.keys("")[5]).stall(std::time::Duration::from_secs(600)));
    let child = cloud.trial.command(&["sync", "s3://logs", "--mirror", "mirror"]).spawn().unwrap();
    wait_until(|| cloud.assert_whole() == 7);
    signal(&child, "-INT");
    cloud.trial.ran(&[], child.wait_with_output().unwrap()).shows(130, "", "trail2tsv: interrupted\n");
    assert_eq!((cloud.assert_whole(), cloud.mirrored().len()), (7, 7));
}

#[test]
fn several_buckets_are_mirrored_one_after_the_other() {
    let cloud = Cloud::with_logs(2);
    let more = cloud.server.add_bucket("more", Bucket::new());
    more.put(key("AWSLogs/", OTHER, "eu-west-1", "2026-10-01T09:15").replace(".gz", ""), "body");
    let ran = cloud.trial.run(&["sync", "s3://logs", "s3://more"]);
    let said = format!(
        "trail2tsv: 3 objects downloaded ({})",
        indicatif::HumanBytes(4 + cloud.size(&cloud.bucket.keys("")).0)
    );
    assert!(ran.stderr.starts_with(&said), "{ran:?}");
    assert_eq!(cloud.trial.run(&["s3://more", "--offline", "-q"]).code, Some(3), "its body is not a log");
}

#[test]
fn options_without_effect_on_a_mirror_are_usage_errors() {
    let cloud = Cloud::new();
    for arguments in [
        &["-e", "RunInstances"][..],
        &["--user", "bob"],
        &["--columns", "eventName"],
        &["-o", "x.tsv"],
        &["--count"],
        &["--threads", "2"],
        &["--offline"],
        &["some/folder"],
        &["-"],
        &["--since", "soon"],
    ] {
        assert_eq!(sync(&cloud, arguments).code, Some(2), "{arguments:?}");
    }
    assert_eq!(cloud.trial.run(&["sync"]).code, Some(2));
    assert_eq!(cloud.trial.run(&["sync", "--mirror", "x"]).code, Some(2));
    assert_eq!(cloud.server.counts().list, 0);
}
