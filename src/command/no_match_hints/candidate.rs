//! A condition that may have matched nothing, and the values that its field has instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lone_condition::LoneCondition;
use super::written_path::written_path;
use crate::cloudtrail::actor::ActorIndex;
use crate::cloudtrail::field::Field;
use crate::decode::event::{Event, FieldSet};
use crate::filter::Filter;
use crate::filter::comparison::Comparison;
use crate::filter::options::{ConditionKind, FilterOption};
use crate::syntax::suggest::nearest;
use crate::syntax::value_list::named_file;

/// The most different values to count per option.
const NAMES: usize = 4096;

/// A condition tested alone, and the values that events have in its field.
pub(super) struct HintCandidate {
    pub(super) option: &'static FilterOption,
    pub(super) values: Vec<String>,
    filter: Filter,
    names: HintNames,
    /// Whether an event of the sample matched.
    pub(super) has_match: bool,
    /// The number of events per value.
    found: BTreeMap<String, u64>,
    /// The field that is compared, if the condition names one.
    compared: Option<ComparedField>,
}

/// A field that the user typed, which events may not have.
struct ComparedField {
    name: String,
    /// Whether an event of the sample has the field.
    is_present: bool,
    /// The path that events have in its place.
    written_path: Option<String>,
}

/// The values to suggest in place of those of a condition.
enum HintNames {
    /// The values of a field.
    Of(Field),
    /// The condition has no field whose values are short.
    None,
}

impl HintCandidate {
    /// `None` if the condition cannot be parsed alone.
    pub(super) fn new(condition: LoneCondition, fields: &mut FieldSet) -> Option<HintCandidate> {
        let LoneCondition { option, values, conditions } = condition;
        let compared = values.first().filter(|_| option.kind == ConditionKind::Where);
        let compared = compared.and_then(|text| ComparedField::new(text));
        let column = option.column.or(compared.as_ref().map(|compared| &*compared.name));
        let names = match column {
            None => HintNames::None,
            Some(column) => HintNames::Of(Field::parse(column, fields).ok()?),
        };
        let filter = Filter::new(&conditions, fields).ok()?;
        Some(HintCandidate { option, values, filter, names, has_match: false, found: BTreeMap::new(), compared })
    }

    /// Resolves actors by this index.
    pub(super) fn set_actors(&mut self, index: &Arc<ActorIndex>) {
        self.filter.each_actor_reader(&mut |reader| reader.set_index(index));
        if let HintNames::Of(field) = &mut self.names
            && let Some(reader) = field.actor_reader()
        {
            reader.set_index(index);
        }
    }

    /// Whether there are values to suggest.
    pub(super) fn has_names(&self) -> bool {
        !matches!(self.names, HintNames::None)
    }

