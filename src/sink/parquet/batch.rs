//! Collects rows as the groups of columns of a batch.

use super::schema::FileSchema;
use crate::table::event_row::{RowValue, RowValues};

/// Rows on their way to a file.
pub(super) struct BatchBuilder {
    groups: Vec<GroupBatch>,
    rows: usize,
    bytes: usize,
}

/// The values of a group of columns.
#[derive(Clone, Default)]
pub(super) struct GroupBatch {
    /// For each row [`NULL`], [`OWN`], or the id of its shared value and [`SHARED`].
    sources: Vec<u32>,
    /// The values that belong to one row, one after another, and the ends of them.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

const NULL: u32 = 0;
const OWN: u32 = 1;
const SHARED: u32 = 2;

/// Where the value of a row is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ValueSource<'a> {
    /// Nowhere.
    Null,
    /// In the batch.
    Own(&'a [u8]),
    /// Among the values that rows share, by its id.
    Shared(u32),
}

impl BatchBuilder {
    /// Creates an empty batch.
    pub(super) fn new(schema: &FileSchema) -> BatchBuilder {
        BatchBuilder { groups: vec![GroupBatch::default(); schema.groups.len()], rows: 0, bytes: 0 }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, mut values: RowValues<'_>) {
        for group in &mut self.groups {
            let source = match values.next_value() {
                RowValue::Null => NULL,
                RowValue::Own(bytes) => {
                    group.bytes.extend_from_slice(bytes);
                    group.ends.push(group.bytes.len());
                    self.bytes += bytes.len();
                    OWN
                }
                RowValue::Shared { id, length } => {
                    // As if it were here, so that files do not depend on what is shared.
                    self.bytes += length;
                    id + SHARED
                }
            };
            group.sources.push(source);
        }
        self.rows += 1;
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Approximate size of the rows in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the rows.
    pub(super) fn finish(&mut self) -> Vec<GroupBatch> {
        (self.rows, self.bytes) = (0, 0);
        /// One long value must not take memory for the rest of the run.
        const MAX_KEPT: usize = 1 << 20;
        let next = |group: &GroupBatch| GroupBatch {
            sources: Vec::with_capacity(group.sources.len()),
            bytes: Vec::with_capacity(group.bytes.len().min(MAX_KEPT)),
            ends: Vec::with_capacity(group.ends.len()),
        };
        let next = self.groups.iter().map(next).collect();
        std::mem::replace(&mut self.groups, next)
    }
}

impl GroupBatch {
    /// Whether a row has a value that rows share.
    pub(super) fn has_shared(&self) -> bool {
        self.sources.iter().any(|source| *source >= SHARED)
    }

    /// The values of all rows.
    pub(super) fn values(&self) -> impl Iterator<Item = ValueSource<'_>> {
        let mut ends = self.ends.iter();
        let mut start = 0;
        self.sources.iter().map(move |source| match *source {
            NULL => ValueSource::Null,
            OWN => {
                let end = ends.next().copied().unwrap_or(start);
                ValueSource::Own(&self.bytes[std::mem::replace(&mut start, end)..end])
            }
            id => ValueSource::Shared(id - SHARED),
        })
    }
}
