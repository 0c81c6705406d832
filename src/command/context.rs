//! What every command is given, and what all of them do with it.

use std::ffi::OsString;
use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::config::Settings;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Coverage, Report, Terminal, Verbosity};
use crate::syntax::shell::quoted;

/// What a command depends on beside its own options.
#[derive(Clone, Debug)]
pub struct Context {
    /// The time that spans count back from.
    pub now: Timestamp,
    /// How many threads can run at once.
    pub cores: usize,
    /// The terminal that standard output is, if it is one.
    pub terminal: Option<Terminal>,
    /// The width that the variable `COLUMNS` asks for.
    pub columns: Option<usize>,
    /// What was typed.
    pub typed: Vec<OsString>,
    /// The options that were set and not typed.
    pub settings: Settings,
}

impl Context {
    /// That of this process.
    pub fn of_process(typed: Vec<OsString>) -> Context {
        Context {
            now: Timestamp::now(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            terminal: Terminal::of_stdout(),
            columns: std::env::var("COLUMNS")
                .ok()
                .and_then(|columns| columns.trim().parse().ok())
                .filter(|columns| *columns > 0),
            typed,
            settings: Settings::default(),
        }
    }

    /// What was typed, quoted as a shell needs it.
    pub fn command_line(&self) -> String {
        let words = self.typed.iter().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
        std::iter::once(env!("CARGO_PKG_NAME").to_string()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Does the work of a command until it ends or the user interrupts it, and
    /// reports where settings come from before.
    pub(super) fn work<T>(
        &self,
        report: &Report,
        work: impl FnOnce(&Cancellation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let stop = Cancellation::default();
        install_signal_handler(&stop)?;
        self.settings.notes().iter().for_each(|note| report.note(note));
        self.settings.details().iter().for_each(|detail| report.detail(1, || detail.clone()));
        work(&stop)
    }

    /// Says in the last line what was covered, or why nothing was.
    pub(super) fn conclude(&self, report: &Report, outcome: Result<Coverage, Error>) -> Exit {
        match outcome {
            Ok(coverage) => {
                report.finish(&coverage, coverage.archived());
                if coverage.is_partial() { Exit::Partial } else { Exit::Done }
            }
            Err(fatal) => self.fail(report, fatal),
        }
    }

    /// Says why a run failed.
    pub(super) fn fail(&self, report: &Report, fatal: Error) -> Exit {
        report.clear();
        let fatal = self.settings.attribute(fatal);
        match &fatal {
            Error::ClosedPipe => {}
            Error::Usage(error) => {
                report.fatal(&error.to_string());
                error.hints().iter().for_each(|hint| report.fatal(hint));
                report.fatal("try --help");
            }
            other => report.fatal(&other.to_string()),
        }
        fatal.exit()
    }
}

/// The first Ctrl-C ends the run in order, the second at once: an expression of
/// the user's own may never come to an end.
fn install_signal_handler(stop: &Cancellation) -> Result<(), Error> {
    const LONG: Duration = Duration::from_secs(2);
    let stop = stop.clone();
    let handler = move || {
        if !stop.interrupt() {
            std::process::exit(Exit::Interrupted.code().into());
        }
        std::thread::spawn(|| {
            std::thread::sleep(LONG);
            Report::new(Verbosity::default(), true).note("still busy; interrupt once more to end at once");
        });
    };
    ctrlc::set_handler(handler).map_err(|error| Error::Failed(format!("signals cannot be handled: {error}")))
}

/// Prints help to standard output.
pub(super) fn print(text: &str) -> Result<Exit, Error> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map(|()| Exit::Done).map_err(|error| Error::write("standard output", &error))
}
