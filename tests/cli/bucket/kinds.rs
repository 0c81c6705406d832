//! Other kinds of logs: named by default, and read on request, in every layout, online,
//! offline and from a folder.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::s3::Fault;

use super::cloud::{ACCOUNT, Cloud, OTHER, event, key, lines, records};

const MINUTE: &str = "2026-10-01T09:15";

/// The folders of all kinds in the order of keys, each with its name in `--kind`.
const KINDS: [(&str, &str); 4] = [
    ("CloudTrail-Aggregated", "aggregated"),
    ("CloudTrail-Insight", "insight"),
    ("CloudTrail-NetworkActivity", "network-activity"),
    ("CloudTrail", "cloudtrail"),
];

/// The paths that may precede an account.
const LAYOUTS: [&str; 6] =
    ["AWSLogs/", "AWSLogs/o-abc/", "o-abc/AWSLogs/o-abc/", "o-abc/AWSLogs/", "my/prefix/AWSLogs/", "a/AWSLogs/o-abc/"];

/// The key of a log of a kind.
fn kind_key(before: &str, account: &str, kind: &str) -> String {
    let key = key(before, account, "eu-west-1", MINUTE);
    key.replace("/CloudTrail/", &format!("/{kind}/")).replace("_CloudTrail_", &format!("_{kind}_"))
}

fn put(cloud: &Cloud, before: &str, account: &str, kind: &str, name: &str) {
    cloud.bucket.put(kind_key(before, account, kind), records(&[event(account, "eu-west-1", MINUTE, name)]));
}

/// A bucket with a log of every kind, whose event is named by its folder, and a digest.
fn every_kind(before: &str) -> Cloud {
    let cloud = Cloud::new();
    KINDS.iter().for_each(|(kind, _)| put(&cloud, before, ACCOUNT, kind, kind));
    put(&cloud, before, ACCOUNT, "CloudTrail-Digest", "digest");
    put(&cloud, before, ACCOUNT, "Config", "config");
    cloud
}

/// Copies the whole bucket into the mirror, as another program would.
fn mirror_all(cloud: &Cloud) {
    for key in cloud.bucket.keys("") {
        cloud.trial.write(&format!("mirror/{key}"), cloud.bucket.get(&key).unwrap().body);
    }
}

/// Runs over the bucket, then offline over a mirror of all of it, and checks that
/// both print these rows. Returns the last lines of both, the first one without
/// the counts of downloads.
#[track_caller]
fn both(cloud: &Cloud, arguments: &[&str], rows: &[&str]) -> [String; 2] {
    let run = |more: &[&str]| {
        let ran =
            cloud.trial.run(&[&["--mirror", "mirror", "-c", "eventName", "--no-header"], arguments, more].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), lines(rows).as_str()), "{ran:?}");
        ran.stderr.lines().last().unwrap().to_string()
    };
    let _ = std::fs::remove_dir_all(cloud.trial.path("mirror"));
    cloud.server.reset_counts();
    let online = run(&[]);
    assert_eq!(cloud.server.counts().get, rows.len() as u64, "nothing else was fetched");
    mirror_all(cloud);
    [online.split_once("in the mirror; ").unwrap().1.to_string(), run(&["--offline"]).replace("trail2tsv: ", "")]
}

#[test]
fn kinds_that_were_not_requested_are_named() {
    for before in LAYOUTS {
        let cloud = every_kind(before);
        let unread = "1 event in 1 file read, 1 matched; not read: CloudTrail-NetworkActivity, CloudTrail-Insight, \
                      CloudTrail-Aggregated (read with --kind network-activity,insight,aggregated)";
        assert_eq!(both(&cloud, &["s3://logs"], &["CloudTrail"]), [unread; 2], "{before}");
        // A folder is read whole, and digests are skipped.
        let all = KINDS.map(|(kind, _)| kind);
        let folder = cloud.trial.run(&["mirror", "-c", "eventName", "--no-header", "-q"]);
        assert!(all.iter().all(|kind| folder.lines(0).contains(kind)), "{folder:?}");
    }
}

