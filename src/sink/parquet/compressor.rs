//! Compresses pages.

use bytes::Bytes;
use parquet::errors::ParquetError;
use zstd::bulk::Compressor;

/// Compresses one page after another. Its memory is allocated when it is first needed.
#[derive(Default)]
pub(super) struct PageCompressor {
    compressor: Option<Compressor<'static>>,
    compressed: Vec<u8>,
}

/// More memory than this is not kept from page to page.
const KEPT: usize = 1 << 20;

impl PageCompressor {
    /// Level 3 takes twice the time, and saves one to four per cent.
    pub(super) const LEVEL: i32 = 1;

    pub(super) fn compress(&mut self, page: &[u8]) -> Result<Bytes, ParquetError> {
        let failed = |error: std::io::Error| ParquetError::General(format!("zstd: {error}"));
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(PageCompressor::LEVEL).map_err(failed)?),
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
