//! The program: parse, plan, run, exit code.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;
use jiff::Timestamp;
use trail2tsv::cli::Cli;
use trail2tsv::error::Fatal;
use trail2tsv::exit::Exit;
use trail2tsv::output::column;
use trail2tsv::plan::{Plan, Screen, SummaryPlan, Surroundings, Talk, Task};
use trail2tsv::report::{Coverage, Report, printable};
use trail2tsv::stop::Stop;
use trail2tsv::{pipeline, summary};

fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Where nobody reads the help there is nothing to mend.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let around = Surroundings {
        now: Timestamp::now(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        screen: screen(),
    };
    let exit = match Task::new(cli, around) {
        Ok(Task::Convert(plan)) => convert(&plan),
        Ok(Task::Summary(plan)) => summarize(&plan),
        Ok(Task::ColumnsHelp) => show(&column::help(), Exit::Done),
        Ok(Task::Completions(shell)) => show(&completions(shell), Exit::Done),
        Ok(Task::Man) => man(),
        Ok(Task::Help) => show(&Cli::command().render_help().to_string(), Exit::Usage),
        Err(fatal) => end(&Report::new(Talk::default(), true), &fatal),
    };
    ExitCode::from(exit)
}

/// Parses what was typed. A file name that a shell's `*` put there can steer a
/// terminal, so what is wrong is said of the arguments as they can be shown.
fn parse() -> Result<Cli, clap::Error> {
    let typed: Vec<OsString> = std::env::args_os().collect();
    Cli::read(&typed).map_err(|error| {
        let shown = typed.iter().map(|argument| printable(&argument.to_string_lossy()));
        Cli::read(shown).err().unwrap_or(error)
    })
}

/// The terminal that standard output is.
fn screen() -> Option<Screen> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let width = terminal_size::terminal_size().map_or(0, |(width, _)| width.0.into());
    Some(Screen { width, has_colors: !is_set("NO_COLOR") && !is_dumb })
}

fn convert(plan: &Plan) -> Exit {
    let report = Report::new(plan.talk, plan.output.is_none() && !plan.count);
    work(&report, |stop| pipeline::run(plan, &report, stop))
}

fn summarize(plan: &SummaryPlan) -> Exit {
    let report = Report::new(plan.reading.talk, false);
    work(&report, |stop| summary::run(plan, &report, stop))
}

/// Runs a job to its end, and says in the last line what it has covered.
fn work(report: &Report, job: impl FnOnce(&Stop) -> Result<Coverage, Fatal>) -> Exit {
    let stop = Stop::default();
    if let Err(fatal) = heed_signals(&stop) {
        return end(report, &fatal);
    }
    match job(&stop) {
        Ok(coverage) => {
            report.finish(&coverage);
            if coverage.problems > 0 { Exit::Partial } else { Exit::Done }
        }
        Err(fatal) => end(report, &fatal),
    }
}

/// What a shell reads to complete the options.
fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), env!("CARGO_PKG_NAME"), &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn man() -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(Cli::command()).render(&mut page) {
        Ok(()) => show(&String::from_utf8_lossy(&page), Exit::Done),
        Err(error) => end(&Report::new(Talk::default(), true), &Fatal::write("the manual page", &error)),
    }
}

/// The first Ctrl-C ends the run in order, the second at once.
fn heed_signals(stop: &Stop) -> Result<(), Fatal> {
    let stop = stop.clone();
    let heed = move || {
        if !stop.interrupt() {
            std::process::exit(Exit::Interrupted.code().into());
        }
    };
    ctrlc::set_handler(heed).map_err(|error| Fatal::Failed(format!("signals cannot be handled: {error}")))
}

fn end(report: &Report, fatal: &Fatal) -> Exit {
    report.clear();
    match fatal {
        Fatal::ClosedPipe => {}
        Fatal::Usage(text) => {
            report.fatal(text);
            report.fatal("try --help");
        }
        other => report.fatal(&other.to_string()),
    }
    fatal.exit()
}

/// Prints help: to stdout where it was asked for, else to stderr.
fn show(text: &str, exit: Exit) -> Exit {
    let written = match exit {
        Exit::Done => std::io::stdout().write_all(text.as_bytes()),
        _ => std::io::stderr().write_all(text.as_bytes()),
    };
    match written.map_err(|error| Fatal::write("standard output", &error)) {
        Ok(()) => exit,
        Err(fatal) => end(&Report::new(Talk::default(), true), &fatal),
    }
}
