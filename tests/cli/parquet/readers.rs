//! Other programs read the files, if they are installed for `python3`.

use std::process::{Command, Stdio};

use serde_json::{Map, Value};

use super::{SAMPLE, rows, trial};
use crate::harness::Trial;

/// The modules, each with a script of a function that returns the rows of `out.parquet`.
const READERS: [(&str, &str); 4] = [
    (
        "duckdb",
        "import duckdb
def read():
    query = duckdb.sql(\"select * replace (epoch_ms(eventTime) as eventTime) from 'out.parquet'\")
    return [dict(zip(query.columns, row)) for row in query.fetchall()]",
    ),
    (
        "pyarrow",
        "import pyarrow.parquet
def read():
    return pyarrow.parquet.read_table('out.parquet').to_pylist()",
    ),
    (
        "polars",
        "import polars
def read():
    return polars.read_parquet('out.parquet').to_dicts()",
    ),
    (
        "pyspark",
        "from pyspark.sql import SparkSession
def read():
    session = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')
    table = session.getOrCreate().read.parquet('out.parquet')
    # The times of Python do not reach to the first days of the year 1.
    table = table.selectExpr('unix_millis(eventTime) as eventTime', '* except (eventTime)')
    return [row.asDict(recursive=True) for row in table.collect()]",
    ),
];
const PRINT: &str = "
import datetime, json
def milliseconds(time):
    if isinstance(time, datetime.datetime):
        if time.tzinfo is None: time = time.replace(tzinfo=datetime.timezone.utc)
        return round(time.timestamp() * 1000)
    return time
for row in read():
    row['eventTime'] = milliseconds(row['eventTime'])
    print(json.dumps(row))";

/// Reads the file with all installed readers, and compares all cells with those that the
/// library reads. Other tests compare these with the events.
#[track_caller]
fn check(trial: &Trial) {
    let expected = rows(&trial.path("out.parquet"));
    for (name, script) in READERS {
        let import = Command::new("python3").args(["-c", &format!("import {name}")]).stderr(Stdio::null()).status();
        if !import.is_ok_and(|status| status.success()) {
            eprintln!("{name} is not installed for python3: it has not read the file");
            continue;
        }
        let script = format!("{script}{PRINT}");
        let output = Command::new("python3").args(["-c", &script]).current_dir(trial.path("")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        let found: Vec<Map<String, Value>> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn other_programs_read_the_same_cells() {
    let sample = Trial::new();
    sample.run(&[SAMPLE, "-q", "-o", "out.parquet", "--with-record", "-c", "+actor"]).shows(0, "", "");
    check(&sample);
    let generated = trial(1000);
    generated.run(&["log", "-q", "-o", "out.parquet"]).shows(0, "", "");
    check(&generated);
}
