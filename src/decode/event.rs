//! One event as a lazy view: only the top-level fields that someone asked for
//! are remembered, and those as places in the text.

use super::json::{Broken, Kind, Members, Text, Value, Written, key_is};
use crate::error::Fatal;

/// The top-level fields that a run looks at, each with a [`Slot`].
#[derive(Clone, Debug)]
pub struct Fields {
    names: Vec<Box<str>>,
    /// The slot of the field by which the records differ in their keys.
    context: u32,
    /// For each hash of a key the slot to compare it with first, or [`NONE`].
    buckets: Box<[u8; 256]>,
    /// For each slot the next one with the same hash.
    next: Vec<u8>,
}

/// The address of a field within [`Fields`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slot(u8);

/// More fields are asked for than there are slots.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("asks for more different fields than an event can have")]
pub struct TooMany;

impl From<TooMany> for Fatal {
    fn from(too_many: TooMany) -> Fatal {
        Fatal::usage(format!("the command line {too_many}"))
    }
}

impl From<TooMany> for String {
    fn from(too_many: TooMany) -> String {
        too_many.to_string()
    }
}

const NONE: u8 = u8::MAX;

impl Default for Fields {
    fn default() -> Fields {
        Fields { names: Vec::new(), context: u32::MAX, buckets: Box::new([NONE; 256]), next: Vec::new() }
    }
}

impl Fields {
    /// The slot of the field `name`, from now on remembered for each event.
    pub fn slot(&mut self, name: &str) -> Result<Slot, TooMany> {
        let known = self.names.iter().position(|known| **known == *name);
        let slot = u8::try_from(known.unwrap_or(self.names.len())).ok().filter(|slot| *slot != NONE).ok_or(TooMany)?;
        if known.is_some() {
            return Ok(Slot(slot));
        }
        let bucket = &mut self.buckets[hash(name.as_bytes())];
        self.next.push(std::mem::replace(bucket, slot));
        self.names.push(name.into());
        Ok(Slot(slot))
    }

    /// Makes `slot` the field by which the records differ in their keys: those
    /// that have the same value there mostly have the same keys behind it.
    pub fn set_context(&mut self, slot: Slot) {
        self.context = slot.0.into();
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

/// Where the asked-for fields of one event stand. Kept from event to event for
/// its memory, and for what it learned of the order of keys.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// From where to where, for each slot, and at last for all keys that nobody
    /// asked for; nothing reaches to 0. No text is larger than these numbers:
    /// files are read in windows.
    spans: Vec<[u32; 2]>,
    keys: Keys,
}

impl Places {
    /// Reads the members of the object at `start`; gives the place behind it.
    /// Of a field that is there twice, the last counts, as it does for every
    /// JSON parser in the field.
    #[inline(always)]
    pub fn read(&mut self, text: &Text<'_>, start: usize, fields: &Fields) -> Result<usize, Broken> {
        self.clear(fields);
        let (mut at, mut last, mut context) = (start, Keys::START, 0);
        loop {
            let place = Keys::place(last, context);
            let (key, from) = match self.keys.guess(place, text, at) {
                Some(found) => found,
                None => self.keys.look(place, text, at, last == Keys::START, fields)?,
            };
            if key == Keys::END {
                return Ok(from);
            }
            let (from, to) = text.value_at(from)?;
            let slot = self.keys.known[key].slot;
            self.spans[slot as usize] = [from as u32, to as u32];
            if slot == fields.context {
                context = hash(&text.bytes()[from..to]);
            }
            (at, last) = (to, key);
        }
    }

    #[inline(always)]
    fn clear(&mut self, fields: &Fields) {
        if self.spans.len() == fields.names.len() + 1 && self.keys.known.len() < Keys::MOST {
            self.spans.fill([0, 0]);
        } else {
            self.spans = vec![[0, 0]; fields.names.len() + 1];
            self.keys = Keys::new(fields.names.len());
        }
    }

    /// Whether the object has a field.
    #[inline(always)]
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.spans[usize::from(slot.0)][1] != 0
    }

