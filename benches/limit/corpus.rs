//! The corpora, each made once below the target folder, by its name.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::logs::{Corpus, write};

use super::large;

/// The folder of a corpus, which is made if it is not there.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus").join(name);
    let mark = folder.with_extension("whole");
    if !mark.exists() {
        eprintln!("making the corpus {name} in {}", folder.display());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(&mark, make(name, &folder)).unwrap();
    }
    folder
}

/// Makes a corpus and says what it has.
fn make(name: &str, folder: &Path) -> String {
    let corpus = match name {
        "busy" => Corpus::busy(),
        "tiny" => Corpus::tiny(),
        "two-events" => Corpus { files: 1, events: 2, ..Corpus::busy() },
        _ => return format!("{:?}\n", large::write(name, folder).unwrap()),
    };
    let written = write(folder, &corpus.files(), || corpus.generator()).unwrap();
    format!("{written:?}\n")
}
