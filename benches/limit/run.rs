//! Runs commands in turn, as whole processes, and compares their times.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command that can be run again and again.
pub(crate) struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    output: PathBuf,
}

/// Medians over all pairs.
pub(crate) struct Outcome {
    pub(crate) ours: f64,
    pub(crate) theirs: f64,
    /// Median, lowest and highest ratio of a pair.
    pub(crate) ratio: String,
    /// The most memory that ours takes.
    pub(crate) mebibytes: f64,
}

impl Run {
    /// The limit over the files of a folder.
    pub(crate) fn limit(folder: &Path, threads: usize) -> Run {
        Run {
            program: std::env::current_exe().unwrap(),
            arguments: vec!["inflate".into(), folder.to_str().unwrap().into(), threads.to_string()],
            output: "/dev/null".into(),
        }
    }

    /// The program on the same files.
    pub(crate) fn program(folder: &Path, threads: usize, arguments: &[&str], to_file: bool) -> Run {
        let mut all = vec![folder.to_str().unwrap().to_string(), "--threads".into(), threads.to_string()];
        all.extend(arguments.iter().map(|argument| (*argument).to_string()));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rows.tsv");
        Run {
            program: env!("CARGO_BIN_EXE_trail2tsv").into(),
            arguments: all,
            output: if to_file { file } else { "/dev/null".into() },
        }
    }

    fn start(&self) -> Child {
        let output = File::create(&self.output).unwrap();
        Command::new(&self.program).args(&self.arguments).stdout(output).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The seconds that a run takes.
    fn seconds(&self) -> f64 {
        let start = Instant::now();
        let status = self.start().wait().unwrap();
        assert!(status.success(), "{status}");
        start.elapsed().as_secs_f64()
    }

    /// The most memory that a run takes, in MiB, where the system tells.
    fn mebibytes(&self) -> f64 {
        let mut child = self.start();
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0.0_f64;
        while child.try_wait().unwrap().is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
            most = most.max(kibibytes.unwrap_or_default() / 1024.0);
            std::thread::sleep(Duration::from_millis(1));
        }
        most
    }
}

/// Runs the two in turn, once to warm up and then `pairs` times.
pub(crate) fn compare(ours: &Run, theirs: &Run, pairs: usize) -> Outcome {
    let (mut our_times, mut their_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..=pairs {
        let (their_time, our_time) = (theirs.seconds(), ours.seconds());
        if pair > 0 {
            ratios.push(our_time / their_time);
            our_times.push(our_time);
            their_times.push(their_time);
        }
    }
    let (middle, lowest, highest) = spread(&mut ratios);
    Outcome {
        ours: spread(&mut our_times).0,
        theirs: spread(&mut their_times).0,
        ratio: format!("{middle:.2} ({lowest:.2} to {highest:.2})"),
        mebibytes: ours.mebibytes(),
    }
}

fn spread(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
