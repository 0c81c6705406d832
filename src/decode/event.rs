//! One event as a lazy view: only the top-level fields that someone asked for
//! are remembered, and those as places in the text.

use super::json::{Broken, Kind, Text, Value, Written, key_is};

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
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// From where to where, for each slot; nothing reaches to 0. No text is
    /// larger than these numbers: see [`Inflater`](crate::input::inflate).
    spans: Vec<[u32; 2]>,
    keys: Keys,
}

impl Places {
    /// Reads the members of the object at `start`; gives the place behind it.
    /// Of a field that is there twice, the last counts, as it does for every
    /// JSON parser in the field.
    pub fn read(&mut self, text: &Text<'_>, start: usize, fields: &Fields) -> Result<usize, Broken> {
        if self.spans.len() == fields.names.len() {
            self.spans.fill([0, 0]);
        } else {
            self.spans = vec![[0, 0]; fields.names.len()];
        }
        let mut members = text.members(start);
        let mut last = Keys::START;
        loop {
            let guess = self.keys.after(last);
            let (key, from) = match members.skip_key(&self.keys.known[guess].written) {
                Some(from) => (guess, from),
                None => match members.next_key()? {
                    Some((key, from)) => (self.keys.learn(last, key, fields), from),
                    None => return Ok(members.at()),
                },
            };
            let to = text.value_end(from)?;
            members.pass(to);
            if let Some(span) = self.spans.get_mut(self.keys.known[key].slot) {
                *span = [from as u32, to as u32];
            }
            last = key;
        }
    }

    fn get<'a>(&self, slot: usize, text: &'a Text<'a>) -> Option<Value<'a>> {
        match self.spans[slot] {
            [_, 0] => None,
            [start, end] => Some(text.value(start as usize, end as usize)),
        }
    }
}

/// The keys that were met, and which of them came behind which: records repeat
/// their order, so the next key is mostly the one that came last time, and
/// comparing is faster than looking for its end and then for its slot.
#[derive(Clone, Debug)]
struct Keys {
    known: Vec<Known>,
    /// For each hash of a key the one that was met last.
    buckets: Box<[usize; 256]>,
}

#[derive(Clone, Debug)]
struct Known {
    key: Box<[u8]>,
    /// The key with its quotes and the colon.
    written: Written,
    /// The slot of the field; of one that nobody asked for, none that there is.
    slot: usize,
    /// The key that came behind it last time.
    next: usize,
    /// Another key with the same hash.
    twin: usize,
}

impl Default for Keys {
    fn default() -> Keys {
        let nothing = Known {
            key: Box::default(),
            written: Written::NEVER,
            slot: usize::MAX,
            next: Keys::OTHER,
            twin: Keys::OTHER,
        };
        Keys { known: vec![nothing.clone(), nothing], buckets: Box::new([Keys::OTHER; 256]) }
    }
}

impl Keys {
    /// Stands before the first key.
    const START: usize = 0;
    /// Stands for all keys that nobody asked for, where there are too many.
    const OTHER: usize = 1;
    /// More keys than any version of the format has.
    const MOST: usize = 256;

    /// The key that came behind this one last time.
    #[inline]
    fn after(&self, key: usize) -> usize {
        self.known[key].next
    }

    /// Remembers that `key` came behind `last`, and gives its id.
    #[cold]
    fn learn(&mut self, last: usize, key: &[u8], fields: &Fields) -> usize {
        let bucket = hash(key);
        let mut id = self.buckets[bucket];
        while id != Keys::OTHER && *self.known[id].key != *key {
            id = self.known[id].twin;
        }
        if id == Keys::OTHER {
            let slot = fields.find(key);
            if self.known.len() >= Keys::MOST && slot.is_none() {
                return Keys::OTHER;
            }
            id = self.known.len();
            let twin = std::mem::replace(&mut self.buckets[bucket], id);
            let slot = slot.unwrap_or(usize::MAX);
            self.known.push(Known { key: key.into(), written: Written::new(key), slot, next: Keys::OTHER, twin });
        }
        self.known[last].next = id;
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
            fields.slot(name);
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
        assert_eq!(fields.slot("eventName"), Some(name));
        let json = br#" {"eventTime":"x","other":{"eventName":"no"},"event\u004eame":"yes","eventTime":null}"#;
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
        let given = (0..300).filter(|number| fields.slot(&format!("field{number}")).is_some()).count();
        assert_eq!(given, 255);
    }
}
