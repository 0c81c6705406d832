//! Other tools on the same files, beside the program with the same columns or the same filter.

use std::process::Command;

use super::corpus;
use super::limit::InflateMethod;
use super::run::{Measure, Output, Run, run_interleaved};
use super::table::{Options, failure};

struct Peer {
    name: &'static str,
    /// The command that prints its version, and fails if the tool is not installed.
    version: &'static [&'static str],
    /// The command. `{folder}` stands for the folder of logs.
    command: &'static [&'static str],
    /// The arguments of the program for the same result.
    program_arguments: &'static [&'static str],
}

const EIGHT_COLUMNS: &[&str] = &[
    "-c",
    "eventTime,awsRegion,eventSource,eventName,userIdentity.userName,sourceIPAddress,userAgent,requestParameters",
];
/// The usual shell pipeline.
const GUNZIP: &str = r#"find "$1" -name '*.json.gz' -print0 | xargs -0 gunzip -c | "$2" -r "$3""#;
const JQ_FILTER: &str = r#".Records[] | "\(.eventTime)\t\(.awsRegion)\t\(.eventSource)\t\(.eventName)\t\(.userIdentity.userName)\t\(.sourceIPAddress)\t\(.userAgent)\t\(.requestParameters)""#;
const CLICKHOUSE: &str = r#"import sys, chdb
text = "Nullable(String)"
columns = f"eventTime {text}, awsRegion {text}, eventSource {text}, eventName {text}, userIdentity Tuple(userName {text}), sourceIPAddress {text}, userAgent {text}, requestParameters {text}"
rows = chdb.query(f"""SELECT r.eventTime, r.awsRegion, r.eventSource, r.eventName, r.userIdentity.userName, r.sourceIPAddress, r.userAgent, r.requestParameters
    FROM file('{sys.argv[1]}/**/*.json.gz', 'JSONEachRow', 'Records Array(Tuple({columns}))') ARRAY JOIN Records AS r
    SETTINGS input_format_json_read_objects_as_strings = 1""", "TSV")
sys.stdout.buffer.write(rows.bytes())"#;
const DUCKDB: &str = r#"import sys, duckdb
columns = "eventTime VARCHAR, awsRegion VARCHAR, eventSource VARCHAR, eventName VARCHAR, userIdentity STRUCT(userName VARCHAR), sourceIPAddress VARCHAR, userAgent VARCHAR, requestParameters JSON"
duckdb.sql(f"""COPY (SELECT r.eventTime, r.awsRegion, r.eventSource, r.eventName, r.userIdentity.userName, r.sourceIPAddress, r.userAgent, r.requestParameters
    FROM (SELECT unnest(Records) AS r FROM read_json('{sys.argv[1]}/**/*.json.gz', format = 'unstructured',
        maximum_object_size = 1000000000, columns = {{Records: 'STRUCT({columns})[]'}})))
    TO '/dev/stdout' (FORMAT csv, DELIMITER '\t', HEADER false)""")"#;

const PEERS: [Peer; 5] = [
    Peer {
        name: "ClickHouse (chdb)",
        version: &["python3", "-c", "import chdb; print('ClickHouse', chdb.engine_version)"],
        command: &["python3", "-c", CLICKHOUSE, "{folder}"],
        program_arguments: EIGHT_COLUMNS,
    },
    Peer {
        name: "DuckDB",
        version: &["python3", "-c", "import duckdb; print('DuckDB', duckdb.__version__)"],
        command: &["python3", "-c", DUCKDB, "{folder}"],
        program_arguments: EIGHT_COLUMNS,
    },
    Peer {
        name: "gunzip and jaq",
        version: &["jaq", "--version"],
        command: &["sh", "-c", GUNZIP, "sh", "{folder}", "jaq", JQ_FILTER],
        program_arguments: EIGHT_COLUMNS,
    },
    Peer {
        name: "gunzip and jq",
        version: &["jq", "--version"],
        command: &["sh", "-c", GUNZIP, "sh", "{folder}", "jq", JQ_FILTER],
        program_arguments: EIGHT_COLUMNS,
    },
    Peer {
        name: "rg -z -c",
        version: &["rg", "--version"],
        command: &["rg", "-z", "-c", "TerminateInstances", "{folder}"],
        program_arguments: &["-e", "TerminateInstances"],
    },
];
/// The other tools are slow.
const MAX_ROUNDS: usize = 3;

/// Prints a row for each tool: its time as a multiple of the limit's and of the program's.
pub(crate) fn table(options: &Options, threads: usize) {
    let mut peers = PEERS.iter().filter(|peer| options.has("peers", "busy", peer.name)).peekable();
    if peers.peek().is_none() {
        return;
    }
    let rounds = options.pairs.min(MAX_ROUNDS);
    println!("\nOther tools on busy, all cores; median of {rounds}, in turn; ratios to the limit and to the program\n");
    line(["tool", "wall s", "wall/limit", "cpu/limit", "wall/ours", "cpu/ours", "version"].map(String::from));
    for peer in peers {
        match version(peer.version) {
            Some(version) => compare(peer, version, rounds, threads),
            None => println!("{:<20}left out, as it is not installed", peer.name),
        }
    }
}

fn version(command: &[&str]) -> Option<String> {
    let output = Command::new(command[0]).args(&command[1..]).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.trim().into())
}

fn compare(peer: &Peer, version: String, rounds: usize, threads: usize) {
    let folder = corpus::folder("busy");
    let path = folder.to_str().unwrap();
    let arguments: Vec<&str> = peer.command.iter().map(|&part| if part == "{folder}" { path } else { part }).collect();
    let limit = Run::limit(&folder, InflateMethod::Whole, threads);
    let ours = Run::program(&folder, threads, peer.program_arguments, Output::Discarded);
    let theirs = Run::new(arguments[0].into(), &arguments[1..]);
    let [limit, ours, theirs] = run_interleaved([&limit, &ours, &theirs], rounds);
    let seconds = failure(&[&limit, &ours, &theirs]).unwrap_or_else(|| format!("{:.2}", theirs.median(Measure::Wall)));
    let [wall_limit, cpu_limit, wall_ours, cpu_ours] =
        [(&limit, Measure::Wall), (&limit, Measure::Cpu), (&ours, Measure::Wall), (&ours, Measure::Cpu)].map(
            |(other, measure)| theirs.ratio_to(other, measure).median().map_or(String::new(), |m| format!("{m:.1}")),
        );
    line([peer.name.into(), seconds, wall_limit, cpu_limit, wall_ours, cpu_ours, version]);
}

fn line([name, seconds, wall_limit, cpu_limit, wall_ours, cpu_ours, version]: [String; 7]) {
    println!("{name:<20}{seconds:>8}{wall_limit:>12}{cpu_limit:>11}{wall_ours:>11}{cpu_ours:>10}  {version}");
}
