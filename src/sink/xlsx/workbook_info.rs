//! The sheet `About`: what was read, which events were requested and when, and what is missing.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format, FormatAlign, Worksheet, XlsxError};

use crate::report::printable;
use crate::sink::Provenance;
use crate::table::excel;

/// Content of the sheet, line by line.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkbookInfo {
    lines: Vec<(&'static str, String)>,
    /// The first [`WorkbookInfo::PROBLEMS`] problems.
    problems: Vec<String>,
    /// Number of further problems.
    more: u64,
}

/// Number of characters in a line.
const WIDTH: usize = 100;
/// Height of a line, and maximum height of a row, in points.
const LINE: f64 = 15.0;
const MAX_HEIGHT: f64 = 400.0;

impl WorkbookInfo {
    /// Maximum number of problems listed. All of them are printed to stderr.
    const PROBLEMS: usize = 1000;

    /// Collects the information that is known before anything is read.
    pub(super) fn new(provenance: &Provenance<'_>, zone: &TimeZone) -> WorkbookInfo {
        let mut about = WorkbookInfo::default();
        let time = |time: Timestamp| match zone {
            _ if *zone == TimeZone::UTC => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            zone => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
        };
        about.add("Written by", concat!("trail2tsv ", env!("CARGO_PKG_VERSION")));
        about.add("Written at", time(provenance.now));
        about.add("Command", provenance.command);
        if let Some(since) = provenance.window.since {
            about.add("Events since", time(since));
        }
        if let Some(until) = provenance.window.until {
            about.add("Events before", time(until));
        }
        about.add("Time zone", zone_name(zone));
        about
    }

    /// Adds a line.
    pub(super) fn add(&mut self, what: &'static str, text: impl Into<String>) {
        self.lines.push((what, text.into()));
    }

    /// Adds a problem with the input.
    pub(super) fn problem(&mut self, text: String) {
        if self.problems.len() < WorkbookInfo::PROBLEMS {
            self.problems.push(text);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let what = Format::new().set_bold().set_align(FormatAlign::Top);
        let text = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
        sheet.set_column_width(0, 16)?;
        sheet.set_column_width(1, WIDTH as f64)?;
        let more = (self.more > 0).then(|| format!("and {} more, which stderr named", self.more));
        let problems = self.problems.iter().chain(&more).map(|problem| ("Problem", problem));
        let lines = self.lines.iter().map(|(what, text)| (*what, text)).chain(problems);
        for (row, (label, line)) in (0..).zip(lines) {
            let mut line = printable(line).into_bytes();
            excel::fit(&mut line, 0);
            // An approximation, because each program breaks lines differently.
            let lines = if line.len() < WIDTH { 1 } else { 2 + line.len() / WIDTH };
            let height = LINE * lines as f64;
            sheet.set_row_height(row, height.min(MAX_HEIGHT))?;
            sheet.write_string_with_format(row, 0, label, &what)?;
            sheet.write_string_with_format(row, 1, String::from_utf8_lossy(&line), &text)?;
        }
        Ok(())
    }
}

/// Returns the name of a time zone.
fn zone_name(zone: &TimeZone) -> String {
    match (zone.iana_name(), zone.to_fixed_offset()) {
        (Some(name), _) => name.into(),
        (None, Ok(offset)) => format!("UTC{}", Timestamp::UNIX_EPOCH.to_zoned(offset.to_time_zone()).strftime("%:z")),
        (None, Err(_)) => "the local time zone".into(),
    }
}
