//! The origin of a setting, for messages.

use std::fmt;
use std::path::PathBuf;

/// The origin of a value that was set and not typed.
#[derive(Clone, Debug)]
pub enum SettingOrigin {
    /// A variable of the environment.
    Variable(String),
    /// A line of a file, from 1.
    Line(PathBuf, usize),
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingOrigin::Variable(name) => write!(f, "{name}"),
            SettingOrigin::Line(path, line) => write!(f, "{}, line {line}", path.display()),
        }
    }
}
