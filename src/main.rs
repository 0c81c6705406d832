//! The program: parse, plan, run, exit code.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use jiff::Timestamp;
use trail2tsv::cli::Cli;
use trail2tsv::error::Fatal;
use trail2tsv::exit::Exit;
use trail2tsv::output::column;
use trail2tsv::pipeline;
use trail2tsv::plan::{Plan, Surroundings, Talk, Task};
use trail2tsv::report::{Report, printable};
use trail2tsv::stop::Stop;

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
        command: command(),
        is_terminal: std::io::stdout().is_terminal(),
    };
    let exit = match Task::new(cli, around) {
        Ok(Task::Convert(plan)) => convert(&plan),
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
    Cli::try_parse_from(&typed).map_err(|error| {
        let shown = typed.iter().map(|argument| printable(&argument.to_string_lossy()));
        Cli::try_parse_from(shown).err().unwrap_or(error)
    })
}

/// What was typed, quoted as a shell needs it.
fn command() -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+=:,./@%".contains(&byte);
    let mut command = String::from(env!("CARGO_PKG_NAME"));
    for argument in std::env::args_os().skip(1) {
        let text = argument.to_string_lossy();
        command.push(' ');
        match !text.is_empty() && text.bytes().all(is_plain) {
            true => command.push_str(&text),
            false => command.push_str(&format!("'{}'", text.replace('\'', r"'\''"))),
        }
    }
    command
}

fn convert(plan: &Plan) -> Exit {
    let report = Report::new(plan.talk, plan.output.is_none() && !plan.count);
    let stop = Stop::default();
    if let Err(fatal) = heed_signals(&stop) {
        return end(&report, &fatal);
    }
    match pipeline::run(plan, &report, &stop) {
        Ok(coverage) => {
            report.finish(&coverage);
            if coverage.problems > 0 { Exit::Partial } else { Exit::Done }
        }
        Err(fatal) => end(&report, &fatal),
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
