//! Paths into an event, such as `requestParameters.instancesSet.items[].instanceId`.

use std::borrow::Cow;

use super::long_value::{self, LongValueTest, ShortenedFlag};
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::VERIFIED;
use crate::cloudtrail::geoip::{self, GeoReader};
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::network::{NETWORK, NetworkReader};
use crate::cloudtrail::resource::ResourceFields;
use crate::cloudtrail::session::SessionReader;
use crate::decode::FIELDS;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{CUT, JsonValue, MAX_TEXT, ValueKind};
use crate::syntax::suggest::nearest;

const WILDCARD: &str = "has a wildcard; [] matches every element of an array, --resource and --grep search \
                        all fields, and a name that contains * needs double quotes";

/// The subject of a condition: a path, or the name of a derived value.
#[derive(Clone, Debug)]
pub enum Field {
    /// A path.
    Path(FieldPath),
    /// The first of two paths that leads to a value other than null.
    First(Box<[FieldPath; 2]>),
    /// The name of the caller.
    UserName(Box<IdentityReader>),
    /// The actor.
    Actor(Box<ActorReader>),
    /// What proves the actor.
    ActorVia(Box<ActorReader>),
    /// The id of the session.
    Session(Box<SessionReader>),
    /// The ids and ARNs in the event.
    Resources(ResourceFields),
    /// The name of the network of the source address.
    Network(NetworkReader),
    /// What a database has for the source address.
    Geo(Box<GeoReader>),
}

impl Field {
    /// The derived value with this name; `None` if the name is not that of a derived
    /// value.
    pub fn derived(name: &str, fields: &mut FieldSet) -> Result<Option<Field>, String> {
        Ok(Some(match name {
            "userName" => Field::UserName(Box::new(IdentityReader::new(fields)?)),
            "actor" => Field::Actor(Box::new(ActorReader::new(fields)?)),
            "actorVia" => Field::ActorVia(Box::new(ActorReader::new(fields)?)),
            "session" => Field::Session(Box::new(SessionReader::new(fields)?)),
            "userType" => Field::Path(FieldPath::parse("userIdentity.type", fields)?),
            "accessKeyId" => Field::Path(FieldPath::parse("userIdentity.accessKeyId", fields)?),
            "invokedBy" => Field::Path(FieldPath::parse("userIdentity.invokedBy", fields)?),
            "sourceIdentity" => Field::Path(FieldPath::parse("userIdentity.sessionContext.sourceIdentity", fields)?),
            "mfa" => Field::First(Box::new([
                FieldPath::parse("userIdentity.sessionContext.attributes.mfaAuthenticated", fields)?,
                FieldPath::parse("additionalEventData.MFAUsed", fields)?,
            ])),
            "resources" => Field::Resources(ResourceFields::new(fields)?),
            NETWORK => Field::Network(NetworkReader::new(fields)?),
            _ => match geoip::attribute(name) {
                Some(attribute) => Field::Geo(Box::new(GeoReader::new(attribute, fields)?)),
                None => return Ok(None),
            },
        }))
    }

    /// Whether a derived value can have a value: some need a table of the user.
    pub fn has_source(name: &str, fields: &FieldSet) -> bool {
        match geoip::attribute(name) {
            Some(attribute) => fields.geoip().is_some_and(|databases| databases.may_have(attribute)),
            // Reads each file twice, so it has to be named.
            None if name == VERIFIED => false,
            None => name != NETWORK || fields.networks().is_some(),
        }
    }

