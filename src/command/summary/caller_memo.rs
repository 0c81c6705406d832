//! What was counted of a caller, remembered. Most events have a caller that was met before, at
//! the same address and with the same program. Then nothing has to be read or looked up again.

use std::cell::OnceCell;

use super::counted_memo::CountedMemo;
use super::text_memo::{MemoEpoch, MemoKey};
use super::value_stats::{Occurrence, ValueStats};
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;

/// The callers that were met lately.
#[derive(Clone)]
pub(super) struct CallerMemo {
    /// The fields that make a caller, and the most bytes of each. Longer ones are few, and would
    /// take much memory.
    fields: [(FieldId, u16); PARTS],
    known: CountedMemo<PARTS, CallerValues>,
}

/// The values of a caller on a day, and their entries in the counters.
#[derive(Clone, Debug, Default)]
pub(super) struct CallerValues {
    /// The last part of the values of changes: the name of the user, and the address.
    changed_by: Vec<u8>,
    /// The length of the name.
    user: usize,
    /// The principal whose permissions apply, once it was needed.
    principal: OnceCell<Vec<u8>>,
    /// The entry of each [`CallerColumn`]; `None` for an empty value.
    pub(super) columns: [Option<u32>; CALLER_COLUMNS],
    /// The entry among the values of signals.
    pub(super) signal: Option<u32>,
}

impl CallerValues {
    /// Sets the name of the user. `changed_by` begins with it.
    pub(super) fn set_user(&mut self, changed_by: Vec<u8>, length: usize) {
        (self.changed_by, self.user) = (changed_by, length);
    }

    /// The name of the user.
    pub(super) fn user(&self) -> &[u8] {
        self.changed_by.get(..self.user).unwrap_or_default()
    }

    /// The last part of the values of changes: the name of the user, and the address.
    pub(super) fn changed_by(&self) -> &[u8] {
        &self.changed_by
    }

    /// The principal whose permissions apply. `read` reads it, if that was not needed before.
    pub(super) fn principal(&self, read: impl FnOnce() -> Vec<u8>) -> &[u8] {
        self.principal.get_or_init(read)
    }
}

/// A column whose value depends on nothing but the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CallerColumn {
    User,
    Address,
    Key,
    Agent,
}

/// The texts that a caller is found by.
pub(super) type CallerKey<'a> = MemoKey<'a, PARTS>;

/// The number of these columns.
const CALLER_COLUMNS: usize = 4;
/// Identity, address, program, and whether the console called.
const PARTS: usize = 4;
/// The bytes of the principal of a caller, which comes later.
const PRINCIPAL: usize = 64;
/// The most bytes of all callers. Accounts with many sessions have thousands.
const MAX_BYTES: usize = 5 << 20;

impl CallerColumn {
    /// The column of this name.
    pub(super) fn from_name(name: &str) -> Option<CallerColumn> {
        match name {
            "userName" => Some(CallerColumn::User),
            "sourceIPAddress" => Some(CallerColumn::Address),
            "accessKeyId" => Some(CallerColumn::Key),
            "userAgent" => Some(CallerColumn::Agent),
            _ => None,
        }
    }
}

impl CallerMemo {
    /// Adds the fields it reads to `fields`.
    pub(super) fn new(fields: &mut FieldSet) -> Result<CallerMemo, Error> {
        Ok(CallerMemo {
            fields: [
                (fields.add("userIdentity")?, 2048),
                (fields.add("sourceIPAddress")?, 64),
                (fields.add("userAgent")?, 512),
                (fields.add("sessionCredentialFromConsole")?, 8),
            ],
            known: CountedMemo::new(MAX_BYTES),
        })
    }

    /// Limits the bytes that callers take.
    pub(super) fn limit(&mut self, bytes: usize) {
        self.known.set_max_bytes(bytes.min(MAX_BYTES));
    }

