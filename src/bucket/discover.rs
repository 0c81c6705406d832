//! Finds where in a bucket the logs are: which organisations, accounts and
//! regions there are, whatever comes before them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::Shared;
use super::client::ListRequest;
use super::layout::{Place, is_account};
use super::list::Scan;
use super::trouble::Trouble;
use crate::error::Fatal;

/// What a folder is in the layout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Level {
    /// Before `AWSLogs/`.
    Outside,
    /// `AWSLogs/`, or an organisation in it.
    Logs,
    Account,
    /// `CloudTrail/` of an account.
    Trail,
    /// A region, or a year, month or day of it.
    Region,
    /// Something else in the layout, such as `CloudTrail-Digest/`.
    Other,
}

impl Level {
    fn of(folder: &str) -> Level {
        let mut level = Level::Outside;
        for name in folder.split('/').filter(|name| !name.is_empty()) {
            level = match (level, name) {
                (Level::Outside | Level::Logs, "AWSLogs") => Level::Logs,
                (Level::Outside, _) => Level::Outside,
                (Level::Logs, name) if is_account(name) => Level::Account,
                (Level::Logs, name) if name.starts_with("o-") => Level::Logs,
                (Level::Account, "CloudTrail") => Level::Trail,
                (Level::Trail | Level::Region, _) => Level::Region,
                _ => Level::Other,
            };
        }
        level
    }
}

/// What looking into one folder gave.
#[derive(Debug, Default)]
struct Found {
    folders: Vec<String>,
    scans: Vec<Scan>,
}

/// Finds all that is to be listed below `prefix`, in the order of keys.
pub(super) async fn scans(shared: &Arc<Shared>, prefix: &str) -> Result<Vec<Scan>, Fatal> {
    let mut tasks = JoinSet::new();
    let (mut scans, mut seen) = (BTreeSet::new(), BTreeSet::new());
    tasks.spawn(look(Arc::clone(shared), prefix.to_string()));
    while let Some(result) = tasks.join_next().await {
        let found = result.map_err(|_| Fatal::Failed("the search for logs broke down".into()))?;
        let found = found.map_err(Trouble::into_fatal)?;
        scans.extend(found.scans);
        for folder in found.folders {
            if seen.insert(folder.clone()) && shared.scope.admits_folder(&folder) && is_on_the_way(&folder) {
                tasks.spawn(look(Arc::clone(shared), folder));
            }
        }
    }
    if scans.is_empty() {
        return Err(Fatal::Failed(nothing_found(shared, prefix, &seen)));
    }
    Ok(scans.into_iter().collect())
}

/// Whether there can be logs in or below a folder. Folders outside `AWSLogs/`
/// are entered only while there are few levels of them.
fn is_on_the_way(folder: &str) -> bool {
    const DEEPEST: usize = 3;
    match Level::of(folder) {
        Level::Outside => folder.matches('/').count() <= DEEPEST,
        Level::Other => false,
        _ => true,
    }
}

async fn look(shared: Arc<Shared>, folder: String) -> Result<Found, Trouble> {
    match Level::of(&folder) {
        Level::Region => Ok(Found { scans: vec![Scan { prefix: folder }], ..Found::default() }),
        Level::Account => Ok(Found { folders: vec![format!("{folder}CloudTrail/")], ..Found::default() }),
        Level::Other => Ok(Found::default()),
        Level::Outside | Level::Logs | Level::Trail => {
            let folders = folders_in(&shared, &folder).await?;
            // Where the logs are known to be, nobody needs to look elsewhere.
            let is_known = |name: &String| Level::of(name) == Level::Logs || is_organisation(name);
            let folders = match folders.iter().any(is_known) {
                true if Level::of(&folder) == Level::Outside => folders.into_iter().filter(is_known).collect(),
                _ => folders,
            };
            Ok(Found { folders, ..Found::default() })
        }
    }
}

fn is_organisation(folder: &str) -> bool {
    Place::of(folder).organisation.is_some()
}

/// The folders directly in a folder, each ending in `/`.
async fn folders_in(shared: &Shared, folder: &str) -> Result<Vec<String>, Trouble> {
    let mut folders = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let request = ListRequest { prefix: folder, folders: true, token: token.as_deref(), ..ListRequest::default() };
        let answer = shared.client.list(&request, &shared.counts.lists).await?;
        folders.extend(answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|common| common.prefix));
        match answer.next_continuation_token {
            Some(next) if answer.is_truncated == Some(true) && token.as_ref() != Some(&next) => token = Some(next),
            _ => return Ok(folders),
        }
    }
}

/// What to say where there are no logs: what is there instead.
fn nothing_found(shared: &Shared, prefix: &str, seen: &BTreeSet<String>) -> String {
    const MOST: usize = 8;
    let address = shared.client.address(prefix);
    let accounts: BTreeSet<&str> = seen.iter().filter_map(|folder| Place::of(folder).account).collect();
    let (what, names) = if accounts.is_empty() {
        (
            "no CloudTrail logs (AWSLogs/ACCOUNT/CloudTrail/) below it",
            seen.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    } else {
        ("no CloudTrail logs of what was asked for", accounts.into_iter().collect())
    };
    let more = if names.len() > MOST { ", …" } else { "" };
    match names.is_empty() {
        true => format!("{address}: {what}; there are no folders in it"),
        false => format!("{address}: {what}; it holds {}{more}", names[..names.len().min(MOST)].join(", ")),
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
            ("AWSLogs/111122223333/CloudTrail-Digest/", Level::Other),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/", Level::Region),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/", Level::Region),
            ("AWSLogs/other/", Level::Other),
        ] {
            assert_eq!(Level::of(folder), level, "{folder}");
        }
    }
}
