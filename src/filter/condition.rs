//! The conditions that the options of the table are compiled to.

use super::address::AddressPattern;
use super::comparison::Comparison;
use super::grep::Grep;
use super::options::{ConditionKind, FilterOption};
use super::search::{Boundary, Needle, needles_of_regex, required_literals};
use super::spec::FilterSpec;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::call::{FailureRule, ReadRule};
use crate::cloudtrail::field::FieldPath;
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::long_value;
use crate::cloudtrail::long_value::ShortenedFlag;
use crate::cloudtrail::resource::{ResourceFields, ResourcePatterns};
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{JsonValue, ValueKind};
use crate::error::Error;
use crate::syntax::glob::{Pattern, PatternSet, UnmatchedValues};
use crate::syntax::value_list::{ListError, ListValue};

/// One condition on an event.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The value of a field.
    Field(FieldId, PatternSet<Pattern>),
    /// The value at a path.
    Path(FieldPath, PatternSet<Pattern>),
    /// The service that was called.
    Service(FieldId, PatternSet<ServicePattern>),
    /// The account of the event.
    Account(AccountFields, PatternSet<Pattern>),
    /// The source address.
    Address(FieldId, PatternSet<AddressPattern>),
    /// The names of the caller.
    User(Box<IdentityReader>, PatternSet<Pattern>),
    /// The actor.
    Actor(Box<ActorReader>, PatternSet<Pattern>),
    /// Whether the call failed.
    Failed(FailureRule, bool),
    /// Whether the call only read.
    Read(ReadRule, bool),
    /// A condition on any field.
    Where(Box<Comparison>),
    /// The resources of the call.
    Resource(ResourcePatterns),
    /// A regular expression over the whole event.
    Grep(Grep),
}

impl Condition {
    /// Compiles the values of a condition, and adds the fields it reads to `fields`;
    /// `None` if an option for values has none.
    pub fn new(
        option: &FilterOption,
        values: &[String],
        asked: &FilterSpec,
        fields: &mut FieldSet,
    ) -> Result<Option<Condition>, Error> {
        let flag = option.flag;
        let (values, lists) = (&option.split(values), asked.options.lists());
        let patterns = || {
            let compile = |value: &str| Pattern::new(flag, value);
            PatternSet::with_lists(flag, values, lists, compile, |values| Pattern::of_list(values))
        };
        Ok(match option.kind {
            ConditionKind::Field(name) => {
                let field = fields.add(name)?;
                patterns()?.map(|patterns| Condition::Field(field, patterns))
            }
            ConditionKind::Path(path) => {
                let path = FieldPath::parse(path, fields).map_err(Error::usage)?;
                patterns()?.map(|patterns| Condition::Path(path, patterns))
            }
            ConditionKind::Service => {
                let field = fields.add("eventSource")?;
                let compile = |value: &str| ServicePattern::new(flag, value);
                let services = PatternSet::with_lists(flag, values, lists, compile, ServicePattern::of_list);
                services?.map(|patterns| Condition::Service(field, patterns))
            }
            ConditionKind::Account => {
                let account = AccountFields::new(fields)?;
                patterns()?.map(|patterns| Condition::Account(account, patterns))
            }
            ConditionKind::Address => {
                let field = fields.add("sourceIPAddress")?;
                let networks = asked.networks.as_ref();
                let compile = |value: &str| AddressPattern::new(flag, value, networks);
                let compile_list =
                    |values: &mut dyn Iterator<Item = ListValue<'_>>| AddressPattern::of_list(values, networks);
                let addresses = PatternSet::with_lists(flag, values, lists, compile, compile_list);
                addresses?.map(|patterns| Condition::Address(field, patterns))
            }
            ConditionKind::User => {
                let identities = Box::new(IdentityReader::new(fields)?);
                patterns()?.map(|patterns| Condition::User(identities, patterns))
            }
            ConditionKind::Actor => {
                let actors = Box::new(ActorReader::new(fields)?);
                patterns()?.map(|patterns| Condition::Actor(actors, patterns))
            }
            ConditionKind::Failed(is_failed) => Some(Condition::Failed(FailureRule::new(fields)?, is_failed)),
            ConditionKind::Read(is_read) => Some(Condition::Read(ReadRule::new(fields)?, is_read)),
            ConditionKind::Where => {
                let comparison = values.first().map(|text| Comparison::parse(text, asked.now, fields)).transpose()?;
                comparison.map(|comparison| Condition::Where(Box::new(comparison)))
            }
            ConditionKind::Resource => {
                let resources = ResourceFields::new(fields)?;
                patterns()?.map(|patterns| Condition::Resource(ResourcePatterns::new(resources, patterns)))
            }
            ConditionKind::Grep => Grep::new(flag, values)?.map(Condition::Grep),
        })
    }

    /// Whether the event satisfies the condition.
    pub fn matches(&mut self, event: &Event<'_>, shortened: &ShortenedFlag) -> bool {
        let fits = |pattern: &Pattern, value: JsonValue<'_>| long_value::scalar_matches(value, pattern, shortened);
        match self {
            Condition::Field(field, patterns) => any(event.get(*field), patterns, fits),
            Condition::Path(path, patterns) => any(path.value(event), patterns, fits),
            Condition::Service(field, patterns) => {
                any(event.get(*field), patterns, |service, value| service.matches(value, shortened))
            }
            Condition::Account(account, patterns) => any(account.id(event), patterns, fits),
            Condition::Address(field, patterns) => any(event.get(*field), patterns, |address, value| {
                long_value::start(value, shortened).is_some_and(|text| address.matches(&text))
            }),
            Condition::User(identities, patterns) => {
                let principal = identities.principal(event);
                patterns.accepts(|pattern| {
                    principal.is_any(|name| {
                        shortened.note(name);
                        pattern.matches(name)
                    })
                })
            }
            Condition::Actor(actors, patterns) => {
                let actor = actors.actor(event);
                patterns.accepts(|pattern| {
                    actor.as_ref().is_some_and(|actor| {
                        actor.is_any(|name| {
                            shortened.note(name);
                            pattern.matches(name)
                        })
                    })
                })
            }
            Condition::Failed(failure, wanted) => failure.is_failed(event) == *wanted,
            Condition::Read(access, wanted) => access.is_read(event) == Some(*wanted),
            Condition::Where(comparison) => comparison.matches(event, shortened),
            Condition::Resource(patterns) => patterns.matches(event),
            Condition::Grep(grep) => grep.matches(event),
        }
    }

