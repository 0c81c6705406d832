//! Runs the binary in its own folder and environment.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with files, in which the program is run.
pub struct Trial {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// The result of a run.
pub struct RunResult {
    pub stdout: String,
    pub stderr: String,
    /// None if a signal ended it.
    pub code: Option<i32>,
    shown: String,
}

impl Trial {
    pub fn new() -> Trial {
        Trial { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// A trial with one file.
    pub fn with(path: &str, content: impl AsRef<[u8]>) -> Trial {
        let trial = Trial::new();
        trial.write(path, content);
        trial
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and creates the folders that it is in.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Sets a variable of the environment for later runs.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Trial {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trail2tsv"));
        command.args(arguments);
        self.surround(command)
    }

    /// A line for the shell, not yet run.
    #[cfg(unix)]
    pub fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        self.surround(command)
    }

    /// Sets the folder, the environment and the streams of a command.
    pub fn surround(&self, mut command: Command) -> Command {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> RunResult {
        self.ran(arguments, self.command(arguments).output().unwrap())
    }

    /// Runs a line in a shell that has the program on its PATH.
    #[cfg(unix)]
    pub fn run_in_shell(&self, line: &str) -> RunResult {
        let folder = PathBuf::from(env!("CARGO_BIN_EXE_trail2tsv")).parent().unwrap().to_path_buf();
        let output = self.shell(line).env("PATH", format!("{}:/usr/bin:/bin", folder.display())).output();
        self.ran(&[line], output.unwrap())
    }

    /// Runs the program with `input` on its standard input.
    pub fn run_with_stdin(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> RunResult {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.as_ref().to_vec();
        // A program may close the pipe without reading to the end.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        self.ran(arguments, output)
    }

    /// The result of a finished run.
    pub fn ran(&self, arguments: &[&str], output: Output) -> RunResult {
        let text = |bytes: Vec<u8>| match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => panic!("not UTF-8: {:?}", String::from_utf8_lossy(error.as_bytes())),
        };
        let (stdout, stderr, code) = (text(output.stdout), text(output.stderr), output.status.code());
        let shown = format!(
            "\n$ trail2tsv {}\nin {}\n--- stdout\n{stdout}--- stderr\n{stderr}--- exit {code:?}\n",
            arguments.join(" "),
            self.folder.path().display(),
        );
        RunResult { stdout, stderr, code, shown }
    }
}

impl RunResult {
    /// The result of another program.
    #[cfg(unix)]
    pub fn new(arguments: &[&str], stdout: String, stderr: String, code: Option<i32>) -> RunResult {
        let shown = format!("\n{arguments:?}\n--- stdout\n{stdout}--- stderr\n{stderr}--- exit {code:?}\n");
        RunResult { stdout, stderr, code, shown }
    }

    /// Checks everything that a user sees: all of both streams, and the exit code.
    #[track_caller]
    pub fn shows(&self, code: i32, stdout: &str, stderr: &str) -> &RunResult {
        assert_eq!((self.code, self.stdout.as_str(), self.stderr.as_str()), (Some(code), stdout, stderr), "{self:?}");
        self
    }

    /// Checks the exit code and returns the lines of stdout.
    #[track_caller]
    pub fn lines(&self, code: i32) -> Vec<&str> {
        assert_eq!(self.code, Some(code), "{self:?}");
        self.stdout.lines().collect()
    }
}

impl fmt::Debug for RunResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Compresses bytes as one gzip member.
pub fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    testkit::logs::gzip(content.as_ref())
}
