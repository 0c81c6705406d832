//! Composes the conditions of a run: an event is wanted if it satisfies every option
//! given. The cheapest and most selective conditions come first.

use jiff::Timestamp;

use super::address::AddressPattern;
use super::condition::Condition;
use super::jq::required;
use super::search::{Boundary, ByteSearch, Needle, required_literals};
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::long;
use crate::cloudtrail::long::CutCounter;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{JsonValue, ValueKind};
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::syntax::glob::{Pattern, PatternSet, UnmatchedValues, split_list};
use crate::syntax::window::Window;

/// Decides which events are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Whether there are no conditions.
    is_open: bool,
    name: Option<(FieldId, PatternSet<Pattern>)>,
    time: Option<TimeCondition>,
    region: Option<(FieldId, PatternSet<Pattern>)>,
    source: Option<(FieldId, PatternSet<ServiceCondition>)>,
    account: Option<AccountCondition>,
    address: Option<(FieldId, PatternSet<AddressPattern>)>,
    user: Option<(IdentityReader, PatternSet<Pattern>)>,
    finer: Vec<Condition>,
    /// Whether a condition was decided by the start of a long text.
    shortened: CutCounter,
    /// Literals that the jq expression, which runs elsewhere, requires in an event.
    jq: Vec<Vec<Needle>>,
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
    pub fn new(conditions: &FilterSpec, fields: &mut FieldSet) -> Result<Filter, Error> {
        let mut slot = |name| fields.slot(name);
        let (name, region, source) = (slot("eventName")?, slot("awsRegion")?, slot("eventSource")?);
        let (address, time) = (slot("sourceIPAddress")?, slot("eventTime")?);
        let account = [slot("recipientAccountId")?, slot("userIdentity")?];
        let identity = IdentityReader::new(fields)?;
        let patterns =
            |option: &str, values: &[String]| PatternSet::new(option, values, |value| Pattern::new(option, value));
        let mut filter = Filter {
            is_open: false,
            name: patterns("--event-name", &split_list(&conditions.event_names))?.map(|choice| (name, choice)),
            time: TimeCondition::new(time, conditions.window),
            region: patterns("--region", &split_list(&conditions.regions))?.map(|choice| (region, choice)),
            source: PatternSet::new("--event-source", &split_list(&conditions.event_sources), ServiceCondition::new)?
                .map(|choice| (source, choice)),
            account: patterns("--account", &conditions.accounts)?.map(|choice| AccountCondition {
                recipient: account[0],
                identity: account[1],
                choice,
            }),
            address: PatternSet::new("--source-ip", &split_list(&conditions.source_ips), AddressPattern::new)?
                .map(|choice| (address, choice)),
            // Session names often contain commas, so these values are not split.
            user: patterns("--user", &conditions.users)?.map(|choice| (identity, choice)),
            finer: Condition::all(conditions, fields)?,
            shortened: CutCounter::default(),
            jq: conditions.jq.as_deref().map_or(Vec::new(), required),
        };
        let Filter { name, time, region, source, account, address, user, finer, .. } = &filter;
        filter.is_open = name.is_none()
            && time.is_none()
            && region.is_none()
            && source.is_none()
            && account.is_none()
            && address.is_none()
            && user.is_none()
            && finer.is_empty();
        Ok(filter)
    }

    /// A byte search that rules out most logs without a wanted event; `None` if there
    /// is none.
    pub fn search(&self) -> Option<ByteSearch> {
        let name = self.name.as_ref().and_then(|(_, choice)| required_literals(choice, Boundary::WHOLE));
        let user = self.user.as_ref().and_then(|(_, choice)| required_literals(choice, Boundary::PARTS));
        let address = self.address.as_ref().and_then(|(_, choice)| AddressPattern::needles(choice.wanted()));
        let finer = self.finer.iter().filter_map(Condition::needles);
        ByteSearch::best([name, user, address].into_iter().flatten().chain(finer).chain(self.jq.clone()))
    }

    /// The values of pattern lists that have matched no event so far.
    pub fn unmatched(&self) -> Vec<UnmatchedValues> {
        let user = self.user.as_ref().and_then(|(_, choice)| choice.unmatched());
        let address = self.address.as_ref().and_then(|(_, choice)| choice.unmatched());
        let account = self.account.as_ref().and_then(|account| account.choice.unmatched());
        let source = self.source.as_ref().and_then(|(_, choice)| choice.unmatched());
        let patterns =
            [&self.name, &self.region].map(|field| field.as_ref().and_then(|(_, choice)| choice.unmatched()));
        let finer = self.finer.iter().filter_map(Condition::unmatched);
        patterns.into_iter().chain([source, account, address, user]).flatten().chain(finer).collect()
    }

    /// Decides whether the event is wanted.
    pub fn answer(&mut self, event: &Event<'_>) -> FilterAnswer {
        if self.is_open {
            return FilterAnswer::Yes;
        }
        let shortened = &self.shortened;
        let fits = |pattern: &Pattern, value: JsonValue<'_>| long::scalar_holds(value, pattern, shortened);
        let time = self.time.as_ref().map_or(FilterAnswer::Yes, |time| time.answer(event));
        let is_wanted = time != FilterAnswer::No
            && has(event, &self.name, fits)
            && has(event, &self.region, fits)
            && has(event, &self.source, |source, value| source.fits(value, shortened))
            && self.account.as_ref().is_none_or(|account| account.admits(event, shortened))
            && has(event, &self.address, |address, value| {
                long::start(value, shortened).is_some_and(|text| address.matches(&text))
            })
            && self.user.as_mut().is_none_or(|(identities, choice)| {
                let principal = identities.principal(event);
                choice.admits(|pattern| {
                    principal.is_any(|name| {
                        shortened.note(name);
                        pattern.matches(name)
                    })
                })
            });
        match is_wanted {
            true => self.finer_answer(event, time),
            false => FilterAnswer::No,
        }
    }

    /// Asks the remaining conditions, after all others have let the event pass.
    fn finer_answer(&mut self, event: &Event<'_>, passed: FilterAnswer) -> FilterAnswer {
        let mut answer = passed;
        for condition in &mut self.finer {
            match condition.holds(event, &self.shortened) {
                true => {}
                // Go on: another condition may exclude the event regardless of the
                // time.
                false if condition.is_undecided(event) => answer = FilterAnswer::NoUntimed,
                false => return FilterAnswer::No,
            }
        }
        answer
    }

    /// Whether, since the last call, a condition was decided by the start of a text
    /// that is too long to be examined whole.
    pub fn take_shortened(&self) -> bool {
        self.shortened.take()
    }
}

