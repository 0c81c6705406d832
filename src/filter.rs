//! Which events: what the filters ask, and the parts of an event that they
//! and the columns look at.

pub mod address;
pub mod comparison;
pub mod condition;
pub mod criteria;
pub mod field;
pub mod grep;
pub mod jq;
pub mod long;
pub mod search;

pub use crate::filter::criteria::Filter;

#[cfg(test)]
pub(crate) mod testing {
    use crate::decode::event::{Event, Fields, Places};
    use crate::decode::json::Text;
    use crate::decode::structure::Structure;

    /// Looks at one event.
    pub(crate) fn with_event<R>(json: &str, fields: &Fields, look: impl FnOnce(&Event<'_>) -> R) -> R {
        let (mut structure, mut places) = (Structure::default(), Places::default());
        let text = Text::index(json.as_bytes(), &mut structure);
        let end = places.read(&text, 0, fields).unwrap();
        look(&Event::new(&text, &places, 0, end))
    }
}
