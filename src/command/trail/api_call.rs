//! A request that changes something. The same parameters are sent by the program and written as
//! a line for the AWS CLI, so that both do the same. Only changes to buckets are sent by the SDK.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::bucket_change::{BucketChange, TAG};
use super::policy::{PolicyChange, json_text};
use super::query_parameters::query_parameters;
use super::resource_policy;
use super::session::TrailSession;
use super::trail_state::{EventSelectors, TrailReader};
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::query::{QueryRequest, QueryService};
use crate::source::aws::{AwsError, AwsErrorKind};
use crate::syntax::shell::quoted;

/// A request that changes something.
#[derive(Clone, Debug)]
pub(super) struct ChangeRequest {
    target: CallTarget,
    parameters: Map<String, Value>,
    /// What is changed: an ARN.
    resource: String,
    /// Codes of errors that mean that it is so already.
    success_codes: &'static [&'static str],
    /// Codes of errors that pass when an earlier change has taken effect everywhere.
    retry_codes: &'static [&'static str],
    /// The change to the policy that is among the parameters.
    policy: Option<PolicyChange>,
    /// The event selectors that the request replaces.
    selectors: Option<EventSelectors>,
}

/// The service and the operation.
#[derive(Clone, Debug)]
enum CallTarget {
    CloudTrail(&'static str),
    Queue(&'static str),
    Topic(&'static str),
    Bucket(String, BucketChange),
}

impl ChangeRequest {
    /// An operation of CloudTrail on a trail.
    pub(super) fn cloudtrail(operation: &'static str, trail: &str, parameters: Value) -> ChangeRequest {
        ChangeRequest::new(CallTarget::CloudTrail(operation), trail, parameters)
    }

    /// An operation of SQS on a queue.
    pub(super) fn queue(operation: &'static str, queue: &str, parameters: Value) -> ChangeRequest {
        ChangeRequest::new(CallTarget::Queue(operation), queue, parameters)
    }

    /// An operation of SNS on a topic.
    pub(super) fn topic(operation: &'static str, topic: &str, parameters: Value) -> ChangeRequest {
        ChangeRequest::new(CallTarget::Topic(operation), topic, parameters)
    }

    /// A change to a bucket.
    pub(super) fn bucket(bucket: &str, arn: &str, change: BucketChange) -> ChangeRequest {
        let parameters = change.parameters(bucket);
        let call = ChangeRequest::new(CallTarget::Bucket(bucket.into(), change), arn, parameters.into());
        // The answer to an earlier attempt may have been lost, and a new bucket may not be known
        // everywhere yet.
        call.succeed_on(&["BucketAlreadyOwnedByYou"]).retry_on(&["NoSuchBucket", "OperationAborted"])
    }

    fn new(target: CallTarget, resource: &str, parameters: Value) -> ChangeRequest {
        let parameters = match parameters {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        ChangeRequest {
            target,
            parameters,
            resource: resource.into(),
            success_codes: &[],
            retry_codes: &[],
            policy: None,
            selectors: None,
        }
    }

    /// Takes errors of these codes for success.
    pub(super) fn succeed_on(self, success_codes: &'static [&'static str]) -> ChangeRequest {
        ChangeRequest { success_codes, ..self }
    }

    /// Repeats the request for some seconds after errors of these codes.
    pub(super) fn retry_on(self, retry_codes: &'static [&'static str]) -> ChangeRequest {
        ChangeRequest { retry_codes, ..self }
    }

    /// Makes the change again before each request, to the policy as it is then: others may have
    /// changed it while the plan was shown.
    pub(super) fn changing_policy(self, change: PolicyChange) -> ChangeRequest {
        ChangeRequest { policy: Some(change), ..self }
    }

    /// Makes the change only if the trail has these event selectors, or none are given.
    pub(super) fn replacing_selectors(self, selectors: Option<EventSelectors>) -> ChangeRequest {
        ChangeRequest { selectors, ..self }
    }

    /// Sends the request. An error that says that it is so already counts as success.
    pub(super) async fn send(&self, session: &TrailSession) -> Result<(), AwsError> {
        let mut pauses = [1, 2, 4, 8].map(Duration::from_secs).into_iter();
        loop {
            match self.send_once(session).await {
                Err(error) if self.success_codes.contains(&error.code.as_str()) => return Ok(()),
                Err(error) if self.retry_codes.contains(&error.code.as_str()) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error),
                },
                result => return result,
            }
        }
    }

    async fn send_once(&self, session: &TrailSession) -> Result<(), AwsError> {
        if self.replaces_others(session).await? {
            let text = "others have changed it since the plan was made, so it was left as it is";
            return Err(AwsError::new(AwsErrorKind::Other, text));
        }
        let Some(change) = &self.policy else { return self.send_unconditionally(session).await };
        let present = match &self.target {
            CallTarget::Bucket(bucket, _) => session.s3.policy(bucket).await?,
            CallTarget::Topic(_) => resource_policy::of_topic(session, &self.resource).await?,
            CallTarget::Queue(_) => {
                let url = self.parameters.get("QueueUrl").and_then(Value::as_str).unwrap_or_default();
                resource_policy::of_queue(session, url, &self.resource).await?
            }
            CallTarget::CloudTrail(_) => None,
        };
        let new = change.apply(present.as_deref());
        let new = new.map_err(|error| AwsError::new(AwsErrorKind::Other, error.to_string()))?;
        match self.with_policy(new.map(|policy| policy.text)) {
            Some(call) => call.send_unconditionally(session).await,
            None => Ok(()),
        }
    }

