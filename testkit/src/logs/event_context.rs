//! The values of template placeholders in one event. A placeholder has the same value everywhere in
//! an event. Each place has a small stock of resources, so that they recur in other events.
//!
//! A number after a name (`<instance-2>`) stands for another value of that kind.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::account_region::AccountRegion;
use super::actors::Actor;
use super::calls::Call;
use super::population::Caller;
use super::seeded::{Alphabet, hash, letters, mix, uuid};
use super::words::WORDS;

/// Kinds of resource with an identifier of 17 hexadecimal digits, of which the first is 0: the
/// placeholder's name, the identifier up to that 0, and how many resources a place has.
const RESOURCES: &[(&str, &str, u64)] = &[
    ("instance", "i-0", 60),
    ("volume", "vol-0", 120),
    ("snapshot", "snap-0", 90),
    ("image", "ami-0", 12),
    ("subnet", "subnet-0", 9),
    ("vpc", "vpc-0", 3),
    ("group", "sg-0", 25),
    ("interface", "eni-0", 140),
    ("table-of-routes", "rtb-0", 9),
    ("launch-template", "lt-0", 6),
    ("endpoint", "vpce-0", 4),
    ("allocation", "eipalloc-0", 8),
    ("reservation", "r-0", 100_000),
    ("rule-of-group", "sgr-0", 100_000),
];

/// Numbers: the placeholder's name, and the largest value.
const NUMBERS: &[(&str, u64)] = &[("count", 100), ("bytes", 65_536), ("octet", 250), ("digit", 9), ("many", 9_999_999)];

/// A placeholder of a template. The number in some of them distinguishes several values in one
/// event.
#[derive(Clone, Copy)]
pub(super) enum Placeholder {
    Account,
    OtherAccount,
    Region,
    Time,
    /// A time as AWS writes it in responses, this many seconds after the event.
    ResponseTime(i64),
    Milliseconds,
    Day,
    SessionStart,
    SessionNumber,
    Source,
    Action,
    Command,
    Actor,
    Path,
    Session,
    Caller,
    Service,
    Principal,
    Key,
    Resource(usize, u64),
    /// The instance on which the actor runs: one of a few.
    OwnInstance,
    Word(usize, u64),
    Number(usize, u64),
    /// A UUID of this event. Repetitions of a read-only request share it, except for the first (the
    /// request id) and the fifth (the shared event id).
    Fresh(u64),
    /// One of the place's UUIDs.
    Known(u64),
    Hex(u64),
    NewKey,
    Opaque(Alphabet, usize),
}

impl Placeholder {
    pub(super) fn named(name: &str) -> Option<Placeholder> {
        let (kind, nth) = match name.rsplit_once('-') {
            Some((kind, digits)) if digits.parse::<u64>().is_ok() => (kind, digits.parse().ok()?),
            _ => (name, 1),
        };
        if let Some(index) = RESOURCES.iter().position(|row| row.0 == kind) {
            return Some(Placeholder::Resource(index, nth));
        }
        if let Some(index) = WORDS.iter().position(|row| row.0 == kind) {
            return Some(Placeholder::Word(index, nth));
        }
        if let Some(index) = NUMBERS.iter().position(|row| row.0 == kind) {
            return Some(Placeholder::Number(index, nth));
        }
        Some(match kind {
            "account" => Placeholder::Account,
            "other-account" => Placeholder::OtherAccount,
            "region" => Placeholder::Region,
            "time" => Placeholder::Time,
            "created" => Placeholder::ResponseTime(0),
            "expires" => Placeholder::ResponseTime(3600),
            "milliseconds" => Placeholder::Milliseconds,
            "day" => Placeholder::Day,
            "session-start" => Placeholder::SessionStart,
            "session-number" => Placeholder::SessionNumber,
            "source" => Placeholder::Source,
            "action" => Placeholder::Action,
            "command" => Placeholder::Command,
            "actor" => Placeholder::Actor,
            "path" => Placeholder::Path,
            "session" => Placeholder::Session,
            "caller" => Placeholder::Caller,
            "service" => Placeholder::Service,
            "own-instance" => Placeholder::OwnInstance,
            "principal" => Placeholder::Principal,
            "key" => Placeholder::Key,
            "new-key" => Placeholder::NewKey,
            "uuid" => Placeholder::Fresh(nth),
            "known" => Placeholder::Known(nth),
            "hex" => Placeholder::Hex(nth),
            "request-of-s3" => Placeholder::Opaque(Alphabet::Upper, 16),
            "id2" => Placeholder::Opaque(Alphabet::Base64, 75),
            "token" => Placeholder::Opaque(Alphabet::Base64, 280),
            "encoded" => Placeholder::Opaque(Alphabet::Base64Url, 420),
            _ => return None,
        })
    }
}

