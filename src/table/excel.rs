//! The limits of Excel, and what it needs to open a text file correctly.

/// Marks a file as UTF-8 for Excel and most other programs.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The most characters of a cell, in UTF-16 code units.
pub const CELL: usize = 32_767;

/// The most rows of a sheet.
pub const ROWS: u32 = 1 << 20;

/// The most columns of a sheet.
pub const COLUMNS: usize = 1 << 14;

/// Suffix of a cell that was cut.
pub(super) const MARK: &str = " …[cut: Excel holds no more]";

/// A number of bytes that exceeds a cell in any encoding of its characters.
pub(super) const MORE_THAN_A_CELL: usize = 4 * CELL;

/// Cuts the cell from `start` to the end of `out` to the limit of Excel. Returns whether
/// it was cut.
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
    fn a_long_cell_is_cut_between_characters() {
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
