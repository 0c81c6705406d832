mod reference;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::command::summary::buckets::BucketedTime;
use crate::command::summary::counter::Counter;
use crate::command::summary::time_histogram::TimeHistogram;
use crate::command::summary::value_stats::Occurrence;

/// 2026-10-01T08:00:00Z, on day 20,727.
const START: i64 = 1_790_841_600;
const DAY: i64 = 24 * 60 * 60;
const KEY: &str = "AKIAI44QH8DHBEXAMPLE";
const SESSION_KEY: &str = "ASIAIOSFODNN7EXAMPLE";

/// A value with `|` for tabs, and the second of an event.
type TimedValue = (String, i64);

/// The values in their order, each with its statistics, counted as the tally counts: on
/// several threads, which put what they have to disk after `room` events.
fn counted(threads: &[Vec<TimedValue>], room: usize) -> BTreeMap<Vec<u8>, ValueStats> {
    let spill = Arc::default();
    let mut counters: Vec<Counter> = threads.iter().map(|_| Counter::new(Arc::clone(&spill))).collect();
    for (counter, values) in counters.iter_mut().zip(threads) {
        for (at, (value, second)) in values.iter().enumerate() {
            let time = BucketedTime::new(*second);
            counter
                .add(value.replace('|', "\t").as_bytes(), &Occurrence { time: Some(&time), ..Occurrence::default() });
            if room > 0 && at % room == 0 {
                counter.spill().unwrap();
            }
        }
    }
    let mut counters = counters.into_iter();
    let mut sorted = BTreeMap::new();
    let mut each = |value: &[u8], stats: &ValueStats| {
        assert!(sorted.insert(value.to_vec(), stats.clone()).is_none());
        Ok(())
    };
    if let Some(first) = counters.next() {
        first.finish(counters, &mut each).unwrap();
    }
    sorted
}

fn fold(values: &BTreeMap<Vec<u8>, ValueStats>, limit: usize, days: ActiveDays) -> Vec<SignalTable> {
    let mut fold = SignalFold::new(limit, days, false);
    values.iter().for_each(|(value, stats)| fold.push(value, stats));
    fold.finish()
}

/// The signals of values at times after the start, as `kind number | subject | user | detail`.
fn signals(values: &[(&str, i64)]) -> Vec<String> {
    let values = values.iter().map(|(value, after)| (value.to_string(), START + after)).collect();
    let tables = fold(&counted(&[values], 0), 100, ActiveDays::default());
    let rows = tables.into_iter().flat_map(|table| table.rows);
    rows.map(|row| format!("{:?} | {} | {} | {}", row.kind, row.subject, row.user, row.detail)).collect()
}

/// A use of a key by `bob`.
fn use_of(key: &str, rest: &str) -> String {
    format!("k|{key}|bob|{rest}")
}

#[test]
fn a_key_at_several_addresses_is_a_signal() {
    let of = |addresses: &[(&str, i64)]| {
        let values: Vec<_> =
            addresses.iter().map(|(address, after)| (use_of(SESSION_KEY, &format!("{address}||")), *after)).collect();
        signals(&values.iter().map(|(value, after)| (value.as_str(), *after)).collect::<Vec<_>>())
    };
    let found = |detail: &str| vec![format!("Addresses | {SESSION_KEY} | bob | {detail}")];
    let (one, two) = ("203.0.113.66", "198.51.100.7");
    assert_eq!(of(&[(one, 0), (two, 60)]), found("2 addresses: 203.0.113.66, 198.51.100.7"));
    let overlap = found("2 addresses at overlapping times: 203.0.113.66, 198.51.100.7");
    assert_eq!(of(&[(one, 0), (two, 60), (one, 120)]), overlap);
    assert_eq!(of(&[(one, 0), (two, 0)]), found("2 addresses at overlapping times: 198.51.100.7, 203.0.113.66"));
    assert_eq!(of(&[(one, 0), ("Lambda", 60)]), found("2 addresses: 203.0.113.66, Lambda"));
    assert_eq!(of(&[("10.0.0.1", 0), ("10.0.0.2", 60)]), found("2 addresses: 10.0.0.1, 10.0.0.2"));
    // What one machine can have, or a person who opens a shell in the console.
    for near_miss in ["10.0.0.1", "2001:db8:1:2::/64", "CloudShell"] {
        assert!(of(&[(one, 0), (near_miss, 60)]).is_empty(), "{near_miss}");
    }
    assert!(of(&[(one, 0), (one, 60)]).is_empty());
    assert!(of(&[("Lambda", 0), ("Lambda", 60)]).is_empty());
}

