//! Random unusual events: duplicate keys, escaped keys, arbitrary white space, any
//! wrapping.

use fastrand::Rng;
use serde_json::Value;
use testkit::logs::edge_cases::random_event;

/// A random unusual event, written in another form.
pub(crate) fn rearranged(random: &mut Rng) -> String {
    let event: Value = serde_json::from_str(&random_event(random)).unwrap();
    let mut out = String::new();
    write(&event, random, &mut out);
    out
}

/// Events in a wrapping of any depth: a log, an array, lines, the output of
/// `lookup-events`, messages of EventBridge and of CloudWatch Logs, strings.
pub(crate) fn wrapped(events: &[String], random: &mut Rng) -> String {
    let space = space(random);
    // The content of the outermost wrapping.
    let values: Vec<String> = match random.u8(..3) {
        0 => events.to_vec(),
        1 => events.iter().map(|event| wrapped_event(event, 3, random)).collect(),
        _ => {
            let middle = random.usize(..=events.len());
            let (first, second) = events.split_at(middle);
            [first, second].iter().map(|events| listed(events, random)).collect()
        }
    };
    let list = values.join(&format!("{space},"));
    match random.u8(..7) {
        0 => values.join("\n"),
        1 => values.iter().map(|value| timed(value, random)).collect::<Vec<_>>().join("\n"),
        2 => format!("[{space}{list}{space}]"),
        3 => format!("{{\"NextToken\":null,{space}\"Events\"{space}:[{list}],\"x\":[{{}}]}}"),
        4 => format!("\u{feff}{{\"Records\":[{list}]}}{space}{{\"Records\":[]}}"),
        5 => format!("{space}{{{space}\"Records\":[{space}{list}]{space}}}{space}"),
        // The form of CloudTrail, to which the prefilter applies.
        _ => format!("{{\"Records\":[{list}]}}"),
    }
}

/// A value after the time of its line, if it is an object.
fn timed(value: &str, random: &mut Rng) -> String {
    let stream = if random.bool() { "my-stream " } else { "" };
    match value.starts_with('{') {
        true => format!("2026-10-01T09:00:00.000Z {stream}{value}"),
        false => value.to_string(),
    }
}

/// A list of events.
fn listed(events: &[String], random: &mut Rng) -> String {
    let depth = random.u8(..3);
    let list = events.iter().map(|event| wrapped_event(event, depth, random)).collect::<Vec<_>>().join(",");
    match random.u8(..5) {
        0 => format!("[{list}]"),
        1 => format!("{{\"Records\":[{list}]}}"),
        2 => format!("{{\"events\":[{list}],\"nextForwardToken\":\"f/1\"}}"),
        3 => {
            let log = format!("{{\"Records\":[{list}]}}");
            format!("{{\"x\":1,\"message\":{}}}", Value::from(log))
        }
        _ => format!("{{\"messageType\":\"DATA_MESSAGE\",\"subscriptionFilters\":[\"f\"],\"logEvents\":[{list}]}}"),
    }
}

/// An event inside at most this many other values.
fn wrapped_event(event: &str, depth: u8, random: &mut Rng) -> String {
    if depth == 0 {
        return event.to_string();
    }
    let inner = wrapped_event(event, random.u8(..depth), random);
    let mut string = String::new();
    self::string(&inner, random, &mut string);
    let message = |name: &str| format!("{{\"id\":\"3{{\",\"{name}\":{string},\"timestamp\":1790845200000}}");
    match random.u8(..7) {
        0 => message("CloudTrailEvent"),
        1 => message("message"),
        2 => message("e"),
        3 => string,
        4 if inner.starts_with('{') => format!("{{\"detail-type\":\"x\",\"detail\":{inner}}}"),
        5 => format!("[{inner}]"),
        _ => inner,
    }
}

fn write(value: &Value, random: &mut Rng, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(&String, &Value)> = object.iter().collect();
            random.shuffle(&mut members);
            for _ in 0..random.usize(..3).min(members.len()) {
                // The same key with the value of another.
                let [one, other] = [random.usize(..members.len()), random.usize(..members.len())];
                members.insert(random.usize(..=members.len()), (members[one].0, members[other].1));
            }
            list(members, '{', '}', random, out, |(key, value), random, out| {
                string(key, random, out);
                out.push_str(&[space(random), ":", space(random)].concat());
                write(value, random, out);
            });
        }
        Value::Array(items) => list(items.iter().collect(), '[', ']', random, out, write),
        Value::String(text) => string(text, random, out),
        other => out.push_str(&other.to_string()),
    }
}

fn list<T>(
    items: Vec<T>,
    open: char,
    close: char,
    random: &mut Rng,
    out: &mut String,
    mut write: impl FnMut(T, &mut Rng, &mut String),
) {
    out.push(open);
    for (number, item) in items.into_iter().enumerate() {
        out.push_str(if number > 0 { "," } else { "" });
        out.push_str(space(random));
        write(item, random, out);
        out.push_str(space(random));
    }
    out.push_str(space(random));
    out.push(close);
}

/// A string, some of its characters as escapes that need not be.
fn string(text: &str, random: &mut Rng, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let mut units = [0; 2];
        match character {
            '"' | '\\' if random.bool() => out.extend(['\\', character]),
            ' '.. if !"\"\\".contains(character) && random.u8(..30) > 0 => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

fn space(random: &mut Rng) -> &'static str {
    const SPACES: [&str; 12] = ["", "", "", "", "", "", " ", "\t", "\n", "\r\n", "  \n\t", "                    "];
    SPACES[random.usize(..SPACES.len())]
}
