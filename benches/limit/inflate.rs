//! The limit: every file is found, read and inflated, and nothing is done with
//! the bytes.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, bounded};
use flate2::bufread::MultiGzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;
use walkdir::WalkDir;

/// The first argument of a process that is the limit.
pub(crate) const MODE: &str = "inflate";

/// What a file is taken for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    /// One gzip member, inflated at once.
    Whole,
    /// Many gzip members, each inflated at once.
    Members,
    /// Any gzip, inflated through a small window.
    Stream,
}

impl How {
    pub(crate) fn named(name: &str) -> How {
        [How::Whole, How::Members, How::Stream].into_iter().find(|how| format!("{how:?}") == name).unwrap()
    }
}

/// Inflates all files below `folder` on so many threads, while they are found.
pub(crate) fn all(folder: &Path, how: How, threads: usize) {
    const BATCH: usize = 32;
    let (sender, batches) = bounded::<Vec<PathBuf>>(64);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let batches = batches.clone();
            scope.spawn(move || work(&batches, how));
        }
        drop(batches);
        let mut batch = Vec::new();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                batch.push(entry.into_path());
                if batch.len() == BATCH {
                    sender.send(std::mem::take(&mut batch)).unwrap();
                }
            }
        }
        sender.send(batch).unwrap();
        drop(sender);
    });
}

fn work(batches: &Receiver<Vec<PathBuf>>, how: How) {
    let (mut file, mut text, mut decompressor) = (Vec::new(), Vec::new(), Decompressor::new());
    for path in batches.iter().flatten() {
        if let How::Stream = how {
            stream(&path);
            continue;
        }
        let length = read(&path, &mut file);
        let file = &file[..length];
        // The corpora's members all begin with the same ten bytes.
        let starts = memmem::find_iter(file, &file[..10]).skip(1);
        let ends = starts.take(if let How::Members = how { usize::MAX } else { 0 }).chain([length]);
        let mut start = 0;
        for end in ends {
            member(&file[start..end], &mut text, &mut decompressor);
            start = end;
        }
    }
}

fn member(member: &[u8], text: &mut Vec<u8>, decompressor: &mut Decompressor) {
    let size = u32::from_le_bytes(*member.last_chunk().unwrap()) as usize;
    if text.len() < size {
        *text = vec![0; size];
    }
    decompressor.gzip_decompress(member, text).unwrap();
}

fn stream(path: &Path) {
    const WINDOW: usize = 64 * 1024;
    let mut text = vec![0; WINDOW];
    let mut stream = MultiGzDecoder::new(BufReader::with_capacity(WINDOW, File::open(path).unwrap()));
    while stream.read(&mut text).unwrap() > 0 {
        black_box(&text);
    }
}

fn read(path: &Path, buffer: &mut Vec<u8>) -> usize {
    let mut file = File::open(path).unwrap();
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize((filled * 2).max(64 * 1024), 0);
        }
        match file.read(&mut buffer[filled..]).unwrap() {
            0 => return filled,
            length => filled += length,
        }
    }
}
