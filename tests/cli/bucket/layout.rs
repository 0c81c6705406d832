//! The places in a bucket where logs are found, and the folders that are skipped.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use super::cloud::{ACCOUNT, Cloud, OTHER, key, lines};

const MINUTE: &str = "2026-10-01T09:15";

/// A bucket with one log in each of these places, and objects beside them that
/// must not be read. The event of each log is named by the number of its place.
fn cloud(places: &[(&str, &str, &str)]) -> Cloud {
    let cloud = Cloud::new();
    for (number, (before, account, region)) in places.iter().enumerate() {
        let key = cloud.log(before, account, region, MINUTE, &[&number.to_string()]);
        for sibling in ["CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "Config"] {
            let body = r#"{"Records":[{"eventName":"sibling","eventVersion":"1"}]}"#;
            cloud.bucket.put(key.replacen("/CloudTrail/", &format!("/{sibling}/"), 1), body);
        }
    }
    cloud
}

/// Runs over the bucket, and checks the rows and that nothing else was fetched.
#[track_caller]
fn check_found(cloud: &Cloud, arguments: &[&str], numbers: &[usize]) {
    cloud.server.reset_counts();
    let ran = cloud.trial.run(&[&["--mirror", "mirror", "-c", "eventName", "--no-header", "-q"], arguments].concat());
    ran.shows(0, &numbers.iter().map(|number| format!("{number}\n")).collect::<String>(), "");
    assert_eq!(cloud.server.counts().get, numbers.len() as u64, "{ran:?}");
    std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
}

#[test]
fn every_layout_is_found_by_itself() {
    for before in [
        "AWSLogs/",
        "AWSLogs/o-abc/",
        "o-abc/AWSLogs/o-abc/",
        "o-abc/AWSLogs/",
        "prefix/AWSLogs/",
        "a/b/AWSLogs/o-abc/",
        "a/b/o-abc/AWSLogs/o-abc/",
        "a/b/c/o-abc/AWSLogs/o-abc/",
    ] {
        let cloud =
            cloud(&[(before, ACCOUNT, "eu-west-1"), (before, ACCOUNT, "us-east-1"), (before, OTHER, "eu-west-1")]);
        check_found(&cloud, &["--bucket", "logs"], &[0, 1, 2]);
        check_found(&cloud, &["s3://logs"], &[0, 1, 2]);
        check_found(&cloud, &[&format!("s3://logs/{before}")], &[0, 1, 2]);
        check_found(&cloud, &["--bucket", "logs", "--prefix", before], &[0, 1, 2]);
        let prefix = before.split("AWSLogs").next().unwrap();
        check_found(&cloud, &["--bucket", "logs", "--prefix", prefix], &[0, 1, 2]);
    }
}

#[test]
fn a_deep_prefix_has_no_depth_limit_below_it() {
    let cloud = cloud(&[("a/b/c/d/e/o-abc/AWSLogs/o-abc/", ACCOUNT, "eu-west-1")]);
    check_found(&cloud, &["s3://logs/a/b/c/d/e"], &[0]);
    check_found(&cloud, &["s3://logs/a/b"], &[0]);
}

#[test]
fn layouts_may_be_mixed() {
    let places = [
        ("AWSLogs/", ACCOUNT, "eu-west-1"),
        ("AWSLogs/o-abc/", OTHER, "eu-west-1"),
        ("o-abc/AWSLogs/", ACCOUNT, "eu-west-1"),
        ("o-abc/AWSLogs/o-abc/", ACCOUNT, "eu-west-1"),
    ];
    let cloud = cloud(&places);
    check_found(&cloud, &["s3://logs"], &[0, 1, 2, 3]);
    check_found(&cloud, &["s3://logs", "--account", OTHER], &[1]);
    check_found(&cloud, &["s3://logs", "--org-id", "o-abc"], &[1, 2, 3]);
}

#[test]
fn several_prefixes_are_found_side_by_side() {
    let cloud = cloud(&[("a/AWSLogs/", ACCOUNT, "eu-west-1"), ("b/c/AWSLogs/o-abc/", ACCOUNT, "eu-west-1")]);
    check_found(&cloud, &["s3://logs"], &[0, 1]);
    check_found(&cloud, &["s3://logs/b"], &[1]);
}

