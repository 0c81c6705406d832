//! Values of filter options from files: `@FILE`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::{Trial, gzip};

fn event(name: &str, user: &str, address: &str) -> String {
    format!(
        r#"{{"eventName":"{name}","eventSource":"ec2.amazonaws.com","awsRegion":"eu-west-1","sourceIPAddress":"{address}",
        "recipientAccountId":"111122223333","userIdentity":{{"type":"IAMUser","userName":"{user}","accessKeyId":"AKIA{user}"}},
        "requestParameters":{{"bucketName":"bucket-{user}"}}}}"#
    )
}

fn trial() -> Trial {
    let trial = Trial::new();
    let events = [
        event("RunInstances", "alice", "203.0.113.7"),
        event("StopInstances", "Jürgen", "10.1.2.3"),
        event("GetObject", "@odd", "2001:db8::9"),
        event("PutObject", "dave", "ec2.amazonaws.com"),
    ];
    trial.write("log.json.gz", gzip(format!("{{\"Records\":[{}]}}", events.join(","))));
    trial
}

#[test]
fn each_pattern_option_takes_a_list() {
    let trial = trial();
    for (option, list, expected) in [
        ("-e", "runinstances\r\n# no\r\n\r\n  Put*  \r\n", &["RunInstances", "PutObject"][..]),
        ("-u", "\u{feff}JÜRGEN\n\\@odd\n", &["StopInstances", "GetObject"]),
        ("-i", "10.0.0.0/8\n2001:db8::/32\nEC2.*\n", &["StopInstances", "GetObject", "PutObject"]),
        ("-i", "203.0.113.7", &["RunInstances"]),
        ("-s", "s3\nec2\n", &["RunInstances", "StopInstances", "GetObject", "PutObject"]),
        ("-r", "us-*\n", &[]),
        ("--account", "111122223333\n", &["RunInstances", "StopInstances", "GetObject", "PutObject"]),
        ("--resource", "bucket-dave\n", &["PutObject"]),
        ("--access-key", "AKIAdave\nAKIAalice\n", &["RunInstances", "PutObject"]),
        ("-e", "!Run*\n!PutObject", &["StopInstances", "GetObject"]),
    ] {
        trial.write("list.txt", list);
        let ran = trial.run(&["log.json.gz", option, "@list.txt", "-c", "eventName", "--no-header"]);
        assert_eq!(ran.lines(0), expected, "{ran:?}");
    }
}

#[test]
fn lists_combine_with_values_and_negations() {
    let trial = trial();
    trial.write("calls", "RunInstances\nGetObject\n");
    trial.write("a,b", "GetObject");
    let names = |arguments: &[&str]| {
        let ran = trial.run(&[&["log.json.gz", "-c", "eventName", "--no-header"], arguments].concat());
        ran.lines(0).join(" ")
    };
    assert_eq!(names(&["-e", "@calls,StopInstances"]), "RunInstances StopInstances GetObject");
    assert_eq!(names(&["-e", "!@calls"]), "StopInstances PutObject");
    assert_eq!(names(&["-e", "@calls,!Get*"]), "RunInstances");
    assert_eq!(names(&["-e", "@a\\,b"]), "GetObject");
    assert_eq!(names(&["-u", "\\@odd"]), "GetObject");
    // The child process for --jq reads it too.
    assert_eq!(names(&["-e", "@calls", "--jq", ".eventName | startswith(\"Get\")"]), "GetObject");
}

#[test]
fn a_list_without_a_match_is_named_as_a_whole() {
    let trial = trial();
    trial.write("users", "nobody\nnothing\n");
    let none = trial.run(&["log.json.gz", "-u", "@users", "-c", "eventName"]);
    assert_eq!(none.lines(0), ["eventName"]);
    assert!(none.stderr.contains("nothing matched --user \"@users\"; existing values: "), "{none:?}");
    let some = trial.run(&["log.json.gz", "-u", "@users", "-u", "alice", "--count"]);
    let told = "trail2tsv: nothing matched --user \"@users\"\ntrail2tsv: 4 events in 1 file read, 1 matched\n";
    some.shows(0, "1\n", told);
}

