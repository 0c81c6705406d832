//! The tables: which rows are wanted, and how they look.

use std::cell::Cell;
use std::path::PathBuf;

use super::run::{Measure, Run, Times, in_turn};

/// What was asked for on the command line.
pub(crate) struct Options {
    /// Only the rows with this text in them.
    pub(crate) only: Option<String>,
    /// How often a run is compared with its limit.
    pub(crate) pairs: usize,
    /// A folder of real logs.
    pub(crate) real: Option<PathBuf>,
}

impl Options {
    pub(crate) fn new(arguments: &[String]) -> Options {
        let value = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1).cloned()
        };
        Options {
            only: value("--only"),
            pairs: value("--pairs").map_or(7, |pairs| pairs.parse().unwrap()),
            real: value("--real").map(PathBuf::from),
        }
    }

    pub(crate) fn has(&self, table: &str, corpus: &str, work: &str) -> bool {
        self.only.as_ref().is_none_or(|only| format!("{table} {corpus} {work}").contains(only.as_str()))
    }
}

/// A table of times, as ratios to the limit's.
pub(crate) struct Table<'a> {
    pub(crate) options: &'a Options,
    pub(crate) measure: Measure,
    /// How many threads the program and the limit have.
    pub(crate) threads: usize,
    /// What the heading says, until it is printed with the first row.
    pub(crate) heading: Cell<Option<String>>,
}

impl Table<'_> {
    fn heading(&self) {
        if let Some(heading) = self.heading.take() {
            println!("\n{heading}; median of {} pairs (lowest to highest); ratio to the limit\n", self.options.pairs);
            line(["corpus", "work", "limit s", "run s", "ratio", "MiB"].map(String::from));
        }
    }

    pub(crate) fn has(&self, corpus: &str, work: &str) -> bool {
        let table = match self.measure {
            Measure::Cpu => "cpu",
            Measure::Wall => "wall",
        };
        self.options.has(table, corpus, work)
    }

    /// Measures a row and prints it. A run that fails has no ratio: its exit stands there.
    pub(crate) fn compare(&self, corpus: &str, work: &str, limit: &Run, run: &Run) {
        self.heading();
        let [limit_times, times] = in_turn([limit, run], self.options.pairs);
        let ratio =
            failure(&[&limit_times, &times]).unwrap_or_else(|| times.over(&limit_times, self.measure).to_string());
        let [limit, median] = [&limit_times, &times].map(|times| format!("{:.3}", times.median(self.measure)));
        let memory = run.mebibytes().map_or(String::new(), |most| format!("{most:.0}"));
        line([corpus.into(), work.into(), limit, median, ratio, memory]);
    }
}

/// How the first of the runs that failed has ended.
pub(crate) fn failure(times: &[&Times]) -> Option<String> {
    times.iter().find_map(|times| times.failure).map(|status| status.to_string())
}

fn line([corpus, work, limit, run, ratio, mebibytes]: [String; 6]) {
    println!("{corpus:<10}{work:<23}{limit:>8}{run:>8}  {ratio:<22}{mebibytes:>6}");
}
