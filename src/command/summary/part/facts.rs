//! The facts of events as records.

use super::bytes::RecordBytes;
use super::{EachRecord, RecordKind};
use crate::command::summary::amount::Amount;
use crate::command::summary::event_counts::KINDS;
use crate::command::summary::event_facts::{EventFact, EventFacts};
use crate::error::Error;
use crate::syntax::varint;

/// Records of more bytes are not filled further.
const RECORD_SIZE: usize = 64 << 10;

/// What a fact has.
const TIME: u8 = 1;
const OTHER_TIMES: u8 = 1 << 1;
const EARLIER: u8 = 1 << 2;
const DENIED: u8 = 1 << 3;
const THEME: u8 = 1 << 4;
const ID: u8 = 1 << 5;
const AMOUNT: u8 = 1 << 6;

/// Passes the facts to `each`, those of many events in a record.
pub(super) fn write(facts: &EventFacts, each: &mut EachRecord<'_>) -> Result<(), Error> {
    let mut record = RecordKind::Facts.start();
    let empty = record.len();
    facts.each(|fact, values| {
        write_fact(fact, values, &mut record);
        if record.len() > RECORD_SIZE {
            each(&record)?;
            record.truncate(empty);
        }
        Ok::<_, Error>(())
    })?;
    if record.len() > empty { each(&record) } else { Ok(()) }
}

fn write_fact(fact: &EventFact, values: &mut dyn Iterator<Item = Option<&[u8]>>, out: &mut Vec<u8>) {
    let has_amount = fact.amount != Amount::default();
    let flags = [
        (fact.second.is_some(), TIME),
        (fact.has_other_times, OTHER_TIMES),
        (fact.is_earlier, EARLIER),
        (fact.is_denied, DENIED),
        (fact.has_theme, THEME),
        (fact.id.is_some(), ID),
        (has_amount, AMOUNT),
    ];
    out.push(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum());
    out.extend([fact.kind, fact.cut_values, fact.signals]);
    out.extend(fact.second.iter().flat_map(|second| second.to_le_bytes()));
    out.extend(fact.id.iter().flatten());
    if has_amount {
        out.extend(fact.amount.sum.to_le_bytes());
        out.extend(fact.amount.others.to_le_bytes());
    }
    for value in values {
        match value {
            Some(value) => {
                varint::write(value.len() as u64 + 2, out);
                out.extend_from_slice(value);
            }
            None => out.push(NOT_COUNTED),
        }
    }
    out.push(END);
}

/// What stands in place of a length: at the end of the values, or for a value that is not counted.
const END: u8 = 0;
const NOT_COUNTED: u8 = 1;

/// The facts of a record; `None` if it is damaged.
pub(super) fn read(record: &[u8]) -> Option<EventFacts> {
    let mut facts = EventFacts::default();
    let mut bytes = RecordBytes(record);
    while !bytes.is_empty() {
        let fact = read_fact(&mut bytes)?;
        loop {
            match bytes.number()? {
                0 => break,
                1 => {
                    let start = facts.text().len();
                    facts.end_value(start, false);
                }
                length => facts.push_value(bytes.bytes(length - 2)?),
            }
        }
        facts.end_event(fact);
    }
    Some(facts)
}

fn read_fact(bytes: &mut RecordBytes<'_>) -> Option<EventFact> {
    let [flags, kind, cut_values, signals] = bytes.array()?;
    let has = |flag: u8| flags & flag != 0;
    let second = if has(TIME) { Some(i64::from_le_bytes(bytes.array()?)) } else { None };
    let known = jiff::Timestamp::MIN.as_second()..=jiff::Timestamp::MAX.as_second();
    let id = if has(ID) { Some(bytes.array()?) } else { None };
    let amount = match has(AMOUNT) {
        true => Amount { sum: i128::from_le_bytes(bytes.array()?), others: u32::from_le_bytes(bytes.array()?) },
        false => Amount::default(),
    };
    let is_known = usize::from(kind) < KINDS && second.is_none_or(|second| known.contains(&second));
    is_known.then_some(EventFact {
        second,
        has_other_times: has(OTHER_TIMES),
        kind,
        cut_values,
        is_earlier: has(EARLIER),
        is_denied: has(DENIED),
        has_theme: has(THEME),
        signals,
        amount,
        id,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fact() -> impl Strategy<Value = EventFact> {
        let flags = any::<[bool; 4]>();
        let numbers = (0..KINDS as u8, any::<u8>(), any::<u8>());
        let second = proptest::option::of(-1_000_000_000..2_000_000_000_i64);
        let amount = prop_oneof![Just((0, 0)), any::<(i128, u32)>()];
        let id = proptest::option::of(any::<[u8; 12]>());
        (flags, numbers, second, amount, id).prop_map(|(flags, (kind, cut_values, signals), second, amount, id)| {
            let [has_other_times, is_earlier, is_denied, has_theme] = flags;
            let amount = Amount { sum: amount.0, others: amount.1 };
            EventFact {
                second,
                has_other_times,
                kind,
                cut_values,
                is_earlier,
                is_denied,
                has_theme,
                signals,
                amount,
                id,
            }
        })
    }

    type Shown = Vec<(EventFact, Vec<Option<Vec<u8>>>)>;

    fn shown(facts: &EventFacts, out: &mut Shown) {
        let each = |fact: &EventFact, values: &mut dyn Iterator<Item = Option<&[u8]>>| {
            out.push((*fact, values.map(|value| value.map(<[u8]>::to_vec)).collect()));
            Ok::<_, ()>(())
        };
        facts.each(each).unwrap();
    }

    proptest! {
        #[test]
        fn facts_are_read_back(
            events in proptest::collection::vec(
                (fact(), proptest::collection::vec(proptest::option::of(".{0,30}|a{40000}"), 0..5)), 0..20,
            ),
        ) {
            let mut facts = EventFacts::default();
            for (fact, values) in &events {
                for value in values {
                    let start = facts.text().len();
                    facts.text().extend_from_slice(value.as_deref().unwrap_or("left out").as_bytes());
                    facts.end_value(start, value.is_some());
                }
                facts.end_event(*fact);
            }
            let (mut before, mut after) = (Vec::new(), Vec::new());
            shown(&facts, &mut before);
            write(&facts, &mut |record: &[u8]| {
                let facts = read(&record[1..]).unwrap();
                assert!(!facts.is_empty());
                shown(&facts, &mut after);
                Ok(())
            }).unwrap();
            prop_assert_eq!(before, after);
        }

        #[test]
        fn other_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