/// Whether the field satisfies the pattern list, if there is one. A missing field never
/// matches.
fn has<T>(
    event: &Event<'_>,
    condition: &Option<(FieldId, PatternSet<T>)>,
    fits: impl Fn(&T, JsonValue<'_>) -> bool,
) -> bool {
    let Some((slot, choice)) = condition else { return true };
    let value = event.get(*slot);
    choice.admits(|pattern| value.is_some_and(|value| fits(pattern, value)))
}

/// A service, where `ec2` is short for `ec2.amazonaws.com`.
#[derive(Clone, Debug)]
struct ServiceCondition {
    pattern: Pattern,
    is_short: bool,
}

impl ServiceCondition {
    fn new(text: &str) -> Result<ServiceCondition, Error> {
        Ok(ServiceCondition { pattern: Pattern::new("--event-source", text)?, is_short: !text.contains('.') })
    }

    fn fits(&self, source: JsonValue<'_>, shortened: &CutCounter) -> bool {
        let service =
            |source: &str| source.strip_suffix(".amazonaws.com").is_some_and(|name| self.pattern.matches(name));
        long::scalar_holds(source, &self.pattern, shortened)
            || (self.is_short && long::start(source, shortened).is_some_and(|source| service(&source)))
    }
}

/// The account of an event: the recipient. Events of the first versions do not record
/// it, but they record the caller's account.
#[derive(Clone, Debug)]
struct AccountCondition {
    recipient: FieldId,
    identity: FieldId,
    choice: PatternSet<Pattern>,
}

impl AccountCondition {
    fn admits(&self, event: &Event<'_>, shortened: &CutCounter) -> bool {
        let is_text = |value: &JsonValue<'_>| matches!(value.kind(), ValueKind::String | ValueKind::Scalar);
        let id = event.get(self.recipient).filter(is_text);
        let id = id.or_else(|| event.get(self.identity)?.member("accountId"));
        self.choice.admits(|pattern| id.is_some_and(|id| long::scalar_holds(id, pattern, shortened)))
    }
}

/// The time window, also as text that can be compared byte by byte with nearly every
/// `eventTime`.
#[derive(Clone, Debug)]
struct TimeCondition {
    slot: FieldId,
    window: Window,
    since: Option<[u8; LENGTH]>,
    until: Option<[u8; LENGTH]>,
}

const LENGTH: usize = "2026-10-01T12:00:00Z".len();

impl TimeCondition {
    fn new(slot: FieldId, window: Window) -> Option<TimeCondition> {
        let text = |time: Option<Timestamp>| time.and_then(canonical);
        (!window.is_open()).then(|| TimeCondition {
            slot,
            window,
            since: text(window.since),
            until: text(window.until),
        })
    }

    fn answer(&self, event: &Event<'_>) -> FilterAnswer {
        let Some(value) = event.get(self.slot) else { return FilterAnswer::YesUntimed };
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
    const FORM: &[u8; LENGTH] = b"dddd-dd-ddTdd:dd:ddZ";
    text.iter().zip(FORM).all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    })
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

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_string()).collect()
    }

    fn passes(change: impl FnOnce(&mut FilterSpec)) -> bool {
        let mut conditions = FilterSpec::default();
        change(&mut conditions);
        answer_of(EVENT, &conditions) == FilterAnswer::Yes
    }

    #[test]
    fn each_option_decides() {
        assert!(passes(|_| {}));
        assert!(passes(|wanted| wanted.event_names = list(&["RunInstances,terminate*"])));
        assert!(!passes(|wanted| wanted.event_names = list(&["RunInstances"])));
        assert!(passes(|wanted| wanted.users = list(&["ALICE"])));
        assert!(passes(|wanted| wanted.users = list(&["*:user/alice"])));
        assert!(!passes(|wanted| wanted.users = list(&["!alice"])));
        assert!(passes(|wanted| wanted.source_ips = list(&["203.0.113.0/24"])));
        assert!(!passes(|wanted| wanted.source_ips = list(&["!203.0.113.0/24"])));
        assert!(passes(|wanted| wanted.regions = list(&["eu-*"])));
        assert!(passes(|wanted| wanted.event_sources = list(&["ec2"])));
        assert!(passes(|wanted| wanted.event_sources = list(&["e?2"])));
        assert!(passes(|wanted| wanted.event_sources = list(&["ec2.amazonaws.com"])));
        assert!(!passes(|wanted| wanted.event_sources = list(&["ec"])));
        assert!(passes(|wanted| wanted.accounts = list(&["111122223333"])));
        assert!(!passes(|wanted| wanted.accounts = list(&["444455556666"])));
        assert!(!passes(|wanted| {
            wanted.users = list(&["alice"]);
            wanted.regions = list(&["us-*"]);
        }));
    }

    #[test]
    fn a_missing_field_matches_only_negations() {
        let wanting = |names: &[&str]| FilterSpec { event_names: list(names), ..FilterSpec::default() };
        for json in [r#"{"eventID":"x"}"#, r#"{"eventName":null}"#, r#"{"eventName":{"a":1}}"#] {
            assert_eq!(answer_of(json, &wanting(&["*"])), FilterAnswer::No, "{json}");
            assert_eq!(answer_of(json, &wanting(&["!A"])), FilterAnswer::Yes, "{json}");
        }
    }

    #[test]
    fn old_events_belong_to_the_account_of_the_caller() {
        let conditions = FilterSpec { accounts: list(&["1"]), ..FilterSpec::default() };
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