#[test]
fn kinds_that_are_asked_for_are_read() {
    for before in LAYOUTS {
        let cloud = every_kind(before);
        for (kind, typed) in KINDS {
            let [online, offline] = both(&cloud, &["s3://logs", "--kind", typed], &[kind]);
            assert!(online.contains("; not read: ") && !online.contains(&format!("{kind},")), "{online}");
            assert_eq!(online, offline);
        }
        let [all, _] = both(
            &cloud,
            &["--bucket", "logs", "--kind", "insight,cloudtrail", "--kind", "network-activity,aggregated"],
            &KINDS.map(|(kind, _)| kind),
        );
        assert_eq!(all, "4 events in 4 files read, 4 matched");
    }
}

#[test]
fn named_kinds_are_read() {
    for (before, (kind, typed)) in LAYOUTS.into_iter().zip(KINDS.into_iter().cycle()) {
        let cloud = every_kind(before);
        let folder = format!("s3://logs/{before}{ACCOUNT}/{kind}");
        for below in ["", "/", "/eu-west-1", "/eu-west-1/2026/10/", "/eu-west-1/2026/10/01"] {
            let address = format!("{folder}{below}");
            assert_eq!(both(&cloud, &[&address], &[kind]), ["1 event in 1 file read, 1 matched"; 2], "{address}");
        }
        both(&cloud, &[&folder, "--kind", typed, "--since", "2026-10-01T09:00"], &[kind]);
        both(&cloud, &[&format!("s3://logs/{}", kind_key(before, ACCOUNT, kind))], &[kind]);
    }
}

#[test]
fn a_window_leaves_out_days_of_every_kind() {
    for (kind, typed) in KINDS {
        let cloud = every_kind("AWSLogs/");
        for day in ["29", "30"] {
            let key = kind_key("AWSLogs/", ACCOUNT, kind).replace("2026/10/01", &format!("2026/09/{day}"));
            cloud.bucket.put(key.replace("20261001T", &format!("202609{day}T")), "no log");
        }
        cloud.server.record();
        both(&cloud, &["s3://logs", "--kind", typed, "--since", "2026-10-01"], &[kind]);
        let starts = cloud.server.requests().into_iter().filter_map(|list| list.parameter("start-after"));
        let expected = format!("AWSLogs/{ACCOUNT}/{kind}/eu-west-1/2026/10/01");
        assert_eq!(starts.collect::<Vec<_>>(), [expected]);
        let ran = cloud.run(&["-q", "--kind", typed, "--since", "2026-10-01T09:17"]);
        assert_eq!(ran.lines(0), [""; 0], "it was delivered before the window");
    }
}

#[test]
fn a_bucket_with_other_kinds_only_names_them() {
    let cloud = Cloud::new();
    put(&cloud, "AWSLogs/", ACCOUNT, "CloudTrail-Insight", "insight");
    put(&cloud, "AWSLogs/", OTHER, "CloudTrail-NetworkActivity", "network");
    let refused = |arguments: &[&str], text: &str| {
        for offline in [&[][..], &["--offline"]] {
            let run = [&["--mirror", "mirror"], arguments, offline].concat();
            cloud.trial.run(&run).shows(1, "", &format!("trail2tsv: {text}\n"));
        }
    };
    mirror_all(&cloud);
    refused(
        &["s3://logs"],
        "s3://logs/: no logs of the kind CloudTrail; not read: CloudTrail-NetworkActivity, CloudTrail-Insight \
         (read with --kind network-activity,insight)",
    );
    refused(
        &["s3://logs", "--account", ACCOUNT],
        "s3://logs/: no logs of the kind CloudTrail; not read: CloudTrail-Insight (read with --kind insight)",
    );
    refused(
        &["s3://logs", "--kind", "aggregated,cloudtrail", "--account", OTHER],
        "s3://logs/: no logs of the kind CloudTrail, CloudTrail-Aggregated; not read: CloudTrail-NetworkActivity \
         (read with --kind network-activity)",
    );
    for below in ["", "/eu-west-1", "/eu-west-1/2026/10/01"] {
        let address = format!("s3://logs/AWSLogs/{ACCOUNT}/CloudTrail-Insight{below}");
        let text = "no logs of the kind CloudTrail; not read: CloudTrail-Insight (read with --kind insight)";
        refused(&[&address, "--kind", "cloudtrail"], &format!("{address}/: {text}"));
    }
}

