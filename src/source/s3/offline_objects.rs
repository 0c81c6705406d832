//! Finds objects of a mirror by their keys, without contacting the bucket.

use std::path::PathBuf;
use std::sync::Arc;

use super::mirror::{Mirror, MirrorLookup};
use super::mirror_root::MirrorEntry;
use crate::error::{Error, Issue, Outcome, Problem, io_message};
use crate::source::location::Location;
use crate::source::{LogFile, SourceItem};

/// The objects in a mirror.
#[derive(Debug)]
pub struct OfflineObjects {
    folder: PathBuf,
    /// The bucket of the last object, and its mirror.
    open: Option<(Arc<str>, Mirror, MirrorLookup)>,
}

impl OfflineObjects {
    /// Looks for objects in this mirror.
    pub fn new(folder: PathBuf) -> OfflineObjects {
        OfflineObjects { folder, open: None }
    }

    /// Returns the file of an object, or why there is none. Returns an error if the folder is
    /// the mirror of another bucket.
    pub fn find(&mut self, location: Location) -> Result<SourceItem, Error> {
        if self.open.as_ref().is_none_or(|(bucket, ..)| *bucket != location.bucket) {
            let mirror = Mirror::at(&self.folder, &location.bucket)?;
            let lookup = MirrorLookup::new(mirror.clone());
            self.open = Some((Arc::clone(&location.bucket), mirror, lookup));
        }
        let Some((_, mirror, lookup)) = &mut self.open else { return Err(Error::Failed("internal error".into())) };
        let problem = match mirror.path(&location.key) {
            Err(reason) => Problem::Key(reason),
            Ok(path) => match lookup.find(&location.key) {
                Ok(Some(MirrorEntry::File(_))) => {
                    let below = mirror.root().cloned();
                    return Ok(SourceItem::File(LogFile { below, ..LogFile::object(path, location) }));
                }
                Ok(_) => Problem::Walk("not in the mirror; run without --offline".into()),
                Err(error) => Problem::Walk(format!("cannot be read: {}", io_message(&error))),
            },
        };
        Ok(SourceItem::Issue(Issue { name: location.to_string(), problem, outcome: Outcome::Nothing }))
    }
}
