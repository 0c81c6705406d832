//! From bytes to events: finds the structure of a JSON text, walks its
//! envelope and hands out each event as a lazy view.
//!
//! What is no event is counted, what is broken is remembered with its place;
//! [`Findings::verdict`] says in the end what that means for the file.

pub mod envelope;
pub mod event;
mod findings;
pub mod json;
mod record;
mod recovery;
pub mod structure;
mod substitute;
mod utf8;
mod visitor;

use std::ops::ControlFlow;
use std::vec;

use self::envelope::Envelope;
use self::event::{Event, FieldSet, FieldSpans};
pub use self::findings::{FileVerdict, Findings};
use self::json::{JsonError, JsonText};
pub use self::record::FIELDS;
use self::record::RecordClassifier;
use self::recovery::{RecoveredPiece, RecoveryMode};
use self::structure::{Dispatch, SimdLevel, Structure};
use self::visitor::{EventSink, NestedText, WalkEnd};
use crate::error::Error;

/// A window is decoded in pieces of this size: what the one pass over a piece
/// has seen, the next finds near.
const PIECE: usize = 160 << 10;
/// The first piece behind something broken: where many lines are broken, each is
/// found without a pass over much of what follows.
const PIECE_BEHIND_BROKEN: usize = 2 << 10;
/// Turns the text of one file after the other into events.
#[derive(Debug)]
pub struct Decoder {
    fields: FieldSet,
    classifier: RecordClassifier,
    structure: Structure,
    places: FieldSpans,
    /// Memory for texts in strings.
    spare: Vec<NestedText>,
    envelope: Envelope,
    findings: Findings,
    /// What is passed over until the walk goes on.
    passing: RecoveryMode,
    /// Whether what was read last did not end a line.
    is_in_line: bool,
    /// The places from which on there is something to decode.
    wanted: Option<vec::IntoIter<usize>>,
    /// A number of bytes that is too small for the record that the window begins with.
    too_few: usize,
    way: SimdLevel,
}

impl Decoder {
    /// A decoder of events in which the given fields can be looked at.
    pub fn new(fields: &FieldSet) -> Result<Decoder, Error> {
        Decoder::with(fields, SimdLevel::fastest())
    }

    /// A decoder that works in the given way.
    pub fn with(fields: &FieldSet, way: SimdLevel) -> Result<Decoder, Error> {
        let mut fields = fields.clone();
        let classifier = RecordClassifier::new(&mut fields)?;
        Ok(Decoder {
            fields,
            classifier,
            structure: Structure::with(way),
            places: FieldSpans::default(),
            spare: Vec::new(),
            envelope: Envelope::default(),
            findings: Findings::default(),
            passing: RecoveryMode::Nothing,
            is_in_line: false,
            wanted: None,
            too_few: 0,
            way,
        })
    }

    /// Forgets the last file.
    pub fn start(&mut self) {
        self.envelope = Envelope::default();
        self.findings = Findings::default();
        (self.passing, self.is_in_line) = (RecoveryMode::Nothing, false);
        self.wanted = None;
        self.too_few = 0;
    }

    /// What comes from now on is of gzip members behind the first.
    pub fn begin_further_members(&mut self) {
        self.findings.before_further.get_or_insert(self.findings.events);
    }

    /// Goes on behind a gap in the text of a file, all of which was shown up to
    /// there: what is open will not be closed.
    pub fn skip_gap(&mut self) {
        self.envelope.resume();
        (self.passing, self.is_in_line) = (RecoveryMode::Nothing, false);
        self.wanted = None;
        // The gap is why the text before it ends early.
        self.findings.broken = None;
        self.findings.before_gap.get_or_insert(self.findings.events);
    }

    /// From now on, in this file, only those records are decoded in which one of
    /// these places is: the others are only stepped over.
    pub fn only(&mut self, places: Vec<usize>) {
        self.wanted = Some(places.into_iter());
    }

    /// Passes over a log in which nothing is asked for.
    pub fn pass(&mut self, log: &[u8]) {
        self.findings.bytes += log.len() as u64;
        // Bytes that are no text can hide what is asked for.
        self.findings.not_utf8 = utf8::first_wrong(log, self.way).map(|at| at as u64);
        (self.findings.is_log, self.findings.has_text, self.findings.ruled_out) = (true, true, 1);
    }

