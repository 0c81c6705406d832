//! Which digests and log files are verified. The window is that of delivery, as the names of
//! files show it: a digest says nothing about the time of events.

use jiff::{SignedDuration, Timestamp};

use crate::cloudtrail::digest::name::DigestName;
use crate::cloudtrail::keys::{KeyPlace, Scope, delivered_by};
use crate::cloudtrail::log_kind::DIGEST;
use crate::error::Error;
use crate::syntax::glob::{Pattern, PatternSet};
use crate::syntax::window::Window;

/// The accounts, regions and times that are verified.
#[derive(Clone, Debug)]
pub(super) struct VerifyScope {
    accounts: Vec<String>,
    account_patterns: Option<PatternSet<Pattern>>,
    region_patterns: Option<PatternSet<Pattern>>,
    pub(super) window: Window,
}

impl VerifyScope {
    /// Creates a scope. Fails if a pattern is invalid.
    pub(super) fn new(accounts: Vec<String>, regions: &[String], window: Window) -> Result<VerifyScope, Error> {
        let patterns = |option: &'static str, values: &[String]| {
            PatternSet::new(option, values, |value| Pattern::new(option, value))
        };
        Ok(VerifyScope {
            account_patterns: patterns("--account", &accounts)?,
            region_patterns: patterns("--region", regions)?,
            accounts,
            window,
        })
    }

    /// The folders with digests.
    pub(super) fn digest_folders(&self) -> Result<Scope, Error> {
        Scope::of_deliveries(Some([DIGEST.to_string()].into()), &self.accounts, self.window)
    }

    /// The folders with log files, and with files that could be taken for them.
    pub(super) fn log_folders(&self) -> Result<Scope, Error> {
        Scope::of_deliveries(None, &self.accounts, self.window)
    }

    /// Whether a digest can name log files that are verified.
    pub(super) fn includes_digest(&self, name: &DigestName<'_>) -> bool {
        /// A digest is of an hour, and the time in the name of a log file is a minute near its
        /// delivery.
        const TOLERANCE: SignedDuration = SignedDuration::from_mins(70);
        let Window { since, until } = self.window;
        let is_before = |until: Timestamp| until.checked_add(TOLERANCE).is_ok_and(|until| name.end < until);
        self.includes_area(Some(name.account), Some(name.region))
            && since.is_none_or(|since| since < name.end)
            && until.is_none_or(is_before)
    }

    /// Whether a log file is verified.
    pub(super) fn includes_log(&self, key: &str) -> bool {
        let place = KeyPlace::of(key);
        self.includes_area(place.account, place.region) && stamp(key).is_none_or(|stamp| self.window.contains(stamp))
    }

    fn includes_area(&self, account: Option<&str>, region: Option<&str>) -> bool {
        let accepts = |patterns: &Option<PatternSet<Pattern>>, value: Option<&str>| {
            let Some(patterns) = patterns else { return true };
            value.is_some_and(|value| patterns.accepts(|pattern| pattern.matches(value)))
        };
        accepts(&self.account_patterns, account) && accepts(&self.region_patterns, region)
    }
}

/// The minute of delivery in the name of a log file.
pub(super) fn stamp(key: &str) -> Option<Timestamp> {
    delivered_by(key)?.checked_sub(SignedDuration::from_mins(1)).ok()
}
