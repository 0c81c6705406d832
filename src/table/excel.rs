//! What Excel can hold, and what it needs to open a text file as it was meant.

use super::column::ColumnType;

/// A column of a sheet.
#[derive(Clone, Debug)]
pub struct SheetColumn {
    /// What stands above it.
    pub name: String,
    /// What its cells are.
    pub shows: ColumnType,
}

/// Tells Excel, and most other programs, that a file is UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a cell can hold. Excel counts as UTF-16 does.
pub const CELL: usize = 32_767;

/// How many rows a sheet can hold.
pub const ROWS: u32 = 1 << 20;

/// How many columns.
pub const COLUMNS: usize = 1 << 14;

/// Stands before a cell that is a number on its way to a sheet. No text can
/// begin so: control characters are written as escapes.
pub(crate) const NUMBER: u8 = 1;

/// Ends a cell that was cut.
pub(super) const MARK: &str = " …[cut: Excel holds no more]";

/// So many bytes are more than a cell can hold, whatever they are.
pub(super) const MORE_THAN_A_CELL: usize = 4 * CELL;

/// Cuts the cell that begins at `start` and ends `out`, if it is longer than
/// Excel can hold, and says whether it was.
pub(crate) fn fit(out: &mut Vec<u8>, start: usize) -> bool {
    if out.len() - start <= CELL {
        return false;
    }
    cut(out, start)
}

#[cold]
fn cut(out: &mut Vec<u8>, start: usize) -> bool {
    let room = CELL - MARK.encode_utf16().count();
    let (mut units, mut end) = (0, out.len());
    for (at, byte) in out.iter().enumerate().skip(start) {
        units += match byte {
            0x80..=0xbf => continue,
            0xf0.. => 2,
            _ => 1,
        };
        if units > room {
            end = end.min(at);
        }
    }
    if units <= CELL {
        return false;
    }
    out.truncate(end);
    out.extend_from_slice(MARK.as_bytes());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(cell: &str) -> (String, bool) {
        let mut out = format!("x\t{cell}").into_bytes();
        let was_cut = fit(&mut out, 2);
        (String::from_utf8(out.split_off(2)).unwrap(), was_cut)
    }

    #[test]
    fn a_cell_that_fits_stays() {
        for cell in ["", "x", &"x".repeat(CELL), &"é".repeat(CELL), &"€".repeat(CELL), &"😀".repeat(CELL / 2)] {
            assert_eq!(fitted(cell), (cell.to_string(), false));
        }
    }

    #[test]
    fn a_cell_that_does_not_is_cut_between_characters() {
        for character in ["x", "é", "€", "😀"] {
            for before in ["", "x"] {
                let units = CELL - before.len();
                let cell = before.to_string() + &character.repeat(units / character.encode_utf16().count() + 1);
                let (cut, was_cut) = fitted(&cell);
                assert!(was_cut && cell.starts_with(cut.strip_suffix(MARK).unwrap()), "{cut}");
                assert!((CELL - 1..=CELL).contains(&cut.encode_utf16().count()), "{cut}");
            }
        }
    }
}