#[test]
fn folders_beside_the_logs_are_named_and_not_searched() {
    let cloud = Cloud::with_logs(1);
    cloud.log("team/AWSLogs/", ACCOUNT, "eu-west-1", MINUTE, &["team"]);
    cloud.bucket.put("photos/a.jpg", "");
    let ran = cloud.run(&[]);
    assert_eq!(ran.lines(0), ["E000"]);
    assert_eq!(
        ran.stderr.lines().next().unwrap(),
        "trail2tsv: s3://logs/: not searched beside AWSLogs/: photos/, team/; \
         if a folder contains logs, name it with --prefix"
    );
    cloud.run(&["-q"]).shows(0, "E000\n", "");
    cloud.run(&["-q", "--prefix", "team"]).shows(0, "team\n", "");
}

#[test]
fn a_bucket_without_logs_is_searched_only_in_part() {
    let cloud = Cloud::new();
    (0..1200).for_each(|number| cloud.bucket.put(format!("photos/{number:04}/a.jpg"), ""));
    cloud.run(&[]).shows(
        1,
        "",
        "trail2tsv: s3://logs/: no CloudTrail logs (AWSLogs/ACCOUNT/CloudTrail/) below it; it contains photos/, \
         photos/0000/, photos/0001/, photos/0002/, photos/0003/, photos/0004/, photos/0005/, photos/0006/, …; \
         only 1000 folders were searched for AWSLogs/; name its parent folder with --prefix\n",
    );
    // The root, photos/ in two pages, and the rest of the thousand.
    assert_eq!(cloud.server.counts().list, 1 + 2 + 999);
}

#[test]
fn a_prefix_can_be_a_region_or_a_day() {
    let cloud = cloud(&[("AWSLogs/", ACCOUNT, "eu-west-1"), ("AWSLogs/", ACCOUNT, "us-east-1")]);
    let region = format!("s3://logs/AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1");
    for below in ["", "/", "/2026", "/2026/10/", "/2026/10/01", "/2026/10/01/"] {
        let address = format!("{region}{below}");
        check_found(&cloud, &[&address], &[0]);
        check_found(&cloud, &[&address, "--since", "2026-10-01", "--until", "2026-10-02"], &[0]);
    }
    check_found(&cloud, &[&format!("s3://logs/AWSLogs/{ACCOUNT}/CloudTrail")], &[0, 1]);
    check_found(&cloud, &[&format!("s3://logs/AWSLogs/{ACCOUNT}")], &[0, 1]);
    assert!(gives_none(&cloud, &format!("{region}/2026/10/02")).contains("no objects with this prefix"));
}

fn gives_none(cloud: &Cloud, address: &str) -> String {
    let ran = cloud.trial.run(&[address, "--mirror", "mirror"]);
    assert_eq!(ran.lines(1), [""; 0]);
    ran.stderr
}

