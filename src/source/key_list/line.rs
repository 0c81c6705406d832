//! The lines of a list of keys: the address of an object or the path of a file, and its size.
//!
//! ```text
//! s3://my-trail/AWSLogs/…/x.json.gz ⇥ 1234
//! logs/x.json.gz
//! "logs/a\tb.json.gz" ⇥ 77
//! ```
//!
//! A name with characters that would break the line, or that are not visible, is quoted as git
//! quotes paths: in double quotes, with the escapes of C.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::source::location::{Location, is_bucket_name};
use crate::syntax::visible::is_hidden;

/// What a line names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListedName {
    /// An object of a bucket.
    Object(Location),
    /// A local file.
    File(PathBuf),
}

/// An object or a file of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedObject {
    /// Which one.
    pub name: ListedName,
    /// The size in bytes, if the list has it.
    pub size: Option<u64>,
}

impl fmt::Display for ListedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListedName::Object(location) => location.fmt(f),
            ListedName::File(path) => path.display().fmt(f),
        }
    }
}

impl ListedName {
    /// Parses a name without quotes. Returns why it is none.
    pub fn parse(name: &[u8]) -> Result<ListedName, String> {
        let text = str::from_utf8(name).ok();
        if text.is_some_and(str::is_empty) {
            return Err("no name".into());
        }
        let Some(location) = text.and_then(Location::parse) else {
            return match name.starts_with(b"s3://") {
                true => Err("the key is not valid UTF-8".into()),
                false => Ok(ListedName::File(path(name)?)),
            };
        };
        if !is_bucket_name(&location.bucket) {
            return Err(format!("{:?} is not the name of a bucket", &*location.bucket));
        }
        if location.key.is_empty() || location.key.ends_with('/') {
            return Err("no key of an object; write s3://BUCKET/KEY".into());
        }
        Ok(ListedName::Object(location))
    }

    /// The name as bytes, without quotes.
    fn bytes(&self) -> Vec<u8> {
        match self {
            ListedName::Object(location) => location.to_string().into_bytes(),
            ListedName::File(path) => path.as_os_str().as_encoded_bytes().to_vec(),
        }
    }
}

impl ListedObject {
    /// Parses a line without its end. Returns why it makes no sense.
    pub fn parse(line: &[u8]) -> Result<ListedObject, String> {
        let (name, size) = match line.strip_prefix(b"\"") {
            Some(quoted) => {
                let (name, rest) = unquote(quoted)?;
                (name, if rest.is_empty() { None } else { Some(rest) })
            }
            None => match memchr::memrchr(b'\t', line) {
                Some(tab) => (line[..tab].to_vec(), Some(&line[tab..])),
                None => (line.to_vec(), None),
            },
        };
        let size = size.map(|size| {
            let digits = size.strip_prefix(b"\t").filter(|digits| digits.iter().all(u8::is_ascii_digit));
            let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
            number.ok_or("what follows the name is not a tab and a size; a name with a tab must be quoted")
        });
        Ok(ListedObject { name: ListedName::parse(&name)?, size: size.transpose()? })
    }

    /// Appends the line, with its end.
    pub fn write(&self, out: &mut Vec<u8>) {
        quote(&self.name.bytes(), out);
        if let Some(size) = self.size {
            out.extend_from_slice(format!("\t{size}").as_bytes());
        }
        out.push(b'\n');
    }
}

/// Appends the name of a path, quoted if it must be.
pub fn write_path(path: &Path, out: &mut Vec<u8>) {
    quote(path.as_os_str().as_encoded_bytes(), out);
}

/// Appends a name, in quotes if it would not be one visible name in a line.
fn quote(name: &[u8], out: &mut Vec<u8>) {
    let is_plain = |text: &str| !text.starts_with('"') && !text.contains(is_hidden);
    if str::from_utf8(name).is_ok_and(is_plain) {
        return out.extend_from_slice(name);
    }
    out.push(b'"');
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => out.extend([b'\\', character as u8]),
                '\t' => out.extend_from_slice(b"\\t"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                hidden if is_hidden(hidden) => octal(hidden.encode_utf8(&mut [0; 4]).as_bytes(), out),
                visible => out.extend_from_slice(visible.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        octal(chunk.invalid(), out);
    }
    out.push(b'"');
}

fn octal(bytes: &[u8], out: &mut Vec<u8>) {
    bytes.iter().for_each(|byte| out.extend_from_slice(format!("\\{byte:03o}").as_bytes()));
}

/// Returns the name after an opening quote, and what follows the closing one.
fn unquote(quoted: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let mut name = Vec::new();
    let mut rest = quoted;
    loop {
        let (byte, after) = rest.split_first().ok_or("the quote is not closed")?;
        rest = after;
        match byte {
            b'"' => return Ok((name, rest)),
            b'\\' => {
                let (byte, length) = escape(rest).ok_or("a backslash in the quoted name begins no escape")?;
                name.push(byte);
                rest = &rest[length..];
            }
            byte => name.push(*byte),
        }
    }
}

/// Returns the byte that an escape stands for, and the length of the escape without its
/// backslash.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let simple = match text.first()? {
        b'"' => b'"',
        b'\\' => b'\\',
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        _ => {
            let digits =
                text.first_chunk::<3>().filter(|digits| digits.iter().all(|digit| (b'0'..b'8').contains(digit)))?;
            let value = digits.iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            return Some((u8::try_from(value).ok()?, 3));
        }
    };
    Some((simple, 1))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "fails on other systems")]
