//! Whole runs of the program against the limit: walking, reading and inflating
//! the same files on the same number of threads, and doing nothing with the
//! bytes. `cargo bench --bench limit` makes the corpora, runs the two in turn,
//! and prints one table of ratios.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod corpus;
mod inflate;
mod run;

use std::path::Path;

use self::run::{Run, compare};

/// What is measured: a name, its arguments, and whether rows go to a file.
const WORKS: [(&str, &[&str], bool); 4] = [
    ("ten columns, all events", &[], false),
    ("the same, to a file", &[], true),
    ("-e TerminateInstances", &["-e", "TerminateInstances"], false),
    ("--count", &["--count"], false),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, folder, threads] = &arguments[..]
        && mode == "inflate"
    {
        return inflate::all(Path::new(folder), threads.parse().unwrap());
    }
    let pairs = option(&arguments, "--pairs").map_or(5, |pairs| pairs.parse().unwrap());
    let only = option(&arguments, "--only");
    let threads = std::thread::available_parallelism().unwrap().get();
    println!("{threads} threads, median of {pairs} pairs (lowest to highest), ratio of wall time to the limit\n");
    println!("{:<8}{:<28}{:>9}{:>9}   {:<22}{:>8}", "corpus", "work", "limit s", "ours s", "ratio", "MiB");
    for (name, folder) in corpus::all() {
        for (work, arguments, to_file) in WORKS {
            if only.as_ref().is_some_and(|only| !format!("{name} {work}").contains(only.as_str())) {
                continue;
            }
            line(name, work, &folder, arguments, to_file, threads, pairs);
        }
    }
    if only.is_none() {
        scaling(&corpus::all()[0].1, pairs);
    }
}

fn option(arguments: &[String], name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).cloned()
}

fn line(name: &str, work: &str, folder: &Path, arguments: &[&str], to_file: bool, threads: usize, pairs: usize) {
    let limit = Run::limit(folder, threads);
    let ours = Run::program(folder, threads, arguments, to_file);
    let outcome = compare(&ours, &limit, pairs);
    println!(
        "{name:<8}{work:<28}{:>9.3}{:>9.3}   {:<22}{:>8.0}",
        outcome.theirs, outcome.ours, outcome.ratio, outcome.mebibytes
    );
}

/// How much faster all threads are than one.
fn scaling(folder: &Path, pairs: usize) {
    let one = Run::program(folder, 1, &[], false);
    let two = Run::program(folder, 2, &[], false);
    let outcome = compare(&one, &two, pairs);
    println!("\nbusy, ten columns: one thread takes {} times as long as two", outcome.ratio);
}
