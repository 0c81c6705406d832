//! Finds where the logs are: which organisations, accounts, kinds and regions
//! there are, whatever comes before them. A bucket and its mirror are searched by
//! the same rules, so that nothing is found in one and left out in the other.

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

/// Levels of folders before `AWSLogs/` that are entered, those of
/// organisations not counted.
const DEEPEST: usize = 3;
/// Folders before `AWSLogs/` that are entered in all: a bucket of photos is
/// not searched to its end.
const MOST: usize = 1000;

const DIGESTS: &str = "digests prove that logs are unaltered, and hold no events; name the logs beside them";

/// What a search has found. `E` is why a folder could not be looked into.
#[derive(Debug)]
pub(super) struct DiscoveredFolders<E> {
    /// The folders of regions, or folders in them, in the order of keys.
    pub(super) folders: BTreeSet<String>,
    /// The single object that was named.
    pub(super) object: Option<String>,
    /// Folders that could not be looked into.
    pub(super) failures: Vec<(String, E)>,
    /// What the user should know of the rest.
    pub(super) notes: Vec<String>,
    /// Kinds of logs that are there and were not asked for.
    pub(super) unread: BTreeSet<LogKind>,
}

impl<E> DiscoveredFolders<E> {
    /// How far late deliveries are looked for, where that is a question.
    pub(super) fn late(&self, scope: &Scope) -> Option<LateSearch> {
        if self.object.is_some() { None } else { scope.late() }
    }
}

impl<E> Default for DiscoveredFolders<E> {
    fn default() -> DiscoveredFolders<E> {
        let (folders, failures, notes) = (BTreeSet::new(), Vec::new(), Vec::new());
        DiscoveredFolders { folders, object: None, failures, notes, unread: BTreeSet::new() }
    }
}

/// A folder whose folders are wanted.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct FolderQuery {
    folder: String,
    /// Only to see which kinds of logs an account has beside those wanted.
    is_peek: bool,
}

/// What lies directly in a folder.
#[derive(Debug, Default)]
struct FolderContents {
    /// Its folders, each ending in `/`.
    folders: Vec<String>,
    /// How many objects, and one of them.
    objects: u64,
    example: Option<String>,
}

impl FolderContents {
    fn add_object(&mut self, key: String) {
        // A folder that was made by hand is an object with such a name.
        if !key.ends_with('/') {
            self.objects += 1;
            self.example.get_or_insert(key);
        }
    }
}

/// A search on its way, one level of folders after the other.
struct FolderSearch<'a, E> {
    scope: &'a Scope,
    /// What the bucket is known by: `s3://BUCKET/`.
    address: String,
    prefix: &'a str,
    found: DiscoveredFolders<E>,
    /// All folders that were met.
    seen: BTreeSet<String>,
    /// Those beside `AWSLogs/`, which are not entered.
    beside: BTreeSet<String>,
    /// Those in `AWSLogs/` that are neither accounts nor organisations, which
    /// are not entered.
    unknown: BTreeSet<String>,
    /// Objects beside the folders of regions, and one of them.
    stray: (u64, Option<String>),
    /// Of each kind that has no name to be asked for by, a folder.
    new_kinds: BTreeMap<String, String>,
    /// Accounts of which only the wanted kinds are known, and why.
    unpeeked: Option<(u64, String)>,
    /// How many before `AWSLogs/` were wanted.
    outside: usize,
}

