//! A folder of files, in the folders of their partitions. It has a temporary name until all
//! files are complete.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::file::{FileDestination, FileSettings, ParquetFile};
use crate::error::{Error, io_message};
use crate::sink::partial_file;
use crate::sink::partial_file::PartialFolder;
use crate::table::event_row::SplitRow;

/// A folder that is being written.
pub(super) struct PartitionFolder {
    /// Its path when it is complete.
    path: PathBuf,
    /// The path as the user named it.
    shown: PathBuf,
    /// The file that is being written. It is closed before the folder is removed: some systems
    /// remove no open file.
    open: Option<OpenParquetFile>,
    /// The files so far.
    partial: PartialFolder,
}

/// A file that is being written, and its place.
struct OpenParquetFile {
    /// The folder of its partition.
    folder: String,
    /// Its number in the partition.
    number: u32,
    file: ParquetFile<PartitionFile>,
}

impl PartitionFolder {
    /// Opens a folder, which must not exist or be empty: what an earlier run wrote would
    /// otherwise be there twice.
    pub(super) fn open(named: &Path) -> Result<PartitionFolder, Error> {
        // Without a slash at its end, and not a link, which would be replaced.
        let path = std::fs::canonicalize(named).unwrap_or_else(|_| named.components().collect());
        let shown: PathBuf = named.components().collect();
        let fail = |error: io::Error| cannot_be_written(&shown, &error);
        let is_present = match std::fs::read_dir(&path).map(|mut entries| entries.next().is_none()) {
            Ok(true) => true,
            Ok(false) => return Err(Error::Failed(format!("{}: is not empty; name a new folder", shown.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(fail(error)),
        };
        let parent = partial_file::folder_of(&path);
        partial_file::clean_results(parent);
        let partial = partial_file::begin_folder(parent, &partial_file::temp_prefix()).map_err(fail)?;
        if is_present {
            // Its name must be free. If it cannot be removed, that is an error now and not at
            // the end.
            std::fs::remove_dir(&path).map_err(fail)?;
        }
        Ok(PartitionFolder { path, shown, open: None, partial })
    }

    /// Adds a row. Rows of a partition come one after another.
    pub(super) fn row(&mut self, row: SplitRow<'_>, settings: &FileSettings) -> Result<(), Error> {
        let number = match &self.open {
            Some(open) if open.folder != row.folder => 0,
            Some(open) if open.file.is_full() => open.number + 1,
            Some(open) => open.number,
            None => 0,
        };
        match &mut self.open {
            Some(open) if open.folder == row.folder && open.number == number => return open.file.row(row),
            _ => {}
        }
        self.close()?;
        let mut open = self.begin(row.folder, number, settings)?;
        open.file.row(row)?;
        self.open = Some(open);
        Ok(())
    }

    /// Begins a file.
    fn begin(&self, folder: &str, number: u32, settings: &FileSettings) -> Result<OpenParquetFile, Error> {
        let shown = self.shown.join(folder).join(format!("part-{number:05}.parquet"));
        let inside = self.partial.path().join(folder);
        let created = std::fs::create_dir_all(&inside)
            .and_then(|()| File::create_new(inside.join(format!("part-{number:05}.parquet"))));
        let file = created.map_err(|error| Error::write(shown.display(), &error))?;
        let file = ParquetFile::new(PartitionFile { file, shown, error: None }, settings)?;
        Ok(OpenParquetFile { folder: folder.to_string(), number, file })
    }

    /// Ends the open file.
    fn close(&mut self) -> Result<(), Error> {
        self.open.take().map_or(Ok(()), |mut open| open.file.finish())
    }

    /// Completes the folder and gives it its name. A folder without events gets one file
    /// without rows, so that it has a schema.
    pub(super) fn finish(mut self, settings: &FileSettings) -> Result<(), Error> {
        let is_empty = self.open.is_none();
        self.close()?;
        if is_empty {
            self.begin("", 0, settings)?.file.finish()?;
        }
        self.partial.persist(&self.path).map_err(|error| cannot_be_written(&self.shown, &error))
    }
}

fn cannot_be_written(folder: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("{}: cannot be written: {}", folder.display(), io_message(error)))
}

/// A file of the folder. It is named in errors as it will be.
struct PartitionFile {
    file: File,
    shown: PathBuf,
    error: Option<Error>,
}

impl Write for PartitionFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes).inspect_err(|error| self.error = Some(Error::write(self.shown.display(), error)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileDestination for PartitionFile {
    fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }
}
