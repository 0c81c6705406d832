//! The table: which lines are wanted, and how they look.

use super::run::Ran;

/// What was asked for.
pub(crate) struct Table {
    /// Only the lines with this text in their work.
    pub(crate) only: Option<String>,
}

impl Table {
    pub(crate) fn has(&self, work: &str) -> bool {
        self.only.as_ref().is_none_or(|only| work.contains(only.as_str()))
    }

    pub(crate) fn heading(&self) {
        println!();
        line(["work", "tool", "s", "ratio", "MiB", "LIST", "GET", "HEAD"].map(String::from));
    }

    /// Prints a line: runs of one round stand against each other. A run that
    /// fails has no ratio: its exit stands there.
    pub(crate) fn row(&self, work: &str, tool: &str, runs: &[Ran], ours: &[Ran]) {
        let ratios = sorted(runs.iter().zip(ours).map(|(run, ours)| run.seconds / ours.seconds));
        let ratio = match runs.iter().chain(ours).find_map(|run| run.failure.clone()) {
            Some(failure) => failure,
            None => format!("{:.2} ({:.2} to {:.2})", median(&ratios), ratios[0], ratios[ratios.len() - 1]),
        };
        let seconds = median(&sorted(runs.iter().map(|run| run.seconds)));
        let memory = runs.iter().filter_map(|run| run.mebibytes).reduce(f64::max);
        let asked = runs[runs.len() - 1].asked;
        line([
            work.into(),
            tool.into(),
            format!("{seconds:.2}"),
            ratio,
            memory.map_or(String::new(), |most| format!("{most:.0}")),
            asked.lists.to_string(),
            asked.gets.to_string(),
            asked.heads.to_string(),
        ]);
    }
}

fn line([work, tool, seconds, ratio, memory, lists, gets, heads]: [String; 8]) {
    println!("{work:<27}{tool:<22}{seconds:>7}  {ratio:<24}{memory:>5}{lists:>6}{gets:>7}{heads:>7}");
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}
