//! The filter options: one table, from which the command line, the conditions,
//! completion, the hints of a run without rows, and the commands on a summary's page
//! are made. Only the window of time and `--jq` are elsewhere.

use crate::cloudtrail::call::COMMON_EVENTS;
use crate::syntax::glob::split_list;

/// An option that sets a condition on events.
#[derive(Debug)]
pub struct FilterOption {
    /// As it is typed: `--` and its long name.
    pub flag: &'static str,
    /// Its short name.
    pub short: Option<char>,
    /// What its value is called in the help.
    pub value_name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// A further paragraph for `--help`; empty if there is none.
    pub details: &'static str,
    /// Whether only `--help` lists it.
    pub hide_short_help: bool,
    /// Whether the names of folders and files show it too, so that `sync` has it.
    pub is_scope: bool,
    /// Whether commas separate values. They do not if values often contain commas.
    pub has_lists: bool,
    /// Whether a value may begin with a hyphen.
    pub allow_hyphen_values: bool,
    /// The option that it excludes.
    pub conflicts_with: Option<&'static str>,
    /// Values that a shell completes. Others are valid too.
    pub suggestions: &'static [&'static str],
    /// Says why a value is invalid, beyond the syntax of patterns.
    pub check: fn(&str) -> Result<(), &'static str>,
    /// The condition that it sets.
    pub kind: ConditionKind,
    /// The column with the values that it is compared with, if there is one.
    pub column: Option<&'static str>,
    /// Its place among the conditions: the cheap and selective ones are evaluated first.
    pub cost: u8,
    /// Whether the prefilter searches for its values. Values that nearly every file
    /// contains are not worth it.
    pub is_searched: bool,
}

