//! Adapts the number of concurrent downloads: raises it while that increases the rate, halves
//! it when S3 asks to slow down. Time is passed in, which makes it testable.

use std::time::{Duration, Instant};

use crate::source::spec::Downloads;

/// The limit is not halved below this. A store that throttles so few downloads does so for
/// another reason.
const MIN_LIMIT: usize = 16;
/// A rate is measured over at least this time and `ARRIVALS` completed downloads per unit of
/// the limit.
const WINDOW: Duration = Duration::from_millis(100);
const ARRIVALS: usize = 2;
/// A raised limit is kept only if the rate increases by this factor.
const GAIN: f64 = 1.1;
/// Number of windows to wait before the next attempt after a raise did not help.
const WINDOWS_TO_WAIT: u32 = 10;
/// Downloads that started before a reduction can still be throttled. Within this time they do
/// not cause another one.
const ECHO: Duration = Duration::from_millis(500);
/// Minimum time between a throttling response and the next raise.
const CALM: Duration = Duration::from_secs(5);

/// The limit and the measurements that determine it.
#[derive(Debug)]
pub(super) struct AdaptiveLimit {
    limit: usize,
    downloads: Downloads,
    slow_downs: u64,
    reduced_at: Option<Instant>,
    window: RateWindow,
    /// Limit and rate before the last raise, until its effect is measured.
    previous: Option<PreviousRate>,
    windows_to_wait: u32,
}

/// Period in which completed downloads are counted.
#[derive(Debug)]
struct RateWindow {
    began: Instant,
    arrivals: usize,
    /// True if a download had to wait. Otherwise the limit does not determine the rate.
    is_full: bool,
}

#[derive(Clone, Copy, Debug)]
struct PreviousRate {
    limit: usize,
    /// Completed downloads per second.
    rate: f64,
}

impl AdaptiveLimit {
    pub(super) fn new(downloads: Downloads, now: Instant) -> AdaptiveLimit {
        AdaptiveLimit {
            limit: downloads.initial,
            downloads,
            slow_downs: 0,
            reduced_at: None,
            window: RateWindow::new(now),
            previous: None,
            windows_to_wait: 0,
        }
    }

    /// Returns the current limit.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns how often S3 asked to slow down.
    pub(super) fn slow_downs(&self) -> u64 {
        self.slow_downs
    }

    /// Records that a download has to wait for a permit.
    pub(super) fn note_wait(&mut self) {
        self.window.is_full = true;
    }

    /// Records a completed download.
    pub(super) fn note_completed(&mut self, now: Instant) {
        self.window.arrivals += 1;
        let elapsed = now.duration_since(self.window.began);
        if elapsed < WINDOW || self.window.arrivals < ARRIVALS * self.limit {
            return;
        }
        let rate = self.window.arrivals as f64 / elapsed.as_secs_f64();
        let window = std::mem::replace(&mut self.window, RateWindow::new(now));
        if window.is_full {
            self.adjust(rate, now);
        }
    }

    /// Adjusts the limit at the end of a window.
    fn adjust(&mut self, rate: f64, now: Instant) {
        if let Some(previous) = self.previous.take()
            && rate < previous.rate * GAIN
        {
            self.limit = previous.limit;
            self.windows_to_wait = WINDOWS_TO_WAIT;
        } else if self.windows_to_wait > 0 {
            self.windows_to_wait -= 1;
        } else if self.limit < self.downloads.max && self.is_calm(now) {
            self.previous = Some(PreviousRate { limit: self.limit, rate });
            self.limit = (self.limit + self.limit.div_ceil(2)).min(self.downloads.max);
        }
    }

    fn is_calm(&self, now: Instant) -> bool {
        self.reduced_at.is_none_or(|reduced_at| now.duration_since(reduced_at) >= CALM)
    }

