//! Reads tar archives as a stream. Memory holds one block and one member name, whatever the
//! archive contains.

use std::io::{self, Read};
use std::ops::ControlFlow;

use tar::{EntryType, Header};

use super::MemberVisitor;
use crate::error::Problem;
use crate::source::file::container::{TAR_BLOCK, is_tar_header};

/// Longest member name that is read, in bytes.
const MAX_NAME: u64 = 1 << 20;
const NAME: &str = "tar";

/// Passes the members of a tar archive to `visitor`.
pub fn read_tar(bytes: &mut (dyn Read + Send), visitor: &mut dyn MemberVisitor) {
    let mut tar = TarReader { bytes, name: None, size: None, has_end: false };
    if let Err(error) = tar.read(visitor) {
        visitor.problem(None, Problem::from_reading(error));
    }
}

struct TarReader<'r> {
    bytes: &'r mut (dyn Read + Send),
    /// Name of the next member, taken from a preceding extension entry.
    name: Option<Vec<u8>>,
    /// Size of the next member, taken from a preceding extension entry.
    size: Option<u64>,
    /// True once a block of zeros, the end marker, has been read.
    has_end: bool,
}

impl TarReader<'_> {
    fn read(&mut self, visitor: &mut dyn MemberVisitor) -> io::Result<()> {
        while let Some(block) = self.block()? {
            // Concatenated archives have end markers in between, so reading continues.
            if block.iter().all(|byte| *byte == 0) {
                self.has_end = true;
                continue;
            }
            if !is_tar_header(&block) {
                return Err(Problem::PackedDamaged(NAME).into_reading_error());
            }
            if self.entry(Header::from_byte_slice(&block), visitor)?.is_break() {
                return Ok(());
            }
        }
        match self.has_end {
            true => Ok(()),
            false => Err(Problem::PackedEndsEarly(NAME).into_reading_error()),
        }
    }

    /// Reads the next block; `None` at the end.
    fn block(&mut self) -> io::Result<Option<[u8; TAR_BLOCK]>> {
        let mut block = [0; TAR_BLOCK];
        let mut filled = 0;
        while filled < block.len() {
            match self.bytes.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(Problem::PackedEndsEarly(NAME).into_reading_error()),
                Ok(length) => filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(block))
    }

    fn entry(&mut self, header: &Header, visitor: &mut dyn MemberVisitor) -> io::Result<ControlFlow<()>> {
        let damaged = |_| Problem::PackedDamaged(NAME).into_reading_error();
        let kind = header.entry_type();
        let own_size = header.entry_size().map_err(damaged)?;
        if kind.is_gnu_longname() {
            let mut name = self.text(own_size)?;
            name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
            self.name = Some(name);
            return Ok(ControlFlow::Continue(()));
        }
        if kind.is_pax_local_extensions() {
            let records = self.text(own_size)?;
            self.extend(&records);
            return Ok(ControlFlow::Continue(()));
        }
        let size = self.size.take().unwrap_or(own_size);
        let name = self.name.take().unwrap_or_else(|| header.path_bytes().into_owned());
        let name = String::from_utf8_lossy(&name).into_owned();
        let mut data = TarData { bytes: self.bytes, left: size, has_failed: false };
        let mut flow = ControlFlow::Continue(());
        match kind {
            EntryType::GNUSparse => visitor.problem(Some(&name), Problem::UnsupportedMethod("as a sparse file".into())),
            EntryType::Link | EntryType::Symlink => visitor.other(true),
            EntryType::Char | EntryType::Block | EntryType::Fifo => visitor.other(false),
            // Folders and archive-wide metadata contain no events.
            EntryType::Directory | EntryType::GNULongLink | EntryType::XGlobalHeader => {}
            _ if b"VMDN".contains(&kind.as_byte()) || name.ends_with('/') => {}
            _ => {
                flow = match visitor.wants(&name) {
                    ControlFlow::Continue(true) => visitor.file(&name, &mut data),
                    other => other.map_continue(|_| ()),
                }
            }
        }
        if flow.is_break() {
            return Ok(flow);
        }
        let (left, has_failed) = (data.left, data.has_failed);
        if has_failed {
            // Reading the member has already reported this error.
            return Ok(ControlFlow::Break(()));
        }
        let padding = (TAR_BLOCK as u64 - size % TAR_BLOCK as u64) % TAR_BLOCK as u64;
        self.skip(left.saturating_add(padding))?;
        Ok(flow)
    }

    /// Reads the text of an extension entry, which describes the next member.
    fn text(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > MAX_NAME {
            return Err(Problem::PackedDamaged(NAME).into_reading_error());
        }
        let mut text = Vec::new();
        for _ in 0..size.div_ceil(TAR_BLOCK as u64) {
            let block = self.block()?.ok_or_else(|| Problem::PackedEndsEarly(NAME).into_reading_error())?;
            text.extend_from_slice(&block);
        }
        text.truncate(size as usize);
        Ok(text)
    }

    /// Parses name and size of the next member from `LENGTH NAME=VALUE` records.
    fn extend(&mut self, records: &[u8]) {
        for record in tar::PaxExtensions::new(records).flatten() {
            match record.key_bytes() {
                b"path" => self.name = Some(record.value_bytes().to_vec()),
                b"size" => self.size = record.value().ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
    }

    fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
        let mut buffer = [0; 16 * TAR_BLOCK];
        while bytes > 0 {
            let wanted = usize::try_from(bytes).unwrap_or(usize::MAX).min(buffer.len());
            match self.bytes.read(&mut buffer[..wanted]) {
                Ok(0) => return Err(Problem::PackedEndsEarly(NAME).into_reading_error()),
                Ok(length) => bytes -= length as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The data of one member.
struct TarData<'r> {
    bytes: &'r mut (dyn Read + Send),
    left: u64,
    has_failed: bool,
}

impl Read for TarData<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        match self.bytes.read(&mut buffer[..wanted]) {
            Ok(0) => {
                self.has_failed = true;
                Err(Problem::PackedEndsEarly(NAME).into_reading_error())
            }
            Ok(length) => {
                self.left -= length as u64;
                Ok(length)
            }
            Err(error) => {
                self.has_failed |= error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}
