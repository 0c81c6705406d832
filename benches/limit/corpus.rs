//! The corpora, made once below the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::logs::{Corpus, Generator, write};

/// Names and folders of all corpora.
pub(crate) fn all() -> Vec<(&'static str, PathBuf)> {
    [("busy", Corpus::busy()), ("tiny", Corpus::tiny())].map(|(name, corpus)| (name, made(name, &corpus))).to_vec()
}

fn made(name: &str, corpus: &Corpus) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus").join(name);
    let mark = folder.with_extension("whole");
    if !mark.exists() {
        eprintln!("making the corpus {name} in {}", folder.display());
        let _ = fs::remove_dir_all(&folder);
        let written = write(&folder, &corpus.files(), || Generator::new(corpus.seed)).unwrap();
        fs::write(&mark, format!("{written:?}\n")).unwrap();
    }
    folder
}
