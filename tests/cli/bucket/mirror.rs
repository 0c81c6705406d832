//! The mirror: each object is fetched once.

use std::fs;

use super::cloud::{ACCOUNT, Cloud, OTHER, lines, minutes};

#[test]
fn the_second_run_downloads_nothing_and_prints_the_same() {
    let cloud = Cloud::with_logs(5);
    let keys = cloud.bucket.keys("");
    let last = |objects: &str, present| {
        format!("trail2tsv: {objects}, {present} already in the mirror; 5 events in 5 files read, 5 matched\n")
    };
    let first = last(&format!("5 objects downloaded ({})", cloud.size(&keys)), 0);
    cloud.run(&[]).shows(0, &minutes(5), &first);
    assert_eq!((cloud.server.counts().get, cloud.server.counts().head), (5, 0));
    assert_eq!(cloud.mirrored(), keys);
    assert_eq!(cloud.assert_whole(), 5);

    cloud.server.reset_counts();
    cloud.run(&[]).shows(0, &minutes(5), &last("0 objects downloaded (0 B)", 5));
    assert_eq!((cloud.server.counts().get, cloud.server.counts().head), (0, 0));
}

#[test]
fn only_what_is_new_is_downloaded() {
    let cloud = Cloud::with_logs(3);
    cloud.run(&[]);
    cloud.server.reset_counts();
    let keys = [cloud.minute(3), cloud.minute(4)];
    let last = format!(
        "trail2tsv: 2 objects downloaded ({}), 3 already in the mirror; 5 events in 5 files read, 5 matched\n",
        cloud.size(&keys)
    );
    cloud.run(&[]).shows(0, &minutes(5), &last);
    assert_eq!(cloud.server.counts().get, 2);
}

#[test]
fn a_file_of_another_size_is_replaced() {
    let cloud = Cloud::with_logs(2);
    cloud.run(&[]);
    let path = cloud.trial.path("mirror").join(&cloud.bucket.keys("")[1]);
    let whole = fs::read(&path).unwrap();
    for wrong in [&whole[..whole.len() / 2], &[], &[&whole[..], b"more"].concat()] {
        cloud.server.reset_counts();
        fs::write(&path, wrong).unwrap();
        assert_eq!(cloud.run(&[]).lines(0), ["E000", "E001"]);
        assert_eq!(cloud.server.counts().get, 1);
        assert_eq!(cloud.assert_whole(), 2);
    }
}

#[test]
fn offline_and_the_folder_give_the_same_rows() {
    let mut cloud = Cloud::with_logs(5);
    let columns = ["-c", "eventTime,eventName,awsRegion"];
    let bucket = [&["--bucket", "logs", "--mirror", "mirror"], &columns[..]].concat();
    let online = cloud.trial.run(&bucket);
    assert_eq!(online.lines(0).len(), 6);

    // There is no server, and there are no credentials.
    drop(cloud.server);
    cloud.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_PROFILE", "nobody");
    let last = "trail2tsv: 5 events in 5 files read, 5 matched\n";
    cloud.trial.run(&[&bucket[..], &["--offline"]].concat()).shows(0, &online.stdout, last);
    cloud.trial.run(&[&["mirror"], &columns[..]].concat()).shows(0, &online.stdout, last);
}

#[test]
fn offline_reads_only_the_requested_logs() {
    let cloud = Cloud::new();
    for (account, region) in [(ACCOUNT, "eu-west-1"), (ACCOUNT, "eu-west-2"), (OTHER, "eu-west-1")] {
        cloud.log("AWSLogs/o-abc/", account, region, "2026-10-01T09:15", &[&format!("{account} {region}")]);
    }
    // The path of the mirror may look like folders of a bucket.
    for mirror in ["mirror", "444455556666/CloudTrail/eu-west-2/2020/01/01"] {
        let run = |arguments: &[&str]| {
            let all = ["--bucket", "logs", "--mirror", mirror, "-c", "eventName", "--no-header", "-q"];
            cloud.trial.run(&[&all, arguments].concat())
        };
        assert_eq!(run(&[]).lines(0).len(), 3);
        for arguments in [
            &["--account", ACCOUNT][..],
            &["--region", "eu-west-2"],
            &["--org-id", "o-abc", "--since", "2026-10-01"],
            &["--prefix", "AWSLogs/o-abc/444455556666"],
        ] {
            let online = run(arguments);
            assert_ne!(online.lines(0), [""; 0]);
            run(&[arguments, &["--offline"]].concat()).shows(0, &online.stdout, "");
        }
    }
}