#[test]
fn a_prefix_can_be_a_single_object() {
    let cloud = cloud(&[("AWSLogs/", ACCOUNT, "eu-west-1"), ("AWSLogs/", ACCOUNT, "us-east-1")]);
    let key = key("AWSLogs/", ACCOUNT, "eu-west-1", MINUTE);
    cloud.bucket.put(format!("{key}.bak"), "");
    cloud.bucket.put("export/events.json", r#"{"eventName":"1","eventVersion":"1"}"#);
    check_found(&cloud, &[&format!("s3://logs/{key}")], &[0]);
    check_found(&cloud, &["--bucket", "logs", "--prefix", &key, "--since", "2026-10-01"], &[0]);
    check_found(&cloud, &["s3://logs/export/events.json"], &[1]);
    assert!(
        gives_none(&cloud, "s3://logs/export/event").contains("s3://logs/export/event/: no objects with this prefix")
    );

    let address = format!("s3://logs/{key}");
    let run = ["-c", "eventName", "--no-header", "-q", "--mirror", "mirror", &address];
    cloud.trial.run(&run).shows(0, "0\n", "");
    cloud.trial.run(&[&run[..], &["--offline"]].concat()).shows(0, "0\n", "");
}

#[test]
fn accounts_organisations_and_regions_prune_lists_and_downloads() {
    let places = [
        ("AWSLogs/", ACCOUNT, "ap-southeast-2"),
        ("AWSLogs/", ACCOUNT, "eu-west-1"),
        ("AWSLogs/", OTHER, "eu-west-1"),
        ("AWSLogs/o-abc/", OTHER, "eu-west-1"),
        ("AWSLogs/o-xyz/", OTHER, "eu-west-1"),
    ];
    let cloud = cloud(&places);
    cloud.server.record();
    for (option, value, numbers, forbidden) in [
        ("--account", ACCOUNT, &[0, 1][..], OTHER),
        ("--account", "1*", &[0, 1], OTHER),
        ("--account", "!1*", &[2, 3, 4], ACCOUNT),
        ("--account", "111122223333,777788889999", &[0, 1], OTHER),
        ("--org-id", "o-abc", &[3], "o-xyz"),
        ("--region", "eu-*", &[1, 2, 3, 4], "ap-southeast-2"),
    ] {
        check_found(&cloud, &["s3://logs", option, value], numbers);
        for request in cloud.server.requests() {
            assert!(!request.key.contains(forbidden), "{option} {value}: {request:?}");
        }
    }
    // The folder of eu-west-1 is fetched too, as it may contain events of global services.
    cloud.server.reset_counts();
    assert_eq!(cloud.run(&["--region", "!eu-west-1"]).lines(0), ["0"]);
    assert_eq!(cloud.server.counts().get, 5);
}

#[test]
fn events_of_global_services_are_found_in_other_regions_folders() {
    let cloud = Cloud::new();
    let key = key("AWSLogs/", ACCOUNT, "eu-west-1", MINUTE);
    cloud.bucket.put(
        &key,
        r#"{"Records":[{"eventName":"CreateUser","awsRegion":"us-east-1"},{"eventName":"RunInstances","awsRegion":"eu-west-1"}]}"#,
    );
    assert_eq!(cloud.run(&["--region", "us-east-1"]).lines(0), ["CreateUser"]);
    assert_eq!(cloud.run(&["--region", "eu-west-1"]).lines(0), ["RunInstances"]);
}

#[test]
fn a_missing_region_is_accepted_and_a_missing_account_is_an_error() {
    let cloud = cloud(&[("AWSLogs/", ACCOUNT, "eu-west-1"), ("AWSLogs/", OTHER, "us-east-1")]);
    cloud.run(&["--region", "eu-west-3"]).shows(
        0,
        "",
        "trail2tsv: s3://logs/: no logs for the requested regions; the bucket contains regions eu-west-1, us-east-1\n\
         trail2tsv: 0 objects downloaded (0 B), 0 already in the mirror; 0 events in 0 files read, 0 matched; \
         not read: CloudTrail-NetworkActivity, CloudTrail-Insight (read with --kind network-activity,insight)\n",
    );
    cloud.run(&["--account", "777788889999"]).shows(
        1,
        "",
        "trail2tsv: s3://logs/: no logs for the requested accounts or regions; the bucket contains accounts 111122223333, 444455556666\n",
    );
    cloud.run(&["--account", OTHER, "--prefix", &format!("AWSLogs/{ACCOUNT}/CloudTrail")]).shows(
        1,
        "",
        &format!(
            "trail2tsv: s3://logs/AWSLogs/{ACCOUNT}/CloudTrail/: no logs for the requested accounts or regions; \
             the bucket contains accounts 111122223333\n"
        ),
    );
    cloud.run(&["--org-id", "o-abc"]).shows(
        1,
        "",
        "trail2tsv: s3://logs/: no logs for the requested accounts or regions; the bucket contains accounts 111122223333, 444455556666\n",
    );
}

#[test]
fn a_bucket_without_logs_says_what_is_there_instead() {
    let cloud = Cloud::new();
    cloud.run(&[]).shows(1, "", "trail2tsv: s3://logs/: no objects with this prefix\n");
    cloud.run(&["--prefix", "some/where"]).shows(
        1,
        "",
        "trail2tsv: s3://logs/some/where/: no objects with this prefix\n",
    );
    cloud.bucket.put("photos/2026/a.jpg", "");
    cloud.bucket.put("readme.txt", "");
    cloud.run(&[]).shows(
        1,
        "",
        "trail2tsv: s3://logs/: no CloudTrail logs (AWSLogs/ACCOUNT/CloudTrail/) below it; \
         it contains photos/, photos/2026/\n",
    );
}

#[test]
fn accounts_are_found_page_by_page() {
    let cloud = Cloud::with(testkit::s3::Bucket::new().page_size(7));
    let accounts: Vec<String> = (0..40).map(|number| format!("1111222233{number:02}")).collect();
    for account in &accounts {
        cloud.log("AWSLogs/", account, "eu-west-1", MINUTE, &[account]);
    }
    cloud.run(&["-q"]).shows(0, &lines(&accounts), "");
}
