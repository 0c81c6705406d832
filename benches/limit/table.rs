//! The table: which rows are wanted, and how they look.

use super::run::{Run, Times, in_turn};

/// What was asked for.
pub(crate) struct Table {
    /// Only the rows with this text in them.
    pub(crate) only: Option<String>,
    /// How often a run is compared with its limit.
    pub(crate) pairs: usize,
    /// How many threads the program has.
    pub(crate) threads: usize,
}

impl Table {
    pub(crate) fn has(&self, corpus: &str, work: &str) -> bool {
        self.only.as_ref().is_none_or(|only| format!("{corpus} {work}").contains(only.as_str()))
    }

    pub(crate) fn heading(&self) {
        let Table { threads, pairs, .. } = self;
        println!("{threads} threads; median of {pairs} pairs (lowest to highest); ratio to the limit's time\n");
        line(["corpus", "work", "limit s", "run s", "ratio", "MiB"].map(String::from));
    }

    /// Measures a row and prints it.
    pub(crate) fn compare(&self, corpus: &str, work: &str, limit: &Run, run: &Run) {
        let [limit_times, times] = in_turn([limit, run], self.pairs);
        row(corpus, work, &limit_times, &times, run.mebibytes());
    }
}

/// Prints a row. A run that fails has no ratio: its exit stands there.
pub(crate) fn row(corpus: &str, work: &str, limit: &Times, run: &Times, mebibytes: Option<f64>) {
    let ratio = match limit.failure.or(run.failure) {
        Some(status) => status.to_string(),
        None => run.over(limit).to_string(),
    };
    let [limit, run] = [limit, run].map(|times| format!("{:.3}", times.median()));
    let mebibytes = mebibytes.map_or(String::new(), |most| format!("{most:.0}"));
    line([corpus.into(), work.into(), limit, run, ratio, mebibytes]);
}

fn line([corpus, work, limit, run, ratio, mebibytes]: [String; 6]) {
    println!("{corpus:<10}{work:<23}{limit:>8}{run:>8}  {ratio:<22}{mebibytes:>6}");
}
