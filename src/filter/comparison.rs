//! A `--where` condition: a field, an operator and a value.

mod parse;

use std::cmp::Ordering;

use jiff::Timestamp;
use regex::Regex;

use super::search::{Boundary, Needle, needles_of_regex};
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::field::Field;
use crate::cloudtrail::long_value::{LongValueTest, ShortenedFlag};
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::filter::comparison::parse::{SYNTAX, is_event_time, never_fits, split, test, unquoted};
use crate::syntax::decimal::Decimal;
use crate::syntax::glob::{Pattern, PieceMatcher};

const OPTION: &str = "--where";
/// A condition on one field.
#[derive(Clone, Debug)]
pub struct Comparison {
    field: Field,
    test: TextTest,
    /// Whether the test is negated.
    is_negated: bool,
    /// Whether the field is `eventTime`.
    is_event_time: bool,
}

/// The test that a value of the field must pass.
#[derive(Clone, Debug)]
pub enum TextTest {
    /// Present and not null.
    Present,
    /// Matches a glob.
    Glob(Pattern),
    /// Contains a match of a regular expression.
    Regex(Regex),
    /// Is less or greater than a number, which is stored in the byte order of
    /// [`Decimal`].
    Number(OrderingSet, Vec<u8>),
    /// Is before or after a point in time.
    Time(OrderingSet, Timestamp),
}

/// The results of a comparison that pass.
#[derive(Clone, Copy, Debug)]
pub struct OrderingSet {
    wanted: Ordering,
    or_equal: bool,
}

impl OrderingSet {
    /// The operator that is written for it.
    pub fn operator(self) -> &'static str {
        match (self.wanted, self.or_equal) {
            (Ordering::Less, false) => "<",
            (Ordering::Less, true) => "<=",
            (Ordering::Equal, _) => "=",
            (Ordering::Greater, false) => ">",
            (Ordering::Greater, true) => ">=",
        }
    }

    fn has(self, order: Ordering) -> bool {
        order == self.wanted || (self.or_equal && order == Ordering::Equal)
    }
}

impl Comparison {
    /// Parses one value of `--where`. Durations such as `30d` count back from `now`.
    /// Fails if the condition is malformed or can never match.
    pub fn parse(text: &str, now: Timestamp, fields: &mut FieldSet) -> Result<Comparison, Error> {
        let wrong = |why: &str| Error::option(OPTION, text, why);
        let (field, operation) = split(text.trim()).ok_or_else(|| wrong(SYNTAX))?;
        let (field, is_opposite) = match field.strip_prefix('!') {
            Some(_) if operation.is_some() => return Err(wrong("a ! before the field; write FIELD != VALUE")),
            Some(field) => (field.trim(), true),
            None => (field, false),
        };
        if field.is_empty() || (!field.contains('"') && field.contains(char::is_whitespace)) {
            return Err(wrong(SYNTAX));
        }
        let name = field;
        let is_event_time = is_event_time(name);
        let field = Field::parse(name, fields).map_err(|why| wrong(&why))?;
        let Some((operator, value)) = operation else {
            return Ok(Comparison { field, test: TextTest::Present, is_negated: is_opposite, is_event_time });
        };
        let (is_negated, test) = test(name, (operator, value), now).map_err(|why| wrong(&why))?;
        if matches!(test, TextTest::Glob(_))
            && let Some(why) = never_fits(name, value, is_negated)
        {
            return Err(wrong(&why));
        }
        Ok(Comparison { field, test, is_negated, is_event_time })
    }

    /// The subject of the condition.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// The test on the subject, and whether it is negated.
    pub fn test(&self) -> (&TextTest, bool) {
        (&self.test, self.is_negated)
    }

    /// The name of the field in the text of a condition.
    pub fn field_in(text: &str) -> Option<&str> {
        let (field, _) = split(text.trim())?;
        Some(field.trim_start_matches('!').trim())
    }

    /// The value in the text of a condition, without quotes; `None` if it has no operator.
    pub fn value_in(text: &str) -> Option<&str> {
        split(text.trim())?.1.map(|(_, value)| unquoted(value))
    }

    /// Whether the event satisfies the condition. One of several values is enough; for
    /// a negated condition, no value may pass the test.
    pub fn matches(&mut self, event: &Event<'_>, shortened: &ShortenedFlag) -> bool {
        let is_so = match &self.test {
            TextTest::Present => self.field.is_present(event),
            test => self.field.any(event, test, shortened),
        };
        is_so != self.is_negated
    }

    /// Whether the condition compares times and none of the values in this event can be
    /// parsed as a time, so that neither `<` nor `>=` holds. A missing `eventTime`
    /// counts too, since every event has a time.
    pub fn is_undecided(&mut self, event: &Event<'_>) -> bool {
        if !matches!(self.test, TextTest::Time(..)) || self.field.any(event, &TimeTest, &ShortenedFlag::default()) {
            return false;
        }
        self.is_event_time || self.field.is_present(event)
    }

