//! Joins the rows of parts into what one run over all their files would have written.

use std::ops::ControlFlow;

use crossbeam_channel::bounded;

use super::is_for_excel;
use super::partial::{CUT, IDS, PartForm, ROWS};
use super::row_merge::RowMerge;
use super::row_record::RowRecord;
use crate::command::event_rows::event_identity::{DuplicateFilter, EventIdentity};
use crate::command::event_rows::row_part::RowPart;
use crate::command::merge::{CheckedPart, MergeRun, PartSet};
use crate::engine::consumer::Part;
use crate::error::Error;
use crate::report::{Coverage, Terminal};
use crate::sink::part_file::PartFileReader;
use crate::sink::{self, Provenance};
use crate::spill::dedupe::IdHash;
use crate::table::layout::Format;

/// Joins parts of rows, or of their number.
pub(in crate::command) fn join_parts(run: &MergeRun<'_>) -> Result<Coverage, Error> {
    let form = PartForm::from_json(&run.parts.header.details)?;
    let (layout, columns) = form.layout(run.context.terminal.map(Terminal::columns).or(run.context.columns))?;
    form.check_output(run)?;
    let command = run.context.command_line();
    let provenance = Provenance { now: run.context.now, command: &command, window: run.window() };
    let mut sink = sink::open(run.output, &layout, columns, &provenance, run.context.cores)?;
    if form.count {
        let coverage = count(run, &form)?;
        run.report.clear();
        sink.write(format!("{}\n", coverage.rows).as_bytes())?;
        sink.finish(&coverage, run.stop)?;
        return Ok(coverage);
    }
    let rows = RowMerge::new(form.selection, is_for_excel(&layout), form.header.clone(), sink);
    RowJoin { run, form: &form, rows, coverage: Coverage::default(), matched: 0 }.join()
}

impl PartForm {
    /// Returns a usage error if the output has the ending of another format, unless the format
    /// was named when the parts were made.
    fn check_output(&self, run: &MergeRun<'_>) -> Result<(), Error> {
        let Some(output) = run.output else { return Ok(()) };
        let meant = output.extension().and_then(|ending| Format::from_extension(ending.to_str()?));
        match meant.filter(|meant| *meant != self.format && !run.parts.header.options.contains_key("format")) {
            None => Ok(()),
            Some(meant) => {
                let text =
                    format!("the parts have rows as {}; make them with --format {}", self.format.name(), meant.name());
                Err(Error::option("--output", &output.to_string_lossy(), text))
            }
        }
    }
}

/// Adds up the events of all parts.
fn count(run: &MergeRun<'_>, form: &PartForm) -> Result<Coverage, Error> {
    let mut coverage = Coverage::default();
    let mut duplicates = DuplicateFilter::new(form.selection.dedupe);
    let limit = form.selection.limit;
    for checked in &run.parts.parts {
        if limit.is_some_and(|limit| coverage.rows >= limit) {
            break;
        }
        let mut part = PartFileReader::open(&checked.path)?;
        let mut more = checked.coverage.clone();
        if form.selection.dedupe {
            part.seek_section(IDS)?;
            while let Some(id) = id(&mut part)? {
                let is_new = duplicates.keeps(EventIdentity::Id(id), &mut coverage)?;
                more.rows -= u64::from(!is_new && more.rows > 0);
            }
        }
        more.is_cut = false;
        coverage.add_run(more);
        PartSet::report_files(&mut part, run.report, |_| ())?;
        if run.stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
    }
    if let Some(limit) = limit.filter(|limit| *limit > 0 && coverage.rows >= *limit) {
        coverage.rows = limit;
        coverage.is_cut = true;
    }
    Ok(coverage)
}

/// Reads the next id of a section of ids.
fn id(part: &mut PartFileReader) -> Result<Option<IdHash>, Error> {
    let id = part.next_record()?.map(IdHash::try_from);
    id.transpose().map_err(|_| part.failed("has an id that is not valid".into()))
}

/// Rows that are being joined.
struct RowJoin<'a> {
    run: &'a MergeRun<'a>,
    form: &'a PartForm,
    rows: RowMerge,
    coverage: Coverage,
    /// Number of rows that the parts counted.
    matched: u64,
}

