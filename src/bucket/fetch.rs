//! Brings objects into the mirror, many at once, and passes them on in the
//! order of their keys.

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::list::{Object, Page, Scan};
use super::mirror::Mirror;
use super::trouble::Trouble;
use super::{Arrival, Arrived, Shared};
use crate::error::{Fatal, Outcome, Problem, Skip, plain};

/// Lists that run side by side.
const LISTS: usize = 32;
/// Pages that a list may be ahead of the downloads.
const PAGES_AHEAD: usize = 8;

/// Lists every scan and fetches what the mirror lacks.
pub(super) async fn all(shared: Arc<Shared>, scans: Vec<Scan>, arrivals: mpsc::Sender<Arrival>) {
    let permits = Arc::new(Semaphore::new(shared.jobs));
    let mut scans = scans.into_iter();
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
                let Some(arrival) = begin(&shared, object, &permits).await else { continue };
                if arrivals.send(arrival).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Finds an object in the mirror, or begins to fetch it.
async fn begin(shared: &Arc<Shared>, object: Object, permits: &Arc<Semaphore>) -> Option<Arrival> {
    if object.key.ends_with('/') {
        // A folder that somebody made by hand holds nothing.
        return None;
    }
    if !shared.scope.admits_file(&object.key) {
        return Some(Arrival::Here(Arrived::TooOld));
    }
    shared.counts.known.fetch_add(1, Relaxed);
    let address = shared.client.address(&object.key);
    let path = match shared.mirror.path(&object.key) {
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
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    let task = tokio::spawn(fetch(Arc::clone(shared), object, path, address, permit));
    Some(Arrival::OnItsWay(task))
}

/// Why an object did not come.
enum Failure {
    /// S3 would not give it.
    Refused(Trouble),
    /// It came, but not as listed, or not to its end.
    Broken(String),
    /// The mirror could not take it.
    Disk(std::io::Error),
}

async fn fetch(
    shared: Arc<Shared>,
    object: Object,
    path: PathBuf,
    address: String,
    _permit: OwnedSemaphorePermit,
) -> Arrived {
    /// The SDK repeats requests, but not bodies that break off.
    const ATTEMPTS: u32 = 5;
    let mut attempt = 1;
    let reason = loop {
        match fetch_once(&shared, &object, &path).await {
            Ok(()) => {
                shared.counts.objects.fetch_add(1, Relaxed);
                shared.counts.bytes.fetch_add(object.size, Relaxed);
                return Arrived::Object { path, address };
            }
            Err(Failure::Broken(reason)) if attempt == ATTEMPTS => break reason,
            Err(Failure::Broken(_)) => attempt += 1,
            Err(Failure::Refused(trouble)) if trouble.is_general => return Arrived::Fatal(trouble.into_fatal()),
            Err(Failure::Refused(trouble)) => break trouble.text,
            Err(Failure::Disk(error)) => return Arrived::Fatal(disk(&path, &error)),
        }
    };
    shared.counts.failed.fetch_add(1, Relaxed);
    Arrived::Skip(Skip { name: address, problem: Problem::Download(reason), outcome: Outcome::Nothing })
}

async fn fetch_once(shared: &Shared, object: &Object, path: &Path) -> Result<(), Failure> {
    let answer = shared.client.get(&object.key, &shared.counts.gets).await.map_err(Failure::Refused)?;
    let mut file = Mirror::begin(path).map_err(Failure::Disk)?;
    let mut body = answer.body;
    let mut size = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Failure::Broken(format!("its body broke off: {error}")))?;
        file.write_all(&chunk).map_err(Failure::Disk)?;
        size += chunk.len() as u64;
    }
    if size != object.size {
        return Err(Failure::Broken(format!("{size} bytes came, {} were listed", object.size)));
    }
    file.persist(path).map_err(|error| Failure::Disk(error.error))?;
    Ok(())
}

/// A mirror that cannot be written to will not take the next object either.
fn disk(path: &Path, error: &std::io::Error) -> Fatal {
    Fatal::Failed(format!("{}: cannot be written: {}; what is mirrored stays", path.display(), plain(error)))
}

/// A list that breaks off leaves out events: that is said, not borne.
fn incomplete(shared: &Shared, prefix: &str, trouble: Trouble) -> Arrived {
    if trouble.is_general {
        return Arrived::Fatal(trouble.into_fatal());
    }
    shared.counts.failed.fetch_add(1, Relaxed);
    let problem = Problem::Download(format!("its list is not complete: {}", trouble.text));
    Arrived::Skip(Skip { name: shared.client.address(prefix), problem, outcome: Outcome::Nothing })
}
