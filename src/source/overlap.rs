//! Finds inputs that are named twice or lie inside others. Their files are read once, because
//! their events would be counted twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::spec::Input;
use crate::report::{Report, count};

/// How the inputs of a run overlap.
#[derive(Debug, Default)]
pub struct InputOverlaps {
    /// Positions of inputs that were named before, and are not read again.
    repeated: BTreeSet<usize>,
    /// For inputs with others inside them, the real paths of these.
    inner: BTreeMap<usize, BTreeSet<PathBuf>>,
    /// What is said of the first input that overlaps.
    first: Option<(usize, String)>,
    /// Positions of all inputs that overlap.
    all: BTreeSet<usize>,
}

impl InputOverlaps {
    /// Compares the inputs, and reports overlaps. Links inside of folders are not followed.
    pub fn of(inputs: &[Input], report: &Report) -> InputOverlaps {
        let mut overlaps = InputOverlaps::default();
        if inputs.len() < 2 {
            return overlaps;
        }
        let (mut paths, mut addresses) = (BTreeMap::new(), BTreeSet::new());
        for (at, input) in inputs.iter().enumerate() {
            let is_repeated = match input {
                Input::Path(path) => path.canonicalize().is_ok_and(|real| {
                    let first: &mut (usize, &Path) = paths.entry(real).or_insert((at, path));
                    first.0 != at
                }),
                Input::Bucket(bucket) => !addresses.insert(&bucket.location),
                _ => false,
            };
            if is_repeated {
                overlaps.repeated.insert(at);
                overlaps.add(at, || format!("{}: was named before, and is read once", name(input)));
            }
        }
        for (real, (at, path)) in &paths {
            for (outer, folder) in real.ancestors().skip(1).filter_map(|around| paths.get(around)) {
                overlaps.inner.entry(*outer).or_default().insert(real.clone());
                overlaps.add(*at, || format!("{}: is in {}, and is read once", path.display(), folder.display()));
            }
        }
        if let Some(message) = overlaps.message() {
            report.note(&message);
        }
        overlaps
    }

    fn add(&mut self, at: usize, text: impl FnOnce() -> String) {
        self.all.insert(at);
        if self.first.as_ref().is_none_or(|(first, _)| at < *first) {
            self.first = Some((at, text()));
        }
    }

    /// Whether the input at this position was named before.
    pub fn is_repeated(&self, at: usize) -> bool {
        self.repeated.contains(&at)
    }

    /// The real paths of the inputs inside the one at this position.
    pub fn inside(&mut self, at: usize) -> BTreeSet<PathBuf> {
        self.inner.remove(&at).unwrap_or_default()
    }

    /// A message about the overlaps; `None` if there are none.
    fn message(&self) -> Option<String> {
        let (_, text) = self.first.as_ref()?;
        Some(match self.all.len() {
            1 => text.clone(),
            all => format!("{text}; the same is true of {}", count(all as u64 - 1, "more input")),
        })
    }
}

fn name(input: &Input) -> String {
    match input {
        Input::Path(path) => path.display().to_string(),
        Input::Bucket(bucket) => bucket.location.to_string(),
        _ => String::new(),
    }
}
