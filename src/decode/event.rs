//! One event as a lazy view: only the requested top-level fields are stored, as byte
//! ranges of the text.

use std::sync::Arc;

use super::json::{JsonError, JsonText, JsonValue, KeyBytes, ObjectMembers, ValueKind, key_is};
use crate::error::Error;
use crate::syntax::geo_database::GeoDatabases;
use crate::syntax::network_names::NetworkNames;

/// The top-level fields that a run reads, each with a [`FieldId`].
#[derive(Clone, Debug)]
pub struct FieldSet {
    names: Vec<Box<str>>,
    /// For each hash of a key, the first field to compare it with, or [`NONE`].
    buckets: Box<[u8; 256]>,
    /// For each field, the next one with the same hash.
    next: Vec<u8>,
    /// The names of networks, from which a field is derived.
    networks: Option<Arc<NetworkNames>>,
    /// Databases of addresses, from which fields are derived.
    geoip: Option<Arc<GeoDatabases>>,
}

/// Identifies a field of a [`FieldSet`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FieldId(u8);

impl FieldId {
    /// The number of the field, which no other field of its set has.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// More fields were requested than a [`FieldSet`] can hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("asks for more different fields than an event can have")]
pub struct TooManyFields;

impl From<TooManyFields> for Error {
    fn from(too_many: TooManyFields) -> Error {
        Error::usage(format!("the command line {too_many}"))
    }
}

impl From<TooManyFields> for String {
    fn from(too_many: TooManyFields) -> String {
        too_many.to_string()
    }
}

const NONE: u8 = u8::MAX;

impl Default for FieldSet {
    fn default() -> FieldSet {
        FieldSet { names: Vec::new(), buckets: Box::new([NONE; 256]), next: Vec::new(), networks: None, geoip: None }
    }
}

impl FieldSet {
    /// No fields, with the names of networks for those that are derived from them.
    pub fn with_networks(networks: Option<Arc<NetworkNames>>) -> FieldSet {
        FieldSet { networks, ..FieldSet::default() }
    }

    /// The same fields, with databases for those that are derived from them.
    pub fn with_geoip(self, geoip: Option<Arc<GeoDatabases>>) -> FieldSet {
        FieldSet { geoip, ..self }
    }

    /// The databases of addresses; `None` if there are none.
    pub fn geoip(&self) -> Option<&Arc<GeoDatabases>> {
        self.geoip.as_ref()
    }

    /// The names of networks; `None` if there are none.
    pub fn networks(&self) -> Option<&Arc<NetworkNames>> {
        self.networks.as_ref()
    }

    /// Returns the id of the field `name`, adding the field if it is new.
    pub fn slot(&mut self, name: &str) -> Result<FieldId, TooManyFields> {
        let known = self.names.iter().position(|known| **known == *name);
        let slot =
            u8::try_from(known.unwrap_or(self.names.len())).ok().filter(|slot| *slot != NONE).ok_or(TooManyFields)?;
        if known.is_some() {
            return Ok(FieldId(slot));
        }
        let bucket = &mut self.buckets[hash(name.as_bytes())];
        self.next.push(std::mem::replace(bucket, slot));
        self.names.push(name.into());
        Ok(FieldId(slot))
    }

    /// The name of a field of this set.
    pub fn name(&self, slot: FieldId) -> &str {
        &self.names[usize::from(slot.0)]
    }

    fn find(&self, key: &[u8]) -> Option<usize> {
        let mut slot = self.buckets[hash(key)];
        while slot != NONE {
            if self.names[usize::from(slot)].as_bytes() == key {
                return Some(slot.into());
            }
            slot = self.next[usize::from(slot)];
        }
        if key.contains(&b'\\') {
            return self.names.iter().position(|name| key_is(key, name.as_bytes()));
        }
        None
    }
}

fn hash(key: &[u8]) -> usize {
    let (Some(first), Some(last)) = (key.first(), key.last()) else { return 0 };
    let middle = key[key.len() / 2];
    let mixed = key.len() * 7 + usize::from(*first) * 31 + usize::from(middle) * 11 + usize::from(*last) * 3;
    mixed & 0xff
}

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
            self.spans[usize::from(self.keys.slot(key))] = [from as u32, to as u32];
            (at, last) = (to, key);
        }
    }

    #[inline(always)]
    fn clear(&mut self, fields: &FieldSet) {
        if self.fields != fields.names.len() || self.keys.is_full() {
            self.fields = fields.names.len();
            self.keys = KeyPredictor::new(self.fields);
        }
        self.spans[..=self.fields].fill([0, 0]);
        self.has_substitutes = false;
    }

    /// Whether the object has the field.
    #[inline(always)]
    pub(super) fn has(&self, slot: FieldId) -> bool {
        self.spans[usize::from(slot.0)][1] != 0
    }

    /// The value of a field, `null` included.
    pub(super) fn value<'a>(&self, slot: FieldId, text: &'a JsonText<'a>) -> Option<JsonValue<'a>> {
        self.get(slot.0, text)
    }

    /// Assigns to a field a value that occurs elsewhere in the same object.
    pub(super) fn set(&mut self, slot: FieldId, value: JsonValue<'_>) {
        let start = value.start() as u32;
        self.has_substitutes = true;
        self.spans[usize::from(slot.0)] = [start, start + value.raw().len() as u32];
    }

    #[inline(always)]
    fn get<'a>(&self, slot: u8, text: &'a JsonText<'a>) -> Option<JsonValue<'a>> {
        match self.spans[usize::from(slot)] {
            [_, 0] => None,
            [start, end] => Some(text.value(start as usize, end as usize)),
        }
    }
}

