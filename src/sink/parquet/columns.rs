//! The schema of a file: Arrow fields for the columns of a table.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};

use crate::table::event_schema::{ColumnShape, EVENT_TIME, RECORD, SchemaColumn, shape_of};

/// The columns of a file.
#[derive(Clone, Debug)]
pub(super) struct FileColumns {
    pub(super) schema: SchemaRef,
    /// The shapes of the columns.
    pub(super) shapes: Vec<ColumnShape>,
    /// The index of the column that rows are sorted by, among the leaves of all columns.
    pub(super) sorted_by: Option<usize>,
}

impl FileColumns {
    /// Creates the schema of these columns. `is_sorted` says that rows are sorted by time.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>, is_sorted: bool) -> FileColumns {
        let (mut fields, mut shapes, mut leaves) = (Vec::new(), Vec::new(), 0);
        let mut sorted_by = None;
        for name in names {
            let shape = shape_of(name);
            if is_sorted && name == EVENT_TIME {
                sorted_by = Some(leaves);
            }
            leaves += leaves_of(shape);
            // Every event has a record, and readers are faster if they know.
            fields.push(Field::new(name, data_type(shape), name != RECORD));
            shapes.push(shape);
        }
        FileColumns { schema: Arc::new(Schema::new(fields)), shapes, sorted_by }
    }
}

/// The type of a shape.
pub(super) fn data_type(shape: ColumnShape) -> DataType {
    match shape {
        ColumnShape::Text | ColumnShape::Json => DataType::Utf8,
        ColumnShape::Boolean => DataType::Boolean,
        ColumnShape::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ColumnShape::Object(members) => DataType::Struct(members_of(members)),
        ColumnShape::TextList => DataType::List(element(ColumnShape::Text)),
        ColumnShape::ObjectList(members) => DataType::List(element(ColumnShape::Object(members))),
    }
}

/// The fields of an object.
pub(super) fn members_of(members: &[SchemaColumn]) -> Fields {
    members.iter().map(|member| Field::new(member.name, data_type(member.shape), true)).collect()
}

/// The field of the elements of a list, by the name that the format has for it.
pub(super) fn element(shape: ColumnShape) -> FieldRef {
    Arc::new(Field::new("element", data_type(shape), true))
}

/// The number of columns that a shape takes in a file, which has no nesting.
pub(super) fn leaves_of(shape: ColumnShape) -> usize {
    match shape {
        ColumnShape::Object(members) | ColumnShape::ObjectList(members) => {
            members.iter().map(|member| leaves_of(member.shape)).sum()
        }
        _ => 1,
    }
}
