//! Mirroring a bucket, compared with other tools that do this: 20,000
//! logs of about 20 KB from an S3 server on this machine, once at the speed of
//! memory, once with the delays of a network.
//!
//! `cargo bench --bench sync` runs the tools that are on the PATH in turn,
//! each into a fresh folder and then again. It prints one table with the time
//! and the CPU time of each, also as multiples of ours. In the last lines, a
//! run that also reads the logs is compared with one that only mirrors them.
//! `-- --only TEXT` selects the lines whose work contains the text, `-- --tools
//! LIST` the tools beside ours, `-- --rounds N` sets the number of rounds, and
//! `-- --folder DIR` the place of the mirrors. By default that is /dev/shm if it
//! exists, because a disk slows down when that much is deleted and written.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

#[path = "../limit/cpu_time.rs"]
mod cpu_time;
mod run;
mod scratch;
mod server;
mod table;
mod tool;

use std::path::PathBuf;
use std::time::Duration;

use self::run::{RunStats, run};
use self::scratch::Scratch;
use self::server::Server;
use self::table::Table;
use self::tool::Tool;

/// The delays of each GET and of each LIST.
const DELAYS: [(&str, Duration, Duration); 2] = [
    ("no delay", Duration::ZERO, Duration::ZERO),
    ("with delays", Duration::from_millis(30), Duration::from_millis(100)),
];

/// The tools that are measured, and the server and folder that they use.
struct Bench {
    server: Server,
    scratch: Scratch,
    /// Ours is the first.
    tools: Vec<Tool>,
    rounds: usize,
    table: Table,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|mode| mode == server::MODE) {
        return server::serve();
    }
    let named = option(&arguments, "--tools");
    let is_named = |name: &str| named.as_ref().is_none_or(|list| list.split(',').any(|wanted| wanted == name));
    let rounds = option(&arguments, "--rounds").map_or(3, |rounds| rounds.parse().unwrap());
    let scratch = Scratch::new(option(&arguments, "--folder").map(PathBuf::from));
    let server = Server::start();
    println!("{} objects, {:.0} MB; delays: 30 ms a GET, 100 ms a LIST", server.objects, server.bytes as f64 / 1e6);
    println!("median of {rounds} rounds; ratio: of the tool to ours (lowest to highest)");
    let tools = tool::installed_tools(is_named);
    let table = Table { only: option(&arguments, "--only") };
    table.heading();
    let mut bench = Bench { server, scratch, tools, rounds, table };
    for (name, get, list) in DELAYS {
        bench.server.delay(get, list);
        bench.compare(name);
    }
    bench.decode();
}

fn option(arguments: &[String], name: &str) -> Option<String> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).cloned()
}

impl Bench {
    /// Prints a line for each tool, first into a fresh folder, and again into the same one.
    fn compare(&mut self, delays: &str) {
        let works = [format!("first, {delays}"), format!("again, {delays}")];
        if !works.iter().any(|work| self.table.has(work)) {
            return;
        }
        let mut measured: Vec<[Vec<RunStats>; 2]> = self.tools.iter().map(|_| Default::default()).collect();
        for _ in 0..self.rounds {
            for (tool, [first, again]) in self.tools.iter().zip(&mut measured) {
                let folder = self.scratch.fresh();
                first.push(run(&mut tool.first(&self.server.endpoint, &folder), &mut self.server));
                self.server.check(&folder);
                again.push(run(&mut tool.again(&self.server.endpoint, &folder), &mut self.server));
            }
        }
        for (at, work) in works.iter().enumerate().filter(|(_, work)| self.table.has(work)) {
            for (tool, runs) in self.tools.iter().zip(&measured) {
                self.table.row(work, &tool.name, &runs[at], &measured[0][at]);
            }
        }
    }

    /// Compares making rows while the objects arrive with mirroring alone.
    fn decode(&mut self) {
        const WORKS: [(&str, &[&str]); 3] = [
            ("and ten columns", &[]),
            ("and --count", &["--count"]),
            ("and -e TerminateInstances", &["-e", "TerminateInstances"]),
        ];
        for (work, arguments) in WORKS.into_iter().filter(|(work, _)| self.table.has(work)) {
            let (mut alone, mut decoding) = (Vec::new(), Vec::new());
            for _ in 0..self.rounds {
                let folder = self.scratch.fresh();
                alone.push(run(&mut self.tools[0].first(&self.server.endpoint, &folder), &mut self.server));
                let folder = self.scratch.fresh();
                let mut command = tool::ours(&self.server.endpoint, &folder);
                decoding.push(run(command.args(arguments), &mut self.server));
                self.server.check(&folder);
            }
            self.table.row(work, &self.tools[0].name, &decoding, &alone);
        }
    }
}
