//! Reads the text of a digest, with a limit on what all threads together hold.

use std::io;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::first_member::{FileReaders, TextSink, reason};
use crate::cloudtrail::digest::check::DigestProblem;
use crate::cloudtrail::digest::document::MAX_TEXT;
use crate::source::s3::mirror_root::MirrorRoot;

/// Longer texts are held by one thread at a time.
const SMALL: usize = 1 << 20;

/// The permission to hold a long text.
#[derive(Debug, Default)]
pub(super) struct LongTextPermit(Mutex<()>);

/// The text of a digest.
pub(super) struct DigestText<'p> {
    pub(super) text: Vec<u8>,
    /// What follows it in its file.
    pub(super) extra: Option<String>,
    /// Held until the text is dropped, if it is long.
    _permit: Option<MutexGuard<'p, ()>>,
}

struct TextCollector<'p> {
    text: Vec<u8>,
    permit: &'p LongTextPermit,
    held: Option<MutexGuard<'p, ()>>,
    is_too_long: bool,
}

impl TextSink for TextCollector<'_> {
    fn piece(&mut self, text: &[u8]) -> ControlFlow<()> {
        let length = self.text.len() + text.len();
        if length > MAX_TEXT {
            self.is_too_long = true;
            return ControlFlow::Break(());
        }
        if length > SMALL && self.held.is_none() {
            self.held = Some(self.permit.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.text.extend_from_slice(text);
        ControlFlow::Continue(())
    }
}

/// Reads the digest at a path of the mirror.
pub(super) fn digest_text<'p>(
    readers: &FileReaders,
    root: &MirrorRoot,
    path: &str,
    permit: &'p LongTextPermit,
) -> Result<DigestText<'p>, DigestProblem> {
    let mut collector = TextCollector { text: Vec::new(), permit, held: None, is_too_long: false };
    let read = readers.read(root, path, &mut collector).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => DigestProblem::Missing,
        _ => DigestProblem::Unreadable(reason(&error)),
    })?;
    if collector.is_too_long {
        return Err(DigestProblem::TooLong(MAX_TEXT >> 20));
    }
    if let Some(damage) = read.damage {
        return Err(DigestProblem::Damaged(damage));
    }
    Ok(DigestText { text: collector.text, extra: read.extra, _permit: collector.held })
}
