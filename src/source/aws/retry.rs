//! Decides whether and when a failed request is repeated.

use std::time::Duration;

use aws_config::SdkConfig;

use super::AwsErrorKind;
use crate::error::backoff::backoff;

/// How often requests are repeated, and after which pauses.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// Number of attempts for a service that answers.
    attempts: u32,
    /// The first pause; each further one is twice as long.
    first_pause: Duration,
}

impl RetryPolicy {
    /// Creates the policy for a configuration. A number of attempts that the user has set takes
    /// precedence.
    pub(super) fn new(config: &SdkConfig) -> RetryPolicy {
        // Throttling ends within seconds, and a run that waits is better than one that fails.
        const ATTEMPTS: u32 = 8;
        const FIRST_PAUSE: Duration = Duration::from_millis(200);
        let is_set = std::env::var_os("AWS_MAX_ATTEMPTS").is_some();
        let typed = config.retry_config().filter(|_| is_set).map(|config| config.max_attempts());
        RetryPolicy { attempts: typed.unwrap_or(ATTEMPTS), first_pause: FIRST_PAUSE }
    }

    /// Returns the same policy with other pauses, for tests that do not wait.
    #[cfg(test)]
    pub(super) fn with_first_pause(self, first_pause: Duration) -> RetryPolicy {
        RetryPolicy { first_pause, ..self }
    }

    /// Returns the number of attempts for requests that fail with such an error.
    pub(super) fn attempts(&self, kind: AwsErrorKind) -> u32 {
        /// Fewer attempts, so that an unreachable endpoint is reported soon.
        const WITHOUT_ANSWER: u32 = 3;
        match kind {
            AwsErrorKind::Throttled | AwsErrorKind::ServiceFailure => self.attempts,
            AwsErrorKind::Timeout | AwsErrorKind::Unreachable | AwsErrorKind::InvalidResponse => {
                self.attempts.min(WITHOUT_ANSWER)
            }
            AwsErrorKind::NoCredentials
            | AwsErrorKind::ExpiredCredentials
            | AwsErrorKind::RejectedCredentials
            | AwsErrorKind::ClockSkew
            | AwsErrorKind::AccessDenied
            | AwsErrorKind::Other => 1,
        }
    }

    /// Returns the pause after a number of failed attempts.
    pub(super) fn pause(&self, failed: u32) -> Duration {
        const MAX_PAUSE: Duration = Duration::from_secs(20);
        backoff(self.first_pause, MAX_PAUSE, failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporary_errors_are_retried() {
        let policy = RetryPolicy { attempts: 8, first_pause: Duration::ZERO };
        assert_eq!(policy.attempts(AwsErrorKind::Throttled), 8);
        assert_eq!(policy.attempts(AwsErrorKind::Unreachable), 3);
        assert_eq!(policy.attempts(AwsErrorKind::AccessDenied), 1);
        assert_eq!(RetryPolicy { attempts: 1, ..policy }.attempts(AwsErrorKind::Timeout), 1);
    }
}
