//! The theme of a call: which part of an account's security it concerns, and on what it acts.

mod rules;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

pub use self::rules::RULES;
use crate::cloudtrail::field::FieldPath;
use crate::cloudtrail::resource::ResourceFields;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{CUT, ValueKind};

/// A part of an account's security, in the order in which a summary shows them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Theme {
    Logging,
    Organisation,
    SignIns,
    UsersAndKeys,
    PoliciesAndRoles,
    Secrets,
    Kms,
    Sharing,
    Buckets,
    SecurityGroups,
    Network,
    KeyPairs,
    Instances,
    Code,
    Databases,
}

impl Theme {
    /// All themes in their order.
    pub const ALL: [Theme; 15] = [
        Theme::Logging,
        Theme::Organisation,
        Theme::SignIns,
        Theme::UsersAndKeys,
        Theme::PoliciesAndRoles,
        Theme::Secrets,
        Theme::Kms,
        Theme::Sharing,
        Theme::Buckets,
        Theme::SecurityGroups,
        Theme::Network,
        Theme::KeyPairs,
        Theme::Instances,
        Theme::Code,
        Theme::Databases,
    ];

    /// The name that people see.
    pub const fn name(self) -> &'static str {
        match self {
            Theme::Logging => "logging and detection",
            Theme::Organisation => "organisation",
            Theme::SignIns => "sign-ins",
            Theme::UsersAndKeys => "IAM users and keys",
            Theme::PoliciesAndRoles => "IAM policies and roles",
            Theme::Secrets => "secrets",
            Theme::Kms => "KMS keys",
            Theme::Sharing => "shared snapshots and images",
            Theme::Buckets => "buckets",
            Theme::SecurityGroups => "security groups",
            Theme::Network => "network",
            Theme::KeyPairs => "key pairs",
            Theme::Instances => "instances",
            Theme::Code => "functions and commands",
            Theme::Databases => "databases",
        }
    }

    /// The theme with this name.
    pub fn from_name(name: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// The theme of some calls of a service.
#[derive(Clone, Copy, Debug)]
pub struct ThemeRule {
    /// The theme.
    pub theme: Theme,
    /// The event source up to its first dot, such as `ec2`.
    pub source: &'static str,
    /// The event names, separated by spaces, without the version that Lambda appends.
    pub names: &'static str,
    /// Paths to the name or id of what the call acts on: the first that leads to a value is
    /// taken, and the resources of the event if none does.
    pub object: &'static [&'static str],
}

impl ThemeRule {
    /// The event names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split_whitespace()
    }
}

/// The theme of calls with this source and name, by the static table.
pub fn theme(source: &str, name: &str) -> Option<Theme> {
    let (service, name) = (service(source), without_version(name));
    RULES.iter().find(|rule| rule.source == service && rule.names().any(|known| known == name)).map(|rule| rule.theme)
}

/// The event source up to its first dot.
fn service(source: &str) -> &str {
    source.split('.').next().unwrap_or_default()
}

/// The name without the version of the API that some services append, as in
/// `UpdateFunctionCode20150331v2`.
fn without_version(name: &str) -> &str {
    let base = name.trim_end_matches(|last: char| last.is_ascii_digit() || matches!(last, 'v' | '_'));
    let version = &name[base.len()..];
    let is_version = version.starts_with("20") && version.bytes().filter(u8::is_ascii_digit).count() >= 8;
    if is_version { base } else { name }
}

/// Finds the theme of events, and what they act on.
#[derive(Clone, Debug)]
pub struct ThemeReader {
    name: FieldId,
    source: FieldId,
    /// Positions of the rules that have the name.
    rules: HashMap<&'static str, Vec<usize>, FixedState>,
    /// The paths of each rule.
    objects: Vec<Vec<FieldPath>>,
    request: FieldId,
    resources: ResourceFields,
}

impl ThemeReader {
    /// Adds the fields it reads to `fields`. Fails if there are too many.
    pub fn new(fields: &mut FieldSet) -> Result<ThemeReader, String> {
        let mut rules = HashMap::<_, Vec<usize>, _>::with_hasher(FixedState::default());
        for (at, rule) in RULES.iter().enumerate() {
            for name in rule.names() {
                rules.entry(name).or_default().push(at);
            }
        }
        let objects = RULES.iter().map(|rule| {
            let paths = rule.object.iter().map(|path| FieldPath::parse(path, fields));
            paths.collect::<Result<_, _>>()
        });
        let objects = objects.collect::<Result<_, _>>()?;
        Ok(ThemeReader {
            name: fields.add("eventName")?,
            source: fields.add("eventSource")?,
            rules,
            objects,
            request: fields.add("requestParameters")?,
            resources: ResourceFields::new(fields)?,
        })
    }

    /// The rule for an event; `None` if it has no theme.
    pub fn rule(&self, event: &Event<'_>) -> Option<&'static ThemeRule> {
        self.position(event).and_then(|at| RULES.get(at))
    }

    /// The position of the rule for an event in [`RULES`]. It depends on the name and the source
    /// of the event alone.
    pub fn position(&self, event: &Event<'_>) -> Option<usize> {
        let name = event.get(self.name)?.string()?;
        let rules = self.rules.get(without_version(&name))?;
        let source = event.get(self.source)?.string()?;
        let service = service(&source);
        rules.iter().copied().find(|at| RULES[*at].source == service)
    }

    /// The theme of an event, and what it acts on, joined by `;`. `None` if it has no theme.
    pub fn read(&self, event: &Event<'_>) -> Option<(Theme, String)> {
        let at = self.position(event)?;
        Some((RULES.get(at)?.theme, self.object(at, event).text))
    }

    /// What an event acts on by the rule at this position.
    pub fn object(&self, position: usize, event: &Event<'_>) -> ThemeObject {
        let mut is_of_request = true;
        for path in self.objects.get(position).into_iter().flatten() {
            is_of_request &= path.root() == self.request;
            let text = texts(path, event);
            if !text.is_empty() {
                return ThemeObject { text, is_of_request };
            }
        }
        ThemeObject { text: self.resources.list(event).join(";"), is_of_request: false }
    }
}

/// What an event acts on.
#[derive(Clone, Debug)]
pub struct ThemeObject {
    /// Its names or ids, joined by `;`.
    pub text: String,
    /// Whether this depends on nothing but the rule and `requestParameters`.
    pub is_of_request: bool,
}

/// The texts that the path leads to, joined by `;`.
fn texts(path: &FieldPath, event: &Event<'_>) -> String {
    /// Longer than any name; a list can be longer.
    const MAX_NAME: usize = 4096;
    let mut joined = String::new();
    path.each(event, &mut |value| {
        let is_text = matches!(value.kind(), ValueKind::String | ValueKind::Scalar);
        if !is_text || joined.ends_with(CUT) || value.raw() == b"null" {
            return;
        }
        if joined.len() + value.raw().len() > MAX_NAME {
            return joined.push_str(CUT);
        }
        let Some(text) = value.scalar().filter(|text| !text.is_empty()) else { return };
        if !joined.is_empty() {
            joined.push(';');
        }
        joined.push_str(&text);
    });
    joined
}

#[cfg(test)]
mod tests;
