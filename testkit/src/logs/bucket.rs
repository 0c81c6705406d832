//! Writes log files below a folder, under their keys.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::file::{LogFile, gzip};
use super::generator::Generator;

/// The amounts that were written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct WriteTotals {
    /// Log files.
    pub files: u64,
    /// Events in them.
    pub events: u64,
    /// Bytes of JSON.
    pub json: u64,
    /// The same bytes compressed.
    pub gzip: u64,
}

impl std::ops::AddAssign for WriteTotals {
    fn add_assign(&mut self, other: WriteTotals) {
        self.files += other.files;
        self.events += other.events;
        self.json += other.json;
        self.gzip += other.gzip;
    }
}

/// Writes the files below `root`, on all processors. `generator` makes one generator for each
/// thread.
pub fn write(root: &Path, files: &[LogFile], generator: impl Fn() -> Generator + Sync) -> io::Result<WriteTotals> {
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<WriteTotals> {
        let mut generator = generator();
        let mut written = WriteTotals::default();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let json = file.json(&mut generator);
            let gzip = gzip(json.as_bytes());
            put(root, &file.key(), &gzip)?;
            written +=
                WriteTotals { files: 1, events: file.len() as u64, json: json.len() as u64, gzip: gzip.len() as u64 };
        }
        Ok(written)
    };
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get());
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut all = WriteTotals::default();
    for part in parts {
        all += part.map_err(|_| io::Error::other("a writing thread panicked"))??;
    }
    Ok(all)
}

/// Writes one object below `root`.
pub(super) fn put(root: &Path, key: &str, content: &[u8]) -> io::Result<()> {
    let path = root.join(key);
    let mut file = match File::create(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            File::create(&path)?
        }
        file => file?,
    };
    file.write_all(content)
}
