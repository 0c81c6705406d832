//! A request that changes something. The same parameters are sent by the program and written as
//! a line for the AWS CLI, so that both do the same. Only changes to buckets are sent by the SDK.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::bucket_change::{BucketChange, TAG};
use super::policy::{PolicyChange, json_text};
use super::resource_policy;
use super::session::TrailSession;
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::query::{QueryRequest, QueryService};
use crate::source::aws::{AwsError, AwsErrorKind};
use crate::syntax::shell::quoted;

/// A request that changes something.
#[derive(Clone, Debug)]
pub(super) struct ApiCall {
    target: CallTarget,
    parameters: Map<String, Value>,
    /// What is changed: an ARN.
    resource: String,
    /// Codes of errors that mean that it is so already.
    done_codes: &'static [&'static str],
    /// Codes of errors that pass when an earlier change has taken effect everywhere.
    early_codes: &'static [&'static str],
    /// The change to the policy that is among the parameters.
    policy: Option<PolicyChange>,
}

/// The service and the operation.
#[derive(Clone, Debug)]
enum CallTarget {
    CloudTrail(&'static str),
    Queue(&'static str),
    Topic(&'static str),
    Bucket(String, BucketChange),
}

impl ApiCall {
    /// An operation of CloudTrail on a trail.
    pub(super) fn cloudtrail(operation: &'static str, trail: &str, parameters: Value) -> ApiCall {
        ApiCall::new(CallTarget::CloudTrail(operation), trail, parameters)
    }

    /// An operation of SQS on a queue.
    pub(super) fn queue(operation: &'static str, queue: &str, parameters: Value) -> ApiCall {
        ApiCall::new(CallTarget::Queue(operation), queue, parameters)
    }

    /// An operation of SNS on a topic.
    pub(super) fn topic(operation: &'static str, topic: &str, parameters: Value) -> ApiCall {
        ApiCall::new(CallTarget::Topic(operation), topic, parameters)
    }

    /// A change to a bucket.
    pub(super) fn bucket(bucket: &str, arn: &str, change: BucketChange) -> ApiCall {
        let parameters = change.parameters(bucket);
        let call = ApiCall::new(CallTarget::Bucket(bucket.into(), change), arn, parameters.into());
        // The answer to an earlier attempt may have been lost, and a new bucket may not be known
        // everywhere yet.
        call.done_if(&["BucketAlreadyOwnedByYou"]).early_if(&["NoSuchBucket", "OperationAborted"])
    }

    fn new(target: CallTarget, resource: &str, parameters: Value) -> ApiCall {
        let parameters = match parameters {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        ApiCall { target, parameters, resource: resource.into(), done_codes: &[], early_codes: &[], policy: None }
    }

    /// Takes errors of these codes for success.
    pub(super) fn done_if(self, done_codes: &'static [&'static str]) -> ApiCall {
        ApiCall { done_codes, ..self }
    }

    /// Repeats the request for some seconds after errors of these codes.
    pub(super) fn early_if(self, early_codes: &'static [&'static str]) -> ApiCall {
        ApiCall { early_codes, ..self }
    }

    /// Makes the change again before each request, to the policy as it is then: others may have
    /// changed it while the plan was shown.
    pub(super) fn changing_policy(self, change: PolicyChange) -> ApiCall {
        ApiCall { policy: Some(change), ..self }
    }

    /// Sends the request. An error that says that it is so already counts as success.
    pub(super) async fn send(&self, session: &TrailSession) -> Result<(), AwsError> {
        let mut pauses = [1, 2, 4, 8].map(Duration::from_secs).into_iter();
        loop {
            match self.send_once(session).await {
                Err(error) if self.done_codes.contains(&error.code.as_str()) => return Ok(()),
                Err(error) if self.early_codes.contains(&error.code.as_str()) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error),
                },
                result => return result,
            }
        }
    }

    async fn send_once(&self, session: &TrailSession) -> Result<(), AwsError> {
        let Some(change) = &self.policy else { return self.send_as_it_is(session).await };
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
            Some(call) => call.send_as_it_is(session).await,
            None => Ok(()),
        }
    }

    /// The same request with another policy, or without one; `None` if it would change nothing.
    fn with_policy(&self, policy: Option<String>) -> Option<ApiCall> {
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

    async fn send_as_it_is(&self, session: &TrailSession) -> Result<(), AwsError> {
        let json = |service, operation| {
            JsonRequest::new(service, &session.home.region, operation, &self.parameters).on(&self.resource)
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
                session.client.call(&request.on(&self.resource)).await.map(drop)
            }
            CallTarget::Bucket(bucket, change) => session.s3.change(bucket, change).await,
        }
    }

    /// True if the request is repeated until an earlier change has taken effect.
    pub(super) fn waits(&self) -> bool {
        // A bucket that cannot be created will not be created later.
        let is_first = matches!(self.target, CallTarget::Bucket(_, BucketChange::Create { .. }));
        !self.early_codes.is_empty() && !is_first
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
        if self.waits() {
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

/// Parameters in the form of the Query protocol: `Tags.member.1.Key`, `Attributes.entry.1.key`.
fn query_parameters(parameters: &Map<String, Value>) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    for (name, value) in parameters {
        flatten(name, value, &mut flat);
    }
    flat
}

fn flatten(name: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => out.push((name.into(), text.clone())),
        Value::Array(members) => {
            for (number, member) in (1..).zip(members) {
                let fields = member.as_object().into_iter().flatten();
                fields.for_each(|(field, value)| flatten(&format!("{name}.member.{number}.{field}"), value, out));
            }
        }
        Value::Object(entries) => {
            for (number, (key, value)) in (1..).zip(entries) {
                out.push((format!("{name}.entry.{number}.key"), key.clone()));
                flatten(&format!("{name}.entry.{number}.value"), value, out);
            }
        }
        value => out.push((name.into(), value.to_string())),
    }
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

    #[test]
    fn nested_parameters_are_numbered() {
        let parameters = json!({"Name": "t", "Attributes": {"Policy": "{}"}, "Tags": [{"Key": "k", "Value": "v"}],
                                "ReturnSubscriptionArn": true});
        let flat = query_parameters(parameters.as_object().unwrap());
        let flat: Vec<String> = flat.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            flat,
            [
                "Name=t",
                "Attributes.entry.1.key=Policy",
                "Attributes.entry.1.value={}",
                "Tags.member.1.Key=k",
                "Tags.member.1.Value=v",
                "ReturnSubscriptionArn=true"
            ]
        );
    }
}
