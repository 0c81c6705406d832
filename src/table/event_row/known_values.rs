//! Recognizes values that recur from event to event, as they are written there, so that they
//! are neither read again nor repeated in rows.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::shared_values::SharedValues;
use super::values::{push_own, push_shared};

/// A cache of values. Clones have caches of their own, and share the values.
#[derive(Clone, Debug)]
pub(super) struct KnownValues {
    /// `None` if rows have all values themselves.
    shared: Option<Arc<SharedValues>>,
    /// Entries at the index that a hash of the text selects.
    known: Vec<KnownValue>,
    /// Size of all texts in bytes.
    size: usize,
    /// The value that is being made.
    value: Vec<u8>,
}

/// A text of an event, and the value that a column has for it.
#[derive(Clone, Debug, Default)]
struct KnownValue {
    column: usize,
    written: Vec<u8>,
    /// The id and the length of the value; `None` if the text occurred once.
    value: Option<(u32, usize)>,
}

/// Longer texts seldom recur, and would take much memory.
const LONGEST: usize = 2048;
/// The most bytes of all texts.
const MOST: usize = 2 << 20;
/// Number of entries, as a power of two.
const PLACES: u32 = 12;

const HASHER: FixedState = FixedState::with_seed(0);

impl KnownValues {
    pub(super) fn new(shared: Option<Arc<SharedValues>>) -> KnownValues {
        KnownValues { shared, known: Vec::new(), size: 0, value: Vec::new() }
    }

    /// Appends the value of a column that `make` makes of the text `written`, and of nothing
    /// else. Values that recur are shared.
    pub(super) fn write(
        &mut self,
        column: usize,
        written: &[u8],
        out: &mut Vec<u8>,
        make: impl FnOnce(&mut Vec<u8>) -> u64,
    ) -> u64 {
        let Some(shared) = self.shared.as_ref().filter(|_| written.len() <= LONGEST) else {
            return self.own(out, make);
        };
        if self.known.is_empty() || self.size > MOST {
            self.known.clear();
            self.known.resize(1 << PLACES, KnownValue::default());
            self.size = 0;
        }
        let hash = HASHER.hash_one(written) ^ (column as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let known = &mut self.known[(hash >> (64 - PLACES)) as usize];
        if known.column != column || known.written != written {
            self.size = self.size + written.len() - known.written.len();
            known.written.clear();
            known.written.extend_from_slice(written);
            (known.column, known.value) = (column, None);
            return self.own(out, make);
        }
        if let Some((id, length)) = known.value {
            push_shared(id, length, out);
            return 0;
        }
        self.value.clear();
        let cut = make(&mut self.value);
        // What was cut must be counted in each event.
        match if cut == 0 { shared.id(column, &self.value) } else { None } {
            Some(id) => {
                known.value = Some((id, self.value.len()));
                push_shared(id, self.value.len(), out);
            }
            None => push_own(&self.value, out),
        }
        cut
    }

    /// Appends a value of a column that is made already.
    pub(super) fn made(&mut self, column: usize, value: &[u8], cut: u64, out: &mut Vec<u8>) -> u64 {
        let copy = |out: &mut Vec<u8>| {
            out.extend_from_slice(value);
            cut
        };
        if cut > 0 { self.own(out, copy) } else { self.write(column, value, out, copy) }
    }

    /// Appends a value that is not shared.
    pub(super) fn own(&mut self, out: &mut Vec<u8>, make: impl FnOnce(&mut Vec<u8>) -> u64) -> u64 {
        self.value.clear();
        let cut = make(&mut self.value);
        push_own(&self.value, out);
        // One long value must not take memory for the rest of the run.
        self.value.shrink_to(1 << 20);
        cut
    }
}
