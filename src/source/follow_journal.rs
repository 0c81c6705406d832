//! Remembers on disk which objects have been written, so that an object that is announced twice,
//! or before and after a restart, is written once.
//!
//! A journal is a folder. It has files for each day, which contain the hashes of the objects that
//! were written or skipped on this day, the time of the last complete listing of the bucket, and
//! the objects of it that could not be fetched. Only one process at a time can use it.

mod hash_runs;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use self::hash_runs::{HASH, HashRuns, ObjectHash, RUN};
use crate::error::{Error, io_message};
use crate::source::location::Location;

const LOCK: &str = "lock";
const LISTED: &str = "listed";
const MISSING: &str = "missing";

/// What became of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JournalEntry {
    /// Its rows were written.
    Written,
    /// It was delivered before the start, and was not asked for.
    Skipped,
}

/// The objects that were written or skipped.
#[derive(Debug)]
pub struct FollowJournal {
    folder: PathBuf,
    /// Number of days for which objects are remembered.
    days: i64,
    written: HashRuns,
    skipped: HashRuns,
    /// The file of the day and its kind, once something was added on it.
    today: Option<(Date, JournalEntry, File)>,
    listed: Option<Timestamp>,
    /// Held as long as the journal is open.
    _lock: File,
}

impl FollowJournal {
    /// Opens the journal in `folder`, which is created if missing, and forgets what is older than
    /// a number of days. Returns an error if another process uses it, or if it cannot be read.
    pub fn open(folder: &Path, now: Timestamp, days: i64) -> Result<FollowJournal, Error> {
        let fail = |what: &str, error: &io::Error| {
            Error::Failed(format!("{}: {what}: {}; choose another with --journal", folder.display(), io_message(error)))
        };
        std::fs::create_dir_all(folder).map_err(|error| fail("the journal cannot be created", &error))?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK));
        let lock = lock.map_err(|error| fail("the journal cannot be written", &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Failed(format!(
                    "{}: another process follows with this journal; choose another with --journal",
                    folder.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(fail("the journal cannot be locked", &error)),
        }
        // Without this time, everything that was delivered meanwhile would be skipped.
        let listed = read_time(&folder.join(LISTED)).map_err(|error| fail("the journal cannot be read", &error))?;
        let mut journal = FollowJournal {
            folder: folder.to_path_buf(),
            days,
            written: HashRuns::default(),
            skipped: HashRuns::default(),
            today: None,
            listed,
            _lock: lock,
        };
        journal.load(day_of(now)).map_err(|error| fail("the journal cannot be read", &error))?;
        Ok(journal)
    }

    /// Reads the files of the last days, the oldest first, and removes older ones.
    fn load(&mut self, today: Date) -> io::Result<()> {
        let first = today.saturating_sub(self.days.days());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let day = name.to_str().and_then(JournalEntry::of_file);
            files.extend(day.map(|(kind, day)| (day, kind, entry.path())));
        }
        files.sort_by_key(|(day, ..)| *day);
        (self.written, self.skipped) = (HashRuns::default(), HashRuns::default());
        for (day, kind, path) in files {
            if day < first {
                std::fs::remove_file(path)?;
                continue;
            }
            let mut file = File::open(path)?;
            let mut bytes = vec![0; RUN * HASH];
            loop {
                let length = read_full(&mut file, &mut bytes)?;
                // The last hash can be incomplete after a crash.
                let (hashes, _) = bytes[..length].as_chunks::<HASH>();
                self.runs(kind).add(hashes);
                if length < bytes.len() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn runs(&mut self, kind: JournalEntry) -> &mut HashRuns {
        match kind {
            JournalEntry::Written => &mut self.written,
            JournalEntry::Skipped => &mut self.skipped,
        }
    }

    /// Returns whether an object has been written.
    pub fn is_written(&self, object: &Location) -> bool {
        self.written.contains(&hash(object))
    }

    /// Returns whether an object was skipped because it was delivered before the start.
    pub fn is_skipped(&self, object: &Location) -> bool {
        self.skipped.contains(&hash(object))
    }

    /// Number of written objects that are remembered.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether no written object is remembered.
    pub fn is_empty(&self) -> bool {
        self.written.len() == 0
    }

    /// Returns whether it has forgotten objects of the last days because there were too many.
    pub fn has_forgotten(&self) -> bool {
        self.written.has_forgotten || self.skipped.has_forgotten
    }

    /// Remembers objects, durably. `now` decides for how long.
    pub fn add<'a>(
        &mut self,
        kind: JournalEntry,
        objects: impl IntoIterator<Item = &'a Location>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let known = self.runs(kind);
        let hashes = objects.into_iter().map(hash).filter(|hash| !known.contains(hash));
        let hashes: Vec<ObjectHash> = hashes.collect();
        if hashes.is_empty() {
            return Ok(());
        }
        self.append(kind, day_of(now), hashes.as_flattened()).map_err(|error| self.write_error(&error))?;
        self.runs(kind).add(&hashes);
        Ok(())
    }

    fn append(&mut self, kind: JournalEntry, day: Date, hashes: &[u8]) -> io::Result<()> {
        let is_open = |(open, of, _): &(Date, JournalEntry, File)| (*open, *of) == (day, kind);
        if !self.today.as_ref().is_some_and(is_open) {
            if self.today.as_ref().is_some_and(|(today, ..)| *today != day) {
                self.load(day)?;
            }
            let path = self.folder.join(kind.file(day));
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            // A hash that a crash has cut would shift all later ones.
            let length = file.metadata()?.len();
            file.set_len(length - length % HASH as u64)?;
            self.today = Some((day, kind, file));
        }
        let Some((.., file)) = &mut self.today else { return Ok(()) };
        file.write_all(hashes)?;
        file.sync_data()
    }

    /// The start of the last listing that was complete.
    pub fn listed(&self) -> Option<Timestamp> {
        self.listed
    }

    /// Records that all objects that existed at `time` have been listed.
    pub fn set_listed(&mut self, time: Timestamp) -> Result<(), Error> {
        self.replace(LISTED, &format!("{time}\n"))?;
        self.listed = Some(time);
        Ok(())
    }

    /// The listed objects that could not be fetched so far.
    pub fn missing(&self) -> Result<Vec<Location>, Error> {
        let text = match std::fs::read_to_string(self.folder.join(MISSING)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(self.write_error(&error)),
        };
        Ok(text.lines().filter_map(Location::parse).collect())
    }

    /// Records the listed objects that could not be fetched so far.
    pub fn set_missing<'a>(&self, objects: impl IntoIterator<Item = &'a Location>) -> Result<(), Error> {
        // A key with a line break cannot be stored in a mirror either.
        let lines = objects.into_iter().map(|object| object.to_string()).filter(|line| !line.contains('\n'));
        let text: String = lines.map(|line| line + "\n").collect();
        if text.is_empty() && !self.folder.join(MISSING).exists() {
            return Ok(());
        }
        self.replace(MISSING, &text)
    }

    /// Replaces a file of the journal, durably.
    fn replace(&self, name: &str, text: &str) -> Result<(), Error> {
        let replaced = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_data()?;
            file.persist(self.folder.join(name))?;
            Ok(())
        };
        replaced().map_err(|error| self.write_error(&error))
    }

    fn write_error(&self, error: &io::Error) -> Error {
        Error::Failed(format!("{}: the journal cannot be written: {}", self.folder.display(), io_message(error)))
    }
}