    /// Parses a field name or a path. Fails with the reason why it is invalid.
    pub fn parse(name: &str, fields: &mut FieldSet) -> Result<Field, String> {
        if let Some(field) = Field::derived(name, fields).map_err(|reason| with_name(name, reason))? {
            return Ok(field);
        }
        if name == "file" {
            return Err("the file is not part of an event; name the files to read instead, or grep the rows of \
                        --columns +file"
                .into());
        }
        if name == VERIFIED {
            return Err("the verdict is not part of an event; grep the rows of --columns +verified".into());
        }
        let root = name.split(['.', '[']).next().unwrap_or_default();
        if !name.starts_with(['.', '"']) && !FIELDS.contains(&root) {
            match nearest(root, &FIELDS) {
                Some(known) => return Err(format!("{root} is not a field; did you mean {known}?")),
                None if root == name => {
                    return Err(format!(
                        "{name} is not a top-level field of events; write a nested field as a path, such as \
                         requestParameters.{name}, or .{name} to compare it anyway"
                    ));
                }
                None => {}
            }
        }
        FieldPath::parse(name, fields).map(Field::Path).map_err(|reason| format!("{name} is a path that {reason}"))
    }

    /// Whether the field has a value other than null.
    pub fn is_present(&mut self, event: &Event<'_>) -> bool {
        match self {
            Field::Path(path) => is_any(path, event, |_| true),
            Field::First(paths) => paths.iter().any(|path| is_any(path, event, |_| true)),
            Field::UserName(identities) => identities.principal(event).name().is_some(),
            Field::Actor(_) | Field::ActorVia(_) | Field::Session(_) | Field::Geo(_) => {
                self.derived_text(event).is_some()
            }
            Field::Resources(fields) => !fields.list(event).is_empty(),
            Field::Network(network) => network.name(event).is_some(),
        }
    }

    /// Calls `each` for every value other than null, as its cell would show it. The
    /// values of a list are passed one by one.
    pub fn each(&mut self, event: &Event<'_>, mut each: impl FnMut(&str)) {
        let mut show = |value: JsonValue<'_>| {
            if value.kind() != ValueKind::Null {
                each(&shown(value));
            }
        };
        match self {
            Field::Path(path) => path.each(event, &mut show),
            Field::First(paths) => {
                if let Some(path) = paths.iter().find(|path| is_any(path, event, |_| true)) {
                    path.each(event, &mut show);
                }
            }
            Field::UserName(identities) => {
                if let Some(name) = identities.principal(event).name() {
                    each(&name.parts().concat());
                }
            }
            Field::Actor(_) | Field::ActorVia(_) | Field::Session(_) | Field::Geo(_) => {
                if let Some(text) = self.derived_text(event) {
                    each(&text);
                }
            }
            Field::Resources(fields) => fields.list(event).iter().for_each(|resource| each(resource)),
            Field::Network(network) => {
                if let Some(name) = network.name(event) {
                    each(name);
                }
            }
        }
    }

    /// The text of a field that is derived from several others; `None` if it is absent,
    /// or not such a field.
    pub fn derived_text(&mut self, event: &Event<'_>) -> Option<String> {
        match self {
            Field::Actor(actors) => actors.actor(event).map(|actor| actor.name),
            Field::ActorVia(actors) => actors.actor(event).map(|actor| actor.via.to_string()),
            Field::Session(sessions) => sessions.id(event),
            Field::UserName(identities) => identities.principal(event).name().map(|name| name.parts().concat()),
            Field::Network(networks) => networks.name(event).map(String::from),
            Field::Geo(geoip) => geoip.value(event),
            Field::Path(_) | Field::First(_) | Field::Resources(_) => None,
        }
    }

    /// The reader of actors, if the field depends on them.
    pub fn actor_reader(&mut self) -> Option<&mut ActorReader> {
        match self {
            Field::Actor(actors) | Field::ActorVia(actors) => Some(actors),
            _ => None,
        }
    }

    /// Whether any value, as its cell would show it, passes the test; null never does.
    /// For a list, one value or the whole joined list may pass.
    pub fn any(&mut self, event: &Event<'_>, test: &impl LongValueTest, shortened: &ShortenedFlag) -> bool {
        let is_shown = |value: JsonValue<'_>| long_value::matches(value, test, shortened);
        match self {
            Field::Path(path) => is_any(path, event, is_shown),
            Field::First(paths) => {
                let first = paths.iter().find(|path| is_any(path, event, |_| true));
                first.is_some_and(|path| is_any(path, event, is_shown))
            }
            Field::UserName(identities) => identities.principal(event).name().is_some_and(|name| {
                let name = name.parts().concat();
                shortened.note(&name);
                test.matches(&name)
            }),
            Field::Actor(_) | Field::ActorVia(_) | Field::Session(_) | Field::Geo(_) => {
                self.derived_text(event).is_some_and(|text| {
                    shortened.note(&text);
                    test.matches(&text)
                })
            }
            Field::Network(network) => network.name(event).is_some_and(|name| test.matches(name)),
            Field::Resources(fields) => {
                let list = fields.list(event);
                let is_one = |resource: &str| test.matches(resource);
                if list.iter().any(|resource| is_one(resource)) {
                    return true;
                }
                let all = list.join(";");
                shortened.note(&all);
                (all.ends_with(CUT) && fields.any(event, is_one)) || (list.len() > 1 && test.matches(&all))
            }
        }
    }
}

