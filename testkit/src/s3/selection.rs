//! Which requests a fault strikes: by operation, key, number or chance.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::request::{Operation, Request};

type Condition = Box<dyn Fn(&Request) -> bool + Send + Sync>;

/// The requests that a fault strikes. [`Fault::get`](super::Fault::get) and its like create it. The
/// methods here narrow it, and all of them must hold. A method that says what goes wrong makes it a
/// fault.
pub struct Selection {
    operation: Option<Operation>,
    pattern: String,
    condition: Option<Condition>,
    skip: usize,
    times: usize,
    per_key: usize,
    chance: Option<(f64, Mutex<fastrand::Rng>)>,
    seen: AtomicUsize,
    struck: AtomicUsize,
    struck_by_key: Mutex<HashMap<String, usize>>,
}

impl Selection {
    pub(super) fn new(operation: Option<Operation>, pattern: &str) -> Self {
        Self {
            operation,
            pattern: pattern.to_owned(),
            condition: None,
            skip: 0,
            times: usize::MAX,
            per_key: usize::MAX,
            chance: None,
            seen: AtomicUsize::new(0),
            struck: AtomicUsize::new(0),
            struck_by_key: Mutex::default(),
        }
    }

    /// Only requests for which this is true.
    pub fn when(mut self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.condition = Some(Box::new(condition));
        self
    }

    /// Skips this many requests first.
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// At most this many requests.
    pub fn times(mut self, requests: usize) -> Self {
        self.times = requests;
        self
    }

    /// At most this many requests for each key.
    pub fn times_each_key(mut self, requests: usize) -> Self {
        self.per_key = requests;
        self
    }

    /// Each request with this probability, from 0 to 1. With the same seed and the same order of
    /// requests, the same requests are struck.
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, Mutex::new(fastrand::Rng::with_seed(seed))));
        self
    }

    /// Whether this request is struck; it is counted if so.
    pub(super) fn strikes(&self, request: &Request) -> bool {
        self.concerns(request)
            && self.seen.fetch_add(1, Relaxed) >= self.skip
            && self.chance.as_ref().is_none_or(|(chance, rng)| rng.lock().unwrap().f64() < *chance)
            && self.is_due_for(&request.key)
            && self.is_due()
    }

    /// How many requests were struck.
    pub(super) fn struck(&self) -> usize {
        self.struck.load(Relaxed)
    }

    fn concerns(&self, request: &Request) -> bool {
        self.operation.is_none_or(|operation| operation == request.operation)
            && matches(&self.pattern, &request.key)
            && self.condition.as_ref().is_none_or(|condition| condition(request))
    }

    fn is_due_for(&self, key: &str) -> bool {
        if self.per_key == usize::MAX {
            return true;
        }
        let mut struck = self.struck_by_key.lock().unwrap();
        let struck = struck.entry(key.to_owned()).or_default();
        *struck += 1;
        *struck <= self.per_key
    }

    fn is_due(&self) -> bool {
        let next = |struck| (struck < self.times).then_some(struck + 1);
        self.struck.fetch_update(Relaxed, Relaxed, next).is_ok()
    }
}

/// Whether a key matches a pattern, in which `*` stands for any text, slashes included.
fn matches(pattern: &str, key: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == key;
    };
    let Some(key) = key.strip_prefix(start) else {
        return false;
    };
    match rest.contains('*') {
        false => key.ends_with(rest),
        true => key.char_indices().any(|(at, _)| matches(rest, &key[at..])) || matches(rest, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, key) in [("*", ""), ("*", "a/b"), ("a*", "a"), ("*b", "a/b"), ("a*c*e", "abcde"), ("**", "a")] {
            assert!(matches(pattern, key), "{pattern} {key}");
        }
        for (pattern, key) in [("", "a"), ("a", "ab"), ("a*", "b"), ("*b", "a"), ("a*c*e", "abde"), ("a*a", "a")] {
            assert!(!matches(pattern, key), "{pattern} {key}");
        }
    }
}
