//! Brings objects into the mirror, many at once, and passes them on in the
//! order of their keys.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use tokio::sync::mpsc;

use super::client::Client;
use super::discover::Found;
use super::intake::{BEHIND_A_LINK, IN_THE_WAY, Intake, Verdict};
use super::lanes::Turns;
use super::list::Scan;
use super::lists::Lists;
use super::mirror::{PartFile, split};
use super::mirror_root::{MirrorEntry, is_link};
use super::page::Object;
use super::trouble::{Trouble, cause};
use super::{Arrival, Arrived, Shared};
use crate::cloudtrail::keys::delivered_by;
use crate::error::{Fatal, Outcome, Problem, Skip, plain};

/// Lists what was found and fetches what the mirror lacks.
pub(super) async fn all(shared: Arc<Shared>, lanes: Turns, found: Found<Trouble>, arrivals: mpsc::Sender<Arrival>) {
    let scans = scans(&found);
    for (folder, trouble) in found.failures {
        if arrivals.send(Arrival::Here(incomplete(&shared, &folder, trouble))).await.is_err() {
            return;
        }
    }
    let mut lists = Lists::open(&shared, scans);
    let mut fetcher = Fetcher { intake: Intake::new(shared), lanes, cleaned: None, notes: Vec::new() };
    while let Some(listed) = lists.next().await {
        let page = match listed {
            Ok(page) => page,
            Err((folder, trouble)) => {
                let arrived = incomplete(&fetcher.intake.shared, &folder, trouble);
                if arrivals.send(Arrival::Here(arrived)).await.is_err() {
                    return;
                }
                continue;
            }
        };
        for object in page.objects() {
            let arrival = fetcher.begin(object).await;
            let notes = fetcher.notes.drain(..).map(|note| Arrival::Here(Arrived::Note(note)));
            for arrival in notes.chain(arrival) {
                if arrivals.send(arrival).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Takes objects in the order of their keys.
struct Fetcher {
    intake: Intake,
    lanes: Turns,
    /// The folder that was cleaned last: those of objects come one by one.
    cleaned: Option<String>,
    /// What was met on the way.
    notes: Vec<String>,
}

impl Fetcher {
    /// Finds an object in the mirror, or begins to fetch it.
    async fn begin(&mut self, object: Object) -> Option<Arrival> {
        let shared = &self.intake.shared;
        let address = shared.client.address(&object.key);
        let path = match self.intake.judge(&object) {
            Verdict::NoObject | Verdict::Archived => return None,
            Verdict::TooOld => return Some(Arrival::Here(Arrived::TooOld)),
            Verdict::Refused(skip) => return Some(Arrival::Here(Arrived::Skip(skip))),
            Verdict::Present(path) => return Some(Arrival::Here(Arrived::Object { path, address })),
            Verdict::Missing(path, there) => {
                self.clear(&path, &object.key, there);
                path
            }
        };
        let pass = self.intake.shared.gate.pass().await;
        let lane = self.lanes.next();
        let (shared, client) = (Arc::clone(&self.intake.shared), Arc::clone(&lane.client));
        let task = lane.tasks.spawn(async move {
            let _pass = pass;
            fetch(&shared, &client, object, path, address).await
        });
        Some(Arrival::OnItsWay(task))
    }

    /// Removes what a killed run left: it lies beside an object that it left out.
    /// Names what others have put into the place of an object, or of such a rest.
    fn clear(&mut self, path: &Path, key: &str, there: Option<MirrorEntry>) {
        let folder = split(key).0;
        if self.cleaned.as_deref() != Some(folder) {
            let refused = self.intake.shared.mirror.clean(key).into_iter();
            let text = "is named like an unfinished download, and is not a regular file; it is left alone";
            self.notes.extend(refused.map(|path| format!("{}: {text}", path.display())));
            self.cleaned = Some(folder.to_string());
        }
        let what = match there {
            Some(MirrorEntry::Link) => "is a link",
            Some(MirrorEntry::Special) => "is not a regular file",
            Some(MirrorEntry::File(_) | MirrorEntry::Folder) | None => return,
        };
        self.notes.push(format!("{}: {what}; the object takes its place", path.display()));
    }
}

/// What is to be listed.
pub(super) fn scans(found: &Found<Trouble>) -> BTreeSet<Scan> {
    let object = found.object.iter().cloned().map(Scan::object);
    found.folders.iter().cloned().map(Scan::folder).chain(object).collect()
}

/// Why an object did not come.
enum Failure {
    /// S3 would not give it.
    Refused(Trouble),
    /// It came, but not as listed, or not to its end.
    Broken(String),
    /// It came as listed, but is no whole gzip stream.
    Damaged(PartFile),
    /// The mirror could not take it.
    Disk(io::Error),
}

async fn fetch(shared: &Shared, client: &Client, object: Object, path: PathBuf, address: String) -> Arrived {
    /// The SDK repeats requests, but not bodies that break off.
    const ATTEMPTS: u32 = 5;
    let (mut attempt, mut is_doubted) = (1, false);
    let problem = loop {
        match fetch_once(shared, client, &object).await {
            Ok(()) => {
                shared.counts.objects.fetch_add(1, Relaxed);
                shared.counts.bytes.fetch_add(object.size, Relaxed);
                return Arrived::Object { path, address };
            }
            Err(Failure::Broken(reason)) if attempt == ATTEMPTS => break Problem::Download(reason),
            Err(Failure::Broken(_)) => attempt += 1,
            Err(Failure::Damaged(_)) if !is_doubted => is_doubted = true,
            // So it is in the bucket. A mirror of evidence has that too.
            Err(Failure::Damaged(file)) => match file.persist(split(&object.key).1) {
                Ok(()) => return damaged(shared, &object, address),
                Err(error) if is_in_the_way(&error) => break Problem::Key(IN_THE_WAY),
                Err(error) => return Arrived::Fatal(disk(&path, &error)),
            },
            Err(Failure::Refused(trouble)) if trouble.is_general => return Arrived::Fatal(trouble.into_fatal()),
            Err(Failure::Refused(trouble)) => break Problem::Download(trouble.text),
            Err(Failure::Disk(error)) if is_in_the_way(&error) => break Problem::Key(IN_THE_WAY),
            Err(Failure::Disk(error)) if is_link(&error) => break Problem::Key(BEHIND_A_LINK),
            Err(Failure::Disk(error)) => return Arrived::Fatal(disk(&path, &error)),
        }
    };
    shared.counts.failed.fetch_add(1, Relaxed);
    Arrived::Skip(Skip { name: address, problem, outcome: Outcome::Nothing })
}

async fn fetch_once(shared: &Shared, client: &Client, object: &Object) -> Result<(), Failure> {
    let answer = client.get(&object.key, &shared.counts.gets).await.map_err(Failure::Refused)?;
    let part = shared.mirror.begin(&object.key).map_err(Failure::Disk)?;
    let verifier = shared.verifier.as_deref().filter(|_| is_log(&object.key) && !has_checksum(&answer));
    let length = answer.content_length;
    let mut body = answer.body;
    let mut size = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        size += chunk.len() as u64;
        // It may go on for ever.
        if size > object.size {
            let came = length.map_or("more bytes".into(), |length| format!("{length} bytes"));
            return Err(Failure::Broken(format!("{came} came, {} were listed", object.size)));
        }
        part.file().write_all(&chunk).map_err(Failure::Disk)?;
    }
    if size != object.size {
        return Err(Failure::Broken(format!("{size} bytes came, {} were listed", object.size)));
    }
    if let Some(verifier) = verifier
        && !verifier.is_whole(part.file()).map_err(Failure::Disk)?
    {
        return Err(Failure::Damaged(part));
    }
    part.persist(split(&object.key).1).map_err(Failure::Disk)
}

/// Whether a key is that of a log, and not of what lies beside it.
fn is_log(key: &str) -> bool {
    key.ends_with(".gz") && delivered_by(key).is_some()
}

/// Whether S3 sent a checksum of the whole object, which the SDK has compared.
/// That of an object put in parts says so by a `-`, and nobody can compare it.
fn has_checksum(answer: &GetObjectOutput) -> bool {
    let checksums = [
        answer.checksum_crc64_nvme(),
        answer.checksum_crc32(),
        answer.checksum_crc32_c(),
        answer.checksum_sha1(),
        answer.checksum_sha256(),
    ];
    let mut given = checksums.into_iter().flatten().peekable();
    given.peek().is_some() && given.all(|checksum| !checksum.contains('-'))
}

/// An object that is mirrored as it is.
fn damaged(shared: &Shared, object: &Object, name: String) -> Arrived {
    shared.counts.objects.fetch_add(1, Relaxed);
    shared.counts.bytes.fetch_add(object.size, Relaxed);
    Arrived::Skip(Skip { name, problem: Problem::GzipDamaged { places: 1 }, outcome: Outcome::Mirrored })
}

/// Puts a new copy in the place of one that is damaged. Says whether it came.
pub(super) async fn again(shared: &Shared, object: &Object) -> bool {
    const ATTEMPTS: u32 = 2;
    for _ in 0..ATTEMPTS {
        match fetch_once(shared, &shared.client, object).await {
            Ok(()) => return true,
            Err(Failure::Broken(_)) => {}
            Err(Failure::Refused(_) | Failure::Damaged(_) | Failure::Disk(_)) => return false,
        }
    }
    false
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
pub(super) fn incomplete(shared: &Shared, prefix: &str, trouble: Trouble) -> Arrived {
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
    fn a_checksum_of_parts_proves_nothing() {
        let answer = GetObjectOutput::builder;
        assert!(!has_checksum(&answer().build()));
        assert!(has_checksum(&answer().checksum_crc64_nvme("M3eFcAZSQlc=").build()));
        assert!(!has_checksum(&answer().checksum_crc32("NhCmhg==-2").build()));
        assert!(!has_checksum(&answer().checksum_crc64_nvme("M3eFcAZSQlc=").checksum_sha256("YWJj-2").build()));
    }
}
