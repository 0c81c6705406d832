//! Reads objects that are nested in events.

use super::{FieldSet, FieldSpans};
use crate::decode::json::{JsonValue, ValueKind};

/// Reads objects of one kind, whose members of interest are known.
#[derive(Clone, Debug)]
pub struct ObjectReader<const N: usize> {
    fields: FieldSet,
    spans: FieldSpans,
}

impl<const N: usize> ObjectReader<N> {
    /// Creates a reader of these members.
    pub fn new(names: [&str; N]) -> ObjectReader<N> {
        let mut fields = FieldSet::default();
        for name in names {
            // `N` is always far below the capacity of a `FieldSet`.
            let _ = fields.add(name);
        }
        ObjectReader { fields, spans: FieldSpans::default() }
    }

    /// Returns the values of the members, up to the first syntax error in the object.
    /// Its brackets balance, so the error affects nothing after it.
    pub fn read<'a>(&mut self, object: JsonValue<'a>) -> [Option<JsonValue<'a>>; N] {
        if object.kind() != ValueKind::Object {
            return [None; N];
        }
        let _ = self.spans.read(object.text(), object.start(), &self.fields);
        std::array::from_fn(|id| self.spans.get(id as u8, object.text()))
    }
}
