//! `--keys-from`: the objects and files of a list, in its order.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;

use testkit::s3::{Bucket, Fault};

use crate::bucket::cloud::{ACCOUNT, Cloud, event, files, lines, minutes, records, signal, text, wait_until};
use crate::harness::Trial;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
const NAMES: [&str; 3] = ["-c", "eventName", "--no-header"];

/// A bucket with logs of one event, a list of their keys in `keys.txt`, and a separate folder
/// for temporary files.
fn cloud(count: usize) -> Cloud {
    let mut cloud = Cloud::with_logs(count);
    fs::create_dir(cloud.trial.path("tmp")).unwrap();
    let temporary = cloud.trial.path("tmp").display().to_string();
    cloud.trial.env("TMPDIR", &temporary);
    let list = cloud.trial.run(&["keys", "-q", "s3://logs"]).stdout;
    cloud.trial.write("keys.txt", list);
    cloud.server.reset_counts();
    cloud
}

/// A log of one event.
fn log(name: &str) -> Vec<u8> {
    records(&[event(ACCOUNT, "eu-west-1", "2026-10-01T09:00", name)])
}

#[test]
fn a_list_of_a_folder_gives_what_the_folder_gives() {
    let trial = Trial::new();
    let list = trial.run(&["keys", "-q", SAMPLE]).stdout;
    trial.write("keys.txt", &list);
    let mut paths: Vec<&str> = list.lines().map(|line| line.split('\t').next().unwrap()).collect();
    trial.write("paths.txt", paths.join("\r\n"));
    trial.write("nul", paths.join("\0"));
    for question in [
        &[][..],
        &["-e", "RunInstances", "--sort", "-eventTime", "--dedupe"],
        &["--count", "--errors"],
        &["-c", "+actor,+file", "--since", "2026-10-01T12:00"],
        &["--jq", "[.eventID, .awsRegion]"],
        &["summary"],
        &["timeline"],
        &["history", "rules"],
    ] {
        // The provenance in a summary names the command.
        let own = |text: &str| -> String {
            let is_own = |line: &&str| ["Command", "Input", "Made at"].iter().any(|own| line.trim().starts_with(own));
            text.lines().filter(|line| !is_own(line)).map(|line| format!("{line}\n")).collect()
        };
        let folder = trial.run(&[question, &[SAMPLE]].concat());
        assert!(folder.code == Some(0) && !folder.stdout.is_empty(), "{folder:?}");
        for name in ["keys.txt", "paths.txt", "nul"] {
            for threads in ["1", "8"] {
                let ran = trial.run(&[question, &["--keys-from", name, "--threads", threads]].concat());
                assert_eq!((ran.code, own(&ran.stdout)), (Some(0), own(&folder.stdout)), "{ran:?}");
                // With --since, old folders are not entered, but a list has only files.
                assert!(ran.stderr == folder.stderr || question.contains(&"--since"), "{ran:?}");
            }
        }
        let ran = trial.run_with_stdin(&[question, &["--keys-from", "-"]].concat(), &list);
        assert_eq!(own(&ran.stdout), own(&folder.stdout), "{ran:?}");
    }
    // In another order, the rows are in that order.
    paths.reverse();
    trial.write("reversed.txt", paths.join("\n"));
    let whole = trial.run(&["-q", SAMPLE, "--no-header", "-c", "file,eventID"]).stdout;
    let mut expected: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in whole.lines() {
        let file = line.split('\t').next().unwrap();
        match expected.last_mut() {
            Some((last, rows)) if *last == file => rows.push(line),
            _ => expected.push((file, vec![line])),
        }
    }
    let expected: Vec<&str> = expected.into_iter().rev().flat_map(|(_, rows)| rows).collect();
    for threads in ["1", "8"] {
        let reversed = ["-q", "--keys-from", "reversed.txt", "--no-header", "-c", "file,eventID", "--threads", threads];
        trial.run(&reversed).shows(0, &lines(&expected), "");
    }
}

