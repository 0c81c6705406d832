//! The terminal that people read results on.

use std::io::IsTerminal;

/// What a terminal is like.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Its columns; 0 if they are not known.
    pub width: usize,
    /// Whether it shows colours, and the user wants them.
    pub has_colors: bool,
}

impl Terminal {
    /// The one that standard output is.
    pub fn of_stdout() -> Option<Terminal> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = terminal_size::terminal_size().map_or(0, |(width, _)| width.0.into());
        Some(Terminal { width, has_colors: !is_set("NO_COLOR") && !is_dumb })
    }

    /// How many columns a line can have.
    pub fn columns(self) -> usize {
        /// Of a terminal whose width is not known.
        const USUAL: usize = 80;
        if self.width == 0 { USUAL } else { self.width }
    }
}
