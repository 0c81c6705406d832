//! Other programs read the files, if they are installed for `python3`.

use std::process::{Command, Stdio};

use super::SAMPLE;
use crate::harness::Trial;

/// Prints the name of the event, the user, the time and a nested value of each row.
const DUCKDB: &str = "import duckdb
for row in duckdb.sql(\"select eventName, userName, epoch_ms(eventTime), \
     coalesce(userIdentity.sessionContext.sessionIssuer.userName, ''), len(coalesce(resources, [])) \
     from 'out.parquet' order by all\").fetchall(): print(*row, sep='\\t')";
const PYARROW: &str = "import pyarrow.parquet
rows = pyarrow.parquet.read_table('out.parquet').to_pylist()
SHOW";
const POLARS: &str = "import polars
rows = polars.read_parquet('out.parquet').to_dicts()
SHOW";
const SHOW: &str = "
def issuer(row):
    for name in ['userIdentity', 'sessionContext', 'sessionIssuer', 'userName']:
        row = row and row[name]
    return row or ''
lines = [(row['eventName'], row['userName'], round(row['eventTime'].timestamp() * 1000), issuer(row),
          len(row['resources'] or [])) for row in rows]
for line in sorted(lines): print(*line, sep='\\t')";

#[test]
fn other_programs_read_the_same_rows() {
    let trial = Trial::new();
    trial.run(&[SAMPLE, "-q", "-o", "out.parquet", "--with-record", "-c", "+actor"]).shows(0, "", "");
    let mut expected: Vec<String> = super::rows(&trial.path("out.parquet"))
        .into_iter()
        .map(|row| {
            let issuer = row["userIdentity"].pointer("/sessionContext/sessionIssuer/userName");
            let issuer = issuer.and_then(|name| name.as_str()).unwrap_or_default();
            let resources = row["resources"].as_array().map_or(0, Vec::len);
            let text = |name: &str| row[name].as_str().unwrap_or("None").to_string();
            format!("{}\t{}\t{}\t{issuer}\t{resources}", text("eventName"), text("userName"), row["eventTime"])
        })
        .collect();
    expected.sort();
    for (name, script) in [("duckdb", DUCKDB), ("pyarrow", PYARROW), ("polars", POLARS)] {
        let import = Command::new("python3").args(["-c", &format!("import {name}")]).stderr(Stdio::null()).status();
        if !import.is_ok_and(|status| status.success()) {
            eprintln!("{name} is not installed for python3: it has not read the file");
            continue;
        }
        let script = script.replace("SHOW", SHOW);
        let output = Command::new("python3").args(["-c", &script]).current_dir(trial.path("")).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let mut found: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(String::from).collect();
        found.sort();
        assert_eq!(found, expected, "{name}");
    }
}
