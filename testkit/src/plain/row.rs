//! The cells of an event, and whether a row shows exactly these.

use serde_json::Value;

/// The value at a path of names, or `null` if there is none.
pub fn at<'a>(event: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(event, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// The text of a member that names someone. `None` if it is absent, null, empty, a list or an
/// object.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The name of the caller, as the column `userName` shows it.
pub fn user_name(event: &Value) -> Option<String> {
    let identity = &event["userIdentity"];
    if !identity.is_object() {
        return text(identity).map(|name| not_root("user", &name));
    }
    let field = |path: &str| text(at(identity, path));
    let kind = field("type").unwrap_or_default();
    if kind == "Root" {
        return Some("root".into());
    }
    if let Some((role, session)) = role_session(event) {
        return Some(format!("{}/{session}", not_root("role", &role)));
    }
    let first = |paths: &[&str]| paths.iter().find_map(|path| field(path));
    let signed_in = text(at(event, "additionalEventData.UserName"));
    let name = match kind.as_str() {
        "AssumedRole" => role(event).map(|role| not_root("role", &role)),
        "FederatedUser" => match (issuer(event), token_name(event), first(&["arn", "principalId"])) {
            (Some(issuer), Some(name), _) => return Some(format!("{issuer}/{name}")),
            (Some(issuer), None, token) => return Some(format!("{issuer}/{}", token.unwrap_or_default())),
            (None, _, token) => return token.or_else(|| field("accountId")).map(|token| not_root("user", &token)),
        },
        "AWSService" | "" => field("invokedBy"),
        "AWSAccount" => match (field("accountId"), field("principalId")) {
            (Some(account), Some(id)) => return Some(format!("{}/{id}", not_root("user", &account))),
            (account, _) => account,
        },
        "IdentityCenterUser" => signed_in.or_else(|| field("onBehalfOf.userId")),
        "Unknown" => signed_in.or_else(|| first(&["userName", "onBehalfOf.userId"])),
        _ => None,
    };
    let name = name.or_else(|| first(&["userName", "arn", "principalId", "accountId"]));
    name.map(|name| not_root("user", &name))
}

/// The role of an event's caller, if it has one.
pub fn role(event: &Value) -> Option<String> {
    let of_arn = || {
        let arn = text(at(event, "userIdentity.arn"))?;
        let (_, rest) = arn.split_once(":assumed-role/")?;
        rest.split_once('/').map(|(role, _)| role.to_string())
    };
    text(at(event, "userIdentity.sessionContext.sessionIssuer.userName")).or_else(of_arn)
}

/// The role and the session of a caller that has the ARN or the type of an assumed role.
pub fn role_session(event: &Value) -> Option<(String, String)> {
    let identity = &event["userIdentity"];
    let of_arn = text(&identity["arn"]).filter(|arn| arn.contains(":assumed-role/"));
    let of_arn = of_arn.and_then(|arn| arn.rsplit_once('/').map(|(_, session)| session.to_string()));
    let of_id = || principal_suffix(event).filter(|_| text(&identity["type"]).as_deref() == Some("AssumedRole"));
    let session = of_arn.filter(|session| !session.is_empty()).or_else(of_id)?;
    Some((role(event)?, session))
}

/// The text after the colon of the principal id.
pub fn principal_suffix(event: &Value) -> Option<String> {
    let id = text(at(event, "userIdentity.principalId"))?;
    id.split_once(':').map(|(_, name)| name.to_string()).filter(|name| !name.is_empty())
}

/// The name in the token of a federated user.
pub fn token_name(event: &Value) -> Option<String> {
    let arn = text(at(event, "userIdentity.arn")).filter(|arn| arn.contains(":federated-user/"));
    let of_arn = arn.and_then(|arn| arn.rsplit_once('/').map(|(_, name)| name.to_string()));
    of_arn.filter(|name| !name.is_empty()).or_else(|| principal_suffix(event))
}

/// Whether the root user issued the credentials of an event's caller.
pub fn is_issued_by_root(event: &Value) -> bool {
    let issuer = at(event, "userIdentity.sessionContext.sessionIssuer");
    match text(&issuer["type"]) {
        Some(kind) => kind == "Root",
        None => text(&issuer["arn"]).is_some_and(|arn| arn.starts_with("arn:") && arn.ends_with(":root")),
    }
}

fn issuer(event: &Value) -> Option<String> {
    if is_issued_by_root(event) {
        return Some("root".into());
    }
    let issuer = at(event, "userIdentity.sessionContext.sessionIssuer");
    let name = text(&issuer["userName"]).or_else(|| text(&issuer["arn"]))?;
    Some(not_root("user", &name))
}

/// Whether a text could be mistaken for the root user, or for credentials that it issued.
pub fn claims_root(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower == "root" || lower.starts_with("root/")
}

/// The name of a caller that is not root. A name that could be mistaken for root is prefixed with
/// `kind`.
pub fn not_root(kind: &str, name: &str) -> String {
    if claims_root(name) { format!("{kind}/{name}") } else { name.to_string() }
}

