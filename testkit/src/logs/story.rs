//! The hand-written events of the sample: someone gets in, prepares the ground
//! and covers the tracks; and someone else terminates an instance.
//! `testdata/README.md` tells it in words.

use jiff::Timestamp;

use super::draw::{hash, uuid};
use super::event::{Event, Field};
use super::sample::time_of;
use super::scene::{seconds, write_time};

mod persons;
mod scenes;

/// An event of the story, and the delivery that brings it.
pub(super) struct Told {
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) delivered: Timestamp,
    pub(super) event: String,
}

/// One event as it is written down in [`scenes`].
struct Tale {
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
pub(super) fn story() -> Vec<Told> {
    scenes::all().into_iter().map(told).collect()
}

fn told(tale: Tale) -> Told {
    let time = time_of(tale.time);
    let delivered = match tale.delivered {
        Some(delivered) => time_of(delivered),
        // The first round five minutes that are two minutes later.
        None => seconds((time.as_second() + 120 + 299).div_euclid(300) * 300),
    };
    let mut event = String::new();
    fill(&tale, time).write(Field::ALL, &mut event);
    Told { account: tale.account, region: tale.region, delivered, event }
}

fn fill(tale: &Tale, time: Timestamp) -> Event {
    let (source, name) = tale.call;
    let identity = hash(&format!("{} {name} {}", tale.time, tale.account));
    let mut event = Event::default();
    event.text(Field::EventVersion, |out| out.push_str("1.11"));
    event.json(Field::UserIdentity, |out| out.push_str(tale.who));
    event.text(Field::EventTime, |out| write_time(time, out));
    event.text(Field::EventSource, |out| out.extend([source, ".amazonaws.com"]));
    event.text(Field::EventName, |out| out.push_str(name));
    event.text(Field::AwsRegion, |out| out.push_str(tale.region));
    event.text(Field::SourceIpAddress, |out| out.push_str(tale.address));
    event.text(Field::UserAgent, |out| out.push_str(tale.agent));
    event.json(Field::RequestParameters, |out| out.push_str("null"));
    event.json(Field::ResponseElements, |out| out.push_str("null"));
    event.text(Field::RequestId, |out| uuid(identity, out));
    event.text(Field::EventId, |out| uuid(!identity, out));
    event.json(Field::ReadOnly, |out| out.push_str(if tale.read_only { "true" } else { "false" }));
    event.text(Field::EventType, |out| out.push_str("AwsApiCall"));
    event.json(Field::ManagementEvent, |out| out.push_str("true"));
    event.text(Field::RecipientAccountId, |out| out.push_str(tale.account));
    event.text(Field::EventCategory, |out| out.push_str("Management"));
    for (field, json) in &tale.fields {
        event.json(*field, |out| out.push_str(json));
    }
    event
}

impl Tale {
    fn new(
        account: &'static str,
        region: &'static str,
        time: &'static str,
        who: &'static str,
        call: (&'static str, &'static str),
    ) -> Tale {
        Tale {
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

    fn read_only(mut self) -> Tale {
        self.read_only = true;
        self
    }

    fn delivered(mut self, time: &'static str) -> Tale {
        self.delivered = Some(time);
        self
    }

    fn from(mut self, address: &'static str) -> Tale {
        self.address = address;
        self
    }

    /// The user agent, as it stands in JSON.
    fn with(mut self, agent: &'static str) -> Tale {
        self.agent = agent;
        self
    }

    fn set(mut self, field: Field, json: &'static str) -> Tale {
        self.fields.push((field, json));
        self
    }

    fn request(self, json: &'static str) -> Tale {
        self.set(Field::RequestParameters, json)
    }

    fn response(self, json: &'static str) -> Tale {
        self.set(Field::ResponseElements, json)
    }
}
