//! Reads a part file, and finds all damage.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::block::{self, BlockKind, MAGIC, StoredBlock, damaged};
use super::{BLOCK, COVERAGE, FILES, PartHeader};
use crate::error::{Error, io_message};
use crate::report::{Coverage, FileRecord};

/// A part file that is being read. Every method returns an error that names the file if it is
/// damaged or not whole.
pub struct PartFileReader {
    path: PathBuf,
    header: PartHeader,
    bytes: BufReader<File>,
    hash: Sha256,
    decompressor: zstd::bulk::Decompressor<'static>,
    /// A block that was read, and belongs to what comes next.
    next: Option<StoredBlock>,
    /// Records of the current block, from this position.
    data: Vec<u8>,
    at: usize,
    record: Vec<u8>,
    /// Number of records; `None` if some were passed over.
    records: Option<u64>,
    is_ended: bool,
}

impl PartFileReader {
    /// Opens a part and reads its header.
    pub fn open(path: &Path) -> Result<PartFileReader, Error> {
        let fail = |reason: String| Error::Failed(format!("{}: {reason}", path.display()));
        let unreadable = |error: std::io::Error| fail(format!("cannot be read: {}", io_message(&error)));
        let file = File::open(path).map_err(unreadable)?;
        if !file.metadata().map_err(unreadable)?.is_file() {
            return Err(fail("is not a regular file; parts are read more than once".into()));
        }
        let decompressor = zstd::bulk::Decompressor::new().map_err(unreadable)?;
        let mut bytes = BufReader::with_capacity(64 << 10, file);
        let mut magic = Vec::new();
        (&mut bytes).take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(unreadable)?;
        if magic != MAGIC {
            let reason = match magic.is_empty() {
                true => "is empty; make this part again",
                false => "is not a part file; --partial FILE makes them",
            };
            return Err(fail(reason.into()));
        }
        let mut hash = Sha256::new();
        hash.update(MAGIC);
        let first = block::read(&mut bytes, &mut hash).map_err(fail)?;
        if first.kind != BlockKind::Header {
            return Err(fail(damaged()));
        }
        let header = PartHeader::from_json(&first.bytes).map_err(fail)?;
        Ok(PartFileReader {
            path: path.to_path_buf(),
            header,
            bytes,
            hash,
            decompressor,
            next: None,
            data: Vec::new(),
            at: 0,
            record: Vec::new(),
            records: Some(0),
            is_ended: false,
        })
    }

    /// Reads a whole part and checks it. Returns its header.
    pub fn verify(path: &Path) -> Result<PartHeader, Error> {
        let mut part = PartFileReader::open(path)?;
        while part.next_section()?.is_some() {}
        Ok(part.header)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The question that the part answers.
    pub fn header(&self) -> &PartHeader {
        &self.header
    }

    /// Moves to the next section and returns its name; `None` at the end of a whole file. What
    /// is left of the current section is passed over.
    pub fn next_section(&mut self) -> Result<Option<String>, Error> {
        self.skip_section()?;
        if self.is_ended {
            return Ok(None);
        }
        let block = self.block()?;
        match block.kind {
            BlockKind::Section => String::from_utf8(block.bytes).map(Some).map_err(|_| self.failed(damaged())),
            BlockKind::End => self.end(&block.bytes).map(|()| None),
            BlockKind::Header | BlockKind::Data => Err(self.failed(damaged())),
        }
    }

    /// Moves to the section of this name. Returns an error if there is none.
    pub fn seek_section(&mut self, name: &str) -> Result<(), Error> {
        while let Some(found) = self.next_section()? {
            if found == name {
                return Ok(());
            }
        }
        Err(self.failed(format!("has no section {name:?}; make this part again")))
    }

    /// Returns the next record of the section; `None` at the end of it.
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, Error> {
        const LENGTH: usize = 4;
        if self.at == self.data.len() && !self.load()? {
            return Ok(None);
        }
        self.records = self.records.map(|records| records + 1);
        // Most records are within a block, and need no copy.
        if let Some((length, rest)) = self.data[self.at..].split_first_chunk::<LENGTH>()
            && let length = u32::from_le_bytes(*length) as usize
            && length <= rest.len()
        {
            let start = self.at + LENGTH;
            self.at = start + length;
            return Ok(Some(&self.data[start..self.at]));
        }
        let mut length = [0; LENGTH];
        self.take(LENGTH)?;
        length.copy_from_slice(&self.record);
        self.take(u32::from_le_bytes(length) as usize)?;
        Ok(Some(&self.record))
    }

    /// Replaces `text` by the next bytes of a section of text. Returns false at the end of it.
    pub fn next_text(&mut self, text: &mut Vec<u8>) -> Result<bool, Error> {
        if self.at == self.data.len() && !self.load()? {
            return Ok(false);
        }
        std::mem::swap(text, &mut self.data);
        text.drain(..self.at);
        self.data.clear();
        self.at = 0;
        Ok(true)
    }

    /// Returns the next record of the section, read from JSON.
    pub fn next_json<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let parsed = self.next_record()?.map(serde_json::from_slice).transpose();
        parsed.map_err(|error| self.failed(format!("a record is not valid: {error}; make this part again")))
    }

