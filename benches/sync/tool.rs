//! The tools, and how each is called to mirror a bucket.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::BUCKET;

/// A tool that is installed.
pub(crate) struct Tool {
    pub(crate) name: String,
    program: PathBuf,
    arguments: Arguments,
}

/// The arguments for mirroring into a fresh folder, or again.
type Arguments = fn(endpoint: &str, folder: &str, is_again: bool) -> Vec<String>;

const OTHERS: [(&str, &str, Arguments); 3] =
    [("aws", "aws s3 sync", aws), ("s5cmd", "s5cmd, 256 workers", s5cmd), ("rclone", "rclone, 64 transfers", rclone)];

/// Ours, and the selected others that are installed. Prints their versions, or that one is missing.
pub(crate) fn installed_tools(is_wanted: impl Fn(&str) -> bool) -> Vec<Tool> {
    let mut tools = vec![Tool { name: "trail2tsv".into(), program: ours_path(), arguments: ours_arguments }];
    for (program, name, arguments) in OTHERS.into_iter().filter(|(program, ..)| is_wanted(program)) {
        match version(program) {
            Some(version) => {
                println!("{name}: {version}");
                tools.push(Tool { name: name.into(), program: program.into(), arguments });
            }
            None => println!("{name}: left out, as {program} is not on the PATH"),
        }
    }
    tools
}

fn version(program: &str) -> Option<String> {
    let argument = if program == "aws" { "--version" } else { "version" };
    let output = Command::new(program).arg(argument).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Some(text.lines().next().unwrap_or_default().into())
}

impl Tool {
    /// Mirrors the bucket into an empty folder.
    pub(crate) fn first(&self, endpoint: &str, folder: &Path) -> Command {
        self.command(endpoint, folder, false)
    }

    /// Mirrors it again, with nothing new in it.
    pub(crate) fn again(&self, endpoint: &str, folder: &Path) -> Command {
        self.command(endpoint, folder, true)
    }

    fn command(&self, endpoint: &str, folder: &Path, is_again: bool) -> Command {
        let mut command = command(&self.program);
        command.args((self.arguments)(endpoint, folder.to_str().unwrap(), is_again));
        command
    }
}

/// A command with credentials, which the server does not check, and without any
/// configuration of this machine that could slow it down.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "RCLONE_CONFIG"] {
        command.env(name, "/dev/null");
    }
    // rclone refuses to start with this variable, and no tool needs it here.
    command.env_remove("AWS_CA_BUNDLE");
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn ours_path() -> PathBuf {
    env!("CARGO_BIN_EXE_trail2tsv").into()
}

/// The main command of the program: rows while the objects arrive.
pub(crate) fn ours(endpoint: &str, folder: &Path) -> Command {
    let mut command = command(&ours_path());
    command.args(["--bucket", BUCKET, "--endpoint-url", endpoint, "--mirror"]).arg(folder);
    command
}

fn ours_arguments(endpoint: &str, folder: &str, _: bool) -> Vec<String> {
    strings(&["sync", "--bucket", BUCKET, "--endpoint-url", endpoint, "--mirror", folder, "-v"])
}

fn aws(endpoint: &str, folder: &str, _: bool) -> Vec<String> {
    strings(&["--endpoint-url", endpoint, "s3", "sync", "--only-show-errors", &address(""), folder])
}

/// `sync` is the fastest of its commands if nothing is new, and the slowest if
/// everything is, because it requests each object twice.
fn s5cmd(endpoint: &str, folder: &str, is_again: bool) -> Vec<String> {
    let folder = format!("{folder}/");
    let start = ["--endpoint-url", endpoint, "--numworkers", "256", "--log", "error"];
    let work: &[&str] = if is_again { &["sync", "--size-only"] } else { &["cp"] };
    [strings(&start), strings(work), strings(&[&address("/*"), &folder])].concat()
}

fn rclone(endpoint: &str, folder: &str, _: bool) -> Vec<String> {
    let remote = format!(":s3,provider=Other,list_version=2,env_auth=true,endpoint='{endpoint}':{BUCKET}");
    let options = ["--transfers", "64", "--checkers", "64", "--fast-list", "--use-server-modtime", "-q"];
    [strings(&["copy"]), strings(&options), strings(&[&remote, folder])].concat()
}

fn address(below: &str) -> String {
    format!("s3://{BUCKET}{below}")
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}
