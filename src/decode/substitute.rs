//! Fields that events of other categories have under another name.
//!
//! Aggregated events have `accountId`, `eventId` and a `timeWindow` where others have
//! `recipientAccountId`, `eventID` and `eventTime`. Insights events name the call and the
//! service that they are about in `insightDetails`. Everything that looks at an event
//! finds these in the usual fields; only a whole event is written as it was delivered.

use super::event::{FieldId, FieldSet, FieldSpans, TooManyFields};
use super::json::{JsonText, ValueKind};

/// The fields that can be missing, and those that stand in for them.
#[derive(Clone, Debug)]
pub(super) struct Substitutes {
    time: FieldId,
    name: FieldId,
    /// The missing field, the one that stands in for it, and a member of that if the
    /// value is there.
    pairs: [(FieldId, FieldId, Option<&'static str>); 5],
}

impl Substitutes {
    /// Asks for the fields.
    pub(super) fn new(fields: &mut FieldSet) -> Result<Substitutes, TooManyFields> {
        let mut slot = |name| fields.slot(name);
        let (time, name) = (slot("eventTime")?, slot("eventName")?);
        let insight = slot("insightDetails")?;
        Ok(Substitutes {
            time,
            name,
            pairs: [
                (time, slot("timeWindow")?, Some("windowStart")),
                (name, insight, Some("eventName")),
                (slot("eventSource")?, insight, Some("eventSource")),
                (slot("recipientAccountId")?, slot("accountId")?, None),
                (slot("eventID")?, slot("eventId")?, None),
            ],
        })
    }

    /// Whether an object lacks what every ordinary event has.
    #[inline(always)]
    pub(super) fn are_needed(&self, places: &FieldSpans) -> bool {
        !places.has(self.time) || !places.has(self.name)
    }

    /// Lets the fields that are missing be those that stand in for them.
    #[cold]
    pub(super) fn fill(&self, places: &mut FieldSpans, text: &JsonText<'_>) {
        for (missing, other, member) in &self.pairs {
            let value = places.value(*other, text);
            let value = match member {
                Some(member) => value.and_then(|value| value.member(member)),
                None => value,
            };
            if let Some(value) = value.filter(|value| value.kind() != ValueKind::Null && !places.has(*missing)) {
                places.set(*missing, value);
            }
        }
    }
}
