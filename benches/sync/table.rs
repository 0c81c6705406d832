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
        line(["work", "tool", "s", "ratio", "cpu s", "ratio", "MiB", "LIST", "GET", "HEAD"].map(String::from));
    }

    /// Prints a line: runs of one round stand against each other. A run that
    /// fails has no ratio: its exit stands there.
    pub(crate) fn row(&self, work: &str, tool: &str, runs: &[Ran], ours: &[Ran]) {
        let failure = runs.iter().chain(ours).find_map(|run| run.failure.clone());
        let (seconds, ratio) = compared(runs, ours, |run| Some(run.seconds));
        let (cpu_seconds, cpu_ratio) = compared(runs, ours, |run| run.cpu);
        let memory = runs.iter().filter_map(|run| run.mebibytes).reduce(f64::max);
        let asked = runs[runs.len() - 1].asked;
        line([
            work.into(),
            tool.into(),
            seconds,
            failure.unwrap_or(ratio),
            cpu_seconds,
            cpu_ratio,
            memory.map_or(String::new(), |most| format!("{most:.0}")),
            asked.lists.to_string(),
            asked.gets.to_string(),
            asked.heads.to_string(),
        ]);
    }
}

/// The median of a measure, and of its ratios to that of ours; nothing if a run lacks it.
fn compared(runs: &[Ran], ours: &[Ran], measure: impl Fn(&Ran) -> Option<f64>) -> (String, String) {
    let measured = |runs: &[Ran]| runs.iter().map(&measure).collect::<Option<Vec<f64>>>();
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