fn path(name: &[u8]) -> Result<PathBuf, String> {
    use std::os::unix::ffi::OsStrExt;
    Ok(PathBuf::from(OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> Result<PathBuf, String> {
    str::from_utf8(name).map(|name| PathBuf::from(OsStr::new(name))).map_err(|_| "the path is not valid UTF-8".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(name: ListedName, size: Option<u64>) -> Vec<u8> {
        let mut line = Vec::new();
        ListedObject { name, size }.write(&mut line);
        line
    }

    fn object(key: &str) -> ListedName {
        ListedName::Object(Location::new("logs", key))
    }

    #[test]
    fn names_are_quoted_only_if_they_must_be() {
        for (name, expected) in [
            (object("a b/é,\\x.gz"), "s3://logs/a b/é,\\x.gz\t7\n"),
            (object("a\tb\n\r\"\\"), "\"s3://logs/a\\tb\\n\\r\\\"\\\\\"\t7\n"),
            (object("\u{1b}[31m\u{202e}é"), "\"s3://logs/\\033[31m\\342\\200\\256é\"\t7\n"),
            (ListedName::File("./x 1.json".into()), "./x 1.json\t7\n"),
            (ListedName::File("\"x\".json".into()), "\"\\\"x\\\".json\"\t7\n"),
        ] {
            assert_eq!(String::from_utf8(line(name, Some(7))).unwrap(), expected);
        }
        assert_eq!(line(object("x"), None), b"s3://logs/x\n");
    }

    #[test]
    fn lines_that_make_no_sense_are_refused() {
        for (line, reason) in [
            ("", "no name"),
            ("\t5", "no name"),
            ("\"\"", "no name"),
            ("s3://", "\"\" is not the name of a bucket"),
            ("s3://a b/x", "\"a b\" is not the name of a bucket"),
            ("s3://logs", "no key of an object; write s3://BUCKET/KEY"),
            ("s3://logs/AWSLogs/", "no key of an object; write s3://BUCKET/KEY"),
            ("x\ty", "what follows the name is not a tab and a size; a name with a tab must be quoted"),
            ("x\t+5", "what follows the name is not a tab and a size; a name with a tab must be quoted"),
            (
                "x\t99999999999999999999",
                "what follows the name is not a tab and a size; a name with a tab must be quoted",
            ),
            ("\"x\" 5", "what follows the name is not a tab and a size; a name with a tab must be quoted"),
            ("\"x", "the quote is not closed"),
            ("\"x\\", "a backslash in the quoted name begins no escape"),
            ("\"x\\400\"", "a backslash in the quoted name begins no escape"),
            ("\"x\\q\"", "a backslash in the quoted name begins no escape"),
        ] {
            assert_eq!(ListedObject::parse(line.as_bytes()).unwrap_err(), reason, "{line:?}");
        }
        assert_eq!(ListedObject::parse(b"s3://logs/\xff").unwrap_err(), "the key is not valid UTF-8");
        let quoted = ListedObject::parse(b"\"a\\a\\b\\v\\f\\101\"\t0").unwrap();
        assert_eq!(quoted, ListedObject { name: ListedName::File("a\x07\x08\x0b\x0cA".into()), size: Some(0) });
    }

    proptest! {
        #[test]
        fn every_key_comes_back(key in ".{0,40}[^/]", size in any::<Option<u64>>()) {
            let name = object(&key);
            let line = line(name.clone(), size);
            let inner = line.strip_suffix(b"\n").unwrap();
            prop_assert!(!str::from_utf8(inner).unwrap().trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('\t').contains(is_hidden));
            prop_assert_eq!(ListedObject::parse(inner), Ok(ListedObject { name, size }));
        }

        #[cfg(unix)]
        #[test]
        fn every_path_comes_back(bytes in prop::collection::vec(1..=255_u8, 1..40), size in any::<Option<u64>>()) {
            prop_assume!(!bytes.starts_with(b"s3://"));
            let name = ListedName::File(path(&bytes).unwrap());
            let line = line(name.clone(), size);
            prop_assert_eq!(ListedObject::parse(line.strip_suffix(b"\n").unwrap()), Ok(ListedObject { name, size }));
        }
    }
}
