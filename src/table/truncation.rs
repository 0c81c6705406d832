//! Cells that were cut, counted by the mark at their end.

use memchr::memmem;

use super::excel;
use crate::decode::json::CUT;

/// Counts the cells that were cut in text that comes in pieces.
#[derive(Debug)]
pub struct TruncationCounter {
    mark: &'static str,
    /// The end of the last piece, in which a mark can begin.
    rest: Vec<u8>,
    count: u64,
}

impl TruncationCounter {
    /// Those that are more than Excel can hold, or those of long values.
    pub fn new(for_excel: bool) -> TruncationCounter {
        TruncationCounter { mark: if for_excel { excel::MARK } else { CUT }, rest: Vec::new(), count: 0 }
    }

    /// Looks at the next piece.
    pub fn look(&mut self, piece: &[u8]) {
        self.rest.extend_from_slice(piece);
        self.count += memmem::find_iter(&self.rest, self.mark).count() as u64;
        self.rest.drain(..self.rest.len().saturating_sub(self.mark.len() - 1));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_counted_in_pieces_of_any_size() {
        for for_excel in [true, false] {
            let mark = TruncationCounter::new(for_excel).mark;
            let text = format!("a{mark}\tb\n{mark}{mark} …[cut\n");
            for size in 1..text.len() {
                let mut cuts = TruncationCounter::new(for_excel);
                text.as_bytes().chunks(size).for_each(|piece| cuts.look(piece));
                assert_eq!(cuts.count(), 3, "{size}");
            }
        }
    }
}
