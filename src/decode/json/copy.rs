//! Copies values into cells, and checks in the same pass whether they need escaping.

use super::escape::{needs_escape, prefix_mask};

/// Number of bytes that are checked and copied at once: most cells are shorter.
const CHUNK: usize = 32;

/// A flag of bytes that need escaping.
const NEEDS_ESCAPE: u8 = 1;
/// A flag of spaces.
const SPACE: u8 = 2;

/// Appends the contents of a string, which are at `from..to` of `text`, if they are printable
/// ASCII without escapes. Otherwise, and near the end of `text`, appends nothing and returns
/// false.
#[inline(always)]
pub(super) fn string(text: &[u8], from: usize, to: usize, out: &mut Vec<u8>) -> bool {
    flagged(text, from, to, |byte| needs_escape(byte) * NEEDS_ESCAPE, out).is_some()
}

/// Appends an object or array, which is at `from..to` of `text`, if it is printable ASCII, and
/// returns whether it has spaces. Escapes stay as they are. Otherwise, and near the end of
/// `text`, appends nothing and returns `None`.
#[inline(always)]
pub(super) fn container(text: &[u8], from: usize, to: usize, out: &mut Vec<u8>) -> Option<bool> {
    let flags = |byte| {
        let is_odd = !(b' '..0x7f).contains(&byte);
        (u8::from(is_odd) * NEEDS_ESCAPE) | (u8::from(byte == b' ') * SPACE)
    };
    flagged(text, from, to, flags, out)
}

/// Appends `text[from..to]` and returns whether any byte is a [`SPACE`]. If one is [`NEEDS_ESCAPE`],
/// appends nothing and returns `None`.
#[inline(always)]
fn flagged(text: &[u8], from: usize, to: usize, flags: impl Fn(u8) -> u8, out: &mut Vec<u8>) -> Option<bool> {
    let start = out.len();
    let mut found = [0; CHUNK];
    let mut at = from;
    while at < to {
        let chunk: Option<&[u8; CHUNK]> = text.get(at..).and_then(|rest| rest.first_chunk());
        let mask = prefix_mask::<CHUNK>(CHUNK.min(to - at));
        let (Some(chunk), Some(mask)) = (chunk, mask) else { return undo(start, out) };
        // Without a branch per byte, the loop is vectorised.
        for at in 0..CHUNK {
            found[at] |= flags(chunk[at]) & mask[at];
        }
        // A copy of constant length is faster than one of the exact length.
        out.extend_from_slice(chunk);
        at += CHUNK;
    }
    out.truncate(start + to - from);
    if found == [0; CHUNK] {
        return Some(false);
    }
    if found.iter().any(|flags| flags & NEEDS_ESCAPE != 0) { undo(start, out) } else { Some(true) }
}

/// Removes what was appended. A call, so that the processor guesses that it is not needed,
/// and need not wait for the check before it writes the next cell.
#[cold]
#[inline(never)]
fn undo(start: usize, out: &mut Vec<u8>) -> Option<bool> {
    out.truncate(start);
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_is_copied_only_if_no_byte_is_odd(
            before in 0_usize..40,
            odd in proptest::sample::select(vec![b'a', b' ', b'\\', b'\n', 0x1f, 0x7f, 0x80, 0xff]),
            place in 0_usize..200,
            length in 0_usize..140,
            after in 0_usize..70,
        ) {
            let mut text = vec![b'x'; before + length + after];
            if let Some(byte) = text.get_mut(place) {
                *byte = odd;
            }
            let (from, to) = (before, before + length);
            let is_inside = (from..to).contains(&place);
            let (mut cell, mut json) = (b"before".to_vec(), b"before".to_vec());
            let is_copied = string(&text, from, to, &mut cell);
            let has_space = container(&text, from, to, &mut json);
            for (out, is_copied, is_odd) in [
                (cell, is_copied, !matches!(odd, b'a' | b' ')),
                (json, has_space.is_some(), !matches!(odd, b'a' | b' ' | b'\\')),
            ] {
                let is_odd = is_odd && is_inside;
                prop_assert!(!is_copied || !is_odd);
                prop_assert!(is_copied || is_odd || after < CHUNK);
                let copied: &[u8] = if is_copied { &text[from..to] } else { b"" };
                prop_assert_eq!(out, [b"before", copied].concat());
            }
            prop_assert_eq!(has_space == Some(true), has_space.is_some() && is_inside && odd == b' ');
        }
    }
}
