//! Whether an option matches an event, by the simplest reading of the option's help.

use std::iter::Peekable;
use std::net::IpAddr;
use std::str::Chars;

use serde_json::Value;

use super::row::{self, at, resources, strings, user_name, values};

/// Whether one option with one value matches `event`. The value is empty for an option without one.
pub fn matches(option: &str, value: &str, event: &Value) -> bool {
    match option {
        "--errors" => is_failed(event),
        "--no-errors" => !is_failed(event),
        "--reads" => is_read(event) == Some(true),
        "--writes" => is_read(event) == Some(false),
        "--where" => compares(value, event),
        _ => match value.strip_prefix('!') {
            Some(value) => !matches_option(option, value, event),
            None => matches_option(option, value, event),
        },
    }
}

fn matches_option(option: &str, pattern: &str, event: &Value) -> bool {
    let field = |path: &str| texts(at(event, path)).iter().any(|text| glob(pattern, text));
    match option {
        "--event-name" => field("eventName"),
        "--error-code" => field("errorCode"),
        "--region" => field("awsRegion"),
        "--access-key" => field("userIdentity.accessKeyId"),
        "--user" => names(event).iter().any(|name| glob(pattern, name)),
        "--resource" => {
            let mut found = row::resources_in_message(event);
            row::RESOURCE_FIELDS.iter().for_each(|field| strings(&event[*field], &mut found));
            found.iter().any(|text| {
                let last = text.rsplit(['/', ':']).next().unwrap_or_default();
                glob(pattern, text) || (text.starts_with("arn:") && glob(pattern, last))
            })
        }
        "--source-ip" => texts(&event["sourceIPAddress"]).iter().any(|text| is_from(pattern, text)),
        other => panic!("{other}"),
    }
}

/// Whether a pattern matches the whole text, in any case. A pattern can have `*`, `?`, `{a,b}`, `\`
/// before a literal character, and escapes as cells show them.
pub fn glob(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().map(fold_case).collect();
    let fits =
        |pattern: &str| expansions(&mut pattern.chars().peekable(), false).iter().any(|way| matches_parts(way, &text));
    fits(pattern) || pattern.strip_prefix('\'').is_some_and(|formula| row::is_formula(formula) && fits(formula))
}

/// The texts that a `\` and the characters after it can mean.
fn escaped(pattern: &mut Peekable<Chars<'_>>) -> Vec<String> {
    let rest: String = pattern.clone().collect();
    let unit = |digits: Option<&str>| u16::from_str_radix(digits?, 16).ok();
    let is_hex = |text: &str| text.chars().all(|digit| digit.is_ascii_hexdigit());
    let digits = rest.strip_prefix('u').and_then(|rest| rest.get(..4)).filter(|digits| is_hex(digits));
    let more = rest.get(5..).and_then(|rest| rest.strip_prefix("\\u")?.get(..4)).filter(|digits| is_hex(digits));
    let one = unit(digits).and_then(|one| String::from_utf16(&[one]).ok());
    let pair = unit(digits).zip(unit(more)).and_then(|(one, other)| String::from_utf16(&[one, other]).ok());
    let (length, means) = match rest.chars().next() {
        None => return Vec::new(),
        Some('t') => (1, Some("\t".to_string())),
        Some('n') => (1, Some("\n".to_string())),
        Some('r') => (1, Some("\r".to_string())),
        Some('u') if one.is_some() => (5, one),
        Some('u') if pair.is_some() => (11, pair),
        Some(special @ ('*' | '?' | '{' | '}' | ',' | '!')) => {
            pattern.next();
            return vec![special.to_string()];
        }
        Some('\\') => {
            // One or two backslashes, or one before an escape.
            pattern.next();
            let mut behind = pattern.clone();
            let mut ways = escaped(&mut behind);
            let literal = ways.pop().unwrap_or_default().replacen('\\', "", 1);
            let is_escape = rest[1..].starts_with(['t', 'n', 'r', 'u']) && !ways.is_empty();
            let literal = if is_escape { literal } else { String::new() };
            pattern.by_ref().take(literal.chars().count()).for_each(drop);
            let escapes = ways.into_iter().filter(|_| is_escape).map(|meant| format!("\\{meant}"));
            return escapes.chain([format!("\\{literal}"), format!("\\\\{literal}")]).collect();
        }
        Some(other) if other == ' ' || other.is_ascii_punctuation() => (1, Some(other.to_string())),
        Some(_) => (0, None),
    };
    let written: String = pattern.by_ref().take(length).collect();
    means.into_iter().chain([format!("\\{written}")]).collect()
}

