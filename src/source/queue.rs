//! Receives the messages of an SQS queue that announce new objects.
//!
//! A message stays in the queue until it is deleted. While it is being worked on, the queue
//! hides it from other receivers for its visibility timeout.

pub mod lease;
pub mod notice;

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use self::notice::ObjectNotice;
use crate::error::Error;
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::{AwsError, AwsErrorKind, Connection, ServiceClient};

/// The most messages that one request can receive, delete or change.
pub const MESSAGES_PER_REQUEST: usize = 10;

/// A queue to receive messages from.
#[derive(Debug)]
pub struct MessageQueue {
    client: ServiceClient,
    address: QueueAddress,
    /// The longest time that a request waits for a message.
    wait: Duration,
}

/// Where a queue is, and in which region.
#[derive(Clone, Debug, Eq, PartialEq)]
struct QueueAddress {
    url: String,
    region: String,
    /// Scheme and host of the URL.
    origin: String,
}

/// Properties of a queue that decide how its messages are handled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReceiveSettings {
    /// Time for which a received message is hidden.
    pub visibility: Duration,
    /// True if messages that are received too often move to a dead-letter queue.
    pub has_dead_letters: bool,
    /// Approximate number of messages that can be received.
    pub waiting: u64,
}

/// A message of the queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueMessage {
    /// Identifies the message in messages to people.
    pub id: String,
    /// Identifies this receipt of the message, for its deletion.
    pub receipt: String,
    /// How often it has been received, this time included.
    pub receive_count: u64,
    /// What it announces.
    pub notice: ObjectNotice,
}

/// What became of a change of many messages.
#[derive(Debug, Default)]
pub struct BatchResult {
    /// Receipts that the queue did not accept, as they are too old or the message is gone.
    pub rejected: Vec<String>,
    /// Receipts of requests that failed.
    pub unsent: Vec<String>,
    /// The error of the first of these requests.
    pub error: Option<AwsError>,
}

impl MessageQueue {
    /// Finds a queue by its URL, its ARN or its name. Returns an error if it does not exist or
    /// the credentials are missing.
    pub async fn open(connection: &Connection, named: &str) -> Result<MessageQueue, Error> {
        /// The longest time that SQS allows.
        const MAX_WAIT: Duration = Duration::from_secs(20);
        let config = connection.load().await;
        let client = ServiceClient::new(&config);
        // An answer must come before the connection counts as silent.
        let wait = MAX_WAIT.min(connection.read_timeout / 2);
        let address = match QueueAddress::of_url(named, client.region()) {
            Some(address) => address,
            None => {
                let address = find(&client, named).await;
                address.map_err(|error| Error::Failed(format!("{named}: {}", describe(&error, connection))))?
            }
        };
        Ok(MessageQueue { client, address, wait })
    }

    /// The URL of the queue.
    pub fn url(&self) -> &str {
        &self.address.url
    }

    /// Reads the properties of the queue.
    pub async fn settings(&self, connection: &Connection) -> Result<ReceiveSettings, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            attributes: Attributes,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Attributes {
            visibility_timeout: String,
            approximate_number_of_messages: Option<String>,
            redrive_policy: Option<String>,
        }
        const DEFAULT: Duration = Duration::from_secs(30);
        let names = ["VisibilityTimeout", "RedrivePolicy", "ApproximateNumberOfMessages"];
        // Some servers reject the names of attributes that a queue does not have.
        let names = if self.is_custom() { vec!["All"] } else { names.to_vec() };
        let answer = self.call::<Answer>("GetQueueAttributes", json!({"AttributeNames": names})).await;
        let Attributes { visibility_timeout, approximate_number_of_messages, redrive_policy } = answer
            .map_err(|error| Error::Failed(format!("{}: {}", self.url(), describe(&error, connection))))?
            .attributes;
        Ok(ReceiveSettings {
            visibility: visibility_timeout.parse().map_or(DEFAULT, Duration::from_secs),
            has_dead_letters: redrive_policy.is_some_and(|policy| policy.contains("deadLetterTargetArn")),
            waiting: approximate_number_of_messages.and_then(|count| count.parse().ok()).unwrap_or(0),
        })
    }

    fn is_custom(&self) -> bool {
        !self.address.origin.contains(".amazonaws.")
    }

    /// Receives at most ten messages. If there are none and `waits` is true, waits for some up to
    /// 20 seconds.
    pub async fn receive(&self, waits: bool) -> Result<Vec<QueueMessage>, AwsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            messages: Vec<Message>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Message {
            message_id: String,
            receipt_handle: String,
            body: String,
            #[serde(default)]
            attributes: Attributes,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Attributes {
            approximate_receive_count: Option<String>,
        }
        let seconds = if waits { self.wait.as_secs() } else { 0 };
        let request = json!({
            "MaxNumberOfMessages": MESSAGES_PER_REQUEST,
            "WaitTimeSeconds": seconds,
            // The second name is that of servers that only know the newer parameter.
            "AttributeNames": ["ApproximateReceiveCount"],
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        });
        let answer = self.call::<Answer>("ReceiveMessage", request).await?;
        let messages = answer.messages.into_iter();
        let message = |message: Message| QueueMessage {
            receive_count: message.attributes.approximate_receive_count.and_then(|n| n.parse().ok()).unwrap_or(1),
            notice: ObjectNotice::read(&message.body),
            id: message.message_id,
            receipt: message.receipt_handle,
        };
        Ok(messages.map(message).collect())
    }

    /// Deletes messages.
    pub async fn delete(&self, receipts: &[String]) -> BatchResult {
        self.change("DeleteMessageBatch", receipts, None).await
    }

    /// Hides messages for this time from now on.
    pub async fn hide(&self, receipts: &[String], time: Duration) -> BatchResult {
        self.change("ChangeMessageVisibilityBatch", receipts, Some(time)).await
    }

    /// Sends an operation on a batch of messages, ten at a time.
    async fn change(&self, operation: &str, receipts: &[String], visibility: Option<Duration>) -> BatchResult {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            failed: Vec<Failure>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Failure {
            id: String,
        }
        let mut result = BatchResult::default();
        for batch in receipts.chunks(MESSAGES_PER_REQUEST) {
            let entry = |(at, receipt): (usize, &String)| {
                let mut entry = json!({"Id": at.to_string(), "ReceiptHandle": receipt});
                if let Some(time) = visibility {
                    entry["VisibilityTimeout"] = time.as_secs().into();
                }
                entry
            };
            let entries: Vec<_> = batch.iter().enumerate().map(entry).collect();
            match self.call::<Answer>(operation, json!({"Entries": entries})).await {
                Ok(answer) => {
                    let receipt = |failure: Failure| batch.get(failure.id.parse::<usize>().ok()?).cloned();
                    result.rejected.extend(answer.failed.into_iter().filter_map(receipt));
                }
                // The other messages are not to suffer from it.
                Err(error) => {
                    result.unsent.extend_from_slice(batch);
                    result.error.get_or_insert(error);
                }
            }
        }
        result
    }

    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        operation: &str,
        mut parameters: serde_json::Value,
    ) -> Result<T, AwsError> {
        let QueueAddress { url, region, origin } = &self.address;
        parameters["QueueUrl"] = url.as_str().into();
        // A permission for a batch is that for a single message.
        let request = JsonRequest::new(JsonService::SQS, region, operation, &parameters);
        self.client.call_json(&request.with_url(origin).with_resource(url)).await
    }
}

