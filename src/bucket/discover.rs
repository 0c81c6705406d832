//! Finds where in a bucket the logs are: which organisations, accounts and
//! regions there are, whatever comes before them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Shared;
use super::client::{Holds, ListRequest};
use super::layout::{Place, is_account};
use super::list::Scan;
use super::list_page::{ListPage, Pages};
use super::trouble::Trouble;
use crate::error::Fatal;

/// Folders that are looked into at once.
const LOOKS: usize = 64;
/// Levels of folders before `AWSLogs/` that are entered, those of
/// organisations not counted.
const DEEPEST: usize = 3;
/// Folders before `AWSLogs/` that are entered in all: a bucket of photos is
/// not searched to its end.
const MOST: usize = 1000;

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

/// What a search has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is to be listed, in the order of keys.
    pub(super) scans: BTreeSet<Scan>,
    /// Folders that could not be looked into, and why.
    pub(super) failures: Vec<(String, Trouble)>,
    /// What the user should know of the rest.
    pub(super) notes: Vec<String>,
}

/// A search on its way, one level of folders after the other.
struct Search<'a> {
    shared: &'a Arc<Shared>,
    prefix: &'a str,
    permits: Arc<Semaphore>,
    found: Found,
    /// All folders that were met.
    seen: BTreeSet<String>,
    /// Those beside `AWSLogs/`, which are not entered.
    beside: BTreeSet<String>,
    /// How many before `AWSLogs/` were wanted.
    outside: usize,
    /// The first page of the list of `prefix`, which is known.
    first: Option<ListPage>,
}

/// Finds all that is to be listed below `prefix`, of which `holds` is known.
pub(super) async fn search(shared: &Arc<Shared>, prefix: &str, holds: Holds) -> Result<Found, Fatal> {
    let first = match holds {
        Holds::Object(key) => return Ok(Found { scans: [Scan::object(key)].into(), ..Found::default() }),
        Holds::Folder(page) => page,
    };
    let mut search = Search {
        shared,
        prefix,
        first: Some(first),
        permits: Arc::new(Semaphore::new(LOOKS)),
        found: Found::default(),
        seen: BTreeSet::new(),
        beside: BTreeSet::new(),
        outside: 0,
    };
    let mut folders = BTreeSet::from([prefix.to_string()]);
    while !folders.is_empty() {
        folders = search.step(folders).await?;
    }
    search.conclude()
}

