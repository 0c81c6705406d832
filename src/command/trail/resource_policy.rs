//! Reads the policies of topics and queues.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::session::TrailSession;
use crate::source::aws::AwsError;
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::query::{QueryRequest, QueryService};
use crate::source::aws::xml_element::XmlElement;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyAttribute {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// The policy of a topic.
pub(super) async fn of_topic(session: &TrailSession, arn: &str) -> Result<Option<String>, AwsError> {
    let request = QueryRequest::new(QueryService::SNS, &session.home.region, "GetTopicAttributes");
    let answer = session.client.call(&request.with("TopicArn", arn).with_resource(arn)).await?;
    Ok(in_attributes(&answer))
}

/// The policy in the answer with the attributes of a topic.
pub(super) fn in_attributes(answer: &XmlElement) -> Option<String> {
    let mut attributes = answer.entries("Attributes").iter();
    let policy = attributes.find(|entry| entry.text_of("key") == Some("Policy"));
    policy.and_then(|entry| entry.text_of("value")).map(String::from)
}

/// The policy of a queue.
pub(super) async fn of_queue(session: &TrailSession, url: &str, arn: &str) -> Result<Option<String>, AwsError> {
    let parameters = json!({"QueueUrl": url, "AttributeNames": ["Policy"]});
    let request = JsonRequest::new(JsonService::SQS, &session.home.region, "GetQueueAttributes", &parameters);
    let PolicyAttribute { mut attributes } = session.client.call_json(&request.with_resource(arn)).await?;
    Ok(attributes.remove("Policy"))
}
