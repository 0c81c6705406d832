//! Which events are wanted.

use jiff::Timestamp;

use crate::cli;
use crate::error::Fatal;
use crate::pattern::split_list;
use crate::window::Window;

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
}

impl Conditions {
    /// What the options ask for.
    pub(super) fn new(scope: &cli::Scope, typed: &cli::Conditions, now: Timestamp) -> Result<Conditions, Fatal> {
        let accounts = split_list(&scope.account);
        if let Some(wrong) = accounts.iter().find(|account| !is_account_pattern(account)) {
            let right = "not an account; write its 12 digits, such as 111122223333";
            return Err(Fatal::option("--account", wrong, right));
        }
        Ok(Conditions {
            window: Window::parse(scope.since.as_deref(), scope.until.as_deref(), now)?,
            event_names: typed.event_name.clone(),
            users: typed.user.clone(),
            source_ips: typed.source_ip.clone(),
            regions: scope.region.clone(),
            event_sources: typed.event_source.clone(),
            accounts,
        })
    }
}

/// Twelve digits, or a pattern over them.
fn is_account_pattern(text: &str) -> bool {
    let pattern = text.strip_prefix('!').unwrap_or(text);
    let is_open = pattern.contains(['*', '?', '[', '{']);
    (is_open || pattern.len() == 12)
        && pattern.bytes().all(|byte| byte.is_ascii_digit() || b"*?[]{},-!".contains(&byte))
}
