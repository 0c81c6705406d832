//! SNS: topics and subscriptions.

use serde_json::{Value, json};

use super::form::{escaped, pairs};
use super::{Answer, Call, State, arn, refuse};

impl State {
    pub(super) fn topics(&mut self, call: &Call) -> Answer {
        let given = [call.text("TopicArn"), call.text("ResourceArn")].concat();
        let name = given.rsplit(':').next().unwrap_or_default().to_owned();
        match call.operation.as_str() {
            "CreateTopic" => self.create_topic(call),
            "Unsubscribe" => {
                let subscription = call.text("SubscriptionArn");
                for topic in self.resources["topics"].as_object_mut().unwrap().values_mut() {
                    let all = topic["subscriptions"].as_array_mut().unwrap();
                    all.retain(|entry| entry["arn"] != *subscription);
                }
                Ok(String::new())
            }
            "DeleteTopic" => {
                self.resources["topics"].as_object_mut().unwrap().remove(&name);
                Ok(String::new())
            }
            operation => {
                let topic = self.existing("topics", &name, 404, "NotFound")?;
                match operation {
                    "GetTopicAttributes" => Ok(format!("<Attributes>{}</Attributes>", entries(&topic["attributes"]))),
                    "SetTopicAttributes" => {
                        topic["attributes"][call.text("AttributeName")] = call.text("AttributeValue").into();
                        Ok(String::new())
                    }
                    "ListTagsForResource" => {
                        let tags = topic["tags"].as_object().unwrap().iter();
                        let tags = tags.map(|(key, value)| {
                            format!("<member><Key>{key}</Key><Value>{}</Value></member>", text(value))
                        });
                        Ok(format!("<Tags>{}</Tags>", tags.collect::<String>()))
                    }
                    "ListSubscriptionsByTopic" => {
                        let all = topic["subscriptions"].as_array().unwrap().iter().map(|entry| {
                            format!(
                                "<member><SubscriptionArn>{}</SubscriptionArn><Protocol>{}</Protocol>\
                                 <Endpoint>{}</Endpoint></member>",
                                text(&entry["arn"]),
                                text(&entry["protocol"]),
                                text(&entry["endpoint"])
                            )
                        });
                        Ok(format!("<Subscriptions>{}</Subscriptions>", all.collect::<String>()))
                    }
                    "Subscribe" => Ok(subscribe(topic, &given, call)),
                    _ => Err(refuse(400, "InvalidAction", operation)),
                }
            }
        }
    }

    fn create_topic(&mut self, call: &Call) -> Answer {
        let name = call.text("Name");
        let tags = pairs(&call.parameters, "Tags.member", "Key", "Value");
        if let Some(topic) = self.resources["topics"].get(&name) {
            if topic["tags"].as_object() != Some(&tags) {
                return Err(refuse(400, "InvalidParameter", "Topic already exists with different tags"));
            }
        } else {
            let attributes = pairs(&call.parameters, "Attributes.entry", "key", "value");
            self.resources["topics"][&name] = json!({"attributes": attributes, "tags": tags, "subscriptions": []});
        }
        Ok(format!("<TopicArn>{}</TopicArn>", arn("sns", &call.region, &name)))
    }
}

fn subscribe(topic: &mut Value, topic_arn: &str, call: &Call) -> String {
    let (protocol, endpoint) = (call.text("Protocol"), call.text("Endpoint"));
    let all = topic["subscriptions"].as_array_mut().unwrap();
    let new = format!("{topic_arn}:{endpoint}");
    let present = all.iter().any(|entry| entry["endpoint"] == *endpoint);
    if !present {
        all.push(json!({"arn": new, "protocol": protocol, "endpoint": endpoint}));
    }
    format!("<SubscriptionArn>{new}</SubscriptionArn>")
}

fn entries(map: &Value) -> String {
    let entry = |(key, value): (&String, &Value)| {
        format!("<entry><key>{key}</key><value>{}</value></entry>", escaped(&text(value)))
    };
    map.as_object().unwrap().iter().map(entry).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
