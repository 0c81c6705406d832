//! Values that wait on disk with their counts: sorted runs in one temporary
//! file, which are merged when they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;
use crate::spill::scratch::Scratch;

/// Runs are merged into one when there are more, so that reading them needs
/// little memory.
const MOST_RUNS: usize = 256;
/// How much of each run is read at once.
const BUFFER: usize = 8 << 10;

/// A place for counted values.
#[derive(Debug, Default)]
pub(super) struct CountSpill {
    runs: Mutex<CountRuns>,
}

#[derive(Debug, Default)]
struct CountRuns {
    /// Where each is in the file.
    places: Vec<Range<u64>>,
    file: Option<Scratch>,
}

impl CountSpill {
    fn runs(&self) -> MutexGuard<'_, CountRuns> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing was ever written.
    pub(super) fn is_empty(&self) -> bool {
        self.runs().places.is_empty()
    }

    /// Writes values, which come in their order.
    pub(super) fn write<'a>(&self, values: impl Iterator<Item = (&'a [u8], &'a ValueStats)>) -> Result<(), Error> {
        let mut runs = self.runs();
        let mut run = runs.begin()?;
        for (value, trend) in values {
            run.push(value, trend)?;
        }
        let place = run.end()?;
        runs.places.push(place);
        if runs.places.len() > MOST_RUNS { runs.compact() } else { Ok(()) }
    }

    /// Calls `each` for each value, once and in their order, with all of its
    /// counts.
    pub(super) fn read(&self, each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>) -> Result<(), Error> {
        self.runs().merge(each)
    }
}

impl CountRuns {
    /// A new run at the end of the file.
    fn begin(&mut self) -> Result<CountRun<'_>, Error> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(Scratch::new()?),
        };
        Ok(CountRun { start: file.end(), file, bytes: Vec::new() })
    }

    /// Makes one run of all.
    fn compact(&mut self) -> Result<(), Error> {
        let mut fresh = CountRuns::default();
        let mut run = fresh.begin()?;
        self.merge(|value, trend| run.push(value, trend))?;
        let place = run.end()?;
        fresh.places.push(place);
        *self = fresh;
        Ok(())
    }

    fn merge(&mut self, mut each: impl FnMut(&[u8], &ValueStats) -> Result<(), Error>) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut readers: Vec<CountReader> = self.places.iter().cloned().map(CountReader::new).collect();
        let mut heap = BinaryHeap::new();
        for (at, reader) in readers.iter_mut().enumerate() {
            if let Some((value, trend)) = reader.next(file)? {
                heap.push(Reverse(CountHead { value, at, trend }));
            }
        }
        let mut current: Option<(Vec<u8>, ValueStats)> = None;
        while let Some(Reverse(CountHead { value, at, trend })) = heap.pop() {
            if let Some((value, trend)) = readers[at].next(file)? {
                heap.push(Reverse(CountHead { value, at, trend }));
            }
            match &mut current {
                Some((same, sum)) if *same == value => sum.merge(&trend),
                _ => {
                    if let Some((value, trend)) = current.replace((value, trend)) {
                        each(&value, &trend)?;
                    }
                }
            }
        }
        current.map_or(Ok(()), |(value, trend)| each(&value, &trend))
    }
}

/// A run that is being written.
struct CountRun<'a> {
    file: &'a mut Scratch,
    start: u64,
    bytes: Vec<u8>,
}

impl CountRun<'_> {
    fn push(&mut self, value: &[u8], trend: &ValueStats) -> Result<(), Error> {
        self.bytes.clear();
        self.bytes.extend((value.len() as u32).to_le_bytes());
        trend.write(&mut self.bytes);
        self.bytes.extend_from_slice(value);
        self.file.append(&self.bytes)
    }

    fn end(self) -> Result<Range<u64>, Error> {
        self.file.seal()?;
        Ok(self.start..self.file.end())
    }
}

/// A run that is being read.
struct CountReader {
    /// What is not read yet.
    place: Range<u64>,
    buffer: Vec<u8>,
    at: usize,
}

impl CountReader {
    fn new(place: Range<u64>) -> CountReader {
        CountReader { place, buffer: Vec::new(), at: 0 }
    }

    fn next(&mut self, file: &mut Scratch) -> Result<Option<(Vec<u8>, ValueStats)>, Error> {
        if self.at == self.buffer.len() && self.place.is_empty() {
            return Ok(None);
        }
        let Some((length, trend)) = self.take(4 + ValueStats::LENGTH, file)?.split_first_chunk() else {
            return Ok(None);
        };
        let (length, trend) =
            (u32::from_le_bytes(*length), trend.first_chunk().map(ValueStats::read).unwrap_or_default());
        Ok(Some((self.take(length as usize, file)?.to_vec(), trend)))
    }

    /// The next so many bytes.
    fn take(&mut self, length: usize, file: &mut Scratch) -> Result<&[u8], Error> {
        self.fill(length, file)?;
        let start = self.at;
        self.at += length;
        Ok(&self.buffer[start..self.at])
    }

    /// Makes sure that so many bytes are in the buffer.
    fn fill(&mut self, length: usize, file: &mut Scratch) -> Result<(), Error> {
        if self.buffer.len() - self.at >= length {
            return Ok(());
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let have = self.buffer.len();
        let rest = self.place.end.saturating_sub(self.place.start) as usize;
        let more = (length.max(BUFFER) - have).min(rest).max(length - have);
        self.buffer.resize(have + more, 0);
        file.read(self.place.start, &mut self.buffer[have..])?;
        self.place.start += more as u64;
        Ok(())
    }
}

/// The next value of a run.
struct CountHead {
    value: Vec<u8>,
    at: usize,
    trend: ValueStats,
}

impl Ord for CountHead {
    fn cmp(&self, other: &CountHead) -> std::cmp::Ordering {
        (&self.value, self.at).cmp(&(&other.value, other.at))
    }
}

impl PartialOrd for CountHead {
    fn partial_cmp(&self, other: &CountHead) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for CountHead {
    fn eq(&self, other: &CountHead) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for CountHead {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_runs_become_one_again_and_again() {
        let spill = CountSpill::default();
        let mut trend = ValueStats::default();
        trend.add(None);
        for run in 0..3 * MOST_RUNS {
            let mut values = [format!("value {}", run % 7), format!("{run}").repeat(BUFFER)];
            values.sort();
            spill.write(values.iter().map(|value| (value.as_bytes(), &trend))).unwrap();
            assert!(spill.runs().places.len() <= MOST_RUNS);
        }
        let (mut distinct, mut events, mut last) = (0, 0, Vec::new());
        spill
            .read(|value, trend| {
                assert!(last.as_slice() < value);
                last = value.to_vec();
                distinct += 1;
                events += trend.count;
                Ok(())
            })
            .unwrap();
        assert_eq!((distinct, events), (3 * MOST_RUNS + 7, 6 * MOST_RUNS as u64));
    }
}
