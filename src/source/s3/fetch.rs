//! Downloads objects into the mirror concurrently and passes them on in key order.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc;

use super::client::S3Client;
use super::discover::DiscoveredFolders;
use super::mirror::{ObjectMetadata, PartFile, metadata_key, split};
use super::mirror_root::{MirrorEntry, is_link};
use super::{MirrorItem, MirrorTasks, PendingObject};
use crate::cloudtrail::keys::{delivered_by, is_digest};
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::source::location::Location;
use crate::source::s3::download_threads::DownloadStarter;
use crate::source::s3::list_cursor::KeyRange;
use crate::source::s3::list_scheduler::ListQueue;
use crate::source::s3::object_batch::Object;
use crate::source::s3::object_filter::{BEHIND_A_LINK, IN_THE_WAY, ObjectFilter, ObjectState};
use crate::source::s3::object_response::ObjectResponse;
use crate::source::s3::s3_error::S3Error;

/// Lists the found folders and downloads the objects that the mirror lacks.
pub(super) async fn all(
    shared: Arc<MirrorTasks>,
    downloads: DownloadStarter,
    found: DiscoveredFolders<S3Error>,
    arrivals: mpsc::Sender<PendingObject>,
) {
    let key_ranges = key_ranges(&found);
    for (folder, error) in found.failures {
        if arrivals.send(missing(&shared, &folder, error)).await.is_err() {
            return;
        }
    }
    let mut lists = ListQueue::open(&shared, key_ranges);
    let mut fetcher = ObjectFetcher { filter: ObjectFilter::new(shared), downloads, cleaned: None, notes: Vec::new() };
    while let Some(listed) = lists.next().await {
        let page = match listed {
            Ok(page) => page,
            Err((folder, error)) => {
                if arrivals.send(missing(&fetcher.filter.shared, &folder, error)).await.is_err() {
                    return;
                }
                continue;
            }
        };
        for object in page.objects() {
            let arrival = fetcher.begin(object).await;
            let notes = fetcher.notes.drain(..).map(|note| PendingObject::Ready(MirrorItem::Note(note)));
            for arrival in notes.chain(arrival) {
                if arrivals.send(arrival).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Starts the download of objects in key order.
struct ObjectFetcher {
    filter: ObjectFilter,
    downloads: DownloadStarter,
    /// Folder that was cleaned last. Objects of a folder are consecutive, so one is enough.
    cleaned: Option<String>,
    /// Messages collected on the way.
    notes: Vec<String>,
}

impl ObjectFetcher {
    /// Finds an object in the mirror or starts its download. `None` if there is nothing to pass
    /// on.
    async fn begin(&mut self, object: Object) -> Option<PendingObject> {
        let shared = &self.filter.shared;
        let location = shared.client.location(&object.key);
        let path = match self.filter.classify(&object) {
            ObjectState::NoObject | ObjectState::Archived => return None,
            ObjectState::TooOld => return Some(PendingObject::Ready(MirrorItem::TooOld)),
            ObjectState::Refused(issue) => return Some(PendingObject::Ready(MirrorItem::Issue(issue))),
            ObjectState::Present(path) => return Some(PendingObject::Ready(MirrorItem::Object { path, location })),
            ObjectState::Missing(path, there) => {
                self.clear(&path, &object.key, there);
                path
            }
        };
        self.downloads.wait_for_room().await;
        Some(PendingObject::Downloading(self.downloads.start(object, path, location)))
    }

    /// Removes partial files of a killed run from the object's folder. Reports entries of other
    /// tools that take the place of an object or of a partial file.
    fn clear(&mut self, path: &Path, key: &str, there: Option<MirrorEntry>) {
        let folder = split(key).0;
        if self.cleaned.as_deref() != Some(folder) {
            let refused = self.filter.shared.mirror.clean(key).into_iter();
            let text = "is named like an unfinished download, but is not a regular file; it was not removed";
            self.notes.extend(refused.map(|path| format!("{}: {text}", path.display())));
            self.cleaned = Some(folder.to_string());
        }
        let what = match there {
            Some(MirrorEntry::Link) => "is a link",
            Some(MirrorEntry::Special) => "is not a regular file",
            Some(MirrorEntry::File(_) | MirrorEntry::Folder) | None => return,
        };
        self.notes.push(format!("{}: {what}; replaced by the object", path.display()));
    }
}

/// Returns the key ranges to list.
pub(super) fn key_ranges(found: &DiscoveredFolders<S3Error>) -> BTreeSet<KeyRange> {
    let object = found.object.iter().cloned().map(KeyRange::object);
    found.folders.iter().cloned().map(KeyRange::folder).chain(object).collect()
}

/// Why a download failed.
enum FetchFailure {
    /// S3 refused the request.
    Refused(S3Error),
    /// The body is truncated or differs from the listing.
    Broken(String),
    /// The size matches the listing, but the content is not an intact gzip stream.
    Damaged(ReceivedObject),
    /// Writing to the mirror failed.
    Disk(io::Error),
}

/// An object that was received and has no name in the mirror yet.
struct ReceivedObject {
    part: PartFile,
    /// `None` if the mirror keeps none for this object.
    metadata: Option<ObjectMetadata>,
}

impl ReceivedObject {
    /// Gives the object its name in the mirror.
    fn persist(self, shared: &MirrorTasks, key: &str) -> io::Result<()> {
        // In this order, an object that is there has its metadata, whenever the run is killed.
        if let Some(metadata) = self.metadata {
            metadata.write(&shared.mirror, key)?;
        }
        self.part.persist(split(key).1)
    }
}

pub(super) async fn fetch(
    shared: &MirrorTasks,
    client: &S3Client,
    mut object: Object,
    path: PathBuf,
    location: Location,
) -> MirrorItem {
    /// The SDK retries requests, but not bodies that break off.
    const ATTEMPTS: u32 = 5;
    let (mut attempt, mut is_doubted) = (1, false);
    let problem = loop {
        let received = match object.size {
            UNKNOWN_SIZE => fetch_of_any_size(shared, client, &mut object).await,
            _ => fetch_once(shared, client, &object).await,
        };
        match received {
            Ok(()) => {
                count_download(shared, &object.key, object.size);
                return MirrorItem::Object { path, location };
            }
            Err(FetchFailure::Broken(reason)) if attempt == ATTEMPTS => break Problem::Unavailable(reason),
            Err(FetchFailure::Broken(_)) => attempt += 1,
            // The damage may come from the transfer, so the object is downloaded once more.
            Err(FetchFailure::Damaged(_)) if !is_doubted => is_doubted = true,
            // A second download gave the same bytes, so the object itself is damaged. The
            // mirror keeps it as evidence.
            Err(FetchFailure::Damaged(received)) => match received.persist(shared, &object.key) {
                Ok(()) => return damaged_object(shared, &object, &location),
                Err(error) if is_in_the_way(&error) => break Problem::Key(IN_THE_WAY),
                Err(error) => return MirrorItem::Fatal(disk_error(&path, &error)),
            },
            Err(FetchFailure::Refused(error)) if error.is_fatal => {
                return MirrorItem::Fatal(error.into_fatal());
            }
            Err(FetchFailure::Refused(error)) if error.is_transient => break Problem::Unavailable(error.text),
            Err(FetchFailure::Refused(error)) => break Problem::Download(error.text),
            Err(FetchFailure::Disk(error)) if is_in_the_way(&error) => break Problem::Key(IN_THE_WAY),
            Err(FetchFailure::Disk(error)) if is_link(&error) => break Problem::Key(BEHIND_A_LINK),
            Err(FetchFailure::Disk(error)) => return MirrorItem::Fatal(disk_error(&path, &error)),
        }
    };
    shared.counts.failed.fetch_add(1, Relaxed);
    MirrorItem::Issue(Issue { name: location.to_string(), problem, outcome: Outcome::Nothing })
}

/// Counts an object that was downloaded.
fn count_download(shared: &MirrorTasks, key: &str, size: u64) {
    shared.counts.objects.fetch_add(1, Relaxed);
    shared.counts.digests.fetch_add(u64::from(is_digest(key)), Relaxed);
    shared.counts.bytes.fetch_add(size, Relaxed);
}

async fn fetch_once(shared: &MirrorTasks, client: &S3Client, object: &Object) -> Result<(), FetchFailure> {
    let answer = client.get(&object.key, &shared.counts.gets).await.map_err(FetchFailure::Refused)?;
    receive(shared, answer, object).await
}

/// The size of an object that was not listed, so that its size is unknown.
pub(super) const UNKNOWN_SIZE: u64 = u64::MAX;

/// Downloads an object of unknown size, and sets its size to that of the answer.
async fn fetch_of_any_size(shared: &MirrorTasks, client: &S3Client, object: &mut Object) -> Result<(), FetchFailure> {
    let answer = client.get(&object.key, &shared.counts.gets).await.map_err(FetchFailure::Refused)?;
    let size = answer.length.ok_or_else(|| FetchFailure::Broken("the answer has no length".into()))?;
    let received = receive(shared, answer, &Object { size, ..object.clone() }).await;
    if received.is_ok() {
        object.size = size;
    }
    received
}

/// Writes the body of an answer to the mirror.
async fn receive(shared: &MirrorTasks, mut answer: ObjectResponse, object: &Object) -> Result<(), FetchFailure> {
    // Verifying decompresses the whole log, so it is done only without a checksum from S3.
    let verifier = shared.verifier.as_deref().filter(|_| is_delivery(&object.key) && !answer.has_checksum);
    let metadata = metadata_key(&object.key).map(|_| ObjectMetadata::of(&answer));
    let is_plain = verifier.is_none() && metadata.is_none();
    let (mut part, mut size) = (None, 0);
    while let Some(chunk) = chunk(&mut answer, &mut size, object.size).await? {
        // Most objects arrive in one piece. Nothing is written before the checksum is verified.
        if is_plain && part.is_none() && size == object.size {
            while self::chunk(&mut answer, &mut size, object.size).await?.is_some() {}
            return shared.mirror.write(&object.key, chunk.as_ref()).map_err(FetchFailure::Disk);
        }
        let part = match &mut part {
            Some(part) => part,
            None => part.insert(shared.mirror.begin(&object.key).map_err(FetchFailure::Disk)?),
        };
        part.file().write_all(chunk.as_ref()).map_err(FetchFailure::Disk)?;
    }
    if size != object.size {
        return Err(FetchFailure::Broken(format!("received {size} bytes, expected {}", object.size)));
    }
    let part = part.map_or_else(|| shared.mirror.begin(&object.key), Ok).map_err(FetchFailure::Disk)?;
    let is_damaged = match verifier {
        Some(verifier) => !verifier.is_whole(part.file()).map_err(FetchFailure::Disk)?,
        None => false,
    };
    let received = ReceivedObject { part, metadata };
    if is_damaged {
        return Err(FetchFailure::Damaged(received));
    }
    received.persist(shared, &object.key).map_err(FetchFailure::Disk)
}

/// Returns the next bytes of a body of the expected size, and adds their number to `size`.
async fn chunk(
    answer: &mut ObjectResponse,
    size: &mut u64,
    expected: u64,
) -> Result<Option<impl AsRef<[u8]> + use<>>, FetchFailure> {
    let Some(chunk) = answer.chunk().await else { return Ok(None) };
    let chunk =
        chunk.map_err(|cause| FetchFailure::Broken(format!("the response body is incomplete or damaged: {cause}")))?;
    *size += chunk.as_ref().len() as u64;
    // A faulty server could send data forever.
    if *size > expected {
        let came = answer.length.map_or("more bytes".into(), |length| format!("{length} bytes"));
        return Err(FetchFailure::Broken(format!("received {came}, expected {expected}")));
    }
    Ok(Some(chunk))
}

/// True if a key is that of a file of CloudTrail and not of another object in the bucket.
fn is_delivery(key: &str) -> bool {
    key.ends_with(".gz") && (delivered_by(key).is_some() || is_digest(key))
}

/// Counts a damaged object and reports that the mirror contains it.
fn damaged_object(shared: &MirrorTasks, object: &Object, location: &Location) -> MirrorItem {
    count_download(shared, &object.key, if object.size == UNKNOWN_SIZE { 0 } else { object.size });
    MirrorItem::Issue(Issue {
        name: location.to_string(),
        problem: Problem::GzipDamaged { places: 1 },
        outcome: Outcome::Mirrored,
    })
}

/// Replaces a damaged file with a fresh download. Returns true on success.
pub(super) async fn refetch(shared: &MirrorTasks, object: &Object) -> bool {
    const ATTEMPTS: u32 = 2;
    for _ in 0..ATTEMPTS {
        match fetch_once(shared, &shared.client, object).await {
            Ok(()) => return true,
            Err(FetchFailure::Broken(_)) => {}
            Err(FetchFailure::Refused(_) | FetchFailure::Damaged(_) | FetchFailure::Disk(_)) => return false,
        }
    }
    false
}

/// True if a file has the path of a required folder or the reverse. This affects a single
/// object, so the run continues.
fn is_in_the_way(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | IsADirectory | NotADirectory)
}

/// A mirror that cannot be written to fails for every object, which ends the run.
fn disk_error(path: &Path, error: &io::Error) -> Error {
    Error::Failed(format!(
        "{}: cannot be written: {}; files already mirrored are kept",
        path.display(),
        io_message(error)
    ))
}

/// Creates the item for an incomplete listing.
fn missing(shared: &MirrorTasks, prefix: &str, error: S3Error) -> PendingObject {
    PendingObject::Ready(incomplete(shared, prefix, error).map_or_else(MirrorItem::Fatal, MirrorItem::Issue))
}

/// Reports an incomplete listing, which always means missing events. Returns an error if it
/// ends the run.
pub(super) fn incomplete(shared: &MirrorTasks, prefix: &str, error: S3Error) -> Result<Issue, Error> {
    if error.is_fatal {
        return Err(error.into_fatal());
    }
    shared.counts.failed.fetch_add(1, Relaxed);
    let problem = Problem::List(error.text);
    Ok(Issue { name: shared.client.location(prefix).to_string(), problem, outcome: Outcome::Gap })
}
