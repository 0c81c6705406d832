//! Collects rows as the arrays of a batch.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, ListArray, RecordBatch, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow_buffer::{Buffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, FieldRef, Fields};

use super::columns::{FileColumns, element, members_of};
use super::file::FileLimits;
use crate::table::event_row::RowValues;
use crate::table::event_schema::ColumnShape;

/// Rows on their way to a file.
pub(super) struct BatchBuilder {
    columns: Vec<ArrayBuilder>,
    rows: usize,
    bytes: usize,
}

/// Collects the values of a column, or of a member of one. Most columns are null in most
/// events, so nulls are only counted, and added when a value or the end follows.
struct ArrayBuilder {
    values: ArrayValues,
    nulls: NullBufferBuilder,
}

enum ArrayValues {
    /// The texts, one behind the other, and the start of each and the end of the last.
    Text {
        bytes: Vec<u8>,
        offsets: Vec<i32>,
    },
    Boolean(Vec<bool>),
    Time(Vec<i64>),
    Object {
        fields: Fields,
        members: Vec<ArrayBuilder>,
    },
    /// The elements of all lists, their number, and the length of each list.
    List {
        field: FieldRef,
        elements: Box<ArrayBuilder>,
        count: usize,
        lengths: Vec<usize>,
    },
}

impl BatchBuilder {
    /// Creates an empty batch.
    pub(super) fn new(columns: &FileColumns) -> BatchBuilder {
        let columns = columns.shapes.iter().map(|shape| ArrayBuilder::new(*shape)).collect();
        BatchBuilder { columns, rows: 0, bytes: 0 }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, mut values: RowValues<'_>) {
        self.bytes += values.size();
        self.columns.iter_mut().for_each(|column| column.value(self.rows, &mut values));
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

    /// Takes the rows as a batch.
    pub(super) fn finish(&mut self, columns: &FileColumns) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let arrays = self.columns.iter_mut().map(|column| column.finish(rows)).collect::<Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(&columns.schema), arrays)
    }
}

impl ArrayBuilder {
    fn new(shape: ColumnShape) -> ArrayBuilder {
        let list = |shape| ArrayValues::List {
            field: element(shape),
            elements: Box::new(ArrayBuilder::new(shape)),
            count: 0,
            lengths: Vec::new(),
        };
        let values = match shape {
            ColumnShape::Text | ColumnShape::Json => ArrayValues::Text { bytes: Vec::new(), offsets: vec![0] },
            ColumnShape::Boolean => ArrayValues::Boolean(Vec::new()),
            ColumnShape::Time => ArrayValues::Time(Vec::new()),
            ColumnShape::Object(members) => ArrayValues::Object {
                fields: members_of(members),
                members: members.iter().map(|member| ArrayBuilder::new(member.shape)).collect(),
            },
            ColumnShape::TextList => list(ColumnShape::Text),
            ColumnShape::ObjectList(members) => list(ColumnShape::Object(members)),
        };
        ArrayBuilder { values, nulls: NullBufferBuilder::new(0) }
    }

    /// Adds the next value of a row, which has the index `at`.
    fn value(&mut self, at: usize, values: &mut RowValues<'_>) {
        let Some(length) = values.length() else { return };
        self.fill(at);
        self.nulls.append_non_null();
        match &mut self.values {
            ArrayValues::Text { bytes, offsets } => {
                bytes.extend_from_slice(values.take(length));
                // A batch is far smaller than this limit.
                offsets.push(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
            }
            ArrayValues::Boolean(list) => list.push(values.take(length) == [1]),
            ArrayValues::Time(list) => {
                let time = values.take(length).first_chunk();
                list.push(time.map_or(0, |time| i64::from_le_bytes(*time)));
            }
            ArrayValues::Object { members, .. } => members.iter_mut().for_each(|member| member.value(at, values)),
            ArrayValues::List { elements, count, lengths, .. } => {
                lengths.push(length);
                (*count..*count + length).for_each(|at| elements.value(at, values));
                *count += length;
            }
        }
    }

    /// Adds nulls up to the index `at`.
    fn fill(&mut self, at: usize) {
        let missing = at - self.nulls.len();
        if missing == 0 {
            return;
        }
        self.nulls.append_n_nulls(missing);
        match &mut self.values {
            ArrayValues::Text { bytes, offsets } => {
                let end = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
                offsets.extend(std::iter::repeat_n(end, missing));
            }
            ArrayValues::Boolean(list) => list.extend(std::iter::repeat_n(false, missing)),
            ArrayValues::Time(list) => list.extend(std::iter::repeat_n(0, missing)),
            ArrayValues::Object { .. } => {}
            ArrayValues::List { lengths, .. } => lengths.extend(std::iter::repeat_n(0, missing)),
        }
    }

    /// Takes the values of `rows` rows as an array.
    fn finish(&mut self, rows: usize) -> Result<ArrayRef, ArrowError> {
        self.fill(rows);
        let nulls: Option<NullBuffer> = self.nulls.finish();
        Ok(match &mut self.values {
            ArrayValues::Text { bytes, offsets } => {
                // The next batch is about as large, unless a value was unusually long.
                let next = Vec::with_capacity(bytes.len().min(FileLimits::BATCH_BYTES));
                let bytes = Buffer::from_vec(std::mem::replace(bytes, next));
                let mut next = Vec::with_capacity(offsets.len());
                next.push(0);
                let offsets = ScalarBuffer::from(std::mem::replace(offsets, next));
                Arc::new(StringArray::try_new(OffsetBuffer::new(offsets), bytes, nulls)?)
            }
            ArrayValues::Boolean(list) => {
                let array = BooleanArray::new(list.as_slice().into(), nulls);
                list.clear();
                Arc::new(array)
            }
            ArrayValues::Time(list) => {
                let array = TimestampMillisecondArray::try_new(std::mem::take(list).into(), nulls)?;
                Arc::new(array.with_timezone("UTC"))
            }
            ArrayValues::Object { fields, members } => {
                let arrays = members.iter_mut().map(|member| member.finish(rows)).collect::<Result<_, _>>()?;
                Arc::new(StructArray::try_new(fields.clone(), arrays, nulls)?)
            }
            ArrayValues::List { field, elements, count, lengths } => {
                let offsets = OffsetBuffer::from_lengths(std::mem::take(lengths));
                let elements = elements.finish(std::mem::take(count))?;
                Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, nulls)?)
            }
        })
    }
}
