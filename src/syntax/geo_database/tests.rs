#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::mmdb::database;

use super::GeoAttribute::{Asn, AsnOrganisation, Country};
use super::*;

fn databases(all: &[(&str, Vec<u8>)]) -> GeoDatabases {
    let all: Vec<(String, Vec<u8>)> = all.iter().map(|(name, bytes)| (name.to_string(), bytes.clone())).collect();
    GeoDatabases::new(Box::new(move || all.into_iter().map(|(name, bytes)| GeoDatabase::new(name, bytes)).collect()))
}

/// What a database with one record has for an address of its network.
fn values(record: Value) -> [Option<String>; 3] {
    let databases = databases(&[("x.mmdb", database("Test", &[("203.0.113.0/24", record)]))]);
    let address = "203.0.113.9".parse().unwrap();
    let values = [Country, Asn, AsnOrganisation].map(|attribute| databases.find(address, attribute));
    for (attribute, value) in [Country, Asn, AsnOrganisation].into_iter().zip(&values) {
        assert_eq!(databases.require(attribute).is_ok(), value.is_some());
        assert_eq!(databases.may_have(attribute), value.is_some());
    }
    assert_eq!(databases.take_damage(), []);
    values
}

#[test]
fn records_of_several_publishers_are_read() {
    let names = json!({"en": "Germany", "de": "Deutschland"});
    for (record, expected) in [
        (
            json!({"country": {"geoname_id": 1, "iso_code": "DE", "names": names}, "city": {"names": {}}}),
            ["DE", "", ""],
        ),
        (json!({"registered_country": {"iso_code": "DE"}}), ["", "", ""]),
        (
            json!({"autonomous_system_number": 64496, "autonomous_system_organization": "Example"}),
            ["", "AS64496", "Example"],
        ),
        (
            json!({"country": {"iso_code": "NL"}, "traits": {"is_anycast": true, "autonomous_system_number": 64496,
                "autonomous_system_organization": "Example"}}),
            ["NL", "AS64496", "Example"],
        ),
        (
            json!({"country": "Germany", "country_code": "DE", "continent": "Europe", "asn": "AS64496",
                "as_name": "Example", "as_domain": "example.com"}),
            ["DE", "AS64496", "Example"],
        ),
        (json!({"asn": "AS4294967295", "name": "Example"}), ["", "AS4294967295", "Example"]),
        (json!({"country": "DE", "asn": "", "name": "Berlin", "as_name": " "}), ["DE", "", ""]),
        (json!({"country": [1, {"iso_code": "DE"}], "asn": {"iso_code": "DE"}, "as_name": true}), ["", "", ""]),
        (json!({"asn": "AS64496 Example", "country": {"iso_code": {"iso_code": "DE"}}}), ["", "", ""]),
        (json!({"asn": 4_294_967_296_u64}), ["", "", ""]),
        (json!({}), ["", "", ""]),
    ] {
        let expected = expected.map(|text| Some(text.to_string()).filter(|text| !text.is_empty()));
        assert_eq!(values(record.clone()), expected, "{record}");
    }
}

#[test]
fn the_first_database_with_a_value_counts() {
    let country = |code: &str| json!({"country": {"iso_code": code}});
    let first = database("Test", &[("198.51.100.0/24", country("DE")), ("198.51.100.128/25", country("NL"))]);
    let second = database("Test", &[("198.51.0.0/16", country("IE")), ("2001:db8::/32", country("FR"))]);
    let third = database("Test", &[("198.51.100.0/24", json!({"asn": 64496}))]);
    let databases = databases(&[("1", first), ("2", second), ("3", third)]);
    for (address, expected) in [
        ("198.51.100.1", Some("DE")),
        ("198.51.100.129", Some("NL")),
        ("::ffff:198.51.100.129", Some("NL")),
        ("198.51.101.1", Some("IE")),
        ("2001:db8::1", Some("FR")),
        ("192.0.2.1", None),
        ("2001:db9::1", None),
    ] {
        assert_eq!(databases.find(address.parse().unwrap(), Country).as_deref(), expected, "{address}");
    }
    assert_eq!(databases.find("198.51.100.1".parse().unwrap(), Asn).as_deref(), Some("AS64496"));
    assert_eq!(
        databases.require(AsnOrganisation).unwrap_err(),
        "needs a database with names of autonomous systems; there are none in \"1\", \"2\", \"3\""
    );
}

