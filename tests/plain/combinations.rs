//! Random combinations of conditions against a plain evaluation of each.

use fastrand::Rng;
use proptest::prelude::*;
use serde_json::Value;
use testkit::logs::edge_cases::random_event;
use testkit::logs::records;
use testkit::plain::{self, filter, row};

use crate::filter_oracle::wanted;
use crate::{FailureContext, generated, random};

/// Options with patterns, and the fields from which their values are drawn.
const OPTIONS: [(&str, &str); 7] = [
    ("--event-name", "eventName"),
    ("--error-code", "errorCode"),
    ("--region", "awsRegion"),
    ("--access-key", "userIdentity"),
    ("--user", "userIdentity"),
    ("--resource", "requestParameters"),
    ("--source-ip", "sourceIPAddress"),
];

/// Some paths that events have.
const PATHS: [&str; 13] = [
    "eventName",
    "errorCode",
    "readOnly",
    "userName",
    "userIdentity.type",
    "userIdentity.arn",
    "userIdentity.sessionContext.sessionIssuer.userName",
    "requestParameters.items[].type",
    "requestParameters.bucketName",
    "requestParameters.instancesSet.items[].instanceId",
    "responseElements.credentials.accessKeyId",
    "resources[].ARN",
    "resources",
];

/// A random option and value, drawn so that it may match an event of the text.
fn condition(events: &[Value], random: &mut Rng) -> (String, String) {
    let event = &events[random.usize(..events.len())];
    match random.u8(..10) {
        0 => {
            let option = ["--errors", "--no-errors", "--reads", "--writes"][random.usize(..4)];
            (option.into(), String::new())
        }
        1..=3 => ("--where".into(), comparison(event, random)),
        _ => {
            let (option, field) = OPTIONS[random.usize(..OPTIONS.len())];
            let negation = if random.u8(..5) == 0 { "!" } else { "" };
            let value = match option {
                "--source-ip" if random.bool() => network(random),
                _ => pattern(&random_scalar(&event[field], random), random),
            };
            // An `@` at the start would name a file.
            let value = if value.starts_with('@') { format!("\\{value}") } else { value };
            (option.into(), format!("{negation}{value}"))
        }
    }
}

fn comparison(event: &Value, random: &mut Rng) -> String {
    let path = PATHS[random.usize(..PATHS.len())];
    let first = path.split(['.', '[']).next().unwrap();
    let mut text = random_scalar(&event[first], random);
    if path == "resources" {
        let listed = row::resources(event);
        let start = random.usize(..=listed.len());
        text = Some(listed[start..].join(";")).filter(|listed| !listed.is_empty()).unwrap_or(text);
    }
    let value = pattern(&text, random);
    match random.u8(..8) {
        0 => path.to_string(),
        1 => format!("!{path}"),
        2 => format!("{path} {} {}", ["<", "<=", ">", ">="][random.usize(..4)], random.u16(..5000)),
        3 => format!("{path} ~ {}", plain_part(&value)),
        4 => format!("{path} !~ {}", plain_part(&value)),
        5 => format!("{path} != {value}"),
        _ => format!("{path} = {value}"),
    }
}

/// The longest part of a text without special characters of regular expressions.
fn plain_part(text: &str) -> String {
    let parts = text.split(|character: char| !character.is_ascii_alphanumeric() && !"-_:/ ".contains(character));
    parts.max_by_key(|part| part.len()).map(str::trim).filter(|part| !part.is_empty()).unwrap_or("x").to_string()
}

fn network(random: &mut Rng) -> String {
    let texts =
        ["203.0.113.0/24", "203.0.0.0/16", "10.0.0.0/8", "198.51.100.23", "2001:db8::/32", "2001:db8:85a3::/48"];
    texts[random.usize(..texts.len())].to_string()
}

/// A random scalar below a value, as text.
fn random_scalar(value: &Value, random: &mut Rng) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => random_scalar(&items[random.usize(..items.len())], random),
        Value::Object(members) if !members.is_empty() => {
            random_scalar(members.values().nth(random.usize(..members.len())).unwrap(), random)
        }
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => "RunInstances".into(),
    }
}

