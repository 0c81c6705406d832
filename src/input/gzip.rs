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
    state: State,
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
enum State {
    /// Before a member, or the end.
    Between,
    /// In the compressed text of one.
    Text(Box<Member>),
    /// At a member behind a gap.
    BehindGap,
    /// At the end, or where it cannot be read on.
    End,
}

/// A member that is inflated in pieces.
struct Member {
    inflater: Decompress,
    crc: Crc,
    length: u32,
    has_text: bool,
}

/// What follows a part of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
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
            state: State::Between,
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
                State::Between => match self.next_member(output) {
                    Some(produced) => produced,
                    None => return 0,
                },
                State::Text(_) => self.text(output),
                State::BehindGap | State::End => return 0,
            };
            if produced > 0 {
                self.found.note_text(produced);
                return produced;
            }
        }
        0
    }

    /// Goes on behind the end of a part, if that was not the end of the stream.
    pub fn next_part(&mut self) -> Option<Part> {
        match self.state {
            State::BehindGap => {
                self.state = State::Between;
                self.is_first_told = true;
                Some(Part::BehindGap)
            }
            State::Between if !self.is_first_told => {
                self.is_first_told = true;
                Some(Part::FurtherMembers)
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
                self.state = State::Text(Box::new(Member { inflater, crc: Crc::new(), length: 0, has_text: false }));
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
        let State::Text(member) = &mut self.state else { return 0 };
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
        self.state = State::Between;
        if self.is_check_bad {
            self.found.note_bad_check();
            // What is damaged can swallow the start of the next member, and end with it.
            if self.source.go_back_to_member(self.source.in_member().saturating_sub(1)) {
                self.found.note_damage();
                (self.state, self.is_guess) = (State::BehindGap, true);
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
                (self.state, self.is_guess) = (State::BehindGap, true);
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
                (self.state, self.is_guess) = (State::BehindGap, true);
            }
            Err(skipped) => {
                self.found.skip_junk(skipped);
                self.end(None);
            }
        }
    }

    fn end(&mut self, problem: Option<Problem>) {
        self.state = State::End;
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
mod tests {
    use std::io::Write;

    use testkit::logs::gzip;

    use super::*;

    fn read(file: &[u8], step: usize) -> (Vec<u8>, String) {
        let mut stream = GzipStream::new(file);
        let (mut text, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match stream.read(&mut buffer) {
                0 if stream.next_part().is_none() => break,
                length => text.extend_from_slice(&buffer[..length]),
            }
        }
        let problems: Vec<String> = stream.into_parts().1.into_problems().iter().map(Problem::to_string).collect();
        (text, problems.join(", "))
    }

    #[test]
    fn members_follow_each_other() {
        let file = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        for step in [1, 3, 1000] {
            assert_eq!(read(&file, step), (b"one two".to_vec(), String::new()));
        }
    }

    /// A member whose text is in it as it is, and may look like anything.
    fn stored(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_of_all_sizes_follow_each_other() {
        let inner = gzip(b"what looks like a member");
        let large: Vec<u8> =
            (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let texts =
            [&b"one\n"[..], b"one\n", b"", &inner, &DEFLATED.repeat(9), &large, b"two\n", &large[..90_000], b""];
        let file: Vec<u8> = texts.iter().flat_map(|text| [gzip(text), stored(text)].concat()).collect();
        let whole: Vec<u8> = texts.iter().flat_map(|text| text.repeat(2)).collect();
        for step in [1, 100, 70_000, 1 << 20] {
            assert!(read(&file, step) == (whole.clone(), String::new()), "{step}");
        }
        let mut damaged = [&file[..], &gzip(b"three"), &gzip(b"four")].concat();
        let place = damaged.len() - gzip(b"four").len() - 5;
        damaged[place] ^= 1;
        let expected = [&whole[..], b"threefour"].concat();
        let members = 2 * texts.len() + 1;
        assert!(read(&damaged, 70_000) == (expected, format!("checksum of gzip member {members} does not match")));
    }

    #[test]
    fn only_one_member_alone_is_inflated_at_once() {
        let mut decompressor = Decompressor::new();
        let mut inflate = |file: &[u8], room: usize| inflate_member(&mut decompressor, file, &mut vec![0; room]);
        let (one, other) = (gzip(b"one"), gzip(b"other"));
        assert_eq!((inflate(&one, 3), inflate(&one, 2), inflate(&other, 9)), (Some(3), None, Some(5)));
        for end in 0..one.len() {
            assert_eq!(inflate(&one[..end], 1000), None, "cut at {end}");
            assert_eq!(inflate(&[&one[..], &one[end..]].concat(), 1000), None, "its own end from {end} behind it");
            assert_eq!(inflate(&[&one[..], &other[..end.max(1)]].concat(), 1000), None, "{end} of another behind it");
        }
    }

    #[test]
    fn every_byte_before_damage_is_given() {
        let text: Vec<u8> =
            (0..50_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let file = gzip(&text);
        let (kept, problem) = read(&file[..file.len() / 2], 4096);
        assert!(text.starts_with(&kept) && kept.len() > text.len() / 3, "{}", kept.len());
        assert_eq!(problem, "gzip stream ends early");

        for end in [0, 3, 8] {
            let mut damaged = file.clone();
            let place = damaged.len() - 8 + end - usize::from(end == 8);
            damaged[place] ^= 1;
            assert_eq!(read(&damaged, 4096), (text.clone(), "gzip checksum does not match".into()));
        }
        let trailed = [&file[..], b"junk"].concat();
        assert_eq!(read(&trailed, 4096), (text, "4 bytes after the gzip stream that are not gzip".into()));
        assert_eq!(read(&file[..2], 10), (Vec::new(), "gzip stream ends early".into()));
        assert_eq!(read(b"\x1f\x8b\x08\x00 damaged beyond anything", 10).1, "gzip stream is damaged");
    }

    /// A text that no member of a test repeats.
    fn text(number: u32, length: u32) -> Vec<u8> {
        (0..length).flat_map(|at| format!("{number}:{} ", at.wrapping_mul(2_654_435_761) % 9973).into_bytes()).collect()
    }

    #[test]
    fn what_is_wrong_with_one_member_costs_no_other() {
        for length in [1, 60, 20_000] {
            let texts = [text(1, length), text(2, length), text(3, length)];
            let members = texts.clone().map(|text| gzip(&text));
            let file = |damaged: &[u8], at: usize| {
                let mut members = members.clone();
                members[at] = damaged.to_vec();
                members.concat()
            };
            for at in 0..3 {
                let member = &members[at];
                // The checksum and the length.
                for place in [8, 5, 4, 1] {
                    let mut damaged = member.clone();
                    damaged[member.len() - place] ^= 0x10;
                    let said = format!("checksum of gzip member {} does not match", at + 1);
                    for step in [7, 100_000] {
                        assert!(
                            read(&file(&damaged, at), step) == (texts.concat(), said.clone()),
                            "{length} {at} {place}"
                        );
                    }
                }
                // A block of a kind that there is not, and some bytes that are lost.
                let mut damaged = [member.clone(), member.clone()];
                damaged[0][10] |= 0b110;
                damaged[1].drain(member.len() / 2..member.len() - 8);
                for damaged in damaged {
                    for step in [7, 100_000] {
                        let (kept, said) = read(&file(&damaged, at), step);
                        let (before, behind) = (texts[..at].concat(), texts[at + 1..].concat());
                        assert!(
                            kept.starts_with(&before) && kept.ends_with(&behind),
                            "{length} {at}: {said} {} {}",
                            kept.len(),
                            texts.concat().len()
                        );
                        assert!(!said.is_empty(), "{length} {at}");
                    }
                }
                // A header of another kind: what was a member is none.
                for place in [0, 1, 2, 3].into_iter().filter(|_| at > 0) {
                    let mut damaged = member.clone();
                    damaged[place] ^= 0xe0;
                    let expected = [texts[..at].concat(), texts[at + 1..].concat()].concat();
                    for step in [7, 100_000] {
                        let (kept, said) = read(&file(&damaged, at), step);
                        assert!(kept == expected, "{length} {at} {place}: {said}");
                        assert!(said.contains("gzip"), "{said}");
                    }
                }
            }
        }
    }

    #[test]
    fn junk_between_members_is_counted_and_passed_over() {
        let (one, two) = (gzip(b"one"), gzip(b"two"));
        let looks = [DEFLATED[0], DEFLATED[1], DEFLATED[2], 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff];
        for junk in [&b"x"[..], b"\0\0\0", &[7; 200_000], &[&[7], &looks.repeat(3)[..]].concat(), b"{\"a\":\"A\"}"] {
            let count = format!("{} byte{}", junk.len(), if junk.len() == 1 { "" } else { "s" });
            for step in [2, 1000] {
                let between = read(&[&one, junk, &two].concat(), step);
                let said = format!("{count} between gzip members that are not gzip");
                assert!(between == (b"onetwo".to_vec(), said.clone()), "{between:?} {said}");
                let behind = read(&[&one, junk].concat(), step);
                let said = format!("{count} after the gzip stream that are not gzip");
                assert!(behind == (b"one".to_vec(), said.clone()), "{behind:?} {said}");
            }
        }
        for file in [[&one[..], &looks, &two].concat(), [&one[..], &looks].concat()] {
            let (kept, said) = read(&file, 1000);
            assert!(b"onetwo".starts_with(&kept[..]) && said == "gzip stream is damaged", "{said}");
        }
    }

    #[test]
    fn text_behind_the_first_member_is_another_part() {
        let file = [gzip(b"one"), gzip(b""), gzip(b"three")].concat();
        let mut stream = GzipStream::new(&*file);
        let mut buffer = [0; 100];
        assert_eq!((stream.read(&mut buffer), stream.read(&mut buffer)), (3, 0));
        assert_eq!((stream.next_part(), stream.read(&mut buffer)), (Some(Part::FurtherMembers), 5));
        assert_eq!((stream.read(&mut buffer), stream.next_part()), (0, None));
        let (_, findings) = stream.into_parts();
        assert_eq!((findings.members, findings.further_bytes), (3, 5));
        let mut alone = GzipStream::new(&file[..gzip(b"one").len()]);
        assert_eq!((alone.read(&mut buffer), alone.read(&mut buffer), alone.next_part()), (3, 0, None));
    }

    #[test]
    fn a_stream_cut_anywhere_ends_early() {
        let file = gzip(b"{\"Records\":[]}");
        for end in 2..file.len() {
            assert_eq!(read(&file[..end], 100).1, "gzip stream ends early", "{end}");
        }
    }
}
