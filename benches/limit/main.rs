//! Whole runs of the program against the limit: finding, reading and inflating
//! the same files on the same number of threads, and doing nothing with the
//! bytes. Files are inflated whole by libdeflate, gzip member by gzip member.
//! For one large file, the limit has one thread, as inflating it cannot be
//! shared, and one buffer for all of its text, which the program may not have.
//! The rows "inflated as a stream" therefore show flate2 with a window of 64 KiB.
//!
//! `cargo bench --bench limit` makes the corpora, which takes some minutes and
//! 1 GB of disk the first time, runs the commands in turn, and prints a table
//! of CPU times on one thread and one core, a table of times on all cores, and
//! other tools beside the program. `-- --only TEXT` selects the rows whose table
//! (`cpu`, `wall`, `peers`), corpus and work contain the text, `-- --pairs N` sets
//! the number of pairs, and `-- --real DIR` adds the events of real logs.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod corpus;
mod cpu;
mod cpu_time;
mod folder;
mod large;
mod limit;
mod peers;
mod real;
mod run;
mod start_up;
mod table;

use std::cell::Cell;
use std::path::Path;

use self::cpu::Pinned;
use self::limit::InflateMethod;
use self::run::{Measure, Output, Run, run_interleaved};
use self::table::{Options, Table};

/// A measured run of the program: its name, its arguments, and where its output goes.
type Workload = (&'static str, &'static [&'static str], Output);

const TEN_COLUMNS: Workload = ("ten columns", &[], Output::Discarded);
const COUNT: Workload = ("--count", &["--count"], Output::Discarded);
const TERMINATIONS: Workload = ("-e TerminateInstances", &["-e", "TerminateInstances"], Output::Discarded);

const ON_BUSY: [Workload; 9] = [
    TEN_COLUMNS,
    COUNT,
    TERMINATIONS,
    ("summary", &["summary"], Output::Discarded),
    ("--sort eventTime", &["--sort", "eventTime"], Output::Discarded),
    ("--dedupe", &["--dedupe"], Output::Discarded),
    ("ten columns > FILE", &[], Output::Redirected),
    ("ten columns -o FILE", &[], Output::Named("rows.tsv")),
    ("xlsx -o FILE", &[], Output::Named("rows.xlsx")),
];
const ON_TINY: [Workload; 3] = [TEN_COLUMNS, COUNT, TERMINATIONS];
/// Filters that match about one event in a thousand, or none.
const SELECTIVE_FILTERS: [Workload; 7] = [
    ("--resource", &["--resource", "i-0de0b921d3af42fac"], Output::Discarded),
    ("--access-key", &["--access-key", "ASIA2ZCGLTWCFEXAMPLE"], Output::Discarded),
    ("--user", &["--user", "i-0f8055dc635d648aa"], Output::Discarded),
    ("-i, a network", &["-i", "10.9.0.0/16"], Output::Discarded),
    ("--error-code", &["--error-code", "Throttling"], Output::Discarded),
    ("--grep", &["--grep", "i-0de0b921d3af[0-9a-f]*"], Output::Discarded),
    ("--where", &["--where", "requestParameters.roleName = nobody-has-this"], Output::Discarded),
];
const ON_LARGE_FILES: [Workload; 3] =
    [TEN_COLUMNS, ("-c requestParameters", &["-c", "requestParameters"], Output::Discarded), COUNT];
const LARGE_FILES: [(&str, InflateMethod); 3] =
    [("one-file", InflateMethod::Whole), ("members", InflateMethod::Members), ("one-event", InflateMethod::Whole)];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, method, folder, threads] = &arguments[..]
        && mode == limit::MODE
    {
        return limit::inflate_all(Path::new(folder), InflateMethod::from_name(method), threads.parse().unwrap());
    }
    let options = Options::new(&arguments);
    match &options.real {
        Some(logs) => real::make(logs),
        None => println!("{}: left out, as --real names no folder of logs", real::NAME),
    }
    let threads = std::thread::available_parallelism().unwrap().get();
    cpu_table(&options);
    let heading = Cell::new(Some(format!("Time on all cores, {threads} threads")));
    let wall = Table { options: &options, measure: Measure::Wall, threads, heading };
    wall_table(&wall);
    peers::table(&options, threads);
    println!();
    for corpus in ["busy", "tiny"] {
        scaling(&wall, corpus);
    }
    start_up::line(&options);
}

/// Prints the CPU time on one core, which other processes hardly change.
fn cpu_table(options: &Options) {
    if cpu_time::seconds_of_children().is_none() {
        return println!("\nCPU time: left out, as this system does not report it");
    }
    let pinned = Pinned::to_one_core();
    let heading = Cell::new(Some(format!("CPU time, user and system, of one thread, {pinned}")));
    on_buckets(&Table { options, measure: Measure::Cpu, threads: 1, heading });
}

fn wall_table(table: &Table) {
    on_buckets(table);
    rows(table, "busy", &SELECTIVE_FILTERS, InflateMethod::Whole, table.threads);
    for (corpus, method) in LARGE_FILES {
        rows(table, corpus, &ON_LARGE_FILES, method, 1);
        streamed(table, corpus, method);
    }
}

fn on_buckets(table: &Table) {
    rows(table, "busy", &ON_BUSY, InflateMethod::Whole, table.threads);
    if table.options.real.is_some() {
        rows(table, real::NAME, &ON_BUSY, InflateMethod::Whole, table.threads);
    }
    rows(table, "tiny", &ON_TINY, InflateMethod::Whole, table.threads);
}

/// Compares runs of the program on a corpus with inflating it on this many threads.
fn rows(table: &Table, corpus: &str, works: &[Workload], method: InflateMethod, threads: usize) {
    for (work, arguments, output) in works {
        if table.has(corpus, work) {
            let folder = corpus::folder(corpus);
            let limit = Run::limit(&folder, method, threads);
            table.compare(corpus, work, &limit, &Run::program(&folder, table.threads, arguments, *output));
        }
    }
}

/// Compares inflating through a small window with inflating whole.
fn streamed(table: &Table, corpus: &str, method: InflateMethod) {
    const WORK: &str = "inflated as a stream";
    if table.has(corpus, WORK) {
        let folder = corpus::folder(corpus);
        let [limit, stream] = [method, InflateMethod::Stream].map(|method| Run::limit(&folder, method, 1));
        table.compare(corpus, WORK, &limit, &stream);
    }
}

fn scaling(table: &Table, corpus: &str) {
    if table.has(corpus, "two threads") {
        let folder = corpus::folder(corpus);
        let [two, one] = [2, 1].map(|threads| Run::program(&folder, threads, &[], Output::Discarded));
        let [two, one] = run_interleaved([&two, &one], table.options.pairs);
        println!("{corpus}, ten columns: two threads are {} times as fast as one", one.ratio_to(&two, table.measure));
    }
}
