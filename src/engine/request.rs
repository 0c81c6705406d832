//! What a run reads, selects and writes.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::filter::spec::FilterSpec;
use crate::report::Verbosity;
use crate::source::spec::Input;
use crate::spill::sort::SortColumn;
use crate::table::layout::TableLayout;

/// What a run reads, selects and writes.
#[derive(Clone, Debug)]
pub struct EventRequest {
    /// Where events come from, in the order in which their rows come.
    pub inputs: Vec<Input>,
    /// Which events are wanted.
    pub filter: FilterSpec,
    /// How they are written.
    pub table: TableLayout,
    /// Where to.
    pub output: Option<PathBuf>,
    /// Another file that the run writes.
    pub second_output: Option<PathBuf>,
    /// What they are sorted by, unless it is the usual order.
    pub sort: Vec<SortColumn>,
    /// Leave out events whose id came before.
    pub dedupe: bool,
    /// Write only their number.
    pub count: bool,
    /// Stop after so many rows.
    pub limit: Option<u64>,
    /// How many threads decode.
    pub threads: usize,
    /// How much is said on stderr.
    pub verbosity: Verbosity,
    /// When this was asked for.
    pub now: Timestamp,
    /// What was typed.
    pub command: String,
}
