//! Maps fields of other event categories to their usual names.
//!
//! Aggregated events have `accountId`, `eventId` and a `timeWindow` where others have
//! `recipientAccountId`, `eventID` and `eventTime`. Insights events name the call and
//! the service in `insightDetails`. All filters and columns find these under the usual
//! names; only whole events are written as they were delivered.

use super::event::{FieldId, FieldSet, FieldSpans, TooManyFields};
use super::json::{JsonText, ValueKind};

/// The fields that can be missing, and their substitutes.
#[derive(Clone, Debug)]
pub(super) struct FieldSubstitutes {
    time: FieldId,
    name: FieldId,
    /// The missing field, its substitute, and the member of the substitute that holds
    /// the value, if any.
    pairs: [(FieldId, FieldId, Option<&'static str>); 5],
}

impl FieldSubstitutes {
    /// Adds the fields to `fields`.
    pub(super) fn new(fields: &mut FieldSet) -> Result<FieldSubstitutes, TooManyFields> {
        let mut add = |name| fields.add(name);
        let (time, name) = (add("eventTime")?, add("eventName")?);
        let insight = add("insightDetails")?;
        Ok(FieldSubstitutes {
            time,
            name,
            pairs: [
                (time, add("timeWindow")?, Some("windowStart")),
                (name, insight, Some("eventName")),
                (add("eventSource")?, insight, Some("eventSource")),
                (add("recipientAccountId")?, add("accountId")?, None),
                (add("eventID")?, add("eventId")?, None),
            ],
        })
    }

    /// Whether an object lacks a field that every ordinary event has.
    #[inline(always)]
    pub(super) fn are_needed(&self, spans: &FieldSpans) -> bool {
        !spans.has(self.time) || !spans.has(self.name)
    }

    /// Assigns the values of the substitutes to the missing fields.
    #[cold]
    pub(super) fn fill(&self, spans: &mut FieldSpans, text: &JsonText<'_>) {
        for (missing, other, member) in &self.pairs {
            let value = spans.value(*other, text);
            let value = match member {
                Some(member) => value.and_then(|value| value.member(member)),
                None => value,
            };
            if let Some(value) = value.filter(|value| value.kind() != ValueKind::Null && !spans.has(*missing)) {
                spans.set(*missing, value);
            }
        }
    }
}
