//! Writes a group of columns to its leaves.
//!
//! Values that recur are shared between rows. What such a value has in each leaf is found once
//! in a row group.

use std::sync::Arc;

use parquet::errors::ParquetError;

use super::batch::{GroupBatch, ValueSource};
use super::compressor::PageCompressor;
use super::leaf::{LeafWriter, WrittenColumn};
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
    /// For each shared value, the range of its entries; `None` if it was not found yet.
    known: Vec<Option<(u32, u32)>>,
    entries: Vec<LeafEntry>,
}

/// What a shared value has in a leaf.
#[derive(Clone, Copy, Debug)]
struct LeafEntry {
    leaf: u16,
    repetition: u8,
    definition: u8,
    /// Its index in the dictionary; `None` for null.
    index: Option<u32>,
}

/// A value of a leaf, or a null.
struct LeafValue<'a> {
    leaf: usize,
    repetition: u8,
    definition: u8,
    bytes: Option<&'a [u8]>,
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
            entries: Vec::new(),
        })
    }

    /// The memory that the columns take, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.leaves.iter().map(LeafWriter::memory).sum()
    }

    /// Adds the values of a batch.
    pub(super) fn write(&mut self, batch: &GroupBatch, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        let mut nulls = 0;
        for value in batch.values() {
            if value == ValueSource::Null {
                nulls += 1;
                continue;
            }
            self.nulls(std::mem::take(&mut nulls));
            match value {
                ValueSource::Null => {}
                ValueSource::Own(bytes) => self.own(bytes, compressor)?,
                ValueSource::Shared(id) => self.shared(id, compressor)?,
            }
        }
        self.nulls(nulls);
        self.leaves.iter_mut().try_for_each(|leaf| leaf.end_batch(compressor))
    }

    /// Completes the columns.
    pub(super) fn finish(self, compressor: &mut PageCompressor) -> Result<Vec<WrittenColumn>, ParquetError> {
        self.leaves.into_iter().map(|leaf| leaf.finish(compressor)).collect()
    }

    fn nulls(&mut self, count: usize) {
        if count > 0 {
            self.leaves.iter_mut().for_each(|leaf| leaf.nulls(0, 0, count));
        }
    }

    /// Adds a value that belongs to one row.
    fn own(&mut self, bytes: &[u8], compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        let leaves = &mut self.leaves;
        each_value(&self.shapes, bytes, &mut |value| {
            let leaf = &mut leaves[value.leaf];
            match value.bytes {
                Some(bytes) => leaf.value(value.repetition, bytes, compressor),
                None => {
                    leaf.nulls(value.repetition, value.definition, 1);
                    Ok(())
                }
            }
        })
    }

    /// Adds a value that rows share.
    fn shared(&mut self, id: u32, compressor: &mut PageCompressor) -> Result<(), ParquetError> {
        let at = id as usize;
        if at >= self.known.len() {
            self.known.resize(at + 1, None);
        }
        let (start, end) = match self.known[at] {
            Some(range) => range,
            None => {
                let range = self.entries_of(id)?;
                self.known[at] = Some(range);
                range
            }
        };
        for entry in &self.entries[start as usize..end as usize] {
            let leaf = &mut self.leaves[usize::from(entry.leaf)];
            match entry.index {
                Some(index) => leaf.known(entry.repetition, index, compressor)?,
                None => leaf.nulls(entry.repetition, entry.definition, 1),
            }
        }
        Ok(())
    }

    /// Finds what a shared value has in the leaves.
    fn entries_of(&mut self, id: u32) -> Result<(u32, u32), ParquetError> {
        let start = self.entries.len() as u32;
        let value = self.shared.value(self.number, id);
        let (leaves, entries) = (&mut self.leaves, &mut self.entries);
        each_value(&self.shapes, &value, &mut |value| {
            let index = value.bytes.map(|bytes| leaves[value.leaf].index(bytes));
            let LeafValue { leaf, repetition, definition, .. } = value;
            entries.push(LeafEntry { leaf: leaf as u16, repetition, definition, index });
            Ok(())
        })?;
        Ok((start, self.entries.len() as u32))
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
fn each_value<'a>(
    shapes: &[ColumnShape],
    value: &'a [u8],
    each: &mut dyn FnMut(LeafValue<'a>) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    let (mut values, mut at) = (NestedValues::new(value), LeafPosition::default());
    for shape in shapes {
        each_nested(*shape, &mut values, at, each)?;
        at.leaf += leaves_of(*shape);
    }
    Ok(())
}

/// Calls `each` with what a value has in all leaves of its shape.
fn each_nested<'a>(
    shape: ColumnShape,
    values: &mut NestedValues<'a>,
    at: LeafPosition,
    each: &mut dyn FnMut(LeafValue<'a>) -> Result<(), ParquetError>,
) -> Result<(), ParquetError> {
    let LeafPosition { leaf, repetition, definition } = at;
    let nulls = |definition, each: &mut dyn FnMut(LeafValue<'a>) -> Result<(), ParquetError>| {
        let mut leaves = leaf..leaf + leaves_of(shape);
        leaves.try_for_each(|leaf| each(LeafValue { leaf, repetition, definition, bytes: None }))
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
                each_nested(member.shape, values, at, each)?;
                at.leaf += leaves_of(member.shape);
            }
            return Ok(());
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
        each_nested(elements, values, LeafPosition { leaf, repetition, definition: definition + 2 }, each)?;
    }
    Ok(())
}
