//! One event as a lazy view: only the requested top-level fields are stored, as byte
//! ranges of the text.

mod field_set;
mod field_spans;
mod key_predictor;
mod object_reader;

pub use self::field_set::{FieldId, FieldSet, TooManyFields};
pub use self::field_spans::FieldSpans;
pub use self::object_reader::ObjectReader;
use super::json::{JsonText, JsonValue};

/// One event of a log, as a view of the text.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    text: &'a JsonText<'a>,
    spans: &'a FieldSpans,
    start: usize,
    end: usize,
}

impl<'a> Event<'a> {
    /// Wraps the object between `start` and `end`, whose fields are at `spans`.
    pub fn new(text: &'a JsonText<'a>, spans: &'a FieldSpans, start: usize, end: usize) -> Event<'a> {
        Event { text, spans, start, end }
    }

    /// The value of a field, `null` included; `None` if the field is absent.
    #[inline]
    pub fn get(&self, id: FieldId) -> Option<JsonValue<'a>> {
        self.spans.value(id, self.text)
    }

    /// The start and the end of the value of a field; `None` if the field is absent.
    #[inline]
    pub fn span(&self, id: FieldId) -> Option<[u32; 2]> {
        self.spans.span(id)
    }

    /// The text between such offsets.
    #[inline]
    pub fn text(&self, start: u32, end: u32) -> &'a [u8] {
        self.text.bytes().get(start as usize..end as usize).unwrap_or(&[])
    }

    /// The text that offsets refer to.
    #[inline]
    pub fn window(&self) -> &'a [u8] {
        self.text.bytes()
    }

    /// Whether a field has a value that occurs elsewhere in the event.
    pub fn has_substitutes(&self) -> bool {
        self.spans.has_substitutes()
    }

    /// The whole event.
    pub fn value(&self) -> JsonValue<'a> {
        self.text.value(self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::structure::Structure;

    #[test]
    fn fields_are_found_in_any_order_and_escaping() {
        let mut fields = FieldSet::default();
        let [name, time, absent] = ["eventName", "eventTime", "errorCode"].map(|name| fields.add(name).unwrap());
        assert_eq!(fields.add("eventName"), Ok(name));
        let json = br#" {"eventTime":"x","other":{"eventName":"no","eventVersion":"1"},"event\u004eame":"yes","eventTime":null}"#;
        let mut structure = Structure::default();
        let text = JsonText::index(json, &mut structure);
        let mut spans = FieldSpans::default();
        let end = spans.read(&text, 1, &fields).unwrap();
        let event = Event::new(&text, &spans, 1, end);
        assert_eq!(event.get(name).unwrap().raw(), b"\"yes\"");
        assert_eq!(event.get(time).unwrap().raw(), b"null");
        assert!(event.get(absent).is_none());
        assert_eq!(event.value().raw(), &json[1..]);
    }
}
