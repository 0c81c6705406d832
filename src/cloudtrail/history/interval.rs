//! The time during which a property of a resource had a value.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::change::{ChangeEvent, Property, Resource, ResourceScope};

/// A value of a property, from one event until another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interval {
    /// The account and the region.
    pub scope: ResourceScope,
    /// The resource that has the property.
    pub resource: Resource,
    /// Which of its properties.
    pub property: Property,
    /// The value; `None` if only its end was seen, in an event that does not contain it.
    pub value: Option<String>,
    /// The id of the rule, the attachment or the association.
    pub relation: Option<String>,
    /// The event that began it.
    pub begin: IntervalBegin,
    /// The event that ended it; `None` if it had not ended at the last event read.
    pub end: Option<IntervalEnd>,
}

/// How an interval began.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum IntervalBegin {
    /// By this event.
    Known(Arc<IntervalEnd>),
    /// Before the events that were read.
    BeforeEvents,
    /// By an event that was not read, after this time: until then, something else is
    /// known.
    After(Timestamp),
}

/// The event at one end of an interval.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct IntervalEnd {
    /// `eventTime`.
    pub time: Timestamp,
    /// `eventID`.
    pub event_id: String,
    /// Who made the call.
    pub actor: String,
    /// Whether the event made this end. If not, it only shows that the value had ended before,
    /// and the event and the caller are empty.
    pub is_seen: bool,
}

impl IntervalBegin {
    /// The event, if it was read.
    pub fn event(&self) -> Option<&IntervalEnd> {
        match self {
            IntervalBegin::Known(event) => Some(event),
            IntervalBegin::BeforeEvents | IntervalBegin::After(_) => None,
        }
    }

    /// The earliest time that the interval can have begun; `None` if it has no bound.
    pub fn earliest(&self) -> Option<Timestamp> {
        match self {
            IntervalBegin::Known(event) => Some(event.time),
            IntervalBegin::After(time) => Some(*time),
            IntervalBegin::BeforeEvents => None,
        }
    }
}

impl IntervalEnd {
    /// The end that an event makes.
    pub fn of(event: &ChangeEvent) -> IntervalEnd {
        IntervalEnd { time: event.time, event_id: event.id.clone(), actor: event.actor.clone(), is_seen: true }
    }

    /// An end that no event records, some time before this one.
    pub fn before(event: &ChangeEvent) -> IntervalEnd {
        IntervalEnd { time: event.time, event_id: String::new(), actor: String::new(), is_seen: false }
    }
}
