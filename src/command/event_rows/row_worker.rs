//! Writes events as rows on one thread.

use std::ops::ControlFlow;

use super::event_identity::EventIdentity;
use super::row_part::{RowPart, RowPiece};
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::VerdictReader;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::engine::consumer::{EventWorker, JqDecision, MatchedEvent, Part};
use crate::engine::part_writer::PartWriter;
use crate::error::Error;
use crate::filter::jq::JqOutput;
use crate::spill::dedupe::IdReader;
use crate::spill::sort::SortOrder;
use crate::table::{ByteSink, Table};

/// Writes events as rows, with what the merge needs to select and sort them.
#[derive(Clone)]
pub(in crate::command) struct RowWorker {
    pub(in crate::command) table: Table,
    /// Writes a key beside each row, if the merge needs one.
    pub(in crate::command) key: Option<RowKey>,
    /// Reads event ids, if duplicates are removed.
    pub(in crate::command) ids: Option<IdReader>,
}

/// What the merge needs to know of a row besides its text.
#[derive(Clone)]
pub(in crate::command) enum RowKey {
    /// Its place in an order.
    Order(SortOrder),
    /// Its time and its file.
    Origin(OriginReader),
}

/// Reads the origin of events.
#[derive(Clone)]
pub(in crate::command) struct OriginReader {
    time: FieldId,
}

/// The time and the file of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::command) struct RowOrigin<'a> {
    /// The time as delivered; empty if there is none.
    pub(in crate::command) time: &'a str,
    /// The name of the file.
    pub(in crate::command) file: &'a str,
}

impl RowKey {
    /// The readers of actors in the order.
    pub(in crate::command) fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        let order = match self {
            RowKey::Order(order) => Some(order),
            RowKey::Origin(_) => None,
        };
        order.into_iter().flat_map(SortOrder::actor_readers)
    }

    /// The readers of verdicts in the order.
    pub(in crate::command) fn verdict_readers(&mut self) -> impl Iterator<Item = &mut VerdictReader> {
        let order = match self {
            RowKey::Order(order) => Some(order),
            RowKey::Origin(_) => None,
        };
        order.into_iter().flat_map(SortOrder::verdict_readers)
    }

    fn write(&mut self, event: &Event<'_>, file: &str, key: &mut Vec<u8>) {
        match self {
            RowKey::Order(order) => order.write(event, file, key),
            RowKey::Origin(origin) => origin.write(event, file, key),
        }
    }
}

impl OriginReader {
    /// Requests the `eventTime` field.
    pub(in crate::command) fn new(fields: &mut FieldSet) -> Result<OriginReader, Error> {
        Ok(OriginReader { time: fields.add("eventTime")? })
    }

    fn write(&self, event: &Event<'_>, file: &str, key: &mut Vec<u8>) {
        if let Some(time) = event.get(self.time).and_then(|value| value.scalar()) {
            key.extend(time.bytes().filter(|byte| *byte != 0));
        }
        key.push(0);
        key.extend_from_slice(file.as_bytes());
    }
}

impl<'a> RowOrigin<'a> {
    /// Reads what an [`OriginReader`] wrote.
    pub(in crate::command) fn of(key: &'a [u8]) -> RowOrigin<'a> {
        let (time, file) = std::str::from_utf8(key).ok().and_then(|key| key.split_once('\0')).unwrap_or_default();
        RowOrigin { time, file }
    }
}

impl EventWorker for RowWorker {
    type Part = RowPart;

    #[inline(always)]
    fn event(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, RowPart>) -> ControlFlow<()> {
        let MatchedEvent { event, file, .. } = *matched;
        if self.table.is_large(event) {
            return self.large_row(matched, out);
        }
        let part = out.part();
        let cut = self.table.row(event, file, &mut part.rows);
        part.ends.push(part.rows.len());
        self.mark(matched, part);
        count(cut, out)
    }

    fn jq_output(
        &mut self,
        matched: &MatchedEvent<'_>,
        output: &JqOutput<'_>,
        out: &mut PartWriter<'_, RowPart>,
    ) -> JqDecision {
        let part = out.part();
        self.table.shaped(output, &mut part.rows);
        part.ends.push(part.rows.len());
        self.mark(matched, part);
        JqDecision::Added(count(0, out))
    }
}

impl RowWorker {
    /// Adds the id and the sort key by which the merge selects the row.
    fn mark(&mut self, matched: &MatchedEvent<'_>, part: &mut RowPart) {
        let MatchedEvent { event, file, is_first } = *matched;
        part.ids.extend(EventIdentity::of(self.ids.as_ref(), event, is_first));
        if let Some(key) = &mut self.key {
            key.write(event, file, &mut part.keys);
            part.key_ends.push(part.keys.len());
        }
    }

    /// Writes a row that may be larger than a part.
    #[cold]
    fn large_row(&mut self, matched: &MatchedEvent<'_>, out: &mut PartWriter<'_, RowPart>) -> ControlFlow<()> {
        let before = out.part().checkpoint();
        self.mark(matched, out.part());
        let table = &mut self.table;
        let cut = in_pieces(out, before, |emit| table.row_in_pieces(matched.event, matched.file, emit))?;
        count(cut, out)
    }
}

/// Counts a row in which `cut` cells were truncated.
#[inline]
fn count(cut: u64, out: &mut PartWriter<'_, RowPart>) -> ControlFlow<()> {
    let part = out.part();
    if cut > 0 {
        part.cut.push((part.count, cut));
    }
    part.count += 1;
    out.added(1)
}

/// Writes a row that may be larger than a part; `write` emits it in pieces. A larger
/// row gets its own parts, of which the caller sends the last. Breaks if the merge has
/// ended.
fn in_pieces<T>(
    out: &mut PartWriter<'_, RowPart>,
    before: <RowPart as Part>::Checkpoint,
    write: impl FnOnce(&mut ByteSink<'_>) -> ControlFlow<(), T>,
) -> ControlFlow<(), T> {
    let (mut start, mut is_first) = (out.part().rows.len(), true);
    let mut is_large = false;
    let written = write(&mut |piece| {
        if out.part().rows.len() - start + piece.len() > out.full_size() {
            if !std::mem::replace(&mut is_large, true) && RowPart::count_at(&before) > 0 {
                // Send the rows before this one first.
                let begun = out.part().split_off(before);
                out.send()?;
                *out.part() = begun;
            } else if !out.part().rows.is_empty() {
                out.part().piece = Some(RowPiece { is_first, is_last: false });
                is_first = false;
                out.send()?;
            }
            start = 0;
        }
        out.part().rows.extend_from_slice(piece);
        ControlFlow::Continue(())
    })?;
    let part = out.part();
    if is_large {
        part.piece = Some(RowPiece { is_first, is_last: true });
    } else {
        part.ends.push(part.rows.len());
    }
    ControlFlow::Continue(written)
}
