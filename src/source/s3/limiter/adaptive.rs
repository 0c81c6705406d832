//! How many downloads there may be at once: more while that is faster, half
//! where S3 asks to slow down. Knows the time only from what it is told.

use std::time::{Duration, Instant};

use crate::source::spec::Downloads;

/// Below this it is not halved: a store that refuses this few has other
/// trouble than our haste.
const LEAST: usize = 16;
/// A rate is taken over so long at least, and over so many arrivals for each
/// download that there may be.
const WINDOW: Duration = Duration::from_millis(100);
const ARRIVALS: usize = 2;
/// More downloads must be faster by a tenth, or they are given up again.
const GAIN: f64 = 1.1;
/// Windows that are sat out before more are tried again.
const RESTS: u32 = 10;
/// Downloads that began before a halving may be asked to slow down after it;
/// that is no reason to halve again.
const ECHO: Duration = Duration::from_millis(500);
/// After a request to slow down, more are tried no sooner than this.
const CALM: Duration = Duration::from_secs(5);

/// The number of downloads at once, and what it follows from.
#[derive(Debug)]
pub(super) struct AdaptiveLimit {
    limit: usize,
    downloads: Downloads,
    slow_downs: u64,
    halved: Option<Instant>,
    window: RateWindow,
    /// What there was before more were tried.
    before: Option<PreviousRate>,
    rests: u32,
}

/// A stretch of time in which arrivals are counted.
#[derive(Debug)]
struct RateWindow {
    began: Instant,
    arrivals: usize,
    /// Whether somebody had to wait: only then is the limit what holds it up.
    is_full: bool,
}

#[derive(Clone, Copy, Debug)]
struct PreviousRate {
    limit: usize,
    /// Arrivals in a second.
    rate: f64,
}

impl AdaptiveLimit {
    pub(super) fn new(downloads: Downloads, now: Instant) -> AdaptiveLimit {
        AdaptiveLimit {
            limit: downloads.first,
            downloads,
            slow_downs: 0,
            halved: None,
            window: RateWindow::new(now),
            before: None,
            rests: 0,
        }
    }

    /// How many there may be.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// How often S3 asked to slow down.
    pub(super) fn slow_downs(&self) -> u64 {
        self.slow_downs
    }

    /// Somebody has to wait.
    pub(super) fn wait(&mut self) {
        self.window.is_full = true;
    }

    /// A download is over.
    pub(super) fn arrive(&mut self, now: Instant) {
        self.window.arrivals += 1;
        let elapsed = now.duration_since(self.window.began);
        if elapsed < WINDOW || self.window.arrivals < ARRIVALS * self.limit {
            return;
        }
        let rate = self.window.arrivals as f64 / elapsed.as_secs_f64();
        let window = std::mem::replace(&mut self.window, RateWindow::new(now));
        if window.is_full {
            self.judge(rate, now);
        }
    }

    /// Decides after a window how to go on.
    fn judge(&mut self, rate: f64, now: Instant) {
        if let Some(before) = self.before.take()
            && rate < before.rate * GAIN
        {
            self.limit = before.limit;
            self.rests = RESTS;
        } else if self.rests > 0 {
            self.rests -= 1;
        } else if self.limit < self.downloads.most && self.is_calm(now) {
            self.before = Some(PreviousRate { limit: self.limit, rate });
            self.limit = (self.limit + self.limit.div_ceil(2)).min(self.downloads.most);
        }
    }

    fn is_calm(&self, now: Instant) -> bool {
        self.halved.is_none_or(|halved| now.duration_since(halved) >= CALM)
    }

    /// S3 asks to slow down.
    pub(super) fn slow_down(&mut self, now: Instant) {
        self.slow_downs += 1;
        let is_echo = self.halved.is_some_and(|halved| now.duration_since(halved) < ECHO);
        if self.downloads.is_fixed() || is_echo {
            return;
        }
        self.limit = (self.limit / 2).max(LEAST.min(self.limit));
        self.halved = Some(now);
        self.before = None;
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

    const DOWNLOADS: Downloads = Downloads { first: 64, most: 256 };

    /// A store that takes so long for each object, and has no more than so
    /// many in a second, met by whoever always has as many under way as may be.
    struct SimulatedStore {
        latency: f64,
        most: f64,
    }

    impl SimulatedStore {
        /// Lets a time pass, and gives the limit after it and the highest.
        fn serve(&self, throttle: &mut AdaptiveLimit, now: &mut Instant, seconds: u64) -> (usize, usize) {
            let (end, mut highest) = (*now + Duration::from_secs(seconds), 0);
            while *now < end {
                let rate = (throttle.limit() as f64 / self.latency).min(self.most);
                *now += Duration::from_secs_f64(1.0 / rate);
                throttle.wait();
                throttle.arrive(*now);
                highest = highest.max(throttle.limit());
            }
            (throttle.limit(), highest)
        }
    }

    #[test]
    fn there_are_more_while_that_is_faster() {
        let mut now = Instant::now();
        let mut throttle = AdaptiveLimit::new(DOWNLOADS, now);
        let far = SimulatedStore { latency: 0.03, most: f64::MAX };
        assert_eq!(far.serve(&mut throttle, &mut now, 1), (256, 256));
    }

    #[test]
    fn what_does_not_help_is_given_up() {
        let mut now = Instant::now();
        let mut throttle = AdaptiveLimit::new(DOWNLOADS, now);
        let narrow = SimulatedStore { latency: 0.01, most: 5000.0 };
        assert_eq!(narrow.serve(&mut throttle, &mut now, 2), (64, 96));
    }

    #[test]
    fn nobody_grows_who_does_not_wait() {
        let mut now = Instant::now();
        let mut throttle = AdaptiveLimit::new(DOWNLOADS, now);
        for _ in 0..10_000 {
            now += Duration::from_millis(1);
            throttle.arrive(now);
        }
        assert_eq!(throttle.limit(), 64);
    }

    #[test]
    fn a_request_to_slow_down_halves_once_and_growth_waits() {
        let mut now = Instant::now();
        let mut throttle = AdaptiveLimit::new(DOWNLOADS, now);
        for _ in 0..50 {
            now += Duration::from_millis(1);
            throttle.slow_down(now);
        }
        assert_eq!((throttle.limit(), throttle.slow_downs()), (32, 50));
        let far = SimulatedStore { latency: 0.03, most: f64::MAX };
        assert_eq!(far.serve(&mut throttle, &mut now, 4), (32, 32));
        assert!(far.serve(&mut throttle, &mut now, 4).0 > 64);
    }

    #[test]
    fn there_is_a_floor() {
        let mut now = Instant::now();
        for (first, floor) in [(64, LEAST), (4, 4)] {
            let mut throttle = AdaptiveLimit::new(Downloads { first, most: 256 }, now);
            for _ in 0..50 {
                now += ECHO;
                throttle.slow_down(now);
            }
            assert_eq!(throttle.limit(), floor);
        }
    }

    #[test]
    fn a_number_that_was_asked_for_stays() {
        let mut now = Instant::now();
        let mut throttle = AdaptiveLimit::new(Downloads { first: 7, most: 7 }, now);
        throttle.slow_down(now);
        let far = SimulatedStore { latency: 0.03, most: f64::MAX };
        assert_eq!(far.serve(&mut throttle, &mut now, 4), (7, 7));
        assert_eq!(throttle.slow_downs(), 1);
    }
}
