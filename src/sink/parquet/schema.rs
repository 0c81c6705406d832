//! The schema of a file, and its columns without nesting.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor, Type, TypePtr};

use super::bounds::ValueOrder;
use super::rle;
use crate::table::column_groups::column_groups;
use crate::table::event_schema::{ColumnShape, EVENT_TIME, RECORD, UNIQUE, shape_of};

/// What is looked up by its exact value.
const BLOOM_FILTER_COLUMNS: [&str; 5] =
    ["eventName", "userName", "userIdentity.accessKeyId", "sourceIPAddress", "eventID"];

/// The columns of a file.
#[derive(Clone, Debug)]
pub(super) struct FileSchema {
    pub(super) root: TypePtr,
    pub(super) groups: Vec<FileGroup>,
    /// The index of the column that rows are sorted by, among the leaves of all columns.
    pub(super) sorted_by: Option<usize>,
}

/// Columns of the table that have their values together.
#[derive(Clone, Debug, Default)]
pub(super) struct FileGroup {
    /// The shapes of the columns.
    pub(super) shapes: Vec<ColumnShape>,
    /// Their columns without nesting.
    pub(super) leaves: Vec<LeafColumn>,
}

/// A column without nesting, and how it is encoded.
#[derive(Clone, Debug)]
pub(super) struct LeafColumn {
    /// Its index among the leaves of the file.
    pub(super) number: usize,
    pub(super) descriptor: ColumnDescPtr,
    pub(super) kind: LeafKind,
    pub(super) max_definition: u8,
    pub(super) max_repetition: u8,
    pub(super) has_dictionary: bool,
    /// Whether values are ids, which have little in common.
    pub(super) has_ids: bool,
    pub(super) has_statistics: bool,
    pub(super) has_bloom_filter: bool,
    /// Size after which a page of plain values ends.
    pub(super) page_bytes: usize,
    /// Size after which values are not added to the dictionary.
    pub(super) dictionary_bytes: usize,
}

/// The type of the values of a leaf.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LeafKind {
    Text,
    Boolean,
    Time,
}

impl LeafKind {
    pub(super) fn order(self) -> ValueOrder {
        if self == LeafKind::Time { ValueOrder::Number } else { ValueOrder::Bytes }
    }
}

impl FileSchema {
    /// Creates the schema of these columns. `is_sorted` says that rows are sorted by time.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>, is_sorted: bool) -> Result<FileSchema, ParquetError> {
        let named: Vec<(&str, ColumnShape)> = names.map(|name| (name, shape_of(name))).collect();
        let fields = named.iter().map(|(name, shape)| {
            // Every event has a record, and readers are faster if they know.
            let repetition = if *name == RECORD { Repetition::REQUIRED } else { Repetition::OPTIONAL };
            data_type(name, *shape, repetition)
        });
        let root = Type::group_type_builder("event").with_fields(fields.collect::<Result<_, _>>()?).build()?;
        let schema = SchemaDescriptor::new(Arc::new(root));
        let mut groups = Vec::new();
        let starts = first_leaves(&named);
        for group in column_groups(named.iter().map(|(name, _)| *name)) {
            let mut of_group = FileGroup::default();
            for position in group.columns {
                let shape = named[position].1;
                let mut kinds = Vec::new();
                kinds_of(shape, &mut kinds);
                let numbers = starts[position]..;
                let leaves = numbers.zip(kinds).map(|(number, kind)| LeafColumn::new(&schema, number, kind, shape));
                of_group.leaves.extend(leaves);
                of_group.shapes.push(shape);
            }
            groups.push(of_group);
        }
        let time = named.iter().position(|(name, _)| is_sorted && *name == EVENT_TIME);
        Ok(FileSchema { root: schema.root_schema_ptr(), groups, sorted_by: time.map(|position| starts[position]) })
    }
}

