//! A window over a stream of text. It grows only if one event does not fit.

use std::io::Read;
use std::ops::ControlFlow;

use super::TextVisitor;
use super::start::read_some;
use crate::error::Problem;

/// A window over a stream of text.
pub(super) struct WindowReader<'t> {
    buffer: &'t mut Vec<u8>,
    /// Length in bytes above which growing requires permission.
    free: usize,
    largest: usize,
    length: usize,
    filled: usize,
}

/// Why the text was not read to its end.
pub(super) enum WindowStop {
    /// The visitor stopped.
    Enough,
    /// One event does not fit into the largest window.
    TooLarge {
        /// Size of the largest window, in MiB.
        largest: usize,
    },
}

impl WindowStop {
    pub(super) fn problem(self) -> Option<Problem> {
        match self {
            WindowStop::Enough => None,
            WindowStop::TooLarge { largest } => Some(Problem::TooLarge(largest)),
        }
    }
}

impl<'t> WindowReader<'t> {
    /// Creates a window in `buffer` that may grow to `free` bytes without permission.
    pub(super) fn new(buffer: &'t mut Vec<u8>, free: usize, largest: usize) -> WindowReader<'t> {
        // Windows are smaller than the limit, so that one can be inflated while the visitor
        // reads another.
        const USUAL: usize = 1 << 20;
        let length = free.min(USUAL);
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        WindowReader { buffer, free, largest, length, filled: 0 }
    }

    /// Passes everything that is read to the visitor, and returns the problem that ended it, if
    /// any.
    pub(super) fn all(
        mut self,
        mut reader: impl Read,
        may_grow: &mut impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> Option<Problem> {
        let read = |buffer: &mut [u8]| read_some(&mut reader, buffer).map_err(Problem::from_reading);
        match self.part(read, may_grow, visitor) {
            ControlFlow::Continue(problem) => {
                let is_wanted = self.show(true, visitor).is_continue();
                problem.filter(|_| is_wanted)
            }
            ControlFlow::Break(stopped) => stopped.problem(),
        }
    }

    /// Passes what `read` returns to the visitor, except for the last bytes, which do not fill
    /// a window.
    pub(super) fn part(
        &mut self,
        mut read: impl FnMut(&mut [u8]) -> Result<usize, Problem>,
        may_grow: &mut impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> ControlFlow<WindowStop, Option<Problem>> {
        loop {
            while self.filled < self.length {
                match read(&mut self.buffer[self.filled..self.length]) {
                    Ok(0) => return ControlFlow::Continue(None),
                    Ok(length) => self.filled += length,
                    Err(problem) => return ControlFlow::Continue(Some(problem)),
                }
            }
            if self.show(false, visitor).is_break() {
                return ControlFlow::Break(WindowStop::Enough);
            }
            if self.filled < self.length {
                continue;
            }
            if self.filled >= self.largest {
                return ControlFlow::Break(WindowStop::TooLarge { largest: self.largest >> 20 });
            }
            self.length = (self.filled * 2).min(self.largest);
            // A refusal means that the run was cancelled while it waited.
            if self.length > self.free && !may_grow() {
                return ControlFlow::Break(WindowStop::Enough);
            }
            if self.length > self.buffer.len() {
                // Zeroed memory from the system occupies no physical memory until it is
                // written.
                let mut larger = vec![0; self.length.max(self.smallest_returned())];
                larger[..self.filled].copy_from_slice(&self.buffer[..self.filled]);
                *self.buffer = larger;
            }
        }
    }

    /// Smallest buffer that the allocator returns to the system as soon as it is freed. Smaller
    /// ones stay with the thread, which adds up to too much memory over eight threads.
    fn smallest_returned(&self) -> usize {
        const MAX_KEPT: usize = 32 << 20;
        if self.length > self.free { (MAX_KEPT + 1).min(self.largest) } else { 0 }
    }

    /// Passes the content of the window to the visitor.
    pub(super) fn show(&mut self, is_last: bool, visitor: &mut impl TextVisitor) -> ControlFlow<()> {
        let consumed = visitor.window(&self.buffer[..self.filled], is_last)?;
        let consumed = if is_last { self.filled } else { consumed };
        self.buffer.copy_within(consumed..self.filled, 0);
        self.filled -= consumed;
        ControlFlow::Continue(())
    }
}