#[test]
fn damage_that_a_look_up_finds_is_reported_once() {
    let long = "x".repeat(1025);
    let networks = [("192.0.2.0/24", json!({"country": "DE"})), ("198.51.100.0/24", json!({"country": long}))];
    let databases = databases(&[("bad", database("Test", &networks)), ("good", database("Test", &networks[..1]))]);
    assert_eq!(databases.take_damage(), []);
    databases.require(Country).unwrap();
    for address in ["198.51.100.9", "198.51.100.8", "198.51.100.10", "192.0.2.1"] {
        databases.find(address.parse().unwrap(), Country);
    }
    let [("bad", reason)] = &databases.take_damage()[..] else { panic!("not one") };
    assert_eq!(reason, "is damaged: decoding error: a value of more than 1024 bytes, at 198.51.100.8");
    databases.find("198.51.100.1".parse().unwrap(), Country);
    assert_eq!(databases.take_damage(), []);
    let reason = databases.require(Asn).unwrap_err();
    assert!(reason.starts_with("needs a database with autonomous systems; \"bad\" is damaged: "), "{reason}");
}

#[test]
fn other_files_are_refused() {
    let good = database("Test", &[("192.0.2.0/24", json!({"country": "DE"}))]);
    assert_eq!(not_a_database(&good, &good), None);
    assert_eq!(not_a_database(b"\x1f\x8b\x08", &good), Some("is compressed; decompress it first"));
    assert_eq!(not_a_database(b"PK\x03\x04", b""), Some("is a ZIP archive; unpack it first"));
    assert_eq!(not_a_database(b"", b""), Some("is not a database in the format of MaxMind (.mmdb)"));
    let reason = GeoDatabase::new("x".into(), b"cidr,name".to_vec()).unwrap_err();
    assert!(reason.starts_with("is damaged: "), "{reason}");
}

/// A database, and addresses of each of its networks.
fn sample() -> (Vec<u8>, Vec<IpAddr>) {
    let record = |code: &str, number: u32| {
        json!({"country": {"iso_code": code, "names": {"en": "x"}}, "autonomous_system_number": number,
            "list": [1, "two", {"three": 3}], "traits": {"is_anycast": true}, "as_name": "Example Hosting"})
    };
    let networks = [
        ("192.0.2.0/24", record("DE", 64496)),
        ("192.0.2.128/25", record("NL", 64497)),
        ("198.51.100.0/23", record("IE", 64498)),
        ("203.0.113.7/32", record("US", 64499)),
        ("2001:db8::/32", record("FR", 65551)),
    ];
    let addresses =
        ["192.0.2.1", "192.0.2.200", "198.51.101.1", "203.0.113.7", "2001:db8::1", "::1", "255.255.255.255"];
    (database("Test", &networks), addresses.map(|address| address.parse().unwrap()).to_vec())
}

/// Opens a database and asks it everything. Whatever it answers, it must not panic.
fn ask(bytes: Vec<u8>, addresses: &[IpAddr]) {
    let databases = databases(&[("x", bytes)]);
    for attribute in [Country, Asn, AsnOrganisation] {
        let _ = databases.require(attribute);
        addresses.iter().for_each(|address| drop(databases.find(*address, attribute)));
    }
    databases.take_damage();
}

#[test]
fn no_truncated_database_panics() {
    let (bytes, addresses) = sample();
    for length in 0..bytes.len() {
        ask(bytes[..length].to_vec(), &addresses);
        ask(bytes[length..].to_vec(), &addresses);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_damaged_database_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let (mut bytes, addresses) = sample();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        ask(bytes, &addresses);
    }
}