/// For each column, the index of its first leaf.
fn first_leaves(columns: &[(&str, ColumnShape)]) -> Vec<usize> {
    let mut next = 0;
    let first = |(_, shape): &(&str, ColumnShape)| {
        let first = next;
        next += leaves_of(*shape);
        first
    };
    columns.iter().map(first).collect()
}

impl LeafColumn {
    fn new(schema: &SchemaDescriptor, number: usize, kind: LeafKind, shape: ColumnShape) -> LeafColumn {
        /// Each column holds a page that is not compressed yet, and as much to compress it.
        const PAGES: usize = 32 << 20;
        const DICTIONARIES: usize = 64 << 20;
        let (descriptor, leaves) = (schema.column(number), schema.num_columns());
        let path = descriptor.path().string();
        let is_unique = UNIQUE.contains(&path.as_str());
        // Of unique values, a dictionary would only cost time, and the least and the greatest
        // exclude nothing. Those of JSON exclude nothing either.
        let has_statistics = !is_unique && shape != ColumnShape::Json;
        LeafColumn {
            number,
            kind,
            max_definition: descriptor.max_def_level() as u8,
            max_repetition: descriptor.max_rep_level() as u8,
            has_dictionary: !is_unique && kind != LeafKind::Boolean,
            has_ids: is_unique && shape == ColumnShape::Text,
            has_statistics,
            has_bloom_filter: BLOOM_FILTER_COLUMNS.contains(&path.as_str()),
            page_bytes: (PAGES / leaves.max(1)).clamp(16 << 10, 512 << 10),
            dictionary_bytes: (DICTIONARIES / leaves.max(1)).clamp(32 << 10, 1 << 20),
            descriptor,
        }
    }

    /// Appends the levels of a page, if there is more than one level.
    pub(super) fn push_levels(&self, levels: &[u8], largest: u8, out: &mut Vec<u8>) {
        if largest == 0 {
            return;
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        rle::encode(levels, rle::bit_width(largest.into()), out);
        let length = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// The type of a shape.
fn data_type(name: &str, shape: ColumnShape, repetition: Repetition) -> Result<TypePtr, ParquetError> {
    let primitive = |physical, logical| {
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical).build()
    };
    let group = |fields, logical| {
        let builder = Type::group_type_builder(name).with_repetition(repetition);
        builder.with_logical_type(logical).with_fields(fields).build()
    };
    // By the names that the format has for a list and its elements.
    let list = |shape| {
        let element = data_type("element", shape, Repetition::OPTIONAL)?;
        let list = Type::group_type_builder("list").with_repetition(Repetition::REPEATED);
        group(vec![Arc::new(list.with_fields(vec![element]).build()?)], Some(LogicalType::List))
    };
    let built = match shape {
        ColumnShape::Text | ColumnShape::Json => primitive(PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnShape::Boolean => primitive(PhysicalType::BOOLEAN, None),
        ColumnShape::Time => {
            let logical = LogicalType::timestamp(true, TimeUnit::MILLIS);
            primitive(PhysicalType::INT64, Some(logical))
        }
        ColumnShape::Object(members) => {
            let members = members.iter().map(|member| data_type(member.name, member.shape, Repetition::OPTIONAL));
            group(members.collect::<Result<_, _>>()?, None)
        }
        ColumnShape::TextList => list(ColumnShape::Text),
        ColumnShape::ObjectList(members) => list(ColumnShape::Object(members)),
    };
    built.map(Arc::new)
}

/// Appends the types of the leaves of a shape.
fn kinds_of(shape: ColumnShape, kinds: &mut Vec<LeafKind>) {
    match shape {
        ColumnShape::Boolean => kinds.push(LeafKind::Boolean),
        ColumnShape::Time => kinds.push(LeafKind::Time),
        ColumnShape::Text | ColumnShape::Json | ColumnShape::TextList => kinds.push(LeafKind::Text),
        ColumnShape::Object(members) | ColumnShape::ObjectList(members) => {
            members.iter().for_each(|member| kinds_of(member.shape, kinds));
        }
    }
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
