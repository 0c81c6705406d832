//! Writes a part.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{ArgMatches, CommandFactory};
use serde_json::Value;

use super::bytes::write_text;
use super::question::PartQuestion;
use super::sources::PartSources;
use super::{EachRecord, RecordKind, SECTION, facts, totals};
use crate::cli::partial::shaping_options;
use crate::command::summary::args::SummaryArgs;
use crate::command::summary::count::{CountedEvents, PreparedCount};
use crate::command::summary::event_counts::EventCounts;
use crate::command::summary::event_facts::EventFacts;
use crate::command::summary::outputs::note_not_summed;
use crate::command::summary::request::{PartRequest, SummaryRequest};
use crate::command::summary::tally::SummaryTally;
use crate::command::summary::value_stats::ValueStats;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::filter::spec::FilterSpec;
use crate::report::{Coverage, Report};
use crate::sink::part_file::{PartFileWriter, PartHeader, ReadFiles};
use crate::syntax::varint;
use crate::syntax::window::Window;

/// The records of a part that is being written.
pub(in crate::command::summary) struct PartRecords(PartFileWriter);

impl PartRecords {
    /// Adds the facts of events.
    pub(in crate::command::summary) fn add_facts(&mut self, facts: &EventFacts) -> Result<(), Error> {
        facts::write(facts, &mut |record: &[u8]| self.0.record(record))
    }
}

/// The header of the parts of a request.
pub(in crate::command::summary) fn header(
    request: &SummaryRequest,
    part: &PartRequest,
    typed: &ArgMatches,
) -> Result<PartHeader, Error> {
    let header = question(&request.reading.filter, request.window, request.earlier, typed)?;
    Ok(PartHeader { details: PartQuestion::of_request(request, part).to_details(), ..header })
}

/// Like `header`, without the details.
pub(in crate::command::summary) fn question(
    filter: &FilterSpec,
    window: Window,
    earlier: Option<Window>,
    typed: &ArgMatches,
) -> Result<PartHeader, Error> {
    let mut options = shaping_options(&SummaryArgs::command(), typed, filter, &[])?;
    for name in ["against", "against-since", "against-until", "since", "until"] {
        options.remove(name);
    }
    let window = [("since", window.since), ("until", window.until)];
    let earlier = earlier.unwrap_or_default();
    let earlier = [("against-since", earlier.since), ("against-until", earlier.until)];
    let times = window.into_iter().chain(earlier);
    let times: BTreeMap<_, _> =
        times.filter_map(|(name, time)| Some((name.to_string(), vec![time?.to_string()]))).collect();
    options.extend(times);
    Ok(PartHeader::new("summary", options, Value::Null))
}

/// Counts, and writes the part. Returns what was covered.
pub(in crate::command::summary) fn write(
    request: &SummaryRequest,
    (path, header): (&Path, &PartHeader),
    files: &ReadFiles,
    report: &Report,
    stop: &Cancellation,
) -> Result<Coverage, Error> {
    let mut prepared = PreparedCount::new(request)?;
    prepared.check_for_part()?;
    let mut writer = PartFileWriter::create(path, header)?;
    writer.section(SECTION)?;
    let mut record = RecordKind::Sources.start();
    record.extend(serde_json::to_vec(&PartSources::of_request(request)).unwrap_or_default());
    writer.record(&record)?;
    let (counted, records) = prepared.run(Some(PartRecords(writer)), report, stop)?;
    let Some(PartRecords(mut writer)) = records else { return Err(Error::Failed("internal error: no part".into())) };
    let CountedEvents { tallies, mut coverage } = counted;
    let counts = write_tallies(tallies, &mut |record: &[u8]| writer.record(record))?;
    writer.conclude(files, &coverage)?;
    coverage.cut_values += counts.cut_values;
    report.clear();
    note_not_summed(request, counts.not_summed, report);
    Ok(coverage)
}

/// Passes all that was counted to `each`: the values of each counter in the order of bytes,
/// then the counts of all events together, which are returned.
pub(super) fn write_tallies(tallies: Vec<SummaryTally>, each: &mut EachRecord<'_>) -> Result<EventCounts, Error> {
    let (counts, counters) = SummaryTally::merge(tallies)?;
    let mut record = Vec::new();
    for (number, counters) in counters.into_iter().enumerate() {
        let mut counters = counters.into_iter();
        let Some(first) = counters.next() else { continue };
        first.finish_in_order(counters, |value, stats| {
            record.clear();
            record.push(RecordKind::Value as u8);
            write_value(number, value, stats, &mut record);
            each(&record)
        })?;
    }
    totals::write(&counts, each)?;
    Ok(counts)
}

/// Appends the number of a counter, a value and its statistics.
fn write_value(counter: usize, value: &[u8], stats: &ValueStats, out: &mut Vec<u8>) {
    varint::write(counter as u64, out);
    write_text(value, out);
    stats.write(out);
}
