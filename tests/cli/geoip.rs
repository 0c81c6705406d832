//! Countries and autonomous systems of addresses: `--geoip`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::json;
use testkit::mmdb::database;

use crate::harness::{Trial, gzip};

const LOG: &str = r#"{"Records":[
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"A","sourceIPAddress":"192.0.2.1"},
    {"eventTime":"2026-10-01T09:00:01Z","eventName":"B","sourceIPAddress":"198.51.100.7"},
    {"eventTime":"2026-10-01T09:00:02Z","eventName":"C","sourceIPAddress":"2001:db8::1"},
    {"eventTime":"2026-10-01T09:00:03Z","eventName":"D","sourceIPAddress":"10.0.0.1, 192.0.2.1"},
    {"eventTime":"2026-10-01T09:00:04Z","eventName":"E","sourceIPAddress":"ec2.amazonaws.com"},
    {"eventTime":"2026-10-01T09:00:05Z","eventName":"F","sourceIPAddress":"AWS Internal"},
    {"eventTime":"2026-10-01T09:00:06Z","eventName":"G"}]}"#;

const FOOT: &str = "trail2tsv: 7 events in 1 file read, 7 matched\n";

/// A log, a database of countries and one of autonomous systems.
fn trial() -> Trial {
    let trial = Trial::with("log.json", LOG);
    let country = |code: &str| json!({"country": {"iso_code": code, "names": {"en": code}}});
    let countries =
        [("192.0.2.0/24", country("DE")), ("198.51.100.0/24", country("NL")), ("2001:db8::/32", country("FR"))];
    trial.write("country.mmdb", database("Test-Country", &countries));
    let system =
        |number: u32, name: &str| json!({"autonomous_system_number": number, "autonomous_system_organization": name});
    let systems = [("192.0.2.0/24", system(64496, "Example, Inc.")), ("198.51.100.0/25", system(65551, "Other"))];
    trial.write("asn.mmdb", database("Test-ASN", &systems));
    trial
}

const BOTH: [&str; 3] = ["log.json", "--geoip=country.mmdb", "--geoip=asn.mmdb"];

