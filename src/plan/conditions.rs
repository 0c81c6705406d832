//! Which events are wanted.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli;
use crate::error::Fatal;
use crate::syntax::glob::split_list;
use crate::syntax::window::Window;

/// The filters as they were typed; values of one field are alternatives.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is the option of its name")]
pub struct Conditions {
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
    /// Whether the call failed, where that is asked.
    pub is_failed: Option<bool>,
    /// Whether the call only read, where that is asked.
    pub is_read: Option<bool>,
    pub greps: Vec<String>,
    pub wheres: Vec<String>,
    pub jq: Option<String>,
    /// The time that spans such as `30d` count back from.
    pub now: Timestamp,
}

impl Conditions {
    /// What the options ask for.
    pub(super) fn new(
        scope: &cli::Scope,
        typed: &cli::Conditions,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Conditions, Fatal> {
        let accounts = split_list(&scope.account);
        if let Some(wrong) = accounts.iter().find(|account| !is_account_pattern(account)) {
            let right = "not an account; write its 12 digits, such as 111122223333";
            return Err(Fatal::option("--account", wrong, right));
        }
        Ok(Conditions {
            window: Window::parse(scope.since.as_deref(), scope.until.as_deref(), now, zone)?,
            event_names: typed.event_name.clone(),
            users: typed.user.clone(),
            source_ips: typed.source_ip.clone(),
            regions: scope.region.clone(),
            event_sources: typed.event_source.clone(),
            accounts,
            resources: typed.resource.clone(),
            access_keys: typed.access_key.clone(),
            error_codes: typed.error_code.clone(),
            is_failed: either(typed.errors, typed.no_errors),
            is_read: either(typed.reads, typed.writes),
            greps: typed.grep.clone(),
            wheres: typed.wheres.clone(),
            jq: typed.jq.clone(),
            now,
        })
    }
}

/// What one of two options that exclude each other asks for.
fn either(is_so: bool, is_not: bool) -> Option<bool> {
    (is_so || is_not).then_some(is_so)
}

/// Twelve digits, or a pattern over them.
fn is_account_pattern(text: &str) -> bool {
    let pattern = text.strip_prefix('!').unwrap_or(text);
    let is_open = pattern.contains(['*', '?', '{']);
    (is_open || pattern.len() == 12) && pattern.bytes().all(|byte| byte.is_ascii_digit() || b"*?{},".contains(&byte))
}
