use proptest::prelude::*;

use super::super::schema::FileSchema;
use super::*;

/// The column `name`, with limits that few values reach.
fn column(name: &str) -> LeafColumn {
    let schema = FileSchema::new([name].into_iter(), false).unwrap();
    LeafColumn { dictionary_bytes: 60, page_bytes: 30, ..schema.groups[0].leaves[0].clone() }
}

/// What a row has: `None` for null, and the number of a text otherwise.
#[derive(Clone, Copy, Debug)]
enum Row {
    Null,
    Own(Option<u8>),
    Shared(u8),
}

fn row() -> impl Strategy<Value = Row> {
    prop_oneof![
        1 => Just(Row::Null),
        1 => prop::option::weighted(0.8, 0..40_u8).prop_map(Row::Own),
        4 => (0..10_u8).prop_map(Row::Shared),
    ]
}

fn value(text: Option<&[u8]>) -> LeafValue<'_> {
    LeafValue { leaf: 0, repetition: 0, definition: text.is_some().into(), bytes: text }
}

/// Writes batches. Every fifth of the values that rows share is null.
fn written(name: &str, batches: &[Vec<Row>], is_by_cells: bool) -> (Vec<u8>, String) {
    let mut leaf = LeafWriter::new(column(name), 100).unwrap();
    let mut compressor = PageCompressor::default();
    let text = |number: u8| format!("text {number}").into_bytes();
    let mut shared = Vec::new();
    for batch in batches {
        leaf.begin_batch();
        let mut rows = Vec::new();
        for row in batch {
            rows.push(match *row {
                Row::Null => RowSource::NULL,
                Row::Own(number) => {
                    leaf.add_own(value(number.map(text).as_deref()));
                    RowSource::OWN
                }
                Row::Shared(number) => {
                    let known = shared.iter().position(|known| *known == number);
                    let at = known.unwrap_or_else(|| {
                        leaf.add_shared(value((number % 5 > 0).then(|| text(number)).as_deref()));
                        shared.push(number);
                        shared.len() - 1
                    });
                    RowSource::shared(at as u32)
                }
            });
        }
        match is_by_cells {
            true => leaf.write_cells(&rows, &mut compressor).unwrap(),
            false => leaf.write(&rows, &mut compressor).unwrap(),
        }
    }
    let written = leaf.finish(&mut compressor).unwrap();
    (written.bytes.to_vec(), format!("{:?} {:?}", written.close.metadata, written.close.offset_index))
}

proptest! {
    /// Rows are written in few steps, if possible.
    #[test]
    fn all_ways_of_writing_give_the_same_column(
        batches in prop::collection::vec(prop::collection::vec(row(), 0..20), 0..6),
        name in prop::sample::select(&["eventName", "eventID"][..]),
    ) {
        prop_assert_eq!(written(name, &batches, false), written(name, &batches, true));
    }

    #[test]
    fn equal_nulls_are_written_like_others(batches in prop::collection::vec(0..20_usize, 0..4), is_own in any::<bool>()) {
        let row = if is_own { Row::Own(None) } else { Row::Shared(0) };
        let batches: Vec<Vec<Row>> = batches.into_iter().map(|rows| vec![row; rows]).collect();
        prop_assert_eq!(written("eventName", &batches, false), written("eventName", &batches, true));
    }
}
