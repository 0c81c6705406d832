//! Conditions combined by and, or and not, and what can be derived from the combination: an
//! answer with the doubt of a time that cannot be parsed, and the literals for a byte search.

use super::condition::Condition;
use super::search::Needle;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::long_value::ShortenedFlag;
use crate::decode::event::Event;
use crate::syntax::glob::UnmatchedValues;

/// A condition on an event, or several combined.
#[derive(Clone, Debug)]
pub enum FilterExpression {
    /// Holds if all of them hold. The cheapest and most selective should come first.
    All(Vec<FilterExpression>),
    /// Holds if any of them holds.
    Any(Vec<FilterExpression>),
    /// Holds if it does not hold.
    Not(Box<FilterExpression>),
    /// A single condition.
    Condition(Condition),
}

/// Whether an expression holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum FilterTruth {
    /// It does not hold.
    No,
    /// It would hold or not, depending on a time that cannot be parsed.
    Undecided,
    /// It holds.
    Yes,
}

impl FilterExpression {
    /// Whether the expression holds for an event.
    pub fn truth(&mut self, event: &Event<'_>, shortened: &ShortenedFlag) -> FilterTruth {
        match self {
            FilterExpression::Condition(condition) => match condition.matches(event, shortened) {
                true => FilterTruth::Yes,
                false if condition.is_undecided(event) => FilterTruth::Undecided,
                false => FilterTruth::No,
            },
            FilterExpression::All(parts) => {
                let mut truth = FilterTruth::Yes;
                for part in parts {
                    truth = truth.min(part.truth(event, shortened));
                    if truth == FilterTruth::No {
                        break;
                    }
                }
                truth
            }
            FilterExpression::Any(parts) => {
                let mut truth = FilterTruth::No;
                for part in parts {
                    truth = truth.max(part.truth(event, shortened));
                    if truth == FilterTruth::Yes {
                        break;
                    }
                }
                truth
            }
            FilterExpression::Not(part) => match part.truth(event, shortened) {
                FilterTruth::Yes => FilterTruth::No,
                FilterTruth::Undecided => FilterTruth::Undecided,
                FilterTruth::No => FilterTruth::Yes,
            },
        }
    }

    /// Searches, each of which finds every event for which the expression holds.
    pub fn searches(&self) -> Vec<Vec<Needle>> {
        match self {
            FilterExpression::Condition(condition) => condition.needles().into_iter().collect(),
            FilterExpression::All(parts) => parts.iter().flat_map(FilterExpression::searches).collect(),
            // One literal of each alternative is enough; one without literals spoils all.
            FilterExpression::Any(parts) => {
                let best = |part: &FilterExpression| {
                    part.searches().into_iter().max_by_key(|needles| needles.iter().map(Needle::worth).min())
                };
                parts.iter().map(best).collect::<Option<Vec<_>>>().map_or(Vec::new(), |parts| vec![parts.concat()])
            }
            FilterExpression::Not(_) => Vec::new(),
        }
    }

    /// Calls `each` for the readers of actors in its conditions.
    pub fn each_actor_reader(&mut self, each: &mut dyn FnMut(&mut ActorReader)) {
        match self {
            FilterExpression::Condition(condition) => condition.actor_reader().into_iter().for_each(each),
            FilterExpression::All(parts) | FilterExpression::Any(parts) => {
                parts.iter_mut().for_each(|part| part.each_actor_reader(each));
            }
            FilterExpression::Not(part) => part.each_actor_reader(each),
        }
    }

    /// The values of pattern lists that have matched no event so far.
    pub fn unmatched(&self) -> Vec<UnmatchedValues> {
        match self {
            FilterExpression::Condition(condition) => condition.unmatched().into_iter().collect(),
            FilterExpression::All(parts) | FilterExpression::Any(parts) => {
                parts.iter().flat_map(FilterExpression::unmatched).collect()
            }
            FilterExpression::Not(part) => part.unmatched(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::event::FieldSet;
    use crate::decode::testing::with_event;
    use crate::filter::options::FilterOption;
    use crate::filter::spec::FilterSpec;

    const EVENT: &str = r#"{"eventName":"RunInstances","requestParameters":{"when":"soon"}}"#;

    fn condition(flag: &str, value: &str, fields: &mut FieldSet) -> FilterExpression {
        let asked = FilterSpec { now: "2026-10-10T00:00:00Z".parse().unwrap(), ..FilterSpec::default() };
        let option = FilterOption::find(flag).unwrap();
        let condition = Condition::new(option, &[value.to_string()], &asked, fields).unwrap();
        FilterExpression::Condition(condition.unwrap())
    }

    /// An expression by its truth for the event, and how it was made.
    fn parts(fields: &mut FieldSet) -> [(FilterExpression, FilterTruth); 3] {
        [
            (condition("--event-name", "RunInstances", fields), FilterTruth::Yes),
            (condition("--where", "requestParameters.when > 2026-10-01", fields), FilterTruth::Undecided),
            (condition("--event-name", "StopInstances", fields), FilterTruth::No),
        ]
    }

    #[test]
    fn truth_follows_three_valued_logic() {
        let mut fields = FieldSet::default();
        let parts = parts(&mut fields);
        for (one, first) in &parts {
            for (other, second) in &parts {
                let pair = || vec![one.clone(), other.clone()];
                let not = FilterExpression::Not(Box::new(FilterExpression::All(pair())));
                let negated = [FilterTruth::Yes, FilterTruth::Undecided, FilterTruth::No];
                for (mut expression, expected) in [
                    (FilterExpression::All(pair()), *first.min(second)),
                    (FilterExpression::Any(pair()), *first.max(second)),
                    (not, negated[*first.min(second) as usize]),
                ] {
                    let truth = with_event(EVENT, &fields, |event| expression.truth(event, &ShortenedFlag::default()));
                    assert_eq!(truth, expected, "{expression:?}");
                }
            }
        }
    }

    #[test]
    fn alternatives_are_searched_together_or_not_at_all() {
        let mut fields = FieldSet::default();
        let [run, when, stop] = parts(&mut fields).map(|(part, _)| part);
        let count = |expression: FilterExpression| expression.searches().iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(count(FilterExpression::All(vec![run.clone(), stop.clone()])), [1, 1]);
        assert_eq!(count(FilterExpression::Any(vec![run.clone(), stop.clone()])), [2]);
        let negated = FilterExpression::Not(Box::new(stop));
        assert_eq!(count(FilterExpression::Any(vec![run.clone(), negated.clone()])), [] as [usize; 0]);
        assert_eq!(count(FilterExpression::All(vec![run, negated, when])), [1, 1]);
    }
}
