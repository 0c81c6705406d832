//! Finds the log folders below any prefix: organisations, accounts, log kinds and regions. The
//! same rules apply to a bucket and to its mirror, so that both give the same logs.

mod level;
pub(super) mod local;
pub(super) mod remote;

use std::collections::{BTreeMap, BTreeSet};

use self::level::FolderLevel;
use crate::cloudtrail::keys::LateSearch;
use crate::cloudtrail::keys::{KeyPlace, Scope};
use crate::cloudtrail::log_kind;
use crate::cloudtrail::log_kind::{DIGEST, LogKind};
use crate::report::count;
use crate::source::location::Location;

/// Largest depth of folders that are searched for `AWSLogs/`, not counting organisations.
const MAX_DEPTH: usize = 3;
/// Number of folders that are searched for `AWSLogs/` in total, so that the search of a bucket
/// full of photos ends.
const MAX_FOLDERS: usize = 1000;

const DIGESTS: &str = "digest files contain no events; name the log files beside them";

/// Result of a search. `E` is the error for a folder that could not be listed.
#[derive(Debug)]
pub(super) struct DiscoveredFolders<E> {
    /// Region folders, or folders in them, in key order.
    pub(super) folders: BTreeSet<String>,
    /// Key of the single object that the prefix names; `None` if it names a folder.
    pub(super) object: Option<String>,
    /// Folders that could not be listed.
    pub(super) failures: Vec<(String, E)>,
    /// Messages for the user about folders that were skipped.
    pub(super) notes: Vec<String>,
    /// Log kinds that exist and were not requested.
    pub(super) unread: BTreeSet<LogKind>,
    /// Whether digests exist that were not requested.
    pub(super) has_other_digests: bool,
}

impl<E> DiscoveredFolders<E> {
    /// Returns how far the run searches for late deliveries; `None` for a single object.
    pub(super) fn late(&self, scope: &Scope) -> Option<LateSearch> {
        if self.object.is_some() { None } else { scope.late() }
    }
}

impl<E> Default for DiscoveredFolders<E> {
    fn default() -> DiscoveredFolders<E> {
        DiscoveredFolders {
            folders: BTreeSet::new(),
            object: None,
            failures: Vec::new(),
            notes: Vec::new(),
            unread: BTreeSet::new(),
            has_other_digests: false,
        }
    }
}

/// A folder whose subfolders are to be listed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct FolderQuery {
    folder: String,
    /// If true, the listing only serves to find log kinds that were not requested.
    is_peek: bool,
}

/// Direct contents of a folder.
#[derive(Debug, Default)]
struct FolderContents {
    /// Subfolders, each ending in `/`.
    folders: Vec<String>,
    /// Number of objects, and the key of one of them.
    objects: u64,
    example: Option<String>,
}

impl FolderContents {
    fn add_object(&mut self, key: String) {
        // Consoles create a folder as an empty object whose key ends in `/`.
        if !key.ends_with('/') {
            self.objects += 1;
            self.example.get_or_insert(key);
        }
    }
}

/// State of a search that visits one level of folders after another.
struct FolderSearch<'a, E> {
    scope: &'a Scope,
    /// The prefix to search.
    root: &'a Location,
    found: DiscoveredFolders<E>,
    /// All folders found so far.
    seen: BTreeSet<String>,
    /// Folders beside `AWSLogs/`, which are not searched.
    beside: BTreeSet<String>,
    /// Folders in `AWSLogs/` that are neither accounts nor organisations and are not searched.
    unknown: BTreeSet<String>,
    /// Number of objects outside the region folders, and the key of one of them.
    stray: (u64, Option<String>),
    /// Log kinds that have no command-line name, each with an example folder.
    new_kinds: BTreeMap<String, String>,
    /// Number of accounts whose other log kinds could not be listed, and the reason.
    unpeeked: Option<(u64, String)>,
    /// Number of folders searched for `AWSLogs/`.
    outside: usize,
}

