//! Digests: mirrored on request, with their signatures, and ignored by commands that read events.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;
use std::time::Duration;

use testkit::s3::{Fault, Object};

use super::cloud::{ACCOUNT, Cloud, OTHER, PART, lines, signal, wait_until};
use crate::harness::{RunResult, gzip};

/// The key of a digest that ends at `hour`, which is like `2026-10-01T09`.
fn digest_key(account: &str, region: &str, hour: &str) -> String {
    let (day, stamp) = (hour[..10].replace('-', "/"), hour.replace('-', ""));
    format!(
        "AWSLogs/{account}/CloudTrail-Digest/{region}/{day}/\
         {account}_CloudTrail-Digest_{region}_trail_us-east-1_{stamp}0000Z.json.gz"
    )
}

/// Puts a digest with a signature that names its hour, and returns its key.
fn digest(cloud: &Cloud, account: &str, region: &str, hour: &str) -> String {
    let key = digest_key(account, region, hour);
    let content = gzip(format!(r#"{{"digestS3Object":"{key}","digestEndTime":"{hour}:00:00Z","logFiles":[]}}"#));
    cloud.bucket.put(&key, signed(content, hour));
    key
}

fn signed(content: Vec<u8>, signature: &str) -> Object {
    Object::new(content).metadata("signature", signature).metadata("signature-algorithm", "SHA256withRSA")
}

/// A bucket with `count` logs of minutes from 2026-10-01T09:00, and as many digests of hours.
fn with_digests(count: usize) -> Cloud {
    let cloud = Cloud::with_logs(count);
    for number in 0..count {
        let hour = format!("2026-10-{:02}T{:02}", 1 + (number + 10) / 24, (number + 10) % 24);
        digest(&cloud, ACCOUNT, "eu-west-1", &hour);
    }
    cloud
}

fn sync(cloud: &Cloud, arguments: &[&str]) -> RunResult {
    cloud.trial.run(&[&["sync", "--bucket", "logs", "--mirror", "mirror", "--digests"], arguments].concat())
}

/// The text of the metadata beside a digest.
fn metadata(cloud: &Cloud, key: &str) -> String {
    cloud.trial.read(&format!("mirror/{key}.meta"))
}

fn expected_metadata(cloud: &Cloud, key: &str) -> String {
    let object = cloud.bucket.get(key).unwrap();
    let value = |name: &str| object.metadata.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let named = ["signature", "signature-algorithm", "backfill-generation-timestamp"]
        .into_iter()
        .filter_map(|name| Some(format!("{name:?}:{:?},", value(name)?)));
    format!("{{{}\"etag\":\"{}\"}}\n", named.collect::<String>(), object.etag)
}

/// Checks that each complete file of the mirror is the object of its name, and that each
/// digest has its metadata. Returns the keys.
#[track_caller]
fn assert_whole(cloud: &Cloud) -> Vec<String> {
    let (metadata_files, keys): (Vec<_>, Vec<_>) =
        cloud.mirrored().into_iter().filter(|key| !key.ends_with(PART)).partition(|key| key.ends_with(".meta"));
    let metadata_files: BTreeSet<String> = metadata_files.into_iter().collect();
    for key in &keys {
        assert_eq!(std::fs::read(cloud.trial.path("mirror").join(key)).unwrap(), cloud.bucket.get(key).unwrap().body);
        if key.contains("/CloudTrail-Digest/") {
            assert!(metadata_files.contains(&format!("{key}.meta")), "{key}");
            assert_eq!(metadata(cloud, key), expected_metadata(cloud, key));
        }
    }
    keys
}

#[test]
fn digests_are_mirrored_with_their_signatures() {
    let cloud = with_digests(5);
    let keys = cloud.bucket.keys("");
    let size = cloud.size(&keys);
    sync(&cloud, &[]).shows(
        0,
        "",
        &format!(
            "trail2tsv: 5 objects and 5 digests downloaded ({size}), 0 objects and 0 digests already in the mirror; \
             10 list requests, 10 object requests\n"
        ),
    );
    assert_eq!(assert_whole(&cloud), keys);
    let counts = cloud.server.counts();
    assert_eq!((counts.get, counts.head), (10, 0), "metadata needs no request of its own");
    cloud.server.reset_counts();
    sync(&cloud, &[]).shows(
        0,
        "",
        "trail2tsv: 0 objects and 0 digests downloaded (0 B), 5 objects and 5 digests already in the mirror; \
         10 list requests, 0 object requests\n",
    );
}

#[test]
fn a_digest_without_metadata_is_fetched_again() {
    let cloud = with_digests(3);
    // Other tools copy a bucket without metadata.
    for key in cloud.bucket.keys("") {
        cloud.trial.write(&format!("mirror/{key}"), cloud.bucket.get(&key).unwrap().body);
    }
    sync(&cloud, &["-q"]).shows(0, "", "");
    assert_eq!((cloud.server.counts().get, assert_whole(&cloud).len()), (3, 6));
    std::fs::remove_file(cloud.trial.path(&format!("mirror/{}.meta", cloud.bucket.keys("")[1]))).unwrap();
    cloud.server.reset_counts();
    sync(&cloud, &["-q"]).shows(0, "", "");
    assert_eq!((cloud.server.counts().get, assert_whole(&cloud).len()), (1, 6));
}

#[test]
fn only_known_metadata_of_a_digest_is_saved() {
    let cloud = Cloud::with_logs(1);
    let lost = digest_key(ACCOUNT, "eu-west-1", "2026-10-01T10");
    cloud.bucket.put(&lost, Object::new(gzip("{}")));
    let backfill = lost.replace("Z.json.gz", "Z_backfill.json.gz");
    let object = signed(gzip("{}"), "00ff").metadata("backfill-generation-timestamp", "2026-10-02T00:00:00Z");
    cloud.bucket.put(&backfill, object.metadata("something-else", "x"));
    sync(&cloud, &["-q"]).shows(0, "", "");
    assert_eq!(assert_whole(&cloud).len(), 3);
    assert!(!metadata(&cloud, &lost).contains("signature"));
    let kept = metadata(&cloud, &backfill);
    assert!(kept.contains(r#""backfill-generation-timestamp":"2026-10-02T00:00:00Z""#) && !kept.contains("else"));
}

#[test]
fn digests_of_the_window_accounts_and_regions_are_mirrored() {
    let cloud = Cloud::new();
    for day in 1..=6 {
        let hour = format!("2026-10-{day:02}T00");
        for (account, region) in [(ACCOUNT, "eu-west-1"), (ACCOUNT, "eu-west-2"), (OTHER, "eu-west-1")] {
            cloud.log("AWSLogs/", account, region, &format!("{hour}:30"), &["x"]);
            digest(&cloud, account, region, &hour);
        }
    }
    let window = ["--since", "2026-10-02", "--until", "2026-10-03", "--account", ACCOUNT, "--region", "eu-west-1"];
    sync(&cloud, &window).lines(0);
    // Logs are searched for one day longer than the window, and digests for two.
    let digests: Vec<String> =
        (2..=5).map(|day| digest_key(ACCOUNT, "eu-west-1", &format!("2026-10-{day:02}T00"))).collect();
    let keys = assert_whole(&cloud);
    let (mirrored, logs): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.contains("-Digest"));
    assert_eq!(mirrored, digests);
    assert_eq!(logs.len(), 3, "{logs:?}");
    sync(&cloud, &["--since", "2026-10-06", "-q"]).shows(0, "", "");
    assert!(assert_whole(&cloud).contains(&digest_key(OTHER, "eu-west-1", "2026-10-06T00")));
    sync(&cloud, &["-q"]).shows(0, "", "");
    assert_eq!(assert_whole(&cloud), cloud.bucket.keys(""));
}

#[test]
fn a_mirror_of_logs_alone_says_that_digests_are_left_out() {
    let cloud = with_digests(2);
    let logs: Vec<String> = cloud.bucket.keys("").into_iter().filter(|key| !key.contains("-Digest")).collect();
    for (arguments, said) in
        [(&["--dry-run"][..], "to download"), (&[], "downloaded"), (&["s3://logs/AWSLogs/111122223333/"], "downloaded")]
    {
        let bucket =
            if arguments.iter().any(|argument| argument.starts_with("s3:")) { &[][..] } else { &["s3://logs"] };
        let ran = cloud.trial.run(&[&["sync", "--mirror", "mirror"], bucket, arguments].concat());
        let left_out = "; not mirrored: CloudTrail-Digest (mirrored with --digests)\n";
        assert!(ran.code == Some(0) && ran.stderr.ends_with(left_out) && ran.stderr.contains(said), "{ran:?}");
    }
    assert_eq!(cloud.mirrored(), logs);
    // Digests of accounts that were not requested are not mentioned.
    cloud.log("AWSLogs/", OTHER, "eu-west-1", "2026-10-01T09:15", &["x"]);
    let ran = cloud.trial.run(&["sync", "s3://logs", "--account", OTHER]);
    assert!(!ran.stderr.contains("Digest"), "{ran:?}");
}

#[test]
fn a_dry_run_shows_digests_as_a_kind() {
    let cloud = with_digests(3);
    let keys = cloud.bucket.keys("");
    cloud.trial.write(&format!("mirror/{}", keys[0]), cloud.bucket.get(&keys[0]).unwrap().body);
    cloud.trial.write(&format!("mirror/{}", keys[1]), cloud.bucket.get(&keys[1]).unwrap().body);
    cloud.trial.write(&format!("mirror/{}.meta", keys[1]), "{}");
    let [digests, logs] = [&[&keys[0], &keys[2]][..], &[&keys[3], &keys[4], &keys[5]]].map(|keys| cloud.size(keys).0);
    let rows = [
        "account\tregion\tday\tobjects\tbytes\tpresent\tarchived\tkind".to_string(),
        format!("{ACCOUNT}\teu-west-1\t2026-10-01\t2\t{digests}\t1\t0\tCloudTrail-Digest"),
        format!("{ACCOUNT}\teu-west-1\t2026-10-01\t3\t{logs}\t0\t0\tCloudTrail"),
    ];
    sync(&cloud, &["--dry-run"]).shows(
        0,
        &lines(&rows),
        &format!(
            "trail2tsv: 3 objects and 2 digests to download ({}), 0 objects and 1 digest already in the mirror; \
             10 list requests\n",
            indicatif::HumanBytes(digests + logs)
        ),
    );
    assert_eq!(cloud.server.counts().get, 0);
}

#[test]
fn commands_that_read_events_ignore_digests_and_the_files_of_the_mirror() {
    let cloud = with_digests(2);
    sync(&cloud, &["-q"]).shows(0, "", "");
    cloud.trial.write("mirror/.trail2tsv-keys.json", r#"{"keys":[]}"#);
    let present = "trail2tsv: 0 objects downloaded (0 B), 2 already in the mirror; \
                   2 events in 2 files read, 2 matched\n";
    cloud.run(&[]).shows(0, "E000\nE001\n", present);
    let read = "trail2tsv: 2 events in 2 files read, 2 matched\n";
    cloud.run(&["--offline"]).shows(0, "E000\nE001\n", read);
    cloud.run(&["--offline", "--prefix", "AWSLogs/111122223333/CloudTrail"]).shows(0, "E000\nE001\n", read);
    // A folder is read whole.
    let skipped = "trail2tsv: 2 events in 2 files read, 2 matched; 2 files skipped: 2 digests\n";
    cloud.trial.run(&["mirror", "-c", "eventName", "--no-header"]).shows(0, "E000\nE001\n", skipped);
    let ran = cloud.trial.run(&["summary", "mirror"]);
    assert!(ran.stderr.ends_with("; 2 files skipped: 2 digests\n"), "{ran:?}");
    std::fs::remove_dir_all(cloud.trial.path("mirror/AWSLogs")).unwrap();
    let ran = cloud.run(&["--offline"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("the mirror contains no objects of s3://logs"), "{ran:?}");
}

#[test]
fn objects_that_claim_to_be_files_of_the_mirror_are_refused() {
    let cloud = with_digests(1);
    let key = cloud.bucket.keys("")[0].clone();
    cloud.bucket.put(format!("{key}.meta"), r#"{"signature":"planted"}"#);
    cloud.bucket.put(".trail2tsv-keys.json", r#"{"keys":[]}"#);
    let ran = sync(&cloud, &[]);
    let refused = format!(
        "trail2tsv: s3://logs/{key}.meta: not mirrored: its key is reserved for a file of the mirror; nothing was read\n"
    );
    assert!(ran.code == Some(3) && ran.stderr.starts_with(&refused), "{ran:?}");
    assert_eq!(metadata(&cloud, &key), expected_metadata(&cloud, &key));
    let ran = cloud.trial.run(&["sync", "s3://logs/.trail2tsv-keys.json", "--mirror", "mirror"]);
    assert!(ran.code == Some(3) && ran.stderr.contains("reserved for a file of the mirror"), "{ran:?}");
    assert!(!cloud.trial.path("mirror/.trail2tsv-keys.json").exists());
}

#[test]
fn a_prefix_can_name_digests() {
    let cloud = with_digests(2);
    let keys = cloud.bucket.keys("");
    let folder = format!("s3://logs/AWSLogs/{ACCOUNT}/CloudTrail-Digest/");
    let run = |arguments: &[&str]| cloud.trial.run(&[&["sync", "--mirror", "mirror"], arguments].concat());
    let text = "digest files contain no events; name the log files beside them";
    run(&[&folder]).shows(1, "", &format!("trail2tsv: {folder}: {text}\n"));
    run(&["--digests", &folder, "-q"]).shows(0, "", "");
    assert_eq!(assert_whole(&cloud), keys[..2]);
    let logs = folder.replace("-Digest", "");
    let ran = run(&["--digests", &logs]);
    let note = "no digests are below this prefix; they are beside it, in CloudTrail-Digest/";
    assert!(ran.code == Some(0) && ran.stderr.starts_with(&format!("trail2tsv: {logs}: {note}\n")), "{ran:?}");
    std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
    run(&["--digests", &format!("s3://logs/{}", keys[0]), "-q"]).shows(0, "", "");
    assert_eq!(assert_whole(&cloud), keys[..1]);
}

#[test]
fn a_setting_mirrors_digests() {
    let mut cloud = with_digests(1);
    cloud.trial.write("audit.toml", "bucket = \"logs\"\ndigests = true\n");
    let run = ["--config", "audit.toml", "--mirror", "mirror", "-q"];
    cloud.trial.run(&[&["sync"], &run[..]].concat()).shows(0, "", "");
    assert_eq!(assert_whole(&cloud).len(), 2);
    // Other commands have no such option, and ignore the setting.
    cloud.trial.run(&[&["-c", "eventName"], &run[..]].concat()).shows(0, "eventName\nE000\n", "");
    cloud.trial.env("TRAIL2TSV_DIGESTS", "perhaps");
    assert_eq!(cloud.trial.run(&["sync", "s3://logs"]).code, Some(2));
}

#[test]
fn faults_lose_neither_a_digest_nor_its_metadata() {
    let faults: [fn() -> Fault; 7] = [
        || Fault::any().chance(0.2, 1).status(503, "SlowDown"),
        || Fault::any().chance(0.1, 3).reset(),
        || Fault::get("*").times_each_key(2).short_body(1),
        || Fault::get("*").times_each_key(2).reset_halfway(),
        || Fault::get("*").times_each_key(2).truncated_body(9),
        || Fault::get("*").times_each_key(2).long_body(9),
        || Fault::get("*").times_each_key(1).reset_at_end(),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let cloud = with_digests(20);
        let fired = cloud.server.fault(fault());
        sync(&cloud, &["-q"]).shows(0, "", "");
        assert!(fired.fired() > 0, "{number}");
        assert_eq!(assert_whole(&cloud), cloud.bucket.keys(""));
        assert_eq!(cloud.mirrored().len(), 60, "temporary files remain");
    }
}

#[test]
fn a_digest_without_a_checksum_is_checked_and_kept_with_its_metadata() {
    let cloud = Cloud::new();
    cloud.log("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T09:15", &["x"]);
    let key = digest_key(ACCOUNT, "eu-west-1", "2026-10-01T10");
    cloud.bucket.put(&key, signed(gzip("{}")[..10].to_vec(), "00ff"));
    let ran = sync(&cloud, &[]);
    assert!(ran.code == Some(3) && ran.stderr.contains("CloudTrail-Digest"), "{ran:?}");
    assert_eq!(assert_whole(&cloud).len(), 2, "evidence is kept as it is");
}

#[test]
fn a_digest_in_the_mirror_has_its_metadata_whenever_a_run_is_killed() {
    const COUNT: usize = 30;
    let cloud = with_digests(COUNT);
    let mut random = fastrand::Rng::with_seed(7);
    cloud.server.fault(Fault::get("*").stall(Duration::from_millis(5)));
    for _ in 0..20 {
        let arguments = ["sync", "s3://logs", "--mirror", "mirror", "--digests", "--jobs", "2"];
        let mut child = cloud.trial.command(&arguments).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(0..150)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_whole(&cloud);
    }
    cloud.server.clear_faults();
    sync(&cloud, &["-q"]).shows(0, "", "");
    assert_eq!(assert_whole(&cloud), cloud.bucket.keys(""));
    assert_eq!(cloud.mirrored().len(), 3 * COUNT, "the next run left temporary files");
}

#[test]
fn an_interrupted_run_leaves_no_half_digest() {
    let cloud = with_digests(4);
    let key = cloud.bucket.keys("")[2].clone();
    cloud.server.fault(Fault::get(&key).stall(Duration::from_secs(600)));
    let arguments = ["sync", "s3://logs", "--mirror", "mirror", "--digests"];
    let child = cloud.trial.command(&arguments).spawn().unwrap();
    wait_until(|| assert_whole(&cloud).len() == 7);
    signal(&child, "-INT");
    cloud.trial.ran(&[], child.wait_with_output().unwrap()).shows(130, "", "trail2tsv: interrupted\n");
    assert_eq!((assert_whole(&cloud).len(), cloud.mirrored().len()), (7, 10));
}
