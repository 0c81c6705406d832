//! Plans the queue that receives the notifications of a topic, and reads queues.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api_call::ChangeRequest;
use super::bucket_change::TAG;
use super::names::dead_letter_queue;
use super::plan::{Effect, Step};
use super::policy::{NewPolicy, PolicyChange, PolicyLimits};
use super::session::{HomeRegion, TrailSession};
use super::statements::of_queue;
use super::topic_plan::TopicState;
use crate::error::Error;
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::{AwsError, ServiceClient};

/// Seconds that a reader has for a message: enough to fetch and to write its log files.
const VISIBILITY_SECONDS: &str = "300";
/// Seconds that a request for messages waits for one, the longest possible.
const WAIT_SECONDS: &str = "20";
/// Seconds that a message is kept: 14 days, the longest possible.
const RETENTION_SECONDS: &str = "1209600";
/// Number of attempts to process a message before it goes to the dead-letter queue.
const MAX_RECEIVE_COUNT: u32 = 5;

/// Codes of errors for a queue that does not exist.
pub(super) const NO_QUEUE: &[&str] = &["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"];

/// A queue that exists.
#[derive(Clone, Debug)]
pub(super) struct QueueState {
    pub(super) url: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// True if the queue has the tag of this program.
    pub(super) is_ours: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrl {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueAttributes {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueTags {
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
}

impl QueueState {
    /// ARN of the queue that takes messages that could not be processed.
    pub(super) fn dead_letter_arn(&self) -> Option<String> {
        let redrive: Value = serde_json::from_str(self.attributes.get("RedrivePolicy")?).ok()?;
        redrive.get("deadLetterTargetArn")?.as_str().map(String::from)
    }

    /// About how many messages the queue has.
    pub(super) fn messages(&self) -> u64 {
        let number = |name: &str| self.attributes.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        number("ApproximateNumberOfMessages") + number("ApproximateNumberOfMessagesNotVisible")
    }

    /// True if an attribute says the same as the wanted text.
    fn has(&self, name: &str, wanted: &str) -> bool {
        let Some(present) = self.attributes.get(name) else { return false };
        if name != "RedrivePolicy" {
            return present == wanted;
        }
        // The number may be a text.
        let parts = |text: &str| {
            let redrive: Value = serde_json::from_str(text).ok()?;
            let count = redrive.get("maxReceiveCount")?.to_string().replace('"', "");
            Some((redrive.get("deadLetterTargetArn")?.as_str()?.to_string(), count))
        };
        parts(present) == parts(wanted)
    }
}

/// Reads a queue of this account; `None` if it does not exist.
pub(super) async fn find(
    client: &ServiceClient,
    home: &HomeRegion,
    name: &str,
) -> Result<Option<QueueState>, AwsError> {
    match read(client, home, name).await {
        Ok(queue) => Ok(Some(queue)),
        // For a minute after its deletion, a queue may have an address and nothing else.
        Err(error) if NO_QUEUE.contains(&error.code.as_str()) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read(client: &ServiceClient, home: &HomeRegion, name: &str) -> Result<QueueState, AwsError> {
    let (region, arn) = (home.region.as_str(), home.arn("sqs", name));
    let request = |operation, parameters: Value| {
        JsonRequest::new(JsonService::SQS, region, operation, &parameters).with_resource(&arn)
    };
    let QueueUrl { queue_url: url } = client.call_json(&request("GetQueueUrl", json!({"QueueName": name}))).await?;
    let all = request("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["All"]}));
    let QueueAttributes { attributes } = client.call_json(&all).await?;
    let tags: QueueTags = client.call_json(&request("ListQueueTags", json!({"QueueUrl": url}))).await?;
    let is_ours = tags.tags.unwrap_or_default().get(TAG.0).map(String::as_str) == Some(TAG.1);
    Ok(QueueState { url, attributes, is_ours })
}

/// Looks at the queue and its dead-letter queue, and returns the steps that make them receive
/// what the topic announces.
pub(super) async fn plan(
    session: &TrailSession,
    name: &str,
    topic: &str,
    present_topic: Option<&TopicState>,
) -> Result<Vec<Step>, Error> {
    let home = &session.home;
    let failed = |error: AwsError| Error::Failed(format!("queue {name}: {error}"));
    let (arn, topic_arn) = (home.arn("sqs", name), home.arn("sns", topic));
    let present = find(&session.client, home, name).await.map_err(failed)?;
    let mut steps = Vec::new();
    let mut wanted = settings();
    if present.as_ref().is_none_or(|queue| queue.is_ours) {
        let dead_letter = dead_letter_queue(name);
        let redrive = json!({"deadLetterTargetArn": home.arn("sqs", &dead_letter),
                             "maxReceiveCount": MAX_RECEIVE_COUNT});
        wanted.push(("RedrivePolicy", redrive.to_string()));
        let present = find(&session.client, home, &dead_letter).await.map_err(failed)?;
        let retention = vec![("MessageRetentionPeriod", RETENTION_SECONDS.to_string())];
        steps.push(queue_step(home, &dead_letter, "dead-letter queue", present.as_ref(), retention, None));
    }
    let policy = present.as_ref().and_then(|queue| queue.attributes.get("Policy")).map(String::as_str);
    let (statements, limits) = (vec![of_queue(&arn, &topic_arn)], PolicyLimits::QUEUE);
    let change = PolicyChange { owner: arn.clone(), wanted: statements, suffix: topic.into(), limits };
    let policy = change.apply(policy)?.map(|policy| (policy, change));
    steps.push(queue_step(home, name, "queue", present.as_ref(), wanted, policy));
    let subscriptions = present_topic.map(|topic| topic.subscriptions.as_slice()).unwrap_or_default();
    let what = format!("subscription of queue {name} to topic {topic}");
    steps.push(match subscriptions.iter().any(|subscription| subscription.endpoint == arn) {
        true => Step::keep(what),
        false => {
            let parameters = json!({"TopicArn": topic_arn, "Protocol": "sqs", "Endpoint": arn,
                                    "ReturnSubscriptionArn": true});
            Step::new(Effect::Create, what, vec![ChangeRequest::topic("Subscribe", &topic_arn, parameters)])
        }
    });
    Ok(steps)
}

fn settings() -> Vec<(&'static str, String)> {
    vec![
        ("VisibilityTimeout", VISIBILITY_SECONDS.to_string()),
        ("ReceiveMessageWaitTimeSeconds", WAIT_SECONDS.to_string()),
        ("MessageRetentionPeriod", RETENTION_SECONDS.to_string()),
    ]
}

/// The step for one queue. The attributes of a queue of others stay, except for its policy.
fn queue_step(
    home: &HomeRegion,
    name: &str,
    kind: &str,
    present: Option<&QueueState>,
    wanted: Vec<(&'static str, String)>,
    policy: Option<(NewPolicy, PolicyChange)>,
) -> Step {
    let arn = home.arn("sqs", name);
    let wanted = wanted
        .into_iter()
        .filter(|(attribute, text)| present.is_none_or(|queue| queue.is_ours && !queue.has(attribute, text)));
    let mut attributes: Map<String, Value> =
        wanted.map(|(attribute, text)| (attribute.to_string(), text.into())).collect();
    let mut changes: Vec<String> = attributes.keys().cloned().collect();
    let policy_change = policy.map(|(NewPolicy { text, added }, change)| {
        attributes.insert("Policy".into(), text.into());
        changes.push(format!("policy with {}", added.join(", ")));
        change
    });
    match present {
        None => {
            let tags = Map::from_iter([(TAG.0.to_string(), Value::from(TAG.1))]);
            let parameters = json!({"QueueName": name, "Attributes": attributes, "tags": tags});
            Step::new(
                Effect::Create,
                format!("{kind} {name}"),
                vec![ChangeRequest::queue("CreateQueue", &arn, parameters)],
            )
        }
        Some(_) if attributes.is_empty() => Step::keep(format!("{kind} {name}")),
        Some(queue) => {
            let parameters = json!({"QueueUrl": queue.url, "Attributes": attributes});
            let call = ChangeRequest::queue("SetQueueAttributes", &arn, parameters);
            let call = match policy_change {
                Some(change) => call.changing_policy(change),
                None => call,
            };
            let untagged = match queue.is_ours {
                true => String::new(),
                false => format!(", which is not tagged {}={}", TAG.0, TAG.1),
            };
            Step::new(Effect::Change, format!("{kind} {name}{untagged}: {}", changes.join(", ")), vec![call])
        }
    }
}
