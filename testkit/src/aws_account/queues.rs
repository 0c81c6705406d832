//! SQS: the management of queues.

use serde_json::{Map, Value, json};

use super::{ACCOUNT, Answer, Call, State, arn, refuse};

const NO_QUEUE: &str = "QueueDoesNotExist";

impl State {
    pub(super) fn queues(&mut self, call: &Call) -> Answer {
        let (url, given) = (call.text("QueueUrl"), call.text("QueueName"));
        let name = if given.is_empty() { url.rsplit('/').next().unwrap_or_default().to_owned() } else { given };
        let url = json!({"QueueUrl": format!("{}/{ACCOUNT}/{name}", self.url)}).to_string();
        if call.operation == "CreateQueue" {
            return self.create_queue(&name, call, url);
        }
        let queue = self.existing("queues", &name, 400, NO_QUEUE)?;
        let empty = json!({});
        match call.operation.as_str() {
            "GetQueueUrl" => Ok(url),
            "GetQueueAttributes" => {
                let mut attributes = queue["attributes"].clone();
                attributes["QueueArn"] = arn("sqs", &call.region, &name).into();
                let messages = queue.get("messages").cloned().unwrap_or_else(|| "0".into());
                attributes["ApproximateNumberOfMessages"] = messages;
                Ok(json!({"Attributes": attributes}).to_string())
            }
            // A queue without tags has no member of this name.
            "ListQueueTags" if queue["tags"] == empty => Ok(empty.to_string()),
            "ListQueueTags" => Ok(json!({"Tags": queue["tags"]}).to_string()),
            "SetQueueAttributes" => {
                let attributes = call.parameters.get("Attributes").and_then(Value::as_object).cloned();
                queue["attributes"].as_object_mut().unwrap().extend(attributes.unwrap_or_default());
                Ok(String::new())
            }
            "DeleteQueue" => {
                self.resources["queues"].as_object_mut().unwrap().remove(&name);
                Ok(String::new())
            }
            operation => Err(refuse(400, "InvalidAction", operation)),
        }
    }

    fn create_queue(&mut self, name: &str, call: &Call, url: String) -> Answer {
        let object =
            |name: &str| call.parameters.get(name).and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        let attributes = object("Attributes");
        if let Some(queue) = self.resources["queues"].get(name) {
            let present = queue["attributes"].as_object().unwrap();
            if attributes.iter().any(|(attribute, value)| present.get(attribute) != Some(value)) {
                return Err(refuse(
                    400,
                    "QueueNameExists",
                    "A queue already exists with the same name and a different value for an attribute",
                ));
            }
            return Ok(url);
        }
        self.resources["queues"][name] = json!({"attributes": attributes, "tags": object("tags")});
        Ok(url)
    }
}
