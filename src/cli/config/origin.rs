//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// The place of a value that nobody typed.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A variable of the environment.
    Variable(String),
    /// A line of a file, from 1.
    Line(PathBuf, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Variable(name) => write!(f, "{name}"),
            Origin::Line(path, line) => write!(f, "{}, line {line}", path.display()),
        }
    }
}
