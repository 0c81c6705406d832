//! Serves a folder as an S3 bucket on this machine, to try `trail2tsv` without an AWS account.

#![allow(clippy::print_stderr, reason = "a program for the terminal")]

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use testkit::s3::{Bucket, Server};

/// Serve a folder as an S3 bucket on 127.0.0.1, until Ctrl-C.
#[derive(Parser)]
#[command(name = "bucket")]
struct Arguments {
    /// The folder. Each file in it is an object whose key is its relative path. Files that are
    /// added later are not served.
    #[arg(default_value = "testdata")]
    folder: PathBuf,
    /// The port; 0 means any free one.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The bucket's name.
    #[arg(long, default_value = "demo", value_name = "NAME")]
    bucket: String,
}

fn main() -> anyhow::Result<()> {
    let Arguments { folder, port, bucket } = Arguments::parse();
    let named = || format!("cannot serve {}", folder.display());
    if !folder.is_dir() {
        bail!("{}: no such folder", named());
    }
    let objects = Bucket::from_folder(&folder).with_context(named)?;
    let count = objects.keys("").len();
    let server = match Server::start_on(port) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is taken; try --port 0")
        }
        server => server.with_context(|| format!("cannot listen on port {port}"))?,
    };
    server.add_bucket(&bucket, objects);
    let (folder, endpoint) = (folder.display(), server.endpoint());
    eprintln!("{count} objects of {folder} are in the bucket {bucket} at {endpoint} until Ctrl-C. Try:");
    eprintln!();
    eprintln!("    trail2tsv --bucket {bucket} --endpoint-url {endpoint} --no-sign-request");
    eprintln!("    aws --endpoint-url {endpoint} --no-sign-request s3 ls --recursive s3://{bucket}/");
    loop {
        std::thread::park();
    }
}
