//! Brings objects into the mirror, many at once, and passes them on in the
//! order of their keys.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc;

use super::discover::Found;
use super::gate::Pass;
use super::list::{Object, Page};
use super::mirror::Mirror;
use super::trouble::{Trouble, cause};
use super::{Arrival, Arrived, Shared};
use crate::error::{Fatal, Outcome, Problem, Skip, plain};

/// Lists that run side by side.
const LISTS: usize = 32;
/// Pages that a list may be ahead of the downloads.
const PAGES_AHEAD: usize = 8;

/// Lists what was found and fetches what the mirror lacks.
pub(super) async fn all(shared: Arc<Shared>, found: Found, arrivals: mpsc::Sender<Arrival>) {
    for (folder, trouble) in found.failures {
        if arrivals.send(Arrival::Here(incomplete(&shared, &folder, trouble))).await.is_err() {
            return;
        }
    }
    let mut fetcher = Fetcher { trunks: Vec::new(), shared };
    let shared = Arc::clone(&fetcher.shared);
    shared.counts.open_lists.store(found.scans.len() as u64, Relaxed);
    let mut scans = found.scans.into_iter();
    let mut lists: VecDeque<(String, mpsc::Receiver<Page>)> = VecDeque::new();
    loop {
        while lists.len() < LISTS
            && let Some(scan) = scans.next()
        {
            let (sender, pages) = mpsc::channel(PAGES_AHEAD);
            lists.push_back((scan.prefix.clone(), pages));
            tokio::spawn(scan.list(Arc::clone(&shared), sender));
        }
        let Some((prefix, mut pages)) = lists.pop_front() else { return };
        while let Some(page) = pages.recv().await {
            let objects = match page {
                Ok(objects) => objects,
                Err(trouble) => {
                    let arrived = incomplete(&shared, &prefix, trouble);
                    if arrivals.send(Arrival::Here(arrived)).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            for object in objects {
                let Some(arrival) = fetcher.begin(object).await else { continue };
                if arrivals.send(arrival).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Takes objects in the order of their keys.
struct Fetcher {
    shared: Arc<Shared>,
    /// The keys so far that the next one may go on from.
    trunks: Vec<String>,
}

impl Fetcher {
    /// Finds an object in the mirror, or begins to fetch it.
    async fn begin(&mut self, object: Object) -> Option<Arrival> {
        let shared = &self.shared;
        if object.key.ends_with('/') && object.size == 0 {
            // A folder that somebody made by hand.
            shared.counts.known.fetch_sub(1, Relaxed);
            return None;
        }
        if !shared.scope.admits_file(&object.key) {
            shared.counts.known.fetch_sub(1, Relaxed);
            return Some(Arrival::Here(Arrived::TooOld));
        }
        let address = shared.client.address(&object.key);
        let path = match shared.mirror.path(&object.key) {
            Ok(_) if grows_from(&mut self.trunks, &object.key) => Err(IN_THE_WAY),
            result => result,
        };
        let path = match path {
            Ok(path) => path,
            Err(reason) => {
                shared.counts.failed.fetch_add(1, Relaxed);
                let skip = Skip { name: address, problem: Problem::Key(reason), outcome: Outcome::Nothing };
                return Some(Arrival::Here(Arrived::Skip(skip)));
            }
        };
        if Mirror::holds(&path, object.size) {
            shared.counts.present.fetch_add(1, Relaxed);
            return Some(Arrival::Here(Arrived::Object { path, address }));
        }
        let pass = shared.gate.pass().await;
        let task = tokio::spawn(fetch(Arc::clone(shared), object, path, address, pass));
        Some(Arrival::OnItsWay(task))
    }
}

const IN_THE_WAY: &str = "a file of the mirror would have to be a folder, or a folder a file";

/// Whether a key is below another object's, as `x/y` is below `x`: a disk
/// cannot hold both. Keys come in order, so those that the key does not begin
/// with will be met no more.
fn grows_from(trunks: &mut Vec<String>, key: &str) -> bool {
    trunks.retain(|trunk| key.starts_with(trunk.as_str()));
    let is_below = trunks.iter().any(|trunk| key[trunk.len()..].starts_with('/'));
    if !is_below {
        trunks.push(key.to_string());
    }
    is_below
}

/// Why an object did not come.
enum Failure {
    /// S3 would not give it.
    Refused(Trouble),
    /// It came, but not as listed, or not to its end.
    Broken(String),
    /// The mirror could not take it.
    Disk(io::Error),
}

async fn fetch(shared: Arc<Shared>, object: Object, path: PathBuf, address: String, _pass: Pass) -> Arrived {
    /// The SDK repeats requests, but not bodies that break off.
    const ATTEMPTS: u32 = 5;
    let mut attempt = 1;
    let problem = loop {
        match fetch_once(&shared, &object, &path).await {
            Ok(()) => {
                shared.counts.objects.fetch_add(1, Relaxed);
                shared.counts.bytes.fetch_add(object.size, Relaxed);
                return Arrived::Object { path, address };
            }
            Err(Failure::Broken(reason)) if attempt == ATTEMPTS => break Problem::Download(reason),
            Err(Failure::Broken(_)) => attempt += 1,
            Err(Failure::Refused(trouble)) if trouble.is_general => return Arrived::Fatal(trouble.into_fatal()),
            Err(Failure::Refused(trouble)) => break Problem::Download(trouble.text),
            Err(Failure::Disk(error)) if is_in_the_way(&error) => break Problem::Key(IN_THE_WAY),
            Err(Failure::Disk(error)) => return Arrived::Fatal(disk(&path, &error)),
        }
    };
    shared.counts.failed.fetch_add(1, Relaxed);
    Arrived::Skip(Skip { name: address, problem, outcome: Outcome::Nothing })
}

async fn fetch_once(shared: &Shared, object: &Object, path: &Path) -> Result<(), Failure> {
    let answer = shared.client.get(&object.key, &shared.counts.gets).await.map_err(Failure::Refused)?;
    let mut file = Mirror::begin(path).map_err(Failure::Disk)?;
    let mut body = answer.body;
    let mut size = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        file.write_all(&chunk).map_err(Failure::Disk)?;
        size += chunk.len() as u64;
    }
    if size != object.size {
        return Err(Failure::Broken(format!("{size} bytes came, {} were listed", object.size)));
    }
    file.persist(path).map_err(|error| Failure::Disk(error.error))?;
    Ok(())
}

/// A body that broke off, or that S3's checksum does not fit; which checksums
/// these are helps nobody.
fn broken(error: &dyn Error) -> Failure {
    let cause = cause(error);
    Failure::Broken(format!("its body came broken: {}", cause.split(". ").next().unwrap_or_default()))
}

/// Whether there is a file where a folder is needed, or a folder in place of
/// the file: the next object may have its way free.
fn is_in_the_way(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | IsADirectory | NotADirectory)
}

/// A mirror that cannot be written to will not take the next object either.
fn disk(path: &Path, error: &io::Error) -> Fatal {
    Fatal::Failed(format!("{}: cannot be written: {}; what is mirrored stays", path.display(), plain(error)))
}

/// A list that breaks off leaves out events: that is said, not borne.
fn incomplete(shared: &Shared, prefix: &str, trouble: Trouble) -> Arrived {
    if trouble.is_general {
        return Arrived::Fatal(trouble.into_fatal());
    }
    shared.counts.failed.fetch_add(1, Relaxed);
    let problem = Problem::List(trouble.text);
    Arrived::Skip(Skip { name: shared.client.address(prefix), problem, outcome: Outcome::Gap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_object_and_those_below_it_the_first_is_kept() {
        let mut trunks = Vec::new();
        let keys = ["a", "a-b", "a/b", "a/b/c", "ab", "b/c", "b/c/d", "c"];
        let below: Vec<&str> = keys.into_iter().filter(|key| grows_from(&mut trunks, key)).collect();
        assert_eq!(below, ["a/b", "a/b/c", "b/c/d"]);
    }
}
