//! A gzip stream, member after member, that gives every byte that can be had and
//! says what cannot.
//!
//! Where the checksum of a member is wrong, its text is given and the next member is
//! read. Where a member is damaged inside, or something follows it that is not gzip,
//! the next member is looked for: the text before and behind that comes as two
//! [parts](GzipStream::next_part) with a gap between them.

mod findings;
mod source;

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{Crc, Decompressor};
use memchr::memmem;

pub use self::findings::GzipFindings;
use self::source::MemberSource;
use crate::error::Problem;

/// Inflates what a reader gives.
pub struct GzipStream<R> {
    source: MemberSource<R>,
    state: StreamState,
    /// Whether the member was looked for behind damage, and may be none.
    is_guess: bool,
    /// Whether the last member had a wrong checksum: it may have been longer or shorter.
    is_check_bad: bool,
    /// Whether the text of the first member was told from that of the others.
    is_first_told: bool,
    /// What inflates a member at once.
    decompressor: Decompressor,
    found: GzipFindings,
}

/// Where in the stream the next byte is.
enum StreamState {
    /// Before a member, or the end.
    Between,
    /// In the compressed text of one.
    Text(Box<GzipMember>),
    /// At a member behind a gap.
    BehindGap,
    /// At the end, or where it cannot be read on.
    End,
}

/// A member that is inflated in pieces.
struct GzipMember {
    inflater: Decompress,
    crc: Crc,
    length: u32,
    has_text: bool,
}

/// What follows a part of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GzipPart {
    /// The text of the second member and of those behind it.
    FurtherMembers,
    /// Text behind a gap.
    BehindGap,
}

/// What every gzip member begins with.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The same, with the only method that there is.
const DEFLATED: [u8; 3] = [MAGIC[0], MAGIC[1], 8];

/// The length of the text of a member, by its last bytes.
pub fn member_length(member: &[u8]) -> Option<usize> {
    member.last_chunk().map(|length| u32::from_le_bytes(*length) as usize)
}

/// Inflates a member at once to the start of `output`, and gives the length of
/// its text; None if it is not one member alone, or damaged, or does not fit.
///
/// libdeflate stops behind the first member and does not say where that is, but
/// what follows must not be lost. It makes sure that the member ends in the
/// length of its text. Where `member` ends in that length too, and the length
/// occurs nowhere before, the two ends are one.
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
    /// A stream over `reader`, whose first bytes are [`MAGIC`].
    pub fn new(reader: R) -> GzipStream<R> {
        GzipStream {
            source: MemberSource::new(reader),
            state: StreamState::Between,
            is_guess: false,
            is_check_bad: false,
            is_first_told: false,
            decompressor: Decompressor::new(),
            found: GzipFindings::default(),
        }
    }

    /// Fills `output` from its start and gives how much; 0 at the end of a part.
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

    /// Goes on behind the end of a part, if that was not the end of the stream.
    pub fn next_part(&mut self) -> Option<GzipPart> {
        match self.state {
            StreamState::BehindGap => {
                self.state = StreamState::Between;
                self.is_first_told = true;
                Some(GzipPart::BehindGap)
            }
            StreamState::Between if !self.is_first_told => {
                self.is_first_told = true;
                Some(GzipPart::FurtherMembers)
            }
            _ => None,
        }
    }

    /// The reader, and what there is to say of what was read.
    pub fn into_parts(self) -> (R, GzipFindings) {
        (self.source.into_reader(), self.found)
    }

    /// Begins the next member, and gives how much text of it there is already. None
    /// at the end of a part.
    fn next_member(&mut self, output: &mut [u8]) -> Option<usize> {
        let rest = self.source.fill(MAGIC.len());
        let (is_end, is_member) = (rest.is_empty(), rest.starts_with(&MAGIC));
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
        if self.found.members == 1 && !self.is_first_told {
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

    /// Counts a member that begins. A guess counts once there is text in it.
    fn begin(&mut self) {
        if !self.is_guess {
            self.found.members += 1;
        }
    }

    /// Inflates some text of a member.
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

    /// Compares what a member ends in with its text.
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
            // What is damaged can swallow the start of the next member, and end with it.
            if self.source.go_back_to_member(self.source.in_member().saturating_sub(1)) {
                self.found.note_damage();
                (self.state, self.is_guess) = (StreamState::BehindGap, true);
            }
        }
    }

    /// Looks for the next member behind one that cannot be read on.
    fn damage(&mut self) {
        if !self.is_guess {
            self.found.note_damage();
        }
        // What is taken for the text of this member may be the next. Where it is none, it
        // is no more than other bytes between members.
        let back = self.source.in_member().saturating_sub(1);
        let counted = if self.is_guess { back + 1 } else { 0 };
        self.look_for_member(back, counted);
    }

    /// Ends the stream with `problem`, unless the next member stands in what was taken
    /// for the text of this one: then it was damaged.
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

    /// Goes to the next place that looks like a member, from `back` bytes before here.
    /// What is before it, from `counted` bytes before here on, is not gzip.
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
        let unreadable = self.source.take_error().map(Problem::of_reading);
        // A guess that was none is a part of what is not gzip.
        let problem = problem.filter(|_| !self.is_guess);
        self.found.end(unreadable.or(problem));
    }

    /// Inflates the member that begins here at once, where all of it is at hand
    /// and its text fits. That is twice as fast, and there are files of
    /// thousands of small members. What looks like the next one may be part of
    /// this one, and this one may be damaged: then it is inflated in pieces.
    fn small_member(&mut self, output: &mut [u8]) -> Option<usize> {
        let (rest, is_ended) = self.source.rest();
        let next = memmem::find(&rest[1..], &DEFLATED).map(|at| at + 1);
        let member = &rest[..next.or(is_ended.then_some(rest.len()))?];
        let produced = inflate_member(&mut self.decompressor, member, output)?;
        let length = member.len();
        self.source.skip(length);
        if std::mem::take(&mut self.is_guess) {
            self.found.confirm_member();
            self.found.members -= 1;
        }
        Some(produced)
    }
}

#[cfg(test)]
mod tests;
