//! The styles of a workbook's cells.

use rust_xlsxwriter::{Color, Format, FormatAlign};

use super::sheet_cell::SheetCell;
use crate::table::column::ColumnType;

/// The style of a cell in a sheet of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SheetCellStyle {
    Header,
    Text,
    /// For text above the length limit of the text format, which some versions of Excel show as
    /// `####`.
    LongText,
    Number,
    Time,
}

/// See [`SheetCellStyle::LongText`].
const LONG: usize = 255;

impl SheetCellStyle {
    /// All styles, in the order in which they are added to a workbook.
    pub(super) const ALL: [SheetCellStyle; 5] = [
        SheetCellStyle::Header,
        SheetCellStyle::Text,
        SheetCellStyle::LongText,
        SheetCellStyle::Number,
        SheetCellStyle::Time,
    ];

    /// The style of a cell in a column of type `shows`.
    pub(super) fn of(cell: SheetCell<'_>, column_type: ColumnType) -> SheetCellStyle {
        match cell {
            SheetCell::Number(_) => SheetCellStyle::Number,
            SheetCell::Time(_) => SheetCellStyle::Time,
            SheetCell::Text(text) if column_type != ColumnType::Time && text.len() > LONG => SheetCellStyle::LongText,
            SheetCell::Text(_) => SheetCellStyle::Text,
        }
    }

    /// The style of empty cells in a column of type `shows`.
    pub(super) fn of_column(column_type: ColumnType) -> SheetCellStyle {
        if column_type == ColumnType::Time { SheetCellStyle::Time } else { SheetCellStyle::Text }
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
            SheetCellStyle::Header => Format::new().set_num_format("@").set_bold().set_background_color(HEADER),
            SheetCellStyle::Text => text.set_num_format("@"),
            SheetCellStyle::LongText => text.set_quote_prefix(),
            SheetCellStyle::Number => other.set_align(FormatAlign::Right),
            SheetCellStyle::Time => other.set_align(FormatAlign::Left).set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}
