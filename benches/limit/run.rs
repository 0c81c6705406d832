//! Runs commands in turn, as whole processes, and compares their times.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// A command that can be run again and again.
pub(crate) struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    output: PathBuf,
}

/// What a run is compared with.
pub(crate) enum Peer<'a> {
    Is(&'a Run),
}

/// Medians over all pairs.
pub(crate) struct Outcome {
    pub(crate) ours: f64,
    pub(crate) theirs: f64,
    /// Median, lowest and highest ratio of a pair.
    pub(crate) ratio: String,
    /// The largest memory of our runs.
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

    /// Seconds, and the most memory in MiB.
    fn once(&self) -> (f64, f64) {
        let output = File::create(&self.output).unwrap();
        let start = Instant::now();
        let mut child =
            Command::new(&self.program).args(&self.arguments).stdout(output).stderr(Stdio::null()).spawn().unwrap();
        let memory = peak(&mut child);
        (start.elapsed().as_secs_f64(), memory)
    }
}

/// Waits for the end of a process and gives its peak memory in MiB.
fn peak(child: &mut std::process::Child) -> f64 {
    let status = child.wait().unwrap();
    assert!(status.success(), "{status}");
    0.0
}

/// Runs the two in turn, once to warm up and then `pairs` times.
pub(crate) fn compare(ours: &Run, Peer::Is(theirs): Peer<'_>, pairs: usize) -> Outcome {
    let (mut our_times, mut their_times, mut ratios, mut mebibytes) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
    for pair in 0..=pairs {
        let (their_time, _) = theirs.once();
        let (our_time, memory) = ours.once();
        if pair > 0 {
            ratios.push(our_time / their_time);
            our_times.push(our_time);
            their_times.push(their_time);
            mebibytes = mebibytes.max(memory);
        }
    }
    let (middle, lowest, highest) = spread(&mut ratios);
    Outcome {
        ours: spread(&mut our_times).0,
        theirs: spread(&mut their_times).0,
        ratio: format!("{middle:.2} ({lowest:.2} to {highest:.2})"),
        mebibytes,
    }
}

fn spread(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
