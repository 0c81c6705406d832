//! Whole texts for each engine.

use crate::harness::Trial;

/// Runs `sql` and compares the text with a file.
#[track_caller]
fn prints(arguments: &[&str], expected: &str) {
    Trial::with("logs/a.json", r#"{"Records":[]}"#).run(&[&["sql"], arguments].concat()).shows(0, expected, "");
}

#[test]
fn duckdb_reads_the_files() {
    prints(
        &[
            "duckdb",
            "logs",
            "-e",
            "Delete*,ConsoleLogin",
            "-c",
            "eventTime,eventName",
            "--sort",
            "-eventTime",
            "-n",
            "5",
        ],
        include_str!("texts/duckdb.sql"),
    );
    prints(
        &["duckdb", "--bucket", "my-trail", "--since", "2026-10-01", "--until", "2026-10-02", "--count", "--dedupe"],
        include_str!("texts/duckdb_bucket.sql"),
    );
}

#[test]
fn the_caller_has_the_names_of_the_program() {
    prints(
        &["duckdb", "logs/a.json", "-u", "alice", "-u", "!root", "-c", "userName"],
        include_str!("texts/duckdb_user.sql"),
    );
}

#[test]
fn athena_gets_a_table_with_projected_partitions() {
    let bucket = ["athena", "--bucket", "my-trail", "--prefix", "a", "--org-id", "o-a1b2c3d4e5"];
    let scope = ["--account", "111122223333,444455556666", "-r", "eu-west-1", "--since", "2026-10-01"];
    let conditions = ["--errors", "-i", "203.0.113.0/28,2001:db8::/32", "-s", "ec2", "-c", "eventTime,mfa,file"];
    prints(&[&bucket[..], &scope, &conditions].concat(), include_str!("texts/athena.sql"));
}

#[test]
fn spark_gets_a_view_on_the_wanted_days() {
    let window = ["--since", "2026-09-29T12:00", "--until", "2026-11-01", "--writes"];
    prints(
        &[&["spark", "s3://my-trail/a/AWSLogs/"], &window[..], &["-c", "eventTime,requestParameters.bucketName"]]
            .concat(),
        include_str!("texts/spark.sql"),
    );
}

#[test]
fn hostile_values_stay_in_literals() {
    let hostile = "x' OR 1=1; --\n\\'; DROP \u{202e}${env:HOME} \"`";
    for (engine, expected) in
        [("duckdb", include_str!("texts/hostile_duckdb.sql")), ("spark", include_str!("texts/hostile_spark.sql"))]
    {
        let condition = format!("userAgent = '{hostile}'");
        let file = "it's.json";
        let trial = Trial::with(file, r#"{"Records":[]}"#);
        let ran = trial.run(&["sql", engine, file, "--where", &condition, "-c", "eventID,requestParameters.\"a` b\""]);
        ran.shows(0, expected, "");
    }
}

#[test]
fn options_on_the_output_are_named_and_have_no_effect() {
    let trial = Trial::with("a.json", "");
    let plain = trial.run(&["sql", "duckdb", "a.json", "--count"]);
    let ran = trial.run(&["sql", "duckdb", "a.json", "--count", "-f", "csv", "-o", "x.csv", "--threads", "2"]);
    let note = |option: &str| format!("trail2tsv: --{option} has no effect on SQL\n");
    ran.shows(0, &plain.stdout, &["format", "output", "threads"].map(note).concat());
    assert!(!trial.path("x.csv").exists());
}
