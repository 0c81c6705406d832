//! The styles of a workbook's cells.

use rust_xlsxwriter::{Color, Format, FormatAlign};

use super::sheet_cell::SheetCell;
use crate::table::column::ColumnType;

/// The style of a cell in a sheet of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CellStyle {
    Header,
    Text,
    /// For text above the length limit of the text format, which some versions of Excel show as
    /// `####`.
    LongText,
    Number,
    Time,
}

/// See [`CellStyle::LongText`].
const LONG: usize = 255;

impl CellStyle {
    /// All styles, in the order in which they are added to a workbook.
    pub(super) const ALL: [CellStyle; 5] =
        [CellStyle::Header, CellStyle::Text, CellStyle::LongText, CellStyle::Number, CellStyle::Time];

    /// The style of a cell in a column of type `shows`.
    pub(super) fn of(cell: SheetCell<'_>, shows: ColumnType) -> CellStyle {
        match cell {
            SheetCell::Number(_) => CellStyle::Number,
            SheetCell::Time(_) => CellStyle::Time,
            SheetCell::Text(text) if shows != ColumnType::Time && text.len() > LONG => CellStyle::LongText,
            SheetCell::Text(_) => CellStyle::Text,
        }
    }

    /// The style of empty cells in a column of type `shows`.
    pub(super) fn of_column(shows: ColumnType) -> CellStyle {
        if shows == ColumnType::Time { CellStyle::Time } else { CellStyle::Text }
    }

    /// The number by which a cell refers to the style. Excel's own style is 0, and others are
    /// numbered in the order in which they are added.
    pub(super) fn number(self) -> usize {
        self as usize + 1
    }

    /// What the style looks like.
    pub(super) fn format(self) -> Format {
        const HEADER: Color = Color::RGB(0xDD_EB_F7);
        // Without wrapping, text overflows into an empty cell to the right and appears to
        // belong to that column. With wrapping, only its first line is visible.
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let other = Format::new().set_align(FormatAlign::Top);
        match self {
            CellStyle::Header => Format::new().set_num_format("@").set_bold().set_background_color(HEADER),
            CellStyle::Text => text.set_num_format("@"),
            CellStyle::LongText => text.set_quote_prefix(),
            CellStyle::Number => other.set_align(FormatAlign::Right),
            CellStyle::Time => other.set_align(FormatAlign::Left).set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}
