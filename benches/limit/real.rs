//! A corpus of real events: those of a folder of logs, 300 to a file, repeated until there are
//! enough of them to be timed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use fastrand::Rng;
use memchr::memmem;
use testkit::logs::{WriteTotals, gzip, records};

use super::corpus;

/// The name of the corpus.
pub(crate) const NAME: &str = "real";

const EVENTS_A_FILE: usize = 300;
/// As many as in the busy corpus, so that starting a process is a small part of the time.
const MIN_EVENTS: usize = 300_000;
/// The keys of ids, which are different in every event.
const IDS: [&[u8]; 2] = [br#""eventID":""#, br#""requestID":""#];

/// Makes the corpus from the logs below `logs`. They may have changed, so it is made in each run.
pub(crate) fn make(logs: &Path) {
    let events = events(logs);
    let lines: Vec<&[u8]> = events.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert!(!lines.is_empty(), "{}: no events", logs.display());
    let rounds = MIN_EVENTS.div_ceil(lines.len());
    let mut rng = Rng::with_seed(11);
    let repeated = (0..rounds).flat_map(|round| lines.iter().map(move |line| (round, line.to_vec())));
    let written = write(repeated.map(|(round, mut event)| {
        if round > 0 {
            change_ids(&mut event, &mut rng);
        }
        event
    }));
    let WriteTotals { files, events, json, gzip } = written;
    println!(
        "{NAME}: {} events of {}, {rounds} times: {events} events in {files} files, {json} bytes of JSON, {gzip} of gzip",
        lines.len(),
        logs.display(),
    );
}

/// The events as the program reads them, one a line.
fn events(logs: &Path) -> Vec<u8> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_trail2tsv"));
    program.args(["-f", "json"]).arg(logs).stderr(Stdio::inherit());
    program.output().unwrap().stdout
}

/// Writes the events to files with keys like those of CloudTrail.
fn write(mut events: impl Iterator<Item = Vec<u8>>) -> WriteTotals {
    let root = corpus::folder(NAME);
    let _ = fs::remove_dir_all(&root);
    let folder = root.join("AWSLogs/123456789012/CloudTrail/us-east-1/2026/09/28");
    fs::create_dir_all(&folder).unwrap();
    let mut written = WriteTotals::default();
    for number in 0.. {
        let events: Vec<Vec<u8>> = events.by_ref().take(EVENTS_A_FILE).collect();
        if events.is_empty() {
            break;
        }
        let json = records(&events);
        let gzip = gzip(&json);
        let name = format!("123456789012_CloudTrail_us-east-1_20260928T0000Z_{number:016}.json.gz");
        fs::write(folder.join(name), &gzip).unwrap();
        let [events, json, gzip] = [events.len(), json.len(), gzip.len()].map(|size| size as u64);
        written += WriteTotals { files: 1, events, json, gzip };
    }
    written
}

/// Replaces each digit and letter of the event's ids by another of the same kind.
fn change_ids(event: &mut [u8], rng: &mut Rng) {
    for key in IDS {
        let Some(start) = memmem::find(event, key).map(|at| at + key.len()) else { continue };
        for byte in event[start..].iter_mut().take_while(|byte| **byte != b'"') {
            *byte = match *byte {
                b'0'..=b'9' => rng.u8(b'0'..=b'9'),
                b'a'..=b'f' => rng.u8(b'a'..=b'f'),
                b'A'..=b'Z' => rng.u8(b'A'..=b'Z'),
                other => other,
            };
        }
    }
}
