//! A time in which the collector takes nothing, reported once when it starts and once when it
//! ends.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp, Unit};

/// Failed requests in a row before an outage is reported: a collector that is busy for a moment
/// is part of its normal work.
const REPORT_AFTER: u32 = 2;

/// The failed requests since the last answer.
#[derive(Debug, Default)]
pub(super) struct CollectorOutage(Mutex<Option<FailureStreak>>);

#[derive(Debug)]
struct FailureStreak {
    since: Timestamp,
    count: u32,
}

impl CollectorOutage {
    /// Records a failed request. Returns what to report, if it is the first time.
    pub(super) fn record_failure(&self, reason: &str) -> Option<String> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = failures.get_or_insert_with(|| FailureStreak { since: Timestamp::now(), count: 0 });
        failures.count = failures.count.saturating_add(1);
        (failures.count == REPORT_AFTER).then(|| {
            let since = failures.since.round(Unit::Second).unwrap_or(failures.since);
            let remedy = if reason.contains("certificate") {
                "; set SSL_CERT_FILE to a file with the certificates of the authorities to trust, Splunk's included"
            } else {
                ""
            };
            format!("Splunk has taken no events since {since} ({reason}); they are sent again until it does{remedy}")
        })
    }

    /// Records an answer. Returns what to report, if the outage before it was reported.
    pub(super) fn record_answer(&self) -> Option<String> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let failures = failures.filter(|failures| failures.count >= REPORT_AFTER)?;
        let passed = SignedDuration::from_secs(Timestamp::now().duration_since(failures.since).as_secs());
        Some(format!("Splunk takes events again after {passed:#}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_reported_once_and_its_end_too() {
        let outage = CollectorOutage::default();
        assert_eq!(outage.record_answer(), None);
        assert_eq!(outage.record_failure("x"), None);
        assert_eq!(outage.record_answer(), None, "a moment is not reported");
        assert_eq!(outage.record_failure("x"), None);
        let text = outage.record_failure("refused").unwrap();
        assert!(text.starts_with("Splunk has taken no events since 20") && text.contains("(refused)"), "{text}");
        assert_eq!(outage.record_failure("x"), None);
        assert!(outage.record_answer().unwrap().starts_with("Splunk takes events again after "));
        assert_eq!(outage.record_answer(), None);
        outage.record_failure("x");
        assert!(outage.record_failure("invalid peer certificate").unwrap().contains("SSL_CERT_FILE"));
    }
}
