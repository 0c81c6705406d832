//! Encodes and compresses the columns of a row group, on several threads.

use std::sync::Arc;

use arrow_array::RecordBatch;
use crossbeam_channel::{Receiver, bounded};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowLeafColumn, compute_leaves};
use parquet::errors::ParquetError;
use rayon::ThreadPool;
use rayon::prelude::*;

use super::file::cannot_be_written;
use crate::error::Error;

/// The threads that encode columns; `None` stands for the thread that writes.
#[derive(Clone, Debug)]
pub(super) struct EncoderThreads(Option<Arc<ThreadPool>>);

/// The columns of a row group that is being written.
pub(super) struct ColumnEncoder {
    state: EncoderState,
    threads: EncoderThreads,
    rows: usize,
}

enum EncoderState {
    Waiting(Vec<ArrowColumnWriter>),
    Busy(Receiver<Result<Vec<ArrowColumnWriter>, ParquetError>>),
}

impl EncoderThreads {
    /// Starts this number of threads.
    pub(super) fn new(threads: usize) -> Result<EncoderThreads, Error> {
        if threads < 2 {
            return Ok(EncoderThreads(None));
        }
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|at| format!("encoder {at}"));
        // A panic ends the channel on which the writer waits.
        let pool = builder.panic_handler(|_| ()).build();
        let pool = pool.map_err(|error| Error::Failed(format!("cannot start threads: {error}")))?;
        Ok(EncoderThreads(Some(Arc::new(pool))))
    }
}

impl ColumnEncoder {
    /// Encodes into these columns.
    pub(super) fn new(columns: Vec<ArrowColumnWriter>, threads: EncoderThreads) -> ColumnEncoder {
        ColumnEncoder { state: EncoderState::Waiting(columns), threads, rows: 0 }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The memory that the columns take, in bytes.
    pub(super) fn memory(&mut self) -> Result<usize, Error> {
        Ok(self.columns()?.iter().map(ArrowColumnWriter::memory_size).sum())
    }

    /// Adds the rows of a batch. Other threads encode them while this one goes on.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let mut columns = std::mem::take(self.columns()?);
        self.rows += batch.num_rows();
        let Some(pool) = &self.threads.0 else {
            columns
                .iter_mut()
                .zip(leaves(batch)?)
                .try_for_each(|(column, leaf)| column.write(&leaf))
                .map_err(failed)?;
            self.state = EncoderState::Waiting(columns);
            return Ok(());
        };
        let leaves = leaves(batch)?;
        let (sender, receiver) = bounded(1);
        pool.spawn(move || {
            let encoded = columns.par_iter_mut().zip(leaves).try_for_each(|(column, leaf)| column.write(&leaf));
            // The writer waits for it, unless it ended with an error.
            let _ = sender.send(encoded.map(|()| columns));
        });
        self.state = EncoderState::Busy(receiver);
        Ok(())
    }

    /// Completes the columns.
    pub(super) fn finish(mut self) -> Result<Vec<ArrowColumnChunk>, Error> {
        let columns = std::mem::take(self.columns()?);
        let chunks: Result<Vec<ArrowColumnChunk>, ParquetError> = match &self.threads.0 {
            None => columns.into_iter().map(ArrowColumnWriter::close).collect(),
            Some(pool) => pool.install(|| columns.into_par_iter().map(ArrowColumnWriter::close).collect()),
        };
        chunks.map_err(failed)
    }

    /// Waits for the batch before.
    fn columns(&mut self) -> Result<&mut Vec<ArrowColumnWriter>, Error> {
        if let EncoderState::Busy(receiver) = &self.state {
            let columns = receiver.recv().map_err(|_| cannot_be_written(&"the encoder panicked"))?;
            self.state = EncoderState::Waiting(columns.map_err(failed)?);
        }
        match &mut self.state {
            EncoderState::Waiting(columns) => Ok(columns),
            EncoderState::Busy(_) => Err(cannot_be_written(&"the encoder is busy")),
        }
    }
}

/// The columns of a batch, without nesting.
fn leaves(batch: &RecordBatch) -> Result<Vec<ArrowLeafColumn>, Error> {
    let (schema, mut leaves) = (batch.schema(), Vec::new());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        leaves.extend(compute_leaves(field, column).map_err(failed)?);
    }
    Ok(leaves)
}

fn failed(error: ParquetError) -> Error {
    cannot_be_written(&error)
}
