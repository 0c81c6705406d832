//! The columns `network` and `country` against a plain search of all networks.

use std::fmt::Write;
use std::net::IpAddr;
use std::process::Command;

use fastrand::Rng;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::logs::edge_cases;
use testkit::logs::records;
use testkit::mmdb::database;
use testkit::plain::network::network;
use testkit::plain::{self, row};

use crate::generated;

/// Networks around the source addresses of events.
fn networks(events: &[Value], random: &mut Rng) -> Vec<(IpAddr, usize, String)> {
    let addresses: Vec<IpAddr> = events
        .iter()
        .filter_map(|event| event["sourceIPAddress"].as_str()?.split(',').next()?.trim().parse().ok())
        .collect();
    let mut networks = Vec::<(IpAddr, usize, String)>::new();
    for number in 0..60 {
        // For the plain search, an IPv4 network in IPv6 form would be another one.
        let address = addresses[random.usize(..addresses.len())].to_canonical();
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let network = (address, random.usize(longest / 2..=longest), format!("net {number}"));
        if !networks.iter().any(|known| known.1 == network.1) || random.bool() {
            networks.push(network);
        }
    }
    networks
}

/// The cells of the column `network`, of the rows that the options select.
fn cells(log: &[u8], table: &str, more: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    // Equal networks must have one name within a file, so each has its own file.
    let mut options = vec!["--columns=network".into()];
    for (at, line) in table.lines().enumerate() {
        std::fs::write(folder.path().join(format!("{at}.csv")), line).unwrap();
        options.push(format!("--networks={at}.csv"));
    }
    options.extend(more.iter().map(|option| (*option).to_string()));
    run(&folder, log, &options)
}

/// The cells of the column `country`, by a database with the names of networks as countries.
fn countries(log: &[u8], networks: &[(IpAddr, usize, String)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    // Of equal networks, the last one of a database counts, and the first one here.
    let records =
        networks.iter().rev().map(|(address, length, name)| (format!("{address}/{length}"), json!({"country": name})));
    let records: Vec<(String, Value)> = records.collect();
    let records: Vec<(&str, Value)> =
        records.iter().map(|(network, record)| (network.as_str(), record.clone())).collect();
    std::fs::write(folder.path().join("test.mmdb"), database("Test", &records)).unwrap();
    run(&folder, log, &["--columns=country".into(), "--geoip=test.mmdb".into()])
}

/// The lines that the program prints for a log.
fn run(folder: &TempDir, log: &[u8], options: &[String]) -> Vec<String> {
    std::fs::write(folder.path().join("log.json"), log).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_trail2tsv"))
        .args(["log.json", "-q", "--no-header", "--raw", "--null", "-"])
        .args(options)
        .env("TRAIL2TSV_CONFIG", "/dev/null")
        .current_dir(folder.path())
        .output()
        .unwrap();
    // It is 3 because of edge cases with invalid UTF-8.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect()
}

#[test]
fn the_most_specific_network_is_shown_and_matched() {
    let mut events: Vec<String> = generated(200);
    events.extend(
        ["2001:db8::1", "::ffff:10.1.2.3", "81.2.69.142, 10.1.2.3", "x, 10.1.2.3", "AWS Internal", ""]
            .map(|source| format!(r#"{{"eventVersion":"1.08","eventName":"A","sourceIPAddress":"{source}"}}"#)),
    );
    let mut all: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    let edge_cases = edge_cases::events();
    all.extend(edge_cases.iter().map(|event| event.json.as_slice()));
    let log = records(&all);
    let events = plain::events(log.as_slice());
    for seed in 0..3 {
        let networks = networks(&events, &mut Rng::with_seed(seed));
        let mut table = String::new();
        networks.iter().for_each(|(address, length, name)| writeln!(table, "{address}/{length},{name}").unwrap());
        let plain: Vec<_> = networks.iter().map(|(address, length, name)| (*address, *length, name.as_str())).collect();
        let expected: Vec<Option<String>> = events.iter().map(|event| network(event, &plain)).collect();
        let shown = |name: &Option<String>| name.as_deref().map_or("-".into(), row::shown);
        assert_eq!(cells(log.as_slice(), &table, &[]), expected.iter().map(shown).collect::<Vec<_>>());
        assert_eq!(countries(log.as_slice(), &networks), expected.iter().map(shown).collect::<Vec<_>>());
        let name = expected.iter().flatten().next().unwrap();
        let count = expected.iter().filter(|other| other.as_ref() == Some(name)).count();
        for more in [["-i", name], ["--where", &format!("network = {name}")]] {
            assert_eq!(cells(log.as_slice(), &table, &more), vec![name.clone(); count], "{more:?}");
        }
    }
}