/// A text as a TSV cell shows it. Characters that are invisible, or change how other text is
/// displayed, become escapes.
pub fn shown(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' => "\\t".to_string(),
            '\n' => "\\n".to_string(),
            '\r' => "\\r".to_string(),
            hidden if is_hidden(hidden) => {
                hidden.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
            }
            other => other.to_string(),
        })
        .collect()
}

/// Whether a character is a control, a separator of lines, an interlinear mark,
/// or what Unicode lists as `Default_Ignorable_Code_Point`.
pub fn is_hidden(character: char) -> bool {
    const IGNORABLE: [(u32, u32); 17] = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0fff),
    ];
    let code = u32::from(character);
    character.is_control()
        || matches!(code, 0x2028 | 0x2029 | 0xfff9..=0xfffb)
        || IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// Whether a spreadsheet may run a cell as a formula: after white space, quotes and hidden
/// characters, it begins with a sign, and is not a number.
pub fn is_formula(cell: &str) -> bool {
    let is_passed = |character: char| character.is_whitespace() || character == '"' || is_hidden(character);
    let mut text = cell.to_string();
    // Skips each of these characters, written literally or as an escape.
    while let Some(length) = [1, 2, 6, 12].into_iter().find(|length| {
        let start: String = text.chars().take(*length).collect();
        let is_named = ["\\t", "\\n", "\\r"].contains(&start.as_str()) || start.starts_with("\\u");
        let one = if *length == 1 {
            Some(start)
        } else {
            serde_json::from_str(&format!("\"{start}\"")).ok().filter(|_| is_named)
        };
        one.is_some_and(|one: String| one.chars().count() == 1 && one.chars().all(is_passed))
    }) {
        text = text.chars().skip(length).collect();
    }
    let mut number = text.chars();
    let Some(sign) = number.next().filter(|sign| "=@+-＝＠＋－".contains(*sign)) else { return false };
    let number = number.as_str();
    let is_number = number.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && !number.contains(|letter: char| letter.is_alphabetic() && !"eE".contains(letter))
        && number.parse::<f64>().is_ok();
    !("+-".contains(sign) && is_number) && text != "-"
}

/// The values at a path, which may have `[]` or `[1]` after its names.
pub fn values<'a>(event: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('.').fold(vec![event], |values, step| {
        let (name, brackets) = step.split_at(step.find('[').unwrap_or(step.len()));
        let members = values.into_iter().filter_map(|value| value.as_object()?.get(name));
        brackets.split_inclusive(']').fold(members.collect(), |values: Vec<&Value>, bracket| {
            let elements = values.into_iter().filter_map(Value::as_array);
            match bracket.trim_matches(['[', ']']).parse::<usize>() {
                Ok(place) => elements.filter_map(|elements| elements.get(place)).collect(),
                Err(_) => elements.flatten().collect(),
            }
        })
    })
}

/// The ids, ARNs and names of an event's resources, each once.
pub fn resources(event: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut texts = Vec::new();
    for field in RESOURCE_FIELDS {
        strings(&event[*field], &mut texts);
    }
    texts.retain(|text| is_resource(text));
    let add_new = |text: String, found: &mut Vec<String>| {
        if !found.contains(&text) {
            found.push(text);
        }
    };
    texts.into_iter().for_each(|text| add_new(text, &mut found));
    for text in resources_in_message(event) {
        // The ARN of a known id adds nothing.
        if !found.iter().any(|known| text.rsplit(['/', ':']).next() == Some(known)) {
            add_new(text, &mut found);
        }
    }
    let add = |names: Vec<String>, found: &mut Vec<String>| {
        for name in names {
            let is_end = |known: &String| known.ends_with(&format!("/{name}")) || known.ends_with(&format!(":{name}"));
            if !found.contains(&name) && !found.iter().any(is_end) {
                found.push(name);
            }
        }
    };
    add(names(&event["requestParameters"], "Request", false), &mut found);
    for answer in ["responseElements", "serviceEventDetails"] {
        if found.is_empty() {
            add(names(&event[answer], "Response", true), &mut found);
        }
    }
    found
}

/// The fields whose strings can be resources.
pub const RESOURCE_FIELDS: &[&str] = &[
    "resources",
    "requestParameters",
    "responseElements",
    "serviceEventDetails",
    "additionalEventData",
    "vpcEndpointId",
];

/// The ids and ARNs in the error message, except the caller's own.
pub fn resources_in_message(event: &Value) -> Vec<String> {
    let caller = event["userIdentity"]["arn"].as_str();
    let message = event["errorMessage"].as_str().unwrap_or_default();
    let is_behind = |character: char| ".,:!?=".contains(character);
    let mut found = Vec::new();
    for word in message.split(|c: char| c.is_whitespace() || "\"'`()[]<>{};|".contains(c)) {
        for part in word.replace(",arn:", " arn:").split(' ') {
            let arn = part.find("arn:").map(|at| part[at..].trim_end_matches(is_behind).to_string());
            match arn.filter(|arn| is_resource(arn)) {
                Some(arn) => found.push(arn),
                None => found.extend(
                    part.split(['/', ':', '=', ','])
                        .map(|part| part.trim_end_matches(is_behind))
                        .filter(|part| is_resource(part))
                        .map(String::from),
                ),
            }
        }
    }
    found.retain(|text| Some(text.as_str()) != caller);
    found
}

