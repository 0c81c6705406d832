//! Where the rows of a follower go, and when they are safe there.

use std::time::Duration;

use jiff::Timestamp;

use crate::command::event_rows::row_part::{RowPart, RowPiece};
use crate::command::event_rows::row_worker::RowOrigin;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};
use crate::report::Report;
use crate::sink::hec::{HecDelivery, HecEvent, HecSink};
use crate::sink::rotating_file::RotatingFile;
use crate::sink::target::Target;

/// A destination of rows.
pub(super) trait FollowOutput {
    /// Takes whole rows.
    fn rows(&mut self, part: &RowPart, stop: &Cancellation) -> Result<(), Error>;

    /// Takes a piece of a large row.
    fn piece(&mut self, part: &RowPart, piece: RowPiece, stop: &Cancellation) -> Result<(), Error>;

    /// Returns when all rows are safe, with the number of those that the destination refused and
    /// that were reported. Returns an error if rows are not safe, or if the user stops the wait.
    fn commit(&mut self, stop: &Cancellation) -> Result<u64, Error>;

    /// Does what is due without new rows. It is called every few seconds.
    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Completes the output.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// Standard output. Rows that were flushed count as safe: it cannot acknowledge more.
pub(super) struct StandardOutput {
    target: Target,
    header: Vec<u8>,
}

impl StandardOutput {
    /// Creates the output, which begins with `header`.
    pub(super) fn new(header: Vec<u8>) -> Result<StandardOutput, Error> {
        Ok(StandardOutput { target: Target::open(None)?, header })
    }

    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        self.begin()?;
        self.target.write(rows)
    }

    fn begin(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.header) {
            header if header.is_empty() => Ok(()),
            header => self.target.write(&header),
        }
    }
}

impl FollowOutput for StandardOutput {
    fn rows(&mut self, part: &RowPart, _: &Cancellation) -> Result<(), Error> {
        self.write(&part.rows)
    }

    fn piece(&mut self, part: &RowPart, _: RowPiece, _: &Cancellation) -> Result<(), Error> {
        self.write(&part.rows)
    }

    fn commit(&mut self, _: &Cancellation) -> Result<u64, Error> {
        self.target.flush().map(|()| 0)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.begin()?;
        self.target.finish()
    }
}

impl FollowOutput for RotatingFile {
    fn rows(&mut self, part: &RowPart, _: &Cancellation) -> Result<(), Error> {
        // A new file can begin at every row.
        let now = Timestamp::now();
        (0..part.count as usize).try_for_each(|at| self.write(part.row(at), now))
    }

    fn piece(&mut self, part: &RowPart, piece: RowPiece, _: &Cancellation) -> Result<(), Error> {
        match piece.is_first {
            true => self.write(&part.rows, Timestamp::now()),
            false => self.continue_row(&part.rows),
        }
    }

    fn commit(&mut self, _: &Cancellation) -> Result<u64, Error> {
        self.sync().map(|()| 0)
    }

    fn tick(&mut self) -> Result<(), Error> {
        RotatingFile::tick(self, Timestamp::now())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.close()
    }
}

/// The largest event that is sent to a collector, in bytes: far more than CloudTrail writes.
const MAX_EVENT: usize = 8 << 20;

/// Splunk's HTTP Event Collector.
pub(super) struct CollectorOutput<'a> {
    sink: HecSink<'a>,
    report: &'a Report,
    /// The pieces so far of a large row, and its origin, which comes with the first.
    large: Vec<u8>,
    large_key: Vec<u8>,
    /// Events that were not sent.
    refused: u64,
}

impl<'a> CollectorOutput<'a> {
    /// Creates an output that sends to `sink`.
    pub(super) fn new(sink: HecSink<'a>, report: &'a Report) -> CollectorOutput<'a> {
        CollectorOutput { sink, report, large: Vec::new(), large_key: Vec::new(), refused: 0 }
    }

    fn add(&mut self, row: &[u8], key: &[u8], stop: &Cancellation) -> Result<(), Error> {
        let RowOrigin { time, file } = RowOrigin::of(key);
        let event = HecEvent { time: time.parse().ok(), source: file, event: row.trim_ascii_end() };
        match self.sink.add(&event, stop) {
            Err(Error::Interrupted) => {
                self.flush_at_end()?;
                self.sink.add(&event, &Cancellation::default())
            }
            added => added,
        }
    }

    /// Waits some more for what was begun, after the user has stopped.
    fn flush_at_end(&mut self) -> Result<(), Error> {
        const MAX_WAIT: Duration = Duration::from_secs(20);
        match self.sink.flush_within(MAX_WAIT, &Cancellation::default())? {
            Some(HecDelivery { refused, .. }) => {
                self.refused += refused;
                Ok(())
            }
            None => Err(Error::Interrupted),
        }
    }
}

impl FollowOutput for CollectorOutput<'_> {
    fn rows(&mut self, part: &RowPart, stop: &Cancellation) -> Result<(), Error> {
        (0..part.count as usize).try_for_each(|at| self.add(part.row(at), part.key(at), stop))
    }

    fn piece(&mut self, part: &RowPart, piece: RowPiece, stop: &Cancellation) -> Result<(), Error> {
        if piece.is_first {
            self.large.clear();
            self.large_key = part.key(0).to_vec();
        }
        if self.large.len() <= MAX_EVENT {
            self.large.extend_from_slice(&part.rows);
        }
        if !piece.is_last {
            return Ok(());
        }
        let (row, key) = (std::mem::take(&mut self.large), std::mem::take(&mut self.large_key));
        if row.len() <= MAX_EVENT {
            return self.add(&row, &key, stop);
        }
        self.refused += 1;
        let name = RowOrigin::of(&key).file.to_string();
        let problem = Problem::Download(format!("an event is larger than {} MiB", MAX_EVENT >> 20));
        self.report.issue(&Issue { name, problem, outcome: Outcome::LeftOut(1) });
        Ok(())
    }

    fn commit(&mut self, stop: &Cancellation) -> Result<u64, Error> {
        match self.sink.flush(stop) {
            Ok(HecDelivery { refused, .. }) => self.refused += refused,
            Err(Error::Interrupted) => self.flush_at_end()?,
            Err(error) => return Err(error),
        }
        Ok(std::mem::take(&mut self.refused))
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}
