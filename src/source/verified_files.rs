//! The file of a mirror with the results of its verification, which columns and counts read.
//!
//! A record has the hash of an object's path, the hash of the file's bytes, and the verdict. It
//! says nothing about a file with other bytes, so it is never trusted when an object changed.
//! Records are sorted, and are searched on disk.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::location::Location;
use super::mirror_location::{marked_bucket, mirror_of};
use super::s3::mirror::VERIFIED;
use super::s3::mirror_root::MirrorRoot;
use super::spec::Input;
use crate::cloudtrail::digest::file_verdict::{FileVerdict, FileVerdicts};
use crate::cloudtrail::digest::hash::Sha256Hash;
use crate::error::Error;
use crate::sink::partial_file::{self, temp_prefix};
use crate::spill::sort::ExternalSorter;

/// The beginning of the file. Another version is not read.
const HEADER: &[u8; 21] = b"trail2tsv verified 1\n";

const PATH: usize = 16;
const RECORD: usize = PATH + 32 + 1;

/// Bytes of a hash identify a path.
type PathHash = [u8; PATH];

fn path_hash(path: &str) -> PathHash {
    let Sha256Hash(hash) = Sha256Hash::of(path.as_bytes());
    *hash.first_chunk().unwrap_or(&[0; PATH])
}

/// Collects the results of a verification.
#[derive(Debug)]
pub struct VerifiedWriter {
    sorter: ExternalSorter,
}

impl Default for VerifiedWriter {
    fn default() -> VerifiedWriter {
        VerifiedWriter { sorter: ExternalSorter::new(None) }
    }
}

impl VerifiedWriter {
    /// Adds a file by its path in the mirror and the hash of its bytes.
    pub fn add(&mut self, path: &str, file: Sha256Hash, verdict: FileVerdict) -> Result<(), Error> {
        let code = match verdict {
            FileVerdict::Yes => 1,
            FileVerdict::No => 2,
            FileVerdict::Unknown => 0,
        };
        let path = path_hash(path);
        let record = [&path[..], &file.0, &[code]].concat();
        self.sorter.push(&path, &record)
    }

    /// Writes the file of the mirror in `folder`. Keeps earlier results about other files.
    pub fn finish(self, folder: &Path, root: &MirrorRoot) -> Result<(), Error> {
        let path = folder.join(VERIFIED);
        let failed = |error: &io::Error| Error::write(path.display(), error);
        let file = partial_file::begin(folder, &temp_prefix()).map_err(|error| failed(&error))?;
        let mut out = BufWriter::new(file);
        let mut earlier = EarlierRecords::open(root);
        out.write_all(HEADER).map_err(|error| failed(&error))?;
        self.sorter.each_row(|record| {
            let written = earlier.copy_before(Some(record), &mut out).and_then(|()| out.write_all(record));
            written.map_err(|error| failed(&error))
        })?;
        earlier.copy_before(None, &mut out).map_err(|error| failed(&error))?;
        let file = out.into_inner().map_err(|error| failed(error.error()))?;
        file.persist(&path).map_err(|error| failed(&error.error))?;
        Ok(())
    }
}

/// The records of an earlier verification.
struct EarlierRecords {
    file: Option<BufReader<File>>,
    /// The next record; `None` at the end.
    next: Option<[u8; RECORD]>,
}

impl EarlierRecords {
    fn open(root: &MirrorRoot) -> EarlierRecords {
        let mut earlier = EarlierRecords { file: open(root).map(|(file, _)| BufReader::new(file)), next: None };
        earlier.advance();
        earlier
    }

    /// Reads the next record. If that fails, the results are those of a shorter file.
    fn advance(&mut self) {
        let mut record = [0; RECORD];
        let is_read = self.file.as_mut().is_some_and(|file| file.read_exact(&mut record).is_ok());
        self.next = is_read.then_some(record);
    }

    /// Copies the records before a new one, and skips the one that it replaces.
    fn copy_before(&mut self, new: Option<&[u8]>, out: &mut impl Write) -> io::Result<()> {
        while let Some(record) = &self.next {
            match new.map(|new| record[..PATH].cmp(&new[..PATH])) {
                Some(Ordering::Greater) => return Ok(()),
                Some(Ordering::Equal) => {}
                Some(Ordering::Less) | None => out.write_all(record)?,
            }
            self.advance();
        }
        Ok(())
    }
}

/// Opens the results of a mirror behind their header. Returns the number of records too.
fn open(root: &MirrorRoot) -> Option<(File, u64)> {
    let (mut file, length) = root.file(Path::new(VERIFIED)).ok()?;
    let mut header = [0; HEADER.len()];
    file.read_exact(&mut header).ok()?;
    let records = length.checked_sub(HEADER.len() as u64)? / RECORD as u64;
    (header == *HEADER && length == HEADER.len() as u64 + records * RECORD as u64).then_some((file, records))
}

/// The results of the verification of some mirrors.
#[derive(Debug)]
pub struct VerifiedFiles {
    mirrors: Vec<VerifiedMirror>,
}

#[derive(Debug)]
struct VerifiedMirror {
    folder: PathBuf,
    root: MirrorRoot,
    bucket: Option<String>,
    file: Mutex<File>,
    records: u64,
}

