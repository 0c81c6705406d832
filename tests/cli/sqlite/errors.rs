//! Questions that cannot be written to a database, and databases that are not complete.

use super::{SAMPLE, open, query};
use crate::harness::Trial;

#[test]
fn options_without_effect_are_refused() {
    let trial = Trial::new();
    for (arguments, why) in [
        (&["-o", "x.db", "--count"][..], "--count cannot be combined with sqlite"),
        (&["-o", "x.db", "--null", "-"], "--null has no effect with SQLite output"),
        (&["-o", "x.db", "--excel"], "--excel has no effect with SQLite output"),
        (&["-o", "x.db", "--raw"], "--raw has no effect with SQLite output"),
        (
            &["-o", "x", "-f", "sqlite", "--partition", "day"],
            "--partition applies only to Parquet; add --format parquet",
        ),
        (&["-o", "x.db", "--delimiter", ";"], "--delimiter applies only to CSV; add --format csv"),
        (
            &["-o", "x.db", "--jq", ".eventName"],
            "--format sqlite: the --jq expression must only select events, as in '.readOnly == true'; \
             its own lines can be written as tsv, csv or json",
        ),
        (
            &["-f", "sqlite", "--partial", "x.part"],
            "--partial makes no database; merge parts into tsv, and import that",
        ),
    ] {
        let text = format!("trail2tsv: {why}\ntrail2tsv: try --help\n");
        trial.run(&[&[SAMPLE][..], arguments].concat()).shows(2, "", &text);
    }
    for command in [&["timeline", SAMPLE, "-o", "x.db"][..], &["follow", "-f", "sqlite", "s3://bucket"]] {
        let ran = trial.run(command);
        let text = "trail2tsv: --format sqlite is for rows of events; use tsv, csv, json or xlsx here\n";
        assert!(ran.code == Some(2) && ran.stderr.starts_with(text), "{ran:?}");
    }
    assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_an_error() {
    let trial = Trial::new();
    let full = "trail2tsv: /dev/full: cannot be written: No space left on device\n";
    trial.run(&[SAMPLE, "-q", "-f", "sqlite", "-o", "/dev/full"]).shows(1, "", full);
}

#[test]
#[cfg(unix)]
fn a_disk_that_fills_leaves_the_old_file() {
    let trial = Trial::with("out.db", "old");
    let program = env!("CARGO_BIN_EXE_trail2tsv");
    let ran = trial
        .run_in_shell(&format!("trap '' XFSZ; ulimit -f 40; exec '{program}' '{SAMPLE}' -q -o out.db --with-record"));
    assert!(ran.code == Some(1) && ran.stderr.starts_with("trail2tsv: out.db: cannot be written: "), "{ran:?}");
    assert_eq!(trial.read("out.db"), "old");
    assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 1);
}

#[test]
fn an_old_database_is_replaced() {
    let trial = Trial::new();
    for name in ["RunInstances", "TerminateInstances"] {
        trial.run(&[SAMPLE, "-q", "-e", name, "-c", "eventName", "-o", "out.db"]).shows(0, "", "");
        let (_, rows) = query(&open(&trial, "out.db"), "SELECT DISTINCT eventName FROM events");
        assert_eq!(rows, [[rusqlite::types::Value::Text(name.into())]]);
    }
}

#[test]
#[cfg(unix)]
fn a_killed_run_leaves_the_old_file_and_is_cleaned_up() {
    let trial = Trial::with("out.db", "old");
    // Standard input stays open, so the run cannot end.
    let mut command = trial.command(&["-", "-q", "-o", "out.db"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let names = || {
        let entries = std::fs::read_dir(trial.path("")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    // The next run removes the folder of a killed run only if it has a lock.
    while !(names().len() == 3 && names().iter().any(|name| trial.path(name).join(".lock").exists())) {
        assert!(child.try_wait().unwrap().is_none(), "the run has ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(trial.read("out.db"), "old");
    trial.run(&[SAMPLE, "-q", "-o", "out.db"]).shows(0, "", "");
    assert_eq!(names(), ["out.db"]);
}

#[test]
fn standard_output_gets_the_same_bytes() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-o", "out.db"]).shows(0, "", "");
    let output = trial.command(&[SAMPLE, "-q", "-f", "sqlite"]).output().unwrap();
    assert!(output.stdout == std::fs::read(trial.path("out.db")).unwrap());
}
