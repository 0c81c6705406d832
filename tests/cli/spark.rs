//! The Spark job in `spark/`, on a local cluster with two workers, if Java and pyspark are
//! installed. Its results are equal to those of one run.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]
#![allow(clippy::print_stderr, reason = "a skipped test must be visible")]

mod cluster;

use std::fs;
use std::path::Path;
use std::process::Command;

use testkit::s3::Object;

use self::cluster::{Spark, wrapper};
use crate::bucket::cloud::Cloud;
use crate::harness::{RunResult, Trial};
use crate::parts::{last_line, write_logs};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BINARY: &str = env!("CARGO_BIN_EXE_trail2tsv");
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

/// A question, and the logs that it is about.
#[derive(Clone, Copy)]
struct Question<'a> {
    inputs: &'a [&'a str],
    window: &'a [&'a str],
    /// Command and options.
    options: &'a [&'a str],
}

impl Question<'_> {
    /// The arguments of a job with these options of its own.
    fn job<'a>(&'a self, own: &[&'a str]) -> Vec<&'a str> {
        [own, self.inputs, self.window, &["--"], self.options].concat()
    }

    /// One run with these inputs.
    fn run(&self, trial: &Trial, inputs: &[&str]) -> RunResult {
        let commands = self.options.iter().take_while(|option| !option.starts_with('-')).count();
        let (command, options) = self.options.split_at(commands);
        let ran = trial.run(&[command, inputs, self.window, options].concat());
        assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
        ran
    }

    /// Checks that a job gave the rows and the exit code of one run over its inputs. Its messages
    /// are those of the list, then those of one run over the list.
    #[track_caller]
    fn is_answered(&self, job: &RunResult, trial: &Trial) {
        let run = self.run(
            trial,
            &[self.inputs, if self.inputs[0] == "--bucket" { &["--mirror", "mirror"] } else { &[] }].concat(),
        );
        let list = trial.run(&[&["keys", "-o", "keys.txt"], self.inputs, self.window].concat());
        let listed = self.run(trial, &["--keys-from", "keys.txt"]);
        job.shows(run.code.unwrap(), &run.stdout, &format!("{}{}", list.stderr, listed.stderr));
    }
}

/// Checks that a job failed, after the line of its list, with this text at some shard.
#[track_caller]
fn failed_at_a_shard(job: &RunResult, list: &str, text: &str) {
    let message = job.stderr.strip_prefix(list).unwrap_or_else(|| panic!("{job:?}"));
    let (shard, rest) = message.split_once(" on ").unwrap_or_else(|| panic!("{job:?}"));
    let number = shard.strip_prefix("trail2tsv_job.py: shard ").and_then(|number| number.parse::<u32>().ok());
    let (_machine, rest) = rest.split_once(": ").unwrap_or_else(|| panic!("{job:?}"));
    assert_eq!((job.code, job.stdout.as_str(), rest), (Some(1), "", text), "{job:?}");
    assert!(number.is_some(), "{job:?}");
}

