//! Runs commands in turn, as whole processes, and compares their times.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::inflate::{How, MODE};

/// A command that can be run again and again.
pub(crate) struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    output: PathBuf,
}

/// How long a command took, each time.
#[derive(Default)]
pub(crate) struct Times {
    seconds: Vec<f64>,
    /// How it ended, where that was not well.
    pub(crate) failure: Option<ExitStatus>,
}

/// The median, lowest and highest of some ratios.
pub(crate) struct Ratio(Vec<f64>);

impl Run {
    /// The limit over the files of a folder.
    pub(crate) fn limit(folder: &Path, how: How, threads: usize) -> Run {
        let name = format!("{how:?}");
        Run::new(std::env::current_exe().unwrap(), &[MODE, &name, folder.to_str().unwrap(), &threads.to_string()])
    }

    /// The program on the same files.
    pub(crate) fn program(folder: &Path, threads: usize, arguments: &[&str], to_file: bool) -> Run {
        let threads = threads.to_string();
        let all = [arguments, &[folder.to_str().unwrap(), "--threads", &threads]].concat();
        let run = Run::new(env!("CARGO_BIN_EXE_trail2tsv").into(), &all);
        if to_file { Run { output: Path::new(env!("CARGO_TARGET_TMPDIR")).join("rows.tsv"), ..run } } else { run }
    }

    /// A command whose output goes nowhere.
    pub(crate) fn new(program: PathBuf, arguments: &[&str]) -> Run {
        Run { program, arguments: arguments.iter().map(ToString::to_string).collect(), output: "/dev/null".into() }
    }

    fn start(&self) -> Child {
        let output = File::create(&self.output).unwrap();
        Command::new(&self.program).args(&self.arguments).stdout(output).stderr(Stdio::null()).spawn().unwrap()
    }

    fn time(&self, times: &mut Times) {
        let start = Instant::now();
        let status = self.start().wait().unwrap();
        times.seconds.push(start.elapsed().as_secs_f64());
        times.failure = times.failure.or((!status.success()).then_some(status));
    }

    /// The most memory that a run takes, in MiB, where the system tells. It
    /// tells the most so far, so only what is new in the last millisecond of
    /// the run can be missed.
    pub(crate) fn mebibytes(&self) -> Option<f64> {
        let mut child = self.start();
        let status = format!("/proc/{}/status", child.id());
        let mut most = None;
        while child.try_wait().unwrap().is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
            most = kibibytes.map(|kibibytes| kibibytes / 1024.0).or(most);
            std::thread::sleep(Duration::from_millis(1));
        }
        most
    }
}

impl Times {
    pub(crate) fn median(&self) -> f64 {
        sorted(self.seconds.iter().copied())[self.seconds.len() / 2]
    }

    /// How many times as long as the other, round by round.
    pub(crate) fn over(&self, other: &Times) -> Ratio {
        Ratio(sorted(self.seconds.iter().zip(&other.seconds).map(|(ours, theirs)| ours / theirs)))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ratio(values) = self;
        write!(out, "{:.2} ({:.2} to {:.2})", values[values.len() / 2], values[0], values[values.len() - 1])
    }
}

/// Runs them in turn, so many times. The first runs once before, so that its
/// files are in memory for all.
pub(crate) fn in_turn<const N: usize>(runs: [&Run; N], rounds: usize) -> [Times; N] {
    runs[0].time(&mut Times::default());
    let mut all = std::array::from_fn(|_| Times::default());
    for _ in 0..rounds {
        for (run, times) in runs.iter().zip(&mut all) {
            run.time(times);
        }
    }
    all
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
