//! Converts texts in UTF-16, and notes where they are not valid.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16LE};

use super::start::read_some;

/// Byte order marks of UTF-16, which PowerShell writes for `>`.
const MARKS: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

/// Whether a text begins with the mark of UTF-16.
pub(super) fn is_utf16(text: &[u8]) -> bool {
    MARKS.iter().any(|mark| text.starts_with(mark))
}

/// The first place where a text in UTF-16 is not valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidUtf16 {
    /// Offset in the text as it was written, in bytes, from its byte order mark.
    pub written: u64,
    /// Offset in the converted text, in bytes.
    pub converted: u64,
}

/// Reads a text in UTF-16 with a byte order mark as UTF-8. What is not valid becomes U+FFFD.
pub(super) struct Utf16Reader<R> {
    reader: R,
    decoder: Decoder,
    input: Box<[u8]>,
    /// Number of bytes that were converted.
    taken: u64,
    /// Converted text, of which the first `shown` bytes have been read.
    text: String,
    shown: usize,
    /// Length of the converted text before `text`.
    before: u64,
    invalid: Option<InvalidUtf16>,
    is_over: bool,
}

impl<R: Read> Utf16Reader<R> {
    pub(super) fn new(reader: R) -> Utf16Reader<R> {
        const INPUT: usize = 8 << 10;
        Utf16Reader {
            reader,
            // The mark chooses the order of bytes.
            decoder: UTF_16LE.new_decoder(),
            input: vec![0; INPUT].into_boxed_slice(),
            taken: 0,
            text: String::new(),
            shown: 0,
            before: 0,
            invalid: None,
            is_over: false,
        }
    }

    /// The first place that is not valid in the text that was converted so far.
    pub(super) fn invalid(&self) -> Option<InvalidUtf16> {
        self.invalid
    }

    /// Converts more text. All converted text must have been read.
    fn convert(&mut self) -> io::Result<()> {
        self.before += self.text.len() as u64;
        self.text.clear();
        self.shown = 0;
        let length = read_some(&mut self.reader, &mut self.input)?;
        self.is_over = length == 0;
        let mut input = &self.input[..length];
        loop {
            // A unit of two bytes becomes three at most; the rest is for what was left of the
            // input before.
            self.text.reserve(2 * input.len() + 16);
            let (result, taken) =
                self.decoder.decode_to_string_without_replacement(input, &mut self.text, self.is_over);
            self.taken += taken as u64;
            input = &input[taken..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, behind) => {
                    let written = self.taken - u64::from(length) - u64::from(behind);
                    let converted = self.before + self.text.len() as u64;
                    self.invalid.get_or_insert(InvalidUtf16 { written, converted });
                    self.text.push(char::REPLACEMENT_CHARACTER);
                }
            }
        }
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.shown == self.text.len() && !self.is_over {
            self.convert()?;
        }
        let length = (&self.text.as_bytes()[self.shown..]).read(buffer)?;
        self.shown += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads at most `.1` bytes at once.
    struct Slow<'t>(&'t [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(self.1);
            self.0.read(&mut buffer[..length])
        }
    }

    /// The text in `units` and one byte more if `is_odd`, and where it is first not valid.
    fn plain(units: &[u16], is_odd: bool) -> (String, Option<InvalidUtf16>) {
        let (mut text, mut written, mut invalid) = (String::new(), 2, None);
        let characters = char::decode_utf16(units.iter().copied()).map(|unit| unit.map_err(|_| ()));
        // An unpaired surrogate and half a unit at the end are replaced together.
        let is_alone = is_odd && !units.last().is_some_and(|last| (0xd800..0xdc00).contains(last));
        for character in characters.chain(is_alone.then_some(Err(()))) {
            if character.is_err() {
                invalid.get_or_insert(InvalidUtf16 { written, converted: text.len() as u64 });
            }
            text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
            written += 2 * character.map_or(1, |character| character.len_utf16() as u64);
        }
        (text, invalid)
    }

    fn unit() -> impl Strategy<Value = u16> {
        prop_oneof![6 => 0x20..0x7f_u16, 1 => any::<u16>(), 3 => 0xd7ff..0xe001_u16, 1 => Just(0xfeff)]
    }

    proptest! {
        #[test]
        fn texts_are_converted_as_by_the_standard_library(
            units in prop::collection::vec(unit(), 0..40),
            is_odd: bool,
            is_big: bool,
            (step, room) in (1..9_usize, 1..9_usize),
        ) {
            let mut bytes = vec![];
            for unit in [0xfeff].iter().chain(&units) {
                bytes.extend(if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            bytes.extend(is_odd.then_some(b'x'));
            prop_assert!(is_utf16(&bytes));
            let mut reader = Utf16Reader::new(Slow(&bytes, step));
            let (mut text, mut buffer) = (vec![], vec![0; room]);
            loop {
                match reader.read(&mut buffer).unwrap() {
                    0 => break,
                    length => text.extend_from_slice(&buffer[..length]),
                }
            }
            prop_assert_eq!((String::from_utf8(text).unwrap(), reader.invalid()), plain(&units, is_odd));
        }
    }
}
