//! What is to be changed: one list of steps is shown, carried out, or written as a script.

use std::fmt::Write as _;

use super::api_call::ChangeRequest;
use super::session::TrailSession;
use crate::error::Error;
use crate::report::{Report, printable};
use crate::source::aws::AwsError;

/// The function of a script that repeats a command as long as the program repeats a request.
const RETRY_FUNCTION: &str = "\
# Repeats a command that fails, because earlier changes take some seconds to take effect.
retry() {
    for pause in 1 2 4 8; do
        \"$@\" && return
        sleep \"$pause\"
    done
    \"$@\"
}
";

/// The steps, in the order in which they must be made.
pub(super) struct ChangePlan {
    steps: Vec<Step>,
}

/// What is done about one resource or setting.
pub(super) struct Step {
    effect: Effect,
    /// The resource or the setting, and details.
    what: String,
    /// None if nothing is to be changed.
    calls: Vec<ChangeRequest>,
}

/// What a step does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    Create,
    Change,
    Delete,
    /// Nothing is to be changed.
    Keep,
}

impl Effect {
    fn words(self) -> &'static str {
        match self {
            Effect::Create => "+ create  ",
            Effect::Change => "~ change  ",
            Effect::Delete => "- delete  ",
            Effect::Keep => "= as it is",
        }
    }
}

impl Step {
    /// A step that makes changes.
    pub(super) fn new(effect: Effect, what: impl Into<String>, calls: Vec<ChangeRequest>) -> Step {
        Step { effect, what: what.into(), calls }
    }

    /// A step that makes no changes.
    pub(super) fn keep(what: impl Into<String>) -> Step {
        Step::new(Effect::Keep, what, Vec::new())
    }

    fn line(&self) -> String {
        printable(&format!("{} {}", self.effect.words(), self.what))
    }
}

impl ChangePlan {
    pub(super) fn new(steps: Vec<Step>) -> ChangePlan {
        ChangePlan { steps }
    }

    /// True if nothing is to be changed.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.calls.is_empty())
    }

    /// The steps as lines to read.
    pub(super) fn lines(&self) -> Vec<String> {
        self.steps.iter().map(|step| format!("  {}", step.line())).collect()
    }

    /// Makes all changes, in order. An error names the step, and the earlier ones stay made.
    pub(super) async fn run(&self, session: &TrailSession, report: &Report) -> Result<(), Error> {
        for step in self.steps.iter().filter(|step| !step.calls.is_empty()) {
            report.progress(&step.what);
            for call in &step.calls {
                call.send(session).await.map_err(|error| {
                    let remedy = remedy(&error).map_or(String::new(), |remedy| format!("; {remedy}"));
                    let advice = "earlier steps are done; run the same command again to go on";
                    Error::Failed(format!("{}: {error}{remedy}; {advice}", step.what))
                })?;
            }
            report.detail(1, || format!("done: {}", step.what));
        }
        Ok(())
    }

    /// A script for a shell that makes the same changes with the AWS CLI.
    pub(super) fn script(&self, session: &TrailSession, command: &str) -> String {
        let home = &session.home;
        let mut script = String::from("#!/bin/sh\n");
        // Writing to a string cannot fail.
        let _ = writeln!(script, "# {}", printable(command));
        let _ = writeln!(script, "# account {}, region {}", printable(&home.account), printable(&home.region));
        // The second version of the CLI shows answers in a pager, which waits for keys.
        script.push_str("set -e\nexport AWS_PAGER=''\n");
        if self.steps.iter().flat_map(|step| &step.calls).any(ChangeRequest::is_retried) {
            let _ = write!(script, "\n{RETRY_FUNCTION}");
        }
        for step in &self.steps {
            let _ = writeln!(script, "\n# {}", step.line());
            for call in &step.calls {
                // Names that AWS returns are part of the line.
                let _ = writeln!(script, "{}", printable(&call.shell_line(session)));
            }
        }
        script
    }

    /// The numbers of changes, such as `2 created, 1 changed`.
    pub(super) fn totals(&self) -> String {
        let number = |effect| self.steps.iter().filter(|step| step.effect == effect).count() as u64;
        let effects = [(Effect::Create, "created"), (Effect::Change, "changed"), (Effect::Delete, "deleted")];
        let parts: Vec<String> = effects
            .into_iter()
            .filter(|(effect, _)| number(*effect) > 0)
            .map(|(effect, done)| format!("{} {done}", number(effect)))
            .collect();
        match parts.is_empty() {
            true => "nothing to change".into(),
            false => parts.join(", "),
        }
    }
}

/// What the user can do about an error of CloudTrail whose text does not say it.
fn remedy(error: &AwsError) -> Option<&'static str> {
    match error.code.as_str() {
        "InsufficientEncryptionPolicyException" => {
            Some("the policy of the key must allow cloudtrail.amazonaws.com kms:GenerateDataKey* and kms:DescribeKey")
        }
        "InsufficientS3BucketPolicyException" => Some("another statement of the bucket's policy may deny it"),
        "InsufficientSnsTopicPolicyException" => {
            Some("another statement of the topic's policy may deny it, or the key that encrypts the topic")
        }
        "CloudTrailAccessNotEnabledException" => Some(
            "in the management account, run aws organizations enable-aws-service-access --service-principal \
             cloudtrail.amazonaws.com",
        ),
        _ => None,
    }
}
