//! Names of the files that one rotating file becomes.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::sink::partial_file;
use crate::syntax::digit_form::has_digit_form;

/// What the name of a file ends with as long as rows are added to it.
pub(super) const ENDING: &str = ".part";

/// Names of the form `STEM.20261129T101500Z.ndjson` and, for further files of the same second,
/// `STEM.20261129T101500Z-2.ndjson`.
#[derive(Clone, Debug)]
pub(super) struct FileNames {
    pub(super) folder: PathBuf,
    stem: OsString,
    /// With its dot; may be empty.
    extension: OsString,
}

impl FileNames {
    /// Derives the names from the path that the user has typed.
    pub(super) fn new(path: &Path) -> Result<FileNames, Error> {
        let fail = |reason: &str| Error::Failed(format!("{}: {reason}", path.display()));
        let Some(stem) = path.file_stem() else { return Err(fail("must end with the name of a file")) };
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir() {
            return Err(fail("is a folder; name a file in it"));
        }
        if path.exists() && !path.is_file() {
            return Err(fail("is not a regular file, so it cannot be rotated"));
        }
        let mut extension = OsString::new();
        if let Some(written) = path.extension() {
            extension.push(".");
            extension.push(written);
        }
        Ok(FileNames { folder: partial_file::folder_of(path).to_path_buf(), stem: stem.into(), extension })
    }

    /// Returns the path of the `number`th file, from 1, that was started in a second.
    pub(super) fn closed(&self, started: Timestamp, number: u32) -> PathBuf {
        let time = started.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut name = self.stem.clone();
        name.push(format!(".{time}"));
        if number > 1 {
            name.push(format!("-{number}"));
        }
        name.push(&self.extension);
        self.folder.join(name)
    }

    /// Returns the path of a file that is not closed yet.
    pub(super) fn part(closed: &Path) -> PathBuf {
        let mut path = closed.as_os_str().to_os_string();
        path.push(ENDING);
        path.into()
    }

    /// Returns the path that a file of this name is to have when it is closed; `None` if it is
    /// not a part of this rotating file.
    pub(super) fn closed_of_part(&self, name: &OsStr) -> Option<PathBuf> {
        let bytes = name.as_encoded_bytes().strip_suffix(ENDING.as_bytes())?;
        let middle = bytes.strip_prefix(self.stem.as_encoded_bytes())?.strip_prefix(b".")?;
        let middle = middle.strip_suffix(self.extension.as_encoded_bytes())?;
        if !is_time_and_number(middle) {
            return None;
        }
        // What was checked is ASCII, so the name is the stem, the middle and the extension.
        let mut closed = self.stem.clone();
        closed.push(format!(".{}", str::from_utf8(middle).ok()?));
        closed.push(&self.extension);
        Some(self.folder.join(closed))
    }
}

/// True for `20261129T101500Z` and `20261129T101500Z-2`.
fn is_time_and_number(text: &[u8]) -> bool {
    const FORM: &[u8] = b"00000000T000000Z";
    let Some((time, number)) = text.split_at_checked(FORM.len()) else { return false };
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    has_digit_form(time, FORM) && (number.is_empty() || number.strip_prefix(b"-").is_some_and(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_time_before_the_extension() {
        let started: Timestamp = "2026-11-29T10:15:00.9Z".parse().unwrap();
        for (path, expected) in [
            ("/var/log/cloudtrail.ndjson", "/var/log/cloudtrail.20261129T101500Z.ndjson"),
            ("events", "./events.20261129T101500Z"),
            ("a/x.y.tsv", "a/x.y.20261129T101500Z.tsv"),
        ] {
            let names = FileNames::new(Path::new(path)).unwrap();
            let closed = names.closed(started, 1);
            assert_eq!(closed, Path::new(expected));
            let part = FileNames::part(&closed);
            assert_eq!(names.closed_of_part(part.file_name().unwrap()), Some(closed));
            let second = FileNames::part(&names.closed(started, 2));
            assert!(second.to_string_lossy().contains("101500Z-2"));
            assert_eq!(names.closed_of_part(second.file_name().unwrap()), Some(names.closed(started, 2)));
        }
    }

    #[test]
    fn other_files_are_not_parts() {
        let names = FileNames::new(Path::new("c.ndjson")).unwrap();
        for name in [
            "c.20261129T101500Z.ndjson",
            "c.20261129T101500Z.tsv.part",
            "c.x.ndjson.part",
            "c.ndjson.part",
            "c2.20261129T101500Z.ndjson.part",
            "c.20261129T101500Z-.ndjson.part",
            "c.20261129T101500Z-x.ndjson.part",
            "c.x.20261129T101500Z.ndjson.part",
            "c.20261129t101500Z.ndjson.part",
            ".part",
        ] {
            assert_eq!(names.closed_of_part(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn folders_and_devices_cannot_be_rotated() {
        let error = |path: &str| FileNames::new(Path::new(path)).unwrap_err().to_string();
        assert_eq!(error("/"), "/: must end with the name of a file");
        assert_eq!(error("x/"), "x/: is a folder; name a file in it");
        assert_eq!(error("src"), "src: is a folder; name a file in it");
        #[cfg(unix)]
        assert_eq!(error("/dev/null"), "/dev/null: is not a regular file, so it cannot be rotated");
    }
}
