//! Finds the path that was meant by one that no event has: another case, or a list without `[]`.

use crate::decode::json::{JsonValue, ValueKind};

/// The path as events have it; `None` if they have none that is similar.
pub(super) fn written_path(event: JsonValue<'_>, typed: &str) -> Option<String> {
    let is_plain = !typed.contains(['"', '\\']);
    let typed = typed.trim_start_matches('.');
    let steps: Vec<&str> = typed.split('.').collect();
    let path = is_plain.then(|| below(event, &steps)).flatten()?;
    (path != typed).then_some(path)
}

/// The path of a value below this one.
fn below(value: JsonValue<'_>, steps: &[&str]) -> Option<String> {
    let Some((step, rest)) = steps.split_first() else { return Some(String::new()) };
    let (name, list) = step.split_at(step.find('[').unwrap_or(step.len()));
    let mut found = None;
    value.each_member(|key, member| {
        let is_alike = found.is_none() && key.eq_ignore_ascii_case(name.as_bytes());
        let key = str::from_utf8(key).ok().filter(|_| is_alike);
        let Some(key) = key else { return };
        let is_list = member.kind() == ValueKind::Array;
        let path = if is_list { in_list(member, rest) } else { below(member, rest) };
        let list = if is_list && list.is_empty() && !rest.is_empty() { "[]" } else { list };
        found = path.map(|path| if path.is_empty() { format!("{key}{list}") } else { format!("{key}{list}.{path}") });
    });
    found
}

/// Like `below`, in an element of a list.
fn in_list(list: JsonValue<'_>, steps: &[&str]) -> Option<String> {
    if steps.is_empty() {
        return Some(String::new());
    }
    let mut found = None;
    list.each_element(|element| found = found.take().or_else(|| below(element, steps)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::FieldSet;
    use crate::decode::testing::with_event;

    #[test]
    fn a_path_gets_the_case_and_the_lists_of_events() {
        let event =
            r#"{"requestParameters":{"itemSet":{"items":[{"id":"a"},{"tags":[{"key":"b"}]}]},"bucketName":"x"}}"#;
        for (typed, expected) in [
            ("requestParameters.itemSet.items.id", Some("requestParameters.itemSet.items[].id")),
            ("requestParameters.itemSet.items.tags.key", Some("requestParameters.itemSet.items[].tags[].key")),
            ("requestParameters.itemSet.items[0].tags.key", Some("requestParameters.itemSet.items[0].tags[].key")),
            ("requestparameters.bucketname", Some("requestParameters.bucketName")),
            (".requestParameters.BucketName", Some("requestParameters.bucketName")),
            ("requestParameters.bucketName", None),
            ("requestParameters.bucketName.id", None),
            ("requestParameters.itemSet.items", None),
            ("requestParameters.\"bucketname\"", None),
            ("nosuch", None),
        ] {
            let found = with_event(event, &FieldSet::default(), |event| written_path(event.value(), typed));
            assert_eq!(found.as_deref(), expected, "{typed}");
        }
    }
}
