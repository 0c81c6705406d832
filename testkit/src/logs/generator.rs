//! Draws a call and its caller, and writes them as one event.

use std::sync::LazyLock;

use fastrand::Rng;
use jiff::Timestamp;

use super::account_region::AccountRegion;
use super::actors::{Actor, Address, IdentityKind};
use super::calls::{Call, TERMINATE};
use super::event::{Event, Field};
use super::event_context::{EventContext, write_time};
use super::order;
use super::population::{ActiveSession, ActiveSessions, Caller, Population};
use super::prepared_call::{PREPARED_CALLS, PreparedCall, TERMINATE_CALL, WeightedChoice};
use super::seeded::{hash, uuid};
use super::template::Template;

/// On average, one event in this many is a TerminateInstances.
const TERMINATE_ONE_IN: u32 = 3000;

static ENDPOINT: LazyLock<Template> = LazyLock::new(|| Template::new("<endpoint>"));

/// Writes events: always the same ones from the same seed.
pub struct Generator {
    rng: Rng,
    event: Event,
    /// The last call and its actor, because programs repeat themselves.
    last: Option<(&'static PreparedCall, &'static Actor)>,
    terminations: bool,
    /// The calls recorded in the home region; `away` has those recorded elsewhere.
    home: WeightedChoice<&'static PreparedCall>,
    away: WeightedChoice<&'static PreparedCall>,
    /// The sessions of a large account.
    sessions: Option<ActiveSessions>,
}

impl Generator {
    /// A generator whose events follow from the seed.
    pub fn new(seed: u64) -> Generator {
        Generator::without(&[], seed)
    }

    /// A generator that never writes events with these names.
    pub fn without(names: &[&str], seed: u64) -> Generator {
        let wanted = || PREPARED_CALLS.iter().filter(|prepared| !names.contains(&prepared.call.name));
        Generator {
            rng: Rng::with_seed(seed),
            event: Event::default(),
            last: None,
            terminations: !names.contains(&TERMINATE.name),
            home: WeightedChoice::new(wanted().map(|prepared| (prepared.call.weight, prepared))),
            away: WeightedChoice::new(
                wanted().filter(|prepared| !prepared.call.global).map(|prepared| (prepared.call.weight, prepared)),
            ),
            sessions: None,
        }
    }

    /// The same generator for accounts with many identities, whose programs repeat their calls.
    pub fn with_population(self, population: Population) -> Generator {
        Generator { sessions: Some(ActiveSessions::new(population)), ..self }
    }

    /// Continues as a new generator with this seed would.
    pub fn reseed(&mut self, seed: u64) {
        self.rng.seed(seed);
        self.last = None;
        if let Some(sessions) = &mut self.sessions {
            sessions.clear();
        }
    }

    /// The random numbers of this generator, for further choices about the same events.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Appends an event as compact JSON.
    pub fn event(&mut self, place: &AccountRegion, time: Timestamp, out: &mut String) {
        if let Some(ActiveSession { prepared, actor, caller }) = self.draw_session(place) {
            return self.write(prepared, actor, Some(caller), place, time, out);
        }
        let (prepared, actor) = self.draw(place);
        self.write(prepared, actor, None, place, time, out);
    }

    /// Draws a session and its next call; `None` without a population.
    fn draw_session(&mut self, place: &AccountRegion) -> Option<ActiveSession> {
        let sessions = self.sessions.as_mut()?;
        if self.terminations && self.rng.u32(..TERMINATE_ONE_IN) == 0 {
            return Some(sessions.once(&TERMINATE_CALL, place, &mut self.rng));
        }
        let calls = if place.home { &self.home } else { &self.away };
        Some(sessions.next(calls, place, &mut self.rng))
    }

