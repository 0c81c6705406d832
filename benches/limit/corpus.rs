//! The corpora, each made once below the target folder, by its name.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::logs::{Corpus, write};

use super::large;

/// Where corpora and output files are.
pub(crate) fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// The folder of a corpus, which is made if it is not there, or was made from other parameters.
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

/// Makes a corpus and says what it has.
fn make(name: &str, folder: &Path) -> String {
    let written = match generated(name) {
        Some(corpus) => write(folder, &corpus.files(), || corpus.generator()),
        None => large::write(name, folder),
    };
    format!("{:?}", written.unwrap())
}