    /// The value of a field, `null` included.
    pub(super) fn value<'a>(&self, slot: Slot, text: &'a Text<'a>) -> Option<Value<'a>> {
        self.get(usize::from(slot.0), text)
    }

    /// Lets a field be a value that stands elsewhere in the same object.
    pub(super) fn set(&mut self, slot: Slot, value: Value<'_>) {
        let start = value.start() as u32;
        self.spans[usize::from(slot.0)] = [start, start + value.raw().len() as u32];
    }

    #[inline(always)]
    fn get<'a>(&self, slot: usize, text: &'a Text<'a>) -> Option<Value<'a>> {
        match self.spans[slot] {
            [_, 0] => None,
            [start, end] => Some(text.value(start as usize, end as usize)),
        }
    }
}

/// The keys that were met, and which of them came behind which: the records of
/// one kind of event repeat their order, so the next key is mostly the one that
/// came last time, and comparing is faster than looking for its end and then
/// for its slot.
#[derive(Clone, Debug)]
struct Keys {
    known: Vec<Known>,
    /// What is not needed for a guess, for each of the known.
    names: Vec<Name>,
    /// For each hash of a key the one that was met last.
    buckets: Vec<usize>,
    /// For each [place](Keys::place) the two keys that were met there last.
    next: Box<[[u16; 2]; Keys::PLACES]>,
}

/// A key, or the end of an object.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The key with what stands before and behind it.
    written: Written,
    /// The slot of the field.
    slot: u32,
}

#[derive(Clone, Debug, Default)]
struct Name {
    key: Box<[u8]>,
    /// Whether it was met as the first of its object.
    is_first: bool,
    /// Another key with the same hash.
    twin: usize,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys::new(0)
    }
}

impl Keys {
    /// Stands before the first key.
    const START: usize = 0;
    /// Stands for the end of an object.
    const END: usize = 1;
    /// Stands for all keys that nobody asked for, where there are too many;
    /// those behind it for the fields, each in its slot.
    const OTHER: usize = 2;
    /// More keys than any version of the format has.
    const MOST: usize = 1024;
    /// Longer keys are not worth the memory.
    const LONGEST: usize = 256;
    const PLACES: usize = 4096;

    /// Of objects with so many slots.
    fn new(slots: usize) -> Keys {
        let nothing = Known { written: Written::NEVER, slot: slots as u32 };
        let mut known = vec![nothing, Known { written: Written::END, ..nothing }, nothing];
        known.extend((0..slots as u32).map(|slot| Known { slot, ..nothing }));
        let names = vec![Name::default(); known.len()];
        let next = Box::new([[Keys::OTHER as u16; 2]; Keys::PLACES]);
        Keys { known, names, buckets: vec![Keys::OTHER; 256], next }
    }

    /// Where to remember what comes behind a key, in the records of a context.
    #[inline(always)]
    fn place(last: usize, context: usize) -> usize {
        (last * 31 + context * 1021) % Keys::PLACES
    }

    /// The key that stands at `at` and the place behind it, if it is one of
    /// those that were met last.
    #[inline(always)]
    fn guess(&mut self, place: usize, text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
        let bytes = text.bytes().get(at..)?.first_chunk()?;
        let [latest, other] = self.next[place];
        let known = &self.known[usize::from(latest)].written;
        if known.is_at_start(bytes) {
            return Some((latest.into(), at + known.length()));
        }
        let known = &self.known[usize::from(other)].written;
        if known.is_at_start(bytes) {
            self.next[place] = [other, latest];
            return Some((other.into(), at + known.length()));
        }
        None
    }

    /// The key that stands at `at`, wherever and however it is written.
    #[cold]
    #[inline(never)]
    fn look(
        &mut self,
        place: usize,
        text: &Text<'_>,
        at: usize,
        is_first: bool,
        fields: &Fields,
    ) -> Result<(usize, usize), Broken> {
        let mut members = if is_first { text.members(at) } else { Members::resume(text, at) };
        let (key, from) = match members.next_key()? {
            Some((key, from)) => (self.id(key, is_first, fields), from),
            None => (Keys::END, members.at()),
        };
        self.next[place] = [key as u16, self.next[place][0]];
        Ok((key, from))
    }

