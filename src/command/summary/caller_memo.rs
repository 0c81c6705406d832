//! What was counted of a caller, remembered. Most events have a caller that was met before, at
//! the same address and with the same program. Then nothing has to be read or looked up again.

use std::cell::OnceCell;

use super::counted_memo::CountedMemo;
use super::text_memo::MemoEpoch;
use super::value_stats::{Occurrence, ValueStats};
use crate::cloudtrail::identity::IdentityReader;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;

/// The callers that were met lately.
#[derive(Clone)]
pub(super) struct CallerMemo {
    identities: IdentityReader,
    source: FieldId,
    agent: FieldId,
    from_console: FieldId,
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

/// The number of these columns.
const CALLER_COLUMNS: usize = 4;
/// Identity, address, program, and whether the console called.
const PARTS: usize = 4;
/// The most bytes of each part. Longer ones are few, and would take much memory.
const MAX_LENGTHS: [usize; PARTS] = [2048, 64, 512, 8];
/// The bytes of the principal of a caller, which comes later.
const PRINCIPAL: usize = 64;
/// The most bytes of all callers. Accounts with many sessions have thousands.
const MAX_BYTES: usize = 5 << 20;

impl CallerColumn {
    /// The column of this name.
    pub(super) fn named(name: &str) -> Option<CallerColumn> {
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
            identities: IdentityReader::new(fields)?,
            source: fields.slot("sourceIPAddress")?,
            agent: fields.slot("userAgent")?,
            from_console: fields.slot("sessionCredentialFromConsole")?,
            known: CountedMemo::new(MAX_BYTES),
        })
    }

    /// Limits the bytes that callers take.
    pub(super) fn limit(&mut self, bytes: usize) {
        self.known.set_most(bytes.min(MAX_BYTES));
    }

    /// The values of the caller of an event, and their index, if it was met on the same day and its
    /// entries are still valid.
    #[inline]
    pub(super) fn find(
        &self,
        event: &Event<'_>,
        second: Option<i64>,
        generation: u64,
    ) -> Option<(usize, &CallerValues)> {
        self.known.find(&self.parts(event)?, epoch(second, generation))
    }

    /// Counts an event whose caller has this index. It is added to the entries later.
    #[inline]
    pub(super) fn count(&mut self, index: usize, occurrence: &Occurrence<'_>) {
        self.known.count(index, occurrence);
    }

    /// Remembers the values of a caller if they depend on nothing else. What was counted of callers
    /// that are forgotten is given to `settle`.
    pub(super) fn learn(
        &mut self,
        event: &Event<'_>,
        second: Option<i64>,
        generation: u64,
        values: CallerValues,
        settle: impl FnMut(&CallerValues, &ValueStats),
    ) {
        let Some(parts) = self.parts(event) else { return };
        if !self.identities.principal(event).is_identity() {
            return;
        }
        let size = values.changed_by.len() + PRINCIPAL;
        self.known.learn(&parts, epoch(second, generation), values, size, settle);
    }

    /// Gives all that was counted and not yet added to `settle`.
    pub(super) fn settle(&mut self, settle: impl FnMut(&CallerValues, &ValueStats)) {
        self.known.settle(settle);
    }

    /// The parts of an event that make a caller; `None` if a part is too long or the identity
    /// is absent.
    #[inline]
    fn parts<'a>(&self, event: &Event<'a>) -> Option<[&'a [u8]; PARTS]> {
        let identity = self.identities.written(event)?;
        let [source, agent, from_console] = [self.source, self.agent, self.from_console]
            .map(|field| event.get(field).map_or(&[][..], |value| value.raw()));
        let parts = [identity, source, agent, from_console];
        parts.iter().zip(MAX_LENGTHS).all(|(part, longest)| part.len() <= longest).then_some(parts)
    }
}

fn epoch(second: Option<i64>, generation: u64) -> MemoEpoch {
    MemoEpoch { generation, day: second.map(|second| second.div_euclid(24 * 60 * 60)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

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
        with_event(&known, &fields, |event| memo.learn(event, Some(5), 1, values, |_, _| ()));
        let find = |json: &str, second, generation| {
            let mut found = None;
            with_event(json, &fields, |event| {
                found = memo.find(event, second, generation).map(|(_, known)| known.columns);
            });
            found
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
    fn a_caller_whose_name_depends_on_more_than_the_identity_is_not_remembered() {
        let mut fields = FieldSet::default();
        let mut memo = CallerMemo::new(&mut fields).unwrap();
        let long = format!(r#"{{"userIdentity":{{"type":"IAMUser","userName":"{}"}}}}"#, "x".repeat(3000));
        let service = r#"{"eventName":"A","sourceIPAddress":"ec2.amazonaws.com"}"#;
        for json in [long.as_str(), service] {
            with_event(json, &fields, |event| {
                memo.learn(event, Some(5), 0, CallerValues::default(), |_, _| ());
                assert!(memo.find(event, Some(5), 0).is_none(), "{json}");
            });
        }
    }
}
