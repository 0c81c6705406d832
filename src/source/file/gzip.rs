//! Reads a gzip stream of several members, recovers as much text as possible and reports the
//! damage.
//!
//! A member with a wrong checksum keeps its text, and reading continues with the next member.
//! After damage inside a member, or after bytes that are not gzip, the reader searches for the
//! next member. The text before and after such a gap is returned as two
//! [parts](GzipStream::next_part).

mod findings;
mod source;

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{Crc, Decompressor};
use memchr::memmem;

pub use self::findings::GzipFindings;
use self::source::MemberSource;
use crate::error::Problem;

/// Inflates the gzip members of a reader.
pub struct GzipStream<R> {
    source: MemberSource<R>,
    state: StreamState,
    /// True if the current member was found by searching after damage and may not be a real
    /// one.
    is_guess: bool,
    /// True if the last member had a wrong checksum, so that its end is uncertain.
    is_check_bad: bool,
    /// True once the caller was informed that the text of the first member has ended.
    is_first_reported: bool,
    /// Inflates whole members in one call.
    decompressor: Decompressor,
    found: GzipFindings,
}

/// Position in the stream.
enum StreamState {
    /// Before a member or at the end.
    Between,
    /// Inside the compressed data of a member.
    Text(Box<GzipMember>),
    /// At the start of a member that follows a gap.
    BehindGap,
    /// At the end, or after an error that prevents further reading.
    End,
}

/// State of a member that is inflated in pieces.
struct GzipMember {
    inflater: Decompress,
    crc: Crc,
    length: u32,
    has_text: bool,
}

/// The kind of text that follows the end of a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GzipPart {
    /// Text of the second and all later members.
    FurtherMembers,
    /// Text after a gap.
    BehindGap,
}

/// First two bytes of every gzip member.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// [`MAGIC`] followed by deflate, the only compression method in use.
const DEFLATED: [u8; 3] = [MAGIC[0], MAGIC[1], 8];

/// Returns the text length, in bytes, that the trailer of `member` states.
pub fn member_length(member: &[u8]) -> Option<usize> {
    member.last_chunk().map(|length| u32::from_le_bytes(*length) as usize)
}

/// Inflates a member in one call to the start of `output` and returns the length of its text.
/// Returns `None` if the input is not exactly one member, is damaged, or its text does not fit.
///
/// libdeflate stops after the first member and does not report where, but later members must
/// not be lost. It verifies that the member ends with the length of its text. If `member` ends
/// with that length too, and these four bytes occur nowhere earlier, both ends coincide.
pub fn inflate_member(decompressor: &mut Decompressor, member: &[u8], output: &mut [u8]) -> Option<usize> {
    let end = member.last_chunk::<4>()?;
    if memmem::find(member, end)? + end.len() != member.len() {
        return None;
    }
    let output = output.get_mut(..member_length(member)?)?;
    let length = decompressor.gzip_decompress(member, output).ok()?;
    (length == output.len()).then_some(length)
}

impl<R: Read> GzipStream<R> {
    /// Creates a stream over `reader`, whose first bytes must be [`MAGIC`].
    pub fn new(reader: R) -> GzipStream<R> {
        GzipStream {
            source: MemberSource::new(reader),
            state: StreamState::Between,
            is_guess: false,
            is_check_bad: false,
            is_first_reported: false,
            decompressor: Decompressor::new(),
            found: GzipFindings::default(),
        }
    }

    /// Fills the start of `output` and returns the number of bytes; 0 at the end of a part.
    pub fn read(&mut self, output: &mut [u8]) -> usize {
        while !output.is_empty() {
            let produced = match &mut self.state {
                StreamState::Between => match self.next_member(output) {
                    Some(produced) => produced,
                    None => return 0,
                },
                StreamState::Text(_) => self.text(output),
                StreamState::BehindGap | StreamState::End => return 0,
            };
            if produced > 0 {
                self.found.note_text(produced);
                return produced;
            }
        }
        0
    }

    /// Moves on to the next part; `None` at the end of the stream.
    pub fn next_part(&mut self) -> Option<GzipPart> {
        match self.state {
            StreamState::BehindGap => {
                self.state = StreamState::Between;
                self.is_first_reported = true;
                Some(GzipPart::BehindGap)
            }
            StreamState::Between if !self.is_first_reported => {
                self.is_first_reported = true;
                Some(GzipPart::FurtherMembers)
            }
            _ => None,
        }
    }

    /// Returns the reader and the findings.
    pub fn into_parts(self) -> (R, GzipFindings) {
        (self.source.into_reader(), self.found)
    }

    /// Starts the next member and returns the number of bytes it has already written to
    /// `output`. Returns `None` at the end of a part.
    fn next_member(&mut self, output: &mut [u8]) -> Option<usize> {
        let rest = self.source.fill(MAGIC.len());
        let (is_end, is_member) = (rest.is_empty(), rest.starts_with(&MAGIC));
        // A wrong checksum followed by something other than a member: the end found for the
        // last member was probably wrong, so its data is searched too.
        if !is_member && std::mem::take(&mut self.is_check_bad) {
            self.damage_or_end(None);
            return None;
        }
        if is_end {
            self.end(None);
            return None;
        }
        if !is_member {
            self.found.begin_junk();
            self.look_for_member(0, 0);
            return None;
        }
        // End the part before the second member, because the caller reports further members
        // separately.
        if self.found.members == 1 && !self.is_first_reported {
            return None;
        }
        self.source.begin_member();
        self.is_check_bad = false;
        if let Some(produced) = self.small_member(output) {
            self.begin();
            return Some(produced);
        }
        match self.source.skip_header() {
            Some(true) => {
                self.begin();
                let inflater = Decompress::new(false);
                self.state =
                    StreamState::Text(Box::new(GzipMember { inflater, crc: Crc::new(), length: 0, has_text: false }));
                Some(0)
            }
            Some(false) => {
                self.damage();
                None
            }
            None => {
                self.end(Some(Problem::GzipEndsEarly));
                None
            }
        }
    }

