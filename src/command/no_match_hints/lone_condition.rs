//! Splits the filters of a run into single conditions, to find which match nothing.

use crate::filter::options::FilterOption;
use crate::filter::spec::FilterSpec;
use crate::syntax::glob::UnmatchedValues;

/// One condition of a run, as if it were the only one.
pub(super) struct LoneCondition {
    pub(super) option: &'static FilterOption,
    /// The values as typed, one by one.
    pub(super) values: Vec<String>,
    pub(super) conditions: FilterSpec,
}

impl LoneCondition {
    fn new(option: &'static FilterOption, typed: &[String], filter: &FilterSpec) -> LoneCondition {
        let (networks, geoip) = (filter.networks.clone(), filter.geoip.clone());
        let nothing = FilterSpec { now: filter.now, networks, geoip, ..FilterSpec::default() };
        let mut conditions = nothing.with(option.flag, typed);
        conditions.options.set_lists(filter.options.lists().clone());
        LoneCondition { option, values: option.split(typed), conditions }
    }
}

/// Each condition of a run, options without values last.
pub(super) fn single_conditions(filter: &FilterSpec) -> Vec<LoneCondition> {
    let of_option = |(option, typed): (&'static FilterOption, &[String])| {
        let each = option.conditions(typed).into_iter();
        each.map(|values| LoneCondition::new(option, values, filter)).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = filter.options.iter().flat_map(of_option).collect();
    all.sort_by_key(|lone| !lone.option.has_values());
    all
}

/// Each value of a list that matched no event, as a condition.
pub(super) fn single_values(unmatched: &UnmatchedValues, filter: &FilterSpec) -> Vec<LoneCondition> {
    let Some(option) = FilterOption::find(&unmatched.option) else { return Vec::new() };
    unmatched.values.chunks(1).map(|value| LoneCondition::new(option, value, filter)).collect()
}
