//! The terminal that results are displayed on.

use std::io::IsTerminal;

/// Properties of a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Width in columns; 0 if unknown.
    pub width: usize,
    /// Whether to use colours: the terminal supports them, and the user wants them.
    pub has_colors: bool,
}

impl Terminal {
    /// The terminal of standard output; `None` if it is not a terminal.
    pub fn of_stdout() -> Option<Terminal> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = terminal_size::terminal_size().map_or(0, |(width, _)| width.0.into());
        Some(Terminal { width, has_colors: !is_set("NO_COLOR") && !is_dumb })
    }

    /// Number of columns available for a line.
    pub fn columns(self) -> usize {
        /// Width assumed if it is unknown.
        const USUAL: usize = 80;
        if self.width == 0 { USUAL } else { self.width }
    }
}
