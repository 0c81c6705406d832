//! Runs commands in turn, as whole processes, and compares their times.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::corpus;
use super::cpu_time;
use super::limit::{InflateMethod, MODE};

/// Where the output of a command goes.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    /// To /dev/null.
    Discarded,
    /// To a file, as standard output.
    Redirected,
    /// To a file of this name, by the option `-o`.
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
    /// The output file of the run before. It is removed first, as replacing it would cost time.
    removed: Option<PathBuf>,
}

/// The times of a command in seconds, in the order of its runs.
#[derive(Default)]
pub(crate) struct Times {
    cpu: Vec<f64>,
    wall: Vec<f64>,
    /// The exit status of the first run that failed.
    pub(crate) failure: Option<ExitStatus>,
}

/// Ratios of times, in ascending order.
pub(crate) struct Ratio(Vec<f64>);

impl Run {
    /// The limit over the files of a folder.
    pub(crate) fn limit(folder: &Path, method: InflateMethod, threads: usize) -> Run {
        let name = format!("{method:?}");
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

    /// A command whose output is discarded.
    pub(crate) fn new(program: PathBuf, arguments: &[&str]) -> Run {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Run { program, arguments, stdout: "/dev/null".into(), removed: None }
    }

    fn start(&self, stdout: File) -> Child {
        Command::new(&self.program).args(&self.arguments).stdout(stdout).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Removes the output file of the run before, and opens an empty standard output.
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

    /// The peak memory of a run in MiB, if the system reports it. The system
    /// keeps the peak, so only growth in the last millisecond can be missed.
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

    /// The ratio of these times to the others, for each round.
    pub(crate) fn ratio_to(&self, other: &Times, measure: Measure) -> Ratio {
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

/// Runs the commands in turn, this many times. The first one runs once before, so
/// that the system has the files in memory for all of them.
pub(crate) fn run_interleaved<const N: usize>(runs: [&Run; N], rounds: usize) -> [Times; N] {
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
