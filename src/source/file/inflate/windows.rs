//! A window over a text that streams by. It grows only where one event is larger.

use std::ops::ControlFlow;

use super::TextVisitor;
use crate::error::Problem;

/// A window over a text.
pub(super) struct WindowReader<'t> {
    buffer: &'t mut Vec<u8>,
    /// From this length on it has to be asked for more.
    free: usize,
    largest: usize,
    length: usize,
    filled: usize,
}

/// Why a text is not shown to its end.
pub(super) enum WindowStop {
    /// The visitor had enough.
    Enough,
    /// One event needs a larger window than there can be.
    TooLarge {
        /// The largest, in MiB.
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
    /// A window in `buffer` that may have `free` bytes without being asked for.
    pub(super) fn new(buffer: &'t mut Vec<u8>, free: usize, largest: usize) -> WindowReader<'t> {
        // While one is looked at, the next can be inflated.
        const USUAL: usize = 1 << 20;
        let length = free.min(USUAL);
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        WindowReader { buffer, free, largest, length, filled: 0 }
    }

    /// Shows all that `read` gives, and gives what is wrong with that.
    pub(super) fn all(
        mut self,
        read: impl FnMut(&mut [u8]) -> Result<usize, Problem>,
        may_grow: &mut impl FnMut() -> bool,
        visitor: &mut impl TextVisitor,
    ) -> Option<Problem> {
        match self.part(read, may_grow, visitor) {
            ControlFlow::Continue(problem) => {
                let is_wanted = self.show(true, visitor).is_continue();
                problem.filter(|_| is_wanted)
            }
            ControlFlow::Break(stopped) => stopped.problem(),
        }
    }

    /// Shows what `read` gives but for what fills no window at its end.
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
            if self.length > self.free && !may_grow() {
                return ControlFlow::Break(WindowStop::Enough);
            }
            if self.length > self.buffer.len() {
                // Cleared memory that is not written to yet takes none.
                let mut larger = vec![0; self.length.max(self.smallest_returned())];
                larger[..self.filled].copy_from_slice(&self.buffer[..self.filled]);
                *self.buffer = larger;
            }
        }
    }

    /// The smallest buffer that an allocator gives back to the system at once. What is
    /// smaller it keeps for the thread, and with eight threads that is too much.
    fn smallest_returned(&self) -> usize {
        const LARGEST_KEPT: usize = 32 << 20;
        if self.length > self.free { (LARGEST_KEPT + 1).min(self.largest) } else { 0 }
    }

    /// Shows what is in the window.
    pub(super) fn show(&mut self, is_last: bool, visitor: &mut impl TextVisitor) -> ControlFlow<()> {
        let consumed = visitor.window(&self.buffer[..self.filled], is_last)?;
        let consumed = if is_last { self.filled } else { consumed };
        self.buffer.copy_within(consumed..self.filled, 0);
        self.filled -= consumed;
        ControlFlow::Continue(())
    }
}
