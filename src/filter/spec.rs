//! The filter options as typed, from which a [`Filter`](super::Filter) is compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::decode::event::FieldSet;
use crate::filter::options::{FilterOption, OPTIONS};
use crate::syntax::geo_database::GeoDatabases;
use crate::syntax::network_names::NetworkNames;
use crate::syntax::value_list::{ValueLists, named_file};
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
    /// The names of networks.
    pub networks: Option<Arc<NetworkNames>>,
    /// The databases of addresses.
    pub geoip: Option<Arc<GeoDatabases>>,
    /// Messages on values that have more than one meaning.
    pub notes: Vec<String>,
    /// The time that durations such as `30d` count back from.
    pub now: Timestamp,
}

impl FilterSpec {
    /// A set of no fields, for all that reads the events of this request.
    pub fn field_set(&self) -> FieldSet {
        FieldSet::with_networks(self.networks.clone()).with_geoip(self.geoip.clone())
    }

    /// Adds an option of the table.
    pub fn with(mut self, flag: &'static str, values: impl IntoIterator<Item = impl Into<String>>) -> FilterSpec {
        self.options.insert(flag, values.into_iter().map(Into::into).collect());
        self
    }
}

/// The options of the table that were typed, with their values.
#[derive(Clone, Debug, Default)]
pub struct OptionValues {
    typed: BTreeMap<&'static str, Vec<String>>,
    /// The lists that values name.
    lists: ValueLists,
}

impl OptionValues {
    /// Sets the values of an option as typed. An option without values has none.
    pub fn insert(&mut self, flag: &'static str, values: Vec<String>) {
        debug_assert!(FilterOption::find(flag).is_some(), "{flag} is not in the table");
        self.typed.insert(flag, values);
    }

    /// Adds the options of another group.
    pub fn extend(&mut self, others: &OptionValues) {
        self.typed.extend(others.typed.iter().map(|(flag, values)| (*flag, values.clone())));
    }

    /// The lists that values name.
    pub fn lists(&self) -> &ValueLists {
        &self.lists
    }

    /// Sets the lists that values name.
    pub fn set_lists(&mut self, lists: ValueLists) {
        self.lists = lists;
    }

    /// The options in the order of the table, with their values as typed.
    pub fn iter(&self) -> impl Iterator<Item = (&'static FilterOption, &[String])> {
        OPTIONS.iter().filter_map(|option| Some((option, self.typed.get(option.flag)?.as_slice())))
    }

    /// The single values of an option, those of lists included.
    pub fn list(&self, flag: &str) -> Vec<String> {
        let Some((option, typed)) = self.iter().find(|(option, _)| option.flag == flag) else { return Vec::new() };
        let mut values = Vec::new();
        for value in option.split(typed) {
            let list = named_file(&value).filter(|_| option.takes_lists());
            match list.and_then(|(file, is_negated)| Some((self.lists.get(&file)?, is_negated))) {
                Some((list, false)) => values.extend(list.values().map(|value| value.text.to_string())),
                Some((list, true)) => values.extend(list.values().map(|value| format!("!{}", value.text))),
                None => values.push(value),
            }
        }
        values
    }
}