    /// Draws a call and its actor. Half of the time, it repeats the last ones.
    fn draw(&mut self, place: &AccountRegion) -> (&'static PreparedCall, &'static Actor) {
        if self.terminations && self.rng.u32(..TERMINATE_ONE_IN) == 0 {
            return (&TERMINATE_CALL, TERMINATE_CALL.actors.draw(&mut self.rng));
        }
        match self.last {
            Some(last) if self.rng.bool() && (place.home || !last.0.call.global) => last,
            _ => {
                let calls = if place.home { &self.home } else { &self.away };
                let prepared = calls.draw(&mut self.rng);
                let drawn = (prepared, prepared.actors.draw(&mut self.rng));
                self.last = Some(drawn);
                drawn
            }
        }
    }

    /// Appends an event whose identity is of this kind.
    pub fn event_by(&mut self, who: IdentityKind, place: &AccountRegion, time: Timestamp, out: &mut String) {
        let by_who = |prepared: &&'static PreparedCall| prepared.actors.sums.iter().any(|(_, actor)| actor.who == who);
        let known = self.home.sums.iter().map(|&(_, prepared)| prepared).filter(by_who);
        let prepared = WeightedChoice::new(known.map(|prepared| (prepared.call.weight, prepared))).draw(&mut self.rng);
        let actors = prepared.actors.sums.iter().map(|&(_, actor)| actor);
        let actors = actors.filter(|actor| actor.who == who);
        let actor = WeightedChoice::new(actors.map(|actor| (actor.weight, actor))).draw(&mut self.rng);
        self.write(prepared, actor, None, place, time, out);
    }

    fn write(
        &mut self,
        prepared: &PreparedCall,
        actor: &Actor,
        caller: Option<Caller>,
        place: &AccountRegion,
        time: Timestamp,
        out: &mut String,
    ) {
        let salt = self.rng.u64(..);
        let context = EventContext { place, time, actor, call: prepared.call, salt, caller };
        let failure = match self.rng.u32(..1000) < prepared.call.failing {
            true => Some(&prepared.errors[self.rng.usize(..prepared.errors.len())]),
            false => None,
        };
        self.event.clear();
        self.fill_call_fields(prepared, &context);
        self.fill_actor_fields(prepared, &context);
        self.fill_outcome(prepared, &context, failure);
        let order = match caller {
            Some(_) => order::of_call(prepared.call.name),
            None => order::pick(&mut self.rng),
        };
        self.event.write(order, out);
    }

    /// Sets the fields that depend on the call.
    fn fill_call_fields(&mut self, prepared: &PreparedCall, context: &EventContext<'_>) {
        let call = prepared.call;
        let event = &mut self.event;
        event.text(Field::EventVersion, |out| out.push_str(version(call)));
        event.text(Field::EventTime, |out| write_time(context.time, out));
        event.text(Field::EventSource, |out| {
            out.push_str(call.source);
            out.push_str(".amazonaws.com");
        });
        event.text(Field::EventName, |out| out.push_str(call.name));
        event.text(Field::AwsRegion, |out| out.push_str(context.region()));
        event.json(Field::RequestParameters, |out| prepared.request.fill(context, out));
        for (field, template) in &prepared.more {
            event.json(*field, |out| template.fill(context, out));
        }
        event.text(Field::RequestId, |out| request_id(context, out));
        event.text(Field::EventId, |out| uuid(context.number(0), out));
        event.json(Field::ReadOnly, |out| out.push_str(boolean(call.read_only)));
        event.text(Field::EventType, |out| out.push_str(call.kind));
        event.json(Field::ManagementEvent, |out| out.push_str(boolean(!call.data)));
        event.text(Field::EventCategory, |out| {
            out.push_str(if call.data { "Data" } else { "Management" });
        });
        event.text(Field::RecipientAccountId, |out| out.push_str(&context.place.account));
    }

