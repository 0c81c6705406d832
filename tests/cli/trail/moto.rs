//! Trails on moto, an independent implementation of the services, by the program and by the AWS
//! CLI, if both are installed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::bucket::cloud::KEY_ID;
use crate::bucket::moto::Moto;
use crate::harness::{RunResult, Trial};

const ARGUMENTS: [&str; 9] = [
    "--queue",
    "--prefix=team/a",
    "--keep=400",
    "--archive-after=90",
    "--kms-key=arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "--data-events=s3,lambda",
    "--insights",
    "--name=my.trail",
    "--bucket=trail2tsv-logs",
];

/// A folder to run in, and a server.
fn trial() -> Option<(Trial, Moto)> {
    let mut trial = Trial::new();
    let moto = Moto::start(&trial)?;
    trial
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_REGION", "eu-west-1");
    Some((trial, moto))
}

/// Runs `trail`. The CLI takes the endpoint from the lines of a script, because some of its
/// versions ignore the variable for queues.
fn trail(trial: &Trial, moto: &Moto, arguments: &[&str]) -> RunResult {
    let url = format!("http://127.0.0.1:{}", moto.port);
    trial.run(&[&["trail"], arguments, &["--endpoint-url", &url]].concat())
}

/// The output of `show`, without times.
fn shown(trial: &Trial, moto: &Moto) -> Value {
    let ran = trail(trial, moto, &["show", "-q", "-f", "json"]);
    let mut row: Value = serde_json::from_str(ran.lines(0)[0]).unwrap();
    row["lastDelivery"] = Value::Null;
    row
}

#[test]
fn a_trail_on_moto_is_made_once_and_deleted() {
    let Some((trial, moto)) = trial() else { return };
    let create = [&["create", "--yes"][..], &ARGUMENTS].concat();
    let first = trail(&trial, &moto, &create);
    assert!(first.code == Some(0) && first.stderr.contains("trail2tsv: 15 created\n"), "{first:?}");
    let again = trail(&trial, &moto, &create);
    assert!(again.code == Some(0) && again.stderr.ends_with("trail2tsv: nothing to change\n"), "{again:?}");
    let row = shown(&trial, &moto);
    assert_eq!((&row["logging"], &row["queues"]), (&"yes".into(), &"my-trail-cloudtrail".into()));
    let deleted = trail(&trial, &moto, &["delete", "--yes", "--name=my.trail"]);
    assert!(deleted.code == Some(0) && deleted.stderr.ends_with("trail2tsv: 5 deleted\n"), "{deleted:?}");
    let again = trail(&trial, &moto, &["delete", "--yes", "--name=my.trail"]);
    assert!(again.code == Some(0) && again.stderr.ends_with("trail2tsv: nothing to change\n"), "{again:?}");
}

#[test]
fn the_script_makes_the_same_as_the_program() {
    let is_installed = Command::new("aws").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !is_installed.is_ok_and(|status| status.success()) {
        eprintln!("aws is not installed: no script was run");
        return;
    }
    let (Some((trial, by_program)), Some((other, by_script))) = (trial(), trial()) else { return };
    let made = trail(&trial, &by_program, &[&["create", "--yes", "-q"][..], &ARGUMENTS].concat());
    made.shows(0, "", "");
    let dry = [&["create", "--dry-run", "-q"][..], &ARGUMENTS].concat();
    let script = trail(&other, &by_script, &dry);
    assert_eq!(script.code, Some(0), "{script:?}");
    other.write("create.sh", &script.stdout);
    let path = std::env::var("PATH").unwrap();
    let home = std::env::var("HOME").unwrap_or_default();
    let ran = other.shell("sh create.sh").env("PATH", path).env("HOME", home).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(shown(&other, &by_script), shown(&trial, &by_program));
    // After the script, the program finds nothing to change.
    let again = trail(&other, &by_script, &[&["create", "--yes"][..], &ARGUMENTS].concat());
    assert!(again.code == Some(0) && again.stderr.ends_with("trail2tsv: nothing to change\n"), "{again:?}");
}
