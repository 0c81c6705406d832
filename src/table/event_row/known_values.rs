//! Recognizes values that recur from event to event, by what they are made of, so that they
//! are neither made again nor repeated in rows.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::field_runs::{Origin, OriginSpans};
use super::known_table::{KnownTable, KnownValue};
use super::shared_values::SharedValues;

/// A cache of values. Clones have caches of their own, and share the values.
#[derive(Clone, Debug)]
pub(super) struct KnownValues {
    /// `None` if rows have all values themselves.
    shared: Option<Arc<SharedValues>>,
    /// The values that occurred lately.
    latest: KnownTable,
    /// Those that occurred before. When the latest are too many, they replace these.
    earlier: KnownTable,
}

/// What is looked up: the value of a group that is made of an origin, and of nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lookup<'a> {
    pub(super) hash: u64,
    pub(super) group: usize,
    pub(super) origin: Origin<'a>,
}

/// A value that rows share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct SharedValue {
    pub(super) id: u32,
    pub(super) length: u32,
}

/// Whether a value occurred before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ValueOccurrence {
    /// Not that it is known.
    First,
    /// It did, and is not shared.
    Again,
    /// It did, and is shared.
    Shared(SharedValue),
}

/// Longer origins seldom recur, and would take much memory.
const MAX_ORIGIN: usize = 4096;

/// A fixed seed. What is looked up is compared with the whole origin.
const HASHER: FixedState = FixedState::with_seed(0);

impl KnownValues {
    pub(super) fn new(shared: Option<Arc<SharedValues>>) -> KnownValues {
        KnownValues { shared, latest: KnownTable::default(), earlier: KnownTable::default() }
    }

