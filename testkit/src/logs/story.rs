//! The hand-written events of the sample: someone gets in, prepares the ground
//! and covers the tracks; and someone else terminates an instance.
//! `testdata/README.md` describes it in words.

use jiff::Timestamp;

use super::event::{Event, Field};
use super::event_context::{seconds, write_time};
use super::sample::time_of;
use super::seeded::{hash, uuid};

mod persons;
mod scripts;

/// An event of the story, and when it is delivered.
pub(super) struct StoryEvent {
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) delivered: Timestamp,
    pub(super) event: String,
}

/// One event as [`scripts`] defines it.
struct EventScript {
    account: &'static str,
    /// The region of its folder.
    region: &'static str,
    time: &'static str,
    delivered: Option<&'static str>,
    who: &'static str,
    /// Source and name.
    call: (&'static str, &'static str),
    read_only: bool,
    address: &'static str,
    agent: &'static str,
    /// The other fields, as JSON.
    fields: Vec<(Field, &'static str)>,
}

/// The story in the order of its events.
pub(super) fn story() -> Vec<StoryEvent> {
    scripts::all().into_iter().map(write_event).collect()
}

fn write_event(script: EventScript) -> StoryEvent {
    let time = time_of(script.time);
    let delivered = match script.delivered {
        Some(delivered) => time_of(delivered),
        // The first multiple of five minutes that is at least two minutes later.
        None => seconds((time.as_second() + 120 + 299).div_euclid(300) * 300),
    };
    let mut event = String::new();
    fill(&script, time).write(Field::ALL, &mut event);
    StoryEvent { account: script.account, region: script.region, delivered, event }
}

fn fill(script: &EventScript, time: Timestamp) -> Event {
    let (source, name) = script.call;
    let identity = hash(&format!("{} {name} {}", script.time, script.account));
    let mut event = Event::default();
    event.text(Field::EventVersion, |out| out.push_str("1.11"));
    event.json(Field::UserIdentity, |out| out.push_str(script.who));
    event.text(Field::EventTime, |out| write_time(time, out));
    event.text(Field::EventSource, |out| out.extend([source, ".amazonaws.com"]));
    event.text(Field::EventName, |out| out.push_str(name));
    event.text(Field::AwsRegion, |out| out.push_str(script.region));
    event.text(Field::SourceIpAddress, |out| out.push_str(script.address));
    event.text(Field::UserAgent, |out| out.push_str(script.agent));
    event.json(Field::RequestParameters, |out| out.push_str("null"));
    event.json(Field::ResponseElements, |out| out.push_str("null"));
    event.text(Field::RequestId, |out| uuid(identity, out));
    event.text(Field::EventId, |out| uuid(!identity, out));
    event.json(Field::ReadOnly, |out| out.push_str(if script.read_only { "true" } else { "false" }));
    event.text(Field::EventType, |out| out.push_str("AwsApiCall"));
    event.json(Field::ManagementEvent, |out| out.push_str("true"));
    event.text(Field::RecipientAccountId, |out| out.push_str(script.account));
    event.text(Field::EventCategory, |out| out.push_str("Management"));
    for (field, json) in &script.fields {
        event.json(*field, |out| out.push_str(json));
    }
    event
}

impl EventScript {
    fn new(
        account: &'static str,
        region: &'static str,
        time: &'static str,
        who: &'static str,
        call: (&'static str, &'static str),
    ) -> EventScript {
        EventScript {
            account,
            region,
            time,
            delivered: None,
            who,
            call,
            read_only: false,
            address: "203.0.113.66",
            agent: persons::CLI,
            fields: Vec::new(),
        }
    }

    fn read_only(mut self) -> EventScript {
        self.read_only = true;
        self
    }

    fn delivered(mut self, time: &'static str) -> EventScript {
        self.delivered = Some(time);
        self
    }

    fn from(mut self, address: &'static str) -> EventScript {
        self.address = address;
        self
    }

    /// The user agent, as it stands in JSON.
    fn with(mut self, agent: &'static str) -> EventScript {
        self.agent = agent;
        self
    }

    fn set(mut self, field: Field, json: &'static str) -> EventScript {
        self.fields.push((field, json));
        self
    }

    fn request(self, json: &'static str) -> EventScript {
        self.set(Field::RequestParameters, json)
    }

    fn response(self, json: &'static str) -> EventScript {
        self.set(Field::ResponseElements, json)
    }
}
