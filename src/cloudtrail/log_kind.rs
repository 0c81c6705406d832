//! The kinds of logs that CloudTrail delivers. Each has its own folder in the account
//! (AWS CloudTrail User Guide, "Finding your CloudTrail log files").

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A kind of log file with events.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
pub enum LogKind {
    /// Management and data events
    #[value(name = "cloudtrail")]
    CloudTrail,
    /// Network activity events
    NetworkActivity,
    /// Insights events
    Insight,
    /// Aggregated data events
    Aggregated,
}

/// The folder of digests, which contain no events.
pub const DIGEST: &str = "CloudTrail-Digest";

impl LogKind {
    /// The name of its folder.
    pub fn folder(self) -> &'static str {
        match self {
            LogKind::CloudTrail => "CloudTrail",
            LogKind::NetworkActivity => "CloudTrail-NetworkActivity",
            LogKind::Insight => "CloudTrail-Insight",
            LogKind::Aggregated => "CloudTrail-Aggregated",
        }
    }

    /// The kind of logs in a folder of this name.
    pub fn from_folder(name: &str) -> Option<LogKind> {
        LogKind::value_variants().iter().copied().find(|kind| kind.folder() == name)
    }

    /// The value of the option that selects it.
    fn typed(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
    }
}

/// Whether a folder of an account contains deliveries of CloudTrail, of any kind.
pub fn is_kind_folder(name: &str) -> bool {
    name.strip_prefix("CloudTrail").is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The message about kinds that are present but were not read; `None` if there are
/// none.
pub fn unread(kinds: &BTreeSet<LogKind>) -> Option<String> {
    let folders: Vec<&str> = kinds.iter().map(|kind| kind.folder()).collect();
    let typed: Vec<String> = kinds.iter().map(|kind| kind.typed()).collect();
    let (folders, typed) = (folders.join(", "), typed.join(","));
    (!kinds.is_empty()).then(|| format!("not read: {folders} (read with --kind {typed})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_folder_and_an_option_value() {
        for kind in LogKind::value_variants() {
            assert_eq!(LogKind::from_folder(kind.folder()), Some(*kind));
            assert_eq!(LogKind::from_str(&kind.typed(), false), Ok(*kind));
            assert!(is_kind_folder(kind.folder()));
        }
        assert!(is_kind_folder(DIGEST) && is_kind_folder("CloudTrail-New"));
        assert!(!is_kind_folder("CloudTrails") && !is_kind_folder("Config") && LogKind::from_folder(DIGEST).is_none());
    }

    #[test]
    fn the_message_about_unread_kinds_names_the_option() {
        assert_eq!(unread(&BTreeSet::new()), None);
        let both = BTreeSet::from([LogKind::Insight, LogKind::NetworkActivity]);
        let text =
            "not read: CloudTrail-NetworkActivity, CloudTrail-Insight (read with --kind network-activity,insight)";
        assert_eq!(unread(&both).as_deref(), Some(text));
    }
}
