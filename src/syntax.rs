//! Small languages that people type or read: patterns, times, numbers, shell
//! words, and text that a terminal can show.

pub mod decimal;
pub mod glob;
pub mod shell;
pub mod suggest;
pub mod visible;
pub mod window;
