//! Writes to stderr (only help and `verify --aws-format` do so elsewhere): shows progress on a
//! terminal, reports problems, and ends with a line on what was covered.

mod coverage;
mod fetched;
mod lookups;
mod run_log;
mod terminal;

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use self::coverage::{Coverage, ProvenFiles, count};
pub use self::fetched::{DigestUse, DownloadTotals, MissingTotals, SyncTotals};
pub use self::lookups::LookupTotals;
pub use self::run_log::{FileOutcome, FileRecord, RunEnd, RunLog};
pub use self::terminal::Terminal;
use crate::error::{Error, Issue};
use crate::syntax::visible::is_hidden;

/// How much to report on stderr.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Verbosity {
    /// Report only problems.
    pub quiet: bool,
    /// 1 reports each step, 2 also each file.
    pub verbose: u8,
}

/// Writes messages to stderr. Shared by all threads.
#[derive(Debug)]
pub struct Report {
    verbosity: Verbosity,
    is_silent: bool,
    bars: Option<ProgressBars>,
    problems: AtomicU64,
    /// Whether there is a log of the run.
    has_log: bool,
    log: Mutex<Option<Box<dyn RunLog>>>,
}

#[derive(Debug)]
struct ProgressBars {
    all: MultiProgress,
    /// Shown once there are objects to fetch.
    fetching: OnceLock<ProgressBar>,
    /// Shown once a region has answered.
    looking_up: OnceLock<ProgressBar>,
    reading: ProgressBar,
}

impl Report {
    /// Creates a report that shows progress if `verbosity` and the terminal allow it,
    /// and if rows do not go to the same terminal.
    pub fn new(verbosity: Verbosity, has_rows: bool) -> Report {
        let is_free = !has_rows || !std::io::stdout().is_terminal();
        let is_shown = !verbosity.quiet && is_free && std::io::stderr().is_terminal();
        let bars = is_shown.then(ProgressBars::new);
        Report { verbosity, is_silent: false, bars, ..Report::silent() }
    }

    /// Creates a report that writes nothing, for files whose problems were reported before.
    pub fn silent() -> Report {
        let (verbosity, problems, log) = (Verbosity::default(), AtomicU64::new(0), Mutex::new(None));
        Report { verbosity, is_silent: true, bars: None, problems, has_log: false, log }
    }

    /// Records what is done with each file, and the end of the run, in `log`.
    pub fn with_log(self, log: Option<Box<dyn RunLog>>) -> Report {
        Report { has_log: log.is_some(), log: Mutex::new(log), ..self }
    }

    /// Whether files are recorded.
    pub fn has_log(&self) -> bool {
        self.has_log
    }

    /// Records what became of a file.
    pub fn file(&self, record: &FileRecord) {
        if let Some(log) = &mut *self.log() {
            log.file(record);
        }
    }

    /// Records the end of the run. Returns an error if the log could not be written.
    pub fn end_log(&self, end: &RunEnd<'_>) -> Result<(), Error> {
        let log = self.log().take();
        log.map_or(Ok(()), |log| log.end(end))
    }

    fn log(&self) -> MutexGuard<'_, Option<Box<dyn RunLog>>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports something that could not be read.
    pub fn issue(&self, issue: &Issue) {
        self.problems.fetch_add(1, Relaxed);
        self.print_line(&issue.to_string());
    }

    /// Number of problems reported.
    pub fn problems(&self) -> u64 {
        self.problems.load(Relaxed)
    }

    /// Writes a message, unless `--quiet` is set.
    pub fn note(&self, text: &str) {
        if !self.verbosity.quiet {
            self.print_line(text);
        }
    }

    /// Writes a plan: what will be changed. It is written with `--quiet` too if the user is asked
    /// about it.
    pub fn plan(&self, heading: &str, lines: &[String], is_asked: bool) {
        if !self.verbosity.quiet || is_asked {
            let lines = lines.iter().map(|line| format!("{}\n", printable(line))).collect::<String>();
            self.print(&format!("trail2tsv: {}\n{lines}", printable(heading)));
        }
    }

    /// Writes the beginning of a line that the user completes.
    pub fn prompt(&self, text: &str) {
        self.print(&printable(text));
    }

    /// Writes details: level 1 for steps (`-v`), level 2 for single files (`-vv`).
    pub fn detail(&self, level: u8, text: impl FnOnce() -> String) {
        if self.verbosity.verbose >= level {
            self.print_line(&text());
        }
    }

