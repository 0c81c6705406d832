//! The formats of a workbook's cells.

use rust_xlsxwriter::{Color, Format, FormatAlign};

use super::sheet_cell::SheetCell;
use crate::table::column::ColumnType;

/// Cell formats of a workbook.
pub(super) struct CellFormats {
    pub(super) header: Format,
    pub(super) text: Format,
    /// For text above the length limit of the text format, which some versions of Excel show as
    /// `####`.
    long_text: Format,
    number: Format,
    pub(super) time: Format,
}

/// See [`CellFormats::long_text`].
const LONG: usize = 255;

impl CellFormats {
    pub(super) fn new() -> CellFormats {
        const HEADER: Color = Color::RGB(0xDD_EB_F7);
        // Without wrapping, text overflows into an empty cell to the right and appears to
        // belong to that column. With wrapping, only its first line is visible.
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let other = Format::new().set_align(FormatAlign::Top);
        CellFormats {
            header: Format::new().set_num_format("@").set_bold().set_background_color(HEADER),
            long_text: text.clone().set_quote_prefix(),
            number: other.clone().set_align(FormatAlign::Right),
            time: other.set_align(FormatAlign::Left).set_num_format("yyyy-mm-dd hh:mm:ss"),
            text: text.set_num_format("@"),
        }
    }

    /// The format of a cell in a column of type `shows`; `None` for that of the column.
    pub(super) fn of(&self, cell: SheetCell<'_>, shows: ColumnType) -> Option<&Format> {
        match cell {
            SheetCell::Number(_) => Some(&self.number),
            SheetCell::Time(_) => Some(&self.time),
            SheetCell::Text(_) if shows == ColumnType::Time => Some(&self.text),
            SheetCell::Text(text) => Some(&self.long_text).filter(|_| text.len() > LONG),
        }
    }
}
