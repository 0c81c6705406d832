//! Wrong usage, and outputs that cannot be written.

use super::SAMPLE;
use crate::harness::Trial;

#[test]
fn wrong_usage_is_explained() {
    let trial = Trial::new();
    std::fs::create_dir(trial.path("folder")).unwrap();
    for (arguments, why) in [
        (&["-f", "tsv", "--with-record"][..], "--with-record applies only to Parquet and SQLite; add --format parquet"),
        (&["-o", "x", "-f", "csv", "--partition", "day"], "--partition applies only to Parquet; add --format parquet"),
        (&["-f", "parquet", "--partition", "day"], "--partition needs a folder for its files; add -o FOLDER"),
        (&["-o", "x", "--partition", "day,account,day"], "--partition \"day\": given twice"),
        (&["-o", "x.parquet", "--count"], "--count cannot be combined with parquet"),
        (&["-o", "x.parquet", "--null", "-"], "--null has no effect with Parquet output"),
        (&["-o", "x.parquet", "--no-header"], "--no-header has no effect with Parquet output"),
        (
            &["-o", "x.tsv", "--partition", "day"],
            "--output \"x.tsv\": is the name of a file; --partition writes Parquet files into a folder, such as -o lake",
        ),
        (
            &["-o", "folder", "-f", "parquet"],
            "--output \"folder\": is a folder; name a file in it, or add --partition account,region,day",
        ),
        (
            &["-o", "x.parquet", "--jq", ".eventName"],
            "--format parquet: the --jq expression must only select events, as in '.readOnly == true'; \
             its own lines can be written as tsv, csv or json",
        ),
    ] {
        let text = format!("trail2tsv: {why}\ntrail2tsv: try --help\n");
        trial.run(&[&[SAMPLE][..], arguments].concat()).shows(2, "", &text);
    }
    let text = "trail2tsv: --format parquet is for rows of events; use tsv, csv, json or xlsx here\n\
                trail2tsv: try --help\n";
    let ran = trial.run(&["timeline", SAMPLE, "-o", "x.parquet"]);
    assert!(ran.code == Some(2) && ran.stderr.starts_with(text.split_once('\n').unwrap().0), "{ran:?}");
    let ran = trial.run(&["follow", "-f", "parquet", "s3://bucket"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("is for rows of events"), "{ran:?}");
    let names: Vec<_> = std::fs::read_dir(trial.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["folder"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_an_error() {
    let trial = Trial::new();
    let full = "trail2tsv: /dev/full: cannot be written: No space left on device\n";
    trial.run(&[SAMPLE, "-q", "-f", "parquet", "-o", "/dev/full"]).shows(1, "", full);
}

#[test]
#[cfg(unix)]
fn a_disk_that_fills_leaves_nothing() {
    let trial = Trial::new();
    let program = env!("CARGO_BIN_EXE_trail2tsv");
    for (output, options, name) in [
        ("out.parquet", "--with-record", "out.parquet"),
        ("lake", "--with-record --partition account", "lake/account="),
    ] {
        let limited = format!("trap '' XFSZ; ulimit -f 40; exec '{program}' '{SAMPLE}' -q -o {output} {options}");
        let ran = trial.run_in_shell(&limited);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let start = format!("trail2tsv: {name}");
        let is_named = ran.stderr.starts_with(&start) || ran.stderr.contains("cannot write temporary data");
        assert!(is_named && ran.stderr.contains("File too large"), "{ran:?}");
        assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 0, "{output}");
    }
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_ends_the_run_quietly() {
    let trial = Trial::new();
    let program = env!("CARGO_BIN_EXE_trail2tsv");
    let ran = trial.run_in_shell(&format!("{{ '{program}' '{SAMPLE}' -q -f parquet; echo $? >&2; }} | head -c 4"));
    ran.shows(0, "PAR1", "0\n");
}

#[test]
fn standard_output_gets_the_same_bytes() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-o", "out.parquet"]).shows(0, "", "");
    let output = trial.command(&[SAMPLE, "-q", "-f", "parquet"]).output().unwrap();
    assert!(output.stdout == std::fs::read(trial.path("out.parquet")).unwrap());
}