impl RowJoin<'_> {
    fn join(mut self) -> Result<Coverage, Error> {
        let (run, selection) = (self.run, self.form.selection);
        let parts = &run.parts.parts;
        for (number, checked) in parts.iter().enumerate() {
            run.report.progress(&format!("joining part {} of {}", number + 1, parts.len()));
            let flow = self.part(checked)?;
            if flow.is_break() {
                self.coverage.is_cut = true;
                break;
            }
        }
        if selection.is_counted_in_parts() {
            self.coverage.rows = self.matched;
        }
        run.report.clear();
        self.rows.finish(&mut self.coverage, run.stop)?;
        Ok(self.coverage)
    }

    /// Takes the rows of a part, and what its run has read.
    fn part(&mut self, checked: &CheckedPart) -> Result<ControlFlow<()>, Error> {
        let mut part = PartFileReader::open(&checked.path)?;
        self.matched += checked.coverage.rows;
        self.coverage.add_run(Coverage { rows: 0, is_cut: false, ..checked.coverage.clone() });
        part.seek_section(ROWS)?;
        let flow = match self.form.selection.limit {
            Some(0) => ControlFlow::Continue(()),
            _ => self.take_rows(&mut part)?,
        };
        if self.form.selection.is_counted_in_parts() {
            part.seek_section(CUT)?;
            let cut = part.next_record()?.and_then(|cut| cut.try_into().ok()).map(u64::from_le_bytes);
            self.rows.add_cut(cut.unwrap_or_default());
        }
        let rows = &mut self.rows;
        PartSet::report_files(&mut part, self.run.report, |problem| rows.add_problem(problem))?;
        Ok(flow)
    }

    /// Takes the rows of the current section. Another thread reads ahead.
    fn take_rows(&mut self, part: &mut PartFileReader) -> Result<ControlFlow<()>, Error> {
        const BLOCKS: usize = 2;
        let each_block = if self.form.selection.is_all() { each_text } else { each_rows };
        std::thread::scope(|scope| {
            let (sender, blocks) = bounded(BLOCKS);
            let (returned, used) = bounded::<RowPart>(BLOCKS);
            scope.spawn(move || {
                let read = each_block(part, &mut |block| {
                    // The memory of a used block is still in the cache of the processor.
                    let next = used.try_recv().unwrap_or_default();
                    let is_wanted = sender.send(Ok(std::mem::replace(block, next))).is_ok();
                    if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                });
                // After the last wanted row the receiver is gone, and an error has no effect.
                if let Err(error) = read {
                    let _ = sender.send(Err(error));
                }
            });
            for block in blocks {
                let mut block = block?;
                if self.take(&mut block)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                block.clear();
                let _ = returned.try_send(block);
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Takes the rows of a block.
    fn take(&mut self, block: &mut RowPart) -> Result<ControlFlow<()>, Error> {
        if self.run.stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        self.rows.take(block, &mut self.coverage)
    }
}

/// Called with each block of rows, until it breaks. It leaves an empty block behind.
type EachBlock<'a> = &'a mut dyn FnMut(&mut RowPart) -> ControlFlow<()>;

/// Calls `each` with the text of the current section.
fn each_text(part: &mut PartFileReader, each: EachBlock<'_>) -> Result<(), Error> {
    let mut block = RowPart::default();
    while part.next_text(&mut block.rows)? {
        if each(&mut block).is_break() {
            break;
        }
    }
    Ok(())
}

/// Calls `each` with the rows of the current section, which are records.
fn each_rows(part: &mut PartFileReader, each: EachBlock<'_>) -> Result<(), Error> {
    const BLOCK_SIZE: usize = 256 << 10;
    let mut block = RowPart::default();
    while let Some(record) = part.next_record()? {
        let Some(row) = RowRecord::parse(record) else {
            return Err(part.failed("has a row that is not valid; make this part again".into()));
        };
        let is_whole = row.piece.is_first && row.piece.is_last;
        if is_whole {
            row.add_to(&mut block);
        }
        let is_full = !is_whole || block.size() >= BLOCK_SIZE;
        if is_full && block.count > 0 && each(&mut block).is_break() {
            return Ok(());
        }
        if !is_whole {
            block.piece = Some(row.piece);
            row.add_to(&mut block);
            if each(&mut block).is_break() {
                return Ok(());
            }
        }
    }
    if block.count > 0 {
        let _ = each(&mut block);
    }
    Ok(())
}
