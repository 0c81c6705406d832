//! Reads terminals and pipes so that a run can be cancelled. A plain read from a silent pipe,
//! or opening a pipe without a writer, blocks and cannot be interrupted.

use std::io::{self, Read};

use crossbeam_channel::{Receiver, Sender, bounded, select};

use crate::error::cancel::Cancellation;

/// Opens and reads a file on a separate thread. The thread is abandoned if the run ends first.
pub struct CancellableReader {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    at: usize,
    stop: Cancellation,
}

impl CancellableReader {
    /// Starts a thread that calls `open` and reads the result.
    pub fn open<R: Read>(
        open: impl FnOnce() -> io::Result<R> + Send + 'static,
        stop: &Cancellation,
    ) -> CancellableReader {
        let (sender, chunks) = bounded(2);
        std::thread::spawn(move || forward(open, &sender));
        CancellableReader { chunks, chunk: Vec::new(), at: 0, stop: stop.clone() }
    }
}

/// Sends chunks until the input ends, reading fails or the receiver is dropped.
fn forward<R: Read>(open: impl FnOnce() -> io::Result<R>, chunks: &Sender<io::Result<Vec<u8>>>) {
    const CHUNK: usize = 256 * 1024;
    let mut reader = match open() {
        Ok(reader) => reader,
        Err(error) => return drop(chunks.send(Err(error))),
    };
    loop {
        let mut chunk = vec![0; CHUNK];
        let result = match reader.read(&mut chunk) {
            Ok(0) => return,
            Ok(length) => {
                chunk.truncate(length);
                Ok(chunk)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_over = result.is_err();
        if chunks.send(result).is_err() || is_over {
            return;
        }
    }
}

impl Read for CancellableReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            select! {
                recv(self.chunks) -> chunk => match chunk {
                    Ok(chunk) => (self.chunk, self.at) = (chunk?, 0),
                    Err(_) => return Ok(0),
                },
                recv(self.stop.stopped()) -> _ => return Ok(0),
            }
        }
        let length = buffer.len().min(self.chunk.len() - self.at);
        buffer[..length].copy_from_slice(&self.chunk[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
