//! Threads that turn blocks of cells into deflated XML.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::deflated_text::{DeflatedText, Deflater};
use super::failed;
use super::row_xml::{CellBlock, RowXml};
use crate::error::Error;

/// Turns a block of cells into deflated XML. It is used for one block after another.
#[derive(Debug)]
pub(super) struct CellEncoder {
    rows: Arc<RowXml>,
    deflater: Deflater,
    pub(super) block: CellBlock,
    xml: Vec<u8>,
    /// The result.
    pub(super) deflated: DeflatedText,
    /// Widths of the columns in all blocks of this encoder.
    pub(super) widths: Vec<usize>,
}

impl CellEncoder {
    fn new(rows: &Arc<RowXml>, columns: usize) -> CellEncoder {
        CellEncoder {
            rows: Arc::clone(rows),
            deflater: Deflater::new(),
            block: CellBlock::default(),
            xml: Vec::new(),
            deflated: DeflatedText::default(),
            widths: vec![0; columns],
        }
    }

    fn encode(&mut self) -> Result<(), Error> {
        self.xml.clear();
        self.rows.cells(&self.block, &mut self.widths, &mut self.xml);
        // Cells have valid text, and one check of all of them is cheap.
        if simdutf8::basic::from_utf8(&self.xml).is_err() {
            self.xml = String::from_utf8_lossy(&self.xml).into_owned().into_bytes();
        }
        self.deflater.deflate(&self.xml, false, &mut self.deflated).map_err(|error| failed(&error))
    }
}

/// Encodes blocks on several threads, and returns them in their order.
#[derive(Debug)]
pub(super) struct EncoderPool {
    threads: ThreadPool,
    rows: Arc<RowXml>,
    columns: usize,
    /// Blocks that are being encoded, the first one first.
    pending: VecDeque<Receiver<Result<CellEncoder, Error>>>,
    idle: Vec<CellEncoder>,
}

impl EncoderPool {
    /// More threads would wait for the rows.
    const MAX_THREADS: usize = 16;
    const STACK: usize = 512 << 10;
    /// Number of blocks that wait for a thread, or to be written.
    const WAITING: usize = 2;

    /// Creates a pool for sheets of `columns` columns.
    pub(super) fn new(rows: RowXml, columns: usize, threads: usize) -> Result<EncoderPool, Error> {
        let builder = ThreadPoolBuilder::new()
            .num_threads(threads.clamp(1, EncoderPool::MAX_THREADS))
            .thread_name(|at| format!("encoder {at}"))
            .stack_size(EncoderPool::STACK)
            // A block that does not come back ends the run.
            .panic_handler(|_| ());
        let failed = |error| Error::Failed(format!("threads cannot be started: {error}"));
        let threads = builder.build().map_err(failed)?;
        Ok(EncoderPool { threads, rows: Arc::new(rows), columns, pending: VecDeque::new(), idle: Vec::new() })
    }

    /// Returns an encoder for the next block; `None` if enough of them are busy.
    pub(super) fn idle(&mut self) -> Option<CellEncoder> {
        let is_free = self.pending.len() < self.threads.current_num_threads() + EncoderPool::WAITING;
        is_free.then(|| self.idle.pop().unwrap_or_else(|| CellEncoder::new(&self.rows, self.columns)))
    }

    /// Encodes the block of an encoder.
    pub(super) fn start(&mut self, mut encoder: CellEncoder) {
        let (sender, receiver) = bounded(1);
        self.pending.push_back(receiver);
        self.threads.spawn_fifo(move || {
            let done = encoder.encode();
            // The receiver is gone if the run has failed.
            let _ = sender.send(done.map(|()| encoder));
        });
    }

    /// Waits for the first block that is being encoded, if any, and passes it to `each`.
    pub(super) fn finish_first(&mut self, each: impl FnOnce(&CellEncoder) -> Result<(), Error>) -> Result<bool, Error> {
        let Some(first) = self.pending.pop_front() else { return Ok(false) };
        let lost = |_| Error::Failed("internal error: an encoder panicked".into());
        let encoder = first.recv().map_err(lost)??;
        each(&encoder)?;
        self.idle.push(encoder);
        Ok(true)
    }

    /// The XML of rows.
    pub(super) fn rows(&self) -> &RowXml {
        &self.rows
    }
}
