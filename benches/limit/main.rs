//! Whole runs of the program against the limit: finding, reading and inflating
//! the same files on the same number of threads, and doing nothing with the
//! bytes. Files are inflated whole by libdeflate, gzip member by gzip member.
//! One large file has one thread at the limit, as inflating it cannot be
//! shared, and one buffer for all of its text, which the program may not have:
//! for that the rows "inflated as a stream" stand, by flate2 through 64 KiB.
//!
//! `cargo bench --bench limit` makes the corpora, which takes some minutes and
//! 1 GB of disk the first time, runs the commands in turn, and prints one
//! table and what does not fit into it. `-- --only TEXT` takes the lines whose
//! corpus and work have the text in them, `-- --pairs N` more or fewer pairs.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod corpus;
mod inflate;
mod large;
mod peers;
mod run;
mod start_up;
mod table;

use std::path::Path;

use self::inflate::How;
use self::run::{Run, in_turn};
use self::table::Table;

/// What is measured: a name, its arguments, and whether rows go to a file.
type Work = (&'static str, &'static [&'static str], bool);

const ON_BUCKETS: [Work; 4] = [
    ("ten columns", &[], false),
    ("ten columns, to a file", &[], true),
    ("-e TerminateInstances", &["-e", "TerminateInstances"], false),
    ("--count", &["--count"], false),
];
/// Of which one event in a thousand is the answer, or none.
const QUESTIONS: [Work; 8] = [
    ("--resource", &["--resource", "i-098a1390d4f5286ed"], false),
    ("--access-key", &["--access-key", "ASIA3WN5EMWFGEXAMPLE"], false),
    ("--user", &["--user", "i-0dfb85add00d78360"], false),
    ("-i, a network", &["-i", "10.9.0.0/16"], false),
    ("--error-code", &["--error-code", "Throttling"], false),
    ("--grep", &["--grep", "i-098a1390d4f52[0-9a-f]*"], false),
    ("--where", &["--where", "requestParameters.roleName = nobody-has-this"], false),
    ("summary", &["summary"], false),
];
const ON_LARGE_FILES: [Work; 3] = [
    ("ten columns", &[], false),
    ("-c requestParameters", &["-c", "requestParameters"], false),
    ("--count", &["--count"], false),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, how, folder, threads] = &arguments[..]
        && mode == inflate::MODE
    {
        return inflate::all(Path::new(folder), How::named(how), threads.parse().unwrap());
    }
    let table = Table {
        only: option(&arguments, "--only"),
        pairs: option(&arguments, "--pairs").map_or(5, |pairs| pairs.parse().unwrap()),
        threads: std::thread::available_parallelism().unwrap().get(),
    };
    table.heading();
    for corpus in ["busy", "tiny"] {
        rows(&table, corpus, &ON_BUCKETS, How::Whole, table.threads);
    }
    rows(&table, "busy", &QUESTIONS, How::Whole, table.threads);
    for (corpus, how) in [("one-file", How::Whole), ("members", How::Members), ("one-event", How::Whole)] {
        rows(&table, corpus, &ON_LARGE_FILES, how, 1);
        streamed(&table, corpus, how);
    }
    peers::rows(&table);
    println!();
    for corpus in ["busy", "tiny"] {
        scaling(&table, corpus);
    }
    start_up::line(&table);
}

fn option(arguments: &[String], name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).cloned()
}

/// The program's works on a corpus, against inflating it on so many threads.
fn rows(table: &Table, corpus: &str, works: &[Work], how: How, threads: usize) {
    for (work, arguments, to_file) in works {
        if table.has(corpus, work) {
            let folder = corpus::folder(corpus);
            let limit = Run::limit(&folder, how, threads);
            table.compare(corpus, work, &limit, &Run::program(&folder, table.threads, arguments, *to_file));
        }
    }
}

/// Inflating in little memory, against inflating whole.
fn streamed(table: &Table, corpus: &str, how: How) {
    const WORK: &str = "inflated as a stream";
    if table.has(corpus, WORK) {
        let folder = corpus::folder(corpus);
        let [limit, stream] = [how, How::Stream].map(|how| Run::limit(&folder, how, 1));
        table.compare(corpus, WORK, &limit, &stream);
    }
}

fn scaling(table: &Table, corpus: &str) {
    if table.has(corpus, "two threads") {
        let folder = corpus::folder(corpus);
        let [two, one] = [2, 1].map(|threads| Run::program(&folder, threads, &[], false));
        let [two, one] = in_turn([&two, &one], table.pairs);
        println!("{corpus}, ten columns: two threads are {} times as fast as one", one.over(&two));
    }
}
