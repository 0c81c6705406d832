//! The request for a run: what to read, select and write.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::filter::spec::FilterSpec;
use crate::report::Verbosity;
use crate::source::spec::Input;
use crate::spill::sort::SortColumn;
use crate::table::layout::TableLayout;

/// The request for a run: what to read, select and write.
#[derive(Clone, Debug)]
pub struct EventRequest {
    /// The sources of events, in the order of their rows.
    pub inputs: Vec<Input>,
    /// The events to select.
    pub filter: FilterSpec,
    /// The layout of the output.
    pub table: TableLayout,
    /// The output file; `None` for standard output.
    pub output: Option<PathBuf>,
    /// Another file that the run writes.
    pub second_output: Option<PathBuf>,
    /// The columns to sort by; empty keeps the order of the inputs.
    pub sort: Vec<SortColumn>,
    /// Whether to omit events whose id was seen before.
    pub dedupe: bool,
    /// Whether to write only the number of events.
    pub count: bool,
    /// Stop after this many rows.
    pub limit: Option<u64>,
    /// Number of decoding threads.
    pub threads: usize,
    /// How much to report on stderr.
    pub verbosity: Verbosity,
    /// The time of the request.
    pub now: Timestamp,
    /// The command line as typed.
    pub command: String,
}
