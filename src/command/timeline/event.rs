//! What a timeline keeps of an event, and the order of events.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::columns::AddressCells;
use crate::cloudtrail::actor::{ActorIndex, ActorReader, PortableCaller, PortableCallerReader};
use crate::cloudtrail::call::FailureRule;
use crate::cloudtrail::denial::DenialRule;
use crate::cloudtrail::field::{self, Field};
use crate::cloudtrail::resource::ResourceFields;
use crate::cloudtrail::theme::ThemeReader;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::error::Error;

/// The most resources that are kept of an event, and of a run.
pub(super) const MAX_RESOURCES: usize = 20;
/// Stands for the resources above [`MAX_RESOURCES`], and for the end of a long text.
pub(super) const MORE: &str = "…";
/// The most bytes that are kept of a text.
const MAX_TEXT: usize = 2048;

/// What became of a call.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) enum CallOutcome {
    Done,
    Denied,
    Failed,
}

impl CallOutcome {
    /// The text of the cell.
    pub(super) fn name(self) -> &'static str {
        match self {
            CallOutcome::Done => "done",
            CallOutcome::Denied => "denied",
            CallOutcome::Failed => "failed",
        }
    }
}

/// The caller of a call: events of one caller from one address form runs.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Caller {
    pub(super) user: String,
    /// The actor; empty if it is not proven, or not shown.
    pub(super) actor: String,
    pub(super) address: String,
}

/// A call and its outcome: what is the same in all events of a run, besides the caller.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct TimelineCall {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) outcome: CallOutcome,
    pub(super) error_code: String,
    pub(super) region: String,
    pub(super) account: String,
}

/// What is kept of an event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct TimelineEvent {
    /// `None` if the time cannot be read.
    pub(super) time: Option<Timestamp>,
    pub(super) caller: Caller,
    pub(super) call: TimelineCall,
    pub(super) theme: String,
    /// The first resources, then [`MORE`] if there are others.
    pub(super) resources: Vec<String>,
    /// What tables of the user have for the address, for the columns that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) of_address: Vec<Option<String>>,
}

impl TimelineEvent {
    /// Adds the actor, of an event of another run.
    pub(super) fn resolve(&mut self, caller: PortableCaller, index: &ActorIndex) {
        self.caller.actor = index.actor_of(caller).map_or(String::new(), |actor| shortened(actor.name.into()));
    }

    /// Appends the key by which events are sorted: the time, then all that is shown, so that
    /// the order does not depend on that of the inputs. Events without a time come last.
    pub(super) fn sort_key(&self, key: &mut Vec<u8>) {
        key.extend_from_slice(&self.time.map_or([u8::MAX; 12], time::order_bytes));
        let (caller, call) = (&self.caller, &self.call);
        let texts = [&caller.user, &caller.actor, &caller.address, &call.name, &call.source, &call.error_code];
        for text in texts.into_iter().chain([&call.region, &call.account]).chain(&self.resources) {
            key.extend_from_slice(text.as_bytes());
            key.push(0);
        }
        key.push(call.outcome as u8);
    }
}

/// What is read of the actors of events.
#[derive(Clone)]
pub(super) enum ActorFields {
    /// Nothing: they are not shown.
    None,
    /// The actors.
    Resolved(ActorReader),
    /// The callers, whose actors another run resolves.
    Portable(PortableCallerReader),
}

/// Reads what a timeline keeps of an event.
#[derive(Clone)]
pub(super) struct TimelineReader {
    time: FieldId,
    name: FieldId,
    source: FieldId,
    address: FieldId,
    error_code: FieldId,
    region: FieldId,
    account: FieldId,
    user: Field,
    actors: ActorFields,
    resources: ResourceFields,
    failure: FailureRule,
    denial: DenialRule,
    themes: ThemeReader,
    of_address: AddressCells,
}

impl TimelineReader {
    /// Adds the fields it reads to `fields`.
    pub(super) fn new(
        actors: ActorFields,
        of_address: AddressCells,
        fields: &mut FieldSet,
    ) -> Result<TimelineReader, Error> {
        Ok(TimelineReader {
            time: fields.add("eventTime")?,
            name: fields.add("eventName")?,
            source: fields.add("eventSource")?,
            address: fields.add("sourceIPAddress")?,
            error_code: fields.add("errorCode")?,
            region: fields.add("awsRegion")?,
            account: fields.add("recipientAccountId")?,
            user: Field::parse("userName", fields).map_err(Error::usage)?,
            actors,
            resources: ResourceFields::new(fields)?,
            failure: FailureRule::new(fields)?,
            denial: DenialRule::new(fields)?,
            themes: ThemeReader::new(fields).map_err(Error::usage)?,
            of_address,
        })
    }

    /// The reader of actors, if they are shown.
    pub(super) fn actor_reader(&mut self) -> Option<&mut ActorReader> {
        match &mut self.actors {
            ActorFields::Resolved(actors) => Some(actors),
            _ => None,
        }
    }

    /// The caller of an event, if another run resolves the actors.
    pub(super) fn portable_caller(&mut self, event: &Event<'_>) -> Option<PortableCaller> {
        match &mut self.actors {
            ActorFields::Portable(callers) => Some(callers.caller(event)),
            _ => None,
        }
    }

    /// What is kept of an event.
    pub(super) fn read(&mut self, event: &Event<'_>) -> TimelineEvent {
        let text = |field| field::text(event, field).map_or(String::new(), shortened);
        let mut user = String::new();
        self.user.each(event, |name| user = shortened(name.into()));
        let actor = self.actor_reader().and_then(|actors| actors.actor(event));
        let actor = actor.map_or(String::new(), |actor| shortened(actor.name.into()));
        let outcome = match self.failure.is_failed(event) {
            false => CallOutcome::Done,
            true if self.denial.is_denied(event) => CallOutcome::Denied,
            true => CallOutcome::Failed,
        };
        let all = self.resources.list(event);
        let has_more = all.len() > MAX_RESOURCES;
        let resources = all.into_iter().take(MAX_RESOURCES).map(shortened);
        let address = text(self.address);
        TimelineEvent {
            of_address: self.of_address.of(&address),
            time: event.get(self.time).and_then(time::of_value),
            caller: Caller { user, actor, address },
            call: TimelineCall {
                name: text(self.name),
                source: text(self.source),
                outcome,
                // A success can have a code too, such as 200.
                error_code: if outcome == CallOutcome::Done { String::new() } else { text(self.error_code) },
                region: text(self.region),
                account: text(self.account),
            },
            theme: self.themes.rule(event).map_or(String::new(), |rule| rule.theme.name().into()),
            resources: resources.chain(has_more.then(|| MORE.into())).collect(),
        }
    }
}

/// The text, or its start and a mark.
fn shortened(text: Cow<'_, str>) -> String {
    match text.char_indices().take_while(|(at, _)| *at < MAX_TEXT).last() {
        Some((at, last)) if at + last.len_utf8() < text.len() => format!("{}{MORE}", &text[..at]),
        _ => text.into_owned(),
    }
}
