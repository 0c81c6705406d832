//! The request and the response of a call, in one shape for all styles of events.

use std::borrow::Cow;

use serde_json::Value;

use super::member::{at, flag, text};
use crate::cloudtrail::call;

/// The only event of AWS itself that changes a resource: a spot instance ends.
pub const SPOT_EVICTION: &str = "BidEvictedEvent";

/// A call as the readers see it.
#[derive(Debug)]
pub struct ApiCall<'a> {
    /// `eventName`.
    pub name: &'a str,
    /// The account whose resources the call changed.
    pub account: String,
    /// `eventTime` as it is written.
    pub time: &'a str,
    /// `serviceEventDetails`.
    pub service_details: Cow<'a, Value>,
    request: Cow<'a, Value>,
    response: Cow<'a, Value>,
}

impl<'a> ApiCall<'a> {
    /// Reads what all events have.
    pub fn new(event: &'a Value, name: &'a str) -> ApiCall<'a> {
        let account = text(at(event, "recipientAccountId")).or_else(|| text(at(event, "userIdentity.accountId")));
        ApiCall {
            name,
            account: account.unwrap_or_default(),
            time: at(event, "eventTime").as_str().unwrap_or_default(),
            service_details: document(at(event, "serviceEventDetails")),
            request: document(at(event, "requestParameters")),
            response: document(at(event, "responseElements")),
        }
    }

    /// The parameters of the request.
    pub fn request(&self) -> &Value {
        unwrapped(&self.request, self.name, "Request")
    }

    /// The response.
    pub fn response(&self) -> &Value {
        unwrapped(&self.response, self.name, "Response")
    }

    /// The account of a resource, if it is not that of the event.
    pub fn foreign_account(&self, account: &Value) -> Option<String> {
        text(account).filter(|account| !self.account.is_empty() && *account != self.account)
    }

    /// Whether the call changed what it says.
    pub fn took_effect(&self, event: &Value) -> bool {
        let is_service_event = at(event, "eventType").as_str() == Some("AwsServiceEvent");
        let has_error = text(at(event, "errorCode")).is_some_and(|code| !call::is_success(&code))
            || text(at(event, "errorMessage")).is_some();
        let is_refused = ["_return", "return"].iter().any(|name| flag(at(self.response(), name)) == Some(false));
        let is_dry_run = flag(at(self.request(), "dryRun")) == Some(true);
        is_service_event == (self.name == SPOT_EVICTION) && !has_error && !is_refused && !is_dry_run
    }
}

/// Newer EC2 actions wrap both: `{"CreateNatGatewayRequest":{…}}`.
fn unwrapped<'v>(document: &'v Value, name: &str, suffix: &str) -> &'v Value {
    document.get(format!("{name}{suffix}")).unwrap_or(document)
}

/// Tables of logs have JSON as text: a whole document, or each of its members.
fn document(value: &Value) -> Cow<'_, Value> {
    if let Some(parsed) = parsed(value) {
        return Cow::Owned(document(&parsed).into_owned());
    }
    match value {
        Value::Object(members) if members.values().any(|value| parsed(value).is_some()) => {
            let whole = |value: &Value| parsed(value).unwrap_or_else(|| value.clone());
            Cow::Owned(members.iter().map(|(name, value)| (name.clone(), whole(value))).collect())
        }
        _ => Cow::Borrowed(value),
    }
}

/// The object or the array that a text holds.
fn parsed(value: &Value) -> Option<Value> {
    let text = value.as_str().filter(|text| text.trim_start().starts_with(['{', '[']))?;
    serde_json::from_str(text).ok()
}
