//! The limit: every file is found, read and inflated, and nothing is done with
//! the bytes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, bounded};
use libdeflater::Decompressor;
use walkdir::WalkDir;

/// Inflates all files below `folder` on so many threads, while they are found.
pub(crate) fn all(folder: &Path, threads: usize) {
    const BATCH: usize = 32;
    let (sender, batches) = bounded::<Vec<PathBuf>>(64);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let batches = batches.clone();
            scope.spawn(move || work(&batches));
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

fn work(batches: &Receiver<Vec<PathBuf>>) {
    let (mut file, mut text, mut decompressor) = (Vec::new(), Vec::new(), Decompressor::new());
    for path in batches.iter().flatten() {
        let length = read(&path, &mut file);
        let size = u32::from_le_bytes(*file[..length].last_chunk().unwrap()) as usize;
        if text.len() < size {
            text.resize(size, 0);
        }
        decompressor.gzip_decompress(&file[..length], &mut text).unwrap();
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