    /// Looks up the values of several groups. Their places in memory are read one step at a
    /// time for all of them, so that the processor waits for them at the same time.
    #[inline]
    pub(super) fn look_up_all<const N: usize>(&mut self, lookups: &[Option<Lookup<'_>>; N]) -> [ValueOccurrence; N] {
        let (mut heads, mut candidates, mut found) = ([None; N], [None; N], [None; N]);
        for at in 0..N {
            heads[at] = lookups[at].as_ref().and_then(|lookup| self.latest.head(lookup.hash));
        }
        for at in 0..N {
            candidates[at] = heads[at].map(|head| self.latest.value(head));
        }
        for at in 0..N {
            if let (Some(lookup), Some(known)) = (&lookups[at], &candidates[at])
                && self.latest.is(known, lookup)
            {
                found[at] = Some(known.occurrence());
            }
        }
        let mut occurrences = [ValueOccurrence::First; N];
        for at in 0..N {
            occurrences[at] = match (found[at], &lookups[at]) {
                (Some(occurrence), _) => occurrence,
                (None, Some(lookup)) => self.look_up(lookup),
                (None, None) => ValueOccurrence::First,
            };
        }
        occurrences
    }

    /// Looks up a value.
    pub(super) fn look_up(&mut self, lookup: &Lookup<'_>) -> ValueOccurrence {
        let length = lookup.origin.texts().map(|(_, text)| text.len()).sum::<usize>();
        if self.shared.is_none() || length > MAX_ORIGIN {
            return ValueOccurrence::First;
        }
        if let Some(at) = self.latest.find(lookup) {
            return self.latest.value(at).occurrence();
        }
        let before = self.earlier.find(lookup).map(|at| self.earlier.value(at));
        if !self.latest.has_space(length) {
            std::mem::swap(&mut self.earlier, &mut self.latest);
            self.latest.clear();
        }
        self.latest.add(lookup, before.and_then(|known| known.value));
        before.map_or(ValueOccurrence::First, |known| known.occurrence())
    }

    /// Shares a value of which nothing else is known, if it occurred before.
    pub(super) fn share_if_known(&mut self, group: usize, value: &[u8]) -> Option<SharedValue> {
        let spans = OriginSpans::whole(value);
        let lookup = Lookup::new(group, spans.of(value));
        match self.look_up(&lookup) {
            ValueOccurrence::First => None,
            ValueOccurrence::Again => self.share(&lookup, value),
            ValueOccurrence::Shared(shared) => Some(shared),
        }
    }

    /// Shares a value that occurred again; `None` if there is no space for it.
    pub(super) fn share(&mut self, lookup: &Lookup<'_>, value: &[u8]) -> Option<SharedValue> {
        let id = self.shared.as_ref()?.id(lookup.group, value)?;
        let shared = SharedValue { id, length: value.len() as u32 };
        let at = self.latest.find(lookup)?;
        self.latest.set(at, shared);
        Some(shared)
    }
}

impl<'a> Lookup<'a> {
    #[inline]
    pub(super) fn new(group: usize, origin: Origin<'a>) -> Lookup<'a> {
        let mut hasher = HASHER.build_hasher();
        hasher.write_usize(group);
        origin.texts().for_each(|(_, text)| hasher.write(text));
        Lookup { hash: hasher.finish(), group, origin }
    }
}

impl KnownValue {
    #[inline]
    fn occurrence(&self) -> ValueOccurrence {
        self.value.map_or(ValueOccurrence::Again, ValueOccurrence::Shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that is made of these texts.
    fn look_up(known: &mut KnownValues, group: usize, texts: &[(u8, &str)]) -> ValueOccurrence {
        let window: String = texts.iter().map(|(_, text)| *text).collect();
        let spans = spans_of(texts);
        known.look_up(&Lookup::new(group, spans.of(window.as_bytes())))
    }

    fn spans_of(texts: &[(u8, &str)]) -> OriginSpans {
        let mut spans = OriginSpans::default();
        let mut start = 0;
        for (number, text) in texts {
            let end = start + text.len() as u32;
            spans.push(*number, [start, end]);
            start = end;
        }
        spans
    }

    #[test]
    fn a_value_is_shared_when_it_occurs_again() {
        let mut known = KnownValues::new(Some(Arc::default()));
        assert_eq!(look_up(&mut known, 1, &[(7, "a")]), ValueOccurrence::First);
        assert_eq!(look_up(&mut known, 1, &[(7, "a")]), ValueOccurrence::Again);
        let shared = known.share(&Lookup::new(1, spans_of(&[(7, "a")]).of(b"a")), b"value").unwrap();
        assert_eq!(shared, SharedValue { id: 0, length: 5 });
        assert_eq!(look_up(&mut known, 1, &[(7, "a")]), ValueOccurrence::Shared(shared));
        assert_eq!(look_up(&mut known, 2, &[(7, "a")]), ValueOccurrence::First, "another group");
        assert_eq!(look_up(&mut known, 1, &[(7, "b")]), ValueOccurrence::First, "another text");
        assert_eq!(look_up(&mut known, 1, &[(7, ""), (7, "a")]), ValueOccurrence::First, "other texts");
        assert_eq!(look_up(&mut known, 1, &[(8, "a")]), ValueOccurrence::First, "another field");
    }

    #[test]
    fn values_are_looked_up_together_as_one_by_one() {
        let (mut together, mut alone) =
            (KnownValues::new(Some(Arc::default())), KnownValues::new(Some(Arc::default())));
        for number in 0..40_000 {
            let texts = [number % 7, number % 1000, number / 3].map(|number| format!("{number}"));
            let spans = [0, 1, 2].map(|at| OriginSpans::whole(texts[at].as_bytes()));
            let lookups = [0, 1, 2].map(|at| Lookup::new(at, spans[at].of(texts[at].as_bytes())));
            let found = together.look_up_all(&lookups.map(Some));
            for (lookup, found) in lookups.iter().zip(found) {
                assert_eq!(alone.look_up(lookup), found);
                if found == ValueOccurrence::Again {
                    assert_eq!(together.share(lookup, b"x"), alone.share(lookup, b"x"));
                }
            }
        }
    }

    #[test]
    fn what_is_known_has_a_limit() {
        let mut known = KnownValues::new(Some(Arc::default()));
        let long = "x".repeat(MAX_ORIGIN + 1);
        assert_eq!([0, 0].map(|group| look_up(&mut known, group, &[(7, &long)])), [ValueOccurrence::First; 2]);
        for number in 0..6 * KnownTable::MAX_BYTES / MAX_ORIGIN {
            let text = format!("{number:MAX_ORIGIN$}");
            assert_eq!(look_up(&mut known, 0, &[(7, &text)]), ValueOccurrence::First);
            assert_eq!(look_up(&mut known, 0, &[(7, &text)]), ValueOccurrence::Again);
            assert!([&known.latest, &known.earlier].iter().all(|table| table.size() <= KnownTable::MAX_BYTES));
        }
    }
}
