//! Finds the structure of a JSON text byte by byte, in the simplest way.

/// The structural properties of each byte of a text.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct ReferenceStructure {
    pub(crate) quotes: Vec<bool>,
    pub(crate) opens: Vec<bool>,
    pub(crate) closes: Vec<bool>,
    pub(crate) needs_escape: Vec<bool>,
    pub(crate) in_string: Vec<bool>,
}

impl ReferenceStructure {
    pub(crate) fn of(text: &[u8]) -> ReferenceStructure {
        let [quotes, opens, closes, needs_escape, in_string] = [const { Vec::new() }; 5];
        let mut reference = ReferenceStructure { quotes, opens, closes, needs_escape, in_string };
        let (mut in_string, mut is_escaped) = (false, false);
        for byte in text {
            let is_quote = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            in_string ^= is_quote;
            reference.quotes.push(is_quote);
            reference.opens.push(!in_string && b"{[".contains(byte));
            reference.closes.push(!in_string && b"}]".contains(byte));
            reference.needs_escape.push(*byte == b'\\' || !byte.is_ascii() || byte.is_ascii_control());
            reference.in_string.push(in_string);
        }
        reference
    }

    /// For each byte that opens a bracket, the position after the matching closing bracket, if
    /// there is one.
    pub(crate) fn balanced(&self) -> Vec<Option<usize>> {
        let (mut ends, mut open) = (vec![None; self.opens.len()], Vec::new());
        for at in 0..ends.len() {
            if self.opens[at] {
                open.push(at);
            } else if self.closes[at]
                && let Some(start) = open.pop()
            {
                ends[start] = Some(at + 1);
            }
        }
        ends
    }

    /// The largest number of brackets that are open at once.
    pub(crate) fn depth(&self) -> usize {
        let (mut depth, mut deepest) = (0_usize, 0);
        for (opens, closes) in self.opens.iter().zip(&self.closes) {
            depth = (depth + usize::from(*opens)).saturating_sub((*closes).into());
            deepest = deepest.max(depth);
        }
        deepest
    }
}