    /// Sets the fields that depend on the actor.
    fn fill_actor_fields(&mut self, prepared: &PreparedCall, context: &EventContext<'_>) {
        let actor = context.actor;
        let event = &mut self.event;
        event.json(Field::UserIdentity, |out| actor.identity.fill(context, out));
        let mut agent = String::new();
        actor.write_agent(context, &mut agent);
        let in_brackets = prepared.call.source == "s3" && actor.address != Address::Service;
        event.text(Field::UserAgent, |out| match in_brackets {
            true => out.extend(["[", &agent, "]"]),
            false => out.push_str(&agent),
        });
        let through_endpoint = actor.who == IdentityKind::Program && context.origin_number(6).is_multiple_of(8);
        event.text(Field::SourceIpAddress, |out| address(context, through_endpoint, out));
        if through_endpoint {
            event.text(Field::VpcEndpointId, |out| ENDPOINT.fill(context, out));
            event.text(Field::VpcEndpointAccountId, |out| out.push_str(&context.place.account));
        }
        let by_console = agent == "AWS Internal" || agent.starts_with("Mozilla");
        if by_console && prepared.call.kind == "AwsApiCall" {
            event.text(Field::SessionCredentialFromConsole, |out| out.push_str("true"));
        } else if actor.address != Address::Service && prepared.call.kind != "AwsServiceEvent" {
            event.json(Field::TlsDetails, |out| tls(prepared, context, out));
        }
    }

    /// Sets the response, or the error instead.
    fn fill_outcome(
        &mut self,
        prepared: &PreparedCall,
        context: &EventContext<'_>,
        failure: Option<&(&'static str, Template)>,
    ) {
        let event = &mut self.event;
        match failure {
            Some((code, message)) => {
                event.text(Field::ErrorCode, |out| out.push_str(code));
                event.text(Field::ErrorMessage, |out| message.fill(context, out));
                event.json(Field::ResponseElements, |out| out.push_str("null"));
            }
            None => event.json(Field::ResponseElements, |out| prepared.response.fill(context, out)),
        }
    }
}

fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Each service has its own version of the record format.
fn version(call: &Call) -> &'static str {
    const VERSIONS: [&str; 8] = ["1.08", "1.08", "1.09", "1.09", "1.10", "1.11", "1.11", "1.11"];
    VERSIONS[(hash(call.source) % 8) as usize]
}

fn request_id(context: &EventContext<'_>, out: &mut String) {
    static OF_S3: LazyLock<Template> = LazyLock::new(|| Template::new("<request-of-s3>"));
    static USUAL: LazyLock<Template> = LazyLock::new(|| Template::new("<uuid-1>"));
    if context.call.source == "s3" { &OF_S3 } else { &USUAL }.fill(context, out);
}

fn address(context: &EventContext<'_>, through_endpoint: bool, out: &mut String) {
    use std::fmt::Write as _;
    let day = (context.time.as_second() / 86_400) as u64;
    let home = context.caller_number(day ^ 0xadd4);
    // Writing to a String cannot fail.
    let _ = match context.actor.address {
        Address::Service => {
            context.actor.write_service(out);
            Ok(())
        }
        Address::Fleet if through_endpoint => {
            let host = context.origin_number(7);
            write!(out, "10.0.{}.{}", 1 + host % 6, 4 + (host >> 8) % 250)
        }
        Address::Fleet => write!(out, "192.0.2.{}", 1 + context.origin_number(8) % 24),
        Address::Office if home.is_multiple_of(12) => {
            write!(out, "2001:db8:85a3:{:x}::{:x}", home >> 8 & 0xfff, home >> 24 & 0xffff)
        }
        // The addresses below 128 are reserved for hand-written events.
        Address::Office if home.is_multiple_of(3) => write!(out, "203.0.113.{}", 128 + home % 100),
        Address::Office => write!(out, "198.51.100.{}", 1 + home % 250),
    };
}

fn tls(prepared: &PreparedCall, context: &EventContext<'_>, out: &mut String) {
    const MODERN: &str = r#"{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256""#;
    const OLD: &str = r#"{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256""#;
    out.push_str(if context.caller_number(9).is_multiple_of(4) { OLD } else { MODERN });
    out.push_str(r#","clientProvidedHostHeader":""#);
    prepared.host.fill(context, out);
    out.push_str("\"}");
}
