//! Names of networks: `--networks`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::Trial;

const LOG: &str = r#"{"Records":[
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"A","sourceIPAddress":"10.1.2.3"},
    {"eventTime":"2026-10-01T09:00:01Z","eventName":"B","sourceIPAddress":"10.2.0.1"},
    {"eventTime":"2026-10-01T09:00:02Z","eventName":"C","sourceIPAddress":"3.5.0.1"},
    {"eventTime":"2026-10-01T09:00:03Z","eventName":"D","sourceIPAddress":"ec2.amazonaws.com"},
    {"eventTime":"2026-10-01T09:00:04Z","eventName":"E"}]}"#;

const RANGES: &str = r#"{"syncToken":"1","createDate":"2026-10-01-00-00-00","prefixes":[
    {"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
    {"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"EC2","network_border_group":"eu-west-1"}],
    "ipv6_prefixes":[]}"#;

fn trial() -> Trial {
    let trial = Trial::with("log.json", LOG);
    trial.write("own.csv", "cidr,name\n10.0.0.0/8,corp\n10.1.0.0/16,lab\n");
    trial.write("ip-ranges.json", RANGES);
    trial
}

const NETWORKS: [&str; 3] = ["log.json", "--networks=own.csv", "--networks=ip-ranges.json"];

#[test]
fn the_column_shows_names() {
    let trial = trial();
    let run = |more: &[&str]| trial.run(&[&NETWORKS, more].concat());
    let foot = "trail2tsv: 5 events in 1 file read, 5 matched\n";
    run(&["-c", "event,network", "--sort", "network"]).shows(
        0,
        "eventName\tnetwork\nC\tEC2 eu-west-1\nB\tcorp\nA\tlab\nD\t\nE\t\n",
        foot,
    );
    run(&["-c", "event,NETWORK", "-f", "json", "-n", "1", "-q"]).shows(
        0,
        "{\"eventName\":\"A\",\"network\":\"lab\"}\n",
        "",
    );
    let header = run(&["-c", "all", "-n", "1"]).lines(0)[0].to_string();
    assert!(header.contains("\tnetwork\t"), "{header}");
    let without = trial.run(&["log.json", "-c", "all", "-n", "1"]).lines(0)[0].to_string();
    assert!(!without.contains("network"), "{without}");
    let summary = run(&["-q", "-c", "event,network", "--where", "network"]);
    assert_eq!(summary.lines(0).len(), 4);
    let counts = trial.run(&["summary", "log.json", "--networks=own.csv", "--by", "network", "-f", "csv", "-q"]);
    assert_eq!(counts.lines(0)[..2], ["network,events,first,last", ",3,2026-10-01T09:00:02Z,2026-10-01T09:00:04Z"]);
}

#[test]
fn source_ip_matches_network_names() {
    let trial = trial();
    let names = |more: &[&str]| {
        let ran = trial.run(&[&NETWORKS[..], &["-c", "event", "--no-header"], more].concat());
        ran.lines(0).join("")
    };
    trial.write("names", "# ours\nCORP\nlab\n192.0.2.1\n");
    trial.write("many", "CORP\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nec2.amazonaws.com\n");
    for (arguments, expected) in [
        (&["-i", "corp"][..], "B"),
        (&["-i", "CORP,lab"], "AB"),
        (&["-i", "!lab"], "BCDE"),
        (&["-i", "EC2 eu-west-1"], "C"),
        (&["-i", "10.0.0.0/8"], "AB"),
        (&["-i", "ec2.*"], "D"),
        (&["-i", "@names"], "AB"),
        (&["-i", "@many"], "BD"),
        (&["--where", "network = EC2 *"], "C"),
        (&["--where", "network ~ ^(lab|corp)$"], "AB"),
        (&["--where", "!network"], "DE"),
        (&["--where", "network != corp"], "ACDE"),
    ] {
        assert_eq!(names(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn an_ambiguous_source_ip_is_reported() {
    let trial = Trial::with("log.json", LOG);
    trial.write("own.csv", "10.2.0.0/16,10.1.2.3\n10.1.0.0/16,ec2.amazonaws.com\n3.0.0.0/8,10.*\n");
    let run =
        |value: &str| trial.run(&["log.json", "--networks", "own.csv", "-i", value, "-c", "event", "--no-header"]);
    let said = |value: &str, what: &str, counts: &str| {
        format!(
            "trail2tsv: --source-ip {value:?} is taken as {what}, and is also the name of a network; --where 'network \
             = …' matches names\ntrail2tsv: {counts} matched\n"
        )
    };
    run("10.1.2.3").shows(0, "A\n", &said("10.1.2.3", "an address", "1 event decoded in 1 file read, 1"));
    run("10.*").shows(0, "A\nB\n", &said("10.*", "a pattern", "5 events in 1 file read, 2"));
    run("ec2.amazonaws.com").shows(
        0,
        "A\nD\n",
        "trail2tsv: --source-ip \"ec2.amazonaws.com\" is a service and the name of a network; both match\n\
         trail2tsv: 5 events in 1 file read, 2 matched\n",
    );
}

#[test]
fn bad_files_are_errors() {
    let trial = trial();
    for (content, reason) in [
        (&b""[..], "has no networks"),
        (b"10.0.0.0/8,a\n10.0.0/8,b\n", "line 2: \"10.0.0/8\" is not a network; write 203.0.113.0/24,name"),
        (b"10.0.0.0/8,a\n10.0.0.0/8,b\n", "line 2: 10.0.0.0/8 has another name in line 1"),
        (b"10.0.0.0/8,a\n11.0.0.0/8,\xff\n", "line 2: not UTF-8"),
        (b"{\"prefixes\":1}", "is neither a CSV table of networks and names nor ip-ranges.json of AWS: "),
        (b"\x1b[31m/8,a", "line 1: \"\\u{1b}[31m/8\" is not a network"),
    ] {
        trial.write("bad.csv", content);
        let ran = trial.run(&["log.json", "--networks", "bad.csv"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.starts_with(&format!("trail2tsv: --networks \"bad.csv\": {reason}")), "{ran:?}");
        assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
    }
    let missing = trial.run(&["log.json", "--networks", "none.csv"]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("--networks \"none.csv\": cannot be read: "), "{missing:?}");
    for (arguments, told) in [
        (["-c", "network"], "--columns \"network\": needs --networks FILE, a table of networks and their names"),
        (["--sort", "network"], "--sort \"network\": needs --networks FILE"),
        (["--where", "network = a"], "--where \"network = a\": network needs --networks FILE"),
    ] {
        let ran = trial.run(&[&["log.json"], &arguments[..]].concat());
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}

#[test]
fn hostile_names_are_escaped() {
    let trial = Trial::with("log.json", LOG);
    trial.write("own.csv", "10.1.0.0/16,\"=cmd|\u{1b}[31m\t\u{202e}\nx\"\n");
    let ran = trial.run(&["log.json", "--networks", "own.csv", "-c", "network", "-n", "1", "--no-header", "-q"]);
    ran.shows(0, "'=cmd|\\u001b[31m\\t\\u202e\\nx\n", "");
}