#[test]
fn columns_show_what_the_databases_have() {
    let trial = trial();
    let run = |more: &[&str]| trial.run(&[&BOTH, more].concat());
    run(&["-c", "event,country,asn,ASNORG", "-f", "csv"]).shows(
        0,
        "eventName,country,asn,asnOrg\nA,DE,AS64496,\"Example, Inc.\"\nB,NL,AS65551,Other\nC,FR,,\n\
         D,DE,AS64496,\"Example, Inc.\"\nE,,,\nF,,,\nG,,,\n",
        FOOT,
    );
    run(&["-c", "event,asn", "-f", "json", "-n", "1", "-q"]).shows(
        0,
        "{\"eventName\":\"A\",\"asn\":\"AS64496\"}\n",
        "",
    );
    run(&["-c", "event,country", "--sort", "-country", "--no-header", "-q"]).shows(
        0,
        "B\tNL\nC\tFR\nA\tDE\nD\tDE\nE\t\nF\t\nG\t\n",
        "",
    );
    let names =
        |arguments: &[&str]| trial.run(&[&["log.json", "-q", "-n", "1"], arguments].concat()).lines(0)[0].to_string();
    let geo = |arguments: &[&str]| {
        names(arguments)
            .split('\t')
            .filter(|name| ["country", "asn", "asnOrg"].contains(name))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(geo(&["-c", "all"]), "");
    assert_eq!(geo(&["-c", "all", "--geoip=asn.mmdb"]), "asn asnOrg");
    assert_eq!(geo(&["-c", "all", "--geoip=country.mmdb", "--geoip=asn.mmdb"]), "country asn asnOrg");
}

#[test]
fn every_command_with_rows_has_the_columns() {
    let trial = trial();
    let run = |command: &str, more: &[&str]| {
        let all = [&[command, "log.json", "-q"], &BOTH[1..], more].concat();
        trial.run(&all).lines(0).join("\n")
    };
    assert_eq!(
        run("summary", &["--by", "country,asn", "-f", "csv", "--top", "1"]).lines().take(2).collect::<Vec<_>>(),
        ["country,asn,events,first,last", ",,3,2026-10-01T09:00:04Z,2026-10-01T09:00:06Z"]
    );
    trial.write("own.csv", "192.0.2.0/24,office\n");
    let columns = "eventName,network,country,asn,asnOrg";
    let more = ["--all", "-c", columns, "--networks=own.csv", "--where", "asn"];
    assert_eq!(
        run("timeline", &more),
        "eventName\tnetwork\tcountry\tasn\tasnOrg\nA\toffice\tDE\tAS64496\tExample, Inc.\nB\t\tNL\tAS65551\tOther\n\
         D\toffice\tDE\tAS64496\tExample, Inc."
    );
    for command in [&[][..], &["summary"], &["timeline"], &["follow"]] {
        let help = trial.run(&[command, &["--help"]].concat()).stdout;
        let filters = help.split("\nFilters:\n").nth(1).and_then(|rest| rest.split("\n\n\n").next()).unwrap();
        let end = filters.find("\nOutput:").unwrap_or(filters.len());
        for option in ["--networks <FILE>", "--geoip <FILE>"] {
            assert!(filters[..end].contains(option), "{command:?} {option}");
        }
    }
}

#[test]
fn values_are_compared() {
    let trial = trial();
    let names = |condition: &str| {
        let arguments = ["-c", "event", "--no-header", "-q", "--where", condition];
        trial.run(&[&BOTH[..], &arguments].concat()).lines(0).join("")
    };
    for (condition, expected) in [
        ("country = DE", "AD"),
        ("country = de", "AD"),
        ("country != {DE,NL}", "CEFG"),
        ("country", "ABCD"),
        ("!asn", "CEFG"),
        ("asn = AS65551", "B"),
        ("asnOrg ~ ^Example", "AD"),
    ] {
        assert_eq!(names(condition), expected, "{condition}");
    }
    let hint = trial.run(&[&BOTH[..], &["--where", "country = SE"]].concat());
    assert_eq!(hint.code, Some(0), "{hint:?}");
}

#[test]
fn a_value_that_no_database_has_is_refused() {
    let trial = trial();
    let needs = "needs --geoip FILE, a database of MaxMind's format with";
    for (arguments, told) in [
        (&["-c", "country"][..], format!("--columns \"country\": {needs} countries")),
        (&["-c", "ASN"], format!("--columns \"asn\": {needs} autonomous systems")),
        (&["--sort", "asnOrg"], format!("--sort \"asnOrg\": {needs} names of autonomous systems")),
        (&["--where", "country = DE"], format!("--where \"country = DE\": country {needs} countries")),
        (
            &["-c", "country", "--geoip=asn.mmdb"],
            "--columns \"country\": needs a database with countries; there are none in \"asn.mmdb\"".into(),
        ),
        (
            &["--where", "asn", "--geoip=country.mmdb"],
            "--where \"asn\": asn needs a database with autonomous systems; there are none in \"country.mmdb\"".into(),
        ),
    ] {
        let ran = trial.run(&[&["log.json"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert_eq!(ran.stderr, format!("trail2tsv: {told}\ntrail2tsv: try --help\n"));
    }
    for arguments in [["timeline", "log.json", "-c", "country"], ["timeline", "log.json", "-c", "network"]] {
        let ran = trial.run(&arguments);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(": needs --"), "{ran:?}");
    }
    let summary = trial.run(&["summary", "log.json", "--by", "country"]);
    assert_eq!(summary.code, Some(2));
    assert!(summary.stderr.contains(needs), "{summary:?}");
}

#[test]
fn files_that_are_not_databases_are_refused() {
    let trial = trial();
    let good = std::fs::read(trial.path("country.mmdb")).unwrap();
    trial.write("countries.mmdb.gz", gzip(&good));
    trial.write("db.zip", "PK\u{3}\u{4}");
    trial.write("empty", "");
    for (file, reason) in [
        ("countries.mmdb.gz", "is compressed; decompress it first"),
        ("db.zip", "is a ZIP archive; unpack it first"),
        ("empty", "is not a database in the format of MaxMind (.mmdb)"),
        ("log.json", "is not a database in the format of MaxMind (.mmdb)"),
        ("none", "cannot be read: "),
    ] {
        // It is refused even if no column needs it.
        let ran = trial.run(&["log.json", "--geoip", file]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.starts_with(&format!("trail2tsv: --geoip {file:?}: {reason}")), "{ran:?}");
    }
    let large = std::fs::File::create(trial.path("large.mmdb")).unwrap();
    large.set_len((128 << 20) + 1).unwrap();
    for (files, what) in [
        (&["--geoip=large.mmdb"][..], "is larger than 128 MiB"),
        (&["--geoip=country.mmdb", "--geoip=large.mmdb"], "all databases together are larger than 128 MiB"),
    ] {
        let ran = trial.run(&[&["log.json"], files].concat());
        assert_eq!(ran.code, Some(2));
        let told =
            format!("trail2tsv: --geoip \"large.mmdb\": {what}; use one without cities, such as GeoLite2-Country\n");
        assert!(ran.stderr.starts_with(&told), "{ran:?}");
    }
}

#[test]
fn a_damaged_database_is_reported() {
    let trial = trial();
    let good = std::fs::read(trial.path("country.mmdb")).unwrap();
    // Metadata that promises more nodes than there are.
    let mut cut = good.clone();
    cut.drain(0..good.len() / 2);
    trial.write("cut.mmdb", cut);
    trial.run(&["log.json", "--geoip=cut.mmdb", "-c", "event", "-n", "1", "-q"]).shows(0, "eventName\nA\n", "");
    let ran = trial.run(&["log.json", "--geoip=cut.mmdb", "-c", "country"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    let told = "trail2tsv: --columns \"country\": needs a database with countries; \"cut.mmdb\" is damaged: ";
    assert!(ran.stderr.starts_with(told), "{ran:?}");

    let long = "x".repeat(2000);
    let records = [("192.0.2.0/24", json!({"country": "DE"})), ("198.51.100.0/24", json!({"country": long}))];
    trial.write("long.mmdb", database("Test", &records));
    for (command, rows) in [(&[][..], "DE\n\n\nDE\n\n\n\n"), (&["timeline", "--all"], "DE\n\n\nDE\n\n\n\n")] {
        let ran = trial.run(&[command, &["log.json", "--geoip=long.mmdb", "-c", "country", "--no-header"]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), rows), "{ran:?}");
        assert_eq!(
            ran.stderr,
            "trail2tsv: --geoip \"long.mmdb\": is damaged: decoding error: a value of more than 1024 bytes, at \
             198.51.100.7; the cells of some addresses are empty\n\
             trail2tsv: 7 events in 1 file read, 7 matched; 1 problem, named above\n"
        );
    }
}

#[test]
fn hostile_names_are_escaped() {
    let trial = trial();
    let record = json!({"asn": "AS64496", "as_name": "=cmd|\u{1b}[31m\t\u{202e}\nx"});
    trial.write("asn.mmdb", database("Test", &[("192.0.2.0/24", record)]));
    let ran = trial.run(&["log.json", "--geoip=asn.mmdb", "-c", "asnOrg", "-n", "1", "--no-header", "-q"]);
    ran.shows(0, "'=cmd|\\u001b[31m\\t\\u202e\\nx\n", "");
}

#[cfg(unix)]
#[test]
fn a_pipe_can_be_a_database() {
    let trial = trial();
    let ran =
        trial.run_in_shell("mkfifo pipe; cat country.mmdb > pipe & trail2tsv log.json --geoip pipe -c country -n 1 -q");
    ran.shows(0, "country\nDE\n", "");
}
