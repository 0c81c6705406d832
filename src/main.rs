//! The program: parse, plan, run, exit code.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory;
use clap::error::ContextKind;
use jiff::Timestamp;
use trail2tsv::cli::Cli;
use trail2tsv::cli::config::{Environment, Settings};
use trail2tsv::command::isolation;
use trail2tsv::command::{completions, no_match_hints, summary, sync};
use trail2tsv::engine;
use trail2tsv::error::Fatal;
use trail2tsv::error::cancel::Stop;
use trail2tsv::error::exit::Exit;
use trail2tsv::plan::{Plan, Screen, SummaryPlan, Surroundings, SyncPlan, Talk, Task};
use trail2tsv::report::{Coverage, Report, printable};
use trail2tsv::syntax::shell::quoted;
use trail2tsv::table::catalogue;

fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    match completions::answer(&typed) {
        Ok(false) => {}
        Ok(true) => return ExitCode::from(Exit::Done),
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(Exit::Failed);
        }
    }
    let (cli, settings) = match parse(&typed) {
        Ok(parsed) => parsed,
        Err(Refusal::Clap(error)) => {
            // Where nobody reads the help there is nothing to mend.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
        Err(Refusal::Settings(fatal)) => return ExitCode::from(end(&Report::new(Talk::default(), true), &fatal)),
    };
    let around = Surroundings {
        now: Timestamp::now(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        command: command(&typed),
        screen: screen(),
        set: settings.names(),
    };
    let task = Task::new(cli, around);
    if let Some(plan) = task.as_ref().ok().and_then(Task::reading).filter(|plan| plan.conditions.jq.is_some()) {
        if !isolation::is_isolated() {
            let exit = isolation::run(&typed, plan.output.as_deref());
            return ExitCode::from(exit.unwrap_or_else(|fatal| end(&Report::new(plan.talk, false), &fatal)));
        }
        isolation::limit_memory(plan.threads);
    }
    let exit = match task {
        Ok(Task::Convert(plan)) => convert(&plan, &settings),
        Ok(Task::Summary(plan)) => summarize(&plan, &settings),
        Ok(Task::Sync(plan)) => sync(&plan, &settings),
        Ok(Task::ColumnsHelp) => show(&catalogue::help(), Exit::Done),
        Ok(Task::Completions(shell)) => match completions::script(shell) {
            Ok(script) => show(&script, Exit::Done),
            Err(error) => end(&Report::new(Talk::default(), true), &Fatal::write("the script", &error)),
        },
        Ok(Task::Man) => man(),
        Ok(Task::Help) => show(&Cli::command().render_help().to_string(), Exit::Usage),
        Err(fatal) => end(&Report::new(Talk::default(), true), &blame(fatal, &settings)),
    };
    ExitCode::from(exit)
}

/// Why there is nothing that can be done.
enum Refusal {
    Clap(clap::Error),
    Settings(Fatal),
}

/// Reads what was typed, and what is set for every day.
fn parse(typed: &[OsString]) -> Result<(Cli, Settings), Refusal> {
    let matches = Cli::command().try_get_matches_from(typed).map_err(|error| refusal(error, typed))?;
    // Whoever types nothing wants to see what there is to type.
    if typed.len() < 2 {
        return Ok((Cli::default(), Settings::default()));
    }
    let whole = Cli::command();
    let (command, given, at) = match matches.subcommand() {
        Some((name, given)) => (whole.find_subcommand(name).unwrap_or(&whole), given, 2),
        None => (&whole, &matches, 1),
    };
    let settings = Settings::read(command, given, &Environment::of_process()).map_err(Refusal::Settings)?;
    let joined = settings.join(typed, at).map_err(Refusal::Settings)?;
    let cli = Cli::read(joined).map_err(|error| match settings.refuse(&error) {
        Some(fatal) => Refusal::Settings(fatal),
        None => refusal(error, typed),
    })?;
    Ok((cli, settings))
}

/// A file name that a shell's `*` put there can steer a terminal, so what is
/// wrong is said of the arguments as they can be shown.
fn refusal(error: clap::Error, typed: &[OsString]) -> Refusal {
    let shown = typed.iter().map(|argument| printable(&argument.to_string_lossy()));
    let mut error = Cli::read(shown).err().unwrap_or(error);
    // That an unknown option could be a file's name helps nobody.
    error.remove(ContextKind::Suggested);
    Refusal::Clap(error)
}

/// Says where a wrong value comes from, if nobody typed it.
fn blame(fatal: Fatal, settings: &Settings) -> Fatal {
    match fatal {
        Fatal::Usage(text) => Fatal::Usage(settings.blame(&text)),
        other => other,
    }
}

/// What was typed, quoted as a shell needs it.
fn command(typed: &[OsString]) -> String {
    let words = typed.iter().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once(env!("CARGO_PKG_NAME").to_string()).chain(words).collect::<Vec<_>>().join(" ")
}

fn convert(plan: &Plan, settings: &Settings) -> Exit {
    let report = Report::new(plan.talk, plan.output.is_none() && !plan.count);
    let stop = Stop::default();
    let outcome = heed_signals(&stop).and_then(|()| {
        begin(&report, settings);
        engine::run(plan, &report, &stop)
    });
    if let Ok(finished) = &outcome
        && !plan.talk.quiet
    {
        report.clear();
        no_match_hints::hints(plan, finished, &stop).iter().for_each(|hint| report.note(hint));
    }
    conclude(&report, outcome.map(|finished| finished.coverage), settings)
}

fn summarize(plan: &SummaryPlan, settings: &Settings) -> Exit {
    let report = Report::new(plan.reading.talk, false);
    let stop = Stop::default();
    let outcome = heed_signals(&stop).and_then(|()| {
        begin(&report, settings);
        summary::run(plan, &report, &stop)
    });
    conclude(&report, outcome, settings)
}

/// Says what is set, before anything is done.
fn begin(report: &Report, settings: &Settings) {
    settings.notes().iter().for_each(|note| report.note(note));
    settings.details().iter().for_each(|detail| report.detail(1, || detail.clone()));
}

/// Says in the last line what was covered, or why nothing was.
fn conclude(report: &Report, outcome: Result<Coverage, Fatal>, settings: &Settings) -> Exit {
    match outcome {
        Ok(coverage) => {
            report.finish(&coverage, coverage.archived());
            if coverage.is_partial() { Exit::Partial } else { Exit::Done }
        }
        Err(fatal) => end(report, &blame(fatal, settings)),
    }
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

fn sync(plan: &SyncPlan, settings: &Settings) -> Exit {
    let report = Report::new(plan.talk, plan.is_dry);
    let stop = Stop::default();
    if let Err(fatal) = heed_signals(&stop) {
        return end(&report, &fatal);
    }
    begin(&report, settings);
    match sync::run(plan, &report, &stop) {
        Ok(mirrored) => {
            let archived = mirrored.fetched.archived();
            let is_partial = report.problems() > 0 || archived.is_some();
            report.finish(&mirrored, archived);
            if is_partial { Exit::Partial } else { Exit::Done }
        }
        Err(fatal) => end(&report, &fatal),
    }
}

fn man() -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(Cli::command()).render(&mut page) {
        Ok(()) => show(&String::from_utf8_lossy(&page), Exit::Done),
        Err(error) => end(&Report::new(Talk::default(), true), &Fatal::write("the manual page", &error)),
    }
}

/// The first Ctrl-C ends the run in order, the second at once: an expression of
/// the user's own may never come to an end.
fn heed_signals(stop: &Stop) -> Result<(), Fatal> {
    const LONG: Duration = Duration::from_secs(2);
    let stop = stop.clone();
    let heed = move || {
        if !stop.interrupt() {
            std::process::exit(Exit::Interrupted.code().into());
        }
        std::thread::spawn(|| {
            std::thread::sleep(LONG);
            Report::new(Talk::default(), true).note("still busy; interrupt once more to end at once");
        });
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