    /// True if the request would replace settings that others have made while the plan was shown.
    async fn replaces_others(&self, session: &TrailSession) -> Result<bool, AwsError> {
        match &self.target {
            CallTarget::Bucket(bucket, BucketChange::Tag) => {
                let tags = session.s3.tags(bucket).await?;
                Ok(tags.iter().any(|(key, value)| (key.as_str(), value.as_str()) != TAG))
            }
            CallTarget::Bucket(bucket, BucketChange::SetLifecycle(_)) => {
                Ok(session.s3.lifecycle(bucket).await?.others > 0)
            }
            CallTarget::CloudTrail(_) if self.selectors.is_some() => {
                let reader = TrailReader { client: &session.client, region: &session.home.region };
                Ok(Some(reader.event_selectors(&self.resource).await?) != self.selectors)
            }
            _ => Ok(false),
        }
    }

    /// The request with another policy, or without one; `None` if it would change nothing.
    fn with_policy(&self, policy: Option<String>) -> Option<ChangeRequest> {
        let mut call = self.clone();
        match (&mut call.target, policy) {
            (CallTarget::Bucket(_, change), policy) => *change = BucketChange::SetPolicy(policy?),
            (CallTarget::Queue(_), policy) => {
                let attributes = call.parameters.get_mut("Attributes")?.as_object_mut()?;
                match policy {
                    Some(policy) => drop(attributes.insert("Policy".into(), policy.into())),
                    None => drop(attributes.remove("Policy")),
                }
                if attributes.is_empty() {
                    return None;
                }
            }
            (CallTarget::Topic(_) | CallTarget::CloudTrail(_), policy) => {
                drop(call.parameters.insert("AttributeValue".into(), policy?.into()));
            }
        }
        Some(call)
    }

    async fn send_unconditionally(&self, session: &TrailSession) -> Result<(), AwsError> {
        let json = |service, operation| {
            JsonRequest::new(service, &session.home.region, operation, &self.parameters).with_resource(&self.resource)
        };
        match &self.target {
            CallTarget::CloudTrail(operation) => {
                session.client.call_json::<Value>(&json(JsonService::CLOUDTRAIL, operation)).await.map(drop)
            }
            CallTarget::Queue(operation) => {
                session.client.call_json::<Value>(&json(JsonService::SQS, operation)).await.map(drop)
            }
            CallTarget::Topic(operation) => {
                let mut request = QueryRequest::new(QueryService::SNS, &session.home.region, operation);
                for (name, value) in query_parameters(&self.parameters) {
                    request = request.with(name, value);
                }
                session.client.call(&request.with_resource(&self.resource)).await.map(drop)
            }
            CallTarget::Bucket(bucket, change) => session.s3.change(bucket, change).await,
        }
    }

    /// True if the request is repeated until an earlier change has taken effect.
    pub(super) fn is_retried(&self) -> bool {
        // A bucket that cannot be created will not be created later.
        let is_first = matches!(self.target, CallTarget::Bucket(_, BucketChange::Create { .. }));
        !self.retry_codes.is_empty() && !is_first
    }

    /// The line for the AWS CLI that does the same.
    pub(super) fn shell_line(&self, session: &TrailSession) -> String {
        let (service, operation) = match &self.target {
            CallTarget::CloudTrail(operation) => ("cloudtrail", *operation),
            CallTarget::Queue(operation) => ("sqs", *operation),
            CallTarget::Topic(operation) => ("sns", *operation),
            CallTarget::Bucket(_, change) => ("s3api", change.operation()),
        };
        let mut words = vec!["aws".to_string(), service.into(), dashed(operation)];
        if self.is_retried() {
            words.insert(0, "retry".into());
        }
        words.extend(session.cli_options().into_iter().map(quoted));
        for (name, value) in &self.parameters {
            let name = if name == "Endpoint" { "notification-endpoint".into() } else { dashed(name) };
            match value {
                Value::Bool(true) => words.push(format!("--{name}")),
                Value::Bool(false) => words.push(format!("--no-{name}")),
                Value::String(text) => words.push(format!("--{name} {}", quoted(text))),
                value => words.push(format!("--{name} {}", quoted(&json_text(value)))),
            }
        }
        words.join(" ")
    }
}

/// The tag of this program, as CloudTrail and SNS read it.
pub(super) fn tag_list() -> Value {
    json!([{"Key": TAG.0, "Value": TAG.1}])
}

/// `CreateTrail` as `create-trail`, `S3BucketName` as `s3-bucket-name`.
fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    let mut is_inside = false;
    for character in name.chars() {
        if character.is_ascii_uppercase() && is_inside {
            dashed.push('-');
        }
        is_inside = !character.is_ascii_uppercase();
        dashed.push(character.to_ascii_lowercase());
    }
    dashed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_those_of_the_cli() {
        for (name, expected) in [
            ("CreateTrail", "create-trail"),
            ("S3BucketName", "s3-bucket-name"),
            ("IsMultiRegionTrail", "is-multi-region-trail"),
            ("KmsKeyId", "kms-key-id"),
            ("tags", "tags"),
        ] {
            assert_eq!(dashed(name), expected);
        }
    }
}
