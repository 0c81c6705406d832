//! Where the events of parts come from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::command::summary::provenance;
use crate::command::summary::request::SummaryRequest;

/// The inputs of a part, or of several.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct PartSources {
    /// The names of the inputs.
    inputs: Vec<String>,
    /// The inputs as typed.
    typed: Vec<Vec<String>>,
    /// The options that say where the logs are, each with its value.
    options: Vec<Vec<String>>,
    /// Whether another part has other options.
    #[serde(skip)]
    has_other_options: bool,
    /// Whether another part has another list of keys.
    #[serde(skip)]
    has_other_lists: bool,
}

/// The option for a list of keys.
const KEYS_FROM: &str = "--keys-from";

impl PartSources {
    pub(super) fn of_request(request: &SummaryRequest) -> PartSources {
        let is_option = |words: &&Vec<String>| words.first().is_some_and(|word| word.starts_with("--"));
        let (options, typed) = request.typed.sources.iter().cloned().partition(|words| is_option(&words));
        PartSources { inputs: request.inputs.clone(), typed, options, ..PartSources::default() }
    }

    /// Adds the inputs of the next part.
    pub(super) fn add(&mut self, other: PartSources) {
        add_new(&mut self.inputs, other.inputs);
        add_new(&mut self.typed, other.typed);
        self.has_other_lists |= self.options != other.options;
        let without_list = |options: &[Vec<String>]| -> Vec<Vec<String>> {
            options.iter().map(|words| if is_list(words) { vec![KEYS_FROM.into()] } else { words.clone() }).collect()
        };
        self.has_other_options |= without_list(&self.options) != without_list(&other.options);
    }

    /// Names the plan of the merge in place of the lists of the parts, if it is one file.
    pub(super) fn take_plan(&mut self, plan: &[PathBuf]) {
        let ([plan], true, false) = (plan, self.has_other_lists, self.has_other_options) else { return };
        let plan = plan.to_string_lossy();
        for words in self.options.iter_mut().filter(|words| is_list(words)) {
            *words = vec![KEYS_FROM.into(), plan.to_string()];
        }
        self.inputs = vec![provenance::key_list(&plan)];
        self.has_other_lists = false;
    }

    /// Gives the inputs to a request. Options that differ cannot be typed for all parts.
    pub(super) fn give_to(self, request: &mut SummaryRequest) {
        request.has_typed_inputs = !self.has_other_options && !self.has_other_lists;
        request.inputs = self.inputs;
        request.typed.sources = self.typed.into_iter().chain(self.options).collect();
    }
}

fn is_list(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == KEYS_FROM)
}

fn add_new<T: PartialEq>(known: &mut Vec<T>, others: Vec<T>) {
    for other in others {
        if !known.contains(&other) {
            known.push(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(inputs: &[&str], options: &[&[&str]]) -> PartSources {
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        let typed = inputs.iter().map(|input| vec![input.to_string()]).collect();
        let options = options.iter().map(|option| words(option)).collect();
        PartSources { inputs: words(inputs), typed, options, ..PartSources::default() }
    }

    #[test]
    fn inputs_of_parts_come_once_and_options_have_to_be_equal() {
        let mut all = sources(&["a", "b"], &[&["--kind", "x"], &["--kind", "y"]]);
        all.add(sources(&["b", "c"], &[&["--kind", "x"], &["--kind", "y"]]));
        assert_eq!(all, sources(&["a", "b", "c"], &[&["--kind", "x"], &["--kind", "y"]]));
        all.add(sources(&["a"], &[&["--kind", "x"]]));
        assert!(all.has_other_options);
    }

    #[test]
    fn a_plan_takes_the_place_of_lists() {
        let part = |list: &str| sources(&[], &[&[KEYS_FROM, list], &["--mirror", "m"]]);
        let mut all = part("1.txt");
        all.add(part("2.txt"));
        all.take_plan(&["1.txt".into(), "2.txt".into()]);
        assert!(all.has_other_lists && all.options == part("1.txt").options);
        all.take_plan(&["keys.txt".into()]);
        assert_eq!((all.has_other_lists, &all.options), (false, &part("keys.txt").options));
        assert_eq!(all.inputs, ["the keys of keys.txt"]);
        all.add(sources(&[], &[&[KEYS_FROM, "3.txt"]]));
        all.take_plan(&["keys.txt".into()]);
        assert!(all.has_other_lists && all.has_other_options);
    }
}
