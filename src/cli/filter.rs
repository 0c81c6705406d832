//! Which events: the options, and the request that they make.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::syntax::glob::split_list;
use crate::syntax::window::Window;

/// What the names of folders and files tell too: when, where, whose.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Filters")]
pub struct ScopeArgs {
    /// Events from this time on, such as 30d
    ///
    /// 30d, 1h30m, '2 days ago', today, yesterday, 2026-10, 2026-10-01, 2026-10-01T12:00
    /// (UTC), RFC 3339, or seconds since 1970.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Events before this time
    ///
    /// The forms are those of --since. A date or a month means its first instant.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Only calls in this region
    #[arg(short, long, value_name = "PATTERN")]
    pub region: Vec<String>,
    /// Only this account; from S3, download only its logs
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub account: Vec<String>,
}

/// What only the events tell.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Filters")]
pub struct FilterArgs {
    /// Only calls of this name, such as 'Delete*'
    #[arg(short, long, value_name = "PATTERN")]
    pub event_name: Vec<String>,
    /// Only calls by this user, role or session
    ///
    /// Also an ARN or a principal id. A comma is part of the value.
    #[arg(short, long, value_name = "PATTERN")]
    pub user: Vec<String>,
    /// Only calls from this address or network
    #[arg(short = 'i', long, value_name = "IP|CIDR|PATTERN")]
    pub source_ip: Vec<String>,
    /// Only calls of this service, such as ec2
    ///
    /// ec2 means ec2.amazonaws.com.
    #[arg(short = 's', long, value_name = "PATTERN")]
    pub event_source: Vec<String>,
    /// Only calls about this id, ARN or name
    ///
    /// It may be in any field, or in the error message.
    #[arg(long, value_name = "ID|PATTERN")]
    pub resource: Vec<String>,
    /// Only calls signed with this access key
    #[arg(long, value_name = "ID|PATTERN", hide_short_help = true)]
    pub access_key: Vec<String>,
    /// Only events with this error code, such as '*Unauthorized*,AccessDenied*'
    #[arg(long, value_name = "PATTERN", conflicts_with = "no_errors", hide_short_help = true)]
    pub error_code: Vec<String>,
    /// Only failed or denied calls
    #[arg(long, conflicts_with = "no_errors")]
    pub errors: bool,
    /// Only successful calls
    #[arg(long, hide_short_help = true)]
    pub no_errors: bool,
    /// Only calls that change something
    #[arg(long, conflicts_with = "reads")]
    pub writes: bool,
    /// Only calls that change nothing
    #[arg(long, hide_short_help = true)]
    pub reads: bool,
    /// Only events whose JSON text matches
    ///
    /// The regular expression is matched with the event as delivered.
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    pub grep: Vec<String>,
    /// Only events that meet this condition
    ///
    /// Operators are = and != (globs), ~ and !~ (regular expressions), < <= > >= (numbers and
    /// times). FIELD or !FIELD alone asks whether it is present or absent. Repeat for AND.
    #[arg(long = "where", value_name = "'FIELD OP VALUE'", allow_hyphen_values = true)]
    pub wheres: Vec<String>,
    /// Filter or reshape events with jq
    ///
    /// true keeps the event, false and null drop it, and any other value is written as a
    /// line instead of the row.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub jq: Option<String>,
}

impl ScopeArgs {
    /// The request for all events of this scope, whose times are read in UTC.
    pub fn spec(&self, now: Timestamp) -> Result<FilterSpec, Error> {
        FilterArgs::default().spec(self, now, &TimeZone::UTC)
    }
}

impl FilterArgs {
    /// The request for the events that these options ask for.
    pub fn spec(&self, scope: &ScopeArgs, now: Timestamp, zone: &TimeZone) -> Result<FilterSpec, Error> {
        let accounts = split_list(&scope.account);
        if let Some(wrong) = accounts.iter().find(|account| !is_account_pattern(account)) {
            let right = "not an account; write its 12 digits, such as 111122223333";
            return Err(Error::option("--account", wrong, right));
        }
        Ok(FilterSpec {
            window: Window::parse(scope.since.as_deref(), scope.until.as_deref(), now, zone)?,
            event_names: self.event_name.clone(),
            users: self.user.clone(),
            source_ips: self.source_ip.clone(),
            regions: scope.region.clone(),
            event_sources: self.event_source.clone(),
            accounts,
            resources: self.resource.clone(),
            access_keys: self.access_key.clone(),
            error_codes: self.error_code.clone(),
            is_failed: either(self.errors, self.no_errors),
            is_read: either(self.reads, self.writes),
            greps: self.grep.clone(),
            wheres: self.wheres.clone(),
            jq: self.jq.clone(),
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