impl<'a, E> FolderSearch<'a, E> {
    fn new(scope: &'a Scope, address: String, prefix: &'a str) -> FolderSearch<'a, E> {
        FolderSearch {
            scope,
            address,
            prefix,
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

    /// The folders to begin with, or the reason why nothing can be found.
    fn begin(&mut self) -> Result<BTreeSet<String>, String> {
        match KeyPlace::of(self.prefix).kind {
            Some(DIGEST) => Err(DIGESTS.into()),
            Some(kind) if !self.scope.kinds().any(|wanted| wanted == kind) => {
                self.leave_out(kind, self.prefix);
                Ok(BTreeSet::new())
            }
            _ => Ok([self.prefix.to_string()].into()),
        }
    }

    /// What to look into for the folders of one level; those with logs are found.
    fn queries(&mut self, folders: BTreeSet<String>) -> BTreeSet<FolderQuery> {
        let mut queries = BTreeSet::new();
        for folder in folders {
            match FolderLevel::of(&folder) {
                FolderLevel::Region => drop(self.found.folders.insert(folder)),
                // Whether there is a folder of a wanted kind need not be asked first.
                FolderLevel::Account if folder != self.prefix => {
                    let kinds = self.scope.kinds().map(|kind| format!("{folder}{kind}/"));
                    queries.extend(kinds.map(|folder| FolderQuery { folder, is_peek: false }));
                    queries.insert(FolderQuery { folder, is_peek: true });
                }
                _ => drop(queries.insert(FolderQuery { folder, is_peek: false })),
            }
        }
        queries
    }

    /// Takes what is in a folder, and gives those that are to be entered.
    fn take(&mut self, query: &FolderQuery, contents: FolderContents) -> Vec<String> {
        let level = FolderLevel::of(&query.folder);
        if level == FolderLevel::Trail || level == FolderLevel::Logs {
            self.stray.0 += contents.objects;
            self.stray.1 = self.stray.1.take().or(contents.example);
        }
        let mut inside = contents.folders;
        self.seen.extend(inside.iter().cloned());
        // Where the logs are known to be, other folders are not searched.
        if level == FolderLevel::Outside && inside.iter().any(|name| FolderLevel::of(name) == FolderLevel::Logs) {
            let (entered, beside): (Vec<_>, Vec<_>) = inside
                .into_iter()
                .partition(|name| FolderLevel::of(name) == FolderLevel::Logs || is_organisation(name));
            self.beside.extend(beside);
            inside = entered;
        }
        inside.retain(|folder| self.is_wanted(folder));
        if query.is_peek { Vec::new() } else { inside }
    }

    /// Whether a folder can hold wanted logs. What it holds of others is noted.
    fn is_wanted(&mut self, folder: &str) -> bool {
        if FolderLevel::of(folder) == FolderLevel::Trail
            && let Some(kind) = KeyPlace::of(folder).kind
            && !self.scope.kinds().any(|wanted| wanted == kind)
        {
            self.leave_out(kind, folder);
        }
        self.scope.admits_folder(folder) && self.is_on_the_way(folder)
    }

    fn leave_out(&mut self, kind: &str, folder: &str) {
        match LogKind::of_folder(kind) {
            Some(kind) => drop(self.found.unread.insert(kind)),
            None if kind == DIGEST => {}
            None => drop(self.new_kinds.entry(kind.into()).or_insert(folder.into())),
        }
    }

    /// Whether there can be logs in or below a folder.
    fn is_on_the_way(&mut self, folder: &str) -> bool {
        let is_named = |level| FolderLevel::of(self.prefix) == level;
        match FolderLevel::of(folder) {
            FolderLevel::Outside if is_organisation(folder) => true,
            FolderLevel::Unknown if !is_named(FolderLevel::Unknown) => {
                self.unknown.insert(folder.into());
                false
            }
            FolderLevel::Other if !is_named(FolderLevel::Other) => false,
            FolderLevel::Outside | FolderLevel::Unknown | FolderLevel::Other => {
                let depth = folder.get(self.prefix.len()..).unwrap_or_default().matches('/').count();
                self.outside += usize::from(depth <= DEEPEST);
                depth <= DEEPEST && self.outside <= MOST
            }
            FolderLevel::Logs | FolderLevel::Account | FolderLevel::Trail | FolderLevel::Region => true,
        }
    }

    /// Takes why a folder could not be looked into.
    fn fail(&mut self, query: FolderQuery, error: E, why: String) {
        if query.is_peek {
            self.unpeeked.get_or_insert((0, why)).0 += 1;
        } else {
            self.found.failures.push((query.folder, error));
        }
    }

    /// What there is to say in the end; an error where there are no logs.
    fn conclude(mut self) -> Result<DiscoveredFolders<E>, String> {
        let mut notes = self.notes();
        if self.found.folders.is_empty() && self.found.failures.is_empty() {
            match self.regions() {
                regions if regions.is_empty() => {
                    notes.insert(0, self.nothing());
                    return Err(notes.join("; "));
                }
                regions => notes.push(format!("no logs of the regions asked for; there are {}", few(regions))),
            }
        }
        self.found.notes = notes.into_iter().map(|note| format!("{}{}: {note}", self.address, self.prefix)).collect();
        Ok(self.found)
    }

    /// What was not entered, and how it is.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (folders, place) in [(&self.beside, "beside"), (&self.unknown, "in")] {
            if !folders.is_empty() {
                let names = few(folders.iter().map(String::as_str));
                notes
                    .push(format!("not looked into {place} AWSLogs/: {names}; if there are logs, name it by --prefix"));
            }
        }
        if let (objects, Some(example)) = &self.stray {
            let objects = count(*objects, "object");
            notes.push(format!("not read: {objects} outside of any region, as {example}; name one to read it"));
        }
        for (kind, folder) in &self.new_kinds {
            notes.push(format!("not read: {kind}, as in {folder}; name such a folder to read it"));
        }
        if let Some((accounts, why)) = &self.unpeeked {
            let accounts = count(*accounts, "account");
            notes.push(format!("which other kinds of logs there are is not known of {accounts}: {why}"));
        }
        if self.outside > MOST {
            notes.push(format!("only {MOST} folders were searched for AWSLogs/; name what is before it by --prefix"));
        }
        notes
    }

    /// The regions that there are logs of, in the accounts that are wanted.
    fn regions(&self) -> BTreeSet<&str> {
        let trails =
            self.seen.iter().filter_map(|folder| Some((folder.trim_end_matches('/').rsplit_once('/')?, folder)));
        let wanted = trails.filter(|((trail, _), folder)| {
            FolderLevel::of(folder) == FolderLevel::Region && self.scope.admits_folder(trail)
        });
        wanted.map(|((_, region), _)| region).collect()
    }

    /// What to say where there are no logs: what is there instead.
    fn nothing(&self) -> String {
        if let Some(unread) = log_kind::unread(&self.found.unread) {
            let kinds: Vec<&str> = self.scope.kinds().collect();
            return format!("no logs of the kind {}; {unread}", kinds.join(", "));
        }
        let accounts: BTreeSet<&str> = self.seen.iter().filter_map(|folder| KeyPlace::of(folder).account).collect();
        if !accounts.is_empty() {
            return format!(
                "no logs for the requested accounts or regions; the bucket contains accounts {}",
                few(accounts)
            );
        }
        let what = "no CloudTrail logs (AWSLogs/ACCOUNT/CloudTrail/) below it";
        match self.seen.is_empty() {
            true => format!("{what}; there are no folders in it"),
            false => format!("{what}; it holds {}", few(self.seen.iter().map(String::as_str))),
        }
    }
}

fn is_organisation(folder: &str) -> bool {
    KeyPlace::of(folder).organisation.is_some()
}

/// The first of these names, and whether there are more.
fn few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const FEW: usize = 8;
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(FEW).collect();
    format!("{}{}", shown.join(", "), if names.next().is_some() { ", …" } else { "" })
}
