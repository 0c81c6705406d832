//! Parameters of requests in the form of the Query protocol.

use serde_json::{Map, Value};

/// Parameters in the form of the Query protocol: `Tags.member.1.Key`, `Attributes.entry.1.key`.
pub(super) fn query_parameters(parameters: &Map<String, Value>) -> Vec<(String, String)> {
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
    use serde_json::json;

    use super::*;

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