    /// Passes over the rest of the section. Its blocks are checked, and not unpacked.
    pub fn skip_section(&mut self) -> Result<(), Error> {
        if self.at < self.data.len() {
            self.at = self.data.len();
            self.records = None;
        }
        while !self.is_ended {
            let block = self.block()?;
            if block.kind != BlockKind::Data {
                self.next = Some(block);
                break;
            }
            self.records = None;
        }
        Ok(())
    }

    /// Calls `each` with the files of a part, in reading order.
    pub fn each_file(path: &Path, mut each: impl FnMut(FileRecord) -> Result<(), Error>) -> Result<(), Error> {
        let mut part = PartFileReader::open(path)?;
        part.seek_section(FILES)?;
        while let Some(file) = part.next_json()? {
            each(file)?;
        }
        Ok(())
    }

    /// Reads the coverage of a part.
    pub fn coverage(path: &Path) -> Result<Coverage, Error> {
        let mut part = PartFileReader::open(path)?;
        part.seek_section(COVERAGE)?;
        part.next_json()?.ok_or_else(|| part.failed("has no coverage; make this part again".into()))
    }

    /// An error of this file.
    pub fn failed(&self, reason: String) -> Error {
        Error::Failed(format!("{}: {reason}", self.path.display()))
    }

    /// Takes the next bytes of the section as the current record.
    fn take(&mut self, length: usize) -> Result<(), Error> {
        self.record.clear();
        while self.record.len() < length {
            if self.at == self.data.len() && !self.load()? {
                return Err(self.failed(damaged()));
            }
            let end = self.data.len().min(self.at + length - self.record.len());
            self.record.extend_from_slice(&self.data[self.at..end]);
            self.at = end;
        }
        Ok(())
    }

    /// Loads the next block of data. Returns false at the end of the section.
    fn load(&mut self) -> Result<bool, Error> {
        if self.is_ended {
            return Ok(false);
        }
        let block = self.block()?;
        if block.kind != BlockKind::Data {
            self.next = Some(block);
            return Ok(false);
        }
        self.at = 0;
        self.data.clear();
        self.data.reserve(block.length.min(BLOCK));
        let unpacked = self.decompressor.decompress_to_buffer(&block.bytes, &mut self.data);
        if unpacked.is_err() || self.data.is_empty() || self.data.len() != block.length {
            return Err(self.failed(damaged()));
        }
        Ok(true)
    }

    fn block(&mut self) -> Result<StoredBlock, Error> {
        if let Some(block) = self.next.take() {
            return Ok(block);
        }
        block::read(&mut self.bytes, &mut self.hash).map_err(|reason| self.failed(reason))
    }

    /// Checks the last block, and that nothing follows it.
    fn end(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (records, hash) = bytes.split_at_checked(8).unwrap_or_default();
        let is_complete = self.records.is_none_or(|number| records == number.to_le_bytes());
        let mut more = [0];
        let is_last = matches!(self.bytes.read(&mut more), Ok(0));
        if !is_complete || hash != &self.hash.clone().finalize()[..] || !is_last {
            return Err(self.failed(damaged()));
        }
        self.is_ended = true;
        Ok(())
    }
}
