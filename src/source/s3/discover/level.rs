//! The levels of folders on the way to the logs.

use crate::cloudtrail::keys::is_account;
use crate::cloudtrail::log_kind::is_kind_folder;

/// What a folder is in the layout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Level {
    /// Before `AWSLogs/`.
    Outside,
    /// `AWSLogs/`, or an organisation in it.
    Logs,
    /// A folder in `AWSLogs/` that is of no account and no organisation.
    Unknown,
    Account,
    /// `CloudTrail/` of an account, or a folder of another kind of logs.
    Trail,
    /// A region, or a year, month or day of it.
    Region,
    /// Something else of an account, such as `Config/`.
    Other,
}

impl Level {
    /// The level of a folder, by its whole name.
    pub(super) fn of(folder: &str) -> Level {
        let mut level = Level::Outside;
        for name in folder.split('/').filter(|name| !name.is_empty()) {
            level = match (level, name) {
                (Level::Trail | Level::Region, _) => Level::Region,
                (_, "AWSLogs") => Level::Logs,
                (Level::Outside, _) => Level::Outside,
                (Level::Logs | Level::Unknown, name) if is_account(name) => Level::Account,
                (Level::Logs | Level::Unknown, name) if name.starts_with("o-") => Level::Logs,
                (Level::Logs | Level::Unknown, _) => Level::Unknown,
                (Level::Account, name) if is_kind_folder(name) => Level::Trail,
                (Level::Account | Level::Other, _) => Level::Other,
            };
        }
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_leads_to_regions() {
        for (folder, level) in [
            ("", Level::Outside),
            ("my/prefix/", Level::Outside),
            ("AWSLogs/", Level::Logs),
            ("AWSLogs/o-abc/", Level::Logs),
            ("o-abc/", Level::Outside),
            ("o-abc/AWSLogs/o-abc/", Level::Logs),
            ("o-abc/AWSLogs/111122223333/", Level::Account),
            ("x/AWSLogs/111122223333/CloudTrail/", Level::Trail),
            ("AWSLogs/111122223333/CloudTrail-Digest/", Level::Trail),
            ("AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/", Level::Region),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/", Level::Region),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/", Level::Region),
            ("AWSLogs/111122223333/Config/", Level::Other),
            ("AWSLogs/111122223333/Config/x/AWSLogs/", Level::Logs),
            ("AWSLogs/other/", Level::Unknown),
            ("AWSLogs/other/more/", Level::Unknown),
            ("AWSLogs/other/111122223333/", Level::Account),
            ("AWSLogs/other/o-abc/111122223333/CloudTrail/", Level::Trail),
        ] {
            assert_eq!(Level::of(folder), level, "{folder}");
        }
    }
}