    /// Counts a new member. A guessed one is counted only once it has produced text.
    fn begin(&mut self) {
        if !self.is_guess {
            self.found.members += 1;
        }
    }

    /// Inflates the next piece of a member and returns its length.
    fn text(&mut self, output: &mut [u8]) -> usize {
        let StreamState::Text(member) = &mut self.state else { return 0 };
        let input = self.source.fill(1);
        let (read, written) = (member.inflater.total_in(), member.inflater.total_out());
        let result = member.inflater.decompress(input, output, FlushDecompress::None);
        let is_at_end = input.is_empty();
        let consumed = (member.inflater.total_in() - read) as usize;
        let produced = (member.inflater.total_out() - written) as usize;
        self.source.skip(consumed);
        member.crc.update(&output[..produced]);
        member.length = member.length.wrapping_add(produced as u32);
        member.has_text |= produced > 0;
        if produced > 0 && std::mem::take(&mut self.is_guess) {
            self.found.confirm_member();
        }
        let (crc, length) = (member.crc.sum(), member.length);
        match result {
            Ok(Status::StreamEnd) => self.trailer(crc, length),
            Ok(_) if produced == 0 && consumed == 0 && is_at_end => self.damage_or_end(Some(Problem::GzipEndsEarly)),
            Ok(_) if produced == 0 && consumed == 0 => self.damage(),
            Ok(_) => {}
            Err(_) => self.damage(),
        }
        produced
    }

    /// Compares the trailer of a member with its text.
    fn trailer(&mut self, crc: u32, length: u32) {
        let expected = [crc.to_le_bytes(), length.to_le_bytes()].concat();
        let found = self.source.fill(expected.len());
        if found.len() < expected.len() {
            return self.damage_or_end(Some(Problem::GzipEndsEarly));
        }
        if std::mem::take(&mut self.is_guess) {
            self.found.confirm_member();
        }
        self.is_check_bad = !found.starts_with(&expected);
        self.source.skip(expected.len());
        self.state = StreamState::Between;
        if self.is_check_bad {
            self.found.note_bad_check();
            // A damaged member can swallow the start of the next one and end at the trailer of
            // that one.
            if self.source.go_back_to_member(self.source.in_member().saturating_sub(1)) {
                self.found.note_damage();
                (self.state, self.is_guess) = (StreamState::BehindGap, true);
            }
        }
    }

    /// Searches for the next member after one that cannot be inflated further.
    fn damage(&mut self) {
        if !self.is_guess {
            self.found.note_damage();
        }
        // The data read for this member may contain the next one. If this member was only a
        // guess, its bytes count as junk between members.
        let back = self.source.in_member().saturating_sub(1);
        let counted = if self.is_guess { back + 1 } else { 0 };
        self.look_for_member(back, counted);
    }

    /// Ends the stream with `problem`. If the data of this member contains the start of
    /// another, the member is reported as damaged and reading continues there.
    fn damage_or_end(&mut self, problem: Option<Problem>) {
        if self.is_guess {
            return self.end(problem);
        }
        let back = self.source.in_member().saturating_sub(1);
        match self.source.find_member(back, 0) {
            Ok(_) => {
                self.found.note_damage();
                (self.state, self.is_guess) = (StreamState::BehindGap, true);
            }
            Err(skipped) => {
                if problem.is_none() {
                    self.found.begin_junk();
                    self.found.skip_junk(skipped);
                }
                self.end(problem);
            }
        }
    }

    /// Moves to the next candidate for a member, searching from `back` bytes before the current
    /// position. Bytes before the candidate are counted as junk, from `counted` bytes before
    /// the current position on.
    fn look_for_member(&mut self, back: usize, counted: usize) {
        match self.source.find_member(back, counted) {
            Ok(skipped) => {
                self.found.skip_junk(skipped);
                (self.state, self.is_guess) = (StreamState::BehindGap, true);
            }
            Err(skipped) => {
                self.found.skip_junk(skipped);
                self.end(None);
            }
        }
    }

    fn end(&mut self, problem: Option<Problem>) {
        self.state = StreamState::End;
        let unreadable = self.source.take_error().map(Problem::from_reading);
        // A wrong guess is part of the junk and not a truncated member.
        let problem = problem.filter(|_| !self.is_guess);
        self.found.end(unreadable.or(problem));
    }

    /// Inflates the current member in one call if all of it is buffered and its text fits. This
    /// is twice as fast, and some files contain thousands of small members. The next magic
    /// number may lie inside this member, and the member may be damaged: in both cases it is
    /// inflated in pieces instead.
    fn small_member(&mut self, output: &mut [u8]) -> Option<usize> {
        let (rest, is_ended) = self.source.rest();
        let next = memmem::find(&rest[1..], &DEFLATED).map(|at| at + 1);
        let member = &rest[..next.or(is_ended.then_some(rest.len()))?];
        let produced = inflate_member(&mut self.decompressor, member, output)?;
        let length = member.len();
        self.source.skip(length);
        if std::mem::take(&mut self.is_guess) {
            self.found.confirm_member();
            // `begin` counts this member, too, once it is no longer a guess.
            self.found.members -= 1;
        }
        Some(produced)
    }
}

#[cfg(test)]
mod tests;