impl QueueAddress {
    /// Reads the URL of a queue; `None` for any other text. `region` is that of a URL that does
    /// not contain one.
    fn of_url(text: &str, region: &str) -> Option<QueueAddress> {
        let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
        let (host, _) = rest.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty())?;
        let name = host.split(':').next().unwrap_or(host);
        let labels: Vec<&str> = name.split('.').collect();
        let is_aws = labels.contains(&"amazonaws");
        // sqs.REGION.amazonaws.com, REGION.queue.amazonaws.com, VPCE.sqs.REGION.vpce.amazonaws.com
        let after = |label: &str| labels.iter().position(|other| *other == label).and_then(|at| labels.get(at + 1));
        let named = match labels.get(1) {
            Some(&"queue") => labels.first(),
            _ => after("sqs").or_else(|| after("sqs-fips")),
        };
        let named = named.filter(|label| is_aws && **label != "amazonaws");
        let region = named.map_or(region, |label| label).to_string();
        Some(QueueAddress { url: text.into(), region, origin: format!("{scheme}://{host}") })
    }
}

/// Asks for the URL of a queue by its name or ARN.
async fn find(client: &ServiceClient, named: &str) -> Result<QueueAddress, AwsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        queue_url: String,
    }
    let parts: Vec<&str> = named.split(':').collect();
    let (region, parameters) = match parts[..] {
        ["arn", _, "sqs", region, account, name] => {
            (region, json!({"QueueName": name, "QueueOwnerAWSAccountId": account}))
        }
        _ => (client.region(), json!({"QueueName": named})),
    };
    let request = JsonRequest::new(JsonService::SQS, region, "GetQueueUrl", &parameters).with_resource(named);
    let answer: Answer = client.call_json(&request).await?;
    QueueAddress::of_url(&answer.queue_url, region)
        .ok_or_else(|| AwsError::new(AwsErrorKind::InvalidResponse, "the answer of GetQueueUrl is not a URL"))
}

/// Describes an error, and what a missing profile or queue has to do with it.
pub fn describe(error: &AwsError, connection: &Connection) -> String {
    if error.code.contains("NonExistentQueue") || error.code == "QueueDoesNotExist" {
        return "the queue does not exist, or not in this account and region".into();
    }
    connection.explain(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_of_a_queue_is_in_its_url() {
        let region = |url: &str| QueueAddress::of_url(url, "eu-west-1").map(|address| address.region);
        for (url, expected) in [
            ("https://sqs.us-east-2.amazonaws.com/111122223333/q", "us-east-2"),
            ("https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/q", "us-gov-west-1"),
            ("https://us-west-2.queue.amazonaws.com/111122223333/q", "us-west-2"),
            ("https://queue.amazonaws.com/111122223333/q", "eu-west-1"),
            ("https://vpce-1-a.sqs.ap-south-1.vpce.amazonaws.com/111122223333/q", "ap-south-1"),
            ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q", "cn-north-1"),
            ("http://localhost:5000/111122223333/q", "eu-west-1"),
        ] {
            assert_eq!(region(url).as_deref(), Some(expected), "{url}");
        }
        for text in ["q", "arn:aws:sqs:eu-west-1:111122223333:q", "https://", "https://host", "https://host/"] {
            assert_eq!(region(text), None, "{text}");
        }
    }
}
