//! Encodes and compresses the columns of a row group, on several threads.

use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use parquet::errors::ParquetError;
use rayon::ThreadPool;
use rayon::prelude::*;

use super::batch::GroupBatch;
use super::column_chunk::WrittenColumn;
use super::compressor::PageCompressor;
use super::file::cannot_be_written;
use super::group::{GroupWriter, RowSource};
use super::leaf::LeafWriter;
use crate::error::Error;

/// The threads that encode columns; `None` stands for the thread that writes.
#[derive(Clone, Debug)]
pub(super) struct EncoderThreads(Option<Arc<ThreadPool>>);

/// The columns of a row group that is being written.
pub(super) struct ColumnEncoder {
    state: EncoderState,
    threads: EncoderThreads,
    /// The compressor of the writing thread.
    compressor: PageCompressor,
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
    pub(super) fn new(groups: Vec<GroupWriter>, threads: EncoderThreads) -> ColumnEncoder {
        ColumnEncoder { state: EncoderState::Waiting(groups), threads, compressor: PageCompressor::default(), rows: 0 }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The memory that the columns take, in bytes.
    pub(super) fn memory(&mut self) -> Result<usize, Error> {
        Ok(self.groups()?.iter().map(GroupWriter::memory).sum())
    }

    /// Adds `rows` rows. Other threads encode them while this one goes on.
    pub(super) fn write(&mut self, batch: Vec<GroupBatch>, rows: usize) -> Result<(), Error> {
        let mut groups = std::mem::take(self.groups()?);
        self.rows += rows;
        let Some(pool) = &self.threads.0 else {
            let mut both = groups.iter_mut().zip(&batch);
            both.try_for_each(|(group, batch)| group.split(batch, &mut self.compressor)).map_err(failed)?;
            drop(batch);
            for (leaf, rows) in groups.iter_mut().flat_map(leaves_with_rows) {
                leaf.write(rows, &mut self.compressor).map_err(failed)?;
            }
            self.state = EncoderState::Waiting(groups);
            return Ok(());
        };
        let (sender, receiver) = bounded(1);
        pool.spawn(move || {
            let written = write_in_parallel(&mut groups, batch);
            // The writer waits for it, unless it ended with an error.
            let _ = sender.send(written.map(|()| groups));
        });
        self.state = EncoderState::Busy(receiver);
        Ok(())
    }

    /// Completes the columns, and returns them in the order of the file.
    pub(super) fn finish(mut self) -> Result<Vec<WrittenColumn>, Error> {
        let groups = std::mem::take(self.groups()?);
        let leaves: Vec<LeafWriter> = groups.into_iter().flat_map(GroupWriter::into_leaves).collect();
        let written: Result<Vec<WrittenColumn>, ParquetError> = match &self.threads.0 {
            None => leaves.into_iter().map(|leaf| leaf.finish(&mut self.compressor)).collect(),
            Some(pool) => pool.install(|| {
                let leaves = leaves.into_par_iter();
                leaves.map_init(PageCompressor::default, |compressor, leaf| leaf.finish(compressor)).collect()
            }),
        };
        let mut written = written.map_err(failed)?;
        written.sort_by_key(|column| column.number);
        Ok(written)
    }

    /// Waits until the previous batch is encoded, and returns the columns.
    fn groups(&mut self) -> Result<&mut Vec<GroupWriter>, Error> {
        if let EncoderState::Busy(receiver) = &self.state {
            let groups = receiver.recv().map_err(|_| cannot_be_written(&"the encoder panicked"))?;
            self.state = EncoderState::Waiting(groups.map_err(failed)?);
        }
        match &mut self.state {
            EncoderState::Waiting(groups) => Ok(groups),
            EncoderState::Busy(_) => Err(cannot_be_written(&"the encoder is busy")),
        }
    }
}

/// Writes a batch on the threads of a pool: first splits the groups, and then writes their leaves.
fn write_in_parallel(groups: &mut [GroupWriter], batch: Vec<GroupBatch>) -> Result<(), ParquetError> {
    let both = groups.par_iter_mut().zip(&batch);
    both.try_for_each_init(PageCompressor::default, |compressor, (group, batch)| group.split(batch, compressor))?;
    drop(batch);
    let leaves: Vec<_> = groups.iter_mut().flat_map(leaves_with_rows).collect();
    leaves
        .into_par_iter()
        .try_for_each_init(PageCompressor::default, |compressor, (leaf, rows)| leaf.write(rows, compressor))
}

/// The leaves of a group, each with the rows that it has to write.
fn leaves_with_rows(group: &mut GroupWriter) -> impl Iterator<Item = (&mut LeafWriter, &[RowSource])> {
    let (leaves, rows) = group.leaves();
    leaves.iter_mut().map(move |leaf| (leaf, rows))
}

fn failed(error: ParquetError) -> Error {
    cannot_be_written(&error)
}
