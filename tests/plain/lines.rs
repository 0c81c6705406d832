//! Lines damaged by copying, editing or full disks.

use fastrand::Rng;
use serde_json::Value;

/// Lines of events, some of which are damaged, and those that are whole.
pub(crate) fn damaged(events: &[String], random: &mut Rng) -> (String, Vec<String>) {
    let kind = random.u8(..4);
    let lines: Vec<String> = events
        .iter()
        .map(|event| match kind {
            0 => event.clone(),
            1 => format!("2026-10-01T09:00:00.000Z {event}"),
            2 => Value::from(event.as_str()).to_string(),
            _ => format!("{{\"logEvents\":[{{\"message\":{}}}]}}", Value::from(event.as_str())),
        })
        .collect();
    let (mut all, mut whole, mut was_broken) = (Vec::new(), Vec::new(), false);
    for line in lines {
        // Two halves of lines can make a whole one.
        let broken = if !was_broken && random.bool() { broken(&line, random) } else { None };
        was_broken = broken.is_some();
        if broken.is_none() {
            whole.push(line.clone());
        }
        all.push(broken.unwrap_or(line));
    }
    // A last line that is whole shows whether the one before it has ended.
    let end = r#"{"eventVersion":"1.08","eventName":"Last"}"#.to_string();
    whole.push(end.clone());
    all.push(end);
    (all.join("\n"), whole)
}

/// A damaged line, if nothing in it can be read.
fn broken(line: &str, random: &mut Rng) -> Option<String> {
    let at = (0..=random.usize(1..line.len())).rev().find(|at| line.is_char_boundary(*at))?;
    let (start, end) = line.split_at(at);
    let broken = match random.u8(..4) {
        0 => start.to_string(),
        1 => end.to_string(),
        2 => format!("{start}{}", &end[end.chars().next()?.len_utf8()..]),
        _ => format!("no JSON {}", random.alphanumeric()),
    };
    // The decoder is lenient inside values that it skips.
    let is_read = !fuzz_checks::check_text(broken.as_bytes()).rows.is_empty();
    (!is_read && !is_json(&broken)).then_some(broken)
}

/// Whether a line is valid, though there may be no event in it.
fn is_json(line: &str) -> bool {
    let value = line.split_once(' ').filter(|(time, _)| time.starts_with("2026-")).map_or(line, |(_, value)| value);
    value.trim().is_empty() || serde_json::from_str::<Value>(value).is_ok()
}
