//! Converts errors of the argument parser to [`UsageError`]s, and suggests the option
//! that the user may have meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::Error;
use crate::error::usage::UsageError;
use crate::syntax::suggest::nearest;

/// Options of other programs, and their equivalents here.
const SYNONYMS: &[(&str, &str)] = &[
    ("--access-key-id", "--access-key"),
    ("--account-id", "--account"),
    ("--arn", "--resource ARN, or --user ARN for the caller"),
    ("--csv", "--format csv"),
    ("--denied", "--error-code '*{AccessDenied,Unauthorized,NotAuthorized,AuthorizationError,Forbidden}*'"),
    ("--end", "--until"),
    ("--end-time", "--until"),
    ("--event", "--event-name"),
    ("--failed", "--errors"),
    ("--fields", "--columns"),
    ("--filter", "--where"),
    ("--from", "--since"),
    ("--head", "--limit"),
    ("--ip", "--source-ip"),
    ("--json", "--format json"),
    ("--last", "--since, as in --since 7d"),
    ("--name", "--event-name"),
    ("--order-by", "--sort"),
    ("--principal", "--user"),
    ("--role", "--user ROLE, which matches all its sessions"),
    ("--select", "--columns"),
    ("--service", "--event-source"),
    ("--start", "--since"),
    ("--start-time", "--since"),
    ("--to", "--until"),
    ("--tz", "--time-zone"),
    ("--unique", "--dedupe"),
    ("--user-name", "--user"),
    ("--username", "--user"),
    ("--utc", "--time-zone UTC, which is the default"),
];

/// Converts an error of the parser.
pub fn usage_error(error: &clap::Error) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg);
    let option = argument.as_deref().map(|argument| argument.split(" <").next().unwrap_or(argument));
    let value = text(ContextKind::InvalidValue);
    Error::Usage(match (error.kind(), option, value) {
        (ErrorKind::InvalidValue, Some(option), Some(value)) if !value.is_empty() => {
            let right = text(ContextKind::ValidValue).unwrap_or_default();
            UsageError::value(option, &value, format!("not one of {right}"))
        }
        (ErrorKind::InvalidValue, Some(option), _) => UsageError::about(option, " needs a value"),
        (ErrorKind::ValueValidation, Some(option), Some(value)) => {
            let source = std::error::Error::source(error).map(ToString::to_string);
            UsageError::value(option, &value, source.unwrap_or_else(|| "not a value of this option".into()))
        }
        (ErrorKind::UnknownArgument, Some(option), _) => {
            let unknown = UsageError::about(option, ": unknown option");
            match meant(option, text(ContextKind::SuggestedArg).as_deref()) {
                Some(meant) => unknown.with_hint(format!("did you mean {meant}?")),
                None => unknown,
            }
        }
        (ErrorKind::ArgumentConflict, Some(option), _) => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            let other = other.split(" <").next().unwrap_or_default();
            match other == option {
                true => UsageError::about(option, " is given more than once"),
                false => UsageError::about(option, format!(" cannot be used with {other}")),
            }
        }
        (ErrorKind::MissingRequiredArgument, Some(_), _) => {
            UsageError::new(format!("missing argument: {}", argument.unwrap_or_default()))
        }
        (kind, ..) => {
            let whole = error.to_string();
            let first = whole.lines().next().unwrap_or_default();
            let other = UsageError::new(first.strip_prefix("error: ").unwrap_or(first));
            let suggested = text(ContextKind::SuggestedSubcommand);
            match suggested.filter(|name| kind == ErrorKind::InvalidSubcommand && !name.is_empty()) {
                Some(name) => other.with_hint(format!("did you mean {name}?")),
                None => other,
            }
        }
    })
}

/// The option that was probably meant: an equivalent or a similar spelling. The parser's
/// own suggestion is filtered, because it can be quite different.
fn meant(option: &str, suggested: Option<&str>) -> Option<String> {
    let synonym = SYNONYMS.iter().find(|(name, _)| *name == option);
    let spelled_alike = || Some(nearest(option, &[suggested?])?.to_string());
    synonym.map(|(_, meant)| meant.to_string()).or_else(spelled_alike)
}
