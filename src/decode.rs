//! From bytes to events: finds the structure of a JSON text, walks its
//! envelope and hands out each event as a lazy view.
//!
//! What is no event is counted, what is broken is remembered with its place;
//! [`Findings::verdict`] says in the end what that means for the file.

pub mod envelope;
pub mod event;
mod findings;
pub mod json;
pub mod structure;
mod utf8;

use std::ops::ControlFlow;
use std::vec;

use self::envelope::{Envelope, Item, Step};
use self::event::{Event, Fields, Places, Slot, TooMany};
use self::findings::BrokenAt;
pub use self::findings::{Findings, Verdict};
use self::json::{Broken, Kind, Text, Value, unescape};
use self::structure::{Structure, Way, Work};
use crate::error::Fatal;

/// A window is decoded in pieces of this size: what the one pass over a piece
/// has seen, the next finds near.
const PIECE: usize = 160 << 10;

/// Turns the text of one file after the other into events.
#[derive(Debug)]
pub struct Decoder {
    fields: Fields,
    marks: Marks,
    structure: Structure,
    places: Places,
    nested: Nested,
    envelope: Envelope,
    findings: Findings,
    /// The places from which on there is something to decode.
    wanted: Option<vec::IntoIter<usize>>,
    way: Way,
}

impl Decoder {
    /// A decoder of events in which the given fields can be looked at.
    pub fn new(fields: &Fields) -> Result<Decoder, Fatal> {
        Decoder::with(fields, Way::fastest())
    }

    /// A decoder that works in the given way.
    pub fn with(fields: &Fields, way: Way) -> Result<Decoder, Fatal> {
        let mut fields = fields.clone();
        let marks = Marks::new(&mut fields)?;
        Ok(Decoder {
            fields,
            marks,
            structure: Structure::with(way),
            places: Places::default(),
            nested: Nested { structure: Structure::with(way), places: Places::default() },
            envelope: Envelope::default(),
            findings: Findings::default(),
            wanted: None,
            way,
        })
    }

    /// Forgets the last file.
    pub fn start(&mut self) {
        self.envelope = Envelope::default();
        self.findings = Findings::default();
        self.wanted = None;
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
        let (mut seen, mut length) = (0, PIECE);
        loop {
            let end = window.len().min(seen + length);
            let is_end = end == window.len();
            let (consumed, flow) = self.piece(&window[seen..end], is_end && is_last, &mut each);
            seen += consumed;
            if self.findings.broken.is_some() {
                self.findings.bytes += (window.len() - seen) as u64;
                return window.len();
            }
            if is_end || flow.is_break() {
                return seen;
            }
            length = if consumed == 0 { 2 * length } else { PIECE };
        }
    }

    /// Decodes a piece of a window as [`Decoder::window`] does, and says whether
    /// there was enough.
    fn piece<F>(&mut self, window: &[u8], is_last: bool, each: &mut F) -> (usize, ControlFlow<()>)
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let Some(mark) = byte_order_mark(window, self.findings.bytes, is_last) else {
            return (0, ControlFlow::Continue(()));
        };
        let (bytes, start) = (&window[mark..], self.findings.bytes + mark as u64);
        let walked = self.way.run(Walk { decoder: self, bytes, start, each });
        let rest = &bytes[walked.consumed..];
        self.findings.broken = walked.broken.and_then(|why| self.broken_at(why, start, rest, is_last));
        let consumed = if is_last || self.findings.broken.is_some() { bytes.len() } else { walked.consumed };
        self.findings.has_text |= !bytes[..consumed].trim_ascii_start().is_empty();
        if !self.structure.is_ascii() && self.findings.not_utf8.is_none() {
            let valid = simdutf8::compat::from_utf8(&bytes[..consumed]);
            // A character that the end of the file cuts is no more than that.
            let error = valid.err().filter(|error| error.error_len().is_some());
            self.findings.not_utf8 = error.map(|error| start + error.valid_up_to() as u64);
        }
        self.findings.bytes += (mark + consumed) as u64;
        (mark + consumed, walked.flow)
    }

    /// What stopped the walk, with its place in the file, unless the next
    /// window may mend it.
    fn broken_at(&self, why: Broken, start: u64, rest: &[u8], is_last: bool) -> Option<BrokenAt> {
        match why {
            Broken::Malformed(at) => {
                Some(BrokenAt { why: Broken::Malformed(start as usize + at), is_json: self.findings.is_log })
            }
            Broken::EndsEarly if is_last => {
                let is_json = !self.envelope.is_closed() || rest.trim_ascii_start().starts_with(b"{");
                Some(BrokenAt { why, is_json })
            }
            Broken::EndsEarly => None,
        }
    }
}