#[test]
fn two_buckets_are_not_mixed_in_one_mirror() {
    let cloud = Cloud::with_logs(2);
    let other = cloud.server.add_bucket("other", testkit::s3::Bucket::new());
    other.put(cloud.bucket.keys("")[0].as_str(), "{\"eventName\":\"Other\",\"eventVersion\":\"1\"}");
    cloud.run(&["-q"]).shows(0, &minutes(2), "");
    cloud.server.reset_counts();
    let said = "trail2tsv: mirror: is the mirror of s3://logs; choose another for s3://other with --mirror\n";
    for arguments in [
        &["s3://other", "--mirror", "mirror"][..],
        &["s3://other", "--mirror", "mirror", "--offline"],
        &["sync", "s3://other", "--mirror", "mirror"],
        &["sync", "s3://other", "--mirror", "mirror", "--dry-run"],
    ] {
        cloud.trial.run(arguments).shows(1, "", said);
    }
    assert_eq!((cloud.server.counts().list, cloud.assert_whole()), (0, 2));
    // A mirror that another program has filled has no marker.
    fs::remove_file(cloud.trial.path("mirror").join(super::cloud::MARK)).unwrap();
    cloud.run(&["-q"]).shows(0, &minutes(2), "");
    assert_eq!((cloud.server.counts().get, cloud.trial.read("mirror/.trail2tsv-bucket")), (0, "logs\n".into()));
}

#[test]
fn a_late_object_is_in_the_rows_of_the_next_run() {
    let cloud = Cloud::with_logs(3);
    let window = ["-q", "--since", "2026-10-01", "--until", "2026-10-02"];
    cloud.run(&window).shows(0, &minutes(3), "");
    // One between the mirrored objects of the day, and one a day later.
    let between = [super::cloud::event(ACCOUNT, "eu-west-1", "2026-10-01T09:01", "between")];
    cloud.bucket.put(cloud.bucket.keys("")[1].replace("AAAA", "ZZZZ"), super::cloud::records(&between));
    let late = [super::cloud::event(ACCOUNT, "eu-west-1", "2026-10-01T09:00", "late")];
    let key = super::cloud::key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-02T11:00");
    cloud.bucket.put(key, super::cloud::records(&late));
    cloud.server.reset_counts();
    cloud.run(&window).shows(0, &lines(&["E000", "E001", "between", "E002", "late"]), "");
    assert_eq!(cloud.server.counts().get, 2);
}

#[test]
fn the_mirror_of_a_bucket_is_in_the_cache_folder() {
    let cloud = Cloud::with_logs(1);
    let arguments = ["s3://logs/AWSLogs", "-c", "eventName,file", "--no-header", "-q"];
    let key = &cloud.bucket.keys("")[0];
    cloud.trial.run(&arguments).shows(0, &format!("E000\ts3://logs/{key}\n"), "");
    assert_eq!(
        fs::read(cloud.trial.path(".cache/trail2tsv/logs").join(key)).unwrap(),
        cloud.bucket.get(key).unwrap().body
    );
}

#[test]
fn a_bucket_can_be_one_of_several_inputs() {
    let cloud = Cloud::with_logs(2);
    cloud
        .server
        .add_bucket("more", testkit::s3::Bucket::new())
        .put(cloud.bucket.keys("")[0].as_str(), "{\"eventName\":\"M\",\"eventVersion\":\"1\"}");
    cloud.trial.write("x.json", "{\"eventName\":\"X\",\"eventVersion\":\"1\"}");
    let arguments = ["s3://more", "x.json", "s3://logs/", "-c", "eventName", "--no-header"];
    let keys = cloud.bucket.keys("");
    cloud.trial.run(&arguments).shows(
        0,
        &lines(&["M", "X", "E000", "E001"]),
        &format!(
            "trail2tsv: 3 objects downloaded ({}), 0 already in the mirror; 4 events in 4 files read, 4 matched\n",
            indicatif::HumanBytes(36 + cloud.size(&keys).0)
        ),
    );
}

#[test]
fn an_output_file_and_a_limit_work_as_with_folders() {
    let cloud = Cloud::with_logs(8);
    cloud.run(&["-o", "out.tsv", "-q"]).shows(0, "", "");
    assert_eq!(cloud.trial.read("out.tsv"), minutes(8));
    assert_eq!(cloud.run(&["--limit", "3"]).lines(0), ["E000", "E001", "E002"]);
    assert_eq!(cloud.run(&["--limit", "0"]).lines(0), [""; 0]);
    assert_eq!(cloud.run(&["--count"]).lines(0), ["8"]);
}