#[test]
fn long_lists_of_addresses_show_their_ends() {
    let values: Vec<_> = (0..20_i64).map(|at| (use_of(KEY, &format!("203.0.113.{at}||20727")), START + at)).collect();
    let tables = fold(&counted(&[values], 0), 10, ActiveDays::default());
    let shown = "20 addresses: 203.0.113.0, 203.0.113.1, 203.0.113.2, …, 203.0.113.17, 203.0.113.18, 203.0.113.19";
    assert_eq!(tables[0].rows[0].detail, shown);
    assert_eq!(tables[0].rows[0].stats.count, 20);
}

#[test]
fn more_addresses_than_are_kept_are_counted() {
    let text = |at: u32| format!("k\t{KEY}\tbob\t{}\t\t", std::net::Ipv4Addr::from_bits(0x0b00_0000 + at));
    let mut values: Vec<String> = (0..20_000).map(text).collect();
    values.sort();
    let mut stats = ValueStats::default();
    stats.add(&Occurrence::default());
    let mut fold = SignalFold::new(10, ActiveDays::default(), false);
    values.iter().for_each(|value| fold.push(value.as_bytes(), &stats));
    let row = fold.finish().swap_remove(0).rows.swap_remove(0);
    assert!(row.detail.starts_with("20000 addresses: 11."), "{}", row.detail);
    assert_eq!(row.stats.count, 20_000);
}

#[test]
fn a_stand_in_for_many_keys_is_no_signal() {
    let of = |key: &str, users: &[&str]| {
        let values: Vec<_> = users
            .iter()
            .flat_map(|user| ["203.0.113.66", "198.51.100.7"].map(|address| format!("k|{key}|{user}|{address}|cli|")))
            .collect();
        signals(&values.iter().map(|value| (value.as_str(), 0)).collect::<Vec<_>>()).len()
    };
    assert_eq!(of(SESSION_KEY, &["alice", "bob", "carol"]), 3);
    assert_eq!(of(SESSION_KEY, &["alice", "bob", "carol", "dave"]), 0);
    assert_eq!(of("console session of 2026-10-01T08:00:00Z", &["alice", "bob", "carol", "dave"]), 4);
    // One address each is not several.
    let each = ["k|ASIAIOSFODNN7EXAMPLE|alice|203.0.113.66||", "k|ASIAIOSFODNN7EXAMPLE|bob|198.51.100.7||"];
    assert!(signals(&each.map(|value| (value, 0))).is_empty());
}

