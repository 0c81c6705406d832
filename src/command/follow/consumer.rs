//! Passes rows on to the output, and notes which files could not be read whole.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use rayon::ThreadPool;

use super::output::FollowOutput;
use super::recent_ids::RecentIds;
use crate::command::event_rows::event_identity::EventIdentity;
use crate::command::event_rows::row_part::RowPart;
use crate::command::event_rows::row_worker::RowWorker;
use crate::engine::consumer::Consumer;
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue};
use crate::report::Coverage;

/// Writes the rows of one run of the engine after another.
pub(super) struct FollowMerge<'a> {
    pub(super) output: Box<dyn FollowOutput + 'a>,
    /// Ends waits for the output.
    stop: &'a Cancellation,
    /// `None` keeps duplicates.
    recent: Option<RecentIds>,
    /// Whether the last event is a duplicate, so that all its rows are left out.
    is_duplicate: bool,
    /// The names of the files with a problem since the last call of [`FollowMerge::take_damaged`].
    damaged: BTreeSet<String>,
}

impl<'a> FollowMerge<'a> {
    /// Creates a merge that writes to `output`, without duplicates if `dedupe` is true.
    pub(super) fn new(output: Box<dyn FollowOutput + 'a>, dedupe: bool, stop: &'a Cancellation) -> FollowMerge<'a> {
        FollowMerge {
            output,
            stop,
            recent: dedupe.then(RecentIds::default),
            is_duplicate: false,
            damaged: BTreeSet::new(),
        }
    }

    /// Returns the names of the files with a problem, and forgets them.
    pub(super) fn take_damaged(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.damaged)
    }

    /// Returns whether the row of an event is wanted. Events without an id are never duplicates.
    fn keeps(&mut self, id: EventIdentity, coverage: &mut Coverage) -> bool {
        let Some(recent) = &mut self.recent else { return true };
        if id != EventIdentity::SameEvent {
            self.is_duplicate = matches!(id, EventIdentity::Id(id) if !recent.insert(id));
            coverage.duplicates += u64::from(self.is_duplicate);
        }
        !self.is_duplicate
    }
}

impl Consumer for FollowMerge<'_> {
    type Part = RowPart;
    type Worker = RowWorker;

    fn merge(&mut self, part: &mut RowPart, coverage: &mut Coverage, _: &ThreadPool) -> Result<ControlFlow<()>, Error> {
        let Some(piece) = part.piece else {
            if self.recent.is_some() {
                part.retain(|id| Ok::<_, Error>(self.keeps(id, coverage)))?;
            }
            coverage.rows += part.count;
            coverage.cut_values += part.cut_cells();
            if part.count > 0 {
                self.output.rows(part, self.stop)?;
            }
            return Ok(ControlFlow::Continue(()));
        };
        let id = match piece.is_first {
            true => part.ids.first().copied().unwrap_or(EventIdentity::WithoutId),
            false => EventIdentity::SameEvent,
        };
        if self.keeps(id, coverage) {
            coverage.rows += u64::from(piece.is_last);
            coverage.cut_values += part.cut_cells();
            self.output.piece(part, piece, self.stop)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn issue(&mut self, issue: &Issue) {
        self.damaged.insert(issue.name.clone());
    }
}
