//! Part files: what a run over some of the files has found, to be merged with the other parts.
//!
//! A part file is a series of blocks. Each has a kind, its lengths, a checksum, and data:
//!
//! ```text
//! "trail2tsv part\n" │ header │ sections of the command, such as "rows" …
//!   │ section "files" │ data … │ section "coverage" │ data … │ end
//! ```
//!
//! The header is JSON. The data of a section is one stream, which is cut into blocks that are
//! compressed separately: records, each with its length in front, or text that is joined as it
//! is. The last block has the number of records and a hash of all heads before it, and with them
//! of all checksums, so that a file without it is not whole.
//! Nothing in a part depends on the time or the machine: the same run makes the same bytes.

mod block;
mod files;
mod header;
mod reader;

use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use self::block::{BlockKind, MAGIC};
pub use self::files::ReadFiles;
pub use self::header::PartHeader;
pub use self::reader::PartFileReader;
use crate::error::Error;
use crate::sink::target::Target;

/// Section of every part: the input files in reading order, each a [`FileRecord`] as JSON.
///
/// [`FileRecord`]: crate::report::FileRecord
pub const FILES: &str = "files";
/// Section of every part: one record, the [`Coverage`] of its run as JSON.
///
/// [`Coverage`]: crate::report::Coverage
pub const COVERAGE: &str = "coverage";

/// Bytes of records in a block.
const BLOCK: usize = 256 << 10;

/// A part file that is being written. It appears under its name when it is complete.
pub struct PartFileWriter {
    target: Target,
    /// The hash of the heads of all blocks so far.
    hash: Sha256,
    /// Records that are not written yet.
    pending: Vec<u8>,
    block: Vec<u8>,
    compressor: zstd::bulk::Compressor<'static>,
    records: u64,
}

impl PartFileWriter {
    /// Begins a part file; `-` is standard output.
    pub fn create(path: &Path, header: &PartHeader) -> Result<PartFileWriter, Error> {
        /// Higher levels take longer, and parts are joined soon.
        const LEVEL: i32 = 1;
        let compressor = zstd::bulk::Compressor::new(LEVEL)
            .map_err(|error| Error::Failed(format!("internal error: zstd cannot be started: {error}")))?;
        let mut writer = PartFileWriter {
            target: Target::open(Some(path))?,
            hash: Sha256::new_with_prefix(MAGIC),
            pending: Vec::new(),
            block: Vec::new(),
            compressor,
            records: 0,
        };
        writer.target.write(MAGIC)?;
        writer.stored(BlockKind::Header, header.to_json().as_bytes())?;
        Ok(writer)
    }

    /// Begins a section. The records that follow belong to it.
    pub fn section(&mut self, name: &str) -> Result<(), Error> {
        self.write_data()?;
        self.stored(BlockKind::Section, name.as_bytes())
    }

    /// Adds a record to the current section.
    pub fn record(&mut self, record: &[u8]) -> Result<(), Error> {
        self.record_of(&[record])
    }

    /// Adds a record as JSON.
    pub fn json(&mut self, record: &impl Serialize) -> Result<(), Error> {
        let json = serde_json::to_vec(record).map_err(|error| Error::Failed(format!("internal error: {error}")))?;
        self.record(&json)
    }

    /// Adds a record that consists of these pieces.
    pub fn record_of(&mut self, pieces: &[&[u8]]) -> Result<(), Error> {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let length = u32::try_from(length)
            .map_err(|_| Error::Failed(format!("internal error: a record of a part has {length} bytes")))?;
        self.records += 1;
        self.append(&length.to_le_bytes())?;
        pieces.iter().try_for_each(|piece| self.append(piece))
    }

    /// Adds text to the current section, which then has no records.
    pub fn text(&mut self, text: &[u8]) -> Result<(), Error> {
        self.append(text)
    }

    /// Completes the file.
    pub fn finish(mut self) -> Result<(), Error> {
        self.write_data()?;
        let mut end = self.records.to_le_bytes().to_vec();
        end.extend_from_slice(&self.hash.clone().finalize());
        self.stored(BlockKind::End, &end)?;
        self.target.sync()?;
        self.target.finish()
    }

    fn append(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while self.pending.len() + bytes.len() >= BLOCK {
            let (now, later) = bytes.split_at(BLOCK - self.pending.len());
            self.pending.extend_from_slice(now);
            self.write_data()?;
            bytes = later;
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes the pending records as a compressed block.
    fn write_data(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let packed = self.compressor.compress(&self.pending);
        let packed = packed.map_err(|error| Error::Failed(format!("a part cannot be compressed: {error}")))?;
        block::write(BlockKind::Data, self.pending.len(), &packed, &mut self.block);
        self.pending.clear();
        self.write_block()
    }

    /// Writes a block that is not compressed.
    fn stored(&mut self, kind: BlockKind, bytes: &[u8]) -> Result<(), Error> {
        block::write(kind, bytes.len(), bytes, &mut self.block);
        self.write_block()
    }

    fn write_block(&mut self) -> Result<(), Error> {
        self.hash.update(block::head(&self.block));
        self.target.write(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
