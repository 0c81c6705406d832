//! Regular expressions over events as they were delivered.

use regex::bytes::RegexSet;

use super::comparison::not_regex;
use crate::decode::event::Event;
use crate::error::Error;

/// The values of `--grep`, of which at least one must match.
#[derive(Clone, Debug)]
pub struct Grep {
    set: RegexSet,
}

impl Grep {
    /// Compiles the values of the option `option`; `None` if there are none. Fails if a
    /// value is empty or not a regular expression.
    pub fn new(option: &str, values: &[String]) -> Result<Option<Grep>, Error> {
        for value in values {
            if value.is_empty() {
                return Err(Error::option(option, value, "empty, so it would match everything; leave it out"));
            }
            regex::bytes::Regex::new(value).map_err(|error| Error::option(option, value, not_regex(&error)))?;
        }
        let set = RegexSet::new(values).map_err(|error| Error::about(option, format!(": {}", not_regex(&error))))?;
        Ok((!values.is_empty()).then_some(Grep { set }))
    }

    /// The regular expressions.
    pub fn patterns(&self) -> &[String] {
        self.set.patterns()
    }

    /// Whether one of the expressions matches the event.
    pub fn matches(&self, event: &Event<'_>) -> bool {
        self.set.is_match(event.value().raw())
    }
}