    /// Whether the event fails the condition only because a time in it cannot be
    /// parsed.
    pub fn is_undecided(&mut self, event: &Event<'_>) -> bool {
        match self {
            Condition::Where(comparison) => comparison.is_undecided(event),
            _ => false,
        }
    }

    /// The reader of actors, if the condition depends on them.
    pub fn actor_reader(&mut self) -> Option<&mut ActorReader> {
        match self {
            Condition::Actor(actors, _) => Some(actors),
            Condition::Where(comparison) => comparison.actor_reader(),
            _ => None,
        }
    }

    /// The values of a pattern list that have matched no event so far.
    pub fn unmatched(&self) -> Option<UnmatchedValues> {
        match self {
            Condition::Field(_, patterns)
            | Condition::Path(_, patterns)
            | Condition::Account(_, patterns)
            | Condition::User(_, patterns)
            | Condition::Actor(_, patterns) => patterns.unmatched(),
            Condition::Service(_, patterns) => patterns.unmatched(),
            Condition::Address(_, patterns) => patterns.unmatched(),
            Condition::Resource(resource) => resource.patterns().unmatched(),
            Condition::Failed(..) | Condition::Read(..) | Condition::Where(_) | Condition::Grep(_) => None,
        }
    }

    /// Literals of which every matching event contains one; `None` if none can be
    /// derived.
    pub fn needles(&self) -> Option<Vec<Needle>> {
        match self {
            Condition::Failed(..) | Condition::Read(..) | Condition::Service(..) | Condition::Account(..) => None,
            // Other events prove an actor.
            Condition::Actor(..) => None,
            Condition::Field(_, patterns) | Condition::Path(_, patterns) => {
                required_literals(patterns, Boundary::WHOLE)
            }
            Condition::Address(_, patterns) => AddressPattern::needles(patterns.wanted()),
            Condition::User(_, patterns) => required_literals(patterns, Boundary::PARTS),
            Condition::Where(comparison) => comparison.needles(),
            Condition::Resource(resource) => required_literals(resource.patterns(), Boundary::NONE),
            Condition::Grep(grep) => {
                let needles = grep.patterns().iter().map(|pattern| needles_of_regex(pattern, Boundary::NONE));
                Some(needles.collect::<Option<Vec<_>>>()?.concat())
            }
        }
    }
}

/// Whether the value satisfies the pattern list. A missing value never matches.
fn any<T>(value: Option<JsonValue<'_>>, patterns: &PatternSet<T>, fits: impl Fn(&T, JsonValue<'_>) -> bool) -> bool {
    patterns.accepts(|pattern| value.is_some_and(|value| fits(pattern, value)))
}

/// A service, where `ec2` is short for `ec2.amazonaws.com`.
#[derive(Clone, Debug)]
pub struct ServicePattern {
    pattern: Pattern,
    is_short: bool,
}

impl ServicePattern {
    fn new(option: &str, text: &str) -> Result<ServicePattern, Error> {
        Ok(ServicePattern { pattern: Pattern::new(option, text)?, is_short: !text.contains('.') })
    }

    fn of_list(values: &mut dyn Iterator<Item = ListValue<'_>>) -> Result<Vec<ServicePattern>, ListError> {
        let (whole, short): (Vec<_>, Vec<_>) = values.partition(|value| value.text.contains('.'));
        let mut services = Vec::new();
        for (values, is_short) in [(whole, false), (short, true)] {
            let patterns = Pattern::of_list(values)?.into_iter();
            services.extend(patterns.map(|pattern| ServicePattern { pattern, is_short }));
        }
        Ok(services)
    }

    fn matches(&self, source: JsonValue<'_>, shortened: &ShortenedFlag) -> bool {
        let service =
            |source: &str| source.strip_suffix(".amazonaws.com").is_some_and(|name| self.pattern.matches(name));
        long_value::scalar_matches(source, &self.pattern, shortened)
            || (self.is_short && long_value::start(source, shortened).is_some_and(|source| service(&source)))
    }
}

/// The fields with the account of an event.
#[derive(Clone, Copy, Debug)]
pub struct AccountFields {
    recipient: FieldId,
    identity: FieldId,
}

impl AccountFields {
    fn new(fields: &mut FieldSet) -> Result<AccountFields, Error> {
        Ok(AccountFields { recipient: fields.add("recipientAccountId")?, identity: fields.add("userIdentity")? })
    }

    /// The account of an event: the recipient. Events of the first versions do not
    /// record it, but they record the caller's account.
    fn id<'a>(&self, event: &Event<'a>) -> Option<JsonValue<'a>> {
        let is_text = |value: &JsonValue<'_>| matches!(value.kind(), ValueKind::String | ValueKind::Scalar);
        let id = event.get(self.recipient).filter(is_text);
        id.or_else(|| event.get(self.identity)?.member("accountId"))
    }
}
