//! Collects rows as the arrays of a batch.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, FieldRef, Fields};

use super::columns::{FileColumns, element, members_of};
use crate::table::event_row::RowValues;
use crate::table::event_schema::ColumnShape;

/// Rows on their way to a file.
pub(super) struct BatchBuilder {
    columns: Vec<ArrayBuilder>,
    rows: usize,
    bytes: usize,
}

/// Collects the values of a column, or of a member of one.
enum ArrayBuilder {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Time(TimestampMillisecondBuilder),
    Object { fields: Fields, members: Vec<ArrayBuilder>, is_there: Vec<bool> },
    List { field: FieldRef, elements: Box<ArrayBuilder>, lengths: Vec<usize>, is_there: Vec<bool> },
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
        self.columns.iter_mut().for_each(|column| column.value(&mut values));
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
        (self.rows, self.bytes) = (0, 0);
        let arrays = self.columns.iter_mut().map(ArrayBuilder::finish).collect::<Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(&columns.schema), arrays)
    }
}

impl ArrayBuilder {
    fn new(shape: ColumnShape) -> ArrayBuilder {
        let list = |shape| ArrayBuilder::List {
            field: element(shape),
            elements: Box::new(ArrayBuilder::new(shape)),
            lengths: Vec::new(),
            is_there: Vec::new(),
        };
        match shape {
            ColumnShape::Text | ColumnShape::Json => ArrayBuilder::Text(StringBuilder::new()),
            ColumnShape::Boolean => ArrayBuilder::Boolean(BooleanBuilder::new()),
            ColumnShape::Time => ArrayBuilder::Time(TimestampMillisecondBuilder::new().with_timezone("UTC")),
            ColumnShape::Object(members) => ArrayBuilder::Object {
                fields: members_of(members),
                members: members.iter().map(|member| ArrayBuilder::new(member.shape)).collect(),
                is_there: Vec::new(),
            },
            ColumnShape::TextList => list(ColumnShape::Text),
            ColumnShape::ObjectList(members) => list(ColumnShape::Object(members)),
        }
    }

    /// Adds the next value of a row.
    fn value(&mut self, values: &mut RowValues<'_>) {
        match self {
            ArrayBuilder::Text(builder) => builder.append_option(values.text()),
            ArrayBuilder::Boolean(builder) => builder.append_option(values.bytes().map(|bytes| bytes == [1])),
            ArrayBuilder::Time(builder) => {
                let time = values.bytes().and_then(|bytes| bytes.first_chunk());
                builder.append_option(time.map(|time| i64::from_le_bytes(*time)));
            }
            ArrayBuilder::Object { members, is_there, .. } => {
                is_there.push(values.length().is_some());
                if is_there.last() == Some(&true) {
                    members.iter_mut().for_each(|member| member.value(values));
                } else {
                    members.iter_mut().for_each(ArrayBuilder::null);
                }
            }
            ArrayBuilder::List { elements, lengths, is_there, .. } => {
                let length = values.length();
                is_there.push(length.is_some());
                lengths.push(length.unwrap_or(0));
                (0..length.unwrap_or(0)).for_each(|_| elements.value(values));
            }
        }
    }

    /// Adds a null.
    fn null(&mut self) {
        match self {
            ArrayBuilder::Text(builder) => builder.append_null(),
            ArrayBuilder::Boolean(builder) => builder.append_null(),
            ArrayBuilder::Time(builder) => builder.append_null(),
            ArrayBuilder::Object { members, is_there, .. } => {
                is_there.push(false);
                members.iter_mut().for_each(ArrayBuilder::null);
            }
            ArrayBuilder::List { lengths, is_there, .. } => {
                is_there.push(false);
                lengths.push(0);
            }
        }
    }

    /// Takes the values as an array.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            ArrayBuilder::Text(builder) => Arc::new(builder.finish()),
            ArrayBuilder::Boolean(builder) => Arc::new(builder.finish()),
            ArrayBuilder::Time(builder) => Arc::new(builder.finish()),
            ArrayBuilder::Object { fields, members, is_there } => {
                let arrays = members.iter_mut().map(ArrayBuilder::finish).collect::<Result<_, _>>()?;
                let nulls = NullBuffer::from(std::mem::take(is_there));
                Arc::new(StructArray::try_new(fields.clone(), arrays, Some(nulls))?)
            }
            ArrayBuilder::List { field, elements, lengths, is_there } => {
                let offsets = OffsetBuffer::from_lengths(std::mem::take(lengths));
                let nulls = NullBuffer::from(std::mem::take(is_there));
                Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements.finish()?, Some(nulls))?)
            }
        })
    }
}