    /// What the file held so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Decodes what `window` holds completely, and gives the number of bytes
    /// that need not be shown again: all of them in the last window, and where
    /// the text makes no sense any more ([`Findings::broken`]). `each` breaks
    /// off when it has seen enough.
    pub fn window<F>(&mut self, window: &[u8], is_last: bool, mut each: F) -> usize
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let (mut seen, mut length) = (0, PIECE.max(2 * std::mem::take(&mut self.too_few)));
        loop {
            let end = window.len().min(seen + length);
            let is_end = end == window.len();
            let RecoveredPiece { consumed, is_again, flow } =
                self.piece(&window[seen..end], is_end && is_last, &mut each);
            seen += consumed;
            if self.findings.broken.is_some() {
                self.findings.bytes += (window.len() - seen) as u64;
                return window.len();
            }
            if (is_end && !is_again) || flow.is_break() {
                self.too_few = if consumed == 0 { end - seen } else { 0 };
                return seen;
            }
            length = match consumed {
                _ if is_again => PIECE_BEHIND_BROKEN,
                0 => 2 * length,
                _ => (2 * length).min(PIECE),
            };
        }
    }

    /// Decodes a piece of a window as [`Decoder::window`] does.
    fn piece<F>(&mut self, window: &[u8], is_last: bool, each: &mut F) -> RecoveredPiece
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let Some(mark) = byte_order_mark(window, self.findings.bytes, is_last) else {
            return RecoveredPiece::of(0);
        };
        let (bytes, start) = (&window[mark..], self.findings.bytes + mark as u64);
        let is_walk = self.passing == RecoveryMode::Nothing;
        let mut piece = match self.passing {
            RecoveryMode::Nothing => self.walk(bytes, start, is_last, each),
            passing => self.pass_over(passing, bytes, is_last),
        };
        if self.findings.broken.is_some() {
            piece.consumed = bytes.len();
        }
        let done = &bytes[..piece.consumed];
        self.findings.has_text |= !done.trim_ascii_start().is_empty();
        if !(is_walk && self.structure.is_ascii()) && self.findings.not_utf8.is_none() {
            let valid = simdutf8::compat::from_utf8(done);
            // A character that the end of the file cuts is no more than that.
            let error = valid.err().filter(|error| error.error_len().is_some());
            self.findings.not_utf8 = error.map(|error| start + error.valid_up_to() as u64);
        }
        if let Some(last) = done.last() {
            self.is_in_line = *last != b'\n';
        }
        piece.consumed += mark;
        self.findings.bytes += piece.consumed as u64;
        piece
    }

    /// Walks over a piece.
    fn walk<F>(&mut self, bytes: &[u8], start: u64, is_last: bool, each: &mut F) -> RecoveredPiece
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        self.envelope.is_last = is_last;
        let way = self.way;
        let (walked, unbalanced) = way.run(TextWalk { decoder: self, bytes, start, each });
        let WalkEnd { consumed, broken, is_again, flow } = walked;
        match broken {
            Some(JsonError::Malformed(at)) => self.leave(at, bytes, start),
            Some(JsonError::EndsEarly) => self.end_early(consumed, unbalanced, bytes, start, is_last),
            None if is_again => RecoveredPiece::again(consumed),
            None => RecoveredPiece { flow, ..RecoveredPiece::of(if is_last { bytes.len() } else { consumed }) },
        }
    }
}

/// A walk over the text of one piece.
struct TextWalk<'a, F> {
    decoder: &'a mut Decoder,
    bytes: &'a [u8],
    /// Where the piece begins in the file.
    start: u64,
    each: &'a mut F,
}

impl<F> Dispatch for TextWalk<'_, F>
where
    F: FnMut(&Event<'_>) -> ControlFlow<()>,
{
    /// How it ended, and where the last record goes wrong if its end is not known.
    type Outcome = (WalkEnd, Option<usize>);

    #[inline(always)]
    fn run(self) -> (WalkEnd, Option<usize>) {
        let Decoder { fields, classifier, structure, places, spare, envelope, findings, wanted, way, .. } =
            self.decoder;
        let text = JsonText::index(self.bytes, structure);
        let (start, way) = (self.start, *way);
        let mut visitor =
            EventSink { fields, classifier, findings, wanted, spare, way, start, within: None, unbalanced: None };
        let walked = visitor.walk(&text, envelope, places, self.each);
        let unbalanced = visitor.unbalanced;
        findings.is_log |= envelope.is_log;
        findings.is_hollow = envelope.is_hollow;
        (walked, unbalanced)
    }
}

/// The length of the mark that some editors put before a text; nothing where
/// the window is too short to tell.
fn byte_order_mark(window: &[u8], seen: u64, is_last: bool) -> Option<usize> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    match (seen, window) {
        (0, window) if window.starts_with(MARK) => Some(MARK.len()),
        (0, window) if !is_last && MARK.starts_with(window) => None,
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod testing {
    use super::event::{Event, FieldSet, FieldSpans};
    use super::json::JsonText;
    use super::structure::Structure;

    /// Looks at one event.
    pub(crate) fn with_event<R>(json: &str, fields: &FieldSet, look: impl FnOnce(&Event<'_>) -> R) -> R {
        let (mut structure, mut places) = (Structure::default(), FieldSpans::default());
        let text = JsonText::index(json.as_bytes(), &mut structure);
        let end = places.read(&text, 0, fields).unwrap();
        look(&Event::new(&text, &places, 0, end))
    }
}