    /// The reader of actors, if the condition depends on them.
    pub fn actor_reader(&mut self) -> Option<&mut ActorReader> {
        self.field.actor_reader()
    }

    /// Literals of which every matching event contains one; `None` if none can be
    /// derived.
    pub fn needles(&self) -> Option<Vec<Needle>> {
        if self.is_negated {
            return None;
        }
        // A value joined from several texts appears in the event only as its parts.
        let put_together = match self.field {
            Field::UserName(_) => Some(Boundary::PARTS),
            Field::Resources(_) => Some(Boundary::LIST),
            // Other events prove an actor, and the id of a session is a hash.
            Field::Actor(_) | Field::ActorVia(_) | Field::Session(_) => return None,
            // The value does not appear in the event.
            Field::Network(_) | Field::Geo(_) => return None,
            Field::Path(_) | Field::First(_) => None,
        };
        let of_value = match &self.test {
            // A pattern without a fixed start can match JSON, which is compared without
            // its white space.
            TextTest::Glob(pattern) => {
                let is_text = |first: &&str| !first.is_empty() && !first.starts_with(['[', '{']);
                let is_text = pattern.pieces().first().is_some_and(is_text);
                let of_value = if is_text { Boundary::WHOLE } else { Boundary { ends: true, ..Boundary::LOOSE } };
                Needle::of_pattern(pattern, put_together.unwrap_or(of_value)).map(|needle| vec![needle])
            }
            TextTest::Regex(regex) => needles_of_regex(regex.as_str(), put_together.unwrap_or(Boundary::LOOSE)),
            TextTest::Present | TextTest::Number(..) | TextTest::Time(..) => None,
        };
        of_value.or_else(|| {
            let Field::Path(path) = &self.field else { return None };
            Needle::of_text(path.last_member()?, Boundary::KEY).map(|needle| vec![needle])
        })
    }
}

/// Passes for texts that are a point in time.
struct TimeTest;

impl LongValueTest for TimeTest {
    fn matches(&self, text: &str) -> bool {
        point(text).is_some()
    }

    fn in_pieces(&self) -> Option<PieceMatcher> {
        None
    }
}

impl LongValueTest for TextTest {
    fn matches(&self, text: &str) -> bool {
        match self {
            TextTest::Present => true,
            TextTest::Glob(pattern) => pattern.matches(text),
            TextTest::Regex(regex) => regex.is_match(text),
            // Compares digit by digit, so that a number of any length needs no copy.
            TextTest::Number(side, limit) => Decimal::read(text.trim().as_bytes())
                .is_some_and(|number| side.has(number.bytes().cmp(limit.iter().copied()))),
            TextTest::Time(side, limit) => point(text).is_some_and(|time| side.has(time.cmp(limit))),
        }
    }

    fn in_pieces(&self) -> Option<PieceMatcher> {
        match self {
            TextTest::Glob(pattern) => pattern.in_pieces(),
            TextTest::Regex(regex) => PieceMatcher::new(regex.as_str(), false),
            TextTest::Present | TextTest::Number(..) | TextTest::Time(..) => None,
        }
    }
}

/// The reason why a regular expression is invalid, in one line.
pub fn not_regex(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    format!("not a regular expression: {reason}; write \\ before a character to match it literally")
}

/// Parses a text as a point in time.
fn point(text: &str) -> Option<Timestamp> {
    time::parse(text).or_else(|| time::parse_epoch(text))
}

