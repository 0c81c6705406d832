//! The environment that every command is given, and the steps that all of them
//! share: handling signals, reporting, choosing an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cli::config::Settings;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Coverage, Report, RunEnd, RunLog, Terminal, Verbosity};
use crate::sink::part_file::ReadFiles;
use crate::sink::run_report::{ReportHeader, RunReport};
use crate::sink::target::is_same_file;
use crate::syntax::shell::quoted;

/// The inputs of a command besides its own options.
#[derive(Clone, Debug)]
pub struct Context {
    /// The current time, which relative times such as `7d` count back from.
    pub now: Timestamp,
    /// The number of threads that can run at once.
    pub cores: usize,
    /// The terminal on standard output, if there is one.
    pub terminal: Option<Terminal>,
    /// The width in columns that the variable `COLUMNS` sets.
    pub columns: Option<usize>,
    /// The command line, with the program name first.
    pub typed: Vec<OsString>,
    /// The options set by the configuration file and the environment.
    pub settings: Settings,
    /// The report of the run, if there is to be one.
    pub(super) run_report: Option<RunReportRequest>,
}

/// A report of the run to write.
#[derive(Clone, Debug)]
pub(super) struct RunReportRequest {
    /// Its file.
    pub(super) path: PathBuf,
    /// The arguments of the run, those that are set by settings included.
    pub(super) arguments: Vec<String>,
}

impl Context {
    /// The context of this process.
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
            run_report: None,
        }
    }

    /// The command line, quoted for a shell.
    pub fn command_line(&self) -> String {
        let words = self.typed.iter().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
        std::iter::once(env!("CARGO_PKG_NAME").to_string()).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Creates the report on a run that reads events, and begins the file of `--report`.
    pub(super) fn report(&self, request: &ReadRequest, has_rows: bool) -> Result<Report, Error> {
        let log = self.run_log(request)?;
        Ok(Report::new(request.verbosity, has_rows).with_log(log))
    }

    /// Like [`report`](Self::report), for a run that makes a part, which gets the files that are
    /// read.
    pub(super) fn part_report(&self, request: &ReadRequest, files: &ReadFiles) -> Result<Report, Error> {
        let log = files.log(self.run_log(request)?);
        Ok(Report::new(request.verbosity, false).with_log(Some(log)))
    }

    /// Begins the file of `--report`, if there is one.
    pub(super) fn run_log(&self, request: &ReadRequest) -> Result<Option<Box<dyn RunLog>>, Error> {
        let Some(RunReportRequest { path, arguments }) = &self.run_report else { return Ok(None) };
        if request.outputs.iter().any(|output| is_same_file(output, path)) {
            return Err(Error::option("--report", &path.to_string_lossy(), "also the file of another output"));
        }
        let head = ReportHeader { now: self.now, arguments, window: request.filter.window };
        let report = RunReport::open(path, &head)?;
        Ok(Some(Box::new(report)))
    }

    /// Reports the origin of settings, then runs `work`, which must stop early
    /// when it is cancelled by a signal.
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

    /// Reports the coverage or the error of a finished run, and returns its exit
    /// code.
    pub(super) fn conclude(&self, report: &Report, outcome: Result<Coverage, Error>) -> Exit {
        let exit = match &outcome {
            Ok(coverage) if coverage.is_partial() => Exit::Partial,
            Ok(_) => Exit::Done,
            Err(fatal) => fatal.exit(),
        };
        let text = outcome.as_ref().err().map(ToString::to_string);
        let state = match &outcome {
            Ok(_) => "finished",
            Err(Error::Interrupted) => "interrupted",
            Err(Error::ClosedPipe) => "closed",
            Err(Error::Usage(_) | Error::Failed(_)) => "failed",
        };
        let coverage = outcome.as_ref().ok();
        let logged = report.end_log(&RunEnd { state, exit: exit.code(), error: text.as_deref(), coverage });
        let exit = match outcome {
            Ok(coverage) => {
                report.finish(&coverage, coverage.archived());
                exit
            }
            Err(fatal) => self.fail(report, fatal),
        };
        match logged {
            Ok(()) => exit,
            Err(error) => self.fail(report, error),
        }
    }

    /// Reports a fatal error and returns its exit code.
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

/// The first Ctrl-C cancels the run, the second ends the process at once: a jq
/// expression may never finish, and cannot be cancelled.
fn install_signal_handler(stop: &Cancellation) -> Result<(), Error> {
    const REMINDER: Duration = Duration::from_secs(2);
    /// Some programs send a signal to a process and at once again to its group.
    const SAME: Duration = Duration::from_millis(300);
    let stop = stop.clone();
    let mut first: Option<Instant> = None;
    let handler = move || {
        let is_first = stop.interrupt();
        if first.get_or_insert_with(Instant::now).elapsed() < SAME && !is_first {
            return;
        }
        if !is_first {
            std::process::exit(Exit::Interrupted.code().into());
        }
        std::thread::spawn(|| {
            std::thread::sleep(REMINDER);
            Report::new(Verbosity::default(), true).note("still busy; interrupt again to stop immediately");
        });
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Error::Failed(format!("the signal handler cannot be installed: {error}")))
}

/// Prints help to standard output.
pub(super) fn print(text: &str) -> Result<Exit, Error> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map(|()| Exit::Done).map_err(|error| Error::write("standard output", &error))
}
