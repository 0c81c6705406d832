//! The request for a run: which events to read, and how.

use std::path::PathBuf;

use crate::filter::spec::FilterSpec;
use crate::report::Verbosity;
use crate::source::spec::Input;

/// The request for a run: which events to read, and how.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The sources of events, in the order of their rows.
    pub inputs: Vec<Input>,
    /// The events to select.
    pub filter: FilterSpec,
    /// The files that the command writes, which are not read.
    pub outputs: Vec<PathBuf>,
    /// Number of threads that read.
    pub threads: usize,
    /// How much to report on stderr.
    pub verbosity: Verbosity,
}
