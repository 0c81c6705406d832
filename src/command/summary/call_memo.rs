//! What was counted of a call, remembered. Most events repeat the name, source, region, account
//! and outcome of an earlier one. These are then not read or looked up again.

use super::counted_memo::CountedMemo;
use super::text_memo::{MemoEpoch, MemoKey};
use super::value_stats::{Occurrence, ValueStats};
use crate::cloudtrail::call::FailureRule;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;

/// The calls that were met lately.
#[derive(Clone)]
pub(super) struct CallMemo {
    fields: [FieldId; FIELDS],
    failure: FailureRule,
    known: CountedMemo<FIELDS, CallValues>,
}

/// The entries of a call in counters, and what else depends on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct CallValues {
    /// The entry of each [`CallColumn`]; `None` for a value that is not counted.
    pub(super) columns: [Option<u32>; CALL_COLUMNS],
    pub(super) facts: CallFacts,
}

/// What depends on the call alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct CallFacts {
    /// Read, write, error or other.
    pub(super) kind: u8,
    pub(super) is_failed: bool,
    pub(super) is_denied: bool,
    /// The position of the rule for its theme, if it has one and themes are counted.
    pub(super) theme: Option<u16>,
}

/// A column whose value depends on nothing but the call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CallColumn {
    Account,
    Region,
    Name,
    Source,
    Error,
}

/// The texts that a call is found by.
pub(super) type CallKey<'a> = MemoKey<'a, FIELDS>;

/// The number of these columns.
pub(super) const CALL_COLUMNS: usize = 5;
/// The columns depend on the fields of their names. The name and `readOnly` tell reads from
/// writes, the name and the source have the theme, and the error code can mean a denial.
const NAMES: [&str; FIELDS] = ["eventName", "eventSource", "awsRegion", "recipientAccountId", "readOnly", "errorCode"];
const FIELDS: usize = 6;
/// The most bytes of a field.
const MAX_FIELD: u16 = 128;
/// The most bytes of all calls.
const MAX_BYTES: usize = 768 << 10;

impl CallColumn {
    /// The column of this name.
    pub(super) fn from_name(name: &str) -> Option<CallColumn> {
        match name {
            "recipientAccountId" => Some(CallColumn::Account),
            "awsRegion" => Some(CallColumn::Region),
            "eventName" => Some(CallColumn::Name),
            "eventSource" => Some(CallColumn::Source),
            "errorCode" => Some(CallColumn::Error),
            _ => None,
        }
    }
}

impl CallMemo {
    /// Adds the fields it reads to `fields`.
    pub(super) fn new(fields: &mut FieldSet) -> Result<CallMemo, Error> {
        let mut ids = Vec::with_capacity(FIELDS);
        for name in NAMES {
            ids.push(fields.add(name)?);
        }
        let ids = ids.try_into().map_err(|_| Error::Failed("internal error: fields of calls".into()))?;
        Ok(CallMemo { fields: ids, failure: FailureRule::new(fields)?, known: CountedMemo::new(MAX_BYTES) })
    }

    /// Limits the bytes that calls take.
    pub(super) fn limit(&mut self, bytes: usize) {
        self.known.set_max_bytes(bytes.min(MAX_BYTES));
    }

    /// Sets what the call of an event is found by.
    #[inline]
    pub(super) fn set_key<'a>(&self, event: &Event<'a>, generation: u64, key: &mut CallKey<'a>) {
        // The error code is one of the parts.
        let is_failed = self.failure.is_failed_beside_code(event);
        let epoch = MemoEpoch { generation, variant: [is_failed.into(), 0] };
        key.set(event, self.fields.map(|field| (field, MAX_FIELD)), epoch);
    }

    /// What depends on a call, and its index, if it was met and its entries are still valid.
    #[inline]
    pub(super) fn find(&self, key: &CallKey<'_>) -> Option<(usize, CallFacts)> {
        let index = self.known.find(key)?;
        Some((index, self.known.value(index)?.facts))
    }

    /// The number of the call with this index: no other call has it, even if this one is forgotten.
    #[inline]
    pub(super) fn number(&self, index: usize) -> u64 {
        self.known.number(index)
    }

    /// Counts an event whose call has this index. It is added to the entries later.
    #[inline]
    pub(super) fn count(&mut self, index: usize, occurrence: &Occurrence<'_>) {
        self.known.count(index, occurrence);
    }

    /// Remembers the values of a call. What was counted of calls that are forgotten
    /// is given to `flush`.
    pub(super) fn learn(
        &mut self,
        key: &CallKey<'_>,
        values: CallValues,
        flush: impl FnMut(&CallValues, &mut ValueStats),
    ) {
        self.known.learn(key, values, 0, flush);
    }

    /// Gives all that was counted and not yet added to `flush`.
    pub(super) fn flush(&mut self, flush: impl FnMut(&CallValues, &mut ValueStats)) {
        self.known.flush(flush);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    fn key<'a>(memo: &CallMemo, event: &Event<'a>, generation: u64) -> CallKey<'a> {
        let mut key = CallKey::unusable();
        memo.set_key(event, generation, &mut key);
        key
    }

    #[test]
    fn a_call_is_found_only_with_all_that_it_depends_on() {
        let mut fields = FieldSet::default();
        let mut memo = CallMemo::new(&mut fields).unwrap();
        let call = |changed: &str, json: &str, more: &str| {
            let value = |name: &'static str| if name == changed { json } else { r#""one""# };
            let members = NAMES.map(|name| format!(r#""{name}":{}"#, value(name)));
            format!("{{{}{more}}}", members.join(","))
        };
        let values = CallValues { columns: [Some(1), None, Some(2), Some(3), None], ..CallValues::default() };
        with_event(&call("", "", ""), &fields, |event| memo.learn(&key(&memo, event, 1), values, |_, _| ()));
        let find = |json: &str, generation| {
            let index = with_event(json, &fields, |event| memo.find(&key(&memo, event, generation)));
            index.and_then(|(index, _)| memo.known.value(index).copied())
        };
        let with_more = [r#","requestParameters":{"a":1}"#, r#","errorMessage":"""#, r#","errorMessage":null"#];
        for more in with_more.into_iter().chain([""]) {
            assert_eq!(find(&call("", "", more), 1), Some(values), "{more}");
        }
        for name in NAMES {
            for json in [r#""two""#, "null", "true", r#""on\u0065""#] {
                assert_eq!(find(&call(name, json, ""), 1), None, "{name} {json}");
            }
        }
        for more in [r#","errorMessage":"x""#, r#","responseElements":{"one":"Failure"}"#] {
            assert_eq!(find(&call("", "", more), 1), None, "{more}");
        }
        assert_eq!((find(&call("", "", ""), 2), find("{}", 1)), (None, None));
    }
}
