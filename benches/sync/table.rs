//! The table: which lines are selected, and how they are printed.

use super::run::RunStats;

/// The table of results.
pub(crate) struct Table {
    /// Only the lines whose work contains this text.
    pub(crate) only: Option<String>,
}

impl Table {
    pub(crate) fn has(&self, work: &str) -> bool {
        self.only.as_ref().is_none_or(|only| work.contains(only.as_str()))
    }

    pub(crate) fn heading(&self) {
        println!();
        line(["work", "tool", "s", "ratio", "cpu s", "ratio", "MiB", "LIST", "GET", "HEAD"].map(String::from));
    }

    /// Prints a line, which compares the runs of each round. If a run fails, its
    /// exit status replaces the ratio.
    pub(crate) fn row(&self, work: &str, tool: &str, runs: &[RunStats], ours: &[RunStats]) {
        let failure = runs.iter().chain(ours).find_map(|run| run.failure.clone());
        let (seconds, ratio) = compared(runs, ours, |run| Some(run.seconds));
        let (cpu_seconds, cpu_ratio) = compared(runs, ours, |run| run.cpu);
        let memory = runs.iter().filter_map(|run| run.mebibytes).reduce(f64::max);
        let counts = runs[runs.len() - 1].request_counts;
        line([
            work.into(),
            tool.into(),
            seconds,
            failure.unwrap_or(ratio),
            cpu_seconds,
            cpu_ratio,
            memory.map_or(String::new(), |most| format!("{most:.0}")),
            counts.lists.to_string(),
            counts.gets.to_string(),
            counts.heads.to_string(),
        ]);
    }
}

/// The median of a measure, and of its ratios to ours; empty if a run lacks it.
fn compared(runs: &[RunStats], ours: &[RunStats], measure: impl Fn(&RunStats) -> Option<f64>) -> (String, String) {
    let measured = |runs: &[RunStats]| runs.iter().map(&measure).collect::<Option<Vec<f64>>>();
    let (Some(runs), Some(ours)) = (measured(runs), measured(ours)) else { return Default::default() };
    let ratios = sorted(runs.iter().zip(&ours).map(|(run, ours)| run / ours));
    let ratio = format!("{:.2} ({:.2} to {:.2})", median(&ratios), ratios[0], ratios[ratios.len() - 1]);
    (format!("{:.2}", median(&sorted(runs.into_iter()))), ratio)
}

fn line([work, tool, seconds, ratio, cpu, cpu_ratio, memory, lists, gets, heads]: [String; 10]) {
    println!(
        "{work:<27}{tool:<22}{seconds:>7}  {ratio:<22}{cpu:>7}  {cpu_ratio:<22}{memory:>5}{lists:>6}{gets:>7}{heads:>7}"
    );
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}
