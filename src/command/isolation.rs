//! Runs the program in a process of its own that may use only so much memory.
//!
//! A jq expression can use up all memory (`[range(1e9)]`) or all of a stack (`def f: 1 +
//! f; f`), and nothing inside of a process can turn that into an error. So a run with
//! `--jq` is done by a second process, and the first one waits for it: it passes signals
//! on, reports a second process that broke down, and removes its unfinished result.

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
use crate::sink::partial_file;

/// Set in the environment of the second process.
const MARK: &str = "_TRAIL2TSV_ISOLATED";
/// How much memory the second process may use, in MiB. Its threads' stacks come on top.
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
    run(&context.typed, &request.outputs).map(Some)
}

/// Whether this is the second process.
fn is_isolated() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Limits this process, the second one, to its memory, where the system can do that.
fn limit_memory(threads: usize) {
    #[cfg(target_os = "linux")]
    linux::limit_memory(MEMORY << 20, threads);
    #[cfg(not(target_os = "linux"))]
    let _ = threads;
}

/// Runs the command line in a second process, and gives how it ended. `outputs` are
/// the files that it writes.
fn run(typed: &[OsString], outputs: &[PathBuf]) -> Result<Exit, Error> {
    let fail = |error: io::Error| Error::Failed(format!("--jq needs a second process, and there is none: {error}"));
    let program = std::env::current_exe().map_err(fail)?;
    let mut command = Command::new(program);
    command.args(typed.get(1..).unwrap_or_default()).env(MARK, "1");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // A Ctrl-C must come once, from here, and not also from the terminal.
        command.process_group(0);
        if let Some(name) = typed.first() {
            command.arg0(name);
        }
    }
    let signals = SignalRelay::pass_on()?;
    let mut child = command.spawn().map_err(fail)?;
    signals.begin(&child);
    let status = child.wait().map_err(fail)?;
    if let Some(exit) = status.code().and_then(Exit::of_code) {
        return Ok(exit);
    }
    for output in outputs {
        partial_file::clean_results(partial_file::folder_of(output));
    }
    Err(Error::Failed(format!(
        "--jq: the expression used more than {MEMORY} MiB of memory, or called itself or is nested too deeply ({}); \
         what was written is not complete",
        broken_down(status)
    )))
}

/// How a process ended that did not end by itself.
fn broken_down(status: ExitStatus) -> String {
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
    /// Its id, 0 while there is none.
    child: Arc<AtomicU32>,
    /// How many came before it began.
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
        .map_err(|error| Error::Failed(format!("signals cannot be handled: {error}")))?;
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

    /// What a thread reserves for its stack.
    const STACK: u64 = 2 << 20;

    /// A limit that cannot be set leaves things as they are without one.
    pub(super) fn limit_memory(bytes: u64, threads: usize) {
        // Each that decodes can have one that inflates ahead of it.
        let stacks = STACK * (4 + 2 * threads as u64);
        let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
        let _ = setrlimit(Resource::Data, limit(bytes + stacks));
        // The failure is expected and reported, so a core dump would be of no use.
        let _ = setrlimit(Resource::Core, limit(0));
        let _ = set_parent_process_death_signal(Some(Signal::TERM));
    }
}
