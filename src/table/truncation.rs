//! Counts cut cells by the mark at their end.

use memchr::memmem;

use super::excel;
use crate::decode::json::CUT;

/// Counts the cut cells in text that comes in pieces.
#[derive(Debug)]
pub struct TruncationCounter {
    mark: &'static str,
    /// The end of the last piece, where a mark can begin.
    rest: Vec<u8>,
    count: u64,
}

impl TruncationCounter {
    /// A counter of cells cut to the limit of Excel, or of long values.
    pub fn new(for_excel: bool) -> TruncationCounter {
        TruncationCounter { mark: if for_excel { excel::MARK } else { CUT }, rest: Vec::new(), count: 0 }
    }

    /// Counts the marks that end in this piece.
    pub fn count_in(&mut self, piece: &[u8]) {
        self.rest.extend_from_slice(piece);
        self.count += memmem::find_iter(&self.rest, self.mark).count() as u64;
        self.rest.drain(..self.rest.len().saturating_sub(self.mark.len() - 1));
    }

    /// The number of cut cells.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::typed_cell::testing::encoded;

    #[test]
    fn cuts_are_counted_in_pieces_of_any_size() {
        for for_excel in [true, false] {
            let mark = TruncationCounter::new(for_excel).mark;
            let text = format!("a{mark}\tb\n{mark}{mark} …[cut\n");
            for size in 1..text.len() {
                let mut cuts = TruncationCounter::new(for_excel);
                text.as_bytes().chunks(size).for_each(|piece| cuts.count_in(piece));
                assert_eq!(cuts.count(), 3, "{size}");
            }
        }
    }

    #[test]
    fn cuts_of_typed_cells_are_counted() {
        let cut = format!("a{}", excel::MARK);
        let rows = encoded(&[&[&cut, "b", &cut], &["#1", &cut]]);
        for size in 1..rows.len() {
            let mut cuts = TruncationCounter::new(true);
            rows.chunks(size).for_each(|piece| cuts.count_in(piece));
            assert_eq!(cuts.count(), 3, "{size}");
        }
    }
}
