//! The limit: every file is found, read and inflated, and nothing is done with the bytes.
//!
//! No thread waits until all files are found. Each takes the newest job: a folder to list, whose
//! content becomes jobs for all, or some files to inflate. Buffers are kept from file to file.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use flate2::bufread::MultiGzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;

use super::folder::{Folder, Name};

/// The first argument of a process that measures the limit.
pub(crate) const MODE: &str = "inflate";
/// The number of files in one job.
const BATCH: usize = 32;

/// InflateMethod the content of a file is inflated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum InflateMethod {
    /// One gzip member, inflated at once.
    Whole,
    /// Many gzip members, each inflated at once.
    Members,
    /// Any gzip, inflated through a small window.
    Stream,
}

impl InflateMethod {
    pub(crate) fn from_name(name: &str) -> InflateMethod {
        [InflateMethod::Whole, InflateMethod::Members, InflateMethod::Stream]
            .into_iter()
            .find(|method| format!("{method:?}") == name)
            .unwrap()
    }
}

/// Inflates all gzip files below `folder` on this many threads, while they are found.
pub(crate) fn inflate_all(folder: &Path, method: InflateMethod, threads: usize) {
    let jobs = Jobs::default();
    let root = Arc::new(Folder::open(folder));
    jobs.add(list(&root));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| Worker::new(method).run(&jobs));
        }
        Worker::new(method).run(&jobs);
    });
}

enum Job {
    List(Arc<Folder>, Name),
    Inflate(Arc<Folder>, Vec<Name>),
}

/// The jobs that no thread has taken. The newest is taken first.
#[derive(Default)]
struct Jobs {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Job>,
    /// Threads with a job, which may find more jobs.
    busy: usize,
}

impl Jobs {
    fn add(&self, mut jobs: Vec<Job>) {
        self.state.lock().unwrap().waiting.append(&mut jobs);
        self.changed.notify_all();
    }

    /// The next job, or None if there will be no more. `again`: the caller has finished a job.
    fn next(&self, again: bool) -> Option<Job> {
        let mut state = self.state.lock().unwrap();
        if again {
            state.busy -= 1;
        }
        loop {
            if let Some(job) = state.waiting.pop() {
                state.busy += 1;
                return Some(job);
            }
            if state.busy == 0 {
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap();
        }
    }
}

struct Worker {
    method: InflateMethod,
    gzip: Vec<u8>,
    text: Vec<u8>,
    decompressor: Decompressor,
}

impl Worker {
    fn new(method: InflateMethod) -> Worker {
        Worker { method, gzip: vec![0; 256 * 1024], text: Vec::new(), decompressor: Decompressor::new() }
    }

    fn run(mut self, jobs: &Jobs) {
        let mut next = jobs.next(false);
        while let Some(job) = next {
            match job {
                Job::List(parent, name) => jobs.add(list(&Arc::new(parent.folder(&name)))),
                Job::Inflate(folder, names) => names.iter().for_each(|name| self.inflate(&folder.file(name))),
            }
            next = jobs.next(true);
        }
    }

    fn inflate(&mut self, file: &File) {
        if let InflateMethod::Stream = self.method {
            return stream(file);
        }
        let length = read(file, &mut self.gzip);
        let gzip = &self.gzip[..length];
        let mut start = 0;
        if let InflateMethod::Members = self.method {
            // The corpora's members all begin with the same ten bytes.
            for end in memmem::find_iter(gzip, &gzip[..10]).skip(1) {
                member(&gzip[start..end], &mut self.text, &mut self.decompressor);
                start = end;
            }
        }
        member(&gzip[start..], &mut self.text, &mut self.decompressor);
    }
}

/// The jobs for the content of a folder.
fn list(folder: &Arc<Folder>) -> Vec<Job> {
    let (mut jobs, mut names) = (Vec::new(), Vec::new());
    folder.each_entry(|name, is_folder| {
        if is_folder {
            jobs.push(Job::List(folder.clone(), name));
        } else if name.is_gzip() {
            names.push(name);
            if names.len() == BATCH {
                jobs.push(Job::Inflate(folder.clone(), std::mem::take(&mut names)));
            }
        }
    });
    if !names.is_empty() {
        jobs.push(Job::Inflate(folder.clone(), names));
    }
    jobs
}

fn member(member: &[u8], text: &mut Vec<u8>, decompressor: &mut Decompressor) {
    let size = u32::from_le_bytes(*member.last_chunk().unwrap()) as usize;
    if text.len() < size {
        text.resize(size, 0);
    }
    let inflated = decompressor.gzip_decompress(member, &mut text[..size]).unwrap();
    black_box(&text[..inflated]);
}

fn stream(file: &File) {
    const WINDOW: usize = 64 * 1024;
    let mut text = vec![0; WINDOW];
    let mut stream = MultiGzDecoder::new(BufReader::with_capacity(WINDOW, file));
    while stream.read(&mut text).unwrap() > 0 {
        black_box(&text);
    }
}

/// Reads the file into the buffer, with one system call as a rule: a read that does not fill the
/// buffer has reached the end of the file.
fn read(mut file: &File, buffer: &mut Vec<u8>) -> usize {
    let mut filled = 0;
    loop {
        filled += file.read(&mut buffer[filled..]).unwrap();
        if filled < buffer.len() {
            return filled;
        }
        buffer.resize(filled * 2, 0);
    }
}