#[test]
fn a_key_with_several_programs_is_a_signal() {
    let of = |rest: &[&str]| {
        let values: Vec<_> = rest.iter().map(|rest| use_of(SESSION_KEY, rest)).collect();
        signals(&values.iter().map(|value| (value.as_str(), 0)).collect::<Vec<_>>()).pop()
    };
    let found = |detail: &str| Some(format!("Programs | {SESSION_KEY} | bob | {detail}"));
    assert_eq!(of(&["203.0.113.66|boto3|", "203.0.113.66|aws-cli|"]), found("2 programs: aws-cli, boto3"));
    let apart = of(&["203.0.113.66|boto3|", "198.51.100.7|aws-cli|"]);
    assert_eq!(apart, found("2 programs: aws-cli, boto3; from 2 addresses"));
    assert_eq!(of(&["203.0.113.66|boto3|", "203.0.113.66||"]), None);
    let many: Vec<String> = (0..1002).map(|at| format!("203.0.113.66|tool{at:04}|")).collect();
    let many = of(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = "more than 1000 programs: tool0000, tool0001, tool0002, tool0003, tool0004, tool0005, …";
    assert_eq!(many, found(shown));
}

#[test]
fn an_instance_role_at_several_public_addresses_is_a_signal() {
    let (session, other) = ("i|app/i-02fe2f05e8cdc993d|", "i|app/i-03191d0ee30f4f386|");
    let at = |session: &str, address: &str| format!("{session}{address}");
    let (one, two, three) = (at(session, "203.0.113.66"), at(session, "198.51.100.7"), at(other, "198.51.100.7"));
    let found = |detail: &str| vec![format!("InstanceRole | i-02fe2f05e8cdc993d | app/i-02fe2f05e8cdc993d | {detail}")];
    assert_eq!(signals(&[(&one, 0), (&two, 60), (&three, 0)]), found("2 addresses: 203.0.113.66, 198.51.100.7"));
    let overlap = "2 addresses at overlapping times: 203.0.113.66, 198.51.100.7";
    assert_eq!(signals(&[(&one, 0), (&two, 60), (&one, 90)]), found(overlap));
    assert!(signals(&[(&one, 0), (&one, 60), (&three, 0)]).is_empty());
}

#[test]
fn a_burst_is_found_across_steps() {
    let calls = |principal: &str, seconds: &[i64]| -> Vec<TimedValue> {
        let value = |after: &i64| {
            let second = START + after;
            (format!("d|{principal}|{:012}", second - second % 600), second)
        };
        seconds.iter().map(value).collect()
    };
    let found = |seconds: &[i64]| {
        let tables = fold(&counted(&[calls("bob", seconds)], 0), 10, ActiveDays::default());
        tables.into_iter().flat_map(|table| table.rows).map(|row| row.detail).collect::<Vec<_>>()
    };
    let every = |step: i64, count: i64| (0..count).map(|at| 300 + at * step).collect::<Vec<_>>();
    assert_eq!(found(&every(1, 27)), ["27 denied calls within 10 minutes from 2026-10-01 08:05"]);
    assert_eq!(found(&every(59, 10)), ["10 denied calls within 10 minutes from 2026-10-01 08:05"], "two steps");
    assert!(found(&every(1, 9)).is_empty());
    assert!(found(&every(70, 100)).is_empty(), "slow, however long");
    let twice = [every(10, 10), every(1, 12).iter().map(|second| second + DAY).collect()].concat();
    assert_eq!(found(&twice), ["12 denied calls within 10 minutes from 2026-10-02 08:05"]);
}

#[test]
fn a_sign_in_without_mfa_is_a_signal() {
    let found = signals(&[
        ("m|alice|111122223333|203.0.113.66", 0),
        ("m|alice|111122223333|198.51.100.7", 60),
        ("m|alice|111122223333|198.51.100.7", 90),
        ("m|alice|444455556666|198.51.100.7", 0),
        ("m|root||198.51.100.7", 0),
    ]);
    let expected = [
        "NoMfa | root | root | 1 sign-in from 198.51.100.7",
        "NoMfa | alice | alice | 3 sign-ins to account 111122223333 from 2 addresses: 203.0.113.66, 198.51.100.7",
        "NoMfa | alice | alice | 1 sign-in to account 444455556666 from 198.51.100.7",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_dormant_key_that_wakes_is_a_signal() {
    let of = |uses: &[(&str, i64)]| -> Vec<TimedValue> {
        let value = |(address, day): &(&str, i64)| {
            let second = START + day * DAY;
            (use_of(KEY, &format!("{address}|boto3|{:05}", second / DAY)), second)
        };
        uses.iter().map(value).collect()
    };
    let found = |uses: &[(&str, i64)], days: ActiveDays| {
        let tables = fold(&counted(&[of(uses)], 0), 10, days);
        let rows = tables.into_iter().flat_map(|table| table.rows);
        rows.filter(|row| row.kind == SignalKind::DormantKey).map(|row| row.detail).collect::<Vec<_>>()
    };
    let (one, two) = ("203.0.113.66", "198.51.100.7");
    let wake = "unused on 30 days, then on 2026-11-01 from 203.0.113.66";
    assert_eq!(found(&[(one, 0), (one, 31)], ActiveDays::default()), [wake]);
    assert!(found(&[(one, 0), (one, 30)], ActiveDays::default()).is_empty());
    let at_two = "unused on 92 days, then on 2027-01-02 from 198.51.100.7, a new address";
    assert_eq!(found(&[(one, 0), (two, 93), (two, 94), (one, 95)], ActiveDays::default()), [at_two]);
    assert!(found(&[(one, 50)], ActiveDays::default()).is_empty());
    let mut histogram = TimeHistogram::<1>::default();
    (0..50).for_each(|day| histogram.add(&BucketedTime::new(START + day * DAY), 0));
    let days = ActiveDays::with_events(&histogram);
    let on_49 = "unused on 49 days, then on 2027-01-02 from 203.0.113.66";
    assert_eq!(found(&[(one, 0), (one, 93)], days.clone()), [on_49]);
    assert!(found(&[(one, 40), (one, 200)], days).is_empty(), "the logs have a gap too");
}

#[test]
fn values_that_nothing_wrote_are_no_signal() {
    let values = ["", "\t", "d", "d\tx", "d\tx\ty", "i", "k", "k\tkey", "k\tkey\tbob\t\t\tx", "x\ty"];
    let mut fold = SignalFold::new(10, ActiveDays::default(), false);
    let mut sorted = values;
    sorted.sort_unstable();
    sorted.iter().for_each(|value| fold.push(value.as_bytes(), &ValueStats::default()));
    assert!(fold.finish().iter().all(|table| table.rows.is_empty()));
}

#[test]
fn tables_keep_the_highest_ranks_and_count_all() {
    let values = (0..200_i64).flat_map(|user| {
        let count = (user * 37) % 200 + 1;
        (0..count).map(move |at| (format!("m|u{user:03}||203.0.113.1"), START + at))
    });
    let values = counted(&[values.collect()], 0);
    let mut tables = fold(&values, 5, ActiveDays::default());
    let table = tables.swap_remove(SignalKind::NoMfa as usize);
    assert_eq!((table.distinct, table.rows.len()), (200, 5));
    assert_eq!(table.rows.iter().map(|row| row.stats.count).collect::<Vec<_>>(), [200, 199, 198, 197, 196]);
    assert!(fold(&values, 0, ActiveDays::default()).iter().all(|table| table.rows.is_empty()));
}
