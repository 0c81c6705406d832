//! Reading and `sync` against moto, an independent S3 server, if it is installed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::cloud::KEY_ID;
use crate::harness::Trial;

/// A running server, which ends with the test.
pub struct Moto {
    child: Child,
    pub port: u16,
}

impl Moto {
    /// Starts a server. `None` if moto is not installed or does not start.
    pub fn start(trial: &Trial) -> Option<Moto> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .current_dir(trial.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("moto_server is not installed: nothing was read from moto");
            return None;
        };
        let mut moto = Moto { child, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if moto.child.try_wait().unwrap().is_some() {
                eprintln!("moto_server does not run here: nothing was read from moto");
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(moto)
    }

    /// Puts a bucket or an object.
    fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let scope = format!("{KEY_ID}/20261001/us-east-1/s3/aws4_request");
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_main_job_and_sync_work_with_moto() {
    let mut trial = Trial::new();
    let Some(moto) = Moto::start(&trial) else { return };
    trial
        .env("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", moto.port))
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_REGION", "us-east-1");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    moto.put("/logs", b"");
    let all = files(&sample.join("AWSLogs"));
    for file in &all {
        let key = file.strip_prefix(&sample).unwrap().to_str().unwrap();
        moto.put(&format!("/logs/{key}"), &fs::read(file).unwrap());
    }
    let arguments = ["-q", "--sort", "eventTime,eventID"];
    let folder = trial.run(&[&[sample.to_str().unwrap()][..], &arguments].concat());
    assert!(folder.lines(0).len() > 300, "{folder:?}");
    let bucket = trial.run(&[&["--bucket", "logs", "--mirror", "mirror"][..], &arguments].concat());
    bucket.shows(0, &folder.stdout, "");
    let again = trial.run(&["sync", "--bucket", "logs", "--mirror", "mirror"]);
    assert!(again.stderr.starts_with("trail2tsv: 0 objects downloaded (0 B), "), "{again:?}");
    let window = ["sync", "s3://logs", "--mirror", "new", "--since", "2026-10-01", "--until", "2026-10-02"];
    let synced = trial.run(&window);
    let count = files(&trial.path("new")).len();
    assert!(synced.code == Some(0) && count > 1 && count < all.len(), "{synced:?}: {count} of {}", all.len());
}
