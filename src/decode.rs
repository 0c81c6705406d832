//! Turns bytes into events: indexes the structure of a JSON text, walks its envelope
//! and hands out each event as a lazy view.
//!
//! Records that are not events are counted, and errors are recorded with their byte
//! offset. [`Findings::verdict`] sums up both for the file.

pub mod envelope;
pub mod event;
mod findings;
pub mod json;
mod record;
mod recovery;
pub mod structure;
mod substitute;
pub mod utf8;
mod visitor;
mod written_hash;

use std::ops::ControlFlow;
use std::vec;

use self::envelope::{BYTE_ORDER_MARK, Envelope};
use self::event::{Event, FieldSet, FieldSpans};
pub use self::findings::{DecodeVerdict, Findings};
use self::json::{JsonError, JsonText};
pub use self::record::FIELDS;
use self::record::RecordClassifier;
use self::recovery::{DecodedPiece, RecoveryMode};
use self::structure::{Dispatch, SimdLevel, Structure};
use self::visitor::{EventVisitor, NestedText, WalkEnd};
pub use self::written_hash::written_hash;
use crate::error::Error;

/// A window is decoded in pieces of this many bytes, so that the second pass over a
/// piece finds it in the processor's cache.
const PIECE: usize = 160 << 10;
/// Size of the first piece after an error. It is small so that a file with many broken
/// lines does not index the same text again for each of them.
const PIECE_AFTER_ERROR: usize = 2 << 10;

/// Decodes one file after another into events.
#[derive(Debug)]
pub struct Decoder {
    fields: FieldSet,
    classifier: RecordClassifier,
    structure: Structure,
    spans: FieldSpans,
    /// Buffers for JSON texts nested in strings, kept for reuse.
    spare: Vec<NestedText>,
    envelope: Envelope,
    findings: Findings,
    /// The text to skip before the walk resumes.
    recovery: RecoveryMode,
    /// Whether the last byte read was not a line end.
    is_in_line: bool,
    /// Offsets that select the records to decode, ascending; `None` decodes all of
    /// them.
    wanted: Option<vec::IntoIter<usize>>,
    /// A number of bytes known to be too small for the record at the start of the
    /// window.
    too_few: usize,
    simd: SimdLevel,
}

impl Decoder {
    /// Creates a decoder whose events give access to `fields`. Fails if they are too
    /// many for a [`FieldSet`].
    pub fn new(fields: &FieldSet) -> Result<Decoder, Error> {
        Decoder::with(fields, SimdLevel::fastest())
    }

    /// Creates a decoder that uses the given instruction set.
    pub fn with(fields: &FieldSet, simd: SimdLevel) -> Result<Decoder, Error> {
        let mut fields = fields.clone();
        let classifier = RecordClassifier::new(&mut fields)?;
        Ok(Decoder {
            fields,
            classifier,
            structure: Structure::with(simd),
            spans: FieldSpans::default(),
            spare: Vec::new(),
            envelope: Envelope::default(),
            findings: Findings::default(),
            recovery: RecoveryMode::Nothing,
            is_in_line: false,
            wanted: None,
            too_few: 0,
            simd,
        })
    }

    /// Resets the decoder for a new file.
    pub fn start(&mut self) {
        self.envelope = Envelope::default();
        self.findings = Findings::default();
        (self.recovery, self.is_in_line) = (RecoveryMode::Nothing, false);
        self.wanted = None;
        self.too_few = 0;
    }

    /// Marks that the following text comes from gzip members after the first.
    pub fn begin_further_members(&mut self) {
        self.findings.before_further.get_or_insert(self.findings.events);
    }

    /// Resumes after a gap in the text of a file. All text before the gap must have
    /// been passed in; objects and lists still open there are abandoned.
    pub fn skip_gap(&mut self) {
        self.envelope.resume();
        (self.recovery, self.is_in_line) = (RecoveryMode::Nothing, false);
        self.wanted = None;
        // The gap explains why the text before it ends early.
        self.findings.broken = None;
        self.findings.before_gap.get_or_insert(self.findings.events);
    }

    /// Restricts decoding, for the rest of this file, to the records that contain one
    /// of these byte offsets, which must be ascending. Other records are stepped over.
    pub fn restrict_to(&mut self, offsets: Vec<usize>) {
        self.wanted = Some(offsets.into_iter());
    }

    /// Counts a log that the prefilter has ruled out, without decoding it.
    pub fn count_ruled_out(&mut self, log: &[u8], is_utf8: bool) {
        self.findings.bytes += log.len() as u64;
        // Invalid UTF-8 could hide a match, so it is still reported.
        self.findings.not_utf8 = if is_utf8 { None } else { utf8::first_invalid(log).map(|at| at as u64) };
        (self.findings.is_log, self.findings.has_text, self.findings.ruled_out) = (true, true, 1);
    }

    /// Notes that a text was converted from UTF-16 and is first not valid at byte `written`,
    /// which is byte `converted` of what was decoded.
    pub fn note_invalid_utf16(&mut self, written: u64, converted: u64) {
        // Text that was not decoded is of no interest.
        self.findings.not_utf16 = (converted < self.findings.bytes).then_some(written);
    }

