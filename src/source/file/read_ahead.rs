//! Inflates a stream on a separate thread, ahead of the thread that decodes it, so that a
//! single large file uses two cores.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

/// Number of buffers that the two threads exchange.
const BUFFERS: usize = 4;
const SIZE: usize = 256 << 10;

/// Limits how many streams are inflated ahead at once. If many files are read in parallel, no
/// core is idle and the memory is better used elsewhere.
#[derive(Debug, Default)]
pub struct ReadAheadPermits(AtomicUsize);

/// Permission to inflate one stream ahead, until it is dropped.
pub(super) struct ReadAheadPermit<'a>(&'a ReadAheadPermits);

impl ReadAheadPermits {
    /// Creates `count` permits.
    pub fn new(count: usize) -> ReadAheadPermits {
        ReadAheadPermits(AtomicUsize::new(count))
    }

    /// Takes a permit; `None` if all are in use.
    pub(super) fn take(&self) -> Option<ReadAheadPermit<'_>> {
        self.0.fetch_update(Relaxed, Relaxed, |free| free.checked_sub(1)).ok().map(|_| ReadAheadPermit(self))
    }
}

impl Drop for ReadAheadPermit<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Relaxed);
    }
}

/// Runs `work` with a function that fills the given buffer and returns the number of bytes, or
/// 0 at the end. The bytes come from `fill`, which runs on another thread and has the same
/// contract.
pub(super) fn ahead<T>(
    mut fill: impl FnMut(&mut [u8]) -> usize + Send,
    work: impl FnOnce(&mut dyn FnMut(&mut [u8]) -> usize) -> T,
) -> T {
    let (full, filled) = bounded::<(Vec<u8>, usize)>(BUFFERS);
    let (recycled, empty) = bounded::<Vec<u8>>(BUFFERS);
    for _ in 0..BUFFERS {
        let _ = recycled.send(vec![0; SIZE]);
    }
    thread::scope(|scope| {
        scope.spawn(move || {
            // `recv` fails once the reader is dropped, and then no more text is needed.
            while let Ok(mut buffer) = empty.recv() {
                let mut length = 0;
                let is_end = loop {
                    match fill(&mut buffer[length..]) {
                        0 => break true,
                        more => length += more,
                    }
                    if length == buffer.len() {
                        break false;
                    }
                };
                if full.send((buffer, length)).is_err() || is_end {
                    return;
                }
            }
        });
        let mut reader = ReadAheadReader { filled, recycled, buffer: Vec::new(), at: 0, length: 0 };
        work(&mut |output| reader.read(output))
    })
}

/// The reader's end, with the buffer that it is consuming.
struct ReadAheadReader {
    filled: Receiver<(Vec<u8>, usize)>,
    recycled: Sender<Vec<u8>>,
    buffer: Vec<u8>,
    at: usize,
    length: usize,
}

impl ReadAheadReader {
    fn read(&mut self, output: &mut [u8]) -> usize {
        if self.at == self.length {
            // The channel closes at the end of the stream.
            let Ok((buffer, length)) = self.filled.recv() else { return 0 };
            let recycled = std::mem::replace(&mut self.buffer, buffer);
            if !recycled.is_empty() {
                let _ = self.recycled.send(recycled);
            }
            (self.at, self.length) = (0, length);
        }
        let length = output.len().min(self.length - self.at);
        output[..length].copy_from_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_arrives_in_order_and_an_early_stop_does_not_block() {
        let text: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
        for wanted in [0, 1, 700_000, text.len()] {
            let mut rest = &text[..];
            let fill = |buffer: &mut [u8]| {
                let length = rest.len().min(buffer.len()).min(100_000);
                buffer[..length].copy_from_slice(&rest[..length]);
                rest = &rest[length..];
                length
            };
            let got = ahead(fill, |read| {
                let (mut got, mut buffer) = (Vec::new(), [0; 30_000]);
                while got.len() < wanted {
                    let length = read(&mut buffer);
                    got.extend_from_slice(&buffer[..length]);
                }
                if wanted == text.len() {
                    assert_eq!((read(&mut buffer), read(&mut buffer)), (0, 0));
                }
                got
            });
            assert!(text.starts_with(&got) && got.len() >= wanted, "{wanted}");
        }
    }
}
