//! The value of an XML element, with the same text for the same content. No field of any
//! resource is named here but those that are left out, and lists whose order means something.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cloudtrail::history::change::ResourceKind;
use crate::source::aws::xml_element::XmlElement;

/// Fields that AWS changes on its own, by name, and the kind of resource
/// if the name means something else for others.
const VOLATILE: [(&str, Option<ResourceKind>); 7] = [
    // When AWS last changed what the instance is billed as.
    ("usageOperationUpdateTime", None),
    // Whether the load balancer has capacity at the moment.
    ("State", Some(ResourceKind::LoadBalancer)),
    // Results of health checks.
    ("TargetHealth", None),
    ("AnomalyDetection", None),
    ("HealthStatus", None),
    // Whether traffic is shifted away from a zone at the moment.
    ("AdministrativeOverride", None),
    // What predictive scaling expects for the next hour.
    ("PredictedCapacity", None),
];

/// Lists whose order means something. All others are sorted, since AWS returns them in any
/// order.
const ORDERED: [&str; 2] = ["TerminationPolicies", "Overrides"];

/// The members of an element with the properties of a resource.
pub(super) fn members(kind: ResourceKind, element: &XmlElement) -> Map<String, Value> {
    match object(kind, element) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The value of an element: a text, a list or an object. `None` if it is empty.
pub(super) fn value(kind: ResourceKind, element: &XmlElement) -> Option<Value> {
    if element.children.is_empty() {
        // A line break alone is the layout of an empty list.
        let is_layout = element.text.trim().is_empty() && element.text.contains('\n');
        return (!element.text.is_empty() && !is_layout).then(|| Value::from(element.text.as_str()));
    }
    if element.children.iter().all(|child| child.name == "item" || child.name == "member") {
        return pairs(&element.children).or_else(|| list(kind, &element.name, &element.children));
    }
    object(kind, element)
}

/// Members with their names sorted.
fn object(kind: ResourceKind, element: &XmlElement) -> Option<Value> {
    let is_volatile =
        |name: &str| VOLATILE.iter().any(|(volatile, only)| *volatile == name && only.is_none_or(|only| only == kind));
    let mut members: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for child in element.children.iter().filter(|child| !is_volatile(&child.name)) {
        if let Some(value) = value(kind, child) {
            members.entry(&child.name).or_default().push(value);
        }
    }
    let members: Map<String, Value> = members
        .into_iter()
        .filter_map(|(name, mut values)| {
            // A member that is repeated is a list.
            let value = if values.len() > 1 { sorted(values) } else { values.pop()? };
            Some((name.to_string(), value))
        })
        .collect();
    (!members.is_empty()).then_some(Value::Object(members))
}

fn list(kind: ResourceKind, name: &str, entries: &[XmlElement]) -> Option<Value> {
    let values: Vec<Value> = entries.iter().filter_map(|entry| value(kind, entry)).collect();
    if values.is_empty() {
        return None;
    }
    Some(if ORDERED.contains(&name) { Value::Array(values) } else { sorted(values) })
}

/// A list in the order of its texts.
pub(super) fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(Value::to_string);
    Value::Array(values)
}

/// A list of keys with values, such as tags, as one object. `None` for any other list.
fn pairs(entries: &[XmlElement]) -> Option<Value> {
    let is = |child: &XmlElement, name: &str| child.children.is_empty() && child.name.eq_ignore_ascii_case(name);
    let mut sorted = BTreeMap::new();
    for entry in entries {
        let (key, value) = match &entry.children[..] {
            [key] => (key, ""),
            [key, value] if is(value, "value") => (key, value.text.as_str()),
            [value, key] if is(value, "value") => (key, value.text.as_str()),
            _ => return None,
        };
        if !is(key, "key") || sorted.insert(key.text.clone(), Value::from(value)).is_some() {
            return None;
        }
    }
    Some(Value::Object(sorted.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: ResourceKind, document: &str) -> Option<Value> {
        value(kind, &XmlElement::parse(document).unwrap())
    }

    #[test]
    fn elements_become_values_in_one_order() {
        let document = "<r><zone>b</zone><empty/><set>\n </set><ids><item>i-2</item><item>i-1</item></ids>\
            <tagSet><item><key>no</key><value/></item><item><key>1e3</key><value>22:22</value></item></tagSet>\
            <many>2</many><many>1</many><state><code>16</code><name>running</name></state>\
            <usageOperationUpdateTime>x</usageOperationUpdateTime></r>";
        let value = of(ResourceKind::Instance, document).unwrap();
        let expected = json!({
            "ids": ["i-1", "i-2"], "many": ["1", "2"], "state": {"code": "16", "name": "running"},
            "tagSet": {"1e3": "22:22", "no": ""}, "zone": "b",
        });
        assert_eq!(value.to_string(), expected.to_string());
        assert_eq!(of(ResourceKind::Instance, "<r><a/><b><item/></b></r>"), None);
    }

    #[test]
    fn only_lists_of_keys_and_values_become_objects() {
        let list = |entries: &str| of(ResourceKind::AutoScalingGroup, &format!("<r>{entries}</r>")).unwrap();
        let (one, other) = ("<member><Key>a</Key><Value>1</Value></member>", "<member><Key>b</Key></member>");
        assert_eq!(list(&format!("{other}{one}")), json!({"a": "1", "b": ""}));
        assert_eq!(list(&format!("{one}{one}")), json!([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "1"}]));
        let more = "<member><Key>a</Key><Value>1</Value><PropagateAtLaunch>true</PropagateAtLaunch></member>";
        assert_eq!(list(more), json!([{"Key": "a", "PropagateAtLaunch": "true", "Value": "1"}]));
    }

    #[test]
    fn an_order_that_means_something_is_kept() {
        let list = |name: &str| {
            let document = format!("<r><{name}><member>b</member><member>a</member></{name}></r>");
            of(ResourceKind::AutoScalingGroup, &document).unwrap()
        };
        assert_eq!(list("TerminationPolicies"), json!({"TerminationPolicies": ["b", "a"]}));
        assert_eq!(list("Instances"), json!({"Instances": ["a", "b"]}));
    }

    #[test]
    fn a_state_is_left_out_only_where_it_changes_by_itself() {
        let document = "<r><State>active</State><a>1</a></r>";
        assert_eq!(of(ResourceKind::LoadBalancer, document), Some(json!({"a": "1"})));
        assert_eq!(of(ResourceKind::TargetGroup, document), Some(json!({"State": "active", "a": "1"})));
    }
}