    /// Sets what the caller of an event is found by, if it has an identity.
    #[inline]
    pub(super) fn set_key<'a>(&self, event: &Event<'a>, second: Option<i64>, generation: u64, key: &mut CallerKey<'a>) {
        let day = second.map_or(i64::MIN, |second| second.div_euclid(24 * 60 * 60));
        if event.span(self.fields[0].0).is_some() {
            key.set(event, self.fields, MemoEpoch { generation, variant: [day as u64, 0] });
        }
    }

    /// The index of a caller, if it was met on the same day and its entries are still valid.
    #[inline]
    pub(super) fn find(&self, key: &CallerKey<'_>) -> Option<usize> {
        self.known.find_again(key)
    }

    /// The values of the caller with this index.
    #[inline]
    pub(super) fn values(&self, index: usize) -> Option<&CallerValues> {
        self.known.value(index)
    }

    /// The number of the caller with this index: no other caller has it, even if this one is
    /// forgotten.
    #[inline]
    pub(super) fn number(&self, index: usize) -> u64 {
        self.known.number(index)
    }

    /// Counts an event whose caller has this index. It is added to the entries later.
    #[inline]
    pub(super) fn count(&mut self, index: usize, occurrence: &Occurrence<'_>) {
        self.known.count(index, occurrence);
    }

    /// Remembers the values of a caller, which must depend on nothing else. What was counted of
    /// callers that are forgotten is given to `flush`.
    pub(super) fn learn(
        &mut self,
        key: &CallerKey<'_>,
        values: CallerValues,
        flush: impl FnMut(&CallerValues, &mut ValueStats),
    ) {
        let size = values.changed_by.len() + PRINCIPAL;
        self.known.learn(key, values, size, flush);
    }

    /// Gives all that was counted and not yet added to `flush`.
    pub(super) fn flush(&mut self, flush: impl FnMut(&CallerValues, &mut ValueStats)) {
        self.known.flush(flush);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    fn key<'a>(memo: &CallerMemo, event: &Event<'a>, second: Option<i64>, generation: u64) -> CallerKey<'a> {
        let mut key = CallerKey::unusable();
        memo.set_key(event, second, generation, &mut key);
        key
    }

    #[test]
    fn a_caller_is_found_only_with_all_of_its_parts() {
        let mut fields = FieldSet::default();
        let mut memo = CallerMemo::new(&mut fields).unwrap();
        let event = |key: &str, source: &str, agent: &str, more: &str| {
            format!(
                r#"{{"sourceIPAddress":"{source}","userAgent":"{agent}"{more},"userIdentity":{{"type":"IAMUser",
                    "principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/bob","accountId":"111122223333",
                    "accessKeyId":"{key}","userName":"bob"}}}}"#
            )
        };
        let known = event("AKIA1", "203.0.113.7", "aws-cli/2", "");
        let values =
            CallerValues { columns: [Some(1), None, Some(2), Some(3)], signal: Some(4), ..CallerValues::default() };
        with_event(&known, &fields, |event| memo.learn(&key(&memo, event, Some(5), 1), values, |_, _| ()));
        let find = |json: &str, second, generation| {
            let index = with_event(json, &fields, |event| memo.find(&key(&memo, event, second, generation)));
            index.and_then(|index| memo.values(index)).map(|known| known.columns)
        };
        let columns = Some([Some(1), None, Some(2), Some(3)]);
        assert_eq!((find(&known, Some(5), 1), find(&known, Some(86_399), 1)), (columns, columns));
        for (json, second, generation) in [
            (known.clone(), Some(86_400), 1),
            (known.clone(), None, 1),
            (known.clone(), Some(5), 2),
            (event("AKIA2", "203.0.113.7", "aws-cli/2", ""), Some(5), 1),
            (event("AKIA1", "203.0.113.8", "aws-cli/2", ""), Some(5), 1),
            (event("AKIA1", "203.0.113.7", "aws-cli/3", ""), Some(5), 1),
            (event("AKIA1", "203.0.113.", "7aws-cli/2", ""), Some(5), 1),
            (event("AKIA1", "203.0.113.7", "aws-cli/2", r#","sessionCredentialFromConsole":"true""#), Some(5), 1),
            ("{}".into(), Some(5), 1),
        ] {
            assert_eq!(find(&json, second, generation), None, "{json}");
        }
    }

    #[test]
    fn a_caller_without_an_identity_or_with_a_long_one_is_not_remembered() {
        let mut fields = FieldSet::default();
        let mut memo = CallerMemo::new(&mut fields).unwrap();
        let long = format!(r#"{{"userIdentity":{{"type":"IAMUser","userName":"{}"}}}}"#, "x".repeat(3000));
        let service = r#"{"eventName":"A","sourceIPAddress":"ec2.amazonaws.com"}"#;
        for json in [long.as_str(), service] {
            with_event(json, &fields, |event| {
                let key = key(&memo, event, Some(5), 0);
                memo.learn(&key, CallerValues::default(), |_, _| ());
                assert!(memo.find(&key).is_none(), "{json}");
            });
        }
    }
}