/// The names in a request or a response: its own members, and those of a wrapper inside it. In a
/// response, members of all objects directly inside it count too.
fn names(object: &Value, wrapper: &str, is_answer: bool) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) if key.ends_with(wrapper) && is_answer => found.extend(names(value, wrapper, true)),
            Value::Object(members) if key.ends_with(wrapper) || is_answer => {
                members.iter().for_each(|(key, value)| found.extend(named(key, value)));
            }
            _ => found.extend(named(key, value)),
        }
    }
    found
}

fn named(key: &str, value: &Value) -> Vec<String> {
    const ENDINGS: &str = "Name Names Id Ids Identifier Identifiers Arn Arns ARN ARNs";
    const KEYS: &str = "name names id ids arn key target resource bucket cluster service family alias role user group \
                        function table topic queue queueUrl stream repository stack project layer";
    const OTHERS: &str = "roleSessionName sessionName requestId clientRequestId correlationId invocationId traceId \
                          versionId statementId ownerId availabilityZoneId availabilityZoneName zoneName attributeName \
                          agentName platformName computerName deviceName rootDeviceName metricName fieldName columnName \
                          propertyName typeName commandId exclusiveStartId";
    let small = key.chars().next().map(|first| format!("{}{}", first.to_ascii_lowercase(), &key[first.len_utf8()..]));
    let small = small.unwrap_or_default();
    let is_in = |list: &str| list.split_whitespace().any(|known| known == small);
    let ends = ENDINGS.split(' ').any(|ending| key.ends_with(ending));
    if !(is_in(KEYS) || (ends && !is_in(OTHERS))) {
        return Vec::new();
    }
    let values = value.as_array().map_or(vec![value], |values| values.iter().collect());
    let is_name = |name: &&str| !name.is_empty() && name.len() <= 1024 && *name != "HIDDEN_DUE_TO_SECURITY_REASONS";
    values.into_iter().filter_map(Value::as_str).filter(is_name).map(String::from).collect()
}

/// Whether a text is an ARN, or a kind, a `-` and 8 or 17 hexadecimal digits.
fn is_resource(text: &str) -> bool {
    let is_id = text.rsplit_once('-').is_some_and(|(kind, number)| {
        (1..=20).contains(&kind.len())
            && kind.chars().all(|character| matches!(character, 'a'..='z' | '-'))
            && [8, 17].contains(&number.len())
            && number.chars().all(|character| character.is_ascii_hexdigit())
    });
    let is_arn = text.starts_with("arn:");
    if is_arn { text.split(':').count() > 5 && text.split_whitespace().eq([text]) } else { is_id }
}

/// Adds all strings in a value, without keys.
pub fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        _ => {}
    }
}

/// Compares a row with the event that it shows. Columns are fields, paths or `userName`. A value
/// that is absent or null shows as `null`. The error describes the difference.
pub fn compare(columns: &[&str], row: &str, event: &Value) -> Result<(), String> {
    let line = row.strip_suffix('\n').filter(|line| !line.contains('\n')).ok_or("not one line")?;
    let cells: Vec<&str> = line.split('\t').collect();
    if cells.len() != columns.len() {
        return Err(format!("{} cells", cells.len()));
    }
    for (column, cell) in columns.iter().zip(cells) {
        let is_same = match *column {
            "userName" => is_name(cell, user_name(event)),
            path if path.contains("[]") => is_list(cell, &values(event, path)),
            path => is_value(cell, values(event, path).first().unwrap_or(&&Value::Null)),
        };
        if !is_same {
            return Err(format!("{column} is {cell}"));
        }
    }
    Ok(())
}

fn is_name(cell: &str, name: Option<String>) -> bool {
    let name = name.map_or("null".into(), |name| shown(&name));
    // If a name is a number, serde_json writes its exponent in another form.
    let simple = |text: &str| text.to_lowercase().replace("e+", "e");
    cell == name || simple(cell) == simple(&name)
}

/// Whether a cell shows values joined by `;`. Only the texts before the first value that is not a
/// text are compared.
fn is_list(cell: &str, values: &[&Value]) -> bool {
    let values: Vec<&Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
    let texts: Vec<String> = values.iter().map_while(|value| value.as_str().map(shown)).collect();
    match (values.len(), texts.len()) {
        (0, _) => cell == "null",
        (all, some) if all == some => cell == texts.join(";"),
        _ => cell.starts_with(&texts.join(";")),
    }
}

fn is_value(cell: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => cell == shown(text),
        other => parse(cell).is_some_and(|parsed| parsed == *other),
    }
}

/// The JSON value of a cell. Escapes inside JSON stay as they were delivered.
fn parse(cell: &str) -> Option<Value> {
    let event = format!("{{\"eventVersion\":\"1\",\"eventName\":{cell}}}");
    let [event] = &super::events(event.as_bytes())[..] else { return None };
    Some(event["eventName"].clone())
}