/// A part of a pattern.
#[derive(Clone, Copy)]
enum PatternPart {
    Any,
    One,
    Plain(char),
}

/// All patterns without alternatives that a pattern stands for. Inside braces, it expands a single
/// alternative and stops before the next `,` or `}`.
fn expansions(pattern: &mut Peekable<Chars<'_>>, is_inside: bool) -> Vec<Vec<PatternPart>> {
    let mut ways = vec![Vec::new()];
    while let Some(character) = pattern.next_if(|next| !is_inside || !matches!(next, ',' | '}')) {
        let mut ends: Vec<Vec<PatternPart>> = Vec::new();
        match character {
            '*' => ends.push(vec![PatternPart::Any]),
            '?' => ends.push(vec![PatternPart::One]),
            '{' => loop {
                ends.extend(self::expansions(pattern, true));
                if pattern.next() != Some(',') {
                    break;
                }
            },
            '\\' => {
                let plain = |text: String| text.chars().map(|next| PatternPart::Plain(fold_case(next))).collect();
                ends.extend(escaped(pattern).into_iter().map(plain));
            }
            plain => ends.push(vec![PatternPart::Plain(fold_case(plain))]),
        }
        ways = ways.iter().flat_map(|way| ends.iter().map(move |end| [way.as_slice(), end].concat())).collect();
    }
    ways
}

fn matches_parts(pattern: &[PatternPart], text: &[char]) -> bool {
    // `fits[end]` is whether the pattern so far matches the first `end` characters.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    for part in pattern {
        let before = fits.clone();
        let mut any = false;
        for end in 0..=text.len() {
            any |= before[end];
            fits[end] = match part {
                PatternPart::Any => any,
                PatternPart::One => end > 0 && before[end - 1],
                PatternPart::Plain(plain) => end > 0 && before[end - 1] && text[end - 1] == *plain,
            };
        }
    }
    fits[text.len()]
}

/// The same character for all cases of a character, if each of them is a single character. ASCII
/// letters have only two cases.
pub fn fold_case(character: char) -> char {
    let single = |mut all: Box<dyn Iterator<Item = char>>, or: char| match (all.next(), all.next()) {
        (Some(one), None) => one,
        _ => or,
    };
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let upper = single(Box::new(character.to_uppercase()), character);
    let lower = single(Box::new(upper.to_lowercase()), upper);
    if lower.is_ascii() { character } else { lower }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(_) | Value::Bool(_) => vec![value.to_string()],
        _ => Vec::new(),
    }
}

fn is_failed(event: &Value) -> bool {
    let some = |name: &str| texts(&event[name]).into_iter().find(|text| !text.is_empty());
    let is_success = |code: &String| code.len() == 3 && code.starts_with('2') && code.parse::<u16>().is_ok();
    let outcomes = ["responseElements", "serviceEventDetails", "additionalEventData"];
    some("errorCode").is_some_and(|code| !is_success(&code))
        || some("errorMessage").is_some()
        || texts(&event["eventName"]).iter().any(|name| {
            outcomes.iter().any(|field| event[*field].get(name).is_some_and(|outcome| *outcome == "Failure"))
        })
}

fn is_read(event: &Value) -> Option<bool> {
    match texts(&event["readOnly"]).first().map(String::as_str) {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => texts(&event["eventName"]).first().map(|name| {
            ["Get", "List", "Describe", "Head", "Lookup"].iter().any(|verb| {
                name.strip_prefix(verb)
                    .is_some_and(|rest| !rest.chars().next().is_some_and(|next| next.is_ascii_lowercase()))
            })
        }),
    }
}

/// All names of the caller.
fn names(event: &Value) -> Vec<String> {
    let identity = &event["userIdentity"];
    let mut names: Vec<String> = user_name(event).into_iter().collect();
    if !identity.is_object() {
        return names;
    }
    let kind = texts(&identity["type"]).pop().unwrap_or_default();
    let is_root = kind == "Root" || (kind == "FederatedUser" && row::is_issued_by_root(event));
    let mut raw = Vec::new();
    for path in [
        "userName",
        "arn",
        "principalId",
        "sessionContext.sessionIssuer.userName",
        "sessionContext.sessionIssuer.arn",
        "sessionContext.sourceIdentity",
        "onBehalfOf.userId",
    ] {
        raw.extend(texts(at(identity, path)));
    }
    raw.extend(row::role_session(event).map(|(_, session)| session));
    raw.extend(row::principal_suffix(event));
    if kind == "FederatedUser" {
        raw.extend(row::token_name(event));
    }
    if ["IdentityCenterUser", "Unknown"].contains(&kind.as_str()) {
        raw.extend(texts(at(event, "additionalEventData.UserName")));
    }
    raw.retain(|name| !name.is_empty() && (is_root || !row::claims_root(name)));
    names.extend(raw);
    names.extend(row::role(event).map(|role| row::not_root("role", &role)));
    names.extend(is_root.then(|| "root".to_string()));
    names
}

