//! Classifies the folders between the prefix and the logs.

use crate::cloudtrail::keys::is_account;
use crate::cloudtrail::log_kind::is_kind_folder;

/// Level of a folder in the layout that CloudTrail uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FolderLevel {
    /// Above `AWSLogs/`.
    Outside,
    /// `AWSLogs/`, or an organisation folder in it.
    Logs,
    /// A folder in `AWSLogs/` that is neither an account nor an organisation.
    Unknown,
    Account,
    /// `CloudTrail/` of an account, or the folder of another log kind.
    Trail,
    /// A region folder, or a year, month or day folder in it.
    Region,
    /// Another folder of an account, such as `Config/`.
    Other,
}

impl FolderLevel {
    /// Returns the level of a folder, given its full key prefix.
    pub(super) fn of(folder: &str) -> FolderLevel {
        let mut level = FolderLevel::Outside;
        for name in folder.split('/').filter(|name| !name.is_empty()) {
            level = match (level, name) {
                (FolderLevel::Trail | FolderLevel::Region, _) => FolderLevel::Region,
                (_, "AWSLogs") => FolderLevel::Logs,
                (FolderLevel::Outside, _) => FolderLevel::Outside,
                (FolderLevel::Logs | FolderLevel::Unknown, name) if is_account(name) => FolderLevel::Account,
                (FolderLevel::Logs | FolderLevel::Unknown, name) if name.starts_with("o-") => FolderLevel::Logs,
                (FolderLevel::Logs | FolderLevel::Unknown, _) => FolderLevel::Unknown,
                (FolderLevel::Account, name) if is_kind_folder(name) => FolderLevel::Trail,
                (FolderLevel::Account | FolderLevel::Other, _) => FolderLevel::Other,
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
            ("", FolderLevel::Outside),
            ("my/prefix/", FolderLevel::Outside),
            ("AWSLogs/", FolderLevel::Logs),
            ("AWSLogs/o-abc/", FolderLevel::Logs),
            ("o-abc/", FolderLevel::Outside),
            ("o-abc/AWSLogs/o-abc/", FolderLevel::Logs),
            ("o-abc/AWSLogs/111122223333/", FolderLevel::Account),
            ("x/AWSLogs/111122223333/CloudTrail/", FolderLevel::Trail),
            ("AWSLogs/111122223333/CloudTrail-Digest/", FolderLevel::Trail),
            ("AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/", FolderLevel::Region),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/", FolderLevel::Region),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/", FolderLevel::Region),
            ("AWSLogs/111122223333/Config/", FolderLevel::Other),
            ("AWSLogs/111122223333/Config/x/AWSLogs/", FolderLevel::Logs),
            ("AWSLogs/other/", FolderLevel::Unknown),
            ("AWSLogs/other/more/", FolderLevel::Unknown),
            ("AWSLogs/other/111122223333/", FolderLevel::Account),
            ("AWSLogs/other/o-abc/111122223333/CloudTrail/", FolderLevel::Trail),
        ] {
            assert_eq!(FolderLevel::of(folder), level, "{folder}");
        }
    }
}