#[test]
fn a_job_answers_as_one_run_does() {
    let Some(spark) = Spark::installed() else { return };
    let cloud = Cloud::with_logs(9);
    let archived = cloud.bucket.get(&cloud.minute(9)).unwrap().body.clone();
    cloud.bucket.put(cloud.bucket.keys("").pop().unwrap(), Object::new(archived).storage_class("GLACIER"));
    let trial = &cloud.trial;
    write_logs(trial);
    write_large_log(trial);
    trial.write("names.txt", "alice\nbob\n");
    let logs = trial.path("logs").display().to_string();
    let address = format!("file://{}", trial.path("2.out").display());
    let ask = |inputs, window, options| Question { inputs, window, options };
    let logs: &[&str] = &[&logs];
    let summary: &[&str] =
        &["summary", "--by", "userName,eventName", "-f", "tsv", "--html", "page.html", "-u", "@names.txt"];
    let questions = [
        ask(logs, &[], &[]),
        ask(logs, &[], &["--sort", "-eventTime", "-n", "70", "-f", "csv"]),
        ask(logs, &[], &["-c", "file,eventName,userName,requestParameters", "--dedupe"]),
        ask(logs, &[], summary),
        ask(&[SAMPLE], &["--since", "2026-10-01", "--until", "2026-10-02"], &["-e", "Create*", "-f", "json"]),
        ask(&["--bucket", "logs"], &["--since", "2026-10-01T09:03"], &["--sort", "-eventTime", "-c", "file,eventName"]),
        ask(&[SAMPLE], &[], &["--count"]),
    ];
    // The job of the last question kills an executor.
    let killed = trial.path("killed");
    let kills = format!("on_executor && mkdir '{}' 2>/dev/null && kill -9 $pid", killed.display());
    let kills = wrapper(trial, "kills", &kills);
    let fails = wrapper(trial, "fails", "on_executor && { echo 'trail2tsv: no luck' >&2; exit 1; }");
    // The program for the executors is replaced after its use by the driver.
    let foreign = format!(r"[ $1 = keys ] && printf '\177ELF\2\1\1\0' > '{}'", trial.path("foreign").display());
    let foreign = wrapper(trial, "foreign", &foreign);
    let own: [&[&str]; 7] = [
        &["--partitions", "2"],
        &["--partitions", "9"],
        &["-o", &address, "--report", "report.jsonl"],
        &["--file", "names.txt"],
        &[],
        &[],
        &["--binary", &kills],
    ];
    let mut jobs: Vec<Vec<&str>> = questions.iter().zip(own).map(|(question, own)| question.job(own)).collect();
    let count = questions[6];
    jobs.extend([
        count.job(&["--binary", &fails]),
        count.job(&["--binary", &foreign]),
        vec!["-o", "x.xlsx", SAMPLE, "--", "-e", "Run*"],
        vec![SAMPLE, "--", "--sort", "nonsense"],
        vec!["no-such-folder"],
    ]);
    let ran = spark.run_jobs(trial, &jobs);
    let page = trial.read("page.html");
    for (question, ran) in questions.iter().zip(&ran) {
        question.is_answered(ran, trial);
    }
    assert!(killed.is_dir(), "no executor was killed");
    assert_eq!(page.matches("<tr").count(), trial.read("page.html").matches("<tr").count());
    let report: Vec<String> = trial.read("report.jsonl").lines().map(String::from).collect();
    assert!(report.len() == 2 + 45 && report[46].contains(r#""state":"finished","exit":3"#), "{report:?}");
    let left: Vec<_> = fs::read_dir(trial.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().ends_with(".part")), "{left:?}");

    let list = trial.run(&["keys", SAMPLE]).stderr;
    failed_at_a_shard(&ran[7], &list, "exit code 1\ntrail2tsv: no luck\n");
    let system = format!("--binary must be a program for {} on {}", uname("-s"), uname("-m"));
    failed_at_a_shard(&ran[8], &list, &format!("cannot run foreign: Exec format error; {system}\n"));
    assert!(ran[9].code == Some(0) && is_workbook(&trial.path("x.xlsx")), "{:?}", ran[9]);
    ran[10].shows(2, "", &trial.run(&[SAMPLE, "--sort", "nonsense"]).stderr);
    let folder = trial.path("no-such-folder").display().to_string();
    ran[11].shows(1, "", &trial.run(&["keys", &folder]).stderr);
}

/// Writes a log whose rows fill several blocks when they are compressed.
fn write_large_log(trial: &Trial) {
    let mut state = 7_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", state >> 32)
    };
    let mut event = |number| {
        let noise: String = (0..2_000).map(|_| noise()).collect();
        format!(r#"{{"eventID":"large{number}","eventName":"PutItem","requestParameters":{{"item":"{noise}"}}}}"#)
    };
    let events: Vec<String> = (0..30).map(&mut event).collect();
    trial.write("logs/30b.json", format!(r#"{{"Records":[{}]}}"#, events.join(",")));
}

fn is_workbook(path: &Path) -> bool {
    fs::read(path).unwrap().starts_with(b"PK\x03\x04")
}

fn uname(option: &str) -> String {
    let output = Command::new("uname").arg(option).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().into()
}

#[test]
fn spark_submit_ends_with_the_exit_code_of_the_run() {
    let Some(spark) = Spark::installed() else { return };
    let trial = Trial::new();
    write_logs(&trial);
    let arguments = ["logs", "--binary", BINARY, "-o", "count.txt", "--", "--count"];
    let ran = spark.submit(&trial, &arguments);
    let run = trial.run(&["logs", "--count"]);
    assert_eq!((ran.code, trial.read("count.txt")), (Some(3), run.stdout.clone()), "{ran:?}");
    // In this mode, Spark passes the messages of Python on to standard output.
    assert_eq!(ran.stdout.lines().last(), Some(last_line(&run)), "{ran:?}");
}

#[test]
fn wrong_arguments_need_no_cluster() {
    let Some(spark) = Spark::installed() else { return };
    let trial = Trial::new();
    for (arguments, message) in [
        (&["logs"][..], "the following arguments are required: --output/-o"),
        (&["logs", "-o", "x", "--", "--since=30d"], "--since is an option of the job, and belongs before --"),
        (&["logs", "-o", "x", "--binary", "no-such", "--"], "argument --binary: no-such is not a file"),
        (&["logs", "-o", "x", "--partitions", "x"], "argument --partitions: invalid int value: 'x'"),
        (&["logs", "-o", "x"], "trail2tsv is not on the PATH; name the program by --binary"),
    ] {
        let ran = spark.parse(&trial, arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert_eq!(last_line(&ran), format!("trail2tsv_job.py: error: {message}"), "{ran:?}");
    }
}

#[test]
fn the_job_is_formatted_and_without_findings() {
    let files = ["spark", "tests/cli/spark"].map(|folder| format!("{ROOT}/{folder}"));
    let settings = format!("{ROOT}/spark/ruff.toml");
    let run = |arguments: &[&str]| {
        let ruff = |mut command: Command| command.args(arguments).args(["--config", &settings]).args(&files).output();
        let found = ruff(Command::new("ruff")).or_else(|_| {
            let mut command = Command::new("python3");
            command.args(["-m", "ruff"]);
            ruff(command)
        });
        found.ok().filter(|output| !String::from_utf8_lossy(&output.stderr).contains("No module named ruff"))
    };
    for arguments in [&["check", "--no-cache"][..], &["format", "--check", "--no-cache"]] {
        let Some(output) = run(arguments) else {
            eprintln!("ruff is not installed: the Python code was not checked");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
