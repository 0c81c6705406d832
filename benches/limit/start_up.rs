//! The time to start: the program on two events, compared with a program that does
//! nothing.

use std::process::{Command, Stdio};
use std::time::Instant;

use super::corpus;
use super::table::Options;

const STARTS: usize = 200;

pub(crate) fn line(options: &Options) {
    if !options.has("wall", "start-up", "") {
        return;
    }
    let mut program = Command::new(env!("CARGO_BIN_EXE_trail2tsv"));
    program.arg(corpus::folder("two-events"));
    let mut nothing = Command::new("true");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        theirs.push(milliseconds(&mut nothing));
        ours.push(milliseconds(&mut program));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "start-up: {ours:.2} ms with two events, {theirs:.2} ms for `true`, {:.2} ms more (medians of {STARTS})",
        ours - theirs
    );
}

/// The wall time of a run in milliseconds. Its output goes through a pipe.
fn milliseconds(command: &mut Command) -> f64 {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    start.elapsed().as_secs_f64() * 1000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
