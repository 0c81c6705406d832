use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::command::summary::buckets::BucketedTime;
use crate::command::summary::counter::Counter;
use crate::command::summary::timeline::Timeline;
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
    let mut fold = SignalFold::new(limit, days);
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
    let mut fold = SignalFold::new(10, ActiveDays::default());
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
    let mut timeline = Timeline::<1>::default();
    (0..50).for_each(|day| timeline.add(&BucketedTime::new(START + day * DAY), 0));
    let days = ActiveDays::with_events(&timeline);
    let on_49 = "unused on 49 days, then on 2027-01-02 from 203.0.113.66";
    assert_eq!(found(&[(one, 0), (one, 93)], days.clone()), [on_49]);
    assert!(found(&[(one, 40), (one, 200)], days).is_empty(), "the logs have a gap too");
}

#[test]
fn values_that_nothing_wrote_are_no_signal() {
    let values = ["", "\t", "d", "d\tx", "d\tx\ty", "i", "k", "k\tkey", "k\tkey\tbob\t\t\tx", "x\ty"];
    let mut fold = SignalFold::new(10, ActiveDays::default());
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

/// An event of which the reference makes signals.
#[derive(Clone, Debug)]
struct PlainEvent {
    code: usize,
    key: usize,
    user: usize,
    address: usize,
    agent: usize,
    second: i64,
}

const KEYS: [&str; 3] = [KEY, SESSION_KEY, "console session of 2026-10-01T08:00:00Z"];
const ADDRESSES: [(&str, char); 8] = [
    ("10.0.0.1", 'p'),
    ("10.0.0.2", 'p'),
    ("198.51.100.7", '4'),
    ("203.0.113.66", '4'),
    ("203.0.113.67", '4'),
    ("2001:db8:1:2::/64", '6'),
    ("CloudShell", 'o'),
    ("Lambda", '4'),
];
const AGENTS: [&str; 3] = ["", "aws-cli", "boto3"];

impl PlainEvent {
    fn value(&self) -> TimedValue {
        let (address, user) = (ADDRESSES[self.address].0, self.user);
        let day = if self.key == 0 { format!("{:05}", self.second / DAY) } else { String::new() };
        let value = match self.code {
            0 => format!("d|user{user}|{:012}", self.second - self.second % 600),
            1 => format!("i|app/i-{user:08}|{address}"),
            2 => format!("m|user{user}|11112222333{}|{address}", self.key),
            _ => format!("k|{}|user{user}|{address}|{}|{day}", KEYS[self.key], AGENTS[self.agent]),
        };
        (value, self.second)
    }
}

/// What the reference says of a signal: its kind, subject, user and rank.
type PlainSignal = (SignalKind, String, String, u64);

/// Whether addresses of one class are several, and whether two of them overlap in time.
fn several(events: &[&PlainEvent], is_by_day: bool) -> (bool, bool) {
    let mut periods = BTreeMap::<(&str, i64), [i64; 2]>::new();
    for event in events {
        let day = if is_by_day { event.second / DAY } else { 0 };
        let period = periods.entry((ADDRESSES[event.address].0, day)).or_insert([event.second; 2]);
        *period = [period[0].min(event.second), period[1].max(event.second)];
    }
    let class = |address: &str| ADDRESSES.iter().find(|(text, _)| *text == address).unwrap().1;
    let (mut is_several, mut overlaps) = (false, false);
    for ((one, _), [first, last]) in &periods {
        for ((other, _), [other_first, other_last]) in &periods {
            if one != other && class(one) == class(other) {
                is_several = true;
                overlaps |= first <= other_last && other_first <= last;
            }
        }
    }
    (is_several, overlaps)
}

fn serious(is_serious: bool, count: usize) -> u64 {
    count as u64 | if is_serious { 1 << 63 } else { 0 }
}

fn distinct<T: Ord>(events: &[&PlainEvent], value: impl Fn(&PlainEvent) -> T) -> BTreeSet<T> {
    events.iter().map(|event| value(event)).collect()
}

/// The signals of all events, by the rules as the document has them.
fn reference(events: &[PlainEvent]) -> BTreeSet<PlainSignal> {
    let mut found = BTreeSet::new();
    let mut groups = BTreeMap::<(usize, usize, usize), Vec<&PlainEvent>>::new();
    for event in events {
        let key = if matches!(event.code, 0 | 1) { 0 } else { event.key };
        groups.entry((event.code.min(3), key, event.user)).or_default().push(event);
    }
    for ((code, key, user), events) in &groups {
        let name = format!("user{user}");
        let addresses = distinct(events, |event| event.address).len();
        let (is_several, overlaps) = several(events, *code == 3 && *key == 0);
        match code {
            0 => {
                let minutes = events.iter().map(|event| event.second / 60);
                let within =
                    |start: i64| events.iter().filter(move |event| (0..10).contains(&(event.second / 60 - start)));
                let most = minutes.map(|start| within(start).count()).max().unwrap();
                if most >= 10 {
                    found.insert((SignalKind::DeniedBurst, name, String::new(), most as u64));
                }
            }
            1 if is_several => {
                let instance = format!("i-{user:08}");
                let user = format!("app/{instance}");
                found.insert((SignalKind::InstanceRole, instance, user, serious(overlaps, addresses)));
            }
            2 => {
                found.insert((SignalKind::NoMfa, name.clone(), name, events.len() as u64));
            }
            3 => {
                let users = groups.keys().filter(|(code, other, _)| *code == 3 && other == key).count();
                if users <= 3 || *key == 2 {
                    of_key(KEYS[*key], &name, events, (is_several, overlaps), *key == 0, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

fn of_key(
    key: &str,
    user: &str,
    events: &[&PlainEvent],
    (is_several, overlaps): (bool, bool),
    is_permanent: bool,
    found: &mut BTreeSet<PlainSignal>,
) {
    let mut add = |kind, rank| found.insert((kind, key.to_string(), user.to_string(), rank));
    if is_several {
        add(SignalKind::Addresses, serious(overlaps, distinct(events, |event| event.address).len()));
    }
    let agents = distinct(events, |event| event.agent).iter().filter(|agent| **agent != 0).count();
    if agents > 1 {
        add(SignalKind::Programs, serious(is_several, agents));
    }
    let days: Vec<i64> = distinct(events, |event| event.second / DAY).into_iter().collect();
    let gap = days.windows(2).map(|pair| (pair[1] - pair[0] - 1, pair[1])).max().filter(|(days, _)| *days >= 30);
    if let (Some((unused, day)), true) = (gap, is_permanent) {
        let wake = events.iter().filter(|event| event.second / DAY == day);
        let first = wake.map(|event| (event.second, ADDRESSES[event.address].0)).min().unwrap();
        let is_known = |event: &&&PlainEvent| ADDRESSES[event.address].0 == first.1 && event.second / DAY < day;
        add(SignalKind::DormantKey, serious(!events.iter().any(|event| is_known(&event)), unused as usize));
    }
}

fn plain_event() -> impl Strategy<Value = PlainEvent> {
    let second = prop_oneof![4 => 0..1_500_i64, 2 => 0..4 * DAY, 2 => 0..90 * DAY];
    (0..6_usize, 0..3_usize, 0..5_usize, 0..8_usize, 0..3_usize, second).prop_map(
        |(code, key, user, address, agent, after)| {
            // Few users of a kind, so that they have many events.
            let user = if code < 3 { user % 2 } else { user };
            PlainEvent { code, key, user, address, agent, second: START + after }
        },
    )
}

proptest! {
    #[test]
    fn signals_are_those_of_a_plain_reference(
        threads in proptest::collection::vec(proptest::collection::vec(plain_event(), 0..120), 1..4),
        room in 0..40_usize,
    ) {
        let values: Vec<Vec<TimedValue>> =
            threads.iter().map(|events| events.iter().map(PlainEvent::value).collect()).collect();
        let tables = fold(&counted(&values, room), usize::MAX, ActiveDays::default());
        for table in &tables {
            prop_assert_eq!(table.distinct, table.rows.len() as u64);
            prop_assert!(table.rows.is_sorted_by_key(|row| std::cmp::Reverse(row.rank)));
        }
        let rows = tables.iter().flat_map(|table| &table.rows);
        let found: Vec<PlainSignal> =
            rows.map(|row| (row.kind, row.subject.clone(), row.user.clone(), row.rank)).collect();
        let expected = reference(&threads.concat());
        prop_assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected);
        let other = fold(&counted(&[values.concat()], 0), usize::MAX, ActiveDays::default());
        prop_assert_eq!(tables, other);
    }
}