#[test]
fn objects_are_downloaded_without_a_list_and_not_kept() {
    let cloud = cloud(30);
    let keys = cloud.bucket.keys("");
    let read = |arguments: &[&str]| cloud.trial.run(&[&["--keys-from", "keys.txt"][..], &NAMES, arguments].concat());
    let last = format!(
        "trail2tsv: 30 objects downloaded ({}), 0 already in the mirror; 30 events in 30 files read, 30 matched\n",
        cloud.size(&keys)
    );
    for threads in ["1", "8"] {
        cloud.server.reset_counts();
        read(&["--threads", threads]).shows(0, &minutes(30), &last);
        assert_eq!((cloud.server.counts().list, cloud.server.counts().get), (0, 30));
        assert_eq!(fs::read_dir(cloud.trial.path("tmp")).unwrap().count(), 0, "temporary files remain");
    }
    let ran = cloud.trial.run(&["-q", "--keys-from", "keys.txt", "-n", "1", "-c", "file", "--no-header"]);
    ran.shows(0, &format!("s3://logs/{}\n", keys[0]), "");
    read(&["-q", "--since", "2026-10-01T09:28"]).shows(0, "E028\nE029\n", "");
    cloud.trial.write("reversed.txt", keys.iter().rev().map(|key| format!("s3://logs/{key}\n")).collect::<String>());
    let expected: String = (0..30).rev().map(|number| format!("E{number:03}\n")).collect();
    for threads in ["1", "8"] {
        let reversed = ["-q", "--keys-from", "reversed.txt", "--threads", threads];
        cloud.trial.run(&[&reversed, &NAMES[..]].concat()).shows(0, &expected, "");
    }
    assert!(!cloud.trial.path(".cache").exists(), "no mirror is made");
}

