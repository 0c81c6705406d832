//! Finds pyspark and runs jobs.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{BINARY, ROOT};
use crate::harness::{RunResult, Trial};

/// The job.
const JOB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/spark/trail2tsv_job.py");

/// An installed pyspark.
pub struct Spark {
    python: String,
    /// The search path for Python's modules.
    modules: String,
    /// Its folder.
    home: PathBuf,
}

impl Spark {
    /// Finds pyspark and Java; `None` if one of them is not installed.
    pub fn installed() -> Option<Spark> {
        const SCRIPT: &str = "import os, sys, pyspark
print(sys.executable, os.pathsep.join(sys.path), os.path.dirname(pyspark.__file__), sep='\\n')";
        let java = std::env::var("JAVA_HOME").map_or("java".into(), |home| format!("{home}/bin/java"));
        let java = Command::new(java).arg("-version").stderr(Stdio::null()).status();
        let found = Command::new("python3").args(["-c", SCRIPT]).stderr(Stdio::null()).output();
        match (java, found) {
            (Ok(java), Ok(found)) if java.success() && found.status.success() => {
                let text = String::from_utf8(found.stdout).unwrap();
                let [python, modules, home] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
                Some(Spark { python: python.into(), modules: modules.into(), home: home.into() })
            }
            _ => {
                eprintln!("Java or pyspark is not installed: the Spark job was not run");
                None
            }
        }
    }

    /// A command in the folder of the trial. Spark writes only there.
    fn command(&self, trial: &Trial, program: &str) -> Command {
        let home = trial.path("spark");
        if !home.exists() {
            fs::create_dir(&home).unwrap();
            for entry in fs::read_dir(&self.home).unwrap().map(|entry| entry.unwrap()) {
                symlink(entry.path(), home.join(entry.file_name())).unwrap();
            }
        }
        let inherited = |name| std::env::var_os(name).map(|value| (name, value));
        let mut command = trial.surround(Command::new(program));
        command
            .envs(["PATH", "JAVA_HOME"].into_iter().filter_map(inherited))
            .env("PYTHONPATH", &self.modules)
            .env("PYSPARK_PYTHON", &self.python)
            .env("SPARK_HOME", home)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            // Java compiles less, because it runs for seconds only.
            .env("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
            .env("SPARK_LOCAL_DIRS", trial.path("spark-local"));
        command
    }

    /// Runs jobs in one session on a cluster with two workers. The result of a job that names no
    /// output is returned as standard output.
    pub fn run_jobs(&self, trial: &Trial, jobs: &[Vec<&str>]) -> Vec<RunResult> {
        let mut session = self
            .command(trial, &self.python)
            .args([&format!("{ROOT}/tests/cli/spark/session.py"), &format!("{ROOT}/spark")])
            .env("PYSPARK_SUBMIT_ARGS", "--master local-cluster[2,1,1024] --conf spark.ui.enabled=false pyspark-shell")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = session.stdin.take().unwrap();
        for (number, job) in jobs.iter().enumerate() {
            let output = format!("{number}.out");
            let mut arguments: Vec<&str> = Vec::new();
            for (name, value) in [("--binary", BINARY), ("-o", &output)] {
                if !job.contains(&name) {
                    arguments.extend([name, value]);
                }
            }
            arguments.extend(job);
            writeln!(stdin, "{}", serde_json::to_string(&arguments).unwrap()).unwrap();
        }
        drop(stdin);
        let output = session.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let result = |(number, job): (usize, &Vec<&str>)| {
            let read = |name: &str| trial.read(&format!("{number}.{name}"));
            let rows = if trial.path(&format!("{number}.out")).exists() { read("out") } else { String::new() };
            RunResult::new(job, read("stdout") + &rows, read("stderr"), read("code").parse().ok())
        };
        jobs.iter().enumerate().map(result).collect()
    }

    /// Runs a job by itself, as a user does.
    pub fn submit(&self, trial: &Trial, arguments: &[&str]) -> RunResult {
        let mut command = self.command(trial, "sh");
        let options = ["--master", "local[2]", "--conf", "spark.ui.enabled=false", JOB];
        command.arg(trial.path("spark/bin/spark-submit")).args(options).args(arguments);
        trial.ran(arguments, command.output().unwrap())
    }

    /// Starts the job without a cluster, for arguments that it refuses.
    pub fn parse(&self, trial: &Trial, arguments: &[&str]) -> RunResult {
        let mut command = self.command(trial, &self.python);
        trial.ran(arguments, command.env("PATH", "").arg(JOB).args(arguments).output().unwrap())
    }
}

/// Writes a script that runs a line of the shell and then the program. `on_executor` is a function
/// of the script, which is true on an executor and sets `$pid` to its process.
pub fn wrapper(trial: &Trial, name: &str, line: &str) -> String {
    let functions = r#"on_executor() {
    pid=$$
    while [ "$pid" -gt 1 ]; do
        tr '\0' ' ' < "/proc/$pid/cmdline" | grep -q CoarseGrainedExecutorBackend && return
        pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status")
    done
    false
}"#;
    trial.write(name, format!("#!/bin/sh\n{functions}\n{line}\nexec '{BINARY}' \"$@\"\n"));
    let path = trial.path(name);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().into()
}
