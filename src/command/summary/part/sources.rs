//! Where the events of parts come from.

use serde::{Deserialize, Serialize};

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
}

impl PartSources {
    pub(super) fn of_request(request: &SummaryRequest) -> PartSources {
        let is_option = |words: &&Vec<String>| words.first().is_some_and(|word| word.starts_with("--"));
        let (options, typed) = request.typed.sources.iter().cloned().partition(|words| is_option(&words));
        PartSources { inputs: request.inputs.clone(), typed, options, has_other_options: false }
    }

    /// Adds the inputs of the next part.
    pub(super) fn add(&mut self, other: PartSources) {
        add_new(&mut self.inputs, other.inputs);
        add_new(&mut self.typed, other.typed);
        self.has_other_options |= self.options != other.options;
    }

    /// Gives the inputs to a request. Options that differ cannot be typed for all parts.
    pub(super) fn give_to(self, request: &mut SummaryRequest) {
        request.has_typed_inputs = !self.has_other_options;
        request.inputs = self.inputs;
        request.typed.sources = self.typed.into_iter().chain(self.options).collect();
    }
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
        PartSources { inputs: words(inputs), typed, options, has_other_options: false }
    }

    #[test]
    fn inputs_of_parts_come_once_and_options_have_to_be_equal() {
        let mut all = sources(&["a", "b"], &[&["--kind", "x"], &["--kind", "y"]]);
        all.add(sources(&["b", "c"], &[&["--kind", "x"], &["--kind", "y"]]));
        assert_eq!(all, sources(&["a", "b", "c"], &[&["--kind", "x"], &["--kind", "y"]]));
        all.add(sources(&["a"], &[&["--kind", "x"]]));
        assert!(all.has_other_options);
    }
}