    /// Writes a warning, whatever the verbosity.
    pub fn warn(&self, text: &str) {
        self.print_line(text);
    }

    /// Writes the error that ends the run.
    pub fn fatal(&self, text: &str) {
        self.print_line(text);
    }

    /// Writes the last line: what the run covered. With `--quiet`, only `wrong` is
    /// written.
    pub fn finish(&self, coverage: &impl Display, wrong: Option<String>) {
        self.clear();
        match wrong.filter(|_| self.verbosity.quiet) {
            Some(wrong) => self.print_line(&wrong),
            None => self.note(&coverage.to_string()),
        }
    }

    /// Removes the progress bars from the screen.
    pub fn clear(&self) {
        if let Some(bars) = &self.bars {
            bars.reading.disable_steady_tick();
            // Nothing is lost if the terminal cannot be cleared.
            let _ = bars.all.clear();
            bars.all.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// Shows the progress of the mirror: objects and bytes out of those known so far.
    pub fn fetching(&self, fetched: &DownloadTotals) {
        let Some(bars) = &self.bars else { return };
        // A narrow terminal cuts the line at its end, so the least important part is
        // last.
        let template = "mirroring {bar:12} {human_pos}/{human_len} objects, {wide_msg}";
        let bar =
            bars.fetching.get_or_init(|| bars.all.insert(0, ProgressBar::no_length().with_style(style(template))));
        bar.set_length(fetched.known);
        bar.set_position(fetched.objects + fetched.present + fetched.unwanted + fetched.failed + fetched.archived);
        let rate = fetched.bytes as f64 / bar.elapsed().as_secs_f64().max(0.1);
        let left = if fetched.is_listed { format!("{:#} left", HumanDuration(bar.eta())) } else { "listing".into() };
        bar.set_message(format!("{left}, {}, {}/s", HumanBytes(fetched.bytes), HumanBytes(rate as u64)));
    }

    /// Shows the progress of the event history.
    pub fn looking_up(&self, text: &str) {
        let Some(bars) = &self.bars else { return };
        let new = || bars.all.insert(0, ProgressBar::no_length().with_style(style("{wide_msg}")));
        bars.looking_up.get_or_init(new).set_message(text.to_string());
    }

    /// Shows the progress of decoding.
    pub fn reading(&self, coverage: &Coverage) {
        let Some(bars) = &self.bars else { return };
        let rate = coverage.events as f64 / bars.reading.elapsed().as_secs_f64().max(0.1);
        let noun = match (coverage.files, coverage.pages) {
            (_, 0) => "files",
            (0, _) => "pages",
            _ => "files and pages",
        };
        bars.reading.set_message(format!(
            "{} {noun}, {} events, {} matched, {}/s",
            HumanCount(coverage.files + coverage.pages),
            HumanCount(coverage.events),
            HumanCount(coverage.rows),
            HumanCount(rate as u64)
        ));
    }

    /// Shows the progress of other work.
    pub fn progress(&self, text: &str) {
        let Some(bars) = &self.bars else { return };
        bars.reading.set_style(style("{msg}"));
        bars.reading.set_message(text.to_string());
    }

    fn print_line(&self, text: &str) {
        self.print(&format!("trail2tsv: {}\n", printable(text)));
    }

    /// Writes lines that are safe to print.
    fn print(&self, lines: &str) {
        if self.is_silent {
            return;
        }
        let write = || {
            // If stderr is closed, there is nowhere to report it.
            let _ = std::io::stderr().lock().write_all(lines.as_bytes());
        };
        match &self.bars {
            Some(bars) => bars.all.suspend(write),
            None => write(),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar())
}

impl ProgressBars {
    fn new() -> ProgressBars {
        const TIMES_A_SECOND: u8 = 8;
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(TIMES_A_SECOND));
        // Keep the line short, so that the terminal's echo of ^C after it does not
        // wrap.
        let reading = ProgressBar::new_spinner().with_style(style("decoding  {msg}"));
        let bars =
            ProgressBars { fetching: OnceLock::new(), looking_up: OnceLock::new(), reading: all.add(reading), all };
        bars.reading.enable_steady_tick(Duration::from_millis(250));
        bars
    }
}

/// Escapes invisible characters, which logs and file names may contain, so that they
/// cannot control the terminal or reverse the direction of a line.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\x1b[31m\n\u{9b}é\u{7f}"), "a\\u{1b}[31m\\n\\u{9b}é\\u{7f}");
        assert_eq!(printable("a\u{202e}gz.json"), "a\\u{202e}gz.json");
    }
}
