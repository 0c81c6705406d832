//! Runs commands in turn, as whole processes, and compares their times.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::corpus;
use super::cpu_time;
use super::limit::{How, MODE};

/// Where the output of a command goes.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    /// To /dev/null.
    Discarded,
    /// Standard output is a file.
    Redirected,
    /// The option `-o` names a file, of this name.
    Named(&'static str),
}

/// A time that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Measure {
    /// The CPU time, user and system, of a process and its children.
    Cpu,
    /// The time between start and end.
    Wall,
}

/// A command that can be run again and again.
pub(crate) struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    stdout: PathBuf,
    /// A file of the run before. Replacing it would cost time.
    removed: Option<PathBuf>,
}

/// How long a command took, each time.
#[derive(Default)]
pub(crate) struct Times {
    cpu: Vec<f64>,
    wall: Vec<f64>,
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
    pub(crate) fn program(folder: &Path, threads: usize, arguments: &[&str], output: Output) -> Run {
        let threads = threads.to_string();
        let all = [arguments, &[folder.to_str().unwrap(), "--threads", &threads]].concat();
        let mut run = Run::new(env!("CARGO_BIN_EXE_trail2tsv").into(), &all);
        match output {
            Output::Discarded => {}
            Output::Redirected => run.stdout = corpus::scratch().join("rows.tsv"),
            Output::Named(name) => {
                let file = corpus::scratch().join(name);
                run.arguments.extend(["-o".into(), file.to_str().unwrap().into()]);
                run.removed = Some(file);
            }
        }
        run
    }

    /// A command whose output goes nowhere.
    pub(crate) fn new(program: PathBuf, arguments: &[&str]) -> Run {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Run { program, arguments, stdout: "/dev/null".into(), removed: None }
    }

    fn start(&self, stdout: File) -> Child {
        Command::new(&self.program).args(&self.arguments).stdout(stdout).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Standard output, emptied.
    fn prepare(&self) -> File {
        if let Some(file) = &self.removed {
            let _ = fs::remove_file(file);
        }
        File::create(&self.stdout).unwrap()
    }

    fn time(&self, times: &mut Times) {
        let stdout = self.prepare();
        let (cpu, start) = (cpu_time::seconds_of_children(), Instant::now());
        let status = self.start(stdout).wait().unwrap();
        times.wall.push(start.elapsed().as_secs_f64());
        times.cpu.extend(cpu_time::seconds_of_children().zip(cpu).map(|(after, before)| after - before));
        times.failure = times.failure.or((!status.success()).then_some(status));
    }

    /// The most memory that a run takes, in MiB, where the system tells. It
    /// tells the most so far, so only what is new in the last millisecond of
    /// the run can be missed.
    pub(crate) fn mebibytes(&self) -> Option<f64> {
        let mut child = self.start(self.prepare());
        let status = format!("/proc/{}/status", child.id());
        let mut most = None;
        while child.try_wait().unwrap().is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
            most = kibibytes.map(|kibibytes| kibibytes / 1024.0).or(most);
            std::thread::sleep(Duration::from_millis(1));
        }
        most
    }
}

impl Times {
    fn seconds(&self, measure: Measure) -> &[f64] {
        match measure {
            Measure::Cpu => &self.cpu,
            Measure::Wall => &self.wall,
        }
    }

    pub(crate) fn median(&self, measure: Measure) -> f64 {
        let seconds = sorted(self.seconds(measure).iter().copied());
        seconds[seconds.len() / 2]
    }

    /// How many times as long as the other, round by round.
    pub(crate) fn over(&self, other: &Times, measure: Measure) -> Ratio {
        let pairs = self.seconds(measure).iter().zip(other.seconds(measure));
        Ratio(sorted(pairs.map(|(ours, theirs)| ours / theirs)))
    }
}

impl Ratio {
    /// None if the time was not measured.
    pub(crate) fn median(&self) -> Option<f64> {
        self.0.get(self.0.len() / 2).copied()
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [Some(lowest), Some(median), Some(highest)] =
            [self.0.first().copied(), self.median(), self.0.last().copied()]
        else {
            return Ok(());
        };
        write!(out, "{median:.2} ({lowest:.2} to {highest:.2})")
    }
}

/// Runs them in turn, this many times. The first runs once before, so that its
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