/// The reason why a derived value cannot be read, with its name.
fn with_name(name: &str, reason: String) -> String {
    if name == NETWORK || geoip::attribute(name).is_some() { format!("{name} {reason}") } else { reason }
}

/// The text of a value as its cell shows it; of a long value, the start.
fn shown<'a>(value: JsonValue<'a>) -> Cow<'a, str> {
    value.scalar().unwrap_or_else(|| match value.raw() {
        raw if raw.len() > MAX_TEXT => Cow::Owned(String::from_utf8_lossy(&raw[..MAX_TEXT]).into_owned() + CUT),
        raw if value.is_plain() => String::from_utf8_lossy(raw),
        _ => Cow::Owned(String::from_utf8_lossy(&value.compact()).into_owned()),
    })
}

fn is_any(path: &FieldPath, event: &Event<'_>, is: impl Fn(JsonValue<'_>) -> bool) -> bool {
    let mut found = false;
    path.each(event, &mut |value| found = found || (value.kind() != ValueKind::Null && is(value)));
    found
}

/// A path from an event to values inside it.
#[derive(Clone, Debug)]
pub struct FieldPath {
    root: FieldId,
    steps: Vec<PathStep>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum PathStep {
    /// The member with this name.
    Member(Box<str>),
    /// Every element of an array.
    Each,
    /// The element at this index.
    Element(usize),
}

impl FieldPath {
    /// Parses a path: names joined by dots, `[]` for every element of an array, `[0]`
    /// for one, and double quotes around names with dots. A leading dot is allowed.
    /// Fails with the reason why the path is invalid.
    pub fn parse(text: &str, fields: &mut FieldSet) -> Result<FieldPath, String> {
        let mut steps = steps(text.strip_prefix('.').unwrap_or(text))?.into_iter();
        match steps.next() {
            Some(PathStep::Member(name)) => {
                let root = fields.add(&name)?;
                Ok(FieldPath { root, steps: steps.collect() })
            }
            _ => Err("does not begin with a field name".into()),
        }
    }

    /// The top-level field that the path starts in.
    pub fn root(&self) -> FieldId {
        self.root
    }

    /// The name of the last member on the path, below its first field; `None` if there
    /// is none.
    pub fn last_member(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            PathStep::Member(name) => Some(&**name),
            _ => None,
        })
    }

    /// The names on the path, that of its top-level field first; `None` if it leads into an
    /// array.
    pub fn names<'p>(&'p self, fields: &'p FieldSet) -> Option<Vec<&'p str>> {
        let member = |step: &'p PathStep| match step {
            PathStep::Member(name) => Some(&**name),
            PathStep::Each | PathStep::Element(_) => None,
        };
        std::iter::once(Some(fields.name(self.root))).chain(self.steps.iter().map(member)).collect()
    }

    /// Whether the path can lead to several values.
    pub fn has_many_values(&self) -> bool {
        self.steps.contains(&PathStep::Each)
    }

    /// Calls `each` for the values that the path leads to, in their order.
    pub fn each<'a>(&self, event: &Event<'a>, each: &mut dyn FnMut(JsonValue<'a>)) {
        if let Some(value) = event.get(self.root) {
            follow(value, &self.steps, each);
        }
    }

    /// The value at a path that leads to at most one.
    pub fn value<'a>(&self, event: &Event<'a>) -> Option<JsonValue<'a>> {
        let mut found = None;
        self.each(event, &mut |value| found = Some(value));
        found
    }
}

