//! One run of a tool: its time, its memory, and its requests to the server.

use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::cpu_time::seconds_of_children;
use super::server::{RequestCounts, Server};

/// The measurements of a run.
pub(crate) struct RunStats {
    pub(crate) seconds: f64,
    /// CPU time in seconds, if the system reports it.
    pub(crate) cpu: Option<f64>,
    /// The peak memory of its process, if the system reports it.
    pub(crate) mebibytes: Option<f64>,
    pub(crate) request_counts: RequestCounts,
    /// The exit status, if it failed.
    pub(crate) failure: Option<String>,
}

/// Runs a command and discards its output.
pub(crate) fn run(command: &mut Command, server: &mut Server) -> RunStats {
    server.reset();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (cpu, start) = (seconds_of_children(), Instant::now());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (over, is_over) = channel::<()>();
    let watch = std::thread::spawn(move || most_memory(&status, &is_over));
    let end = wait(&mut child);
    let seconds = start.elapsed().as_secs_f64();
    drop(over);
    let cpu = seconds_of_children().zip(cpu).map(|(after, before)| after - before);
    RunStats { seconds, cpu, mebibytes: watch.join().unwrap(), request_counts: server.request_counts(), failure: end }
}

fn wait(child: &mut Child) -> Option<String> {
    let status = child.wait().unwrap();
    (!status.success()).then(|| status.to_string())
}

/// The peak memory in MiB, read every now and then until the run is over.
fn most_memory(status: &str, is_over: &Receiver<()>) -> Option<f64> {
    const OFTEN: Duration = Duration::from_millis(20);
    let mut most = None;
    while is_over.recv_timeout(OFTEN) == Err(RecvTimeoutError::Timeout) {
        let text = std::fs::read_to_string(status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        most = kibibytes.map(|kibibytes| kibibytes / 1024.0).or(most);
    }
    most
}
