//! The script of the documents for array jobs of AWS Batch, with a folder as S3.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{RunResult, Trial};
use crate::parts::write_logs;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/batch-part.sh");

/// A program for `aws s3 cp --only-show-errors FROM TO`, with the folder `s3` as `s3://`.
const AWS: &str = r#"#!/bin/sh
[ "$1 $2 $3" = 's3 cp --only-show-errors' ] || exit 2
from=$4 to=$5
cp "s3/${from#s3://}" "$to" 2>/dev/null || cp "$from" "s3/${to#s3://}"
"#;

/// Runs the job with this index.
fn job(trial: &Trial, index: usize, question: &str) -> RunResult {
    let line = format!(
        "PATH=\"$PWD/bin:$PATH\" TMPDIR=\"$PWD/tmp\" AWS_BATCH_JOB_ARRAY_INDEX={index} '{SCRIPT}' s3://results/q 11 {question}"
    );
    trial.run_in_shell(&line)
}

#[test]
fn jobs_of_an_array_make_the_parts_of_a_result() {
    let trial = Trial::new();
    write_logs(&trial);
    trial.write("bin/aws", AWS);
    fs::set_permissions(trial.path("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(trial.path("s3/results/q/parts")).unwrap();
    fs::create_dir(trial.path("tmp")).unwrap();
    trial.run(&["keys", "-q", "logs", "--split", "11", "--output-dir", "s3/results/q/shards"]).lines(0);
    let question = ["--sort", "eventTime", "--dedupe"];
    for index in 0..11 {
        // A run that could not read everything makes a part too.
        job(&trial, index, &question.join(" ")).lines(0);
    }
    let run = trial.run(&[&["logs"], &question[..]].concat());
    assert_eq!(run.code, Some(3), "{run:?}");
    let merged = trial.run_in_shell("trail2tsv merge s3/results/q/parts/*.part --plan s3/results/q/shards/*.txt");
    merged.shows(3, &run.stdout, &run.stderr);

    fs::remove_file(trial.path("s3/results/q/parts/part-02-of-11.part")).unwrap();
    let ran = job(&trial, 1, "--sort nonsense");
    assert_eq!((ran.code, trial.path("s3/results/q/parts/part-02-of-11.part").exists()), (Some(2), false), "{ran:?}");
    assert_eq!(fs::read_dir(trial.path("tmp")).unwrap().count(), 0);
}