#[test]
fn many_objects_stay_in_order_and_damaged_ones_are_fetched_again() {
    let cloud = cloud(700);
    let keys = cloud.bucket.keys("");
    for (arguments, threads) in [(&["--jobs", "3"][..], "1"), (&[], "8")] {
        cloud.server.reset_counts();
        let fault = cloud.server.fault(Fault::get(&keys[600]).times(1).flip_bit(8 * 60));
        let read = ["-q", "--keys-from", "keys.txt", "--threads", threads];
        cloud.trial.run(&[&read, &NAMES[..], arguments].concat()).shows(0, &minutes(700), "");
        assert_eq!((fault.fired(), cloud.server.counts().get), (1, 701));
        assert_eq!(fs::read_dir(cloud.trial.path("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn a_mirror_keeps_objects_and_is_used() {
    let cloud = cloud(5);
    let keys = cloud.bucket.keys("");
    let read = |arguments: &[&str]| {
        cloud.trial.run(&[&["--keys-from", "keys.txt", "--mirror", "mirror"][..], &NAMES, arguments].concat())
    };
    read(&["-q"]).shows(0, &minutes(5), "");
    assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (5, 5));
    fs::remove_file(cloud.trial.path("mirror").join(&keys[2])).unwrap();
    // An object of another size is another version.
    cloud.trial.write(&format!("mirror/{}", keys[3]), "short");
    let offline =
        cloud.trial.run(&[&["--keys-from", "keys.txt", "--mirror", "mirror", "--offline", "-q"], &NAMES[..]].concat());
    assert_eq!((offline.code, offline.stdout.as_str()), (Some(3), "E000\nE001\nE004\n"), "{offline:?}");
    let absent = format!("s3://logs/{}: not in the mirror; run without --offline; nothing was read\n", keys[2]);
    assert!(offline.stderr.starts_with(&format!("trail2tsv: {absent}")), "{offline:?}");
    read(&[]).shows(
        0,
        &minutes(5),
        &format!(
            "trail2tsv: 2 objects downloaded ({}), 3 already in the mirror; 5 events in 5 files read, 5 matched\n",
            cloud.size(&keys[2..4])
        ),
    );
    assert_eq!((cloud.server.counts().get, cloud.assert_whole()), (7, 5));
    // If the list has no sizes, the files in the mirror are used too.
    cloud.trial.write("keys.txt", keys.iter().map(|key| format!("s3://logs/{key}\n")).collect::<String>());
    read(&["-q"]).shows(0, &minutes(5), "");
    read(&["-q", "--offline"]).shows(0, &minutes(5), "");
    assert_eq!((cloud.server.counts().get, cloud.server.counts().list), (7, 0));
    cloud.trial.write("other.txt", "s3://another/x\n");
    cloud.trial.run(&["--keys-from", "other.txt", "--mirror", "mirror", "--offline"]).shows(
        1,
        "",
        "trail2tsv: mirror: is the mirror of s3://logs; choose another for s3://another with --mirror\n",
    );
}

#[test]
fn objects_of_several_buckets_and_files_are_mixed() {
    let cloud = cloud(2);
    let second = cloud.server.add_bucket("second", Bucket::new());
    second.put("x/y.json.gz", log("S"));
    cloud.trial.write("local.json.gz", log("L"));
    let keys = cloud.bucket.keys("");
    let list =
        format!("s3://logs/{}\nlocal.json.gz\ns3://second/x/y.json.gz\t9\n./s3\ns3://logs/{}\n", keys[1], keys[0]);
    cloud.trial.write("s3", log("3"));
    cloud.trial.write("mixed.txt", list);
    for threads in ["1", "8"] {
        let arguments = ["-q", "--keys-from", "mixed.txt", "--threads", threads];
        cloud.trial.run(&[&arguments, &NAMES[..]].concat()).shows(0, "E001\nL\nS\n3\nE000\n", "");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let cloud = cloud(4);
    let keys = cloud.bucket.keys("");
    cloud.server.fault(Fault::get(&keys[1]).status(403, "AccessDenied"));
    let archived = cloud.bucket.get(&keys[2]).unwrap().storage_class("GLACIER");
    cloud.bucket.put(&keys[2], archived);
    fs::create_dir(cloud.trial.path("folder")).unwrap();
    let objects: Vec<String> = keys.iter().map(|key| format!("s3://logs/{key}")).collect();
    cloud.trial.write("empty.json", "");
    let list = format!(
        "{}\n{}\n{}\ns3://logs/nothing.gz\n\nnothing.json\nfolder\n/dev/null\nx\ty\n\x1b[31m\t\ns3://logs\nempty.json\n{}\n",
        objects[0], objects[1], objects[2], objects[3]
    );
    cloud.trial.write("keys.txt", list);
    let expected = format!(
        "trail2tsv: {}: not downloaded: access denied: s3:GetObject is needed on arn:aws:s3:::logs/*; nothing was read\n\
         trail2tsv: {}: not downloaded: the object is archived; restore it first (InvalidObjectState); nothing was read\n\
         trail2tsv: s3://logs/nothing.gz: not downloaded: the object no longer exists (NoSuchKey); nothing was read\n\
         trail2tsv: nothing.json: cannot be read: No such file or directory; nothing was read\n\
         trail2tsv: folder: is a folder; list the files in it, as trail2tsv keys does; nothing was read\n\
         trail2tsv: /dev/null: cannot be read: not a regular file; nothing was read\n\
         trail2tsv: keys.txt: line 9: \"x\\ty\" names no object or file: what follows the name is not a tab and a size; a name with a tab must be quoted; nothing was read\n\
         trail2tsv: keys.txt: line 10: \"\\u{{1b}}[31m\\t\" names no object or file: what follows the name is not a tab and a size; a name with a tab must be quoted; nothing was read\n\
         trail2tsv: keys.txt: line 11: \"s3://logs\" names no object or file: no key of an object; write s3://BUCKET/KEY; nothing was read\n\
         trail2tsv: 2 objects downloaded ({}), 0 already in the mirror; 2 events in 2 files read, 2 matched; 1 file skipped: 1 empty; 9 problems, named above\n",
        objects[1],
        objects[2],
        cloud.size(&[&keys[0], &keys[3]])
    );
    for threads in ["1", "8"] {
        let arguments = ["--keys-from", "keys.txt", "--threads", threads];
        cloud.trial.run(&[&arguments, &NAMES[..]].concat()).shows(3, "E000\nE003\n", &expected);
    }
}

#[test]
fn a_repeated_name_is_read_once() {
    let cloud = cloud(2);
    let keys = cloud.bucket.keys("");
    cloud.trial.write("x.json.gz", log("X"));
    let list = format!("s3://logs/{0}\nx.json.gz\ns3://logs/{0}\t5\n./x.json.gz\ns3://logs/{1}\n", keys[0], keys[1]);
    cloud.trial.write("keys.txt", list);
    let first = format!("trail2tsv: keys.txt: line 3: s3://logs/{} was listed before, and is read once\n", keys[0]);
    let ran = cloud.trial.run(&[&["--keys-from", "keys.txt"], &NAMES[..]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "E000\nX\nE001\n"), "{ran:?}");
    assert!(ran.stderr.starts_with(&first), "{ran:?}");
    assert!(ran.stderr.ends_with("3 matched; 2 lines of the list repeated, and read once\n"), "{ran:?}");
    let ran = cloud.trial.run(&["-v", "--keys-from", "keys.txt", "--count"]);
    assert!(ran.stderr.contains("keys.txt: line 4: ./x.json.gz was listed before"), "{ran:?}");
}

#[test]
fn hints_come_from_files_that_are_there() {
    let trial = Trial::new();
    let list = trial.run(&["keys", "-q", &format!("{SAMPLE}/AWSLogs")]).stdout;
    trial.write("keys.txt", &list);
    let hint =
        "trail2tsv: nothing matched --event-name \"RunInstnces\"; did you mean RunInstances? (383 events looked at)\n";
    let ran = trial.run(&["--keys-from", "keys.txt", "-e", "RunInstnces"]);
    assert!(ran.code == Some(0) && ran.stderr.starts_with(hint), "{ran:?}");
    let ran = trial.run_with_stdin(&["--keys-from", "-", "-e", "RunInstnces"], &list);
    assert!(ran.code == Some(0) && !ran.stderr.contains("did you mean"), "{ran:?}");
}

#[test]
fn an_empty_list_is_not_an_error() {
    let trial = Trial::with("keys.txt", "\n\r\n");
    trial.run(&["--keys-from", "keys.txt", "-c", "eventName"]).shows(
        0,
        "eventName\n",
        "trail2tsv: keys.txt: the list is empty\ntrail2tsv: 0 events in 0 files read, 0 matched\n",
    );
    trial.run(&["-q", "--keys-from", "-", "--count"]).shows(0, "0\n", "");
}

#[cfg(unix)]
#[test]
fn hostile_names_are_read_from_both_kinds_of_lists() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let trial = Trial::new();
    fs::create_dir(trial.path("logs")).unwrap();
    let names = [&b"\x1b[31m"[..], b"\"q\"", b"a\tb\nc", b"a\t5", b"\xff"];
    for (number, name) in names.iter().enumerate() {
        fs::write(trial.path("logs").join(OsStr::from_bytes(name)), log(&format!("E{number}"))).unwrap();
    }
    let list = trial.run(&["keys", "-q", "logs"]).stdout;
    trial.write("keys.txt", list);
    trial.write("nul", names.map(|name| [b"logs/", name].concat()).join(&0));
    trial.run(&[&["-q", "--keys-from", "keys.txt"], &NAMES[..]].concat()).shows(0, "E0\nE1\nE3\nE2\nE4\n", "");
    trial.run(&[&["-q", "--keys-from", "nul"], &NAMES[..]].concat()).shows(0, "E0\nE1\nE2\nE3\nE4\n", "");

    let cloud = cloud(0);
    let name = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/10/01/a\tb\n");
    cloud.bucket.put(&name, log("X"));
    let list = cloud.trial.run(&["keys", "-q", "s3://logs"]).stdout;
    cloud.trial.write("keys.txt", list);
    let shown = name.replace('\t', "\\t").replace('\n', "\\n");
    cloud.trial.run(&[&["-q", "--keys-from", "keys.txt"], &NAMES[..]].concat()).shows(
        3,
        "",
        &format!("trail2tsv: s3://logs/{shown}: not mirrored: its key contains characters that some systems do not allow in file names; nothing was read\n"),
    );
}

#[test]
fn actors_are_found_from_a_list_that_can_be_read_only_once() {
    let trial = Trial::new();
    let list = trial.run(&["keys", "-q", SAMPLE]).stdout;
    let question = ["-q", "-c", "eventID,actor"];
    let folder = trial.run(&[&question[..], &[SAMPLE]].concat()).stdout;
    let ran = trial.run_with_stdin(&[&question[..], &["--keys-from", "-"]].concat(), &list);
    ran.shows(0, &folder, "");
    // Objects that are not kept are downloaded for each of the two passes.
    let cloud = cloud(3);
    let ran = cloud.trial.run(&["--keys-from", "keys.txt", "-c", "eventName,actor", "--no-header"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "E000\t\nE001\t\nE002\t\n"), "{ran:?}");
    assert_eq!(cloud.server.counts().get, 6);
}

#[test]
fn wrong_usage_is_explained() {
    let trial = Trial::with("keys.txt", "x.json\n");
    trial.write("x.json", "");
    for (arguments, error) in [
        (&["x.json"][..], "--keys-from names all that is read; leave out other inputs"),
        (&["--bucket", "logs"], "--keys-from names all that is read; leave out --bucket"),
        (&["--event-history"], "--keys-from names all that is read; leave out --event-history"),
        (&["--prefix", "x"], "--keys-from names all that is read; leave out --prefix"),
        (&["--late-days", "2"], "--keys-from names all that is read; leave out --late-days"),
        (&["--offline"], "--offline needs --mirror DIR, from which the objects of the list are read"),
    ] {
        let said = format!("trail2tsv: {error}\ntrail2tsv: try --help\n");
        trial.run(&[&["--keys-from", "keys.txt"], arguments].concat()).shows(2, "", &said);
    }
    for (command, error) in [
        ("sync", "--keys-from cannot be used with sync"),
        ("follow", "--keys-from cannot be used with follow"),
        ("keys", "--keys-from cannot be used with keys, which makes such lists"),
    ] {
        let said = format!("trail2tsv: {error}\ntrail2tsv: try --help\n");
        trial.run(&[command, "--keys-from", "keys.txt"]).shows(2, "", &said);
    }
    for (name, error) in [
        ("nowhere", "trail2tsv: --keys-from nowhere: cannot be read: No such file or directory\n"),
        (".", "trail2tsv: --keys-from .: cannot be read: Is a directory\n"),
    ] {
        trial.run(&["--keys-from", name]).shows(1, "", error);
    }
    trial.write("wide.txt", b"\xff\xfex\0");
    trial.run(&["--keys-from", "wide.txt"]).shows(
        1,
        "",
        "trail2tsv: --keys-from wide.txt: cannot be read: it is UTF-16; save it as UTF-8\n",
    );
    let ran = trial.run(&["--keys-from", "keys.txt", "-o", "keys.txt"]);
    ran.shows(
        1,
        "",
        "trail2tsv: keys.txt: is the list of --keys-from, which the output would replace; choose another file\n",
    );
    assert_eq!(trial.read("keys.txt"), "x.json\n");
}

#[test]
fn settings_of_a_bucket_do_not_apply() {
    let mut trial = Trial::with("keys.txt", "x.json.gz\n");
    trial.write("x.json.gz", log("X"));
    trial.env("TRAIL2TSV_BUCKET", "other").env("TRAIL2TSV_MIRROR", "m").env("TRAIL2TSV_LATE_DAYS", "3");
    trial.run(&[&["-q", "--keys-from", "keys.txt"], &NAMES[..]].concat()).shows(0, "X\n", "");
}

#[test]
fn a_bucket_that_cannot_be_reached_ends_the_run() {
    let mut cloud = cloud(1);
    cloud.trial.write("keys.txt", "s3://missing-bucket/x\n");
    let ran = cloud.trial.run(&["--keys-from", "keys.txt"]);
    ran.shows(1, "", "trail2tsv: s3://missing-bucket: the bucket does not exist\n");
    cloud.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    let ran = cloud.trial.run(&["--keys-from", "keys.txt"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("no credentials found"), "{ran:?}");
    assert_eq!(fs::read_dir(cloud.trial.path("tmp")).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_missing_temporary_folder_is_named() {
    let mut cloud = cloud(1);
    cloud.trial.env("TMPDIR", "/nowhere");
    cloud.trial.run(&["--keys-from", "keys.txt"]).shows(
        1,
        "",
        "trail2tsv: /nowhere: no temporary folder can be created: No such file or directory; \
         set TMPDIR, or keep the objects with --mirror\n",
    );
    let mirrored = ["-q", "--keys-from", "keys.txt", "--mirror", "mirror"];
    cloud.trial.run(&[&mirrored, &NAMES[..]].concat()).shows(0, &minutes(1), "");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing_and_a_killed_one_is_cleaned_up() {
    use std::time::Duration;

    for (name, code) in [("-INT", Some(130)), ("-KILL", None)] {
        let cloud = cloud(3);
        let keys = cloud.bucket.keys("");
        cloud.server.fault(Fault::get(&keys[2]).stall(Duration::from_secs(3600)));
        let mut child = cloud.trial.command(&["--keys-from", "keys.txt", "-o", "out.tsv"]).spawn().unwrap();
        let is_waiting = || cloud.server.counts().get == 3 && !files(&cloud.trial.path("tmp")).is_empty();
        wait_until(is_waiting);
        signal(&child, name);
        let status = child.wait().unwrap();
        assert_eq!(status.code(), code, "{}", text(child.stderr));
        cloud.server.clear_faults();
        // A killed run may have removed the files that were read, but not their folder.
        let is_left = fs::read_dir(cloud.trial.path("tmp")).unwrap().next().is_some();
        assert_eq!(is_left, code.is_none());
        assert!(!cloud.trial.path("out.tsv").exists());
        cloud.trial.run(&[&["-q", "--keys-from", "keys.txt"], &NAMES[..]].concat()).shows(0, &minutes(3), "");
        assert_eq!(fs::read_dir(cloud.trial.path("tmp")).unwrap().count(), 0);
    }
}
