//! The verdict on a log file: what the digests say about it, and what is there.

use super::coverage::TimeCoverage;
use super::hash::Sha256Hash;

/// The verdict on a log file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogVerdict {
    /// Its text is the one that CloudTrail signed.
    Proven,
    /// Its text is another one, or cannot be inflated.
    Altered,
    /// A digest lists it, and it is not there.
    Missing,
    /// Its text is the one that CloudTrail signed, and more follows.
    ExtraBytes,
    /// Proven digests cover its time, and none lists it.
    InNoDigest,
    /// No digest can say anything about it.
    NotProven,
}

/// The content of a log file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogContent {
    /// There is no such file.
    Absent,
    /// It cannot be read.
    Unreadable(String),
    /// It cannot be inflated.
    Damaged(String),
    /// It was inflated.
    Text {
        /// The hash of the first member's text.
        hash: Sha256Hash,
        /// What follows the first member.
        extra: Option<String>,
    },
}

impl LogVerdict {
    /// All verdicts, in the order of columns.
    pub const ALL: [LogVerdict; 6] = [
        LogVerdict::Proven,
        LogVerdict::Altered,
        LogVerdict::Missing,
        LogVerdict::ExtraBytes,
        LogVerdict::InNoDigest,
        LogVerdict::NotProven,
    ];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            LogVerdict::Proven => "proven",
            LogVerdict::Altered => "altered",
            LogVerdict::Missing => "missing",
            LogVerdict::ExtraBytes => "extra bytes",
            LogVerdict::InNoDigest => "in no digest",
            LogVerdict::NotProven => "not proven",
        }
    }
}

/// Returns the verdict on a log file, and the reason. `listed` has the hashes that proven digests
/// give for it, and `reach` says what digests there are of its time.
pub fn judge(
    listed: &[Sha256Hash],
    content: &LogContent,
    reach: impl FnOnce() -> TimeCoverage,
) -> (LogVerdict, String) {
    let is_listed = !listed.is_empty();
    match content {
        LogContent::Absent => (LogVerdict::Missing, "a digest lists it".into()),
        LogContent::Unreadable(why) => (LogVerdict::NotProven, format!("cannot be read: {why}")),
        _ if !is_listed => in_no_digest(reach()),
        LogContent::Damaged(what) => (LogVerdict::Altered, what.clone()),
        LogContent::Text { hash, .. } if !listed.contains(hash) => {
            (LogVerdict::Altered, "its text is not the one that CloudTrail signed".into())
        }
        LogContent::Text { extra: Some(extra), .. } => {
            (LogVerdict::ExtraBytes, format!("{extra} after the log, which CloudTrail did not write"))
        }
        LogContent::Text { extra: None, .. } => (LogVerdict::Proven, String::new()),
    }
}

fn in_no_digest(reach: TimeCoverage) -> (LogVerdict, String) {
    let reason = match reach {
        TimeCoverage::Covered => {
            return (LogVerdict::InNoDigest, "no digest of its time lists it, and none is missing".into());
        }
        TimeCoverage::Gap => "a digest of its time is missing or not proven",
        TimeCoverage::Before => "it is from before the first digest",
        TimeCoverage::After => "it is from after the last digest",
        TimeCoverage::OtherKind => "no digest lists logs of its kind",
        TimeCoverage::Nowhere => "there are no digests of its account and region",
    };
    (LogVerdict::NotProven, reason.into())
}
