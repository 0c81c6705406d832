//! Reads a list of keys, line by line.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::line::{ListedName, ListedObject};

/// The longest line, in bytes. A key has at most 1024, and a path at most 4096, of which each
/// can be an escape of four.
const MAX_LINE: usize = 32 << 10;
/// Bytes that show by what the entries are separated.
const START: u64 = 8 << 10;

/// Reads the entries of a list one by one.
pub(super) struct KeyListReader {
    bytes: BufReader<Box<dyn Read + Send>>,
    /// The byte after each entry.
    end: u8,
    /// Number of the current entry, from 1.
    number: u64,
    entry: Vec<u8>,
}

/// An entry of a list.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct ListEntry {
    /// Its number, from 1.
    pub(super) number: u64,
    /// An object or a file; for a line that makes no sense, its start and the reason.
    pub(super) content: Result<ListedObject, (String, String)>,
}

impl KeyListReader {
    /// Reads the start of a list. Entries are separated by NUL if the start contains one, and
    /// by line ends otherwise.
    pub(super) fn new(mut bytes: Box<dyn Read + Send>) -> io::Result<KeyListReader> {
        let mut start = Vec::new();
        (&mut bytes).take(START).read_to_end(&mut start)?;
        if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
            return Err(io::Error::other("it is UTF-16; save it as UTF-8"));
        }
        let end = if start.contains(&0) { 0 } else { b'\n' };
        let marked = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let whole = Cursor::new(start.split_off(marked)).chain(bytes);
        Ok(KeyListReader { bytes: BufReader::new(Box::new(whole)), end, number: 0, entry: Vec::new() })
    }

    /// Returns the next entry; `None` at the end. Empty lines are passed over.
    pub(super) fn next(&mut self) -> io::Result<Option<ListEntry>> {
        loop {
            self.entry.clear();
            let read = (&mut self.bytes).take(MAX_LINE as u64 + 1).read_until(self.end, &mut self.entry)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let is_whole = self.entry.pop_if(|last| *last == self.end).is_some();
            if !is_whole && self.entry.len() > MAX_LINE {
                self.bytes.skip_until(self.end)?;
                return Ok(Some(self.invalid(format!("longer than {} KiB", MAX_LINE >> 10))));
            }
            if self.end == b'\n' {
                self.entry.pop_if(|last| *last == b'\r');
            }
            if self.entry.is_empty() {
                continue;
            }
            let parsed = match self.end {
                // Nothing in a name needs a quote then.
                0 => ListedName::parse(&self.entry).map(|name| ListedObject { name, size: None }),
                _ => ListedObject::parse(&self.entry),
            };
            return Ok(Some(match parsed {
                Ok(object) => ListEntry { number: self.number, content: Ok(object) },
                Err(reason) => self.invalid(reason),
            }));
        }
    }

    fn invalid(&self, reason: String) -> ListEntry {
        const SHOWN: usize = 100;
        let text: String = String::from_utf8_lossy(&self.entry).chars().take(SHOWN + 1).collect();
        let text = match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        };
        ListEntry { number: self.number, content: Err((text, reason)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(list: impl AsRef<[u8]>) -> Vec<String> {
        let mut reader = KeyListReader::new(Box::new(Cursor::new(list.as_ref().to_vec()))).unwrap();
        let mut entries = Vec::new();
        while let Some(ListEntry { number, content }) = reader.next().unwrap() {
            entries.push(match content {
                Ok(ListedObject { name: ListedName::File(path), size }) => format!("{path:?} {size:?}"),
                Ok(ListedObject { name: ListedName::Object(location), size }) => format!("{location} {size:?}"),
                Err((text, reason)) => format!("{number} {text:?} {reason}"),
            });
        }
        entries
    }

    #[test]
    fn lines_may_end_as_on_windows_and_may_be_empty() {
        assert_eq!(entries(""), [""; 0]);
        assert_eq!(entries("\n\r\n"), [""; 0]);
        assert_eq!(
            entries("\u{feff}s3://logs/x\t5\r\n\n  a b \r\n\"c\\td\"\nx\ty\nlast"),
            [
                "s3://logs/x Some(5)",
                "\"  a b \" None",
                "\"c\\td\" None",
                "5 \"x\\ty\" what follows the name is not a tab and a size; a name with a tab must be quoted",
                "\"last\" None"
            ]
        );
    }

    #[test]
    fn names_separated_by_nul_are_taken_as_they_are() {
        assert_eq!(
            entries("a\tb\n\0\0\"c\"\t5\0s3://logs/\0d"),
            [
                "\"a\\tb\\n\" None",
                "\"\\\"c\\\"\\t5\" None",
                "4 \"s3://logs/\" no key of an object; write s3://BUCKET/KEY",
                "\"d\" None"
            ]
        );
    }

    #[test]
    fn long_lines_are_refused_and_passed_over() {
        let long = "x".repeat(MAX_LINE);
        let [whole, last] = &entries(format!("{long}\ny"))[..] else { panic!() };
        assert_eq!((whole.len(), last.as_str()), (MAX_LINE + 7, "\"y\" None"));
        let shown = format!("1 \"{}…\" longer than 32 KiB", "x".repeat(100));
        assert_eq!(entries(format!("{long}x\ny")), [shown.as_str(), "\"y\" None"]);
        assert_eq!(entries(format!("{long}xxx")), [shown.as_str()]);
        let utf16 = KeyListReader::new(Box::new(Cursor::new(b"\xff\xfea\0".to_vec())));
        assert_eq!(utf16.err().unwrap().to_string(), "it is UTF-16; save it as UTF-8");
    }
}
