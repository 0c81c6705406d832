//! Objects in S3 Glacier: recognised in the list, counted once, and never requested.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::s3::{Fault, Object, Operation};

use super::cloud::{ACCOUNT, Cloud, lines};

/// A bucket with logs, each of which is replaced by `change`, given its number.
fn with(count: usize, change: impl Fn(usize, Object) -> Object) -> Cloud {
    let cloud = Cloud::with_logs(count);
    for (number, key) in cloud.bucket.keys("").into_iter().enumerate() {
        let object = cloud.bucket.get(&key).unwrap();
        cloud.bucket.put(key, change(number, object));
    }
    cloud
}

const ADVICE: &str = "restore them (aws s3api restore-object), then run again";

#[test]
fn archived_objects_are_counted_and_not_requested() {
    for class in ["GLACIER", "DEEP_ARCHIVE"] {
        let cloud = with(6, |number, object| if number % 3 == 1 { object.storage_class(class) } else { object });
        let keys = cloud.bucket.keys("");
        let size = cloud.size(&[&keys[0], &keys[2], &keys[3], &keys[5]]);
        let named = format!("2 objects are archived in S3 Glacier and not downloaded; {ADVICE}");
        let last = format!(
            "trail2tsv: 4 objects downloaded ({size}), 0 already in the mirror; 4 events in 4 files read, 4 matched; {named}\n"
        );
        let rows = "E000\nE002\nE003\nE005\n";
        cloud.run(&[]).shows(3, rows, &last);
        assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (4, 4));
        // Problems are reported with -q too.
        cloud.run(&["-q"]).shows(3, rows, &format!("trail2tsv: {named}\n"));
        assert_eq!(cloud.server.counts().get, 4);
        // Offline, nothing is requested, so nothing is reported.
        cloud.run(&["-q", "--offline"]).shows(0, rows, "");
    }
}

#[test]
fn sync_and_its_dry_run_count_them() {
    let cloud = with(5, |number, object| if number < 2 { object.storage_class("GLACIER") } else { object });
    let sync =
        |arguments: &[&str]| cloud.trial.run(&[&["sync", "s3://logs", "--mirror", "mirror"], arguments].concat());
    let keys = cloud.bucket.keys("");
    let size = cloud.size(&keys[2..]);
    let named = format!("2 objects are archived in S3 Glacier and not downloaded; {ADVICE}");
    let rows = format!(
        "account\tregion\tday\tobjects\tbytes\tpresent\tarchived\tkind\n\
         {ACCOUNT}\teu-west-1\t2026-10-01\t3\t{}\t0\t2\tCloudTrail\n",
        size.0
    );
    sync(&["--dry-run"]).shows(
        3,
        &rows,
        &format!("trail2tsv: 3 objects to download ({size}), 0 already in the mirror; 5 list requests; {named}\n"),
    );
    assert_eq!(cloud.server.counts().get, 0);
    sync(&["-q", "--dry-run"]).shows(3, &rows, &format!("trail2tsv: {named}\n"));
    sync(&[]).shows(
        3,
        "",
        &format!(
            "trail2tsv: 3 objects downloaded ({size}), 0 already in the mirror; 5 list requests, 3 object requests; {named}\n"
        ),
    );
    assert_eq!(cloud.server.counts().get, 3);
}

#[test]
fn restored_objects_are_read_and_others_are_counted_by_state() {
    for (restored, rows, what) in [
        ([Some(Some(3)), Some(Some(1))], &["E000", "E001", "E002"][..], None),
        (
            [Some(Some(3)), None],
            &["E000", "E001"],
            Some("1 object is archived in S3 Glacier and not downloaded; restore them"),
        ),
        (
            [Some(Some(-1)), Some(Some(3))],
            &["E000", "E002"],
            Some("1 object is archived in S3 Glacier and not downloaded; restore them"),
        ),
        (
            [Some(None), Some(None)],
            &["E000"],
            Some(
                "2 objects are archived in S3 Glacier (being restored) and not downloaded; run again when the restore is complete",
            ),
        ),
        (
            [Some(None), None],
            &["E000"],
            Some("2 objects are archived in S3 Glacier (1 being restored) and not downloaded; restore the others"),
        ),
    ] {
        let cloud = with(3, |number, object| match number.checked_sub(1).map(|number| restored[number]) {
            None => object,
            Some(None) => object.storage_class("GLACIER"),
            Some(Some(days)) => object.storage_class("GLACIER").restored(days),
        });
        let ran = cloud.run(&["-q"]);
        assert_eq!(ran.stdout, lines(rows), "{ran:?}");
        match what {
            None => assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "")),
            Some(what) => {
                assert_eq!(ran.code, Some(3), "{ran:?}");
                assert!(ran.stderr.starts_with(&format!("trail2tsv: {what}")), "{ran:?}");
                assert_eq!(ran.stderr.lines().count(), 1);
            }
        }
        assert_eq!(cloud.server.counts().get, rows.len() as u64);
    }
}

#[test]
fn readable_storage_classes_are_read() {
    for class in
        ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY", "NEW"]
    {
        let cloud = with(2, |_, object| object.storage_class(class));
        cloud.run(&["-q"]).shows(0, "E000\nE001\n", "");
    }
    // In this class, only a request for the object shows that it is archived.
    let cloud = with(3, |_, object| object.storage_class("INTELLIGENT_TIERING"));
    let key = &cloud.bucket.keys("")[1];
    cloud.server.fault(Fault::get(key).status(403, "InvalidObjectState"));
    let text = "not downloaded: the object is archived; restore it first (InvalidObjectState); nothing was read";
    cloud.run(&["-q"]).shows(3, "E000\nE002\n", &format!("trail2tsv: s3://logs/{key}: {text}\n"));
}

#[test]
fn objects_in_the_mirror_or_outside_the_window_need_no_restore() {
    let cloud = Cloud::with_logs(3);
    cloud.run(&["-q"]);
    for key in cloud.bucket.keys("") {
        let object = cloud.bucket.get(&key).unwrap().storage_class("DEEP_ARCHIVE");
        cloud.bucket.put(key, object);
    }
    cloud.run(&["-q"]).shows(0, "E000\nE001\nE002\n", "");
    std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
    cloud.run(&["-q", "--since", "2026-10-01T12:00", "--until", "2026-10-02"]).shows(0, "", "");
    let key = &cloud.bucket.keys("")[0];
    let ran = cloud.trial.run(&[&format!("s3://logs/{key}"), "--mirror", "mirror", "-q"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("1 object is archived in S3 Glacier and not downloaded"), "{ran:?}");
}

#[test]
fn only_object_lists_request_the_restore_status() {
    let cloud = Cloud::with_logs(1);
    cloud.server.record();
    cloud.run(&["-q"]);
    for request in cloud.server.requests().iter().filter(|request| request.operation == Operation::List) {
        assert_eq!(request.restore_status, request.parameter("delimiter").is_none(), "{request:?}");
    }
}
