//! The filter options as typed, from which a [`Filter`](super::Filter) is compiled.

use jiff::Timestamp;

use crate::syntax::window::Window;

/// The filter options as typed. Values of one field are alternatives.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is the option of its name")]
pub struct FilterSpec {
    pub window: Window,
    pub event_names: Vec<String>,
    pub users: Vec<String>,
    pub source_ips: Vec<String>,
    pub regions: Vec<String>,
    pub event_sources: Vec<String>,
    pub accounts: Vec<String>,
    pub resources: Vec<String>,
    pub access_keys: Vec<String>,
    pub error_codes: Vec<String>,
    /// Whether the call failed; `None` selects both.
    pub is_failed: Option<bool>,
    /// Whether the call only read; `None` selects both.
    pub is_read: Option<bool>,
    pub greps: Vec<String>,
    pub wheres: Vec<String>,
    pub jq: Option<String>,
    /// The time that durations such as `30d` count back from.
    pub now: Timestamp,
}