impl Search<'_> {
    /// Looks into the folders of one level, and gives the next level.
    async fn step(&mut self, folders: BTreeSet<String>) -> Result<BTreeSet<String>, Fatal> {
        let (mut looks, mut next) = (JoinSet::new(), BTreeSet::new());
        for folder in folders {
            match Level::of(&folder) {
                Level::Outside | Level::Logs | Level::Trail => {
                    let (shared, permits) = (Arc::clone(self.shared), Arc::clone(&self.permits));
                    let first = self.first.take().filter(|_| folder == self.prefix);
                    looks.spawn(async move {
                        let _permit = permits.acquire().await;
                        let inside = folders_in(&shared, &folder, first).await;
                        (folder, inside)
                    });
                }
                Level::Account => drop(next.insert(format!("{folder}CloudTrail/"))),
                Level::Region => drop(self.found.scans.insert(Scan::folder(folder))),
                Level::Other => {}
            }
        }
        let mut answers = BTreeMap::new();
        while let Some(look) = looks.join_next().await {
            answers.extend([look.map_err(|_| Fatal::Failed("the search for logs broke down".into()))?]);
        }
        for (folder, inside) in answers {
            match inside {
                Ok(inside) => next.extend(self.wanted(&folder, inside)),
                Err(trouble) if trouble.is_general || folder == self.prefix => return Err(trouble.into_fatal()),
                Err(trouble) => self.found.failures.push((folder, trouble)),
            }
        }
        Ok(next)
    }

    /// Which of the folders in a folder are to be entered.
    fn wanted(&mut self, folder: &str, inside: Vec<String>) -> Vec<String> {
        self.seen.extend(inside.iter().cloned());
        // Where the logs are known to be, nobody looks elsewhere.
        let is_logs = |name: &String| Level::of(name) == Level::Logs;
        let (mut inside, beside) = match Level::of(folder) == Level::Outside && inside.iter().any(is_logs) {
            true => inside.into_iter().partition(|name| is_logs(name) || is_organisation(name)),
            false => (inside, Vec::new()),
        };
        self.beside.extend(beside);
        inside.retain(|folder| self.shared.scope.admits_folder(folder) && self.is_on_the_way(folder));
        inside
    }

    /// Whether there can be logs in or below a folder.
    fn is_on_the_way(&mut self, folder: &str) -> bool {
        match Level::of(folder) {
            Level::Outside if is_organisation(folder) => true,
            Level::Outside => {
                let depth = folder.get(self.prefix.len()..).unwrap_or_default().matches('/').count();
                self.outside += usize::from(depth <= DEEPEST);
                depth <= DEEPEST && self.outside <= MOST
            }
            Level::Other => false,
            _ => true,
        }
    }

    /// What there is to say in the end.
    fn conclude(mut self) -> Result<Found, Fatal> {
        let address = self.shared.client.address(self.prefix);
        if self.found.scans.is_empty()
            && let Some((_, trouble)) = self.found.failures.pop()
        {
            return Err(trouble.into_fatal());
        }
        let mut notes = Vec::new();
        if !self.beside.is_empty() {
            let names = few(self.beside.iter().map(String::as_str));
            notes.push(format!("not looked into beside AWSLogs/: {names}; if there are logs, name it by --prefix"));
        }
        if self.outside > MOST {
            notes.push(format!("only {MOST} folders were searched for AWSLogs/; name what is before it by --prefix"));
        }
        if self.found.scans.is_empty() {
            match self.regions() {
                regions if regions.is_empty() => {
                    notes.insert(0, self.nothing());
                    return Err(Fatal::Failed(format!("{address}: {}", notes.join("; "))));
                }
                regions => notes.push(format!("no logs of the regions asked for; there are {}", few(regions))),
            }
        }
        self.found.notes = notes.into_iter().map(|note| format!("{address}: {note}")).collect();
        Ok(self.found)
    }

    /// The regions that there are logs of, in the accounts that are wanted.
    fn regions(&self) -> BTreeSet<&str> {
        let trails =
            self.seen.iter().filter_map(|folder| Some((folder.trim_end_matches('/').rsplit_once('/')?, folder)));
        let wanted = trails.filter(|((trail, _), folder)| {
            Level::of(folder) == Level::Region && self.shared.scope.admits_folder(trail)
        });
        wanted.map(|((_, region), _)| region).collect()
    }

    /// What to say where there are no logs: what is there instead.
    fn nothing(&self) -> String {
        let accounts: BTreeSet<&str> = self.seen.iter().filter_map(|folder| Place::of(folder).account).collect();
        if !accounts.is_empty() {
            return format!("no CloudTrail logs of what was asked for; it holds the accounts {}", few(accounts));
        }
        let what = "no CloudTrail logs (AWSLogs/ACCOUNT/CloudTrail/) below it";
        match self.seen.is_empty() {
            true => format!("{what}; there are no folders in it"),
            false => format!("{what}; it holds {}", few(self.seen.iter().map(String::as_str))),
        }
    }
}

fn is_organisation(folder: &str) -> bool {
    Place::of(folder).organisation.is_some()
}

/// The first of these names, and whether there are more.
fn few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const FEW: usize = 8;
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(FEW).collect();
    format!("{}{}", shown.join(", "), if names.next().is_some() { ", …" } else { "" })
}

/// The folders directly in a folder, each ending in `/`. The first page of the
/// list may be known.
async fn folders_in(shared: &Shared, folder: &str, mut first: Option<ListPage>) -> Result<Vec<String>, Trouble> {
    let mut folders = Vec::new();
    let mut pages = Pages::default();
    while !pages.is_past() {
        let request = ListRequest { prefix: folder, folders: true, token: pages.token(), ..ListRequest::default() };
        let page = match first.take() {
            Some(page) => page,
            None => shared.client.list(&request, &shared.counts.lists).await?,
        };
        pages.turn(&page).map_err(|text| shared.client.senseless(text))?;
        folders.extend(page.folders);
    }
    Ok(folders)
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
