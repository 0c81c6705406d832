//! One log object: its key, and its records as JSON and gzip.

use std::io::{self, Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use super::account_region::AccountRegion;
use super::actors::IdentityKind;
use super::event_context::seconds;
use super::generator::Generator;
use super::seeded::{Alphabet, letters, mix};

/// Events happened less than this many seconds before the delivery of their file.
const TEN_MINUTES: i64 = 600;

/// A log object that can be written at any time: its content follows from these values.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// Account and region.
    pub place: Arc<AccountRegion>,
    /// When it was delivered; the minute is in its key.
    pub delivered: Timestamp,
    /// The seed of its generated events.
    pub seed: u64,
    /// How many events are generated.
    pub events: u32,
    /// Kinds of identity, for each of which one more event is generated.
    pub by: Vec<IdentityKind>,
    /// Given events, which are placed among the generated ones.
    pub given: Vec<String>,
    /// Whether it is a second delivery: the events of another object, under another key.
    pub again: bool,
}

impl LogFile {
    /// An object with this many generated events.
    pub fn new(place: Arc<AccountRegion>, delivered: Timestamp, seed: u64, events: u32) -> LogFile {
        LogFile { place, delivered, seed, events, by: Vec::new(), given: Vec::new(), again: false }
    }

    /// How many events it has in all.
    pub fn len(&self) -> usize {
        self.events as usize + self.by.len() + self.given.len()
    }

    /// Whether it has no events.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The object's key.
    pub fn key(&self) -> String {
        let AccountRegion { account, region, .. } = &*self.place;
        let mut unique = String::new();
        letters(mix(self.seed, u64::from(self.again)), Alphabet::Name, 16, &mut unique);
        format!(
            "{}CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{unique}.json.gz",
            self.place.prefix(),
            self.delivered.strftime("%Y/%m/%d"),
            self.delivered.strftime("%Y%m%dT%H%MZ"),
        )
    }

    /// The object's content before compression.
    pub fn json(&self, generator: &mut Generator) -> String {
        generator.reseed(self.seed);
        let mut events = self.given.clone();
        for &who in &self.by {
            let time = self.before_delivery(generator);
            let mut event = String::new();
            generator.event_by(who, &self.place, time, &mut event);
            events.push(event);
        }
        let mut positions: Vec<u32> = events.iter().map(|_| generator.rng().u32(..=self.events)).collect();
        positions.sort_unstable();
        let mut extra = positions.into_iter().zip(events).peekable();

        let mut json = String::with_capacity(self.len() * 1500 + 16);
        json.push_str(r#"{"Records":["#);
        for position in 0..=self.events {
            while let Some((_, event)) = extra.next_if(|(place, _)| *place == position) {
                json.push_str(&event);
                json.push(',');
            }
            if position < self.events {
                let time = self.before_delivery(generator);
                generator.event(&self.place, time, &mut json);
                json.push(',');
            }
        }
        if json.ends_with(',') {
            json.pop();
        }
        json.push_str("]}");
        json
    }

    fn before_delivery(&self, generator: &mut Generator) -> Timestamp {
        seconds(self.delivered.as_second() - generator.rng().i64(0..TEN_MINUTES))
    }
}

/// A log file's content, `{"Records":[…]}`, from events as JSON texts.
pub fn records<Event: AsRef<[u8]>>(events: impl IntoIterator<Item = Event>) -> Vec<u8> {
    let mut json = br#"{"Records":["#.to_vec();
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        json.extend_from_slice(event.as_ref());
    }
    json.extend_from_slice(b"]}");
    json
}

/// One gzip member, as CloudTrail delivers it.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}

/// The content of a gzip file of any number of members.
pub fn gunzip(file: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut content)?;
    Ok(content)
}
