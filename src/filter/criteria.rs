//! Composes the conditions of a run: an event is wanted if it satisfies every option
//! given. The cheapest and most selective conditions come first.

use jiff::Timestamp;

use super::condition::Condition;
use super::expression::{FilterExpression, FilterTruth};
use super::jq::required;
use super::search::{ByteSearch, Needle};
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::long_value::ShortenedFlag;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::syntax::digit_form::has_digit_form;
use crate::syntax::glob::UnmatchedValues;
use crate::syntax::window::Window;

/// Decides which events are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    time: Option<TimeCondition>,
    /// All others. Options are combined by and, the cheapest and most selective first.
    expression: FilterExpression,
    /// Whether a condition was decided by the start of a long text.
    shortened: ShortenedFlag,
    /// Searches, each of which finds every wanted event. The last are those of the jq
    /// expression, which is evaluated elsewhere.
    searches: Vec<Vec<Needle>>,
}

/// The answer of a filter for one event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FilterAnswer {
    /// The event is wanted.
    Yes,
    /// The event is not wanted.
    No,
    /// The event is wanted, although a time window is set and the event has no time
    /// that can be parsed.
    YesUntimed,
    /// The event is not wanted, only because a condition compares a time that cannot be
    /// parsed.
    NoUntimed,
}

impl FilterAnswer {
    /// Whether the event is wanted.
    pub fn is_wanted(self) -> bool {
        matches!(self, FilterAnswer::Yes | FilterAnswer::YesUntimed)
    }
}

impl Filter {
    /// Compiles the conditions, and adds the fields they read to `fields`.
    pub fn new(asked: &FilterSpec, fields: &mut FieldSet) -> Result<Filter, Error> {
        let time = TimeCondition::new(asked.window, fields)?;
        let mut options: Vec<_> = asked.options.iter().collect();
        options.sort_by_key(|(option, _)| option.cost);
        let (mut conditions, mut searches) = (Vec::new(), Vec::new());
        for (option, typed) in options {
            for values in option.conditions(typed) {
                let condition = Condition::new(option, values, asked, fields)?;
                searches.extend(condition.as_ref().filter(|_| option.is_searched).and_then(Condition::needles));
                conditions.extend(condition.map(FilterExpression::Condition));
            }
        }
        searches.extend(asked.jq.as_deref().map_or(Vec::new(), required));
        Ok(Filter {
            time,
            expression: FilterExpression::All(conditions),
            shortened: ShortenedFlag::default(),
            searches,
        })
    }

    /// A byte search that rules out most logs without a wanted event; `None` if there
    /// is none.
    pub fn search(&self) -> Option<ByteSearch> {
        ByteSearch::best(self.searches.clone())
    }

    /// Calls `each` for the readers of actors in the conditions.
    pub fn each_actor_reader(&mut self, each: &mut dyn FnMut(&mut ActorReader)) {
        self.expression.each_actor_reader(each);
    }

    /// The values of pattern lists that have matched no event so far.
    pub fn unmatched(&self) -> Vec<UnmatchedValues> {
        self.expression.unmatched()
    }

    /// Decides whether the event is wanted.
    pub fn answer(&mut self, event: &Event<'_>) -> FilterAnswer {
        let answer = self.time.as_ref().map_or(FilterAnswer::Yes, |time| time.answer(event));
        if answer == FilterAnswer::No {
            return answer;
        }
        match self.expression.truth(event, &self.shortened) {
            FilterTruth::Yes => answer,
            FilterTruth::Undecided => FilterAnswer::NoUntimed,
            FilterTruth::No => FilterAnswer::No,
        }
    }

    /// Whether, since the last call, a condition was decided by the start of a text
    /// that is too long to be examined whole.
    pub fn take_shortened(&self) -> bool {
        self.shortened.take()
    }
}

/// The time window, also as text that can be compared byte by byte with nearly every
/// `eventTime`.
#[derive(Clone, Debug)]
struct TimeCondition {
    field: FieldId,
    window: Window,
    since: Option<[u8; LENGTH]>,
    until: Option<[u8; LENGTH]>,
}

const LENGTH: usize = "2026-10-01T12:00:00Z".len();

impl TimeCondition {
    /// `None` if the window has no limits.
    fn new(window: Window, fields: &mut FieldSet) -> Result<Option<TimeCondition>, Error> {
        if window.is_open() {
            return Ok(None);
        }
        let [since, until] = [window.since, window.until].map(|time| time.and_then(canonical));
        Ok(Some(TimeCondition { field: fields.add("eventTime")?, window, since, until }))
    }

    fn answer(&self, event: &Event<'_>) -> FilterAnswer {
        let Some(value) = event.get(self.field) else { return FilterAnswer::YesUntimed };
        let raw = value.raw_string().unwrap_or_default();
        let is_inside = match <&[u8; LENGTH]>::try_from(raw).ok().filter(|raw| is_canonical(raw)) {
            Some(raw)
                // A limit outside years of four digits has no text to compare with.
                if self.window.since.is_some() == self.since.is_some()
                    && self.window.until.is_some() == self.until.is_some() =>
            {
                self.since.is_none_or(|since| *raw >= since) && self.until.is_none_or(|until| *raw < until)
            }
            _ => match time::of_value(value) {
                Some(time) => self.window.contains(time),
                None => return FilterAnswer::YesUntimed,
            },
        };
        if is_inside { FilterAnswer::Yes } else { FilterAnswer::No }
    }
}

