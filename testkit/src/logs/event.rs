//! The fields of one event as JSON texts, to be written in any order of keys.

use std::ops::Range;

macro_rules! fields {
    ($($field:ident = $name:literal,)*) => {
        /// A top-level key of an event, in the order AWS usually writes them.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(super) enum Field { $($field),* }

        impl Field {
            pub(super) const ALL: &'static [Field] = &[$(Field::$field),*];

            /// The key as it is in the JSON.
            pub(super) fn name(self) -> &'static str {
                [$($name),*][self as usize]
            }
        }
    };
}

fields! {
    EventVersion = "eventVersion",
    UserIdentity = "userIdentity",
    EventTime = "eventTime",
    EventSource = "eventSource",
    EventName = "eventName",
    AwsRegion = "awsRegion",
    SourceIpAddress = "sourceIPAddress",
    UserAgent = "userAgent",
    ErrorCode = "errorCode",
    ErrorMessage = "errorMessage",
    RequestParameters = "requestParameters",
    ResponseElements = "responseElements",
    AdditionalEventData = "additionalEventData",
    RequestId = "requestID",
    EventId = "eventID",
    ReadOnly = "readOnly",
    Resources = "resources",
    EventType = "eventType",
    ApiVersion = "apiVersion",
    ManagementEvent = "managementEvent",
    RecipientAccountId = "recipientAccountId",
    SharedEventId = "sharedEventID",
    ServiceEventDetails = "serviceEventDetails",
    VpcEndpointId = "vpcEndpointId",
    VpcEndpointAccountId = "vpcEndpointAccountId",
    Addendum = "addendum",
    EventCategory = "eventCategory",
    TlsDetails = "tlsDetails",
    SessionCredentialFromConsole = "sessionCredentialFromConsole",
}

/// The fields of one event. It is cleared and reused for the next one, so that memory is not
/// allocated a million times.
#[derive(Default)]
pub(super) struct Event {
    text: String,
    values: [Option<Range<usize>>; Field::ALL.len()],
}

impl Event {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.values = Default::default();
    }

    /// Sets a field to the JSON that `write` appends.
    pub(super) fn json(&mut self, field: Field, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.values[field as usize] = Some(start..self.text.len());
    }

    /// Sets a field to a string; `write` appends it as it stands in JSON,
    /// without the quotes.
    pub(super) fn text(&mut self, field: Field, write: impl FnOnce(&mut String)) {
        self.json(field, |out| {
            out.push('"');
            write(out);
            out.push('"');
        });
    }

    /// Appends the event as compact JSON with its keys in this order.
    pub(super) fn write(&self, order: &[Field], out: &mut String) {
        let mut before = '{';
        for &field in order {
            if let Some(range) = &self.values[field as usize] {
                out.push(before);
                out.push('"');
                out.push_str(field.name());
                out.push_str("\":");
                out.push_str(&self.text[range.clone()]);
                before = ',';
            }
        }
        out.push('}');
    }
}
