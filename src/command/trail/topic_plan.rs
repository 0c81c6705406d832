//! Plans the topic that announces log files, and reads topics.

use std::ops::ControlFlow;

use serde_json::json;

use super::api_call::{ChangeRequest, tag_list};
use super::bucket_change::TAG;
use super::plan::{Effect, Step};
use super::policy::{PolicyChange, PolicyLimits};
use super::resource_policy;
use super::statements::of_topic;
use crate::command::trail::session::TrailSession;
use crate::error::Error;
use crate::source::aws::query::{QueryRequest, QueryService};
use crate::source::aws::{AwsError, ServiceClient};

/// A topic that exists.
#[derive(Clone, Debug)]
pub(super) struct TopicState {
    pub(super) policy: Option<String>,
    pub(super) subscriptions: Vec<Subscription>,
}

/// What a topic sends to.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    /// ARN of the subscription, or a text that says that it is not confirmed.
    pub(super) arn: String,
    pub(super) protocol: String,
    /// The ARN of a queue, or another address.
    pub(super) endpoint: String,
}

/// Codes of errors for a topic that does not exist.
pub(super) const NO_TOPIC: &[&str] = &["NotFound", "NotFoundException", "ResourceNotFound"];

/// Reads a topic; `None` if it does not exist.
pub(super) async fn find(client: &ServiceClient, region: &str, arn: &str) -> Result<Option<TopicState>, AwsError> {
    let request =
        |action| QueryRequest::new(QueryService::SNS, region, action).with("TopicArn", arn).with_resource(arn);
    let answer = match client.call(&request("GetTopicAttributes")).await {
        Ok(answer) => answer,
        Err(error) if NO_TOPIC.contains(&error.code.as_str()) => return Ok(None),
        Err(error) => return Err(error),
    };
    let subscriptions = subscriptions(client, region, arn).await?;
    Ok(Some(TopicState { policy: resource_policy::in_attributes(&answer), subscriptions }))
}

/// Reads what a topic sends to.
pub(super) async fn subscriptions(
    client: &ServiceClient,
    region: &str,
    topic: &str,
) -> Result<Vec<Subscription>, AwsError> {
    let request = QueryRequest::new(QueryService::SNS, region, "ListSubscriptionsByTopic").with("TopicArn", topic);
    let mut subscriptions = Vec::new();
    let each = |page: crate::source::aws::xml_element::XmlElement| {
        for entry in page.entries("Subscriptions") {
            let text = |name| entry.text_of(name).unwrap_or_default().to_string();
            subscriptions.push(Subscription {
                arn: text("SubscriptionArn"),
                protocol: text("Protocol"),
                endpoint: text("Endpoint"),
            });
        }
        ControlFlow::Continue(())
    };
    client.each_page(&request.with_resource(topic), each).await?;
    Ok(subscriptions)
}

/// True if a topic has the tag of this program.
pub(super) async fn is_tagged(client: &ServiceClient, region: &str, arn: &str) -> Result<bool, AwsError> {
    let request = QueryRequest::new(QueryService::SNS, region, "ListTagsForResource").with("ResourceArn", arn);
    let answer = client.call(&request.with_resource(arn)).await?;
    let mut tags = answer.entries("Tags").iter();
    Ok(tags.any(|tag| tag.text_of("Key") == Some(TAG.0) && tag.text_of("Value") == Some(TAG.1)))
}

/// The steps that make the topic one that the trail can publish to.
pub(super) fn plan(
    session: &TrailSession,
    name: &str,
    trail: &str,
    suffix: &str,
    present: Option<&TopicState>,
) -> Result<Vec<Step>, Error> {
    let arn = session.home.arn("sns", name);
    let policy = present.and_then(|topic| topic.policy.as_deref());
    let (wanted, limits) = (vec![of_topic(&arn, trail)], PolicyLimits::TOPIC);
    let change = PolicyChange { owner: arn.clone(), wanted, suffix: suffix.into(), limits };
    let policy = change.apply(policy)?;
    Ok(vec![match (present, policy) {
        (None, policy) => {
            let text = policy.map(|policy| policy.text).unwrap_or_default();
            let parameters = json!({"Name": name, "Attributes": {"Policy": text}, "Tags": tag_list()});
            Step::new(
                Effect::Create,
                format!("topic {name}"),
                vec![ChangeRequest::topic("CreateTopic", &arn, parameters)],
            )
        }
        (Some(_), None) => Step::keep(format!("topic {name}")),
        (Some(_), Some(policy)) => {
            let what = format!("topic {name}: policy with {}", policy.added.join(", "));
            let parameters = json!({"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy.text});
            let call = ChangeRequest::topic("SetTopicAttributes", &arn, parameters).changing_policy(change);
            Step::new(Effect::Change, what, vec![call])
        }
    }])
}
