//! The rows of one sheet, on disk.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crc32fast::Hasher;

use super::deflated_text::DeflatedText;
use super::failed;
use crate::error::{Error, io_message};

/// The deflated XML of a sheet's rows, in an unnamed temporary file that the system removes even
/// if the process is killed.
#[derive(Debug)]
pub(super) struct SheetRows {
    file: File,
    crc: Hasher,
    /// Size of the XML in bytes.
    size: u64,
}

impl SheetRows {
    /// Creates a file in `folder`.
    pub(super) fn create(folder: &Path) -> Result<SheetRows, Error> {
        let file = tempfile::tempfile_in(folder);
        let file = file.map_err(|error| failed(&format!("{}: {}", folder.display(), io_message(&error))))?;
        Ok(SheetRows { file, crc: Hasher::new(), size: 0 })
    }

    /// Appends a piece.
    pub(super) fn append(&mut self, piece: &DeflatedText) -> Result<(), Error> {
        self.file.write_all(&piece.bytes).map_err(|error| failed(&io_message(&error)))?;
        self.crc.combine(&piece.crc);
        self.size += piece.size;
        Ok(())
    }

    /// Writes the sheet to `out`: the rows between `start` and `end`. Returns the checksum and
    /// the size of the sheet's XML.
    pub(super) fn write(
        &mut self,
        start: &DeflatedText,
        end: &DeflatedText,
        out: &mut impl Write,
    ) -> io::Result<(u32, u64)> {
        const BLOCK: usize = 1 << 18;
        out.write_all(&start.bytes)?;
        self.file.rewind()?;
        let mut block = vec![0; BLOCK];
        loop {
            match self.file.read(&mut block)? {
                0 => break,
                length => out.write_all(&block[..length])?,
            }
        }
        out.write_all(&end.bytes)?;
        let mut crc = Hasher::new();
        [&start.crc, &self.crc, &end.crc].into_iter().for_each(|more| crc.combine(more));
        Ok((crc.finalize(), start.size + self.size + end.size))
    }
}
