//! Where the values of the requested fields are in the text.

use super::field_set::{FieldId, FieldSet, NONE};
use super::key_predictor::KeyPredictor;
use crate::decode::json::{JsonError, JsonText, JsonValue};

/// Byte ranges of the requested fields of one event. Reused from event to event, for
/// its memory and for the key order it has learned.
#[derive(Clone, Debug)]
pub struct FieldSpans {
    /// Byte range per field id; the entry after the last field collects the keys that
    /// were not requested. An end of 0 means absent. Files are read in windows, so every
    /// offset fits into a `u32`. Of constant length, so that no index is out of bounds.
    spans: Box<[[u32; 2]; SPANS]>,
    /// Number of fields.
    fields: usize,
    /// Whether a field has a value that occurs elsewhere.
    has_substitutes: bool,
    keys: KeyPredictor,
}

/// One entry per value of a [`FieldId`], and one for all other keys.
const SPANS: usize = NONE as usize + 1;

impl Default for FieldSpans {
    fn default() -> FieldSpans {
        FieldSpans {
            spans: Box::new([[0, 0]; SPANS]),
            fields: 0,
            has_substitutes: false,
            keys: KeyPredictor::default(),
        }
    }
}

impl FieldSpans {
    /// Reads the members of the object at `start` and returns the offset after it. If a
    /// field occurs twice, the last one counts, as in every common JSON parser.
    #[inline(always)]
    pub fn read(&mut self, text: &JsonText<'_>, start: usize, fields: &FieldSet) -> Result<usize, JsonError> {
        self.clear(fields);
        let (mut at, mut last) = (start, KeyPredictor::START);
        loop {
            let (key, from) = match self.keys.predict(last, text, at) {
                Some(found) => found,
                None => self.keys.resolve(last, text, at, fields)?,
            };
            if key == KeyPredictor::END {
                return Ok(from);
            }
            let (from, to) = text.value_at(from)?;
            self.spans[usize::from(self.keys.field_id(key))] = [from as u32, to as u32];
            (at, last) = (to, key);
        }
    }

    #[inline(always)]
    fn clear(&mut self, fields: &FieldSet) {
        if self.fields != fields.len() || self.keys.is_full() {
            self.fields = fields.len();
            self.keys = KeyPredictor::new(self.fields);
        }
        self.spans[..=self.fields].fill([0, 0]);
        self.has_substitutes = false;
    }

    /// Whether the object has the field.
    #[inline(always)]
    pub(in crate::decode) fn has(&self, id: FieldId) -> bool {
        self.spans[usize::from(id.0)][1] != 0
    }

    /// The value of a field, `null` included.
    #[inline]
    pub(in crate::decode) fn value<'a>(&self, id: FieldId, text: &'a JsonText<'a>) -> Option<JsonValue<'a>> {
        self.get(id.0, text)
    }

    /// The start and the end of the value of a field; `None` if the field is absent.
    #[inline]
    pub(super) fn span(&self, id: FieldId) -> Option<[u32; 2]> {
        let span = self.spans[usize::from(id.0)];
        (span[1] != 0).then_some(span)
    }

    /// Whether a field has a value that occurs elsewhere in the object.
    pub(super) fn has_substitutes(&self) -> bool {
        self.has_substitutes
    }

    /// Assigns to a field a value that occurs elsewhere in the same object.
    pub(in crate::decode) fn set(&mut self, id: FieldId, value: JsonValue<'_>) {
        let start = value.start() as u32;
        self.has_substitutes = true;
        self.spans[usize::from(id.0)] = [start, start + value.raw().len() as u32];
    }

    /// The value of the field with this number.
    #[inline(always)]
    pub(super) fn get<'a>(&self, id: u8, text: &'a JsonText<'a>) -> Option<JsonValue<'a>> {
        match self.spans[usize::from(id)] {
            [_, 0] => None,
            [start, end] => Some(text.value(start as usize, end as usize)),
        }
    }
}