    /// Looks at an event of the sample.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        const MAX_VALUE: usize = 200;
        self.has_match = self.has_match || self.filter.answer(event).is_wanted();
        let HintNames::Of(field) = &mut self.names else { return };
        if self.has_match {
            return;
        }
        if let Some(compared) = &mut self.compared {
            compared.note(event, field);
        }
        let found = &mut self.found;
        field.each(event, |name| {
            let is_short = !name.is_empty() && name.len() < MAX_VALUE && !name.starts_with(['{', '[']);
            if is_short && (found.len() < NAMES || found.contains_key(name)) {
                *found.entry(name.to_string()).or_default() += 1;
            }
        });
    }

    /// The hint for this condition; `None` if its field has no value to suggest.
    pub(super) fn hint(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let (option, values) = (self.option.flag, self.values.join(", "));
        if matches!(self.names, HintNames::None) {
            return Some(if values.is_empty() { option.into() } else { format!("{option} {values:?}") });
        }
        if self.found.is_empty() {
            let ComparedField { name, is_present, written_path } = self.compared.as_ref()?;
            if *is_present {
                return Some(format!("{option} {values:?}"));
            }
            let meant = written_path.as_ref().map(|path| format!("; did you mean {path}?"));
            return Some(format!("{option} {values:?}; no event has {name}{}", meant.unwrap_or_default()));
        }
        if self.has_comma() {
            return Some(format!("{option} {values:?}; a comma is part of the value, so repeat {option} for each"));
        }
        if let Some(meant) = self.meant() {
            return Some(meant);
        }
        let mut found: Vec<(&String, &u64)> = self.found.iter().collect();
        found.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let names: Vec<&str> = found.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
        let more = found.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("{option} {values:?}; existing values: {}{rest}", names.join(", ")))
    }

    /// Whether a value of `--user` or `--actor` has a comma, and is not a mistyped name.
    fn has_comma(&self) -> bool {
        let names: Vec<&str> = self.found.keys().map(String::as_str).collect();
        let has_comma = |value: &String| value.contains(',') && self.alike_caller(value, &names).is_none();
        self.names_callers() && self.values.iter().any(has_comma)
    }

    /// Whether the values of the condition are names of callers.
    fn names_callers(&self) -> bool {
        matches!(self.option.kind, ConditionKind::User | ConditionKind::Actor)
    }

    /// The values of the condition with the probably intended ones; `None` if no value
    /// is similar.
    pub(super) fn meant(&self) -> Option<String> {
        let is_new = |value: &str, name: &&str| !name.eq_ignore_ascii_case(value);
        let is_list = |value: &str| self.option.takes_lists() && named_file(value).is_some();
        let patterns = self.values.iter().filter_map(|value| match self.option.kind {
            ConditionKind::Where => Comparison::value_in(value),
            _ => Some(value.as_str()),
        });
        let wanted = patterns.filter(|value| !value.starts_with('!') && !is_list(value));
        let alike: Vec<&str> =
            wanted.filter_map(|value| self.alike(value).filter(|name| is_new(value, name))).collect();
        let values = self.values.join(", ");
        (!alike.is_empty()).then(|| format!("{} {values:?}; did you mean {}?", self.option.flag, alike.join(" or ")))
    }

    /// The name of a caller that a pattern was probably meant to match: a cell such as
    /// `Role/session` has two, and names can be typed without their domain.
    fn alike_caller<'n>(&self, pattern: &str, names: &[&'n str]) -> Option<&'n str> {
        if !self.names_callers() {
            return None;
        }
        let parts: Vec<&str> = names.iter().flat_map(|name| name.split('/')).collect();
        let local = |part: &&'n str| part.split('@').next().unwrap_or(part);
        let pattern = if pattern.starts_with("arn:") { pattern.rsplit('/').next()? } else { pattern };
        nearest(pattern, &parts).or_else(|| {
            let locals: Vec<&str> = parts.iter().map(local).collect();
            let alike = nearest(pattern, &locals)?;
            parts.iter().find(|part| local(part) == alike).copied()
        })
    }

    /// The value of the sample that a pattern was probably meant to match.
    fn alike(&self, pattern: &str) -> Option<&str> {
        let names: Vec<&str> = self.found.keys().map(String::as_str).collect();
        // Policies write ec2:RunInstances.
        let is_call = self.option.kind == ConditionKind::Field("eventName");
        let pattern = pattern.rsplit(':').next().filter(|_| is_call).unwrap_or(pattern);
        if let Some(name) = self.alike_caller(pattern, &names) {
            return Some(name);
        }
        let lower = pattern.to_lowercase();
        // The start of an ARN is the same in many others, so only its last part counts.
        let named = if lower.starts_with("arn:") { lower.rsplit(['/', ':']).next() } else { None };
        let words: Vec<&str> = named
            .unwrap_or(&lower)
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| word.len() > 2)
            .collect();
        let holds = |name: &&str, word: &str| name.to_lowercase().contains(word);
        let whole = || names.iter().filter(|name| holds(name, lower.trim_matches('*'))).min_by_key(|name| name.len());
        let of_words = || {
            let fits = |name: &&&str| words.iter().any(|word| holds(name, word));
            let held = |name: &&&str| words.iter().filter(|word| holds(name, word)).count();
            names.iter().filter(fits).max_by_key(|name| (held(name), std::cmp::Reverse(name.len())))
        };
        let by_words = || if self.option.kind == ConditionKind::User { of_words().copied() } else { None };
        nearest(pattern, &names).or_else(|| whole().copied()).or_else(by_words)
    }
}

impl ComparedField {
    /// The field in a comparison; `None` if that compares none.
    fn new(comparison: &str) -> Option<ComparedField> {
        let name = Comparison::field_in(comparison)?.to_string();
        Some(ComparedField { name, is_present: false, written_path: None })
    }

    /// Looks at an event of the sample.
    fn note(&mut self, event: &Event<'_>, field: &mut Field) {
        self.is_present = self.is_present || field.is_present(event);
        if !self.is_present && self.written_path.is_none() {
            self.written_path = written_path(event.value(), &self.name);
        }
    }
}
