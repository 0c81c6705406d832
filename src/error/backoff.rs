//! Pauses before something that failed is tried again.

use std::time::Duration;

/// The pause after a number of failed attempts: `first`, doubled with each further failure, up to
/// `longest`. Up to half of it is left out at random, so that clients that failed at the same time
/// do not try again at the same time.
pub fn backoff(first: Duration, longest: Duration, failed: u32) -> Duration {
    let doublings = failed.saturating_sub(1).min(16);
    (first * (1 << doublings)).min(longest).mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(60));
        for (failed, whole) in [(0, 500), (1, 500), (2, 1000), (7, 32_000), (8, 60_000), (u32::MAX, 60_000)] {
            let (whole, pause) = (Duration::from_millis(whole), backoff(first, longest, failed));
            assert!(pause <= whole && pause >= whole / 2, "{failed}: {pause:?}");
        }
    }
}
