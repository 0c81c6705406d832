//! Values as people see them. Control characters and direction marks are
//! escaped, so that a value cannot hide its content or reorder nearby text.

use std::borrow::Cow;
use std::collections::HashSet;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub(super) use crate::syntax::visible::is_hidden;
use crate::syntax::visible::push_text;

/// The text with invisible characters, and those that affect how other text is
/// displayed, replaced by escapes.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = Vec::with_capacity(text.len() + 8);
    push_text(text, &mut shown);
    Cow::Owned(String::from_utf8_lossy(&shown).into_owned())
}

/// The width of the text in terminal columns.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `columns` terminal columns. A longer text loses its
/// middle, because names differ at both ends.
pub(super) fn fitted(text: &str, columns: usize) -> Cow<'_, str> {
    shortened(text, columns, 2)
}

/// The texts in at most `columns` columns each. The cut is placed so that
/// different texts stay different, if any placement allows it.
pub(super) fn fitted_apart<'a>(texts: &[&'a str], columns: usize) -> Vec<Cow<'a, str>> {
    let cut = |quarters: usize| -> Vec<_> { texts.iter().map(|text| shortened(text, columns, quarters)).collect() };
    let different = texts.iter().collect::<HashSet<_>>().len();
    let apart = [2, 1, 3, 0, 4].into_iter().map(cut).find(|cut| cut.iter().collect::<HashSet<_>>().len() == different);
    apart.unwrap_or_else(|| cut(2))
}

/// The text cut to `columns`: `quarters` quarters of the space go to its start,
/// the rest to its end.
fn shortened(text: &str, columns: usize, quarters: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    // One column is for the ellipsis.
    let available = columns.saturating_sub(1);
    let head = (available * quarters).div_ceil(4);
    let start = prefix(text.chars(), head);
    let end: Vec<char> = prefix(text.chars().rev(), available - head).chars().rev().collect();
    Cow::Owned(format!("{start}…{}", String::from_iter(end)))
}

/// The longest prefix that fits into `columns`.
fn prefix(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= columns
    };
    characters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped() {
        for (text, expected) in [
            ("plain ~", "plain ~"),
            ("é漢", "é漢"),
            ("gpj.\u{202e}exe", "gpj.\\u202eexe"),
            ("\u{1b}[31m\u{9b}\u{7f}\n", "\\u001b[31m\\u009b\\u007f\\n"),
            ("a\u{200b}\u{feff}\u{e0041}", "a\\u200b\\ufeff\\udb40\\udc41"),
        ] {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn long_texts_lose_their_middle() {
        for (text, columns, expected) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abc…fg"),
            ("漢字漢字", 7, "漢…字"),
            ("abc", 1, "…"),
            ("abc", 0, "…"),
        ] {
            assert_eq!(fitted(text, columns), expected, "{text} in {columns}");
        }
    }

    #[test]
    fn different_texts_stay_different_if_possible() {
        for (texts, columns, expected) in [
            (["abcdefgh", "abcdexgh"], 8, ["abcdefgh", "abcdexgh"]),
            (["abcdefgh", "abcdexgh"], 5, ["a…fgh", "a…xgh"]),
            (["abcdefgh", "abxdefgh"], 5, ["abc…h", "abx…h"]),
            (["abcdefgh", "abcxefgh"], 5, ["abcd…", "abcx…"]),
            (["abcdefgh", "abcdefgh"], 5, ["ab…gh", "ab…gh"]),
            (["abcdefgh", "abcdefxgh"], 2, ["a…", "a…"]),
        ] {
            assert_eq!(fitted_apart(&texts, columns), expected, "{texts:?}");
        }
    }
}
