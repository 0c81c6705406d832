//! The conditions of a run one by one: what each would match alone.

use crate::filter::options::FilterOption;
use crate::filter::spec::FilterSpec;
use crate::syntax::glob::UnmatchedValues;

/// One thing that is asked for, as if it were the only one.
pub(super) struct LoneCondition {
    pub(super) option: &'static FilterOption,
    /// As they were typed, one by one.
    pub(super) values: Vec<String>,
    pub(super) conditions: FilterSpec,
}

impl LoneCondition {
    fn new(option: &'static FilterOption, typed: &[String], asked: &FilterSpec) -> LoneCondition {
        let nothing = FilterSpec { now: asked.now, ..FilterSpec::default() };
        LoneCondition { option, values: option.split(typed), conditions: nothing.with(option.flag, typed) }
    }
}

/// Each thing that is asked for, options without values last.
pub(super) fn alone(asked: &FilterSpec) -> Vec<LoneCondition> {
    let of_option = |(option, typed): (&'static FilterOption, &[String])| {
        let each = option.conditions(typed).into_iter();
        each.map(|values| LoneCondition::new(option, values, asked)).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = asked.options.iter().flat_map(of_option).collect();
    all.sort_by_key(|lone| !lone.option.has_values());
    all
}

/// Each value of a list that matched nothing.
pub(super) fn each_alone(unmatched: &UnmatchedValues, asked: &FilterSpec) -> Vec<LoneCondition> {
    let Some(option) = FilterOption::find(&unmatched.option) else { return Vec::new() };
    unmatched.values.chunks(1).map(|value| LoneCondition::new(option, value, asked)).collect()
}
