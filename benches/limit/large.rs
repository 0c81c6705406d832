//! Corpora of one file each: a large member, many members, or a large event. They are
//! written as streams, so that no file is held in memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use testkit::logs::{AccountRegion, Corpus, WriteTotals, gzip, records};

/// The minimum number of bytes of JSON in the only gzip member of `one-file`.
const ONE_FILE: u64 = 1_000_000_000;
/// The number of gzip members in `members`, with one or two events each.
const MEMBERS: usize = 200_000;
/// The minimum number of bytes of JSON in the largest event of `one-event`.
const ONE_EVENT: u64 = 100_000_000;

/// Writes the file of the corpus of this name.
pub(crate) fn write(name: &str, folder: &Path) -> io::Result<WriteTotals> {
    let path = folder.join("large.json.gz");
    let file = BufWriter::new(File::create(&path)?);
    let written = match name {
        "one-file" => one_file(file)?,
        "members" => members(file)?,
        "one-event" => one_event(file)?,
        _ => return Err(io::Error::other(format!("{name}: no such corpus"))),
    };
    Ok(WriteTotals { files: 1, gzip: path.metadata()?.len(), ..written })
}

/// An endless sequence of ordinary events, ten a second.
fn events() -> impl Iterator<Item = String> {
    let start: Timestamp = "2026-09-28T00:00:00Z".parse().unwrap();
    let (mut generator, place) = (Corpus::busy().generator(), AccountRegion::new("111122223333", "us-east-1"));
    (0..).map(move |number: i64| {
        let time = Timestamp::from_second(start.as_second() + number / 10).unwrap();
        let mut event = String::new();
        generator.event(&place, time, &mut event);
        event
    })
}

fn one_file(file: impl Write) -> io::Result<WriteTotals> {
    let (mut log, mut events) = (Log::new(file)?, events());
    while log.written.json < ONE_FILE {
        log.event(&events.next().unwrap())?;
    }
    log.end()
}

fn members(mut file: impl Write) -> io::Result<WriteTotals> {
    let (mut events, mut written) = (events(), WriteTotals::default());
    for member in 0..MEMBERS {
        let count = 1 + member % 2;
        let json = records(events.by_ref().take(count));
        file.write_all(&gzip(&json))?;
        written += WriteTotals { events: count as u64, json: json.len() as u64, ..WriteTotals::default() };
    }
    file.flush()?;
    Ok(written)
}

/// Ordinary events, and among them one that names millions of instances.
fn one_event(file: impl Write) -> io::Result<WriteTotals> {
    const HEAD: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"},"eventTime":"2026-09-28T00:00:01Z","eventSource":"ec2.amazonaws.com","eventName":"StopInstances","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.23","userAgent":"aws-cli/2.17.1","requestParameters":{"instancesSet":{"items":["#;
    const TAIL: &str = r#"]},"force":false},"responseElements":null,"requestID":"0a1b2c3d-0000-4000-8000-000000000001","eventID":"0a1b2c3d-0000-4000-8000-000000000002","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}"#;
    let (mut log, mut rng) = (Log::new(file)?, Rng::with_seed(11));
    for (number, event) in events().take(20).enumerate() {
        if number == 10 {
            log.event(HEAD)?;
            let end = log.written.json + ONE_EVENT;
            while log.written.json < end {
                log.put(&format!(r#"{{"instanceId":"i-0{:016x}"}},"#, rng.u64(..)))?;
            }
            log.put(r#"{"instanceId":"i-0abc12de34f567890"}"#)?;
            log.put(TAIL)?;
        }
        log.event(&event)?;
    }
    log.end()
}

/// A log of one gzip member, written piece by piece.
struct Log<W: Write> {
    gzip: GzEncoder<W>,
    written: WriteTotals,
}

impl<W: Write> Log<W> {
    fn new(file: W) -> io::Result<Log<W>> {
        let mut log = Log { gzip: GzEncoder::new(file, Compression::new(6)), written: WriteTotals::default() };
        log.put(r#"{"Records":["#)?;
        Ok(log)
    }

    /// Writes an event, or the first part of one.
    fn event(&mut self, json: &str) -> io::Result<()> {
        if self.written.events > 0 {
            self.put(",")?;
        }
        self.written.events += 1;
        self.put(json)
    }

    fn put(&mut self, json: &str) -> io::Result<()> {
        self.written.json += json.len() as u64;
        self.gzip.write_all(json.as_bytes())
    }

    fn end(mut self) -> io::Result<WriteTotals> {
        self.put("]}")?;
        self.gzip.finish()?.flush()?;
        Ok(self.written)
    }
}
