//! The corpora. Each is generated once, into a folder of its name below the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::logs::{Corpus, write};

use super::large;

/// The folder of corpora and output files.
pub(crate) fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The folder of a corpus. The corpus is generated if it is missing or its parameters changed.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = scratch().join("corpus").join(name);
    if name == super::real::NAME {
        return folder;
    }
    let (mark, parameters) = (folder.with_extension("whole"), parameters(name));
    let made = fs::read_to_string(&mark).unwrap_or_default();
    if made.lines().next() != Some(parameters.as_str()) {
        eprintln!("making the corpus {name} in {}", folder.display());
        let _ = fs::remove_file(&mark);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let written = make(name, &folder);
        fs::write(&mark, format!("{parameters}\n{written}\n")).unwrap();
    }
    folder
}

fn generated(name: &str) -> Option<Corpus> {
    match name {
        "busy" => Some(Corpus::busy()),
        "tiny" => Some(Corpus::tiny()),
        "two-events" => Some(Corpus { files: 1, events: 2, ..Corpus::busy() }),
        _ => None,
    }
}

fn parameters(name: &str) -> String {
    generated(name).map_or(name.into(), |corpus| format!("{corpus:?}"))
}

/// Generates a corpus and returns its totals as text.
fn make(name: &str, folder: &Path) -> String {
    let written = match generated(name) {
        Some(corpus) => write(folder, &corpus.files(), || corpus.generator()),
        None => large::write(name, folder),
    };
    format!("{:?}", written.unwrap())
}
