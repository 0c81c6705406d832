//! Mirrors with foreign content: nothing is read or written outside them through links,
//! and special files never block a run.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::cloud::{Cloud, MARK, OTHER, PART, files, minutes};
use crate::harness::RunResult;

const DAY: &str = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01/";

/// A bucket with logs that are already mirrored.
fn mirrored(count: usize) -> Cloud {
    let cloud = Cloud::with_logs(count);
    cloud.run(&["-q"]).shows(0, &minutes(count), "");
    cloud
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Makes a socket in a short path, because long ones are refused, and moves it.
fn socket(path: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("s");
    drop(std::os::unix::net::UnixListener::bind(&made).unwrap());
    fs::rename(made, path).unwrap();
}

/// Replaces a file or folder with something else.
fn replace(path: &Path, put: impl FnOnce(&Path)) {
    let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    put(path);
}

type PlantFile = fn(&Path);

/// The things that can be planted in place of a file, and the texts that refuse them.
const PLANTS: [(PlantFile, &str); 4] = [
    (|path| symlink("/dev/zero", path).unwrap(), "a link (links in a mirror are not followed)"),
    (|path| symlink("../../elsewhere.json", path).unwrap(), "a link (links in a mirror are not followed)"),
    (pipe, "not a regular file"),
    (socket, "not a regular file"),
];

/// All ways to use a mirror.
fn runs(cloud: &Cloud) -> [RunResult; 4] {
    let sync = |more: &[&str]| cloud.trial.run(&[&["sync", "s3://logs", "--mirror", "mirror"], more].concat());
    [cloud.run(&["-q"]), cloud.run(&["-q", "--offline"]), sync(&["-q"]), sync(&["-q", "--dry-run"])]
}

#[test]
fn a_marker_that_is_not_a_regular_file_is_refused() {
    for (plant, what) in PLANTS {
        let cloud = mirrored(2);
        replace(&cloud.trial.path("mirror").join(MARK), plant);
        cloud.server.reset_counts();
        let said = format!("trail2tsv: mirror: its {MARK} is {what}; remove it, or choose another with --mirror\n");
        for ran in runs(&cloud) {
            ran.shows(1, "", &said);
        }
        assert_eq!(cloud.server.counts().list, 0);
    }
    // A huge marker is not read to the end.
    let cloud = mirrored(1);
    let mark = fs::File::create(cloud.trial.path("mirror").join(MARK)).unwrap();
    mark.set_len(1 << 40).unwrap();
    assert!(runs(&cloud).iter().all(|ran| ran.code == Some(1) && ran.stderr.contains("is the mirror of s3://")));
}

#[test]
fn a_special_file_in_place_of_an_object_is_replaced_online_and_named_offline() {
    for (plant, what) in PLANTS {
        let cloud = mirrored(3);
        let key = &cloud.bucket.keys("")[1];
        let path = cloud.trial.path("mirror").join(key);
        replace(&path, plant);
        let said = format!("trail2tsv: mirror/{key}: cannot be read: {what}; nothing was read\n");
        cloud.run(&["-q", "--offline"]).shows(3, "E000\nE002\n", &said);
        let ran = cloud.trial.run(&[&format!("s3://logs/{key}"), "--mirror", "mirror", "--offline", "-q"]);
        assert_eq!((ran.code, ran.lines(3).len()), (Some(3), 1), "{ran:?}");
        assert_eq!(ran.stderr, format!("trail2tsv: s3://logs/{key}: cannot be read: {what}; nothing was read\n"));
        cloud.server.reset_counts();
        let dry = cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "--dry-run"]);
        assert!(dry.stdout.contains("\t1\t") && fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()));
        let ran = cloud.run(&[]);
        assert_eq!(ran.stdout, minutes(3));
        let is = if what.starts_with("a link") { "is a link" } else { "is not a regular file" };
        let note = format!("trail2tsv: mirror/{key}: {is}; replaced by the object");
        assert_eq!(ran.stderr.lines().next().unwrap(), note);
        assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (1, 3));
        cloud.run(&["-q", "--offline"]).shows(0, &minutes(3), "");
    }
}

#[test]
fn a_partial_file_that_is_not_regular_is_kept_and_named() {
    for (plant, what) in PLANTS {
        let cloud = mirrored(2);
        let name = format!("{DAY}.planted{PART}");
        plant(&cloud.trial.path("mirror").join(&name));
        cloud.minute(2);
        let ran = cloud.run(&[]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), minutes(3).as_str()), "{ran:?}");
        let text = "is named like an unfinished download, but is not a regular file; it was not removed";
        assert_eq!(ran.stderr.lines().next().unwrap(), format!("trail2tsv: mirror/{name}: {text}"));
        assert!(fs::symlink_metadata(cloud.trial.path("mirror").join(&name)).is_ok());
        let said = format!("trail2tsv: mirror/{name}: cannot be read: {what}; nothing was read\n");
        cloud.run(&["-q", "--offline"]).shows(3, &minutes(3), &said);
        cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "-q"]).shows(0, "", "");
    }
}

