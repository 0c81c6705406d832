//! The lists that could not be read, which are reported at the end: one message for all lists
//! of a region that failed for the same reason.

use std::collections::BTreeMap;

use super::resource_list::RESOURCE_LISTS;
use crate::cloudtrail::history::change::ResourceKind;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::Report;
use crate::source::aws::{AwsError, AwsErrorKind};

/// The failures of each region.
#[derive(Default)]
pub(super) struct ListFailures {
    regions: BTreeMap<String, Vec<(ResourceKind, AwsError)>>,
}

impl ListFailures {
    /// Adds the result of a list. Returns the error if it is one that all lists have.
    pub(super) fn add(&mut self, region: String, kind: ResourceKind, error: Option<AwsError>) -> Result<(), Error> {
        let failed = self.regions.entry(region).or_default();
        match error {
            // A region that is not enabled rejects valid credentials.
            Some(error) if error.kind.is_fatal() && error.kind != AwsErrorKind::RejectedCredentials => {
                return Err(Error::Failed(error.to_string()));
            }
            Some(error) => failed.push((kind, error)),
            None => {}
        }
        Ok(())
    }

    /// Reports all failures. Returns the number of regions of which something was read, or an
    /// error if no region accepts the credentials.
    pub(super) fn finish(self, report: &Report) -> Result<u64, Error> {
        let is_read = |failed: &Vec<_>| failed.len() < RESOURCE_LISTS.len();
        let read = self.regions.values().filter(|failed| is_read(failed)).count();
        let mut errors = self.regions.values().flatten().map(|(_, error)| error);
        if read == 0
            && let Some(first) = errors.next().filter(|first| first.kind == AwsErrorKind::RejectedCredentials)
            && errors.all(|error| error.kind == AwsErrorKind::RejectedCredentials)
        {
            return Err(Error::Failed(first.to_string()));
        }
        for (region, failed) in &self.regions {
            for issue in issues(region, failed) {
                report.issue(&issue);
            }
        }
        Ok(read as u64)
    }
}

/// The issues of a region, one for each reason.
fn issues(region: &str, failed: &[(ResourceKind, AwsError)]) -> Vec<Issue> {
    let mut reasons: Vec<(&AwsError, Vec<&str>)> = Vec::new();
    for (kind, error) in failed {
        let is_same = |(other, _): &&mut (&AwsError, _)| (other.kind, &other.code) == (error.kind, &error.code);
        match reasons.iter_mut().find(is_same) {
            Some((_, kinds)) => kinds.push(kind.folder()),
            None => reasons.push((error, vec![kind.folder()])),
        }
    }
    let issue = |(error, mut kinds): (&AwsError, Vec<&str>)| {
        kinds.sort_unstable();
        let name = match kinds.len() == RESOURCE_LISTS.len() {
            true => region.to_string(),
            false => format!("{region} {}", kinds.join(", ")),
        };
        Issue { name, problem: Problem::Resources(reason(error)), outcome: Outcome::FilesLeft }
    };
    reasons.into_iter().map(issue).collect()
}

fn reason(error: &AwsError) -> String {
    match error.kind {
        AwsErrorKind::RejectedCredentials => {
            format!("the region is not enabled, or does not accept these credentials ({})", error.code)
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_failed_for_the_same_reason_share_a_message() {
        let denied = AwsError::from_response(403, "UnauthorizedOperation", Some("why"));
        let throttled = AwsError::from_response(503, "Throttling", Some("slow"));
        let failed = [
            (ResourceKind::Volume, denied.clone()),
            (ResourceKind::Address, throttled),
            (ResourceKind::Instance, denied),
        ];
        let texts: Vec<String> = issues("eu-west-1", &failed).iter().map(Issue::to_string).collect();
        assert_eq!(
            texts,
            [
                "eu-west-1 instances, volumes: not read: access denied (UnauthorizedOperation): why; its files were \
                 left as they are",
                "eu-west-1 addresses: not read: Throttling: slow; its files were left as they are",
            ]
        );
        let error = AwsError::from_response(401, "AuthFailure", None);
        let all: Vec<_> = RESOURCE_LISTS.iter().map(|list| (list.kind, error.clone())).collect();
        assert_eq!(
            issues("me-south-1", &all)[0].to_string(),
            "me-south-1: not read: the region is not enabled, or does not accept these credentials (AuthFailure); \
             its files were left as they are"
        );
    }
}