/// Parses a text as a number and returns bytes that compare like it.
fn number(text: &str) -> Option<Vec<u8>> {
    Some(Decimal::read(text.trim().as_bytes())?.bytes().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;
    use crate::filter::comparison::parse::{MULTIPLE_CONDITIONS, NOT_ORDERED};

    const NOW: &str = "2026-10-10T00:00:00Z";

    fn matches(condition: &str, json: &str) -> bool {
        let mut fields = FieldSet::default();
        let mut comparison = Comparison::parse(condition, NOW.parse().unwrap(), &mut fields).unwrap();
        with_event(json, &fields, |event| comparison.matches(event, &ShortenedFlag::default()))
    }

    fn refusal(condition: &str) -> String {
        let refused = Comparison::parse(condition, NOW.parse().unwrap(), &mut FieldSet::default());
        refused.unwrap_err().to_string()
    }

    #[test]
    fn every_operator_decides() {
        let json = r#"{"eventTime":"2026-10-01T09:00:00Z","errorCode":"AccessDenied","requestParameters":{
            "seconds":14400,"id":9007199254740993,"text":"90","none":null,"empty":"","on":true,"a b":{"c":1},
            "items":[{"ip":"0.0.0.0/0"},{"ip":"10.0.0.0/8"},{"other":1}]},"userIdentity":
            {"type":"IAMUser","userName":"alice","accessKeyId":"AKIA1"},"resources":[{"name":"plain"},
            {"ARN":"i-0abc12de34f567890"},{"ARN":"sg-01234567"}]}"#;
        for (condition, expected) in [
            ("errorCode = accessdenied", true),
            ("errorCode==AccessDenied", true),
            ("errorCode=Access*", true),
            ("errorCode = \"AccessDenied\"", true),
            ("errorCode = Access", false),
            ("errorCode != Access*", false),
            ("errorMessage != Access*", true),
            ("errorCode ~ ^Acc.*d$", true),
            ("errorCode ~ acc", false),
            ("errorCode ~ (?i)acc", true),
            ("errorCode !~ Denied", false),
            ("requestParameters.seconds = 14400", true),
            ("requestParameters.seconds > 3600", true),
            ("requestParameters.seconds >= 14400", true),
            ("requestParameters.seconds < 14400.5", true),
            ("requestParameters.seconds < 14400", false),
            ("requestParameters.text < 100", true),
            ("requestParameters.id > 9007199254740992", true),
            ("requestParameters.id < 9007199254740993.5", true),
            ("requestParameters.id < 9007199254740993", false),
            ("requestParameters.id <= 9007199254740993", true),
            ("requestParameters.id < 1e16", true),
            ("requestParameters.on = true", true),
            ("requestParameters.on > 0", false),
            ("requestParameters.missing > 0", false),
            ("requestParameters.none < 1", false),
            ("eventTime >= 2026-10-01", true),
            ("eventTime < 2026-10-01T09:00:00Z", false),
            ("eventTime <= 2026-10-01T11:00:00+02:00", true),
            ("eventTime > 10d", true),
            ("eventTime > 8d", false),
            ("requestParameters.items[].ip = 10.*", true),
            ("requestParameters.items[].ip != 10.*", false),
            ("requestParameters.items[].ip != 11.*", true),
            ("requestParameters.items[0].ip = 10.*", false),
            ("requestParameters.items ~ 0\\.0\\.0\\.0", true),
            ("requestParameters.items = *\"other\":1*", true),
            ("requestParameters.items = [\\{\"ip\":*", true),
            ("requestParameters.items[0] = \\{\"ip\":\"0.0.0.0/0\"\\}", true),
            ("requestParameters.\"a b\".c = 1", true),
            ("requestParameters", true),
            ("requestParameters.empty", true),
            ("requestParameters.empty = \"\"", true),
            ("requestParameters.none", false),
            ("!requestParameters.none", true),
            ("! requestParameters.missing", true),
            ("!errorCode", false),
            (".other", false),
            ("userName = ALICE", true),
            ("userType = IAMUser", true),
            ("accessKeyId = AKIA1", true),
            ("mfa", false),
            ("resources", true),
            ("!resources", false),
            ("resources = i-0abc12de34f567890", true),
            ("resources = I-0ABC*", true),
            ("resources = sg-01234567", true),
            ("resources = i-0abc12de34f567890;sg-01234567", true),
            ("resources = i-*;sg-*", true),
            ("resources = i-0abc12de34f56789", false),
            ("resources != sg-01234567", false),
            ("resources != sg-*", false),
            ("resources != vpc-*", true),
            ("resources ~ ^sg-", true),
            ("resources ~ 890;sg", true),
            ("resources !~ ^sg-", false),
            (".resources = *plain*", true),
            ("resources[].name = plain", true),
        ] {
            assert_eq!(matches(condition, json), expected, "{condition}");
        }
    }

    #[test]
    fn an_unreadable_time_decides_nothing() {
        let mut fields = FieldSet::default();
        let mut undecided = |condition: &str, json: &str| {
            let mut comparison = Comparison::parse(condition, NOW.parse().unwrap(), &mut fields).unwrap();
            with_event(json, &fields, |event| {
                (comparison.matches(event, &ShortenedFlag::default()), comparison.is_undecided(event))
            })
        };
        for (time, holds, is_undecided) in [
            (r#""2026-10-01 09:00:00.000""#, true, false),
            (r#""2026-10-01T09:00:00""#, true, false),
            ("1790845203000", true, false),
            ("1690845203", false, false),
            (r#""2025-10-01 09:00:00 UTC""#, false, false),
            (r#""Oct 1, 2026 9:00:04 AM""#, false, true),
            ("17", false, true),
            ("null", false, true),
        ] {
            let json = format!(r#"{{"eventTime":{time}}}"#);
            assert_eq!(undecided("eventTime >= 2026-01-01", &json), (holds, is_undecided), "{time}");
        }
        assert_eq!(undecided("eventTime < 2026-01-01", "{}"), (false, true));
        assert_eq!(undecided("requestParameters.start < 2026-01-01", "{}"), (false, false));
        let json = r#"{"requestParameters":{"start":"Sep 30, 2026"},"eventTime":"x"}"#;
        assert_eq!(undecided("requestParameters.start < 2026-01-01", json), (false, true));
        assert_eq!(undecided("eventTime = x", json), (true, false));
        assert_eq!(undecided("eventTime = y", json), (false, false));
    }

    #[test]
    fn unambiguous_spellings_are_accepted() {
        for condition in [
            "eventName = \"Get*,Sign\"",
            "eventName = Get\\,Sign",
            "eventName = {Get*,Sign}",
            "eventName = a, b",
            "eventName = \"!Sign\"",
            "eventName = \\!Sign",
            "userName = Doe,John",
            "userAgent = a,b",
            "requestParameters = *\"a\":1,\"b\"*",
            "requestParameters = *\"a\":\"b\"",
            "requestParameters.name = O'Brien",
            "requestParameters.\"a*\" = 1",
            "requestParameters.cidrIp = 10.0.0.0/8",
            "requestParameters ~ \"bucketName",
            "sourceIPAddress = 10.0.0.1",
        ] {
            let taken = Comparison::parse(condition, NOW.parse().unwrap(), &mut FieldSet::default());
            assert!(taken.is_ok(), "{condition} {taken:?}");
        }
    }

    #[test]
    fn mistakes_are_explained() {
        for (condition, part) in [
            ("", SYNTAX),
            ("= x", SYNTAX),
            ("errorCode is AccessDenied", SYNTAX),
            ("errorCode ! x", SYNTAX),
            ("!errorCode = x", "write FIELD != VALUE"),
            ("errorCode =", "!FIELD selects events without the field"),
            ("errorCode =~ x", "unknown operator =~; write FIELD ~ REGEX"),
            ("requestParameters.v => 1", "unknown operator =>; write FIELD >= VALUE"),
            ("requestParameters.v=<1", "unknown operator =<; write FIELD <= VALUE"),
            ("eventName =!Sign", "unknown operator =!; write FIELD != VALUE"),
            ("eventName === Sign", "unknown operator ===; write one of = != ~ !~ < <= > >="),
            ("eventName = !Sign", "a ! before the value; write FIELD != VALUE"),
            ("eventName != !Sign", "a ! before the value; write FIELD != VALUE"),
            ("userAgent = \"*aws*", "an unclosed quote"),
            ("userAgent = *aws*\"", "an unclosed quote"),
            ("userAgent != 'aws", "an unclosed quote"),
            ("userAgent = \"", "an unclosed quote"),
            ("sourceIPAddress = 10.0.0.0/8", "write --source-ip '10.0.0.0/8'"),
            ("sourceIPAddress = \"2001:db8::/32\"", "write --source-ip '2001:db8::/32'"),
            ("sourceIPAddress != 10.0.0.0/8", "write --source-ip '!10.0.0.0/8'"),
            ("eventName = Get*,Sign", "write {Get*,Sign} to match either"),
            ("userType != Root,IAMUser", "write {Root,IAMUser} to match either"),
            ("requestParameters.*", "a path that has a wildcard"),
            ("requestParameters.*.id = x", "a path that has a wildcard"),
            ("errorCode ~ (", "\"(\" is not a regular expression: unclosed group"),
            ("errorCode = {a", "\"{a\" is not a pattern"),
            ("userAgent > noon", NOT_ORDERED),
            ("eventTime > noon", "expected a time after the operator"),
            ("eventTime > yesterday", "take yesterday; write --since yesterday, or a time after the operator"),
            (".eventTime <= \"Today\"", "take Today; write --until Today, or a time after the operator"),
            ("eventTime < 2026-10", "take 2026-10; write --until 2026-10, or a time after the operator"),
            ("requestParameters.start > now", "take now; write a time such as 30d"),
            ("errorCode = x and eventName = y", MULTIPLE_CONDITIONS),
            ("errorCode = x AND mfa", MULTIPLE_CONDITIONS),
            ("errorCode = x && !requestParameters.a", MULTIPLE_CONDITIONS),
            ("errorcode = x", "did you mean errorCode?"),
            ("errorCod = x", "did you mean errorCode?"),
            ("requestparameters.a = x", "did you mean requestParameters"),
            ("bucketName = x", "requestParameters.bucketName"),
            ("file = *Digest*", "the file is not part of an event"),
            ("!file", "the file is not part of an event"),
            ("a..b = x", "a path that has an empty name"),
        ] {
            assert!(refusal(condition).contains(part), "{condition}: {}", refusal(condition));
        }
    }
}