fn follow<'a>(value: JsonValue<'a>, steps: &[PathStep], each: &mut dyn FnMut(JsonValue<'a>)) {
    let Some((step, rest)) = steps.split_first() else { return each(value) };
    match step {
        PathStep::Member(name) => {
            if let Some(member) = value.member(name) {
                follow(member, rest, each);
            }
        }
        PathStep::Each => value.each_element(|element| follow(element, rest, each)),
        PathStep::Element(wanted) => {
            let mut at = 0;
            value.each_element(|element| {
                if at == *wanted {
                    follow(element, rest, each);
                }
                at += 1;
            });
        }
    }
}

fn steps(text: &str) -> Result<Vec<PathStep>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let (name, after) = name(rest)?;
        steps.push(PathStep::Member(name.into()));
        rest = after;
        while let Some(inside) = rest.strip_prefix('[') {
            let (index, after) = inside.split_once(']').ok_or("has an unclosed [")?;
            steps.push(match index {
                "" => PathStep::Each,
                digits => PathStep::Element(digits.parse().map_err(|_| format!("has [{digits}]; write [] or [0]"))?),
            });
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(steps),
            None => return Err(format!("has an unexpected {rest:?}")),
        }
    }
}

/// Splits `text` into the name that it starts with and the rest.
fn name(text: &str) -> Result<(&str, &str), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').ok_or_else(|| "has an unclosed quote".into());
    }
    match text.find(['.', '[', '"']).unwrap_or(text.len()) {
        0 => Err("has an empty name".into()),
        end if text[..end].contains(['*', '?']) => Err(WILDCARD.into()),
        end => Ok(text.split_at(end)),
    }
}

/// The text of a field; of a long one, its start. `None` if the field is absent, null,
/// an object or an array.
pub fn text<'a>(event: &Event<'a>, field: FieldId) -> Option<Cow<'a, str>> {
    event.get(field).filter(|value| value.kind() != ValueKind::Null)?.scalar()
}

/// The text of a value, unless it is empty; of a long one, its start.
pub fn text_of(value: Option<JsonValue<'_>>) -> Option<Cow<'_, str>> {
    value?.scalar().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    fn values(path: &str, json: &str) -> Vec<String> {
        let mut fields = FieldSet::default();
        let path = FieldPath::parse(path, &mut fields).unwrap();
        with_event(json, &fields, |event| {
            let mut found = Vec::new();
            path.each(event, &mut |value| found.push(String::from_utf8_lossy(value.raw()).into_owned()));
            found
        })
    }

    #[test]
    fn paths_lead_to_values() {
        let json = r#"{"a":{"b":[{"c":1},{"c":2,"d.e":[[3,4],[5]]},{}],"b2":null}}"#;
        for (path, expected) in [
            ("a.b[].c", vec!["1", "2"]),
            (".a.b[1].c", vec!["2"]),
            ("a.b[1].\"d.e\"[][]", vec!["3", "4", "5"]),
            ("a.b2", vec!["null"]),
            ("a.b[9]", vec![]),
            ("a.b.c", vec![]),
            ("x.y", vec![]),
        ] {
            assert_eq!(values(path, json), expected, "{path}");
        }
    }

    #[test]
    fn invalid_paths_are_refused() {
        for path in
            ["", ".", "a..b", "a.", "[0]", "a[", "a[x]", "a[-1]", "a]b[", "a[0]b", "a.\"b", "a\"b\"", "a.*", "a.b?"]
        {
            let refused = FieldPath::parse(path, &mut FieldSet::default());
            assert!(refused.is_err(), "{path} {refused:?}");
        }
    }
}
