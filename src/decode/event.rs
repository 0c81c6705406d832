//! One event as a lazy view: only the top-level fields that someone asked for
//! are remembered, and those as places in the text.

use std::collections::HashMap;

use super::json::{Broken, Text, Value, Written, key_is};

/// The top-level fields that a run looks at, each with a [`Slot`].
#[derive(Clone, Debug)]
pub struct Fields {
    names: Vec<Box<str>>,
    /// For each hash of a key the slot to compare it with first, or [`NONE`].
    buckets: Box<[u8; 256]>,
    /// For each slot the next one with the same hash.
    next: Vec<u8>,
}

/// The address of a field within [`Fields`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slot(u8);

const NONE: u8 = u8::MAX;

impl Default for Fields {
    fn default() -> Fields {
        Fields { names: Vec::new(), buckets: Box::new([NONE; 256]), next: Vec::new() }
    }
}

impl Fields {
    /// The slot of the field `name`, from now on remembered for each event;
    /// nothing where more fields are asked for than any question needs.
    pub fn slot(&mut self, name: &str) -> Option<Slot> {
        if let Some(at) = self.names.iter().position(|known| **known == *name) {
            return u8::try_from(at).ok().map(Slot);
        }
        let slot = u8::try_from(self.names.len()).ok().filter(|slot| *slot != NONE)?;
        let bucket = &mut self.buckets[hash(name.as_bytes())];
        self.next.push(std::mem::replace(bucket, slot));
        self.names.push(name.into());
        Some(Slot(slot))
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
#[derive(Debug, Default)]
pub struct Places {
    spans: Vec<(usize, usize)>,
    keys: Keys,
}

impl Places {
    /// Reads the members of the object at `start`; gives the place behind it.
    /// Of a field that is there twice, the last counts, as it does for every
    /// JSON parser in the field.
    pub fn read(&mut self, text: Text<'_>, start: usize, fields: &Fields) -> Result<usize, Broken> {
        self.spans.clear();
        self.spans.resize(fields.names.len(), (0, 0));
        let mut members = text.members(start);
        let mut last = Keys::START;
        loop {
            let guess = self.keys.after(last);
            let (key, from) = match members.skip_key(&guess.written) {
                Some(from) => (guess.id, from),
                None => match members.next_key()? {
                    Some((key, from)) => (self.keys.learn(last, key, fields), from),
                    None => return Ok(members.at()),
                },
            };
            let to = text.value_end(from)?;
            members.pass(to);
            if let Some(slot) = self.keys.slot(key) {
                self.spans[slot] = (from, to);
            }
            last = key;
        }
    }
}

/// The keys that were met, and which of them came behind which: records repeat
/// their order, so the next key is mostly the one that came last time, and
/// comparing is faster than looking for its end and then for its slot.
#[derive(Debug)]
struct Keys {
    known: Vec<Known>,
    ids: HashMap<Box<[u8]>, usize>,
}

#[derive(Debug)]
struct Known {
    /// The key with its quotes and the colon.
    written: Written,
    slot: Option<usize>,
    /// The key that came behind it last time.
    next: usize,
}

/// A guess at the next key.
struct Guess {
    id: usize,
    written: Written,
}

impl Default for Keys {
    fn default() -> Keys {
        let nothing = || Known { written: Written::NEVER, slot: None, next: Keys::OTHER };
        Keys { known: vec![nothing(), nothing()], ids: HashMap::new() }
    }
}

impl Keys {
    /// Stands before the first key.
    const START: usize = 0;
    /// Stands for all keys that nobody asked for, where there are too many.
    const OTHER: usize = 1;
    /// More keys than any version of the format has.
    const MOST: usize = 256;

    #[inline]
    fn after(&self, key: usize) -> Guess {
        let id = self.known[key].next;
        Guess { id, written: self.known[id].written }
    }

    #[inline]
    fn slot(&self, key: usize) -> Option<usize> {
        self.known[key].slot
    }

    /// Remembers that `key` came behind `last`, and gives its id.
    #[cold]
    fn learn(&mut self, last: usize, key: &[u8], fields: &Fields) -> usize {
        let id = match self.ids.get(key) {
            Some(id) => *id,
            None => {
                let slot = fields.find(key);
                if self.known.len() >= Keys::MOST && slot.is_none() {
                    return Keys::OTHER;
                }
                self.known.push(Known { written: Written::new(key), slot, next: Keys::OTHER });
                self.ids.insert(key.into(), self.known.len() - 1);
                self.known.len() - 1
            }
        };
        self.known[last].next = id;
        id
    }
}

/// One event of a log, as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    text: Text<'a>,
    places: &'a Places,
    start: usize,
    end: usize,
}

impl<'a> Event<'a> {
    /// The object between `start` and `end`, whose fields are at `places`.
    pub fn new(text: Text<'a>, places: &'a Places, start: usize, end: usize) -> Event<'a> {
        Event { text, places, start, end }
    }

    /// The value of a field, `null` included; nothing where it is absent.
    pub fn get(&self, slot: Slot) -> Option<Value<'a>> {
        match self.places.spans[usize::from(slot.0)] {
            (_, 0) => None,
            (start, end) => Some(self.text.value(start, end)),
        }
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
        assert_eq!(fields.slot("eventName"), Some(name));
        let json = br#" {"eventTime":"x","other":{"eventName":"no"},"event\u004eame":"yes","eventTime":null}"#;
        let mut structure = Structure::default();
        let text = Text::index(json, &mut structure);
        let mut places = Places::default();
        let end = places.read(text, 1, &fields).unwrap();
        let event = Event::new(text, &places, 1, end);
        assert_eq!(event.get(name).unwrap().raw(), b"\"yes\"");
        assert_eq!(event.get(time).unwrap().raw(), b"null");
        assert!(event.get(absent).is_none());
        assert_eq!(event.value().raw(), &json[1..]);
    }

    #[test]
    fn there_is_room_for_every_field_but_not_for_endless_ones() {
        let mut fields = Fields::default();
        let given = (0..300).filter(|number| fields.slot(&format!("field{number}")).is_some()).count();
        assert_eq!(given, 255);
    }
}
