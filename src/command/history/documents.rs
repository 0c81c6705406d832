//! The state of all resources as documents: a file for each, or a stream of commits.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::change_log::ChangeLog;
use super::resource::property_name;
use crate::cloudtrail::history::change::{Change, ChangeEvent, Property, Resource, ResourceScope};
use crate::cloudtrail::history::fold::HistoryFold;
use crate::cloudtrail::history::state::{PresentValue, ResourceState};
use crate::error::Error;
use crate::sink::document::DocumentFormat;
use crate::sink::document::folder::DocumentFolder;
use crate::sink::document::path::document_path;
use crate::sink::target::Target;

/// Writes a file for each resource, as it was at the end or at a time.
pub(super) fn write_files(
    log: &mut ChangeLog,
    documents: &mut DocumentFolder,
    format: DocumentFormat,
    at: Option<Timestamp>,
) -> Result<(), Error> {
    let fold = log.replay(at, &mut |_, _| {}, |_, _| Ok(()))?;
    for (scope, resource, state) in fold.state().resources() {
        documents.write(
            &document_path(scope, resource.kind, &resource.id, format),
            &format.text(&document(resource, state)),
        )?;
    }
    documents.remove_all_others()
}

/// Writes a stream for `git fast-import`. Returns the number of commits.
pub(super) fn write_git_stream(
    log: &mut ChangeLog,
    format: DocumentFormat,
    at: Option<Timestamp>,
    target: &mut Target,
) -> Result<u64, Error> {
    let mut stream = GitStream { format, written: HashMap::new(), commits: 0, bytes: b"feature done\n".to_vec() };
    log.replay(at, &mut |_, _| {}, |event, fold| {
        stream.commit(event, fold);
        stream.flush(target, GitStream::FULL)
    })?;
    stream.bytes.extend_from_slice(b"done\n");
    stream.flush(target, 0)?;
    Ok(stream.commits)
}

/// A stream of commits, one for each event that changes a document.
struct GitStream {
    format: DocumentFormat,
    /// A hash of each document that is there.
    written: HashMap<PathBuf, [u8; 16]>,
    commits: u64,
    bytes: Vec<u8>,
}

impl GitStream {
    /// Bytes that are written at once.
    const FULL: usize = 1 << 18;

    fn commit(&mut self, event: &ChangeEvent, fold: &HistoryFold) {
        let mut files = Vec::new();
        for (scope, resource) in fold.touched() {
            let path = document_path(scope, resource.kind, &resource.id, self.format);
            let shown = path.display();
            match fold.state().resource(scope, resource) {
                Some(state) => {
                    let text = self.format.text(&document(resource, state));
                    if self.written.insert(path.clone(), hash(&text)) != Some(hash(&text)) {
                        files.extend_from_slice(format!("M 100644 inline {shown}\n").as_bytes());
                        data(&text, &mut files);
                    }
                }
                None if self.written.remove(&path).is_some() => {
                    files.extend_from_slice(format!("D {shown}\n").as_bytes());
                }
                None => {}
            }
        }
        if files.is_empty() {
            return;
        }
        self.commits += 1;
        // Git has no time before 1970.
        let time = event.time.as_second().max(0);
        let person = format!("{} <{}> {time} +0000", plain_name(&event.actor), plain_name(&event.scope.account));
        self.bytes
            .extend_from_slice(format!("commit refs/heads/main\nauthor {person}\ncommitter {person}\n").as_bytes());
        data(&message(event), &mut self.bytes);
        self.bytes.extend_from_slice(&files);
        self.bytes.push(b'\n');
    }

    fn flush(&mut self, target: &mut Target, full: usize) -> Result<(), Error> {
        if self.bytes.len() > full {
            target.write(&self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
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
