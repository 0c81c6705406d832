//! The tables: which rows are selected, and how they are printed.

use std::cell::Cell;
use std::path::PathBuf;

use super::run::{Measure, Run, Times, run_interleaved};

/// The options of the command line.
pub(crate) struct Options {
    /// Only the rows that contain this text.
    pub(crate) only: Option<String>,
    /// The number of pairs of a run and its limit.
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
    /// The number of threads of the program. The limit has as many, but one for a large file.
    pub(crate) threads: usize,
    /// The heading, until it is printed before the first row.
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

    /// Measures a row and prints it. If a run fails, its exit status replaces the ratio.
    pub(crate) fn compare(&self, corpus: &str, work: &str, limit: &Run, run: &Run) {
        self.heading();
        let [limit_times, times] = run_interleaved([limit, run], self.options.pairs);
        let ratio =
            failure(&[&limit_times, &times]).unwrap_or_else(|| times.ratio_to(&limit_times, self.measure).to_string());
        let [limit, median] = [&limit_times, &times].map(|times| format!("{:.3}", times.median(self.measure)));
        let memory = run.mebibytes().map_or(String::new(), |most| format!("{most:.0}"));
        line([corpus.into(), work.into(), limit, median, ratio, memory]);
    }
}

/// The exit status of the first run that failed.
pub(crate) fn failure(times: &[&Times]) -> Option<String> {
    times.iter().find_map(|times| times.failure).map(|status| status.to_string())
}

fn line([corpus, work, limit, run, ratio, mebibytes]: [String; 6]) {
    println!("{corpus:<10}{work:<23}{limit:>8}{run:>8}  {ratio:<22}{mebibytes:>6}");
}
