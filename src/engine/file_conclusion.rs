//! Reports and counts each file after it was read.

use super::ReportItem;
use crate::decode::{Decoder, Findings};
use crate::engine::consumer::Part;
use crate::engine::part_writer::PartWriter;
use crate::error::{Issue, Outcome, Problem};
use crate::report::count;
use crate::source::LogFile;
use crate::source::file::inflate::{FurtherMembers, TextEnd};

/// What to expect from a file, by its name and by how it was given.
#[derive(Clone, Copy)]
pub(super) struct FileExpectation {
    /// The file was named on the command line.
    pub(super) is_named: bool,
    /// The name is that of a log delivered by CloudTrail.
    pub(super) is_log: bool,
    /// The name is that of an archive.
    pub(super) is_archive: bool,
}

impl FileExpectation {
    pub(super) fn of(source: &LogFile) -> FileExpectation {
        let is_log = source.is_named_as_log();
        FileExpectation { is_named: source.is_named, is_log, is_archive: !is_log && source.is_named_as_archive() }
    }
}

impl<P: Part> PartWriter<'_, P> {
    /// Counts a file that was read and reports its problems. Returns whether it was a
    /// log that could be read at least in part. `expected` is called only if needed,
    /// since parsing a name takes as long as reading a small file.
    pub(super) fn conclude(
        &mut self,
        decoder: &Decoder,
        ended: TextEnd,
        expected: impl Fn() -> FileExpectation,
        name: &str,
        verbose: u8,
    ) -> bool {
        self.open_events = 0;
        let findings = decoder.findings();
        let is_unread =
            findings.bytes == 0 && ended.problems.iter().any(|problem| matches!(problem, Problem::Unreadable(_)));
        let mut verdict = findings.verdict(ended.problems);
        let is_log = verdict.ignored.is_none() && !is_unread;
        if let Some(builder) = self.record_builder() {
            match verdict.ignored {
                Some(reason) => builder.skipped = builder.skipped.or(Some(reason)),
                None => builder.add_log(findings.events, !is_unread),
            }
        }
        let coverage = self.coverage();
        match verdict.ignored.map(|reason| (reason, expected())) {
            Some((reason, expected)) if expected.is_log => {
                self.count_file();
                verdict.problems.push((Problem::MisnamedLog(reason), Outcome::Nothing));
            }
            Some((reason, expected)) => {
                *coverage.ignored.entry(reason).or_default() += 1;
                if expected.is_named {
                    // A file named on the command line is expected to contain events.
                    verdict.problems.push((Problem::InputNotALog(reason), Outcome::Nothing));
                } else if expected.is_archive {
                    verdict.problems.push((Problem::NotAnArchive(reason), Outcome::Nothing));
                } else {
                    self.report(ReportItem::Detail(2, format!("{name}: skipped: {}", reason.name())));
                }
            }
            None => {
                coverage.is_searched |= findings.ruled_out > 0;
                coverage.events += findings.events;
                coverage.non_events += findings.non_events;
                if !is_unread {
                    self.count_file();
                }
                if verbose > 1 {
                    self.report(ReportItem::Detail(2, format!("{name}: {}", count(findings.events, "event"))));
                }
            }
        }
        if let Some(further) = ended.further {
            self.note_further(further, findings, expected(), name);
        }
        for (problem, outcome) in verdict.problems {
            self.report(ReportItem::Issue(Issue { name: name.to_string(), problem, outcome }));
        }
        is_log
    }

    /// Reports events after the first gzip member of a file. CloudTrail writes only one
    /// member; other tools concatenate them.
    fn note_further(&mut self, further: FurtherMembers, findings: &Findings, expected: FileExpectation, name: &str) {
        let events = findings.before_further.map_or(0, |before| findings.events - before);
        let text = format!(
            "{name}: {} in {} ({}) after the first one; CloudTrail writes one member",
            count(events, "event"),
            count(further.members, "gzip member"),
            count(further.bytes, "byte")
        );
        if !expected.is_log {
            return self.report(ReportItem::Detail(2, text));
        }
        self.coverage().further_members += further.members;
        self.report(ReportItem::Note(text));
    }
}
