//! The rows of a workbook: typed cells that respect the limits of Excel.

use std::ops::ControlFlow;

use super::Table;
use super::column::{Column, ColumnType};
use super::excel;
use super::typed_cell;
use super::typed_cell::CellKind;
use crate::decode::event::Event;
use crate::table::ByteSink;

impl Table {
    /// Appends the row of an event as typed cells. Returns the number of cells that were
    /// cut.
    pub(super) fn typed_row(&mut self, event: &Event<'_>, file: &str, out: &mut Vec<u8>) -> u64 {
        let mut cut = 0;
        for column in &mut self.columns {
            let start = typed_cell::begin(out);
            column.write(event, file, &self.rows.style, out);
            cut += u64::from(end_cell(column, event, out, start));
        }
        typed_cell::end_row(out);
        cut
    }

    /// Like [`typed_row`](Self::typed_row), for an event with values longer than any cell of Excel.
    pub(super) fn typed_row_in_pieces(
        &mut self,
        event: &Event<'_>,
        file: &str,
        emit: &mut ByteSink<'_>,
    ) -> ControlFlow<(), u64> {
        let (mut cell, mut cut) = (Vec::new(), 0);
        for column in &mut self.columns {
            cell.clear();
            let start = typed_cell::begin(&mut cell);
            column.write_start(event, file, &self.rows.style, start + excel::MORE_THAN_A_CELL, &mut cell);
            cut += u64::from(end_cell(column, event, &mut cell, start));
            emit(&cell)?;
        }
        cell.clear();
        typed_cell::end_row(&mut cell);
        emit(&cell)?;
        ControlFlow::Continue(cut)
    }
}

/// Completes the cell whose text begins at `start`. Returns whether it was cut.
fn end_cell(column: &Column, event: &Event<'_>, out: &mut Vec<u8>, start: usize) -> bool {
    let was_cut = excel::fit(out, start);
    let kind = match column.column_type() {
        ColumnType::Value if column.is_number(event) => CellKind::Number,
        column_type => CellKind::of_text(&out[start..], column_type),
    };
    typed_cell::end(out, start, kind);
    was_cut
}
