//! Which events besides management events a trail records.

use serde_json::{Value, json};

use super::trail_state::EventSelectors;

/// A type of resource whose data events are recorded, such as `AWS::S3::Object`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DataEventType(String);

/// Short names of the types that are used most.
const SHORT: [(&str, &str); 3] =
    [("s3", "AWS::S3::Object"), ("lambda", "AWS::Lambda::Function"), ("dynamodb", "AWS::DynamoDB::Table")];

/// Parses a type of resource.
pub(super) fn data_event_type(text: &str) -> Result<DataEventType, String> {
    if let Some((_, name)) = SHORT.iter().find(|(short, _)| *short == text) {
        return Ok(DataEventType((*name).into()));
    }
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let words: Vec<&str> = text.split("::").collect();
    match words.len() == 3 && words[0] == "AWS" && words.iter().all(is_word) {
        true => Ok(DataEventType(text.into())),
        false => {
            let short = SHORT.map(|(short, _)| short).join(", ");
            Err(format!("not a type of data events; write {short} or one such as AWS::SNS::Topic"))
        }
    }
}

/// The selectors that are to be set.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct NewSelectors {
    /// All selectors, in the advanced form.
    pub(super) selectors: Value,
    /// The types that are added.
    pub(super) added: Vec<String>,
}

/// Returns the selectors that a trail needs to record data events of these types; `None` if it
/// records them. Objects of the bucket itself are left out: each log file would cause an event,
/// and each event a log file.
///
/// Returns an error if the trail has selectors that cannot be kept.
pub(super) fn with_data_events(
    present: Option<&EventSelectors>,
    types: &[DataEventType],
    bucket_arn: &str,
) -> Result<Option<NewSelectors>, &'static str> {
    let basic = present.and_then(|present| present.event_selectors.as_deref()).unwrap_or_default();
    if !basic.iter().all(is_default) {
        return Err("it has basic event selectors that were changed, and both forms cannot be combined; change them \
                    to advanced event selectors first, or leave out --data-events");
    }
    let advanced = present.and_then(|present| present.advanced_event_selectors.clone()).unwrap_or_default();
    let mut selectors = if advanced.is_empty() { vec![management()] } else { advanced };
    let mut added = Vec::new();
    for DataEventType(name) in types {
        if !selectors.iter().any(|selector| records_all(selector, name)) {
            selectors.push(data(name, bucket_arn));
            added.push(name.clone());
        }
    }
    Ok((!added.is_empty()).then(|| NewSelectors { selectors: selectors.into(), added }))
}

/// True for the basic selector that every new trail has.
fn is_default(selector: &Value) -> bool {
    let list_is_empty = |name: &str| selector.get(name).and_then(Value::as_array).is_none_or(Vec::is_empty);
    selector.get("ReadWriteType").is_none_or(|kind| kind == "All")
        && selector.get("IncludeManagementEvents").is_none_or(|is| is == true)
        && list_is_empty("DataResources")
        && list_is_empty("ExcludeManagementEventSources")
}

fn management() -> Value {
    json!({"Name": "management events", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]})
}

fn data(name: &str, bucket_arn: &str) -> Value {
    let mut fields = vec![
        json!({"Field": "eventCategory", "Equals": ["Data"]}),
        json!({"Field": "resources.type", "Equals": [name]}),
    ];
    if name == "AWS::S3::Object" {
        fields.push(json!({"Field": "resources.ARN", "NotStartsWith": [format!("{bucket_arn}/")]}));
    }
    json!({"Name": format!("data events of {name}"), "FieldSelectors": fields})
}

/// True if a selector records all data events of a type, but for some resources at most.
fn records_all(selector: &Value, name: &str) -> bool {
    let Some(fields) = selector.get("FieldSelectors").and_then(Value::as_array) else { return false };
    let text = |field: &Value, name: &str| field.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    let equals = |field: &Value| field.get("Equals").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut is_of_type = false;
    for field in fields {
        match text(field, "Field").as_str() {
            "eventCategory" if equals(field).contains(&"Data".into()) => {}
            "resources.type" if equals(field).contains(&name.into()) => is_of_type = true,
            "resources.ARN" if field.get("NotStartsWith").is_some() => {}
            _ => return false,
        }
    }
    is_of_type
}