#[test]
fn digests_are_not_read_and_new_kinds_are_named() {
    let cloud = every_kind("AWSLogs/");
    put(&cloud, "AWSLogs/", ACCOUNT, "CloudTrail-New", "new");
    put(&cloud, "AWSLogs/", OTHER, "CloudTrail-New", "new");
    put(&cloud, "AWSLogs/", OTHER, "CloudTrail", "other");
    mirror_all(&cloud);
    for offline in [&[][..], &["--offline"]] {
        let ran = cloud.run(offline);
        assert_eq!(ran.lines(0), ["CloudTrail", "other"]);
        let note =
            format!("not read: CloudTrail-New, such as AWSLogs/{ACCOUNT}/CloudTrail-New/; name the folder to read it");
        assert_eq!(ran.stderr.lines().next().unwrap(), format!("trail2tsv: s3://logs/: {note}"));
        let new = format!("s3://logs/AWSLogs/{ACCOUNT}/CloudTrail-New/");
        let run = ["--mirror", "mirror", "-c", "eventName", "--no-header", "-q"];
        cloud.trial.run(&[&[new.as_str()], &run[..], offline].concat()).shows(0, "new\n", "");
        for below in ["", "eu-west-1/2026/"] {
            let digest = format!("s3://logs/AWSLogs/{ACCOUNT}/CloudTrail-Digest/{below}");
            let text = "digest files contain no events; name the log files beside them";
            cloud.trial.run(&[&[digest.as_str()], &run[..], offline].concat()).shows(
                1,
                "",
                &format!("trail2tsv: {digest}: {text}\n"),
            );
        }
    }
}

#[test]
fn other_folders_in_awslogs_are_named_and_read_on_request() {
    for (before, suffix) in [
        ("AWSLogs/", "AWSLogs/suffix/"),
        ("AWSLogs/", "AWSLogs/suffix/o-abc/"),
        ("AWSLogs/", "AWSLogs/suffix/AWSLogs/"),
        ("AWSLogs/", "AWSLogs/suffix/more/"),
        ("AWSLogs/o-abc/", "AWSLogs/o-abc/suffix/"),
        ("my/prefix/AWSLogs/", "my/prefix/AWSLogs/suffix/o-abc/"),
        ("o-abc/AWSLogs/o-abc/", "o-abc/AWSLogs/o-abc/suffix/"),
    ] {
        let cloud = every_kind(before);
        KINDS.iter().for_each(|(kind, _)| put(&cloud, suffix, OTHER, kind, &format!("{kind} too")));
        mirror_all(&cloud);
        let folder = &suffix[..suffix.find("suffix/").unwrap() + "suffix/".len()];
        for offline in [&[][..], &["--offline"]] {
            let ran = cloud.run(offline);
            assert_eq!(ran.lines(0), ["CloudTrail"]);
            let note = format!("not searched in AWSLogs/: {folder}; if a folder contains logs, name it with --prefix");
            assert_eq!(ran.stderr.lines().next().unwrap(), format!("trail2tsv: s3://logs/: {note}"));
        }
        both(&cloud, &["--bucket", "logs", "--prefix", folder], &["CloudTrail too"]);
        both(&cloud, &[&format!("s3://logs/{suffix}"), "--kind", "insight"], &["CloudTrail-Insight too"]);
        both(&cloud, &[&format!("s3://logs/{suffix}{OTHER}/CloudTrail-Insight")], &["CloudTrail-Insight too"]);
    }
}

