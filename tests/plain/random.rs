//! Random events as no writer of logs writes them: keys twice and in any
//! spelling, white space wherever there can be some, in any wrapping.

use fastrand::Rng;
use serde_json::Value;
use testkit::logs::odd::random_event;

/// A random odd event, written once more.
pub(crate) fn rearranged(random: &mut Rng) -> String {
    let event: Value = serde_json::from_str(&random_event(random)).unwrap();
    let mut out = String::new();
    write(&event, random, &mut out);
    out
}

/// Events in a wrapping: a log, an array, lines, the output of `lookup-events`,
/// messages of EventBridge.
pub(crate) fn wrapped(events: &[String], random: &mut Rng) -> String {
    let quoted = |event: &String| format!("{{\"CloudTrailEvent\":{}}}", Value::from(event.as_str()));
    let sent = |event: &String| format!("{{\"detail-type\":\"x\",\"detail\":{event}}}");
    let events: Vec<String> = match random.u8(..3) {
        0 => events.to_vec(),
        1 => events.iter().map(quoted).collect(),
        _ => events.iter().map(sent).collect(),
    };
    let space = space(random);
    match random.u8(..5) {
        0 => events.join("\n"),
        1 => format!("[{space}{}{space}]", events.join(&format!("{space},"))),
        2 => format!("{{\"NextToken\":null,{space}\"Events\"{space}:[{}],\"x\":[{{}}]}}", events.join(",")),
        3 => format!("\u{feff}{{\"Records\":[{}]}}{space}{{\"Records\":[]}}", events.join(",")),
        _ => format!("{space}{{{space}\"Records\":[{space}{}]{space}}}{space}", events.join(",")),
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
