//! Compares the signals with those of a plain reference, by the rules as the document has them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{DAY, KEY, SESSION_KEY, START, TimedValue, counted, fold};
use crate::command::summary::signals::{ActiveDays, SignalKind};

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
