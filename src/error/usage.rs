//! A command line that cannot be carried out: which option, which value, where it
//! comes from, and what would be right.

use std::fmt;

/// Why a command line cannot be carried out.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UsageError {
    option: Option<String>,
    value: Option<String>,
    origin: Option<String>,
    /// What is wrong; behind an option without a value it begins with a blank or a
    /// colon.
    reason: String,
    hints: Vec<String>,
}

impl UsageError {
    /// An error of the command line as a whole.
    pub fn new(reason: impl Into<String>) -> UsageError {
        UsageError { reason: reason.into(), ..UsageError::default() }
    }

    /// A wrong value of an option: what was given, and what would be right.
    pub fn value(option: &str, value: &str, right: impl fmt::Display) -> UsageError {
        UsageError { value: Some(value.into()), reason: right.to_string(), ..UsageError::about(option, "") }
    }

    /// An option that makes no sense as it was given. `reason` follows it directly.
    pub fn about(option: &str, reason: impl Into<String>) -> UsageError {
        UsageError { option: Some(option.into()), reason: reason.into(), ..UsageError::default() }
    }

    /// The option that it is about, by its long name without dashes.
    pub fn option_name(&self) -> Option<&str> {
        self.option.as_deref()?.strip_prefix("--")?.split(' ').next()
    }

    /// The same, with where the value comes from.
    pub fn with_origin(self, origin: impl fmt::Display) -> UsageError {
        UsageError { origin: Some(origin.to_string()), ..self }
    }

    /// What the user may have meant, a line each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The same, with what the user may have meant.
    pub fn with_hint(mut self, hint: String) -> UsageError {
        self.hints.push(hint);
        self
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        match (&self.option, &self.value) {
            (Some(option), Some(value)) => write!(f, "{option} {value:?}: {}", self.reason),
            (Some(option), None) => write!(f, "{option}{}", self.reason),
            (None, _) => write!(f, "{}", self.reason),
        }
    }
}