    /// Records a throttling response.
    pub(super) fn slow_down(&mut self, now: Instant) {
        self.slow_downs += 1;
        let is_echo = self.reduced_at.is_some_and(|reduced_at| now.duration_since(reduced_at) < ECHO);
        if self.downloads.is_fixed() || is_echo {
            return;
        }
        self.limit = (self.limit / 2).max(MIN_LIMIT.min(self.limit));
        self.reduced_at = Some(now);
        self.previous = None;
        self.window = RateWindow::new(now);
    }
}

impl RateWindow {
    fn new(began: Instant) -> RateWindow {
        RateWindow { began, arrivals: 0, is_full: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWNLOADS: Downloads = Downloads { initial: 64, max: 256 };

    /// A store with a fixed latency per object and a maximum rate, used by a client that always
    /// runs as many downloads as the limit allows.
    struct SimulatedStore {
        latency: f64,
        most: f64,
    }

    impl SimulatedStore {
        /// Advances the time and returns the limit at the end and the highest limit reached.
        fn serve(&self, adaptive: &mut AdaptiveLimit, now: &mut Instant, seconds: u64) -> (usize, usize) {
            let (end, mut highest) = (*now + Duration::from_secs(seconds), 0);
            while *now < end {
                let rate = (adaptive.limit() as f64 / self.latency).min(self.most);
                *now += Duration::from_secs_f64(1.0 / rate);
                adaptive.note_wait();
                adaptive.note_completed(*now);
                highest = highest.max(adaptive.limit());
            }
            (adaptive.limit(), highest)
        }
    }

    #[test]
    fn limit_grows_while_the_rate_increases() {
        let mut now = Instant::now();
        let mut adaptive = AdaptiveLimit::new(DOWNLOADS, now);
        let far = SimulatedStore { latency: 0.03, most: f64::MAX };
        assert_eq!(far.serve(&mut adaptive, &mut now, 1), (256, 256));
    }

    #[test]
    fn a_raise_without_effect_is_reverted() {
        let mut now = Instant::now();
        let mut adaptive = AdaptiveLimit::new(DOWNLOADS, now);
        let narrow = SimulatedStore { latency: 0.01, most: 5000.0 };
        assert_eq!(narrow.serve(&mut adaptive, &mut now, 2), (64, 96));
    }

    #[test]
    fn limit_does_not_grow_while_slots_are_free() {
        let mut now = Instant::now();
        let mut adaptive = AdaptiveLimit::new(DOWNLOADS, now);
        for _ in 0..10_000 {
            now += Duration::from_millis(1);
            adaptive.note_completed(now);
        }
        assert_eq!(adaptive.limit(), 64);
    }

    #[test]
    fn throttling_halves_the_limit_once_and_delays_growth() {
        let mut now = Instant::now();
        let mut adaptive = AdaptiveLimit::new(DOWNLOADS, now);
        for _ in 0..50 {
            now += Duration::from_millis(1);
            adaptive.slow_down(now);
        }
        assert_eq!((adaptive.limit(), adaptive.slow_downs()), (32, 50));
        let far = SimulatedStore { latency: 0.03, most: f64::MAX };
        assert_eq!(far.serve(&mut adaptive, &mut now, 4), (32, 32));
        assert!(far.serve(&mut adaptive, &mut now, 4).0 > 64);
    }

    #[test]
    fn limit_is_not_halved_below_the_minimum() {
        let mut now = Instant::now();
        for (first, floor) in [(64, MIN_LIMIT), (4, 4)] {
            let mut adaptive = AdaptiveLimit::new(Downloads { initial: first, max: 256 }, now);
            for _ in 0..50 {
                now += ECHO;
                adaptive.slow_down(now);
            }
            assert_eq!(adaptive.limit(), floor);
        }
    }

    #[test]
    fn a_fixed_limit_does_not_change() {
        let mut now = Instant::now();
        let mut adaptive = AdaptiveLimit::new(Downloads { initial: 7, max: 7 }, now);
        adaptive.slow_down(now);
        let far = SimulatedStore { latency: 0.03, most: f64::MAX };
        assert_eq!(far.serve(&mut adaptive, &mut now, 4), (7, 7));
        assert_eq!(adaptive.slow_downs(), 1);
    }
}
