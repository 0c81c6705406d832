//! The filter options as typed, from which a [`Filter`](super::Filter) is compiled.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::filter::options::{FilterOption, OPTIONS};
use crate::syntax::window::Window;

/// The filter options as typed.
#[derive(Clone, Debug, Default)]
pub struct FilterSpec {
    /// The times of `--since` and `--until`.
    pub window: Window,
    /// The options of the table.
    pub options: OptionValues,
    /// The expression of `--jq`.
    pub jq: Option<String>,
    /// The time that durations such as `30d` count back from.
    pub now: Timestamp,
}

impl FilterSpec {
    /// The same with an option of the table.
    pub fn with(mut self, flag: &'static str, values: impl IntoIterator<Item = impl Into<String>>) -> FilterSpec {
        self.options.insert(flag, values.into_iter().map(Into::into).collect());
        self
    }
}

/// The options of the table that were typed, with their values.
#[derive(Clone, Debug, Default)]
pub struct OptionValues(BTreeMap<&'static str, Vec<String>>);

impl OptionValues {
    /// Sets the values of an option as typed. An option without values has none.
    pub fn insert(&mut self, flag: &'static str, values: Vec<String>) {
        debug_assert!(FilterOption::find(flag).is_some(), "{flag} is not in the table");
        self.0.insert(flag, values);
    }

    /// Adds the options of another group.
    pub fn extend(&mut self, others: &OptionValues) {
        self.0.extend(others.0.iter().map(|(flag, values)| (*flag, values.clone())));
    }

    /// The options in the order of the table, with their values as typed.
    pub fn iter(&self) -> impl Iterator<Item = (&'static FilterOption, &[String])> {
        OPTIONS.iter().filter_map(|option| Some((option, self.0.get(option.flag)?.as_slice())))
    }

    /// The single values of an option.
    pub fn list(&self, flag: &str) -> Vec<String> {
        let values = self.iter().find(|(option, _)| option.flag == flag);
        values.map_or(Vec::new(), |(option, typed)| option.split(typed))
    }
}
