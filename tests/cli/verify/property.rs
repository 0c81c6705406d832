//! Every byte or object that is changed, removed or added is found. If no digest covers it, it
//! is reported as not proven.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::bufread::GzDecoder;
use proptest::prelude::*;
use serde_json::Value;
use testkit::digests::SIGNATURE_ENDING;
use testkit::logs::gzip;
use walkdir::WalkDir;

use super::SignedMirror;

/// A change to a mirror. Positions are fractions, so that they fit files of any size.
#[derive(Clone, Debug)]
enum Tampering {
    Flip { file: f64, at: f64, bit: u8 },
    Cut { file: f64, at: f64 },
    Insert { file: f64, at: f64, byte: u8 },
    Remove { file: f64 },
    Copy { file: f64, onto: f64 },
    Plant { hour: usize, minute: i64 },
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let part = || 0.0..1.0_f64;
    prop_oneof![
        6 => (part(), part(), 0..8_u8).prop_map(|(file, at, bit)| Tampering::Flip { file, at, bit }),
        1 => (part(), part()).prop_map(|(file, at)| Tampering::Cut { file, at }),
        2 => (part(), part(), any::<u8>()).prop_map(|(file, at, byte)| Tampering::Insert { file, at, byte }),
        1 => part().prop_map(|file| Tampering::Remove { file }),
        1 => (part(), part()).prop_map(|(file, onto)| Tampering::Copy { file, onto }),
        1 => (0..9_usize, 0..60_i64).prop_map(|(hour, minute)| Tampering::Plant { hour, minute }),
    ]
}

/// Applies a change to the mirror. Returns whether the meaning of the files has changed.
fn tamper(mirror: &SignedMirror, how: &Tampering) -> bool {
    let root = mirror.trial.path("mirror/AWSLogs");
    let files = WalkDir::new(root).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let files: Vec<_> = files.filter(|path| path.is_file()).collect();
    let pick = |part: f64| &files[(part * files.len() as f64) as usize];
    let place = |part: f64, bytes: &[u8]| (part * bytes.len() as f64) as usize;
    let change = |path: &Path, change: &dyn Fn(&mut Vec<u8>)| {
        let before = fs::read(path).unwrap();
        let mut after = before.clone();
        change(&mut after);
        fs::write(path, &after).unwrap();
        meaning(path, &before) != meaning(path, &after)
    };
    match how {
        Tampering::Flip { file, at, bit } => change(pick(*file), &|bytes| {
            let at = place(*at, bytes);
            bytes[at] ^= 1 << bit;
        }),
        Tampering::Cut { file, at } => change(pick(*file), &|bytes| bytes.truncate(place(*at, bytes))),
        Tampering::Insert { file, at, byte } => {
            // The end is a position too.
            change(pick(*file), &|bytes| bytes.insert((at * (bytes.len() + 1) as f64) as usize, *byte))
        }
        Tampering::Remove { file } => {
            fs::remove_file(pick(*file)).unwrap();
            true
        }
        Tampering::Copy { file, onto } => {
            let from = fs::read(pick(*file)).unwrap();
            change(pick(*onto), &|bytes| bytes.clone_from(&from))
        }
        Tampering::Plant { hour, minute } => {
            let key = mirror.chain.log_key(*hour, *minute, "PLANTED");
            mirror.trial.write(&format!("mirror/{key}"), gzip(br#"{"Records":[]}"#));
            true
        }
    }
}

/// The meaning of a file: the text of its only gzip member, or the signature in it.
fn meaning(path: &Path, bytes: &[u8]) -> Option<Vec<u8>> {
    if path.to_string_lossy().ends_with(SIGNATURE_ENDING) {
        let saved: Value = serde_json::from_slice(bytes).ok()?;
        let algorithm = saved["signature-algorithm"].as_str()?;
        return Some(format!("{} {algorithm}", saved["signature"].as_str()?.to_lowercase()).into_bytes());
    }
    let (mut rest, mut text) = (bytes, Vec::new());
    GzDecoder::new(&mut rest).read_to_end(&mut text).ok()?;
    rest.is_empty().then_some(text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn every_change_is_found(how in tampering()) {
        let mirror = SignedMirror::new();
        let is_changed = tamper(&mirror, &how);
        // The window must show that the last digest of a chain is due, or its loss is not noticed.
        let ran = mirror.verify(&["-q", "--until", "2026-11-01T06:00"]);
        let is_outside = matches!(how, Tampering::Plant { hour, .. } if hour >= 6);
        let expected = if is_changed && !is_outside { 3 } else { 0 };
        prop_assert_eq!(ran.code, Some(expected), "{:?}: {:?}", how, ran);
        if is_outside {
            prop_assert_eq!(mirror.verify(&["-q"]).code, Some(3));
        }
    }
}