    /// The number of a key, a new one if it was not met before.
    fn id(&mut self, key: &[u8], is_first: bool, fields: &Fields) -> usize {
        let bucket = hash(key);
        let mut id = self.buckets[bucket];
        while id != Keys::OTHER && (*self.names[id].key != *key || self.names[id].is_first != is_first) {
            id = self.names[id].twin;
        }
        if id != Keys::OTHER {
            return id;
        }
        let slot = fields.find(key);
        if self.known.len() >= Keys::MOST || key.len() > Keys::LONGEST {
            return Keys::OTHER + slot.map_or(0, |slot| slot + 1);
        }
        id = self.known.len();
        let twin = std::mem::replace(&mut self.buckets[bucket], id);
        self.names.push(Name { key: key.into(), is_first, twin });
        let slot = slot.unwrap_or(fields.names.len()) as u32;
        let written = Written::new(if is_first { b'{' } else { b',' }, key);
        self.known.push(Known { written, slot });
        id
    }
}

/// A reader of objects of one kind, whose members of interest are known.
#[derive(Clone, Debug)]
pub struct Shape<const N: usize> {
    fields: Fields,
    places: Places,
}

impl<const N: usize> Shape<N> {
    /// Of objects that have these members.
    pub fn new(names: [&str; N]) -> Shape<N> {
        let mut fields = Fields::default();
        for name in names {
            // The room is for more than any shape has.
            let _ = fields.slot(name);
        }
        Shape { fields, places: Places::default() }
    }

    /// The values of the members, as far as the object makes sense: the
    /// brackets balance, so nothing behind it is lost.
    pub fn read<'a>(&mut self, object: Value<'a>) -> [Option<Value<'a>>; N] {
        if object.kind() != Kind::Object {
            return [None; N];
        }
        let _ = self.places.read(object.text(), object.start(), &self.fields);
        std::array::from_fn(|slot| self.places.get(slot, object.text()))
    }
}

/// One event of a log, as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    text: &'a Text<'a>,
    places: &'a Places,
    start: usize,
    end: usize,
}

impl<'a> Event<'a> {
    /// The object between `start` and `end`, whose fields are at `places`.
    pub fn new(text: &'a Text<'a>, places: &'a Places, start: usize, end: usize) -> Event<'a> {
        Event { text, places, start, end }
    }

    /// The value of a field, `null` included; nothing where it is absent.
    pub fn get(&self, slot: Slot) -> Option<Value<'a>> {
        self.places.get(usize::from(slot.0), self.text)
    }

    /// The whole event.
    pub fn value(&self) -> Value<'a> {
        self.text.value(self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::super::structure::Structure;
    use super::*;

    #[test]
    fn fields_are_found_whatever_their_order_and_spelling() {
        let mut fields = Fields::default();
        let [name, time, absent] = ["eventName", "eventTime", "errorCode"].map(|name| fields.slot(name).unwrap());
        assert_eq!(fields.slot("eventName"), Ok(name));
        let json = br#" {"eventTime":"x","other":{"eventName":"no","eventVersion":"1"},"event\u004eame":"yes","eventTime":null}"#;
        let mut structure = Structure::default();
        let text = Text::index(json, &mut structure);
        let mut places = Places::default();
        let end = places.read(&text, 1, &fields).unwrap();
        let event = Event::new(&text, &places, 1, end);
        assert_eq!(event.get(name).unwrap().raw(), b"\"yes\"");
        assert_eq!(event.get(time).unwrap().raw(), b"null");
        assert!(event.get(absent).is_none());
        assert_eq!(event.value().raw(), &json[1..]);
    }

    #[test]
    fn there_is_room_for_every_field_but_not_for_endless_ones() {
        let mut fields = Fields::default();
        let given = (0..300).filter(|number| fields.slot(&format!("field{number}")).is_ok()).count();
        assert_eq!(given, 255);
    }
}
