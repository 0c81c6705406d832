//! Encodes and compresses the columns of a row group, on several threads.

use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use parquet::errors::ParquetError;
use rayon::ThreadPool;
use rayon::prelude::*;

use super::batch::GroupBatch;
use super::compressor::PageCompressor;
use super::file::cannot_be_written;
use super::group::GroupWriter;
use super::leaf::WrittenColumn;
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
    Waiting(Vec<GroupWriter>),
    Busy(Receiver<Result<Vec<GroupWriter>, ParquetError>>),
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
    pub(super) fn new(columns: Vec<GroupWriter>, threads: EncoderThreads) -> ColumnEncoder {
        ColumnEncoder { state: EncoderState::Waiting(columns), threads, rows: 0 }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The memory that the columns take, in bytes.
    pub(super) fn memory(&mut self) -> Result<usize, Error> {
        Ok(self.columns()?.iter().map(GroupWriter::memory).sum())
    }

    /// Adds `rows` rows. Other threads encode them while this one goes on.
    pub(super) fn write(&mut self, batch: Vec<GroupBatch>, rows: usize) -> Result<(), Error> {
        let mut columns = std::mem::take(self.columns()?);
        self.rows += rows;
        let Some(pool) = &self.threads.0 else {
            let mut compressor = PageCompressor::default();
            let mut both = columns.iter_mut().zip(&batch);
            both.try_for_each(|(column, batch)| column.write(batch, &mut compressor)).map_err(failed)?;
            self.state = EncoderState::Waiting(columns);
            return Ok(());
        };
        let (sender, receiver) = bounded(1);
        pool.spawn(move || {
            let both = columns.par_iter_mut().zip(&batch);
            let encoded = both.try_for_each_init(PageCompressor::default, |compressor, (column, batch)| {
                column.write(batch, compressor)
            });
            // The writer waits for it, unless it ended with an error.
            let _ = sender.send(encoded.map(|()| columns));
        });
        self.state = EncoderState::Busy(receiver);
        Ok(())
    }

    /// Completes the columns.
    pub(super) fn finish(mut self) -> Result<Vec<WrittenColumn>, Error> {
        let columns = std::mem::take(self.columns()?);
        let written: Result<Vec<Vec<WrittenColumn>>, ParquetError> = match &self.threads.0 {
            None => {
                let mut compressor = PageCompressor::default();
                columns.into_iter().map(|column| column.finish(&mut compressor)).collect()
            }
            Some(pool) => pool.install(|| {
                let columns = columns.into_par_iter();
                columns.map_init(PageCompressor::default, |compressor, column| column.finish(compressor)).collect()
            }),
        };
        let mut written: Vec<WrittenColumn> = written.map_err(failed)?.into_iter().flatten().collect();
        // As the file has them, which is not by groups.
        written.sort_by_key(|column| column.number);
        Ok(written)
    }

    /// Waits for the batch before.
    fn columns(&mut self) -> Result<&mut Vec<GroupWriter>, Error> {
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

fn failed(error: ParquetError) -> Error {
    cannot_be_written(&error)
}
