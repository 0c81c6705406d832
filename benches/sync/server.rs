//! The server, in a process of its own, so that its cost is the same for all
//! tools. It serves prepared logs from memory, on all cores.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use testkit::logs::{Corpus, Generator, LogFile, gzip};
use testkit::s3;
use walkdir::WalkDir;

/// The first argument of a process that is the server.
pub(crate) const MODE: &str = "serve";
/// The bucket's name.
pub(crate) const BUCKET: &str = "logs";

/// The number of different logs. The keys have them in turn.
const BODIES: usize = 1000;

/// The process of the server, which ends when this is dropped.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The numbers of requests of a run.
#[derive(Clone, Copy)]
pub(crate) struct RequestCounts {
    pub(crate) lists: u64,
    pub(crate) gets: u64,
    pub(crate) heads: u64,
}

impl Server {
    /// Starts the process. Its first answer has the endpoint, and the number and size of objects.
    pub(crate) fn start() -> Server {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command.arg(MODE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let answers = BufReader::new(answers);
        let mut server = Server { endpoint: String::new(), objects: 0, bytes: 0, process, orders, answers };
        let answer = server.answer();
        let mut words = answer.split_whitespace();
        server.endpoint = words.next().unwrap().into();
        [server.objects, server.bytes] = [(); 2].map(|()| words.next().unwrap().parse().unwrap());
        server
    }

    /// Sets the delay of each GET and of each LIST.
    pub(crate) fn delay(&mut self, get: Duration, list: Duration) {
        self.order(&format!("delay {} {}", get.as_millis(), list.as_millis()));
    }

    /// Resets the numbers of requests.
    pub(crate) fn reset(&mut self) {
        self.order("reset");
    }

    /// The numbers of requests since they were reset.
    pub(crate) fn request_counts(&mut self) -> RequestCounts {
        let answer = self.order("asked");
        let counts: Vec<u64> = answer.split_whitespace().map(|count| count.parse().unwrap()).collect();
        RequestCounts { lists: counts[0], gets: counts[1], heads: counts[2] }
    }

    /// Checks that a mirror holds all objects.
    pub(crate) fn check(&self, mirror: &Path) {
        // trail2tsv names the bucket of a mirror in a hidden file.
        let is_object = |entry: &walkdir::DirEntry| {
            entry.file_type().is_file() && !entry.file_name().to_string_lossy().starts_with('.')
        };
        let files = WalkDir::new(mirror).into_iter().map(Result::unwrap).filter(is_object);
        let sizes: Vec<u64> = files.map(|file| file.metadata().unwrap().len()).collect();
        assert_eq!((sizes.len() as u64, sizes.iter().sum()), (self.objects, self.bytes), "{}", mirror.display());
    }

    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut answer = String::new();
        assert!(self.answers.read_line(&mut answer).unwrap() > 0, "the server is gone");
        answer
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the server until standard input ends.
pub(crate) fn serve() {
    let threads = std::thread::available_parallelism().unwrap().get();
    let server = s3::Server::start_on_threads(threads).unwrap();
    let objects = objects();
    let bytes: usize = objects.iter().map(|(_, object)| object.body.len()).sum();
    println!("{} {} {bytes}", server.endpoint(), objects.len());
    server.add_bucket(BUCKET, objects.into_iter().collect::<s3::Bucket>().checksums());
    for order in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = order.split_whitespace().collect();
        match words[..] {
            ["delay", get, list] => {
                let [get, list] = [get, list].map(|text| Duration::from_millis(text.parse().unwrap()));
                server.latency(get, list);
            }
            ["reset"] => server.reset_counts(),
            _ => {}
        }
        let counts = server.counts();
        println!("{} {} {}", counts.list, counts.get, counts.head);
    }
}

/// Logs of 4 accounts, 5 regions and 30 days.
fn objects() -> Vec<(String, s3::Object)> {
    let corpus = Corpus {
        files: 20_000,
        events: 20_000 * 110,
        spread: 0.3,
        accounts: 4,
        organisation: None,
        regions: 5,
        days: 30,
        ..Corpus::busy()
    };
    let files = corpus.files();
    let bodies = bodies(&files[..BODIES], corpus.seed);
    files.iter().map(LogFile::key).zip(bodies.iter().cycle().cloned()).collect()
}

fn bodies(files: &[LogFile], seed: u64) -> Vec<s3::Object> {
    let mut generator = Generator::new(seed);
    files.iter().map(|file| s3::Object::new(gzip(file.json(&mut generator).as_bytes()))).collect()
}
