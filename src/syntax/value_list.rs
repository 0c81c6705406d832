//! Lists of values, one a line, as an option takes them from a file: `@FILE`.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The mark before the name of a file in the value of an option.
pub const LIST_MARK: char = '@';

/// The most bytes that the lists of a command line may have together.
pub const MAX_BYTES: usize = 64 << 20;

/// The most bytes of one value. Longer lines are not names, so the file is not a list.
const MAX_VALUE: usize = 4096;

/// The values of one file, in its order.
#[derive(Debug)]
pub struct ValueList {
    text: String,
    values: Vec<ListLine>,
}

/// The place of a value in the text.
#[derive(Clone, Copy, Debug)]
struct ListLine {
    start: u32,
    length: u16,
    number: u32,
}

/// A value of a list, and the number of its line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListValue<'a> {
    /// The number of the line, from 1.
    pub line: usize,
    /// The value without the spaces around it.
    pub text: &'a str,
}

/// A line that is not a value of the option.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListError {
    /// What is wrong, and in which line.
    pub reason: String,
}

impl ListError {
    /// An error about one value.
    pub fn new(value: ListValue<'_>, reason: impl std::fmt::Display) -> ListError {
        ListError { reason: format!("line {}, {:?}: {reason}", value.line, value.text) }
    }

    /// An error about the file.
    fn file(reason: impl Into<String>) -> ListError {
        ListError { reason: reason.into() }
    }
}

impl ValueList {
    /// Parses the content of a file. Empty lines and lines that begin with `#` are left
    /// out. Fails if the file is not UTF-8 or has no values.
    pub fn parse(bytes: Vec<u8>) -> Result<ValueList, ListError> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(ListError::file("is UTF-16; save it as UTF-8"));
        }
        if bytes.len() > MAX_BYTES {
            return Err(ListError::file(format!("is larger than {} MiB", MAX_BYTES >> 20)));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            ListError::file(format!("line {line}: not UTF-8"))
        })?;
        let mut values = Vec::new();
        let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        for (number, line) in (1..).zip(text[start..].split('\n')) {
            let value = line.trim();
            if !value.is_empty() && !value.starts_with('#') {
                let found = ListValue { line: number, text: value };
                check(found)?;
                let at = start + (line.len() - line.trim_start().len());
                // Both fit, since the text and its lines are limited.
                values.push(ListLine { start: at as u32, length: value.len() as u16, number: number as u32 });
            }
            start += line.len() + 1;
        }
        if values.is_empty() {
            return Err(ListError::file("has no values; write one a line"));
        }
        Ok(ValueList { text, values })
    }

    /// The values in the order of their lines.
    pub fn values(&self) -> impl ExactSizeIterator<Item = ListValue<'_>> {
        self.values.iter().map(|value| {
            let start = value.start as usize;
            let text = &self.text[start..start + usize::from(value.length)];
            ListValue { line: value.number as usize, text }
        })
    }

    /// The bytes of the text.
    pub fn size(&self) -> usize {
        self.text.len()
    }
}

/// Rejects a line that cannot be a value of any option.
fn check(value: ListValue<'_>) -> Result<(), ListError> {
    if value.text.len() > MAX_VALUE {
        let start: String = value.text.chars().take(40).collect();
        let short = ListValue { text: &start, ..value };
        return Err(ListError::new(short, format!("longer than {MAX_VALUE} bytes, so this is not a list of values")));
    }
    if value.text.contains('\0') {
        return Err(ListError::new(value, "has a zero byte, so this is not a text file"));
    }
    if value.text.trim_start_matches('!').starts_with(LIST_MARK) {
        return Err(ListError::new(value, "a list cannot name another one; write \\@ for a value that begins with @"));
    }
    Ok(())
}

/// The lists that the options of a command line name.
#[derive(Clone, Debug, Default)]
pub struct ValueLists(BTreeMap<String, Arc<ValueList>>);

impl ValueLists {
    /// The list of a file; `None` if it was not read.
    pub fn get(&self, file: &str) -> Option<&ValueList> {
        self.0.get(file).map(Arc::as_ref)
    }

    /// Adds the list of a file. Fails if all of them are too large together.
    pub fn insert(&mut self, file: &str, list: ValueList) -> Result<(), ListError> {
        if self.0.values().map(|list| list.size()).sum::<usize>() + list.size() > MAX_BYTES {
            return Err(ListError::file(format!("with the other lists, has more than {} MiB", MAX_BYTES >> 20)));
        }
        self.0.insert(file.into(), Arc::new(list));
        Ok(())
    }
}

/// The file that a value of an option names, and whether the value is negated; `None` if
/// it is a value itself.
pub fn named_file(value: &str) -> Option<(String, bool)> {
    let (rest, is_negated) = value.strip_prefix('!').map_or((value, false), |rest| (rest, true));
    // In a list of values, a comma in the name was typed with a backslash.
    Some((rest.strip_prefix(LIST_MARK)?.replace("\\,", ","), is_negated))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<Vec<(usize, String)>, String> {
        let list = ValueList::parse(text.as_bytes().to_vec()).map_err(|error| error.reason)?;
        Ok(list.values().map(|value| (value.line, value.text.to_string())).collect())
    }

    #[test]
    fn lines_are_values() {
        let expected =
            |values: &[(usize, &str)]| Ok(values.iter().map(|(line, text)| (*line, (*text).into())).collect());
        for (text, lines) in [
            ("a", &[(1, "a")][..]),
            ("\u{feff}a\r\n\r\n# no\n  b c \t\n#\n\\#d\n", &[(1, "a"), (4, "b c"), (6, "\\#d")]),
            ("a # b,c\n!é", &[(1, "a # b,c"), (2, "!é")]),
            ("a\n\\@b", &[(1, "a"), (2, "\\@b")]),
        ] {
            assert_eq!(values(text), expected(lines), "{text:?}");
        }
    }

    #[test]
    fn other_files_are_refused() {
        for (text, reason) in [
            ("", "has no values"),
            ("# only\n\n", "has no values"),
            ("a\n@b", "line 2, \"@b\": a list cannot name another one"),
            ("!@b", "line 1, \"!@b\": a list cannot name another one"),
            ("a\nb\0c", "line 2, \"b\\0c\": has a zero byte"),
        ] {
            assert!(values(text).unwrap_err().starts_with(reason), "{text:?} {:?}", values(text));
        }
        assert!(values(&format!("a\n{}", "x".repeat(5000))).unwrap_err().contains("longer than 4096 bytes"));
        let reason = |bytes: &[u8]| ValueList::parse(bytes.to_vec()).unwrap_err().reason;
        assert_eq!(reason(b"a\nb\xff"), "line 2: not UTF-8");
        assert!(reason(b"\xff\xfea\0").contains("UTF-16"));
    }

    #[test]
    fn values_that_name_files_are_recognised() {
        assert_eq!(named_file("@a\\,b"), Some(("a,b".into(), false)));
        assert_eq!(named_file("!@a"), Some(("a".into(), true)));
        for value in ["\\@a", "!\\@a", "a@b", ""] {
            assert_eq!(named_file(value), None, "{value}");
        }
    }
}
