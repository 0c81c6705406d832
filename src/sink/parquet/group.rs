//! Splits the values of a group of columns into cells of its leaves, which write them.
//!
//! Values that recur are shared between rows. Such a value is split once in a row group.

use std::sync::Arc;

use parquet::errors::ParquetError;

use super::batch::{GroupBatch, ValueSource};
use super::compressor::PageCompressor;
use super::leaf::LeafWriter;
use super::schema::{FileGroup, leaves_of};
use crate::table::event_row::{NestedValues, SharedValues};
use crate::table::event_schema::ColumnShape;

/// The columns of a group, in a row group that is being written.
pub(super) struct GroupWriter {
    /// The index of the group.
    number: usize,
    /// The shapes of its columns.
    shapes: Vec<ColumnShape>,
    leaves: Vec<LeafWriter>,
    shared: Arc<SharedValues>,
    /// For each shared value, the index of its cells; `None` if it was not split yet.
    known: Vec<Option<u32>>,
    /// Number of shared values that were split.
    split: u32,
    /// Where the cells of the rows of a batch are.
    rows: Vec<RowSource>,
}

/// Where the cell of a row is, in each leaf of a group. It takes four bytes, as all leaves read
/// those of a batch again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct RowSource(u32);

impl RowSource {
    /// No cell: all columns are null.
    pub(super) const NULL: RowSource = RowSource(u32::MAX);
    /// The next of the batch's own cells.
    pub(super) const OWN: RowSource = RowSource(u32::MAX - 1);

    /// The cell of a shared value with this index, which is far below the two above.
    pub(super) fn shared(number: u32) -> RowSource {
        RowSource(number)
    }

    /// The cell among those of shared values; `None` if it is not there.
    #[inline(always)]
    pub(super) fn of_shared<T: Copy>(self, cells: &[T]) -> Option<T> {
        cells.get(self.0 as usize).copied()
    }
}

/// A value of a leaf, or a null.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeafValue<'a> {
    pub(super) leaf: usize,
    pub(super) repetition: u8,
    pub(super) definition: u8,
    pub(super) bytes: Option<&'a [u8]>,
}

impl GroupWriter {
    /// Begins columns of at most `rows` rows.
    pub(super) fn new(
        number: usize,
        group: &FileGroup,
        rows: usize,
        shared: &Arc<SharedValues>,
    ) -> Result<GroupWriter, ParquetError> {
        let leaves = group.leaves.iter().map(|leaf| LeafWriter::new(leaf.clone(), rows));
        Ok(GroupWriter {
            number,
            shapes: group.shapes.clone(),
            leaves: leaves.collect::<Result<_, _>>()?,
            shared: Arc::clone(shared),
            known: Vec::new(),
            split: 0,
            rows: Vec::new(),
        })
    }

    /// The memory that the columns take, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.leaves.iter().map(LeafWriter::memory).sum()
    }

    /// Splits the values of a batch. The leaves have yet to write them, unless there is
    /// nothing to split.
    pub(super) fn split(&mut self, batch: &GroupBatch, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        self.rows.clear();
        if let ([leaf], false) = (&mut self.leaves[..], batch.has_shared())
            && leaf.is_plain()
        {
            return leaf.write_plain(batch, compressor);
        }
        self.leaves.iter_mut().for_each(LeafWriter::begin_batch);
        for value in batch.values() {
            let row = match value {
                ValueSource::Null => RowSource::NULL,
                ValueSource::Own(bytes) => {
                    let leaves = &mut self.leaves;
                    each_value(&self.shapes, bytes, &mut |value| leaves[value.leaf].add_own(value));
                    RowSource::OWN
                }
                ValueSource::Shared(id) => RowSource::shared(self.shared(id)),
            };
            self.rows.push(row);
        }
        Ok(())
    }

    /// The leaves, and the rows that they have to write.
    pub(super) fn leaves(&mut self) -> (&mut [LeafWriter], &[RowSource]) {
        (&mut self.leaves, &self.rows)
    }

    /// The leaves.
    pub(super) fn into_leaves(self) -> Vec<LeafWriter> {
        self.leaves
    }

    /// The number of the cells of a shared value, which is split if it is new.
    fn shared(&mut self, id: u32) -> u32 {
        let at = id as usize;
        if at >= self.known.len() {
            self.known.resize(at + 1, None);
        }
        if let Some(number) = self.known[at] {
            return number;
        }
        let value = self.shared.value(self.number, id);
        let leaves = &mut self.leaves;
        each_value(&self.shapes, &value, &mut |value| leaves[value.leaf].add_shared(value));
        self.known[at] = Some(self.split);
        self.split += 1;
        self.split - 1
    }
}

/// Where a value is: the index of its first leaf, and the levels of the object around it.
#[derive(Clone, Copy, Debug, Default)]
struct LeafPosition {
    leaf: usize,
    repetition: u8,
    definition: u8,
}

/// Calls `each` with what the value of a group has in all leaves.
fn each_value<'a>(shapes: &[ColumnShape], value: &'a [u8], each: &mut dyn FnMut(LeafValue<'a>)) {
    let (mut values, mut at) = (NestedValues::new(value), LeafPosition::default());
    for shape in shapes {
        each_nested(*shape, &mut values, at, each);
        at.leaf += leaves_of(*shape);
    }
}

/// Calls `each` with what a value has in all leaves of its shape.
fn each_nested<'a>(
    shape: ColumnShape,
    values: &mut NestedValues<'a>,
    at: LeafPosition,
    each: &mut dyn FnMut(LeafValue<'a>),
) {
    let LeafPosition { leaf, repetition, definition } = at;
    let nulls = |definition, each: &mut dyn FnMut(LeafValue<'a>)| {
        let leaves = leaf..leaf + leaves_of(shape);
        leaves.for_each(|leaf| each(LeafValue { leaf, repetition, definition, bytes: None }));
    };
    let Some(length) = values.length() else { return nulls(definition, each) };
    let elements = match shape {
        ColumnShape::Text | ColumnShape::Json | ColumnShape::Boolean | ColumnShape::Time => {
            let bytes = Some(values.take(length));
            return each(LeafValue { leaf, repetition, definition: definition + 1, bytes });
        }
        ColumnShape::Object(members) => {
            let mut at = LeafPosition { definition: definition + 1, ..at };
            for member in members {
                each_nested(member.shape, values, at, each);
                at.leaf += leaves_of(member.shape);
            }
            return;
        }
        ColumnShape::TextList => ColumnShape::Text,
        ColumnShape::ObjectList(members) => ColumnShape::Object(members),
    };
    if length == 0 {
        return nulls(definition + 1, each);
    }
    for element in 0..length {
        // Lists are not nested.
        let repetition = if element == 0 { repetition } else { 1 };
        each_nested(elements, values, LeafPosition { leaf, repetition, definition: definition + 2 }, each);
    }
}
