//! Command-line errors: the option, its value, the origin of the value, and what would
//! be valid.

use std::fmt;

/// An error of the command line.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UsageError {
    option: Option<String>,
    value: Option<String>,
    origin: Option<String>,
    /// What is wrong; after an option without a value it starts with a space or a
    /// colon.
    reason: String,
    hints: Vec<String>,
}

impl UsageError {
    /// An error of the command line as a whole.
    pub fn new(reason: impl Into<String>) -> UsageError {
        UsageError { reason: reason.into(), ..UsageError::default() }
    }

    /// An invalid value of an option, and what would be valid.
    pub fn value(option: &str, value: &str, reason: impl fmt::Display) -> UsageError {
        UsageError { value: Some(value.into()), reason: reason.to_string(), ..UsageError::about(option, "") }
    }

    /// An option that is invalid as given. `reason` follows it without a space.
    pub fn about(option: &str, reason: impl Into<String>) -> UsageError {
        UsageError { option: Some(option.into()), reason: reason.into(), ..UsageError::default() }
    }

    /// The long name of the option without dashes; `None` if the error is not about
    /// one.
    pub fn option_name(&self) -> Option<&str> {
        self.option.as_deref()?.strip_prefix("--")?.split(' ').next()
    }

    /// Adds the origin of the value.
    pub fn with_origin(self, origin: impl fmt::Display) -> UsageError {
        UsageError { origin: Some(origin.to_string()), ..self }
    }

    /// What the user may have meant, one line each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Adds a suggestion of what the user may have meant.
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