/// What an option is compiled to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConditionKind {
    /// Globs over a top-level field.
    Field(&'static str),
    /// Globs over a field at this path.
    Path(&'static str),
    /// Globs over the service, with or without its domain.
    Service,
    /// Globs over the account.
    Account,
    /// Source addresses, networks, or globs.
    Address,
    /// Globs over all names of the caller.
    User,
    /// Globs over the actor.
    Actor,
    /// Globs over all resources.
    Resource,
    /// Regular expressions over the event as delivered.
    Grep,
    /// A comparison with any field. Each value is a condition of its own.
    Where,
    /// Whether the call failed; without values.
    Failed(bool),
    /// Whether the call only read; without values.
    Read(bool),
}

/// The option for the names of the caller.
pub const USER: &str = "--user";
/// The option that needs to know who began a session.
pub const ACTOR: &str = "--actor";
/// The option whose values also limit which accounts are listed in a bucket.
pub const ACCOUNT: &str = "--account";
/// The option whose values also limit which regions are listed in a bucket.
pub const REGION: &str = "--region";

/// What most options have in common: globs, separated by commas.
const PATTERNS: FilterOption = FilterOption {
    flag: "",
    short: None,
    value_name: "PATTERN",
    help: "",
    details: "",
    hide_short_help: false,
    is_scope: false,
    has_lists: true,
    allow_hyphen_values: false,
    conflicts_with: None,
    suggestions: &[],
    check: |_| Ok(()),
    kind: ConditionKind::Field(""),
    column: None,
    cost: 7,
    is_searched: true,
};

/// All of them. The help, and the hints of a run without rows, follow this order.
pub static OPTIONS: &[FilterOption] = &[
    FilterOption {
        flag: "--event-name",
        short: Some('e'),
        help: "Only calls of this name, such as 'Delete*'",
        suggestions: &COMMON_EVENTS,
        kind: ConditionKind::Field("eventName"),
        column: Some("eventName"),
        cost: 0,
        ..PATTERNS
    },
    FilterOption {
        flag: USER,
        short: Some('u'),
        help: "Only calls by this user, role or session",
        details: "Also an ARN or a principal id. A comma is part of the value.",
        // Names of sessions often contain commas.
        has_lists: false,
        kind: ConditionKind::User,
        column: Some("userName"),
        cost: 5,
        ..PATTERNS
    },
    FilterOption {
        flag: ACTOR,
        help: "Only calls by this person or machine, in whatever role",
        details: "The person or machine at the start of the chain of credentials, as the logs prove it: \
                  --user finds a role and its session, --actor who used it. Reads the input twice. A comma \
                  is part of the value.",
        hide_short_help: true,
        has_lists: false,
        kind: ConditionKind::Actor,
        column: Some("actor"),
        cost: 12,
        is_searched: false,
        ..PATTERNS
    },
    FilterOption {
        flag: "--source-ip",
        short: Some('i'),
        value_name: "IP|CIDR|PATTERN",
        help: "Only calls from this address or network",
        kind: ConditionKind::Address,
        column: Some("sourceIPAddress"),
        cost: 4,
        ..PATTERNS
    },
    FilterOption {
        flag: REGION,
        short: Some('r'),
        help: "Only calls in this region",
        is_scope: true,
        kind: ConditionKind::Field("awsRegion"),
        column: Some("awsRegion"),
        cost: 1,
        is_searched: false,
        ..PATTERNS
    },
    FilterOption {
        flag: "--event-source",
        short: Some('s'),
        help: "Only calls of this service, such as ec2",
        details: "ec2 means ec2.amazonaws.com.",
        kind: ConditionKind::Service,
        column: Some("eventSource"),
        cost: 2,
        is_searched: false,
        ..PATTERNS
    },
    FilterOption {
        flag: ACCOUNT,
        value_name: "ID",
        help: "Only this account; from S3, download only its logs",
        hide_short_help: true,
        is_scope: true,
        check: check_account,
        kind: ConditionKind::Account,
        column: Some("recipientAccountId"),
        cost: 3,
        is_searched: false,
        ..PATTERNS
    },
    FilterOption {
        flag: "--resource",
        value_name: "ID|PATTERN",
        help: "Only calls about this id, ARN or name",
        details: "It may be in any field, or in the error message.",
        kind: ConditionKind::Resource,
        column: Some("resources"),
        cost: 10,
        ..PATTERNS
    },
    FilterOption {
        flag: "--access-key",
        value_name: "ID|PATTERN",
        help: "Only calls signed with this access key",
        hide_short_help: true,
        kind: ConditionKind::Path("userIdentity.accessKeyId"),
        column: Some("accessKeyId"),
        cost: 8,
        ..PATTERNS
    },
    FilterOption {
        flag: "--error-code",
        help: "Only events with this error code, such as '*{AccessDenied,Unauthorized}*'",
        hide_short_help: true,
        conflicts_with: Some("--no-errors"),
        kind: ConditionKind::Field("errorCode"),
        column: Some("errorCode"),
        cost: 7,
        ..PATTERNS
    },
    FilterOption {
        flag: "--errors",
        help: "Only failed or denied calls",
        conflicts_with: Some("--no-errors"),
        kind: ConditionKind::Failed(true),
        cost: 6,
        ..PATTERNS
    },
    FilterOption {
        flag: "--no-errors",
        help: "Only successful calls",
        hide_short_help: true,
        kind: ConditionKind::Failed(false),
        cost: 6,
        ..PATTERNS
    },
    FilterOption {
        flag: "--writes",
        help: "Only calls that change something",
        conflicts_with: Some("--reads"),
        kind: ConditionKind::Read(false),
        cost: 6,
        ..PATTERNS
    },
    FilterOption {
        flag: "--reads",
        help: "Only calls that change nothing",
        hide_short_help: true,
        kind: ConditionKind::Read(true),
        cost: 6,
        ..PATTERNS
    },
    FilterOption {
        flag: "--grep",
        value_name: "REGEX",
        help: "Only events whose JSON text matches",
        details: "The regular expression is matched against the event as delivered.",
        has_lists: false,
        allow_hyphen_values: true,
        kind: ConditionKind::Grep,
        cost: 11,
        ..PATTERNS
    },
    FilterOption {
        flag: "--where",
        value_name: "'FIELD OP VALUE'",
        help: "Only events that meet this condition",
        details: "Operators are = and != (globs), ~ and !~ (regular expressions), < <= > >= (numbers and \
                  times). FIELD or !FIELD alone asks whether it is present or absent. Repeat for AND.",
        has_lists: false,
        allow_hyphen_values: true,
        kind: ConditionKind::Where,
        cost: 9,
        ..PATTERNS
    },
];

impl FilterOption {
    /// The option that is typed as `flag`.
    pub fn find(flag: &str) -> Option<&'static FilterOption> {
        OPTIONS.iter().find(|option| option.flag == flag)
    }

    /// Its long name.
    pub fn name(&self) -> &'static str {
        self.flag.trim_start_matches('-')
    }

    /// Whether it takes values.
    pub fn has_values(&self) -> bool {
        !matches!(self.kind, ConditionKind::Failed(_) | ConditionKind::Read(_))
    }

    /// Whether a value may be `@FILE`, for all values in a file.
    pub fn takes_lists(&self) -> bool {
        self.has_values() && !matches!(self.kind, ConditionKind::Grep | ConditionKind::Where)
    }

    /// The single values of what was typed.
    pub fn split(&self, typed: &[String]) -> Vec<String> {
        if self.has_lists { split_list(typed) } else { typed.to_vec() }
    }

    /// The values of each condition that was typed. Values of one condition are
    /// alternatives.
    pub fn conditions<'a>(&self, typed: &'a [String]) -> Vec<&'a [String]> {
        match self.kind {
            ConditionKind::Where => typed.chunks(1).collect(),
            _ => vec![typed],
        }
    }

    /// Whether a literal matches exactly the events with this cell in the column.
    pub fn is_exact(&self, cell: &str) -> bool {
        match self.kind {
            ConditionKind::Field(field) => self.column == Some(field),
            // A name without its domain also matches the name with it.
            ConditionKind::Service => cell.contains('.'),
            _ => false,
        }
    }
}

/// Accepts twelve digits, or a pattern over them.
fn check_account(text: &str) -> Result<(), &'static str> {
    let pattern = text.strip_prefix('!').unwrap_or(text);
    let is_open = pattern.contains(['*', '?', '{']);
    let is_account = (is_open || pattern.len() == 12)
        && pattern.bytes().all(|byte| byte.is_ascii_digit() || b"*?{},".contains(&byte));
    if is_account { Ok(()) } else { Err("not an account; write its 12 digits, such as 111122223333") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_short_names_are_unique() {
        for (at, option) in OPTIONS.iter().enumerate() {
            for other in &OPTIONS[..at] {
                assert_ne!(option.flag, other.flag);
                assert!(option.short.is_none() || option.short != other.short, "{option:?}");
            }
            assert_eq!(option.flag, format!("--{}", option.name()));
        }
    }

    #[test]
    fn options_that_others_name_are_in_the_table() {
        for flag in [ACCOUNT, REGION] {
            assert!(FilterOption::find(flag).is_some_and(|option| option.is_scope), "{flag}");
        }
        for other in OPTIONS.iter().filter_map(|option| option.conflicts_with) {
            assert!(FilterOption::find(other).is_some(), "{other}");
        }
    }
}
