//! What is reported of regions that could not be read. Regions that failed for the same
//! reason share a message.

use jiff::Timestamp;

use crate::error::{Error, Issue, Outcome, Problem};
use crate::source::SourceItem;
use crate::source::aws::{AwsError, AwsErrorKind, profile};

/// The regions that did not answer the first request.
#[derive(Debug)]
pub(super) struct FirstFailures {
    regions: Vec<(String, AwsError)>,
    /// Whether the user has named regions.
    is_narrowed: bool,
}

impl FirstFailures {
    pub(super) fn new(is_narrowed: bool) -> FirstFailures {
        FirstFailures { regions: Vec::new(), is_narrowed }
    }

    /// Adds a region. Returns the error if it is one that all regions have.
    pub(super) fn add(&mut self, region: String, error: AwsError, profile: Option<&str>) -> Result<(), Error> {
        // A region that is not enabled rejects valid credentials.
        if error.kind.is_fatal() && error.kind != AwsErrorKind::RejectedCredentials {
            let is_missing = error.kind == AwsErrorKind::NoCredentials;
            let missing_profile = is_missing.then(|| profile::missing(profile)).flatten();
            return Err(Error::Failed(missing_profile.unwrap_or_else(|| error.to_string())));
        }
        // A region that is asked twice fails twice.
        if self.regions.last().is_none_or(|(last, _)| *last != region) {
            self.regions.push((region, error));
        }
        Ok(())
    }

    /// Returns what is to be said, or the most telling error if no region answered.
    pub(super) fn finish(self, is_all: bool) -> Result<Vec<SourceItem>, Error> {
        if is_all {
            let first = |kind| self.regions.iter().find(|(_, error)| error.kind == kind);
            let found = first(AwsErrorKind::AccessDenied).or_else(|| first(AwsErrorKind::RejectedCredentials));
            return match found.or_else(|| self.regions.first()) {
                Some((_, error)) if self.is_narrowed && error.kind == AwsErrorKind::RejectedCredentials => {
                    Err(Error::Failed(format!("{error}; or --region names only regions that are not enabled")))
                }
                Some((_, error)) => Err(Error::Failed(error.to_string())),
                None => Ok(Vec::new()),
            };
        }
        let (off, failed): (Vec<_>, Vec<_>) =
            self.regions.into_iter().partition(|(_, error)| error.kind == AwsErrorKind::RejectedCredentials);
        let off: Vec<String> = off.into_iter().map(|(region, _)| region).collect();
        let note = format!("not read, because they are not enabled for this account: {}", off.join(", "));
        let note = (!off.is_empty()).then_some(SourceItem::Note(note));
        Ok(note.into_iter().chain(issues(failed)).collect())
    }
}

/// The issues of regions that failed, one for each reason.
fn issues(failed: Vec<(String, AwsError)>) -> impl Iterator<Item = SourceItem> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for (region, error) in failed {
        let text = error.to_string();
        match reasons.iter_mut().find(|(other, _)| *other == text) {
            Some((_, regions)) => regions.push(region),
            None => reasons.push((text, vec![region])),
        }
    }
    reasons.into_iter().map(|(text, regions)| {
        let name = format!("event history of {}", regions.join(", "));
        SourceItem::Issue(Issue { name, problem: Problem::EventHistory(text), outcome: Outcome::Nothing })
    })
}

/// Returns what is to be said of a region that failed after its first page, or an error that
/// ends the run.
pub(super) fn later(region: &str, error: &AwsError, reached: Option<Timestamp>) -> Result<SourceItem, Error> {
    if error.kind.is_fatal() && error.kind != AwsErrorKind::RejectedCredentials {
        return Err(Error::Failed(error.to_string()));
    }
    Ok(SourceItem::Issue(Issue {
        name: format!("event history of {region}"),
        problem: Problem::EventHistory(error.to_string()),
        outcome: reached.map_or(Outcome::Nothing, Outcome::ReadBackTo),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(failures: &[(&str, &str)], is_all: bool) -> Result<Vec<String>, String> {
        let mut all = FirstFailures::new(false);
        for (region, code) in failures {
            let error = AwsError::from_response(400, code, Some("why"));
            all.add((*region).into(), error, None).map_err(|error| error.to_string())?;
        }
        let text = |item| match item {
            SourceItem::Issue(issue) => issue.to_string(),
            SourceItem::Note(text) => text,
            other => panic!("{other:?}"),
        };
        let items = all.finish(is_all).map_err(|error| error.to_string())?;
        Ok(items.into_iter().map(text).collect())
    }

    #[test]
    fn regions_with_the_same_reason_share_a_message() {
        let failures = [
            ("a", "UnrecognizedClientException"),
            ("b", "AccessDeniedException"),
            ("c", "AuthFailure"),
            ("d", "AccessDeniedException"),
            ("e", "InternalFailure"),
        ];
        assert_eq!(
            finish(&failures, false).unwrap(),
            [
                "not read, because they are not enabled for this account: a, c",
                "event history of b, d: not read: access denied (AccessDeniedException): why; nothing was read",
                "event history of e: not read: InternalFailure: why; nothing was read",
            ]
        );
        assert!(finish(&failures, true).unwrap_err().starts_with("access denied"));
        assert!(finish(&[failures[4], failures[0]], true).unwrap_err().starts_with("the credentials were rejected"));
        assert!(finish(&[failures[4]], true).unwrap_err().starts_with("InternalFailure"));
        assert!(finish(&[("a", "ExpiredTokenException")], false).unwrap_err().starts_with("the credentials have exp"));
    }
}
