//! The less common conditions, ordered by cost. The common ones are in
//! [`criteria`](crate::filter::criteria).

use super::comparison::Comparison;
use super::grep::Grep;
use super::search::{Boundary, Needle, needles_of_regex, required_literals};
use crate::cloudtrail::call::{AccessKind, FailureRule};
use crate::cloudtrail::field::FieldPath;
use crate::cloudtrail::long;
use crate::cloudtrail::long::CutCounter;
use crate::cloudtrail::resource::{ResourceChoice, ResourceFields};
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::JsonValue;
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::syntax::glob::{Pattern, PatternSet, UnmatchedValues, split_list};

/// One condition on an event.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Whether the call failed.
    Failed(FailureRule, bool),
    /// Whether the call only read.
    Read(AccessKind, bool),
    /// The error code of the call.
    ErrorCode(FieldId, PatternSet<Pattern>),
    /// The access key that signed the call.
    AccessKey(FieldPath, PatternSet<Pattern>),
    /// A condition on any field.
    Where(Box<Comparison>),
    /// The resources of the call.
    Resource(ResourceChoice),
    /// A regular expression over the whole event.
    Grep(Grep),
}

impl Condition {
    /// Compiles the conditions in `asked`, and adds the fields they read to `fields`.
    pub fn all(asked: &FilterSpec, fields: &mut FieldSet) -> Result<Vec<Condition>, Error> {
        let mut all = Vec::new();
        if let Some(is_failed) = asked.is_failed {
            all.push(Condition::Failed(FailureRule::new(fields)?, is_failed));
        }
        if let Some(is_read) = asked.is_read {
            all.push(Condition::Read(AccessKind::new(fields)?, is_read));
        }
        if let Some(choice) = patterns("--error-code", &asked.error_codes)? {
            all.push(Condition::ErrorCode(fields.slot("errorCode")?, choice));
        }
        if let Some(choice) = patterns("--access-key", &asked.access_keys)? {
            let path = FieldPath::parse("userIdentity.accessKeyId", fields).map_err(Error::usage)?;
            all.push(Condition::AccessKey(path, choice));
        }
        for text in &asked.wheres {
            all.push(Condition::Where(Box::new(Comparison::parse(text, asked.now, fields)?)));
        }
        let resources = ResourceFields::new(fields)?;
        all.extend(ResourceChoice::new(resources, &split_list(&asked.resources))?.map(Condition::Resource));
        all.extend(Grep::new(&asked.greps)?.map(Condition::Grep));
        Ok(all)
    }

    /// Whether the event satisfies the condition.
    pub fn holds(&mut self, event: &Event<'_>, shortened: &CutCounter) -> bool {
        let fits = |value: Option<JsonValue<'_>>, choice: &PatternSet<Pattern>| {
            choice.admits(|pattern| value.is_some_and(|value| long::scalar_holds(value, pattern, shortened)))
        };
        match self {
            Condition::Failed(failure, wanted) => failure.is_failed(event) == *wanted,
            Condition::Read(access, wanted) => access.is_read(event) == Some(*wanted),
            Condition::ErrorCode(slot, choice) => fits(event.get(*slot), choice),
            Condition::AccessKey(path, choice) => fits(path.value(event), choice),
            Condition::Where(comparison) => comparison.holds(event, shortened),
            Condition::Resource(choice) => choice.admits(event),
            Condition::Grep(grep) => grep.admits(event),
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

    /// The values of a pattern list that have matched no event so far.
    pub fn unmatched(&self) -> Option<UnmatchedValues> {
        match self {
            Condition::ErrorCode(_, choice) | Condition::AccessKey(_, choice) => choice.unmatched(),
            Condition::Resource(resource) => resource.choice().unmatched(),
            Condition::Failed(..) | Condition::Read(..) | Condition::Where(_) | Condition::Grep(_) => None,
        }
    }

    /// Literals of which every matching event contains one; `None` if none can be
    /// derived.
    pub fn needles(&self) -> Option<Vec<Needle>> {
        match self {
            Condition::Failed(..) | Condition::Read(..) => None,
            Condition::ErrorCode(_, choice) | Condition::AccessKey(_, choice) => {
                required_literals(choice, Boundary::WHOLE)
            }
            Condition::Where(comparison) => comparison.needles(),
            Condition::Resource(resource) => required_literals(resource.choice(), Boundary::NONE),
            Condition::Grep(grep) => {
                let needles = grep.patterns().iter().map(|pattern| needles_of_regex(pattern, Boundary::NONE));
                Some(needles.collect::<Option<Vec<_>>>()?.concat())
            }
        }
    }
}

fn patterns(option: &str, values: &[String]) -> Result<Option<PatternSet<Pattern>>, Error> {
    PatternSet::new(option, &split_list(values), |value| Pattern::new(option, value))
}
