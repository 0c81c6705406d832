//! Limits the number of concurrent downloads. [`AdaptiveLimit`] decides on the limit.

mod adaptive;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use tokio::sync::Notify;

use crate::source::s3::limiter::adaptive::AdaptiveLimit;
use crate::source::spec::Downloads;

/// Semaphore with a variable limit that every download passes.
#[derive(Debug)]
pub(super) struct ConcurrencyLimiter {
    state: Mutex<LimiterState>,
    /// Signals that a permit was released.
    released: Notify,
}

#[derive(Debug)]
struct LimiterState {
    adaptive: AdaptiveLimit,
    running: usize,
    highest: usize,
}

/// Permission for one download, returned when dropped.
#[derive(Debug)]
pub(super) struct ConcurrencyPermit(Arc<ConcurrencyLimiter>);

impl ConcurrencyLimiter {
    pub(super) fn new(downloads: Downloads) -> ConcurrencyLimiter {
        let state = LimiterState { adaptive: AdaptiveLimit::new(downloads, Instant::now()), running: 0, highest: 0 };
        ConcurrencyLimiter { state: Mutex::new(state), released: Notify::new() }
    }

    /// Waits for a permit. Only one task waits at a time, because objects are started in key
    /// order.
    pub(super) async fn acquire(self: &Arc<ConcurrencyLimiter>) -> ConcurrencyPermit {
        while !self.try_acquire() {
            self.released.notified().await;
        }
        ConcurrencyPermit(Arc::clone(self))
    }

    fn try_acquire(&self) -> bool {
        let mut state = self.state();
        let is_free = state.running < state.adaptive.limit();
        if is_free {
            state.running += 1;
            state.highest = state.highest.max(state.running);
        } else {
            state.adaptive.note_wait();
        }
        is_free
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

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        let ConcurrencyPermit(limiter) = self;
        let mut state = limiter.state();
        state.running -= 1;
        state.adaptive.note_completed(Instant::now());
        // Release the lock first, so that the woken task does not have to wait for it.
        drop(state);
        limiter.released.notify_one();
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
