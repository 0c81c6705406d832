//! A command line that cannot be carried out: which option, which value, where it
//! comes from, and what would be right.

use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};

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

    /// What clap found.
    pub fn of_clap(error: &clap::Error) -> UsageError {
        let text = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
            _ => None,
        };
        let argument = text(ContextKind::InvalidArg);
        let option = argument.as_deref().map(|argument| argument.split(" <").next().unwrap_or(argument).to_string());
        let value = text(ContextKind::InvalidValue);
        match (error.kind(), option, value) {
            (ErrorKind::InvalidValue, Some(option), Some(value)) if !value.is_empty() => {
                let right = text(ContextKind::ValidValue).unwrap_or_default();
                UsageError::value(&option, &value, format!("not one of {right}"))
            }
            (ErrorKind::InvalidValue, Some(option), _) => UsageError::about(&option, " needs a value"),
            (ErrorKind::ValueValidation, Some(option), Some(value)) => {
                let source = std::error::Error::source(error).map(ToString::to_string);
                UsageError::value(&option, &value, source.unwrap_or_else(|| "not a value of this option".into()))
            }
            (ErrorKind::UnknownArgument, Some(option), _) => {
                let hint = text(ContextKind::SuggestedArg).map(|known| format!("did you mean {known}?"));
                let reason = ": there is no such option";
                UsageError { hints: hint.into_iter().collect(), ..UsageError::about(&option, reason) }
            }
            (ErrorKind::ArgumentConflict, Some(option), _) => {
                let other = text(ContextKind::PriorArg).unwrap_or_default();
                match other == option {
                    true => UsageError::about(&option, " is given more than once"),
                    false => UsageError::about(&option, format!(" cannot be used with {other}")),
                }
            }
            _ => {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                UsageError::new(first.strip_prefix("error: ").unwrap_or(first))
            }
        }
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
