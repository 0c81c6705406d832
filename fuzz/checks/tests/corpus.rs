//! Runs the checks of the fuzz targets on the committed corpus: a file for each known edge case,
//! and the inputs with which a target once failed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a failed test says what it is about")]

use std::fs;
use std::path::{Path, PathBuf};

use fuzz_checks::Reader;

/// Prints the name of the file whose check failed.
struct FailureContext(PathBuf);

impl Drop for FailureContext {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("while checking {}", self.0.display());
        }
    }
}

fn each(target: &str, mut check: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let about = FailureContext(entry.unwrap().path());
        check(&fs::read(&about.0).unwrap());
        count += 1;
    }
    assert!(count > 10, "{count} files of {target}");
}

#[test]
fn all_readers_agree_on_files() {
    each("rows", fuzz_checks::check_file);
}

#[test]
fn texts_are_read_alike_wherever_they_are_cut() {
    const LARGE: usize = 1500;
    let mut readers = Reader::all();
    each("rows", |text| {
        if text.len() < LARGE {
            let whole = readers[0].text(text, text.len());
            for end in 0..text.len() {
                fuzz_checks::check_cut_text(&mut readers, text, end, &whole);
            }
        }
    });
}

#[test]
fn all_simd_levels_find_the_same_structure() {
    each("structure", fuzz_checks::check_structure);
}