#[test]
fn a_denied_list_of_other_kinds_is_not_a_failure() {
    let cloud = every_kind("AWSLogs/");
    let peek = format!("AWSLogs/{ACCOUNT}/CloudTrail");
    cloud.server.fault(Fault::list(&peek).status(403, "AccessDenied"));
    let ran = cloud.run(&[]);
    assert_eq!(ran.lines(0), ["CloudTrail"]);
    let why = format!("access denied below {peek}: s3:ListBucket is needed on arn:aws:s3:::logs");
    let note = format!("other kinds of logs cannot be listed in 1 account: {why}");
    assert_eq!(ran.stderr.lines().next().unwrap(), format!("trail2tsv: s3://logs/: {note}"));
    cloud.run(&["-q", "--kind", "insight"]).shows(0, "CloudTrail-Insight\n", "");
}

#[test]
fn sync_and_summary_take_kinds_too() {
    let cloud = every_kind("AWSLogs/");
    let sync = ["sync", "s3://logs", "--mirror", "mirror", "--kind", "insight,network-activity"];
    let ran = cloud.trial.run(&sync);
    assert!(
        ran.stderr.ends_with(
            "; not read: CloudTrail, CloudTrail-Aggregated (read with --kind cloudtrail,aggregated); \
                        not mirrored: CloudTrail-Digest (mirrored with --digests)\n"
        ),
        "{ran:?}"
    );
    let mirrored = [KINDS[1].0, KINDS[2].0].map(|kind| kind_key("AWSLogs/", ACCOUNT, kind));
    assert_eq!((ran.code, cloud.mirrored()), (Some(0), mirrored.to_vec()));
    let dry = cloud.trial.run(&[&sync[..], &["--dry-run"]].concat());
    assert!(
        dry.stderr.contains("2 already in the mirror") && dry.stderr.contains("; not read: CloudTrail,"),
        "{dry:?}"
    );
    let summary =
        ["summary", "s3://logs", "--mirror", "mirror", "--kind", "aggregated", "--by", "eventName", "-f", "tsv"];
    let ran = cloud.trial.run(&summary);
    assert!(ran.stdout.contains("CloudTrail-Aggregated\t") && !ran.stdout.contains("Insight"), "{ran:?}");
    let wrong = cloud.trial.run(&["s3://logs", "--kind", "digest"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("not one of cloudtrail, network-activity, insight, aggregated"), "{wrong:?}");
    let needs = "trail2tsv: --kind needs --bucket BUCKET or s3://BUCKET/PREFIX\ntrail2tsv: try --help\n";
    cloud.trial.run(&["mirror", "--kind", "insight"]).shows(2, "", needs);
}

#[test]
fn objects_outside_of_any_region_are_named() {
    let cloud = every_kind("AWSLogs/");
    for key in ["AWSLogs/x.json", "AWSLogs/111122223333/CloudTrail/y.json", "AWSLogs/111122223333/CloudTrail/z.json"] {
        cloud.bucket.put(key, r#"{"eventName":"stray","eventVersion":"1"}"#);
    }
    // Folders that were created by hand, and files in places without logs.
    for key in ["AWSLogs/", "AWSLogs/111122223333/CloudTrail/", "readme.txt", "AWSLogs/111122223333/x.txt"] {
        cloud.bucket.put(key, "");
    }
    for key in cloud.bucket.keys("").iter().filter(|key| !key.ends_with('/')) {
        cloud.trial.write(&format!("mirror/{key}"), cloud.bucket.get(key).unwrap().body);
    }
    for offline in [&[][..], &["--offline"]] {
        let ran = cloud.run(offline);
        assert_eq!(ran.lines(0), ["CloudTrail"]);
        let note = "not read: 3 objects outside any region, such as AWSLogs/x.json; name an object to read it";
        assert_eq!(ran.stderr.lines().next().unwrap(), format!("trail2tsv: s3://logs/: {note}"));
        let named = ["s3://logs/AWSLogs/x.json", "--mirror", "mirror", "-c", "eventName", "--no-header", "-q"];
        cloud.trial.run(&[&named[..], offline].concat()).shows(0, "stray\n", "");
    }
}
