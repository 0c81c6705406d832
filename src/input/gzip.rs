//! A gzip stream, member after member, that gives every byte before damage and
//! then says what the damage is.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::Problem;

/// Inflates what `reader` gives.
pub struct GzipStream<R> {
    reader: R,
    input: Box<[u8]>,
    at: usize,
    filled: usize,
    is_ended: bool,
    member: Option<Decompress>,
    problem: Option<Problem>,
}

/// What every gzip member begins with.
pub const MAGIC: [u8; 2] = [0x1f, 0x8b];

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
        if self.member.is_none() && !self.begin_member()? {
            return Ok(None);
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

    /// Begins the next member; false at the end of the stream.
    fn begin_member(&mut self) -> Result<bool, (Problem, usize)> {
        const WINDOW_BITS: u8 = 15;
        self.fill(MAGIC.len())?;
        let rest = &self.input[self.at..self.filled];
        if rest.is_empty() {
            return Ok(false);
        }
        if !rest.starts_with(&MAGIC) {
            return Err((Problem::GzipTrailer, 0));
        }
        self.member = Some(Decompress::new_gzip(WINDOW_BITS));
        Ok(true)
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
