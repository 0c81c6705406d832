//! What rows have in a column without nesting, before pages are made of it.

/// What a row has: a value, a null, or a list of these. It takes four bytes, as there is one
/// for each value that rows share, in each column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LeafCell(u32);

/// The content of a cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CellContent {
    /// The value with an index.
    Value(u32),
    /// The list with an index.
    List(u32),
    /// A null with this definition level.
    Null(u8),
}

/// Cells, and the lists in them.
#[derive(Debug, Default)]
pub(super) struct LeafCells {
    cells: Vec<LeafCell>,
    /// For each list the end of its elements.
    ends: Vec<u32>,
    /// The elements of all lists, each with its repetition level.
    elements: Vec<(u8, LeafCell)>,
    /// Whether a cell differs from the first one.
    differ: bool,
}

impl LeafCell {
    /// Greater numbers are lists, and the greatest are nulls. No batch and no dictionary has
    /// as many values.
    const LISTS: u32 = 1 << 31;
    const NULLS: u32 = u32::MAX - u8::MAX as u32;

    pub(super) fn value(index: u32) -> LeafCell {
        LeafCell(index)
    }

    pub(super) fn null(definition: u8) -> LeafCell {
        LeafCell(LeafCell::NULLS + u32::from(definition))
    }

    fn list(index: usize) -> LeafCell {
        LeafCell(LeafCell::LISTS + index as u32)
    }

    /// The index of a value, and whether it is one.
    #[inline(always)]
    pub(super) fn index(self) -> (u32, bool) {
        (self.0, self.0 < LeafCell::LISTS)
    }

    /// The greatest index of the values among cells, if there is a value, and whether all are
    /// values.
    pub(super) fn greatest_index(cells: &[LeafCell]) -> (Option<u32>, bool) {
        // Cells that are not values are negative here. Vectors compare numbers with a sign.
        let both = |(least, most): (i32, i32), cell: &LeafCell| {
            let number = cell.0.cast_signed();
            (least.min(number), most.max(number))
        };
        let (least, most) = cells.iter().fold((0, -1), both);
        (u32::try_from(most).ok(), least == 0)
    }

    /// The definition level of a value, which is `max`, or of a null.
    #[inline(always)]
    pub(super) fn definition(self, max: u8) -> u8 {
        if self.0 < LeafCell::LISTS { max } else { self.0.wrapping_sub(LeafCell::NULLS) as u8 }
    }

    #[inline(always)]
    pub(super) fn content(self) -> CellContent {
        match self.0 {
            null @ LeafCell::NULLS.. => CellContent::Null((null - LeafCell::NULLS) as u8),
            list @ LeafCell::LISTS.. => CellContent::List(list - LeafCell::LISTS),
            value => CellContent::Value(value),
        }
    }
}

impl LeafCells {
    /// Adds a cell, or an element to the last one.
    pub(super) fn push(&mut self, repetition: u8, cell: LeafCell) {
        match self.cells.last_mut() {
            Some(last) if repetition > 0 => {
                if !matches!(last.content(), CellContent::List(_)) {
                    self.elements.push((0, *last));
                    *last = LeafCell::list(self.ends.len());
                    self.ends.push(0);
                }
                self.elements.push((repetition, cell));
                if let Some(end) = self.ends.last_mut() {
                    *end = self.elements.len() as u32;
                }
                self.differ = true;
            }
            _ => {
                self.differ |= self.cells.first().is_some_and(|first| *first != cell);
                self.cells.push(cell);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.ends.clear();
        self.elements.clear();
        self.differ = false;
    }

    pub(super) fn cells(&self) -> &[LeafCell] {
        &self.cells
    }

    /// The elements of a list, with their repetition levels.
    pub(super) fn elements(&self, list: u32) -> &[(u8, LeafCell)] {
        let at = list as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.elements[start as usize..self.ends[at] as usize]
    }

    /// The cell that all cells equal; `None` if they differ or there are none.
    pub(super) fn only(&self) -> Option<LeafCell> {
        self.cells.first().copied().filter(|_| !self.differ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_they_were_added() {
        let mut cells = LeafCells::default();
        let null = LeafCell::null;
        cells.push(0, null(1));
        cells.push(0, null(1));
        assert_eq!(cells.only(), Some(null(1)));
        for (repetition, index) in [(0, 7), (0, 5), (1, 6), (1, 5), (0, 9), (0, 1), (1, 2)] {
            cells.push(repetition, LeafCell::value(index));
        }
        assert_eq!(cells.only(), None);
        let content: Vec<_> = cells.cells().iter().map(|cell| cell.content()).collect();
        let (value, list) = (CellContent::Value, CellContent::List);
        let nulls = [CellContent::Null(1); 2];
        assert_eq!(content, [&nulls[..], &[value(7), list(0), value(9), list(1)]].concat());
        let elements = |list| cells.elements(list).to_vec();
        let element = |repetition, index| (repetition, LeafCell::value(index));
        assert_eq!(elements(0), [element(0, 5), element(1, 6), element(1, 5)]);
        assert_eq!(elements(1), [element(0, 1), element(1, 2)]);
    }

    #[test]
    fn levels_have_a_place_beside_values_and_lists() {
        for content in [CellContent::Null(0), CellContent::Null(u8::MAX)] {
            let CellContent::Null(definition) = content else { return };
            assert_eq!(LeafCell::null(definition).content(), content);
        }
        assert_eq!(LeafCell::value(LeafCell::LISTS - 1).content(), CellContent::Value(LeafCell::LISTS - 1));
    }
}
