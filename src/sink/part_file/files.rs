//! Records the files of a run until its part file has room for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{COVERAGE, FILES, PartFileWriter};
use crate::error::Error;
use crate::report::{Coverage, FileRecord, RunEnd, RunLog};
use crate::spill::scratch::ScratchFile;

/// The files of a run, which come while its rows are written. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ReadFiles(Arc<Mutex<WaitingRecords>>);

/// Records that are kept on disk, each with its length in front.
#[derive(Debug, Default)]
struct WaitingRecords {
    file: Option<ScratchFile>,
    /// The error that ended the recording.
    error: Option<Error>,
}

impl WaitingRecords {
    fn add(&mut self, record: &FileRecord) -> Result<(), Error> {
        let json = serde_json::to_vec(record).unwrap_or_default();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(ScratchFile::new()?),
        };
        file.append(&(json.len() as u32).to_le_bytes())?;
        file.append(&json)
    }

    fn write(self, writer: &mut PartFileWriter) -> Result<(), Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let Some(mut file) = self.file else { return Ok(()) };
        file.seal()?;
        let (mut at, mut length, mut record) = (0, [0; 4], Vec::new());
        while at < file.end() {
            file.read(at, &mut length)?;
            record.resize(u32::from_le_bytes(length) as usize, 0);
            file.read(at + 4, &mut record)?;
            at += 4 + record.len() as u64;
            writer.record(&record)?;
        }
        Ok(())
    }
}

impl ReadFiles {
    /// A log that adds the files of a run, and passes everything on to `next`.
    pub fn log(&self, next: Option<Box<dyn RunLog>>) -> Box<dyn RunLog> {
        Box::new(ReadFilesLog { files: self.clone(), next })
    }

    fn waiting(&self) -> MutexGuard<'_, WaitingRecords> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the files of a run.
#[derive(Debug)]
struct ReadFilesLog {
    files: ReadFiles,
    next: Option<Box<dyn RunLog>>,
}

impl RunLog for ReadFilesLog {
    fn file(&mut self, record: &FileRecord) {
        let mut waiting = self.files.waiting();
        if waiting.error.is_none() {
            waiting.error = waiting.add(record).err();
        }
        self.next.iter_mut().for_each(|next| next.file(record));
    }

    fn end(self: Box<Self>, end: &RunEnd<'_>) -> Result<(), Error> {
        self.next.map_or(Ok(()), |next| next.end(end))
    }
}

impl PartFileWriter {
    /// Adds the files of the run and what it has read, and completes the part.
    pub fn conclude(mut self, files: &ReadFiles, coverage: &Coverage) -> Result<(), Error> {
        self.section(FILES)?;
        std::mem::take(&mut *files.waiting()).write(&mut self)?;
        self.section(COVERAGE)?;
        self.record(&serde_json::to_vec(coverage).unwrap_or_default())?;
        self.finish()
    }
}