/// The first whole second at or after `time`: every event time in whole seconds
/// compares the same with both. `None` outside years of four digits.
fn canonical(time: Timestamp) -> Option<[u8; LENGTH]> {
    let second = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    let second = Timestamp::from_second(second).ok()?;
    second.to_string().as_bytes().try_into().ok()
}

/// Whether a text is a time in the usual form of CloudTrail, in which byte order is
/// time order.
fn is_canonical(text: &[u8; LENGTH]) -> bool {
    const FORM: &[u8; LENGTH] = b"0000-00-00T00:00:00Z";
    has_digit_form(text, FORM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    const EVENT: &str = r#"{"eventTime":"2026-10-01T09:14:02Z","eventName":"TerminateInstances",
        "eventSource":"ec2.amazonaws.com","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7",
        "recipientAccountId":"111122223333",
        "userIdentity":{"type":"IAMUser","userName":"alice","arn":"arn:aws:iam::111122223333:user/alice"}}"#;

    fn answer_of(json: &str, conditions: &FilterSpec) -> FilterAnswer {
        let mut fields = FieldSet::default();
        let mut filter = Filter::new(conditions, &mut fields).unwrap();
        with_event(json, &fields, |event| filter.answer(event))
    }

    #[test]
    fn each_option_decides() {
        for (flag, value, expected) in [
            ("--event-name", "RunInstances,terminate*", true),
            ("--event-name", "RunInstances", false),
            ("--user", "ALICE", true),
            ("--user", "*:user/alice", true),
            ("--user", "!alice", false),
            ("--source-ip", "203.0.113.0/24", true),
            ("--source-ip", "!203.0.113.0/24", false),
            ("--region", "eu-*", true),
            ("--event-source", "ec2", true),
            ("--event-source", "e?2", true),
            ("--event-source", "ec2.amazonaws.com", true),
            ("--event-source", "ec", false),
            ("--account", "111122223333", true),
            ("--account", "444455556666", false),
        ] {
            let answer = answer_of(EVENT, &FilterSpec::default().with(flag, [value]));
            assert_eq!(answer.is_wanted(), expected, "{flag} {value}");
        }
        assert_eq!(answer_of(EVENT, &FilterSpec::default()), FilterAnswer::Yes);
        let both = FilterSpec::default().with("--user", ["alice"]).with("--region", ["us-*"]);
        assert_eq!(answer_of(EVENT, &both), FilterAnswer::No);
    }

    #[test]
    fn a_missing_field_matches_only_negations() {
        let wanting = |name: &str| FilterSpec::default().with("--event-name", [name]);
        for json in [r#"{"eventID":"x"}"#, r#"{"eventName":null}"#, r#"{"eventName":{"a":1}}"#] {
            assert_eq!(answer_of(json, &wanting("*")), FilterAnswer::No, "{json}");
            assert_eq!(answer_of(json, &wanting("!A")), FilterAnswer::Yes, "{json}");
        }
    }

    #[test]
    fn old_events_belong_to_the_account_of_the_caller() {
        let conditions = FilterSpec::default().with("--account", ["1"]);
        assert_eq!(answer_of(r#"{"userIdentity":{"accountId":"1"}}"#, &conditions), FilterAnswer::Yes);
        assert_eq!(
            answer_of(r#"{"recipientAccountId":"2","userIdentity":{"accountId":"1"}}"#, &conditions),
            FilterAnswer::No
        );
    }

    #[test]
    fn times_in_any_form_compare_by_instant() {
        let window = |since: &str, until: &str| FilterSpec {
            window: Window { since: since.parse().ok(), until: until.parse().ok() },
            ..FilterSpec::default()
        };
        let at = |time: &str, conditions: &FilterSpec| answer_of(&format!(r#"{{"eventTime":{time}}}"#), conditions);
        let day = window("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z");
        let odd = window("2026-10-01T00:00:00.5Z", "2026-10-01T12:00:00.5Z");
        for (time, conditions, expected) in [
            (r#""2026-10-01T00:00:00Z""#, &day, FilterAnswer::Yes),
            (r#""2026-10-01T23:59:59Z""#, &day, FilterAnswer::Yes),
            (r#""2026-10-02T00:00:00Z""#, &day, FilterAnswer::No),
            (r#""2026-09-30T23:59:59Z""#, &day, FilterAnswer::No),
            (r#""2026-10-01T23:59:59.999Z""#, &day, FilterAnswer::Yes),
            (r#""2026-10-02T01:00:00+02:00""#, &day, FilterAnswer::Yes),
            (r#""2026\u002d10-01T12:00:00Z""#, &day, FilterAnswer::Yes),
            (r#""2026-10-01T00:00:00Z""#, &odd, FilterAnswer::No),
            (r#""2026-10-01T00:00:01Z""#, &odd, FilterAnswer::Yes),
            (r#""2026-10-01T12:00:00Z""#, &odd, FilterAnswer::Yes),
            (r#""2026-10-01T12:00:01Z""#, &odd, FilterAnswer::No),
            (r#""2026-10-01 12:00:00.000""#, &day, FilterAnswer::Yes),
            (r#""2026-10-02 12:00:00.000 UTC""#, &day, FilterAnswer::No),
            (r#""2026-10-01T12:00:00""#, &day, FilterAnswer::Yes),
            ("1790845203000", &day, FilterAnswer::Yes),
            ("1790945203", &day, FilterAnswer::No),
            (r#""yesterday""#, &day, FilterAnswer::YesUntimed),
            (r#"17"#, &day, FilterAnswer::YesUntimed),
            (r#"null"#, &day, FilterAnswer::YesUntimed),
        ] {
            assert_eq!(at(time, conditions), expected, "{time}");
        }
    }
}
