//! How long to wait between requests.

use std::time::Duration;

/// How long to wait between requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct HecPace {
    /// The first pause; each further one is twice as long.
    pub(super) first_pause: Duration,
    pub(super) longest_pause: Duration,
    /// First pause before polling for an acknowledgement; later ones are longer.
    pub(super) first_poll: Duration,
    pub(super) longest_poll: Duration,
    /// Number of polls before the batch is sent again.
    pub(super) polls: u32,
}

impl Default for HecPace {
    fn default() -> HecPace {
        HecPace {
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
            first_poll: Duration::from_millis(100),
            longest_poll: Duration::from_secs(5),
            // About five minutes.
            polls: 85,
        }
    }
}

/// The pause after a number of attempts. It is random, so that clients that failed at the same
/// time do not try again at the same time.
pub(super) fn pause(first: Duration, longest: Duration, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    (first * (1 << doublings)).min(longest).mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(60));
        for (attempts, most) in [(0, 500), (1, 500), (2, 1000), (7, 32_000), (8, 60_000), (u32::MAX, 60_000)] {
            let (most, pause) = (Duration::from_millis(most), pause(first, longest, attempts));
            assert!(pause <= most && pause >= most / 2, "{attempts}: {pause:?}");
        }
    }
}