impl VerifiedFiles {
    /// Opens the results of the mirrors that inputs belong to; `None` if no mirror has any.
    pub fn open(inputs: &[Input]) -> Option<VerifiedFiles> {
        let mut mirrors: Vec<VerifiedMirror> = Vec::new();
        for input in inputs {
            let (folder, bucket) = match input {
                Input::Path(path) => (mirror_of(&absolute(path)?), None),
                Input::Bucket(bucket) => (absolute(&bucket.mirror)?, Some(bucket.location.bucket.to_string())),
                _ => continue,
            };
            if mirrors.iter().all(|known| known.folder != folder) {
                mirrors.extend(VerifiedMirror::open(folder, bucket));
            }
        }
        (!mirrors.is_empty()).then_some(VerifiedFiles { mirrors })
    }
}

fn absolute(path: &Path) -> Option<PathBuf> {
    Some(std::path::absolute(path).ok()?.components().collect())
}

impl FileVerdicts for VerifiedFiles {
    fn verdict(&self, file: &str) -> FileVerdict {
        let location = Location::parse(file);
        self.mirrors.iter().find_map(|mirror| mirror.verdict(file, location.as_ref())).unwrap_or_default()
    }
}

impl VerifiedMirror {
    fn open(folder: PathBuf, bucket: Option<String>) -> Option<VerifiedMirror> {
        let root = MirrorRoot::open(&folder).ok()?;
        let (file, records) = open(&root)?;
        let bucket = bucket.or_else(|| marked_bucket(&root));
        Some(VerifiedMirror { folder, root, bucket, file: Mutex::new(file), records })
    }

    /// The verdict on a file; `None` if it is not of this mirror.
    fn verdict(&self, name: &str, location: Option<&Location>) -> Option<FileVerdict> {
        let path = match location {
            Some(location) if Some(&*location.bucket) == self.bucket.as_deref() => location.key.clone(),
            Some(_) => return None,
            None => {
                let path = absolute(Path::new(name))?;
                let path = path.strip_prefix(&self.folder).ok()?.to_str()?;
                path.replace(MAIN_SEPARATOR, "/")
            }
        };
        let record = self.find(path_hash(&path)).ok().flatten();
        let Some((file, code)) = record else { return Some(FileVerdict::Unknown) };
        let is_same = hash_of(&self.root, &path).is_ok_and(|hash| hash.0 == file);
        Some(match code {
            1 if is_same => FileVerdict::Yes,
            2 if is_same => FileVerdict::No,
            _ => FileVerdict::Unknown,
        })
    }

    /// Searches the hash and the verdict of a file.
    fn find(&self, path: PathHash) -> io::Result<Option<([u8; 32], u8)>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut from, mut until) = (0, self.records);
        let mut record = [0; RECORD];
        while from < until {
            let middle = from.midpoint(until);
            file.seek(SeekFrom::Start(HEADER.len() as u64 + middle * RECORD as u64))?;
            file.read_exact(&mut record)?;
            match record[..PATH].cmp(&path) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => until = middle,
                Ordering::Equal => {
                    let hash = record[PATH..].first_chunk().copied();
                    return Ok(hash.map(|hash| (hash, record[RECORD - 1])));
                }
            }
        }
        Ok(None)
    }
}

/// The hash of the bytes of a file.
fn hash_of(root: &MirrorRoot, path: &str) -> io::Result<Sha256Hash> {
    let (mut file, _) = root.file(Path::new(path))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Sha256Hash(hash.finalize().into())),
            Ok(length) => hash.update(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn written(folder: &Path, files: &[(&str, &[u8], FileVerdict)]) {
        let mut writer = VerifiedWriter::default();
        for (path, bytes, verdict) in files {
            writer.add(path, Sha256Hash::of(bytes), *verdict).unwrap();
        }
        writer.finish(folder, &MirrorRoot::open(folder).unwrap()).unwrap();
    }

    #[test]
    fn results_are_found_until_a_file_changes() {
        use FileVerdict::{No, Unknown, Yes};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let inputs = [Input::Path(folder.path().into())];
        assert!(VerifiedFiles::open(&inputs).is_none());
        for name in ["a", "b", "c", "d"] {
            fs::write(path(name), name).unwrap();
        }
        written(folder.path(), &[("a", b"a", Yes), ("b", b"b", No), ("c", b"c", Unknown)]);
        let verdicts = |names: [&str; 4]| {
            let files = VerifiedFiles::open(&inputs).unwrap();
            names.map(|name| files.verdict(&path(name)))
        };
        assert_eq!(verdicts(["a", "b", "c", "d"]), [Yes, No, Unknown, Unknown]);
        fs::write(path("a"), "x").unwrap();
        assert_eq!(verdicts(["a", "b", "c", "none"]), [Unknown, No, Unknown, Unknown]);
        // A later run over other files keeps what is known.
        written(folder.path(), &[("d", b"d", Yes), ("b", b"b", Yes)]);
        fs::write(path("a"), "a").unwrap();
        assert_eq!(verdicts(["a", "b", "c", "d"]), [Yes, Yes, Unknown, Yes]);
        fs::write(path(VERIFIED), "trail2tsv verified 2\nabc").unwrap();
        assert!(VerifiedFiles::open(&inputs).is_none());
    }

    #[test]
    fn many_results_are_merged() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
        for half in [0, 1] {
            let mine = names.iter().filter(|name| name.len() % 2 == half);
            let files: Vec<_> = mine.map(|name| (&**name, name.as_bytes(), FileVerdict::Yes)).collect();
            written(folder.path(), &files);
        }
        let files = VerifiedFiles::open(&[Input::Path(folder.path().into())]).unwrap();
        for name in &names {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            assert_eq!(files.verdict(&path.to_string_lossy()), FileVerdict::Yes, "{name}");
        }
    }
}
