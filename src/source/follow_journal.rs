//! Remembers on disk which objects have been written, so that an object that is announced twice,
//! or before and after a restart, is written once.
//!
//! A journal is a folder. It has a file for each day, which contains the hashes of the objects
//! that were written on this day, and the time of the last complete listing of the bucket. Only
//! one process at a time can use it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use crate::error::{Error, plain};
use crate::source::location::Location;

/// Hash that represents an object: 128 bits of SHA-256 of its address.
type ObjectHash = [u8; 16];

const HASH: usize = size_of::<ObjectHash>();

/// The most objects to remember, which take about 70 MiB.
const MOST: usize = 3_500_000;

const LOCK: &str = "lock";
const LISTED: &str = "listed";

/// The objects that were written.
#[derive(Debug)]
pub struct FollowJournal {
    folder: PathBuf,
    /// Number of days for which objects are remembered.
    days: i64,
    objects: HashSet<ObjectHash>,
    /// The file of the day, once something was written on it.
    today: Option<(Date, File)>,
    listed: Option<Timestamp>,
    /// Held as long as the journal is open.
    _lock: File,
}

impl FollowJournal {
    /// Opens the journal in `folder`, which is created if missing, and forgets what is older than
    /// a number of days. Returns an error if another process uses it.
    pub fn open(folder: &Path, now: Timestamp, days: i64) -> Result<FollowJournal, Error> {
        let fail = |what: &str, error: &io::Error| {
            Error::Failed(format!("{}: {what}: {}; choose another with --journal", folder.display(), plain(error)))
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
        let mut journal = FollowJournal {
            folder: folder.to_path_buf(),
            days,
            objects: HashSet::new(),
            today: None,
            listed: read_time(&folder.join(LISTED)),
            _lock: lock,
        };
        journal.load(day_of(now)).map_err(|error| fail("the journal cannot be read", &error))?;
        Ok(journal)
    }

    /// Reads the files of the last days, the newest first, and removes older ones.
    fn load(&mut self, today: Date) -> io::Result<()> {
        let first = today.saturating_sub(self.days.days());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let day = entry.file_name().to_str().and_then(|name| name.parse::<Date>().ok());
            files.extend(day.map(|day| (day, entry.path())));
        }
        files.sort();
        self.objects.clear();
        for (day, path) in files.into_iter().rev() {
            if day < first {
                std::fs::remove_file(path)?;
                continue;
            }
            let mut bytes = Vec::new();
            File::open(path)?.read_to_end(&mut bytes)?;
            // The last hash can be incomplete after a crash.
            let (hashes, _) = bytes.as_chunks::<HASH>();
            let room = MOST.saturating_sub(self.objects.len());
            self.objects.extend(hashes.iter().rev().take(room));
        }
        Ok(())
    }

    /// Returns whether an object has been written.
    pub fn contains(&self, object: &Location) -> bool {
        self.objects.contains(&hash(object))
    }

    /// Number of objects that are remembered.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether no object is remembered.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Returns whether it has forgotten objects because there were too many.
    pub fn is_full(&self) -> bool {
        self.objects.len() >= MOST
    }

    /// Remembers that objects have been written, durably. `now` decides for how long.
    pub fn add<'a>(&mut self, objects: impl IntoIterator<Item = &'a Location>, now: Timestamp) -> Result<(), Error> {
        let hashes: Vec<ObjectHash> =
            objects.into_iter().map(hash).filter(|hash| !self.objects.contains(hash)).collect();
        if hashes.is_empty() {
            return Ok(());
        }
        let day = day_of(now);
        self.append(day, hashes.as_flattened()).map_err(|error| {
            Error::Failed(format!("{}: the journal cannot be written: {}", self.folder.display(), plain(&error)))
        })?;
        self.objects.extend(hashes.iter().take(MOST.saturating_sub(self.objects.len())));
        Ok(())
    }

    fn append(&mut self, day: Date, hashes: &[u8]) -> io::Result<()> {
        if self.today.as_ref().is_none_or(|(today, _)| *today != day) {
            if self.today.is_some() {
                self.load(day)?;
            }
            let path = self.folder.join(day.to_string());
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            // A hash that a crash has cut would shift all later ones.
            let length = file.metadata()?.len();
            file.set_len(length - length % HASH as u64)?;
            self.today = Some((day, file));
        }
        let Some((_, file)) = &mut self.today else { return Ok(()) };
        file.write_all(hashes)?;
        file.sync_data()
    }

    /// The start of the last listing that was complete and completely written.
    pub fn listed(&self) -> Option<Timestamp> {
        self.listed
    }

    /// Records that all objects that existed at `time` have been written.
    pub fn set_listed(&mut self, time: Timestamp) -> Result<(), Error> {
        let fail = |error: io::Error| {
            Error::Failed(format!("{}: the journal cannot be written: {}", self.folder.display(), plain(&error)))
        };
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(fail)?;
        writeln!(file, "{time}").map_err(fail)?;
        file.as_file().sync_data().map_err(fail)?;
        file.persist(self.folder.join(LISTED)).map_err(|error| fail(error.error))?;
        self.listed = Some(time);
        Ok(())
    }
}

fn read_time(path: &Path) -> Option<Timestamp> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
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
        journal.add(&[object("x"), object("y"), object("x")], now).unwrap();
        journal.set_listed(now).unwrap();
        drop(journal);
        let file = folder.path().join("2026-10-01");
        let mut bytes = std::fs::read(&file).unwrap();
        assert_eq!(bytes.len(), 3 * HASH);
        bytes.extend([7; 5]);
        std::fs::write(&file, bytes).unwrap();
        let mut journal = FollowJournal::open(folder.path(), now, 3).unwrap();
        assert_eq!((journal.len(), journal.listed()), (2, Some(now)));
        journal.add(&[object("z")], now).unwrap();
        drop(journal);
        let journal = FollowJournal::open(folder.path(), now, 3).unwrap();
        assert!(["x", "y", "z"].iter().all(|name| journal.contains(&object(name))) && !journal.contains(&object("a")));
    }

    #[test]
    fn old_days_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = FollowJournal::open(folder.path(), at("2026-10-01T12:00:00Z"), 2).unwrap();
        for (day, name) in [("01", "x"), ("03", "y"), ("04", "z")] {
            journal.add(&[object(name)], at(&format!("2026-10-{day}T12:00:00Z"))).unwrap();
        }
        assert!(!journal.contains(&object("x")) && journal.contains(&object("y")) && journal.contains(&object("z")));
        assert!(!folder.path().join("2026-10-01").exists());
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
}
