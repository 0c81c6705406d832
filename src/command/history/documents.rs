//! The state of all resources as documents: a file for each, or a stream of commits.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::change_log::{ChangeLog, ReplayVisitor};
use super::resource::property_name;
use crate::cloudtrail::history::change::{Change, ChangeEvent, Property, Resource, ResourceScope};
use crate::cloudtrail::history::fold::HistoryFold;
use crate::cloudtrail::history::state::{PresentValue, ResourceState};
use crate::cloudtrail::time;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::sink::document::DocumentFormat;
use crate::sink::document::folder::DocumentFolder;
use crate::sink::document::path::document_path;
use crate::sink::target::Target;
use crate::spill::sort::ExternalSorter;

/// Writes a file for each resource, as it was at the end or at a time.
pub(super) fn write_files(
    log: &mut ChangeLog,
    documents: &mut DocumentFolder,
    format: DocumentFormat,
    at: Option<Timestamp>,
) -> Result<(), Error> {
    log.replay(at, &mut FileWriter { documents, format })?;
    documents.remove_all_others()
}

/// Writes the resources of one account and region after another.
struct FileWriter<'a> {
    documents: &'a mut DocumentFolder,
    format: DocumentFormat,
}

impl ReplayVisitor for FileWriter<'_> {
    fn scope(&mut self, fold: &HistoryFold) -> Result<(), Error> {
        for (resource, state) in fold.state().resources() {
            let path = document_path(fold.scope(), resource.kind, &resource.id, self.format);
            self.documents.write(&path, &self.format.text(&document(resource, state)))?;
        }
        Ok(())
    }
}

/// Writes a stream for `git fast-import`. Returns the number of commits.
pub(super) fn write_git_stream(
    log: &mut ChangeLog,
    format: DocumentFormat,
    at: Option<Timestamp>,
    target: &mut Target,
    stop: &Cancellation,
) -> Result<u64, Error> {
    /// Bytes that are written at once.
    const BLOCK: usize = 1 << 18;
    let mut stream = GitStream { format, written: HashMap::new(), commits: 0, sorter: ExternalSorter::new(None) };
    log.replay(at, &mut stream)?;
    let mut block = b"feature done\n".to_vec();
    stream.sorter.finish(|commit, _| {
        if stop.is_interrupted() {
            return Err(Error::Interrupted);
        }
        block.extend_from_slice(commit);
        if block.len() >= BLOCK {
            target.write(&block)?;
            block.clear();
        }
        Ok(())
    })?;
    block.extend_from_slice(b"done\n");
    target.write(&block)?;
    Ok(stream.commits)
}

/// A stream of commits, one for each event that changes a document.
struct GitStream {
    format: DocumentFormat,
    /// The documents that are there, of one account and region: hashes of path and text.
    written: HashMap<[u8; 16], [u8; 16]>,
    commits: u64,
    /// The commits of all accounts and regions by time.
    sorter: ExternalSorter,
}

impl ReplayVisitor for GitStream {
    fn event(&mut self, event: &ChangeEvent, fold: &HistoryFold) -> Result<(), Error> {
        let files = self.changed_files(fold);
        if files.is_empty() {
            return Ok(());
        }
        self.commits += 1;
        // Git has no time before 1970.
        let time = event.time.as_second().max(0);
        let person = format!("{} <{}> {time} +0000", plain_name(&event.actor), plain_name(&event.scope.account));
        let mut commit = format!("commit refs/heads/main\nauthor {person}\ncommitter {person}\n").into_bytes();
        data(&message(event), &mut commit);
        commit.extend_from_slice(&files);
        commit.push(b'\n');
        // In one account and region, the order of the events of a second has a meaning.
        let mut key = time::order_bytes(event.time).to_vec();
        key.extend_from_slice(&self.commits.to_be_bytes());
        self.sorter.push(&key, &commit)
    }

    fn scope(&mut self, _fold: &HistoryFold) -> Result<(), Error> {
        self.written.clear();
        Ok(())
    }
}

impl GitStream {
    /// The lines that an event adds to its commit: the documents that it changed or removed.
    fn changed_files(&mut self, fold: &HistoryFold) -> Vec<u8> {
        let mut files = Vec::new();
        for resource in fold.touched() {
            let path = document_path(fold.scope(), resource.kind, &resource.id, self.format);
            let shown = path.display().to_string();
            match fold.state().resource(resource) {
                Some(state) => {
                    let text = self.format.text(&document(resource, state));
                    if self.written.insert(hash(&shown), hash(&text)) != Some(hash(&text)) {
                        files.extend_from_slice(format!("M 100644 inline {shown}\n").as_bytes());
                        data(&text, &mut files);
                    }
                }
                None if self.written.remove(&hash(&shown)).is_some() => {
                    files.extend_from_slice(format!("D {shown}\n").as_bytes());
                }
                None => {}
            }
        }
        files
    }
}

fn hash(text: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    hash
}

fn data(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("data {}\n{text}\n", text.len()).as_bytes());
}

/// A name without the characters that end a name in a commit.
fn plain_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|character| if matches!(character, '<' | '>') || character.is_control() { ' ' } else { character })
        .collect();
    let name = name.trim();
    if name.is_empty() { "unknown".into() } else { name.into() }
}

/// The message of a commit: what happened, to which resources, and the event that proves it.
fn message(event: &ChangeEvent) -> String {
    let mut resources: Vec<&str> =
        event.changes.iter().filter_map(Change::resource).map(|resource| resource.id.as_str()).collect();
    resources.dedup();
    let subject = format!("{} {}", event.name, resources.first().copied().unwrap_or_default());
    let subject: String =
        subject.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let subject = subject.trim();
    let more = match resources.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let ResourceScope { account, region } = &event.scope;
    let fields = [("eventID", event.id.as_str()), ("account", account), ("region", region)];
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}\n", plain_name(value))).collect();
    format!("{subject}{more}\n\n{}", fields.concat())
}

/// The properties of a resource, always in the same order: its id, then by name.
fn document(resource: &Resource, state: &ResourceState) -> Value {
    let mut members = Map::new();
    members.insert("id".into(), Value::from(resource.id.as_str()));
    let (mut sorted, mut tags) = (Vec::new(), Map::new());
    for (property, values) in state.properties() {
        match property {
            Property::Exists => {}
            Property::Tag(key) => {
                if let Some(value) = values.first().and_then(|value| value.value.as_deref()) {
                    tags.insert(key.clone(), Value::from(value));
                }
            }
            property if property.has_many() => sorted.push((plural(property), list(values))),
            property => {
                if let Some(value) = values.first().and_then(|value| value.value.as_deref()) {
                    sorted.push((property_name(property), Value::from(value)));
                }
            }
        }
    }
    if !tags.is_empty() {
        sorted.push(("tags".into(), Value::Object(tags)));
    }
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    members.extend(sorted);
    Value::Object(members)
}

fn plural(property: &Property) -> String {
    match property {
        Property::PrivateAddress => "privateAddresses".into(),
        Property::Ipv6Address => "ipv6Addresses".into(),
        other => property_name(other) + "s",
    }
}

fn list(values: &[PresentValue]) -> Value {
    let mut texts: Vec<&str> = values.iter().filter_map(|value| value.value.as_deref()).collect();
    texts.sort_unstable();
    Value::from(texts)
}