#[test]
fn bad_lists_are_errors_that_name_option_file_and_line() {
    let trial = trial();
    for (option, list, reason) in [
        ("-e", &b"a\n{b\n"[..], "--event-name \"@list\": line 2, \"{b\": not a pattern"),
        ("-i", b"10.0.0.1\n\n10.0.0\n", "--source-ip \"@list\": line 3, \"10.0.0\": not an address"),
        ("--account", b"# ours\n1234\n", "--account \"@list\": line 2, \"1234\": not an account"),
        ("-u", b"", "--user \"@list\": has no values; write one a line"),
        ("-u", b"a\n\xe9\n", "--user \"@list\": line 2: not UTF-8"),
        ("-u", b"\xff\xfea\0\n\0", "--user \"@list\": is UTF-16; save it as UTF-8"),
        ("-u", b"a\n@b\n", "--user \"@list\": line 2, \"@b\": a list cannot name another one"),
        ("-u", b"a\n!!b\n", "--user \"@list\": line 2, \"!!b\": negated twice"),
        ("-u", b"a\n!\n", "--user \"@list\": line 2, \"!\": empty"),
        ("-u", b"a\x1b[31m\xc2\x9b\n{\x1b\n", "--user \"@list\": line 2, \"{\\u{1b}\": not a pattern"),
    ] {
        trial.write("list", list);
        let ran = trial.run(&["log.json.gz", option, "@list"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(reason), "{reason}\n{ran:?}");
        assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
    }
    trial.write("list", "a\n!b\n");
    let twice = trial.run(&["log.json.gz", "-u", "!@list"]);
    assert!(twice.stderr.contains("--user \"!@list\": line 2, \"!b\": negated twice"), "{twice:?}");
    for (value, reason) in [
        ("@none", "--user \"@none\": the file cannot be read: "),
        ("@", "--user \"@\": names no file; write @FILE"),
        ("@-", "--user \"@-\": names no file"),
        ("@.", "--user \"@.\": the file cannot be read: "),
    ] {
        let ran = trial.run(&["log.json.gz", "-u", value]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(reason) && ran.stderr.contains("\\@"), "{ran:?}");
    }
}

#[test]
fn long_lists_give_the_rows_of_their_values() {
    let trial = trial();
    let mut keys: String = (0..200_000).map(|number| format!("AKIA{number:016}\n")).collect();
    keys.push_str("akiadave\n");
    trial.write("keys", keys);
    let mut networks: String =
        (0..50_000_u32).map(|at| format!("{}/32\n", std::net::Ipv4Addr::from(at << 8))).collect();
    networks.push_str("203.0.113.0/24\n");
    trial.write("networks", networks);
    let names = |arguments: &[&str]| {
        let ran = trial.run(&[&["log.json.gz", "-c", "eventName", "--no-header"], arguments].concat());
        ran.lines(0).join(" ")
    };
    assert_eq!(names(&["--access-key", "@keys"]), "PutObject");
    assert_eq!(names(&["--access-key", "!@keys"]), "RunInstances StopInstances GetObject");
    assert_eq!(names(&["-i", "@networks"]), "RunInstances");
    let globs: String = (0..10_001).map(|number| format!("x{number}*\n")).collect();
    trial.write("globs", globs);
    let ran = trial.run(&["log.json.gz", "-u", "@globs"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("line 10001, \"x10000*\": more than 10000 values with * ? { or \\;"), "{ran:?}");
}

#[test]
fn lists_limit_the_folders_of_a_bucket() {
    let trial = Trial::new();
    trial.write("accounts", "444455556666\n");
    let folder = |account: &str| {
        format!(
            "mirror/AWSLogs/{account}/CloudTrail/eu-west-1/2026/10/01/{account}_CloudTrail_eu-west-1_20261001T0915Z_A.json.gz"
        )
    };
    for account in ["111122223333", "444455556666"] {
        let event = event("RunInstances", "alice", "203.0.113.7").replace("111122223333", account);
        trial.write(&folder(account), gzip(format!("{{\"Records\":[{event}]}}")));
    }
    let arguments = ["--bucket", "logs", "--offline", "--mirror", "mirror", "--account", "@accounts", "--count"];
    let ran = trial.run(&arguments);
    assert_eq!(ran.lines(0), ["1"], "{ran:?}");
    assert!(ran.stderr.contains("1 event in 1 file read"), "{ran:?}");
}