fn is_from(pattern: &str, text: &str) -> bool {
    let parts = || text.split(',').map(str::trim);
    let Some((network, length)) = network(pattern) else {
        return glob(pattern, text) || parts().any(|part| glob(pattern, part));
    };
    parts().filter_map(|part| part.parse::<IpAddr>().ok()).any(|address| {
        let (address, network) = (address.to_canonical(), network);
        match (address, network) {
            (IpAddr::V4(address), IpAddr::V4(network)) => {
                (u32::from(address) ^ u32::from(network)).checked_shr(32 - length).unwrap_or(0) == 0
            }
            (IpAddr::V6(address), IpAddr::V6(network)) => {
                (u128::from(address) ^ u128::from(network)).checked_shr(128 - length).unwrap_or(0) == 0
            }
            _ => false,
        }
    })
}

fn network(pattern: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = match pattern.split_once('/') {
        Some((address, length)) => (address, Some(length.parse().ok()?)),
        None => (pattern, None),
    };
    let address: IpAddr = address.parse().ok()?;
    Some((address, length.unwrap_or(if address.is_ipv4() { 32 } else { 128 })))
}

/// A condition `PATH OP VALUE` with spaces around the operator, `PATH` or `!PATH`.
fn compares(condition: &str, event: &Value) -> bool {
    let some = |path: &str| -> Vec<String> {
        if path == "userName" {
            return user_name(event).into_iter().collect();
        }
        if path == "resources" {
            // Each of them, and all as a cell shows them.
            let mut listed = resources(event);
            let all = listed.join(";");
            listed.extend((listed.len() > 1).then_some(all));
            return listed;
        }
        let shown = |value: &&Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        values(event, path).iter().filter(|value| !value.is_null()).map(shown).collect()
    };
    let Some((path, rest)) = condition.split_once(' ') else {
        return match condition.strip_prefix('!') {
            Some(path) => some(path).is_empty(),
            None => !some(condition).is_empty(),
        };
    };
    let (operator, wanted) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = |text: &str| text.parse::<f64>().ok().filter(|_| !text.contains(char::is_alphabetic));
    let compared = |is: &dyn Fn(f64, f64) -> bool| {
        some(path).iter().any(|text| match (number(text), number(wanted)) {
            (Some(value), Some(wanted)) => is(value, wanted),
            _ => false,
        })
    };
    match operator {
        "=" => some(path).iter().any(|text| glob(wanted, text)),
        "!=" => !some(path).iter().any(|text| glob(wanted, text)),
        "~" => some(path).iter().any(|text| text.contains(wanted)),
        "!~" => !some(path).iter().any(|text| text.contains(wanted)),
        "<" => compared(&|value, wanted| value < wanted),
        "<=" => compared(&|value, wanted| value <= wanted),
        ">" => compared(&|value, wanted| value > wanted),
        ">=" => compared(&|value, wanted| value >= wanted),
        other => panic!("{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fit_whole_texts() {
        for (pattern, text, expected) in [
            ("a*c", "ABC", true),
            ("a*c", "ABCd", false),
            ("*", "", true),
            ("?", "", false),
            ("??", "ab", true),
            ("*b*", "abc", true),
            ("", "", true),
            ("*k", "\u{212a}", false),
            ("k", "\u{212a}", false),
            ("\u{212a}", "\u{212a}", true),
            ("{a,{b,c}d}e", "CDE", true),
            ("{a,{b,c}d}e", "be", false),
            (r"\*\,[a]", "*,[A]", true),
            (r"\ta\u001b", "\ta\u{1b}", true),
            (r"\ta\u001b", r"\ta\u001b", true),
            (r"\ta", "ta", false),
            (r"\udb40\udc41x", "\u{e0041}x", true),
            (r"a\b", r"A\B", true),
            (r"a\b", "ab", false),
            (r"a\-b", "a-b", true),
            ("'=a", "=a", true),
            ("'a", "a", false),
            ("[a]", "a", false),
            ("ΣΑΣ", "σας", true),
            ("i", "ı", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