#[test]
fn nothing_is_written_or_read_through_a_link_to_a_folder() {
    const WHY: &str = "its folder in the mirror is a link (links are not followed)";
    let folders: Vec<&str> = DAY.match_indices('/').map(|(at, _)| &DAY[..at]).collect();
    for folder in folders {
        // Links to a folder outside, to another folder of the mirror, and to nothing.
        for target in ["outside", "within", "nowhere"] {
            let cloud = Cloud::with_logs(2);
            let key = cloud.log("zz/AWSLogs/", OTHER, "eu-west-1", "2026-10-01T09:15", &["other"]);
            cloud.trial.write("outside/AWSLogs/x.json", r#"{"eventName":"planted","eventVersion":"1"}"#);
            let (outside, link) = (cloud.trial.path("outside"), cloud.trial.path("mirror").join(folder));
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let to = match target {
                "outside" => outside.clone(),
                "within" => cloud.trial.path("mirror/zz"),
                _ => cloud.trial.path("nowhere"),
            };
            symlink(to, &link).unwrap();
            let keys = cloud.bucket.keys("AWSLogs/");
            let named: String = keys
                .iter()
                .map(|key| format!("trail2tsv: s3://logs/{key}: not mirrored: {WHY}; nothing was read\n"))
                .collect();
            cloud.run(&["-q"]).shows(3, "", &named);
            assert_eq!(cloud.server.counts().get, 0, "{folder} {target}");
            cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "-q"]).shows(3, "", &named);
            cloud.run(&["-q", "--prefix", "zz"]).shows(0, "other\n", "");
            let ran = cloud.run(&["-q", "--offline"]);
            assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{folder} {target} {ran:?}");
            let said = "cannot be read: a link (links in a mirror are not followed); nothing was read\n";
            assert_eq!(ran.stderr, format!("trail2tsv: mirror/{folder}: {said}"), "{target}");
            assert_eq!((files(&outside).len(), cloud.trial.path("nowhere").exists()), (1, false), "{folder} {target}");
            assert_eq!(cloud.bucket.get(&key).unwrap().body, fs::read(cloud.trial.path("mirror").join(&key)).unwrap());
        }
    }
}

#[test]
fn a_link_created_during_a_run_is_not_followed() {
    let cloud = Cloud::with_logs(3);
    let key = cloud.bucket.keys("")[2].clone();
    let (day, outside) = (cloud.trial.path("mirror").join(DAY.trim_end_matches('/')), cloud.trial.path("outside"));
    fs::create_dir(&outside).unwrap();
    let (swapped, target) = (day.clone(), outside.clone());
    let swap = move |_: &testkit::s3::Request| {
        if swapped.is_dir() && !swapped.is_symlink() {
            fs::rename(&swapped, swapped.with_file_name("away")).unwrap();
            symlink(&target, &swapped).unwrap();
        }
        false
    };
    cloud.server.fault(testkit::s3::Fault::get(&key).when(swap).reset());
    let ran = cloud.run(&["-q", "--jobs", "1"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.stderr.contains(&format!("s3://logs/{key}: not mirrored: its folder in the mirror is a link")),
        "{ran:?}"
    );
    assert_eq!(files(&outside).len(), 0);
}

#[test]
fn the_mirror_itself_may_be_a_link_that_was_named() {
    let cloud = Cloud::with_logs(3);
    fs::create_dir(cloud.trial.path("disk")).unwrap();
    symlink("disk", cloud.trial.path("mirror")).unwrap();
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    assert_eq!(cloud.server.counts().get, 3);
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    assert_eq!((cloud.server.counts().get, files(&cloud.trial.path("disk")).len()), (3, 3));
    cloud.run(&["-q", "--offline"]).shows(0, &minutes(3), "");
    // If it is read as a folder, the link is followed as usual.
    cloud.trial.run(&["mirror", "-c", "eventName", "--no-header", "-q"]).shows(0, &minutes(3), "");
}

#[test]
fn hints_follow_no_link() {
    let cloud = mirrored(2);
    cloud.trial.write("secret/x.json", r#"{"eventName":"Secret","eventVersion":"1"}"#);
    symlink(cloud.trial.path("secret"), cloud.trial.path("mirror").join(DAY).join("link")).unwrap();
    pipe(&cloud.trial.path("mirror").join(DAY).join("pipe.json"));
    for offline in [&[][..], &["--offline"]] {
        let ran = cloud.run(&[&["-e", "Nothing"], offline].concat());
        assert!(ran.stderr.contains("existing values: E000, E001") && !ran.stderr.contains("Secret"), "{ran:?}");
    }
}

#[test]
fn a_hard_link_is_never_written_into() {
    let cloud = mirrored(2);
    let key = &cloud.bucket.keys("")[0];
    let path = cloud.trial.path("mirror").join(key);
    cloud.trial.write("victim", "precious");
    replace(&path, |path| fs::hard_link(cloud.trial.path("victim"), path).unwrap());
    cloud.run(&["-q"]).shows(0, &minutes(2), "");
    assert_eq!((cloud.trial.read("victim"), cloud.assert_whole()), ("precious".into(), 2));
}