impl JournalEntry {
    /// The name of the file of a day.
    fn file(self, day: Date) -> String {
        match self {
            JournalEntry::Written => format!("written-{day}"),
            JournalEntry::Skipped => format!("skipped-{day}"),
        }
    }

    /// The kind and the day of a file; `None` for any other name.
    fn of_file(name: &str) -> Option<(JournalEntry, Date)> {
        let (kind, day) = name.split_once('-')?;
        let kind = match kind {
            "written" => JournalEntry::Written,
            "skipped" => JournalEntry::Skipped,
            _ => return None,
        };
        Some((kind, day.parse().ok()?))
    }
}

/// Fills the buffer as far as the file reaches.
fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// Reads a file with a time; `None` if there is none.
fn read_time(path: &Path) -> io::Result<Option<Timestamp>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let invalid = |_| io::Error::other(format!("{} does not contain a time; remove it to begin anew", path.display()));
    text.trim().parse().map(Some).map_err(invalid)
}

fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn hash(object: &Location) -> ObjectHash {
    let digest: [u8; 32] = Sha256::digest(object.to_string()).into();
    let mut hash = ObjectHash::default();
    hash.copy_from_slice(&digest[..HASH]);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: JournalEntry = JournalEntry::Written;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn object(name: &str) -> Location {
        Location::new("b", name)
    }

    #[test]
    fn objects_are_remembered_after_a_restart_and_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let now = at("2026-10-01T23:59:00Z");
        let mut journal = FollowJournal::open(folder.path(), now, 3).unwrap();
        journal.add(WRITTEN, &[object("x"), object("y"), object("x")], now).unwrap();
        journal.set_listed(now).unwrap();
        drop(journal);
        let file = folder.path().join("written-2026-10-01");
        let mut bytes = std::fs::read(&file).unwrap();
        assert_eq!(bytes.len(), 3 * HASH);
        bytes.extend([7; 5]);
        std::fs::write(&file, bytes).unwrap();
        let mut journal = FollowJournal::open(folder.path(), now, 3).unwrap();
        assert_eq!((journal.len(), journal.listed()), (2, Some(now)));
        journal.add(WRITTEN, &[object("z")], now).unwrap();
        drop(journal);
        let journal = FollowJournal::open(folder.path(), now, 3).unwrap();
        assert!(
            ["x", "y", "z"].iter().all(|name| journal.is_written(&object(name))) && !journal.is_written(&object("a"))
        );
    }

    #[test]
    fn old_days_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = FollowJournal::open(folder.path(), at("2026-10-01T12:00:00Z"), 2).unwrap();
        for (day, name) in [("01", "x"), ("03", "y"), ("04", "z")] {
            journal.add(WRITTEN, &[object(name)], at(&format!("2026-10-{day}T12:00:00Z"))).unwrap();
        }
        assert!(
            !journal.is_written(&object("x")) && journal.is_written(&object("y")) && journal.is_written(&object("z"))
        );
        assert!(!folder.path().join("written-2026-10-01").exists());
    }

    #[test]
    fn a_journal_belongs_to_one_process() {
        let folder = tempfile::tempdir().unwrap();
        let now = at("2026-10-01T12:00:00Z");
        let _first = FollowJournal::open(folder.path(), now, 2).unwrap();
        let second = FollowJournal::open(folder.path(), now, 2).unwrap_err().to_string();
        assert!(
            second.ends_with("another process follows with this journal; choose another with --journal"),
            "{second}"
        );
    }

    #[test]
    fn what_was_skipped_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let now = at("2026-10-01T12:00:00Z");
        let mut journal = FollowJournal::open(folder.path(), now, 2).unwrap();
        journal.add(JournalEntry::Skipped, &[object("x")], now).unwrap();
        journal.add(WRITTEN, &[object("y")], now).unwrap();
        journal.set_missing(&[object("a b/z"), object("z")]).unwrap();
        drop(journal);
        let journal = FollowJournal::open(folder.path(), now, 2).unwrap();
        assert!(journal.is_skipped(&object("x")) && !journal.is_written(&object("x")));
        assert!(journal.is_written(&object("y")) && !journal.is_skipped(&object("y")));
        assert_eq!(journal.missing().unwrap(), [object("a b/z"), object("z")]);
        journal.set_missing(&[]).unwrap();
        assert!(journal.missing().unwrap().is_empty());
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_not_taken_for_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LISTED), "yesterday").unwrap();
        let error = FollowJournal::open(folder.path(), at("2026-10-01T12:00:00Z"), 2).unwrap_err().to_string();
        assert!(error.contains("the journal cannot be read") && error.contains("does not contain a time"), "{error}");
    }

    #[test]
    fn files_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("2024-01-01"), "mine").unwrap();
        FollowJournal::open(folder.path(), at("2026-10-01T12:00:00Z"), 2).unwrap();
        assert!(folder.path().join("2024-01-01").exists());
    }
}
