//! Compresses pages.

use bytes::Bytes;
use parquet::errors::ParquetError;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::schema::LeafColumn;

/// Compresses one page after another. Its memory is allocated when it is first needed.
#[derive(Default)]
pub(super) struct PageCompressor {
    usual: Option<Compressor<'static>>,
    /// For ids.
    ids: Option<Compressor<'static>>,
    compressed: Vec<u8>,
}

/// More memory than this is not kept from page to page.
const KEPT: usize = 1 << 20;

impl PageCompressor {
    /// Level 3 takes twice the time, and saves one to four per cent.
    pub(super) const LEVEL: i32 = 1;

    /// Compresses a page of a column.
    pub(super) fn compress(&mut self, page: &[u8], column: &LeafColumn) -> Result<Bytes, ParquetError> {
        let failed = |error: std::io::Error| ParquetError::General(format!("zstd: {error}"));
        let compressor = if column.has_ids { &mut self.ids } else { &mut self.usual };
        let compressor = match compressor {
            Some(compressor) => compressor,
            none => none.insert(new_compressor(column.has_ids).map_err(failed)?),
        };
        self.compressed.clear();
        self.compressed.reserve(zstd::compress_bound(page.len()));
        compressor.compress_to_buffer(page, &mut self.compressed).map_err(failed)?;
        let compressed = Bytes::copy_from_slice(&self.compressed);
        // One large page must not take memory for the rest of the run.
        self.compressed.shrink_to(KEPT);
        Ok(compressed)
    }
}

/// Most ids have nothing in common but the lengths in front of them, and to look for matches
/// that short takes time and saves only 1 %. Events that were delivered twice, whose ids are
/// equal, are close to each other, and a small table finds these.
fn new_compressor(is_for_ids: bool) -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(PageCompressor::LEVEL)?;
    if is_for_ids {
        compressor.set_parameter(CParameter::MinMatch(7))?;
        compressor.set_parameter(CParameter::HashLog(10))?;
    }
    Ok(compressor)
}