/// The selectors in a few words, such as `management, data AWS::S3::Object`.
pub(super) fn summary(present: &EventSelectors) -> String {
    let mut words: Vec<String> = Vec::new();
    for selector in present.event_selectors.iter().flatten() {
        let kind = selector.get("ReadWriteType").and_then(Value::as_str).unwrap_or("All");
        let only = match kind {
            "ReadOnly" => " (reads)",
            "WriteOnly" => " (writes)",
            _ => "",
        };
        if selector.get("IncludeManagementEvents").is_none_or(|is| is == true) {
            words.push(format!("management{only}"));
        }
        let resources = selector.get("DataResources").and_then(Value::as_array).into_iter().flatten();
        let types = resources.filter_map(|resource| resource.get("Type")?.as_str());
        words.extend(types.map(|name| format!("data {name}{only}")));
    }
    for selector in present.advanced_event_selectors.iter().flatten() {
        let fields = selector.get("FieldSelectors").and_then(Value::as_array).cloned().unwrap_or_default();
        let values = |wanted: &str| -> Vec<String> {
            let field = fields.iter().find(|field| field.get("Field").is_some_and(|name| name == wanted));
            let values = field.and_then(|field| field.get("Equals")?.as_array());
            values.into_iter().flatten().filter_map(|value| value.as_str().map(String::from)).collect()
        };
        let category = values("eventCategory").join(", ").replace("Management", "management").replace("Data", "data");
        let known = ["eventCategory", "resources.type"];
        let is_narrow = fields.iter().any(|field| !known.iter().any(|name| field["Field"] == *name));
        let some = if is_narrow { " (some)" } else { "" };
        match values("resources.type") {
            types if types.is_empty() => words.push(format!("{category}{some}")),
            types => words.extend(types.iter().map(|name| format!("{category} {name}{some}"))),
        }
    }
    words.dedup();
    // A trail without selectors records management events.
    if words.is_empty() { "management".into() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "arn:aws:s3:::logs";

    fn types(names: &[&str]) -> Vec<DataEventType> {
        names.iter().map(|name| data_event_type(name).unwrap()).collect()
    }

    #[test]
    fn types_are_short_or_whole() {
        assert_eq!(types(&["s3", "AWS::SNS::Topic"])[0].0, "AWS::S3::Object");
        for text in ["", "S3", "ec2", "AWS::S3", "AWS::S3::Object::x", "AWS::S3::Ob ject", "X::S3::Object"] {
            assert!(data_event_type(text).is_err(), "{text}");
        }
    }

    #[test]
    fn selectors_are_added_once() {
        let new = with_data_events(None, &types(&["s3", "lambda"]), BUCKET).unwrap().unwrap();
        assert_eq!(new.added, ["AWS::S3::Object", "AWS::Lambda::Function"]);
        assert!(new.selectors.to_string().contains("\"NotStartsWith\":[\"arn:aws:s3:::logs/\"]"));
        let advanced = new.selectors.as_array().cloned();
        let present = EventSelectors { event_selectors: None, advanced_event_selectors: advanced };
        assert_eq!(with_data_events(Some(&present), &types(&["lambda", "s3"]), BUCKET), Ok(None));
        let more = with_data_events(Some(&present), &types(&["dynamodb"]), BUCKET).unwrap().unwrap();
        assert_eq!(more.selectors.as_array().map(Vec::len), Some(4));
        let words = "management, data AWS::S3::Object (some), data AWS::Lambda::Function";
        assert_eq!(summary(&present), words);
    }

    #[test]
    fn basic_selectors_that_were_changed_are_not_lost() {
        let usual = json!({"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": []});
        let mut present = EventSelectors { event_selectors: Some(vec![usual]), advanced_event_selectors: None };
        assert!(with_data_events(Some(&present), &types(&["s3"]), BUCKET).unwrap().is_some());
        assert_eq!(summary(&present), "management");
        let resources = json!([{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]);
        present.event_selectors = Some(vec![json!({"ReadWriteType": "WriteOnly", "DataResources": resources})]);
        assert!(with_data_events(Some(&present), &types(&["s3"]), BUCKET).is_err());
        assert_eq!(summary(&present), "management (writes), data AWS::S3::Object (writes)");
        assert_eq!(summary(&EventSelectors::default()), "management");
    }
}
