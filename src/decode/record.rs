//! Classifies the objects of a log: an event, a list of events, a message that carries
//! one, or something else.

use super::envelope::{EVENT_FIELDS, LIST_NAMES, ListMember, list_of};
use super::event::{Event, FieldId, FieldSet, FieldSpans, TooManyFields};
use super::json::{JsonText, JsonValue, ValueKind, key_is};
use super::substitute::FieldSubstitutes;

/// The top-level fields of all versions of the format.
pub const FIELDS: [&str; 31] = [
    "eventTime",
    "eventVersion",
    "userIdentity",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "apiVersion",
    "readOnly",
    "resources",
    "eventType",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "serviceEventDetails",
    "managementEvent",
    "eventCategory",
    "insightDetails",
    "addendum",
    "sessionCredentialFromConsole",
    "edgeDeviceDetails",
    "tlsDetails",
];

/// The fields that decide what an object is.
#[derive(Clone, Debug)]
pub(super) struct RecordClassifier {
    /// Each of these alone makes an object an event.
    identifying_fields: [FieldId; 3],
    /// Makes an object an event only together with another field, since other programs
    /// use this name too.
    name: FieldId,
    substitutes: FieldSubstitutes,
    source: FieldId,
    detail: FieldId,
    lists: [FieldId; LIST_NAMES.len()],
}

/// The classes of a record.
pub(super) enum Record<'a> {
    /// A CloudTrail event.
    Event,
    /// An EventBridge message that wraps an event.
    Detail(JsonValue<'a>),
    /// A notification from S3 or a similar service.
    Notification,
    /// Anything else; its strings may carry events.
    Other,
}

impl RecordClassifier {
    /// Adds the fields it needs to `fields`.
    pub(super) fn new(fields: &mut FieldSet) -> Result<RecordClassifier, TooManyFields> {
        let name = fields.add("eventName")?;
        let mut add = |name| fields.add(name);
        let [version, time, _, id] = EVENT_FIELDS;
        let [records, events, lower_events, log_events] = LIST_NAMES;
        Ok(RecordClassifier {
            identifying_fields: [add(version)?, add(time)?, add(id)?],
            name,
            source: add("eventSource")?,
            detail: add("detail")?,
            lists: [add(records)?, add(events)?, add(lower_events)?, add(log_events)?],
            substitutes: FieldSubstitutes::new(fields)?,
        })
    }

    /// The list in an object, if there is one.
    #[inline(always)]
    pub(super) fn list(&self, object: &Event<'_>, text: &JsonText<'_>, at: usize) -> ListMember {
        if self.lists.iter().all(|field| object.get(*field).is_none()) {
            return ListMember::None;
        }
        // The fields do not record their order, so the members are walked again.
        list_of(text, at).unwrap_or(ListMember::None)
    }

    /// Classifies an object that has no list.
    #[inline(always)]
    pub(super) fn classify<'a>(&self, object: &Event<'a>) -> Record<'a> {
        if self.is_marked(object) {
            return if self.is_notification(object) { Record::Notification } else { Record::Event };
        }
        match object.get(self.detail).filter(|detail| detail.kind() == ValueKind::Object) {
            Some(detail) => Record::Detail(detail),
            None => Record::Other,
        }
    }

    /// Gives events of other categories the fields of ordinary events.
    #[inline(always)]
    pub(super) fn complete(&self, spans: &mut FieldSpans, text: &JsonText<'_>, at: usize, end: usize) {
        if self.substitutes.are_needed(spans) && self.is_marked(&Event::new(text, spans, at, end)) {
            self.substitutes.fill(spans, text);
        }
    }

    /// Whether the object has the fields of an event.
    #[inline(always)]
    fn is_marked(&self, object: &Event<'_>) -> bool {
        self.identifying_fields.iter().any(|field| object.get(*field).is_some())
            || (object.get(self.name).is_some() && has_other_field(object))
    }

    /// Whether S3, DynamoDB or a similar service sent the object: its source is
    /// `aws:s3`, for example, and its details are under `s3`.
    fn is_notification(&self, object: &Event<'_>) -> bool {
        let source = object.get(self.source).and_then(|source| source.raw_string());
        let service = source.and_then(|source| source.strip_prefix(b"aws:")).and_then(|name| str::from_utf8(name).ok());
        service.and_then(|name| object.value().member(name)).is_some_and(|about| about.kind() == ValueKind::Object)
    }
}

/// Whether an object has a field of events besides its name.
#[cold]
fn has_other_field(object: &Event<'_>) -> bool {
    let mut has_other = false;
    object.value().each_member(|key, _| {
        has_other = has_other || FIELDS.iter().any(|field| *field != "eventName" && key_is(key, field.as_bytes()));
    });
    has_other
}