impl<'a, E> FolderSearch<'a, E> {
    fn new(scope: &'a Scope, root: &'a Location) -> FolderSearch<'a, E> {
        FolderSearch {
            scope,
            root,
            found: DiscoveredFolders::default(),
            seen: BTreeSet::new(),
            beside: BTreeSet::new(),
            unknown: BTreeSet::new(),
            stray: (0, None),
            new_kinds: BTreeMap::new(),
            unpeeked: None,
            outside: 0,
        }
    }

    /// Returns the folders to start with, or the reason why the prefix cannot contain logs.
    fn begin(&mut self) -> Result<BTreeSet<String>, String> {
        match KeyPlace::of(&self.root.key).kind {
            Some(DIGEST) if !self.scope.has_digests() => Err(DIGESTS.into()),
            Some(kind) if !self.scope.kinds().any(|wanted| wanted == kind) => {
                self.leave_out(kind, &self.root.key);
                Ok(BTreeSet::new())
            }
            _ => Ok([self.root.key.clone()].into()),
        }
    }

    /// Returns the listings to request for the folders of one level. Region folders are
    /// recorded as found.
    fn queries(&mut self, folders: BTreeSet<String>) -> BTreeSet<FolderQuery> {
        let mut queries = BTreeSet::new();
        for folder in folders {
            match FolderLevel::of(&folder) {
                FolderLevel::Region => drop(self.found.folders.insert(folder)),
                // Listing a wanted kind directly saves a request that checks whether it exists.
                FolderLevel::Account if folder != self.root.key => {
                    let kinds = self.scope.kinds().map(|kind| format!("{folder}{kind}/"));
                    queries.extend(kinds.map(|folder| FolderQuery { folder, is_peek: false }));
                    queries.insert(FolderQuery { folder, is_peek: true });
                }
                _ => drop(queries.insert(FolderQuery { folder, is_peek: false })),
            }
        }
        queries
    }

    /// Records the contents of a folder and returns the subfolders to visit next.
    fn take(&mut self, query: &FolderQuery, contents: FolderContents) -> Vec<String> {
        let level = FolderLevel::of(&query.folder);
        if level == FolderLevel::Trail || level == FolderLevel::Logs {
            self.stray.0 += contents.objects;
            self.stray.1 = self.stray.1.take().or(contents.example);
        }
        let mut subfolders = contents.folders;
        self.seen.extend(subfolders.iter().cloned());
        // Beside `AWSLogs/`, other folders are not searched.
        if level == FolderLevel::Outside && subfolders.iter().any(|name| FolderLevel::of(name) == FolderLevel::Logs) {
            let (entered, beside): (Vec<_>, Vec<_>) = subfolders
                .into_iter()
                .partition(|name| FolderLevel::of(name) == FolderLevel::Logs || is_organisation(name));
            self.beside.extend(beside);
            subfolders = entered;
        }
        subfolders.retain(|folder| self.is_wanted(folder));
        if query.is_peek { Vec::new() } else { subfolders }
    }

    /// True if a folder can contain wanted logs. Records log kinds that were not requested.
    fn is_wanted(&mut self, folder: &str) -> bool {
        if FolderLevel::of(folder) == FolderLevel::Trail
            && let Some(kind) = KeyPlace::of(folder).kind
            && !self.scope.kinds().any(|wanted| wanted == kind)
        {
            self.leave_out(kind, folder);
        }
        self.scope.includes_folder(folder) && self.is_on_the_way(folder)
    }

    fn leave_out(&mut self, kind: &str, folder: &str) {
        match LogKind::from_folder(kind) {
            Some(kind) => drop(self.found.unread.insert(kind)),
            None if kind == DIGEST => self.found.has_other_digests = true,
            None => drop(self.new_kinds.entry(kind.into()).or_insert(folder.into())),
        }
    }

    /// True if logs can be in or below a folder.
    fn is_on_the_way(&mut self, folder: &str) -> bool {
        let is_named = |level| FolderLevel::of(&self.root.key) == level;
        match FolderLevel::of(folder) {
            FolderLevel::Outside if is_organisation(folder) => true,
            FolderLevel::Unknown if !is_named(FolderLevel::Unknown) => {
                self.unknown.insert(folder.into());
                false
            }
            FolderLevel::Other if !is_named(FolderLevel::Other) => false,
            FolderLevel::Outside | FolderLevel::Unknown | FolderLevel::Other => {
                let depth = folder.get(self.root.key.len()..).unwrap_or_default().matches('/').count();
                self.outside += usize::from(depth <= MAX_DEPTH);
                depth <= MAX_DEPTH && self.outside <= MAX_FOLDERS
            }
            FolderLevel::Logs | FolderLevel::Account | FolderLevel::Trail | FolderLevel::Region => true,
        }
    }

    /// Records why a folder could not be listed.
    fn fail(&mut self, query: FolderQuery, error: E, why: String) {
        if query.is_peek {
            self.unpeeked.get_or_insert((0, why)).0 += 1;
        } else {
            self.found.failures.push((query.folder, error));
        }
    }

    /// Finishes the search. Returns an error if it found no logs.
    fn conclude(mut self) -> Result<DiscoveredFolders<E>, String> {
        let mut notes = self.notes();
        if self.found.folders.is_empty() && self.found.failures.is_empty() {
            match self.regions() {
                regions if regions.is_empty() => {
                    notes.insert(0, self.explain_no_logs());
                    return Err(notes.join("; "));
                }
                regions => notes.push(format!(
                    "no logs for the requested regions; the bucket contains regions {}",
                    join_few(regions)
                )),
            }
        }
        self.found.notes = notes.into_iter().map(|note| format!("{}: {note}", self.root)).collect();
        Ok(self.found)
    }

    /// Builds messages about the folders that were skipped.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (folders, place) in [(&self.beside, "beside"), (&self.unknown, "in")] {
            if !folders.is_empty() {
                let names = join_few(folders.iter().map(String::as_str));
                notes.push(format!(
                    "not searched {place} AWSLogs/: {names}; if a folder contains logs, name it with --prefix"
                ));
            }
        }
        let below = KeyPlace::of(&self.root.key).kind;
        if self.scope.has_digests() && below.is_some_and(|kind| kind != DIGEST) {
            notes.push(format!("no digests are below this prefix; they are beside it, in {DIGEST}/"));
        }
        if let (objects, Some(example)) = &self.stray {
            let objects = count(*objects, "object");
            notes.push(format!("not read: {objects} outside any region, such as {example}; name an object to read it"));
        }
        for (kind, folder) in &self.new_kinds {
            notes.push(format!("not read: {kind}, such as {folder}; name the folder to read it"));
        }
        if let Some((accounts, why)) = &self.unpeeked {
            let accounts = count(*accounts, "account");
            notes.push(format!("other kinds of logs cannot be listed in {accounts}: {why}"));
        }
        if self.outside > MAX_FOLDERS {
            notes.push(format!(
                "only {MAX_FOLDERS} folders were searched for AWSLogs/; name its parent folder with --prefix"
            ));
        }
        notes
    }

    /// Returns the regions that have logs in the wanted accounts.
    fn regions(&self) -> BTreeSet<&str> {
        let trails =
            self.seen.iter().filter_map(|folder| Some((folder.trim_end_matches('/').rsplit_once('/')?, folder)));
        let wanted = trails.filter(|((trail, _), folder)| {
            FolderLevel::of(folder) == FolderLevel::Region && self.scope.includes_folder(trail)
        });
        wanted.map(|((_, region), _)| region).collect()
    }

    /// Explains that there are no logs, and what is there instead.
    fn explain_no_logs(&self) -> String {
        if let Some(unread) = log_kind::unread(&self.found.unread) {
            let kinds: Vec<&str> = self.scope.kinds().collect();
            return format!("no logs of the kind {}; {unread}", kinds.join(", "));
        }
        let accounts: BTreeSet<&str> = self.seen.iter().filter_map(|folder| KeyPlace::of(folder).account).collect();
        if !accounts.is_empty() {
            return format!(
                "no logs for the requested accounts or regions; the bucket contains accounts {}",
                join_few(accounts)
            );
        }
        let what = "no CloudTrail logs (AWSLogs/ACCOUNT/CloudTrail/) below it";
        match self.seen.is_empty() {
            true => format!("{what}; it contains no folders"),
            false => format!("{what}; it contains {}", join_few(self.seen.iter().map(String::as_str))),
        }
    }
}

fn is_organisation(folder: &str) -> bool {
    KeyPlace::of(folder).organisation.is_some()
}

/// Joins the first few names, and indicates if there are more.
fn join_few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const FEW: usize = 8;
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(FEW).collect();
    format!("{}{}", shown.join(", "), if names.next().is_some() { ", …" } else { "" })
}
