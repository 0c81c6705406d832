//! Opens the files of `--geoip`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, io_message};
use crate::syntax::geo_database::{GeoDatabase, GeoDatabases, MAX_BYTES, METADATA_SIZE, not_a_database};

const OPTION: &str = "--geoip";
/// Number of leading bytes that identify other file formats.
const START: usize = 4;

/// Opens the databases, whose contents are read when they are needed; `None` without files.
/// Fails for a file that is not a database.
pub(super) fn open_databases(files: &[PathBuf]) -> Result<Option<Arc<GeoDatabases>>, Error> {
    if files.is_empty() {
        return Ok(None);
    }
    let (mut opened, mut rest) = (Vec::new(), MAX_BYTES);
    for file in files {
        let wrong = |reason: String| Error::option(OPTION, &file.to_string_lossy(), reason);
        let database = OpenedDatabase::new(file, rest).map_err(|error| wrong(unreadable(&error)))?;
        rest = rest.checked_sub(database.size).ok_or_else(|| wrong(too_large(files.len())))?;
        if let Some(reason) = not_a_database(&database.start, &database.end) {
            return Err(wrong(reason.into()));
        }
        opened.push((file.to_string_lossy().into_owned(), database));
    }
    let load = || opened.into_iter().map(|(name, database)| load(name, database)).collect();
    Ok(Some(Arc::new(GeoDatabases::new(Box::new(load)))))
}

/// Reads an opened database. Fails with its name and the reason.
fn load(name: String, database: OpenedDatabase) -> Result<GeoDatabase, String> {
    let bytes = database.bytes().map_err(|error| format!("{name:?} {}", unreadable(&error)))?;
    GeoDatabase::new(name.clone(), bytes).map_err(|reason| format!("{name:?} {reason}"))
}

fn unreadable(error: &io::Error) -> String {
    format!("cannot be read: {}", io_message(error))
}

fn too_large(files: usize) -> String {
    let together = if files > 1 { "all databases together are" } else { "is" };
    format!("{together} larger than {} MiB; use one without cities, such as GeoLite2-Country", MAX_BYTES >> 20)
}

/// A file that was opened, with the parts that tell whether it is a database.
struct OpenedDatabase {
    content: DatabaseContent,
    size: u64,
    start: Vec<u8>,
    end: Vec<u8>,
}

enum DatabaseContent {
    File(File),
    /// What a pipe had, which can be read only once.
    Bytes(Vec<u8>),
}

impl OpenedDatabase {
    /// Opens a file of which at most `most` bytes are wanted.
    fn new(path: &Path, most: u64) -> io::Result<OpenedDatabase> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() {
            let size = metadata.len();
            let (mut start, mut end) = (Vec::new(), Vec::new());
            Read::by_ref(&mut file).take(START as u64).read_to_end(&mut start)?;
            file.seek(SeekFrom::Start(size.saturating_sub(METADATA_SIZE as u64)))?;
            Read::by_ref(&mut file).take(METADATA_SIZE as u64).read_to_end(&mut end)?;
            return Ok(OpenedDatabase { content: DatabaseContent::File(file), size, start, end });
        }
        let mut bytes = Vec::new();
        // One byte more, so that a database that is too large is noticed.
        file.take(most + 1).read_to_end(&mut bytes)?;
        let (start, end) = (&bytes[..START.min(bytes.len())], &bytes[bytes.len().saturating_sub(METADATA_SIZE)..]);
        let (start, end, size) = (start.to_vec(), end.to_vec(), bytes.len() as u64);
        Ok(OpenedDatabase { content: DatabaseContent::Bytes(bytes), size, start, end })
    }

    /// All bytes of the database.
    fn bytes(self) -> io::Result<Vec<u8>> {
        match self.content {
            DatabaseContent::Bytes(bytes) => Ok(bytes),
            DatabaseContent::File(mut file) => {
                file.seek(SeekFrom::Start(0))?;
                let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or_default());
                // Not more than was counted, should the file grow.
                file.take(self.size).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}
