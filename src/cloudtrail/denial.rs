//! Distinguishes denied calls from other failures.

use regex::bytes::{Regex, RegexBuilder};

use crate::cloudtrail::long_value;
use crate::cloudtrail::long_value::{LongValueTest, ShortenedFlag};
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::syntax::glob::PieceMatcher;

/// Words in the error codes of denials, in any case. Each service has its own code:
/// `AccessDenied`, `AccessDeniedException`, `Client.UnauthorizedOperation`,
/// `NotAuthorized`, `AuthorizationError`, `ForbiddenException`.
pub const WORDS: [&str; 5] = ["AccessDenied", "Unauthorized", "NotAuthorized", "AuthorizationError", "Forbidden"];

/// Distinguishes denials from other failures.
#[derive(Clone, Debug)]
pub struct DenialRule {
    code: FieldId,
    words: Regex,
}

impl DenialRule {
    /// Adds the field it reads to `fields`.
    pub fn new(fields: &mut FieldSet) -> Result<DenialRule, Error> {
        let code = fields.add("errorCode")?;
        let words = RegexBuilder::new(&WORDS.join("|")).case_insensitive(true).unicode(false).build();
        let words = words.map_err(|error| Error::Failed(error.to_string()))?;
        Ok(DenialRule { code, words })
    }

    /// Whether the call was denied.
    pub fn is_denied(&self, event: &Event<'_>) -> bool {
        event.get(self.code).is_some_and(|code| long_value::scalar_matches(code, self, &ShortenedFlag::default()))
    }

    /// The rule as a list of patterns for error codes.
    pub fn patterns() -> String {
        WORDS.map(|word| format!("*{word}*")).join(",")
    }
}

impl LongValueTest for DenialRule {
    fn matches(&self, code: &str) -> bool {
        self.words.is_match(code.as_bytes())
    }

    fn in_pieces(&self) -> Option<PieceMatcher> {
        PieceMatcher::new(&format!("(?i-u:{})", self.words.as_str()), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    #[test]
    fn denials_and_other_failures_are_distinguished() {
        let mut fields = FieldSet::default();
        let denial = DenialRule::new(&mut fields).unwrap();
        for (code, expected) in [
            (r#""AccessDenied""#, true),
            (r#""AccessDeniedException""#, true),
            (r#""Client.UnauthorizedOperation""#, true),
            (r#""UnauthorizedOperation""#, true),
            (r#""KMS.accessDeniedException""#, true),
            (r#""NotAuthorizedException""#, true),
            (r#""AuthorizationError""#, true),
            (r#""ForbiddenException""#, true),
            (r#""ThrottlingException""#, false),
            (r#""NoSuchBucket""#, false),
            (r#""200""#, false),
            ("null", false),
        ] {
            let json = format!(r#"{{"eventName":"X","errorCode":{code}}}"#);
            assert_eq!(with_event(&json, &fields, |event| denial.is_denied(event)), expected, "{code}");
        }
    }
}
