//! What the fuzz targets check, of the files that are kept for it: one for
//! each thing that was ever odd, and what the fuzzers found worth keeping.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a failed test says what it is about")]

use std::fs;
use std::path::{Path, PathBuf};

use fuzz_checks::Reader;

/// Says which file was looked at when a check failed.
struct About(PathBuf);

impl Drop for About {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("about {}", self.0.display());
        }
    }
}

fn each(target: &str, mut check: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let about = About(entry.unwrap().path());
        check(&fs::read(&about.0).unwrap());
        count += 1;
    }
    assert!(count > 10, "{count} files of {target}");
}

#[test]
fn files_are_read_alike() {
    each("rows", fuzz_checks::rows);
}

#[test]
fn texts_are_read_alike_wherever_they_are_cut() {
    const LARGE: usize = 1500;
    let mut readers = Reader::all();
    each("rows", |text| {
        if text.len() < LARGE {
            let whole = readers[0].text(text, text.len());
            for end in 0..text.len() {
                fuzz_checks::cut(&mut readers, text, end, &whole);
            }
        }
    });
}

#[test]
fn structures_are_found_alike() {
    each("structure", fuzz_checks::structure);
}