/// An event that is being written: its place, time, actor and call, and a number that determines
/// everything else in it.
pub(super) struct EventContext<'a> {
    pub(super) place: &'a AccountRegion,
    pub(super) time: Timestamp,
    pub(super) actor: &'a Actor,
    pub(super) call: &'a Call,
    pub(super) salt: u64,
    /// In a large account, which of the actor's identities calls.
    pub(super) caller: Option<Caller>,
}

impl EventContext<'_> {
    /// `awsRegion`: global services report us-east-1 everywhere.
    pub(super) fn region(&self) -> &str {
        if self.call.global { "us-east-1" } else { &self.place.region }
    }

    /// A number for one purpose: always the same in this event.
    pub(super) fn number(&self, purpose: u64) -> u64 {
        mix(self.salt, purpose)
    }

    /// A number for this actor in this account: the same in all its events.
    pub(super) fn actor_number(&self, purpose: u64) -> u64 {
        mix(hash(&self.place.account) ^ hash(self.actor.name), purpose)
    }

    /// A number for the identity that calls: the same in all its events.
    pub(super) fn caller_number(&self, purpose: u64) -> u64 {
        match self.caller_index() {
            0 => self.actor_number(purpose),
            index => mix(self.actor_number(purpose), index),
        }
    }

    /// A number for the origin of the call: in a large account, that of the caller.
    pub(super) fn origin_number(&self, purpose: u64) -> u64 {
        if self.caller.is_some() { self.caller_number(purpose) } else { self.number(purpose) }
    }

    /// A number for the request: in a large account, the same in each repetition.
    fn request_number(&self, purpose: u64) -> u64 {
        self.caller.map_or_else(|| self.number(purpose), |caller| mix(caller.request, purpose))
    }

    /// A number for an identifier in the request: each call that writes gets a new one.
    fn identifier_number(&self, purpose: u64) -> u64 {
        if self.call.read_only { self.request_number(purpose) } else { self.number(purpose) }
    }

    fn caller_index(&self) -> u64 {
        self.caller.map_or(0, |caller| caller.number)
    }

    /// When the actor's session began, in seconds since 1970: less than one session length before
    /// the event. Without a population, a session lasts an hour.
    fn session_start(&self) -> i64 {
        let length = self.caller.map_or(3600, |caller| caller.session_seconds);
        let shift = (self.caller_number(1) % length.unsigned_abs()) as i64;
        (self.time.as_second() - shift).div_euclid(length) * length + shift
    }

    /// The sessions of a role share its principal id.
    fn principal_number(&self) -> u64 {
        if self.actor.is_numbered() { self.caller_number(2) } else { self.actor_number(2) }
    }

    /// A user keeps one key; every session has its own.
    fn key_seed(&self) -> u64 {
        if !self.actor.who.is_session() {
            return self.caller_number(3);
        }
        let mut session = String::new();
        self.actor.session.fill(self, &mut session);
        mix(self.caller_number(3) ^ hash(&session), self.session_start() as u64)
    }

    pub(super) fn fill(&self, placeholder: Placeholder, out: &mut String) {
        match placeholder {
            Placeholder::Account => out.push_str(&self.place.account),
            Placeholder::OtherAccount => out.push_str("222222222222"),
            Placeholder::Region => out.push_str(self.region()),
            Placeholder::Time => write_time(self.time, out),
            Placeholder::ResponseTime(later) => self.fill_response_time(later, out),
            Placeholder::Milliseconds => push(out, self.time.as_millisecond()),
            Placeholder::Day => push(out, self.time.strftime("%Y/%m/%d")),
            Placeholder::SessionStart => write_time(seconds(self.session_start()), out),
            Placeholder::SessionNumber => push(out, self.session_start()),
            Placeholder::Source => out.push_str(self.call.source),
            Placeholder::Action => push(out, format_args!("{}:{}", self.call.source, self.call.name)),
            Placeholder::Command => kebab(self.call.name, out),
            Placeholder::Actor => self.actor.write_name(self.caller_index(), out),
            Placeholder::Path => out.push_str(self.actor.path),
            Placeholder::Session => self.actor.write_session(self, out),
            Placeholder::Caller => self.actor.arn.fill(self, out),
            Placeholder::Service => self.actor.write_service(out),
            _ => self.fill_drawn(placeholder, out),
        }
    }

    /// Fills the placeholders whose values are drawn.
    fn fill_drawn(&self, placeholder: Placeholder, out: &mut String) {
        match placeholder {
            Placeholder::Principal => letters(self.principal_number(), Alphabet::Upper, 10, out),
            Placeholder::Key => letters(self.key_seed(), Alphabet::Upper, 9, out),
            Placeholder::NewKey => letters(self.number(4), Alphabet::Upper, 9, out),
            Placeholder::Resource(index, nth) => {
                let chosen = self.request_number((100 + index as u64) * 10 + nth);
                self.fill_resource(index, chosen, out);
            }
            Placeholder::OwnInstance if self.caller.is_some() => {
                push(out, format_args!("{}{:016x}", RESOURCES[0].1, self.caller_number(5)));
            }
            Placeholder::OwnInstance => self.fill_resource(0, self.actor_number(5 + self.salt % 3), out),
            Placeholder::Word(index, nth) => {
                let list = WORDS[index].1;
                let chosen = self.request_number((300 + index as u64) * 10 + nth);
                out.push_str(list[(chosen % list.len() as u64) as usize]);
            }
            Placeholder::Number(index, nth) => {
                push(out, self.request_number((200 + index as u64) * 10 + nth) % NUMBERS[index].1 + 1);
            }
            Placeholder::Fresh(nth @ (1 | 5)) => uuid(self.number(10 + nth), out),
            Placeholder::Fresh(nth) => uuid(self.identifier_number(10 + nth), out),
            Placeholder::Known(nth) => uuid(mix(self.place.seed(), self.request_number(50 + nth) % 8), out),
            Placeholder::Hex(nth) => push(out, format_args!("{:016x}", self.identifier_number(70 + nth))),
            Placeholder::Opaque(alphabet, length) => {
                letters(self.number(90 + length as u64), alphabet, length, out);
            }
            _ => unreachable!("filled by EventContext::fill"),
        }
    }

    fn fill_resource(&self, index: usize, chosen: u64, out: &mut String) {
        let (_, before, stock) = RESOURCES[index];
        out.push_str(before);
        let seed = self.place.seed() ^ (index as u64 + 1);
        push(out, format_args!("{:016x}", mix(seed, chosen % stock)));
    }

    fn fill_response_time(&self, later: i64, out: &mut String) {
        let time = seconds(self.time.as_second() + later).to_zoned(TimeZone::UTC);
        push(out, time.strftime("%b %-d, %Y, %-I:%M:%S %p"));
    }
}

/// `2026-10-01T09:14:02Z`
pub(super) fn write_time(time: Timestamp, out: &mut String) {
    push(out, time.strftime("%Y-%m-%dT%H:%M:%SZ"));
}

/// A point in time from the seconds since 1970.
pub(super) fn seconds(since_1970: i64) -> Timestamp {
    Timestamp::from_second(since_1970).unwrap_or_default()
}

/// `DescribeInstances` as the command line spells it: `describe-instances`.
fn kebab(name: &str, out: &mut String) {
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}