/// Known keys, and which of them followed which. Records of one kind of event repeat
/// their key order, so the next key is usually the one that followed last time.
/// Comparing with it is faster than finding the end of the key and hashing it.
#[derive(Clone, Debug)]
struct KeyPredictor {
    keys: Vec<KnownKey>,
    /// What prediction does not need to know of the keys.
    names: Vec<FieldName>,
    /// For each hash of a key, the most recent one.
    buckets: Vec<usize>,
}

/// A key, or the end of an object, in adjacent cache lines.
#[derive(Clone, Copy, Debug)]
#[repr(align(128))]
struct KnownKey {
    /// The key with the bytes that surround it.
    written: KeyBytes,
    /// The two keys last seen after it.
    next: [u16; 2],
    /// Length in bytes, with its surroundings.
    length: u8,
    /// Id of the field.
    slot: u8,
}

#[derive(Clone, Debug, Default)]
struct FieldName {
    key: Box<[u8]>,
    /// Whether the key was the first of its object.
    is_first: bool,
    /// Another key with the same hash.
    next_in_bucket: usize,
}

impl Default for KeyPredictor {
    fn default() -> KeyPredictor {
        KeyPredictor::new(0)
    }
}

impl KeyPredictor {
    /// Represents the position before the first key.
    const START: usize = 0;
    /// Represents the end of an object.
    const END: usize = 1;
    /// Represents keys that were not requested, once no more keys can be learned. The
    /// entries after it represent the requested fields in that case, one per field id.
    const OTHER: usize = 2;
    /// More keys than any version of the format has.
    const MOST: usize = 1024;
    /// Longer keys are not worth the memory.
    const LONGEST: usize = 256;

    /// Creates a predictor for objects with `fields` fields, at most 255.
    fn new(fields: usize) -> KeyPredictor {
        let slots = [fields as u8; 3].into_iter().chain(0..fields as u8);
        let mut predictor =
            KeyPredictor { keys: Vec::new(), names: Vec::new(), buckets: vec![KeyPredictor::OTHER; 256] };
        for slot in slots {
            predictor.learn(FieldName::default(), KeyBytes::NEVER, slot);
        }
        let end = &mut predictor.keys[KeyPredictor::END];
        (end.written, end.length) = (KeyBytes::END, 1);
        predictor
    }

    /// Adds a key.
    fn learn(&mut self, name: FieldName, written: KeyBytes, slot: u8) {
        // A longer key is never predicted.
        let length = (name.key.len() + KeyBytes::SURROUNDINGS).min(KeyBytes::LONGEST);
        self.keys.push(KnownKey { written, next: [KeyPredictor::OTHER as u16; 2], length: length as u8, slot });
        self.names.push(name);
    }

    /// Whether no more keys are learned.
    fn is_full(&self) -> bool {
        self.keys.len() >= KeyPredictor::MOST
    }

    /// The id of the field of a key.
    #[inline(always)]
    fn slot(&self, key: usize) -> u8 {
        self.keys[key].slot
    }

    /// Returns the key at `at` and the offset after it if it is one of the two last
    /// seen after the key `last`.
    #[inline(always)]
    fn predict(&mut self, last: usize, text: &JsonText<'_>, at: usize) -> Option<(usize, usize)> {
        let bytes = text.bytes().get(at..)?.first_chunk()?;
        let [latest, other] = self.keys[last].next;
        let key = &self.keys[usize::from(latest)];
        if key.written.is_at_start(bytes) {
            return Some((latest.into(), at + usize::from(key.length)));
        }
        let key = &self.keys[usize::from(other)];
        if !key.written.is_at_start(bytes) {
            return None;
        }
        let end = at + usize::from(key.length);
        // The next record most likely has the same key here.
        self.keys[last].next = [other, latest];
        Some((other.into(), end))
    }

    /// Finds the key at `at` by its name, however it is escaped and spaced.
    #[cold]
    #[inline(never)]
    fn resolve(
        &mut self,
        last: usize,
        text: &JsonText<'_>,
        at: usize,
        fields: &FieldSet,
    ) -> Result<(usize, usize), JsonError> {
        let is_first = last == KeyPredictor::START;
        let mut members = if is_first { text.members(at) } else { ObjectMembers::resume(text, at) };
        let (key, from) = match members.next_key()? {
            Some((key, from)) => (self.id(key, is_first, fields), from),
            None => (KeyPredictor::END, members.at()),
        };
        let next = &mut self.keys[last].next;
        *next = [key as u16, next[0]];
        Ok((key, from))
    }

