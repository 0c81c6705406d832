//! A gzip stream, member after member, that gives every byte before damage and
//! then says what the damage is.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Decompressor;
use memchr::memmem;

use crate::error::Problem;

/// Inflates what `reader` gives.
pub struct GzipStream<R> {
    reader: R,
    input: Box<[u8]>,
    at: usize,
    filled: usize,
    is_ended: bool,
    /// What inflates a member in pieces, while there is one.
    member: Option<Decompress>,
    /// What inflates a member at once.
    decompressor: Decompressor,
    problem: Option<Problem>,
}

/// What every gzip member begins with.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The same, with the only method that there is.
const DEFLATED: [u8; 3] = [MAGIC[0], MAGIC[1], 8];
const WINDOW_BITS: u8 = 15;

/// The length of the text of a member, by its last bytes.
pub fn member_length(member: &[u8]) -> Option<usize> {
    member.last_chunk().map(|length| u32::from_le_bytes(*length) as usize)
}

/// Inflates a member at once to the start of `output`, and gives the length of
/// its text; nothing where it is not one member alone, or damaged, or does not
/// fit.
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
        const INPUT: usize = 64 * 1024;
        GzipStream {
            reader,
            input: vec![0; INPUT].into(),
            at: 0,
            filled: 0,
            is_ended: false,
            member: None,
            decompressor: Decompressor::new(),
            problem: None,
        }
    }

    /// Fills `output` from its start and gives how much; 0 at the end.
    pub fn read(&mut self, output: &mut [u8]) -> usize {
        while self.problem.is_none() && !output.is_empty() {
            match self.step(output) {
                Ok(Some(0)) => {}
                Ok(Some(produced)) => return produced,
                Ok(None) => return 0,
                Err((problem, produced)) => {
                    self.problem = Some(problem);
                    return produced;
                }
            }
        }
        0
    }

    /// What ended the stream, if that was no proper end.
    pub fn into_problem(self) -> Option<Problem> {
        self.problem
    }

    /// Inflates some bytes; nothing at the end.
    fn step(&mut self, output: &mut [u8]) -> Result<Option<usize>, (Problem, usize)> {
        if self.member.is_none() {
            if !self.is_at_member()? {
                return Ok(None);
            }
            if let Some(produced) = self.small_member(output) {
                return Ok(Some(produced));
            }
            self.member = Some(Decompress::new_gzip(WINDOW_BITS));
        }
        self.fill(1)?;
        let Some(member) = &mut self.member else { return Ok(None) };
        let (read, written) = (member.total_in(), member.total_out());
        let result = member.decompress(&self.input[self.at..self.filled], output, FlushDecompress::None);
        let consumed = (member.total_in() - read) as usize;
        let produced = (member.total_out() - written) as usize;
        self.at += consumed;
        match result {
            Ok(Status::StreamEnd) => {
                self.member = None;
                Ok(Some(produced))
            }
            Ok(_) if produced == 0 && consumed == 0 && self.at == self.filled && self.is_ended => {
                Err((Problem::GzipEndsEarly, 0))
            }
            Ok(_) if produced == 0 && consumed == 0 && self.at < self.filled => Err((Problem::GzipDamaged, 0)),
            Ok(_) => Ok(Some(produced)),
            Err(error) => {
                let is_checksum = error.message().is_some_and(|message| message.ends_with("check"));
                let is_whole = is_checksum && !error.message().is_some_and(|message| message.contains("header"));
                Err((if is_whole { Problem::GzipChecksum } else { Problem::GzipDamaged }, produced))
            }
        }
    }

    /// Whether another member begins here; false at the end of the stream.
    fn is_at_member(&mut self) -> Result<bool, (Problem, usize)> {
        self.fill(MAGIC.len())?;
        let rest = &self.input[self.at..self.filled];
        if rest.is_empty() {
            return Ok(false);
        }
        if !rest.starts_with(&MAGIC) {
            return Err((Problem::GzipTrailer, 0));
        }
        Ok(true)
    }

    /// Inflates the member that begins here at once, where all of it is at hand
    /// and its text fits. That is twice as fast, and there are files of
    /// thousands of small members. What looks like the next one may be part of
    /// this one, and this one may be damaged: then it is inflated in pieces.
    fn small_member(&mut self, output: &mut [u8]) -> Option<usize> {
        let rest = &self.input[self.at..self.filled];
        let next = memmem::find(&rest[1..], &DEFLATED).map(|at| at + 1);
        let member = &rest[..next.or(self.is_ended.then_some(rest.len()))?];
        let produced = inflate_member(&mut self.decompressor, member, output)?;
        self.at += member.len();
        Some(produced)
    }

    /// Has `wanted` bytes of input at hand, or all that are left.
    fn fill(&mut self, wanted: usize) -> Result<(), (Problem, usize)> {
        while self.filled - self.at < wanted && !self.is_ended {
            self.input.copy_within(self.at..self.filled, 0);
            self.filled -= self.at;
            self.at = 0;
            match self.reader.read(&mut self.input[self.filled..]) {
                Ok(0) => self.is_ended = true,
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((Problem::Unreadable(error), 0)),
            }
        }
        Ok(())
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
                0 => break,
                length => text.extend_from_slice(&buffer[..length]),
            }
        }
        (text, stream.into_problem().map(|problem| problem.to_string()).unwrap_or_default())
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
        let expected = [&whole[..], b"three"].concat();
        assert!(read(&damaged, 70_000) == (expected, "gzip checksum does not match".into()));
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
        assert_eq!(read(&trailed, 4096), (text, "bytes after the gzip stream that are no gzip".into()));
        assert_eq!(read(&file[..2], 10), (Vec::new(), "gzip stream ends early".into()));
        assert_eq!(read(b"\x1f\x8b\x08\x00 damaged beyond anything", 10).1, "gzip stream is damaged");
    }

    #[test]
    fn a_stream_cut_anywhere_ends_early() {
        let file = gzip(b"{\"Records\":[]}");
        for end in 2..file.len() {
            assert_eq!(read(&file[..end], 100).1, "gzip stream ends early", "{end}");
        }
    }
}