/// A walk over the text of one window.
struct Walk<'a, F> {
    decoder: &'a mut Decoder,
    bytes: &'a [u8],
    /// Where the window begins in the file.
    start: u64,
    each: &'a mut F,
}

/// How the walk over one window ended.
struct Walked {
    /// So many bytes need not be seen again.
    consumed: usize,
    /// What keeps it from going on.
    broken: Option<Broken>,
    /// Breaks where the visitor had enough.
    flow: ControlFlow<()>,
}

impl<F> Work for Walk<'_, F>
where
    F: FnMut(&Event<'_>) -> ControlFlow<()>,
{
    type Outcome = Walked;

    #[inline(always)]
    fn run(self) -> Walked {
        let Decoder { fields, marks, structure, places, nested, envelope, findings, wanted, .. } = self.decoder;
        let text = Text::index(self.bytes, structure);
        let mut records = Records { fields, marks, places, nested, findings, wanted, start: self.start };
        let mut at = 0;
        let (broken, flow) = loop {
            let visited = match envelope.step(&text, at) {
                Ok(Step::On(next)) => {
                    at = next;
                    continue;
                }
                Ok(Step::Item(item)) => records.visit(&text, item, self.each),
                Ok(Step::End) => break (None, ControlFlow::Continue(())),
                Err(broken) => break (Some(broken), ControlFlow::Continue(())),
            };
            match visited {
                Ok(ControlFlow::Continue(next)) => at = next,
                Ok(ControlFlow::Break(())) => break (None, ControlFlow::Break(())),
                Err(broken) => break (Some(broken), ControlFlow::Continue(())),
            }
            envelope.pass();
        };
        findings.is_log = envelope.is_log;
        findings.is_hollow = envelope.is_hollow;
        Walked { consumed: at, broken, flow }
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

/// The fields that tell what an object is.
#[derive(Clone, Debug)]
struct Marks {
    event: [Slot; 4],
    source: Slot,
    detail: Slot,
    cloud_trail_event: Slot,
}

impl Marks {
    fn new(fields: &mut Fields) -> Result<Marks, TooMany> {
        let name = fields.slot("eventName")?;
        fields.set_context(name);
        let mut slot = |name| fields.slot(name);
        Ok(Marks {
            event: [slot("eventVersion")?, slot("eventTime")?, name, slot("eventID")?],
            source: slot("eventSource")?,
            detail: slot("detail")?,
            cloud_trail_event: slot("CloudTrailEvent")?,
        })
    }

    fn kind<'a>(&self, object: &Event<'a>) -> Record<'a> {
        if self.event.iter().any(|slot| object.get(*slot).is_some()) {
            return if self.is_notification(object) { Record::Notification } else { Record::Event };
        }
        if let Some(detail) = object.get(self.detail).filter(|detail| detail.kind() == Kind::Object) {
            return Record::Detail(detail);
        }
        match object.get(self.cloud_trail_event).and_then(|event| event.raw_string()) {
            Some(written) => Record::Quoted(written),
            None => Record::Other,
        }
    }
}

impl Marks {
    /// Whether S3, DynamoDB or the like sent it: `aws:s3` is its source, and
    /// what it is about stands under `s3`.
    fn is_notification(&self, object: &Event<'_>) -> bool {
        let source = object.get(self.source).and_then(|source| source.raw_string());
        let service = source.and_then(|source| source.strip_prefix(b"aws:")).and_then(|name| str::from_utf8(name).ok());
        service.and_then(|name| object.value().member(name)).is_some_and(|about| about.kind() == Kind::Object)
    }
}

/// What a record can be.
enum Record<'a> {
    Event,
    /// An EventBridge message around an event.
    Detail(Value<'a>),
    /// An event as a JSON string, in the output of `lookup-events`.
    Quoted(&'a [u8]),
    Notification,
    Other,
}

/// Memory for an event that is wrapped in a record.
#[derive(Debug)]
struct Nested {
    structure: Structure,
    places: Places,
}

/// Visits the records of one window.
struct Records<'d> {
    fields: &'d Fields,
    marks: &'d Marks,
    places: &'d mut Places,
    nested: &'d mut Nested,
    findings: &'d mut Findings,
    /// See [`Decoder::only`]. All that are before the record at hand are gone.
    wanted: &'d mut Option<vec::IntoIter<usize>>,
    /// Where the window begins in the file.
    start: u64,
}

impl Records<'_> {
    /// Hands out the event that an item is or wraps, and gives the place
    /// behind it.
    #[inline(always)]
    fn visit<F>(&mut self, text: &Text<'_>, item: Item, each: &mut F) -> Result<ControlFlow<(), usize>, Broken>
    where
        F: FnMut(&Event<'_>) -> ControlFlow<()>,
    {
        let at = match item {
            Item::Object(at) => at,
            Item::Other { end } => {
                self.findings.records += 1;
                self.findings.foreign += 1;
                return Ok(ControlFlow::Continue(end));
            }
        };
        if let Some(end) = self.unwanted(text, at)? {
            self.findings.records += 1;
            self.findings.ruled_out += 1;
            return Ok(ControlFlow::Continue(end));
        }
        let end = match self.places.read(text, at, self.fields) {
            Ok(end) => end,
            Err(Broken::EndsEarly) => return Err(Broken::EndsEarly),
            Err(Broken::Malformed(place)) => {
                let end = text.value_end(at)?;
                self.findings.records += 1;
                let is_keyless = !text.bytes()[at..place].contains(&b'"');
                self.findings.note_malformed(self.start + place as u64, is_keyless);
                return Ok(ControlFlow::Continue(end));
            }
        };
        self.findings.records += 1;
        let (object, place) = (Event::new(text, self.places, at, end), self.start + at as u64);
        let flow = match self.marks.kind(&object) {
            Record::Detail(detail) => {
                let (text, at, Nested { places, .. }) = (detail.text(), detail.start(), &mut *self.nested);
                let read = places.read(text, at, self.fields);
                let event = read.map(|end| Event::new(text, places, at, end));
                unwrapped(event, self.marks, self.findings, place, each)
            }
            Record::Quoted(written) => {
                let json = unescape(written);
                let Nested { structure, places } = &mut *self.nested;
                let text = Text::index(json.as_bytes(), structure);
                let at = text.skip_blanks(0);
                let text = &text;
                let read = match text.byte(at) {
                    Some(b'{') => places.read(text, at, self.fields),
                    _ => Err(Broken::Malformed(at)),
                };
                let event = read.map(|end| Event::new(text, places, at, end));
                unwrapped(event, self.marks, self.findings, place, each)
            }
            kind => hand_out(kind, &object, self.findings, each),
        };
        Ok(flow.map_continue(|()| end))
    }
}

impl Records<'_> {
    /// The place behind the record at `at`, if it need not be decoded.
    #[inline(always)]
    fn unwanted(&mut self, text: &Text<'_>, at: usize) -> Result<Option<usize>, Broken> {
        let Some(wanted) = self.wanted else { return Ok(None) };
        let end = text.value_end(at)?;
        let (first, last) = (self.start as usize + at, self.start as usize + end);
        while wanted.as_slice().first().is_some_and(|place| *place < first) {
            wanted.next();
        }
        let is_wanted = wanted.as_slice().first().is_some_and(|place| *place < last);
        Ok((!is_wanted).then_some(end))
    }
}

/// An event that was wrapped in the record at `place`, or what is left of it.
fn unwrapped<F>(
    event: Result<Event<'_>, Broken>,
    marks: &Marks,
    findings: &mut Findings,
    place: u64,
    each: &mut F,
) -> ControlFlow<()>
where
    F: FnMut(&Event<'_>) -> ControlFlow<()>,
{
    match event {
        Ok(event) => hand_out(marks.kind(&event), &event, findings, each),
        Err(_) => {
            findings.note_malformed(place, false);
            ControlFlow::Continue(())
        }
    }
}

fn hand_out<F>(kind: Record<'_>, object: &Event<'_>, findings: &mut Findings, each: &mut F) -> ControlFlow<()>
where
    F: FnMut(&Event<'_>) -> ControlFlow<()>,
{
    match kind {
        Record::Event => {
            findings.events += 1;
            return each(object);
        }
        Record::Notification => findings.notifications += 1,
        _ => findings.is_digest |= object.value().member("digestEndTime").is_some(),
    }
    findings.foreign += 1;
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests;