    /// Returns the number of a key, assigning one if the key is new.
    fn id(&mut self, key: &[u8], is_first: bool, fields: &FieldSet) -> usize {
        let bucket = hash(key);
        let mut id = self.buckets[bucket];
        while id != KeyPredictor::OTHER && (*self.names[id].key != *key || self.names[id].is_first != is_first) {
            id = self.names[id].next_in_bucket;
        }
        if id != KeyPredictor::OTHER {
            return id;
        }
        let slot = fields.find(key);
        if self.is_full() || key.len() > KeyPredictor::LONGEST {
            return KeyPredictor::OTHER + slot.map_or(0, |slot| slot + 1);
        }
        id = self.keys.len();
        let next_in_bucket = std::mem::replace(&mut self.buckets[bucket], id);
        // The pattern includes the byte before the key, so a first key has its own
        // entry.
        let written = KeyBytes::new(if is_first { b'{' } else { b',' }, key);
        let slot = slot.unwrap_or(fields.names.len()) as u8;
        self.learn(FieldName { key: key.into(), is_first, next_in_bucket }, written, slot);
        id
    }
}

/// Reads objects of one kind, whose members of interest are known.
#[derive(Clone, Debug)]
pub struct ObjectReader<const N: usize> {
    fields: FieldSet,
    places: FieldSpans,
}

impl<const N: usize> ObjectReader<N> {
    /// Creates a reader of these members.
    pub fn new(names: [&str; N]) -> ObjectReader<N> {
        let mut fields = FieldSet::default();
        for name in names {
            // `N` is always far below the capacity of a `FieldSet`.
            let _ = fields.slot(name);
        }
        ObjectReader { fields, places: FieldSpans::default() }
    }

    /// Returns the values of the members, up to the first syntax error in the object.
    /// Its brackets balance, so the error affects nothing after it.
    pub fn read<'a>(&mut self, object: JsonValue<'a>) -> [Option<JsonValue<'a>>; N] {
        if object.kind() != ValueKind::Object {
            return [None; N];
        }
        let _ = self.places.read(object.text(), object.start(), &self.fields);
        std::array::from_fn(|slot| self.places.get(slot as u8, object.text()))
    }
}

/// One event of a log, as a view of the text.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    text: &'a JsonText<'a>,
    places: &'a FieldSpans,
    start: usize,
    end: usize,
}

impl<'a> Event<'a> {
    /// Wraps the object between `start` and `end`, whose fields are at `places`.
    pub fn new(text: &'a JsonText<'a>, places: &'a FieldSpans, start: usize, end: usize) -> Event<'a> {
        Event { text, places, start, end }
    }

    /// The value of a field, `null` included; `None` if the field is absent.
    #[inline]
    pub fn get(&self, slot: FieldId) -> Option<JsonValue<'a>> {
        self.places.get(slot.0, self.text)
    }

    /// The start and the end of the value of a field; `None` if the field is absent.
    #[inline]
    pub fn span(&self, slot: FieldId) -> Option<[u32; 2]> {
        let span = self.places.spans[usize::from(slot.0)];
        (span[1] != 0).then_some(span)
    }

    /// The text between such offsets.
    #[inline]
    pub fn text(&self, start: u32, end: u32) -> &'a [u8] {
        self.text.bytes().get(start as usize..end as usize).unwrap_or(&[])
    }

    /// Whether a field has a value that occurs elsewhere in the event.
    pub fn has_substitutes(&self) -> bool {
        self.places.has_substitutes
    }

    /// The whole event.
    pub fn value(&self) -> JsonValue<'a> {
        self.text.value(self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::super::structure::Structure;
    use super::*;

    #[test]
    fn fields_are_found_in_any_order_and_escaping() {
        let mut fields = FieldSet::default();
        let [name, time, absent] = ["eventName", "eventTime", "errorCode"].map(|name| fields.slot(name).unwrap());
        assert_eq!(fields.slot("eventName"), Ok(name));
        let json = br#" {"eventTime":"x","other":{"eventName":"no","eventVersion":"1"},"event\u004eame":"yes","eventTime":null}"#;
        let mut structure = Structure::default();
        let text = JsonText::index(json, &mut structure);
        let mut places = FieldSpans::default();
        let end = places.read(&text, 1, &fields).unwrap();
        let event = Event::new(&text, &places, 1, end);
        assert_eq!(event.get(name).unwrap().raw(), b"\"yes\"");
        assert_eq!(event.get(time).unwrap().raw(), b"null");
        assert!(event.get(absent).is_none());
        assert_eq!(event.value().raw(), &json[1..]);
    }

    #[test]
    fn the_field_set_has_a_limit_above_all_known_fields() {
        let mut fields = FieldSet::default();
        let given = (0..300).filter(|number| fields.slot(&format!("field{number}")).is_ok()).count();
        assert_eq!(given, 255);
    }
}
