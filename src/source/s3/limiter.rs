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
    inside: Mutex<LimiterState>,
    /// Signals that a permit was released.
    left: Notify,
}

#[derive(Debug)]
struct LimiterState {
    throttle: AdaptiveLimit,
    passed: usize,
    highest: usize,
}

/// Permission for one download, returned when dropped.
#[derive(Debug)]
pub(super) struct ConcurrencyPermit(Arc<ConcurrencyLimiter>);

impl ConcurrencyLimiter {
    pub(super) fn new(downloads: Downloads) -> ConcurrencyLimiter {
        let inside = LimiterState { throttle: AdaptiveLimit::new(downloads, Instant::now()), passed: 0, highest: 0 };
        ConcurrencyLimiter { inside: Mutex::new(inside), left: Notify::new() }
    }

    /// Waits for a permit. Only one task waits at a time, because objects are started in key
    /// order.
    pub(super) async fn pass(self: &Arc<ConcurrencyLimiter>) -> ConcurrencyPermit {
        while !self.has_room() {
            self.left.notified().await;
        }
        ConcurrencyPermit(Arc::clone(self))
    }

    fn has_room(&self) -> bool {
        let mut inside = self.inside();
        let has_room = inside.passed < inside.throttle.limit();
        if has_room {
            inside.passed += 1;
            inside.highest = inside.highest.max(inside.passed);
        } else {
            inside.throttle.wait();
        }
        has_room
    }

    /// Returns the highest number of concurrent downloads.
    pub(super) fn highest(&self) -> u64 {
        self.inside().highest as u64
    }

    /// Returns how often S3 asked to slow down.
    pub(super) fn slow_downs(&self) -> u64 {
        self.inside().throttle.slow_downs()
    }

    fn inside(&self) -> MutexGuard<'_, LimiterState> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        let ConcurrencyPermit(gate) = self;
        let mut inside = gate.inside();
        inside.passed -= 1;
        inside.throttle.arrive(Instant::now());
        drop(inside);
        gate.left.notify_one();
    }
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
        const TOO_MANY_REQUESTS: u16 = 429;
        const SERVICE_UNAVAILABLE: u16 = 503;
        if matches!(context.response().status().as_u16(), TOO_MANY_REQUESTS | SERVICE_UNAVAILABLE) {
            self.0.inside().throttle.slow_down(Instant::now());
        }
        Ok(())
    }
}
