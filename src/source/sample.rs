//! A sample of the local files of inputs, spread over all of them: the first files often
//! belong to one account and region.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::LogFile;
use super::s3::mirror_root::{MirrorEntry, MirrorRoot};
use super::spec::{BucketInput, Input};
use super::walk::{WalkEntry, walk, walk_mirror};
use crate::cloudtrail::keys::Scope;
use crate::syntax::window::Window;

/// The most paths to choose the sample from.
const PATHS: usize = 20_000;

/// At most `count` files of folders and mirrors. Standard input cannot be read again,
/// the event history would have to be requested again, and what cannot be read is left out.
pub fn local_sample(inputs: &[Input], count: usize) -> Vec<LogFile> {
    let files = local_files(inputs);
    let step = files.len().div_ceil(count).max(1);
    files.into_iter().step_by(step).collect()
}

fn local_files(inputs: &[Input]) -> Vec<LogFile> {
    let mut sources = Vec::new();
    for input in inputs {
        let root = match input {
            Input::Stdin | Input::Spooled(_) | Input::EventHistory(_) => continue,
            Input::KeyList(keys) => {
                sources.extend(keys.local_files().take(PATHS));
                continue;
            }
            Input::Path(path) => path.clone(),
            Input::Bucket(bucket) => {
                mirrored(bucket, &mut sources);
                continue;
            }
        };
        let is_readable = |root: &Path| std::fs::metadata(root).is_ok_and(|root| root.is_file() || root.is_dir());
        if !is_readable(&root) {
            continue;
        }
        // Errors were reported by the run itself.
        let _ = walk(&root, &Scope::since(Window::default()), |met| {
            sources.extend(if let WalkEntry::File(path) = met { Some(LogFile::file(path)) } else { None });
            enough(&sources)
        });
    }
    sources
}

fn enough(sources: &[LogFile]) -> ControlFlow<()> {
    if sources.len() < PATHS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// Adds the files of a mirror. They are opened relative to its root, so that a link
/// cannot lead out of it.
fn mirrored(bucket: &BucketInput, sources: &mut Vec<LogFile>) {
    let prefix = Path::new(bucket.location.object_key());
    let Ok(mirror) = MirrorRoot::open(&bucket.mirror).map(Arc::new) else { return };
    let source = |path| LogFile { below: Some(Arc::clone(&mirror)), ..LogFile::file(path) };
    let root = bucket.mirror.join(prefix);
    if mirror.folder(prefix).is_ok() {
        let _ = walk_mirror(&root, &Scope::since(Window::default()), |met| {
            sources.extend(if let WalkEntry::File(path) = met { Some(source(path)) } else { None });
            enough(sources)
        });
    } else if let Ok(Some(MirrorEntry::File(_))) = mirror.find(prefix) {
        sources.push(source(root));
    }
}
