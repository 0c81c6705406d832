//! Limits the number of concurrent downloads. [`AdaptiveLimit`] decides on the limit.

mod adaptive;

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

use crate::source::s3::limiter::adaptive::AdaptiveLimit;
use crate::source::spec::Downloads;

/// Semaphore with a variable limit that every download passes.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    state: Mutex<LimiterState>,
}

#[derive(Debug)]
struct LimiterState {
    adaptive: AdaptiveLimit,
    running: usize,
    highest: usize,
}

/// Permission for one download at a time, returned when dropped.
#[derive(Debug)]
pub(super) struct ConcurrencyPermit(Arc<ConcurrencyLimiter>);

/// Whether a permit is valid for another download.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Renewal {
    /// It must be returned, since the limit was lowered.
    Refused,
    Granted,
    /// It is, and there are other permits.
    WithOthers,
}

impl ConcurrencyLimiter {
    pub(super) fn new(downloads: Downloads) -> ConcurrencyLimiter {
        let state = LimiterState { adaptive: AdaptiveLimit::new(downloads, Instant::now()), running: 0, highest: 0 };
        ConcurrencyLimiter { state: Mutex::new(state) }
    }

    /// Returns a permit, unless as many downloads run as may.
    pub(super) fn try_acquire(self: &Arc<ConcurrencyLimiter>) -> Option<ConcurrencyPermit> {
        let mut state = self.state();
        if state.running >= state.adaptive.limit() {
            state.adaptive.note_wait();
            return None;
        }
        state.running += 1;
        state.highest = state.highest.max(state.running);
        Some(ConcurrencyPermit(Arc::clone(self)))
    }

    /// Records that S3 asked to slow down.
    pub(super) fn slow_down(&self) {
        self.state().adaptive.slow_down(Instant::now());
    }

    /// Returns the highest number of concurrent downloads.
    pub(super) fn highest(&self) -> u64 {
        self.state().highest as u64
    }

    /// Returns how often S3 asked to slow down.
    pub(super) fn slow_downs(&self) -> u64 {
        self.state().adaptive.slow_downs()
    }

    fn state(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConcurrencyPermit {
    /// Records that the download was completed.
    pub(super) fn renew(&self) -> Renewal {
        let mut state = self.0.state();
        state.adaptive.note_completed(Instant::now());
        match state.running.cmp(&state.adaptive.limit()) {
            Ordering::Greater => Renewal::Refused,
            Ordering::Equal => Renewal::Granted,
            Ordering::Less => Renewal::WithOthers,
        }
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        self.0.state().running -= 1;
    }
}

/// True if S3 asks to slow down by a response of this status.
pub(super) fn asks_to_slow_down(status: u16) -> bool {
    const TOO_MANY_REQUESTS: u16 = 429;
    const SERVICE_UNAVAILABLE: u16 = 503;
    matches!(status, TOO_MANY_REQUESTS | SERVICE_UNAVAILABLE)
}

/// Detects throttling responses, which the SDK handles itself by retrying later.
#[derive(Debug)]
pub(super) struct ThrottleInterceptor(pub(super) Arc<ConcurrencyLimiter>);

impl Intercept for ThrottleInterceptor {
    fn name(&self) -> &'static str {
        "trail2tsv-slow-down"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if asks_to_slow_down(context.response().status().as_u16()) {
            self.0.slow_down();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_valid_as_long_as_the_limit_allows() {
        let limiter = Arc::new(ConcurrencyLimiter::new(Downloads { initial: 32, max: 64 }));
        let mut permits: Vec<_> = std::iter::from_fn(|| limiter.try_acquire()).collect();
        assert_eq!((permits.len(), permits[0].renew()), (32, Renewal::Granted));
        limiter.slow_down();
        permits.truncate(17);
        assert_eq!(permits[0].renew(), Renewal::Refused);
        permits.truncate(16);
        assert_eq!(permits[0].renew(), Renewal::Granted);
        permits.truncate(15);
        assert_eq!(permits[0].renew(), Renewal::WithOthers);
        assert!(limiter.try_acquire().is_some_and(|permit| permit.renew() == Renewal::Granted));
        assert_eq!(limiter.highest(), 32);
    }
}
