//! Runs a command line with `--jq` in a second process with limited memory.
//!
//! A jq expression can use up all memory (`[range(1e9)]`) or all of a stack (`def f: 1 +
//! f; f`), and a process cannot turn either into an error of its own. So a second
//! process does the work, and the first one waits for it: it passes signals on, reports
//! if the second process crashes, and removes its unfinished output.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::Context;
use crate::engine::request::ReadRequest;
use crate::error::Error;
use crate::error::exit::Exit;
use crate::report::RunEnd;
use crate::sink::partial_file;

/// Set in the environment of the second process.
const ISOLATED: &str = "_TRAIL2TSV_ISOLATED";
/// The memory limit of the second process in MiB, without the stacks of its threads.
const MEMORY: u64 = 200;

/// Runs a request with a jq expression in a second process and returns its exit code.
/// Returns `None` without `--jq` and in the second process: the caller does the run.
pub fn enter(request: &ReadRequest, context: &Context) -> Result<Option<Exit>, Error> {
    if request.filter.jq.is_none() {
        return Ok(None);
    }
    if is_isolated() {
        limit_memory(request.threads);
        return Ok(None);
    }
    let outcome = run(&context.typed, &request.outputs);
    if let (Err(error), Some(report)) = (&outcome, &context.run_report) {
        // The second process can have begun the report, and cannot complete it.
        partial_file::clean_results(partial_file::folder_of(&report.path));
        if let Some(log) = context.run_log(request)? {
            let (text, exit) = (error.to_string(), error.exit().code());
            log.end(&RunEnd { state: "failed", exit, error: Some(&text), coverage: None })?;
        }
    }
    outcome.map(Some)
}

/// Whether this is the second process.
fn is_isolated() -> bool {
    std::env::var_os(ISOLATED).is_some()
}

/// Limits the memory of this process, the second one, if the system supports it.
fn limit_memory(threads: usize) {
    #[cfg(target_os = "linux")]
    linux::limit_memory(MEMORY << 20, threads);
    #[cfg(not(target_os = "linux"))]
    let _ = threads;
}

/// Runs the command line in a second process and returns its exit code. If that process
/// crashes, removes unfinished files beside `outputs` and returns an error.
fn run(typed: &[OsString], outputs: &[PathBuf]) -> Result<Exit, Error> {
    let fail = |error: io::Error| Error::Failed(format!("--jq: the child process cannot be started: {error}"));
    let program = std::env::current_exe().map_err(fail)?;
    let mut command = Command::new(program);
    command.args(typed.get(1..).unwrap_or_default()).env(ISOLATED, "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // In a group of its own it gets Ctrl-C once, from here, not also from the terminal.
        command.process_group(0);
        if let Some(name) = typed.first() {
            command.arg0(name);
        }
    }
    let signals = SignalRelay::pass_on()?;
    let mut child = command.spawn().map_err(fail)?;
    signals.begin(&child);
    let status = child.wait().map_err(fail)?;
    if let Some(exit) = status.code().and_then(Exit::from_code) {
        return Ok(exit);
    }
    for output in outputs {
        partial_file::clean_results(partial_file::folder_of(output));
    }
    Err(Error::Failed(format!(
        "--jq: the expression used more than {MEMORY} MiB of memory, or called itself or is nested too deeply ({}); \
         what was written is not complete",
        crash_reason(status)
    )))
}

/// Describes how a crashed process ended.
fn crash_reason(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("ended by signal {signal}");
    }
    status.to_string()
}

/// Passes signals on to the second process. On a console, Ctrl-C reaches both processes,
/// and this one only has to outlive the other.
#[derive(Clone, Default)]
struct SignalRelay {
    /// The process id of the second process, 0 until it has started.
    child: Arc<AtomicU32>,
    /// The number of signals received before it started.
    early: Arc<AtomicU32>,
}

impl SignalRelay {
    fn pass_on() -> Result<SignalRelay, Error> {
        let signals = SignalRelay::default();
        let on_signal = signals.clone();
        ctrlc::set_handler(move || match on_signal.child.load(SeqCst) {
            0 => drop(on_signal.early.fetch_add(1, SeqCst)),
            child => terminate(child),
        })
        .map_err(|error| Error::Failed(format!("the signal handler cannot be installed: {error}")))?;
        Ok(signals)
    }

    fn begin(&self, child: &Child) {
        self.child.store(child.id(), SeqCst);
        for _ in 0..self.early.swap(0, SeqCst) {
            terminate(child.id());
        }
    }
}

#[cfg(unix)]
fn terminate(child: u32) {
    use rustix::process::{Pid, Signal, kill_process};

    if let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) {
        // It may be gone already.
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(_child: u32) {}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

    /// The stack size of a thread in bytes.
    const STACK: u64 = 2 << 20;

    /// Limits this process to `bytes` and the stacks of its threads. Errors are ignored:
    /// the run then goes on without a limit.
    pub(super) fn limit_memory(bytes: u64, threads: usize) {
        // Each decoding thread can have one more that inflates ahead of it.
        let stacks = STACK * (4 + 2 * threads as u64);
        let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
        let _ = setrlimit(Resource::Data, limit(bytes + stacks));
        // Running out of memory is expected and reported, so a core dump is useless.
        let _ = setrlimit(Resource::Core, limit(0));
        let _ = set_parent_process_death_signal(Some(Signal::TERM));
    }
}