    /// The findings of the file so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Decodes the complete records in `window` and returns the number of bytes
    /// consumed; the caller passes the rest in again with the next window. All bytes
    /// are consumed if `is_last` is set or if the rest is unreadable
    /// ([`Findings::broken`]). `each` can break to stop early.
    pub fn window<F>(&mut self, window: &[u8], is_last: bool, mut each: F) -> usize
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        // Sizes that were too small in the last window need not be tried again.
        let (mut seen, mut length) = (0, PIECE.max(2 * std::mem::take(&mut self.too_few)));
        loop {
            let end = window.len().min(seen + length);
            let is_end = end == window.len();
            let DecodedPiece { consumed, has_more, flow } =
                self.piece(&window[seen..end], is_end && is_last, &mut each);
            seen += consumed;
            if self.findings.broken.is_some() {
                self.findings.bytes += (window.len() - seen) as u64;
                return window.len();
            }
            if (is_end && !has_more) || flow.is_break() {
                self.too_few = if consumed == 0 { end - seen } else { 0 };
                return seen;
            }
            length = match consumed {
                _ if has_more => PIECE_AFTER_ERROR,
                0 => 2 * length,
                _ => (2 * length).min(PIECE),
            };
        }
    }

    /// Decodes a piece of a window; see [`Decoder::window`].
    fn piece<F>(&mut self, window: &[u8], is_last: bool, each: &mut F) -> DecodedPiece
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let Some(mark) = byte_order_mark(window, self.findings.bytes, is_last) else {
            return DecodedPiece::of(0);
        };
        let (bytes, start) = (&window[mark..], self.findings.bytes + mark as u64);
        let is_walk = self.recovery == RecoveryMode::Nothing;
        let mut piece = match self.recovery {
            RecoveryMode::Nothing => self.walk(bytes, start, is_last, each),
            mode => self.pass_over(mode, bytes, is_last),
        };
        if self.findings.broken.is_some() {
            piece.consumed = bytes.len();
        }
        let done = &bytes[..piece.consumed];
        self.findings.has_text |= !done.trim_ascii_start().is_empty();
        // Only an index of this very piece knows whether it is ASCII.
        if !(is_walk && self.structure.traits().is_ascii) && self.findings.not_utf8.is_none() {
            let wrong = simdutf8::compat::from_utf8(done).err().map(|error| error.valid_up_to());
            // A character cut off at the end of the file is already reported as a
            // truncated file.
            let wrong = wrong.filter(|wrong| !is_start_of_character(&bytes[*wrong..]));
            self.findings.not_utf8 = wrong.map(|wrong| start + wrong as u64);
        }
        if let Some(last) = done.last() {
            self.is_in_line = *last != b'\n';
        }
        piece.consumed += mark;
        self.findings.bytes += piece.consumed as u64;
        piece
    }

    /// Walks the events of a piece.
    fn walk<F>(&mut self, bytes: &[u8], start: u64, is_last: bool, each: &mut F) -> DecodedPiece
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        self.envelope.is_last = is_last;
        let simd = self.simd;
        let (walked, unbalanced) = simd.run(TextWalk { decoder: self, bytes, start, each });
        let WalkEnd { consumed, broken, needs_reindex, flow } = walked;
        match broken {
            Some(JsonError::Malformed(at)) => {
                let swallowed = self.swallowed_line(consumed, at, bytes, start, is_last);
                swallowed.unwrap_or_else(|| self.abandon_at(at, bytes, start))
            }
            Some(JsonError::EndsEarly) => self.end_early(consumed, unbalanced, bytes, start, is_last),
            None if needs_reindex => DecodedPiece::with_more(consumed),
            None => DecodedPiece { flow, ..DecodedPiece::of(if is_last { bytes.len() } else { consumed }) },
        }
    }
}

/// A walk over the text of one piece.
struct TextWalk<'a, F> {
    decoder: &'a mut Decoder,
    bytes: &'a [u8],
    /// Byte offset of the piece in the file.
    start: u64,
    each: &'a mut F,
}

impl<F> Dispatch for TextWalk<'_, F>
where
    F: FnMut(&Event<'_>) -> ControlFlow<()>,
{
    /// How the walk ended, and the offset of the error in the last record if its end is
    /// unknown.
    type Outcome = (WalkEnd, Option<usize>);

    #[inline(always)]
    fn run(self) -> (WalkEnd, Option<usize>) {
        let Decoder { fields, classifier, structure, spans, spare, envelope, findings, wanted, simd, .. } =
            self.decoder;
        let text = JsonText::index(self.bytes, structure);
        let (start, simd) = (self.start, *simd);
        let mut visitor =
            EventVisitor { fields, classifier, findings, wanted, spare, simd, start, within: None, unbalanced: None };
        let walked = visitor.walk(&text, envelope, spans, self.each);
        let unbalanced = visitor.unbalanced;
        findings.is_log |= envelope.is_log;
        findings.records_not_array = envelope.records_not_array;
        (walked, unbalanced)
    }
}

/// Whether a text begins with a character, or is too short to tell.
fn is_start_of_character(text: &[u8]) -> bool {
    const MAX_CHARACTER: usize = 4;
    let start = &text[..text.len().min(MAX_CHARACTER)];
    str::from_utf8(start).err().is_none_or(|error| error.valid_up_to() > 0 || error.error_len().is_none())
}

/// Length of the byte order mark at the start of the file, 0 if there is none; `None`
/// if the window is too short to decide.
fn byte_order_mark(window: &[u8], seen: u64, is_last: bool) -> Option<usize> {
    match (seen, window) {
        (0, window) if window.starts_with(BYTE_ORDER_MARK) => Some(BYTE_ORDER_MARK.len()),
        (0, window) if !is_last && BYTE_ORDER_MARK.starts_with(window) => None,
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

    /// Calls `look` with the event in `json`.
    pub(crate) fn with_event<R>(json: &str, fields: &FieldSet, look: impl FnOnce(&Event<'_>) -> R) -> R {
        let (mut structure, mut spans) = (Structure::default(), FieldSpans::default());
        let text = JsonText::index(json.as_bytes(), &mut structure);
        let end = spans.read(&text, 0, fields).unwrap();
        look(&Event::new(&text, &spans, 0, end))
    }
}