/// A pattern that usually matches the text.
fn pattern(text: &str, random: &mut Rng) -> String {
    let is_possible = |character: &char| !"'\"".contains(*character) && !character.is_control();
    let escaped = |character: char| match character {
        '*' | '?' | '{' | '}' | '\\' | ',' | '!' => format!("\\{character}"),
        plain => plain.to_string(),
    };
    let plain: Vec<String> = text.chars().filter(is_possible).map(escaped).collect();
    let half = plain.len() / 2;
    let mut pattern: String = match random.u8(..7) {
        0 => plain[..half].concat() + "*",
        1 => "*".to_string() + &plain[half..].concat(),
        2 => plain.iter().map(|part| if random.u8(..9) == 0 { "?" } else { part }).collect(),
        3 => plain.concat().to_uppercase(),
        4 => format!("{{{},x*}}{}", plain[..half].concat(), plain[half..].concat()),
        _ => plain.concat(),
    };
    // Blanks at the ends and words between conditions have a meaning of their own.
    pattern = pattern.trim().replace(" and ", " ").replace(" or ", " ").replace(['=', '~', '<', '>'], "?");
    if pattern.is_empty() { "x".into() } else { pattern }
}

fn compare(text: &[u8], random: &mut Rng) {
    let events = plain::events(text);
    if events.is_empty() {
        return;
    }
    for _ in 0..8 {
        let mut conditions: Vec<(String, String)> = Vec::new();
        for _ in 0..random.usize(1..4) {
            let condition = condition(&events, random);
            // An option given twice matches either value, except --where.
            if condition.0 == "--where"
                || !conditions.iter().any(|(option, _)| exclude_each_other(option, &condition.0))
            {
                conditions.push(condition);
            }
        }
        let arguments: Vec<String> = conditions
            .iter()
            .map(|(option, value)| if value.is_empty() { option.clone() } else { format!("{option}={value}") })
            .collect();
        if !is_possible(&arguments) {
            continue;
        }
        let ours = wanted(&arguments, text);
        for (event, ours) in events.iter().zip(ours).filter(|(event, _)| !has_exponent(event)) {
            let theirs = conditions.iter().all(|(option, value)| filter::matches(option, value, event));
            assert_eq!(ours, theirs, "{arguments:?} of {event}");
        }
    }
}

/// Whether a number in it has an exponent. serde_json writes such numbers
/// differently.
fn has_exponent(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.to_string().contains(['e', 'E']),
        Value::Array(items) => items.iter().any(has_exponent),
        Value::Object(members) => members.values().any(has_exponent),
        _ => false,
    }
}

/// Whether two options exclude each other, or are the same.
fn exclude_each_other(one: &str, other: &str) -> bool {
    let kind = |option: &str| match option {
        "--errors" | "--no-errors" | "--error-code" => "error",
        "--reads" | "--writes" => "access",
        _ => "",
    };
    one == other || (!kind(one).is_empty() && kind(one) == kind(other))
}

/// Whether the program accepts the arguments. A drawn text may not be an address.
fn is_possible(arguments: &[String]) -> bool {
    use clap::Parser;
    use trail2tsv::decode::event::FieldSet;
    let typed = ["trail2tsv", "log"].map(String::from).into_iter().chain(arguments.iter().cloned());
    trail2tsv::command::rows::RowsArgs::try_parse_from(typed).is_ok()
        && trail2tsv::filter::Filter::new(&crate::filter_oracle::conditions(arguments), &mut FieldSet::default())
            .is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_unusual_events(seed in any::<u64>(), count in 1..6_usize) {
        let mut random = Rng::with_seed(seed);
        let _about = FailureContext("random unusual events");
        let events: Vec<String> = (0..count).map(|_| random_event(&mut random)).collect();
        compare(&records(&events), &mut random);
        let events: Vec<String> = (0..count).map(|_| random::rearranged(&mut random)).collect();
        compare(random::wrapped(&events, &mut random).as_bytes(), &mut random);
        compare(&records(&events), &mut random);
    }
}

#[test]
fn of_generated_logs() {
    let text = records(generated(200));
    let mut random = Rng::with_seed(5);
    for _ in 0..10 {
        compare(&text, &mut random);
    }
}
