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
    /// Compiles the values of `--grep`; `None` if there are none. Fails if a value is
    /// empty or not a regular expression.
    pub fn new(values: &[String]) -> Result<Option<Grep>, Error> {
        const OPTION: &str = "--grep";
        for value in values {
            if value.is_empty() {
                return Err(Error::option(OPTION, value, "empty, so it would match everything; leave it out"));
            }
            regex::bytes::Regex::new(value).map_err(|error| Error::option(OPTION, value, not_regex(&error)))?;
        }
        let set = RegexSet::new(values).map_err(|error| Error::about(OPTION, format!(": {}", not_regex(&error))))?;
        Ok((!values.is_empty()).then_some(Grep { set }))
    }

    /// The regular expressions.
    pub fn patterns(&self) -> &[String] {
        self.set.patterns()
    }

    /// Whether one of the expressions matches the event.
    pub fn admits(&self, event: &Event<'_>) -> bool {
        self.set.is_match(event.value().raw())
    }
}
