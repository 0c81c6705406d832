//! Splits the filters of a run into single conditions, to find which match nothing.

use crate::filter::spec::FilterSpec;
use crate::syntax::glob::{UnmatchedValues, split_list};

/// Returns the field of a spec that holds the values of an option.
type ValuesOf = fn(&mut FilterSpec) -> &mut Vec<String>;

/// The options with values, each with the event field that it tests.
const OPTIONS: [(&str, &str, ValuesOf); 10] = [
    ("--event-name", "eventName", |conditions| &mut conditions.event_names),
    (USER, "userName", |conditions| &mut conditions.users),
    ("--source-ip", "sourceIPAddress", |conditions| &mut conditions.source_ips),
    ("--region", "awsRegion", |conditions| &mut conditions.regions),
    ("--event-source", "eventSource", |conditions| &mut conditions.event_sources),
    ("--account", "recipientAccountId", |conditions| &mut conditions.accounts),
    ("--error-code", "errorCode", |conditions| &mut conditions.error_codes),
    ("--resource", "resources", |conditions| &mut conditions.resources),
    ("--access-key", "accessKeyId", |conditions| &mut conditions.access_keys),
    ("--grep", "", |conditions| &mut conditions.greps),
];
pub(super) const USER: &str = "--user";

/// One condition of a run, as if it were the only one.
pub(super) struct LoneCondition {
    pub(super) option: &'static str,
    /// The values as typed.
    pub(super) values: Vec<String>,
    /// The field whose values can be suggested; empty if there is none.
    pub(super) names: &'static str,
    pub(super) conditions: FilterSpec,
}

/// Each condition of a run.
pub(super) fn alone(conditions: &FilterSpec) -> Vec<LoneCondition> {
    let nothing = FilterSpec { now: conditions.now, ..FilterSpec::default() };
    let mut all = Vec::new();
    for (option, names, values) in OPTIONS {
        let (mut alone, typed) = (nothing.clone(), values(&mut conditions.clone()).clone());
        if !typed.is_empty() {
            values(&mut alone).clone_from(&typed);
            let is_list = !matches!(option, USER | "--grep");
            let values = if is_list { split_list(&typed) } else { typed };
            all.push(LoneCondition { option, values, names, conditions: alone });
        }
    }
    let mut add = |option, values, conditions| all.push(LoneCondition { option, values, names: "", conditions });
    for text in &conditions.wheres {
        add("--where", vec![text.clone()], FilterSpec { wheres: vec![text.clone()], ..nothing.clone() });
    }
    if let Some(is_failed) = conditions.is_failed {
        let option = if is_failed { "--errors" } else { "--no-errors" };
        add(option, Vec::new(), FilterSpec { is_failed: Some(is_failed), ..nothing.clone() });
    }
    if let Some(is_read) = conditions.is_read {
        let option = if is_read { "--reads" } else { "--writes" };
        add(option, Vec::new(), FilterSpec { is_read: Some(is_read), ..nothing });
    }
    all
}

/// Each value of a list that matched no event, as a condition.
pub(super) fn each_alone(unmatched: &UnmatchedValues, conditions: &FilterSpec) -> Vec<LoneCondition> {
    let Some((option, names, field)) = OPTIONS.into_iter().find(|(known, ..)| *known == unmatched.option) else {
        return Vec::new();
    };
    let question = |value: &String| {
        let mut alone = FilterSpec { now: conditions.now, ..FilterSpec::default() };
        field(&mut alone).push(value.clone());
        LoneCondition { option, values: vec![value.clone()], names, conditions: alone }
    };
    unmatched.values.iter().map(question).collect()
}
