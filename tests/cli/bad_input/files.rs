//! Files and folders that cannot be read, do not exist, or have hostile names.

use super::{LOG, NAMES};
use crate::harness::Trial;

#[test]
fn missing_inputs_are_named_before_any_output() {
    let trial = Trial::with("log", LOG);
    for name in ["nowhere", "nowhere/a.json", "log/a.json"] {
        let why = if name == "log/a.json" { "Not a directory" } else { "No such file or directory" };
        let message = format!("trail2tsv: {name}: cannot be read: {why}\n");
        trial.run(&["log", name, "-o", "out.tsv"]).shows(1, "", &message);
        assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 1);
    }
}

#[test]
fn a_folder_without_files_is_named() {
    let trial = Trial::new();
    std::fs::create_dir_all(trial.path("empty/inner")).unwrap();
    let folder = "trail2tsv: empty: the folder has no files\n";
    let last = "trail2tsv: 0 events in 0 files read, 0 matched\n";
    trial.run(&["empty", "--count"]).shows(0, "0\n", &format!("{folder}{last}"));
    trial.run(&["keys", "empty"]).shows(0, "", &format!("{folder}trail2tsv: 0 objects listed (0 B)\n"));
}

#[test]
fn overlapping_inputs_are_read_once() {
    let trial = Trial::new();
    for file in ["log/a/x.json", "log/b/y.json", "log/b/z.json"] {
        trial.write(file, LOG);
    }
    for (inputs, files, message) in [
        (&["log", "log"][..], 3, "log: was named before, and is read once"),
        (&["log/a/x.json", "./log/a/x.json"], 1, "./log/a/x.json: was named before, and is read once"),
        (&["log", "log/b"], 3, "log/b: is in log, and is read once"),
        (&["log", "log/b", "log/b/z.json"], 3, "log/b: is in log, and is read once; the same is true of 1 more input"),
        (&["log/b/z.json", "log"], 3, "log/b/z.json: is in log, and is read once"),
        (
            &["log", "log/../log", "log/b"],
            3,
            "log/../log: was named before, and is read once; the same is true of 1 more input",
        ),
    ] {
        let events = 3 * files;
        let counted = if files == 1 { "1 file" } else { "3 files" };
        let last = format!("trail2tsv: {message}\ntrail2tsv: {events} events in {counted} read, {events} matched\n");
        let arguments = [inputs, &["--count"]].concat();
        trial.run(&arguments).shows(0, &format!("{events}\n"), &last);
    }
    let keys = trial.run(&["keys", "log/b", "log", "log/b/y.json"]);
    let names: Vec<&str> = keys.lines(0).into_iter().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(names, ["log/b/z.json", "log/a/x.json", "log/b/y.json"], "{keys:?}");
    // A named input is read, even if a walk would skip it.
    trial.write("log/c.partial/x.json", LOG);
    trial.run(&["log", "log/c.partial", "--count"]).shows(
        0,
        "12\n",
        "trail2tsv: log/c.partial: is in log, and is read once\n\
         trail2tsv: 12 events in 4 files read, 12 matched\n",
    );
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::super::{system, wait_for_output};
    use super::*;
    use crate::harness::{RunResult, gzip};

    /// Reads of this file fail even for the superuser.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let trial = Trial::with("log/b.json", LOG);
        symlink("/proc/self/mem", trial.path("log/a.json")).unwrap();
        trial.run(&NAMES).shows(
            3,
            "A\nB\nC\n",
            "trail2tsv: log/a.json: cannot be read: Input/output error; nothing was read\n\
             trail2tsv: 3 events in 1 file read, 3 matched; 1 problem, named above\n",
        );
        trial.run(&["log/a.json", "-q", "--no-header"]).shows(
            3,
            "",
            "trail2tsv: log/a.json: cannot be read: Input/output error; nothing was read\n",
        );
    }

    /// Runs as an unprivileged user; `None` if a superuser cannot become one.
    fn run_unprivileged(trial: &Trial, arguments: &[&str], is_superuser: bool) -> Option<RunResult> {
        const NOBODY: u32 = 65534;
        fs::set_permissions(trial.path(""), Permissions::from_mode(0o755)).unwrap();
        let mut command = trial.command(arguments);
        if is_superuser {
            command.uid(NOBODY).gid(NOBODY);
        }
        match command.output() {
            Ok(output) => Some(trial.ran(arguments, output)),
            Err(_) if is_superuser => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn permissions_that_are_denied_are_named() {
        let trial = Trial::with("log/a.json", LOG);
        trial.write("log/b/b.json", LOG);
        trial.write("log/c.json", LOG);
        let deny = |path: &str, mode| fs::set_permissions(trial.path(path), Permissions::from_mode(mode)).unwrap();
        deny("log/a.json", 0);
        deny("log/b", 0);
        let is_superuser = fs::File::open(trial.path("log/a.json")).is_ok();
        let (log, folder, file) = (
            run_unprivileged(&trial, &NAMES, is_superuser),
            run_unprivileged(&trial, &["log/b", "--no-header"], is_superuser),
            run_unprivileged(&trial, &["log/b/b.json"], is_superuser),
        );
        deny("log/b", 0o700);
        let why = "cannot be read: Permission denied";
        if let Some(ran) = log {
            ran.shows(
                3,
                "A\nB\nC\n",
                &format!(
                    "trail2tsv: log/a.json: {why}; nothing was read\n\
                     trail2tsv: log/b: {why}; nothing was read\n\
                     trail2tsv: 3 events in 1 file read, 3 matched; 2 problems, named above\n"
                ),
            );
        }
        if let Some(ran) = folder {
            ran.shows(
                3,
                "",
                &format!(
                    "trail2tsv: log/b: {why}; nothing was read\n\
                     trail2tsv: 0 events in 0 files read, 0 matched; 1 problem, named above\n"
                ),
            );
        }
        if let Some(ran) = file {
            ran.shows(1, "", &format!("trail2tsv: log/b/b.json: {why}\n"));
        }
    }

    #[test]
    fn links_are_followed_but_not_in_circles() {
        let trial = Trial::with("log/a/x.json", LOG);
        symlink("..", trial.path("log/a/loop")).unwrap();
        trial.run(&NAMES).shows(
            0,
            "A\nB\nC\n",
            "trail2tsv: log/a/loop: a link back to log; not followed again\n\
             trail2tsv: 3 events in 1 file read, 3 matched\n",
        );
    }

    #[test]
    fn links_that_lead_nowhere_are_named() {
        let trial = Trial::with("log/x.json", LOG);
        symlink("nowhere", trial.path("log/broken")).unwrap();
        symlink("self", trial.path("log/self")).unwrap();
        trial.run(&NAMES).shows(
            3,
            "A\nB\nC\n",
            "trail2tsv: log/broken: cannot be read: No such file or directory; nothing was read\n\
             trail2tsv: log/self: cannot be read: Too many levels of symbolic links; nothing was read\n\
             trail2tsv: 3 events in 1 file read, 3 matched; 2 problems, named above\n",
        );
        let broken = "trail2tsv: log/broken: cannot be read: No such file or directory\n";
        trial.run(&["log/broken"]).shows(1, "", broken);
    }

    #[test]
    fn pipes_in_a_folder_are_skipped_without_waiting() {
        let trial = Trial::with("log/x.json", LOG);
        system("mkfifo", &[trial.path("log/pipe.json").to_str().unwrap()]);
        drop(std::os::unix::net::UnixListener::bind(trial.path("log/socket")).unwrap());
        symlink("/dev/zero", trial.path("log/zero.json")).unwrap();
        trial.run(&NAMES).shows(
            0,
            "A\nB\nC\n",
            "trail2tsv: 3 events in 1 file read, 3 matched; 3 files skipped: 3 pipes or devices\n",
        );
    }

    /// The second file exists when the run begins. It is deleted while the run
    /// waits for standard input, which comes first.
    #[test]
    fn a_file_that_vanishes_costs_only_itself() {
        let trial = Trial::with("gone.json", LOG);
        trial.write("last.json", LOG);
        let arguments =
            ["-", "gone.json", "last.json", "--threads", "1", "-c", "file,eventName", "--no-header", "-o", "out.tsv"];
        let mut child = trial.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        wait_for_output(&mut child, &trial.path(""));
        fs::remove_file(trial.path("gone.json")).unwrap();
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), br#"{"eventName":"X","eventVersion":"1"}"#).unwrap();
        let ran = trial.ran(&arguments, child.wait_with_output().unwrap());
        ran.shows(
            3,
            "",
            "trail2tsv: gone.json: cannot be read: No such file or directory; nothing was read\n\
             trail2tsv: 4 events in 2 files read, 4 matched; 1 problem, named above\n",
        );
        assert_eq!(trial.read("out.tsv"), "-\tX\nlast.json\tA\nlast.json\tB\nlast.json\tC\n");
    }

    /// A run with enough rows does not wait for a pipe that stalls in the middle
    /// of a gzip stream, which is inflated ahead.
    #[test]
    fn a_limit_ends_the_run_while_a_pipe_is_open() {
        let trial = Trial::new();
        let arguments = ["-", "-n", "1", "--threads", "32", "-c", "eventName", "--no-header", "-q"];
        let mut child = trial.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // The program may close its end before all is written.
        let _ = std::io::Write::write_all(&mut stdin, &gzip(r#"{"eventName":"A","eventVersion":"1"}"#).repeat(70_000));
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it waits for the pipe");
            std::thread::sleep(Duration::from_millis(10));
        }
        trial.ran(&arguments, child.wait_with_output().unwrap()).shows(0, "A\n", "");
    }

    const HOSTILE: &[u8] = b"a\x1b[31m\n\t\x7f\xff\xc2\x9b.json";
    const IN_CELL: &str = "a\\u001b[31m\\n\\t\\u007f\u{fffd}\\u009b.json";
    const SAID: &str = "a\\u{1b}[31m\\n\\t\\u{7f}\u{fffd}\\u{9b}.json";

    /// Runs with a last argument that need not be UTF-8.
    fn run(trial: &Trial, arguments: &[&str], last: &[u8]) -> RunResult {
        let output = trial.command(arguments).arg(OsStr::from_bytes(last)).output().unwrap();
        trial.ran(arguments, output)
    }

    // Other systems refuse names that are not UTF-8.
    #[cfg(target_os = "linux")]
    #[test]
    fn file_names_cannot_send_escapes_to_the_terminal() {
        let trial = Trial::new();
        fs::create_dir(trial.path("log")).unwrap();
        fs::write(trial.path("log").join(OsStr::from_bytes(HOSTILE)), &LOG[..LOG.find(",{").unwrap() + 5]).unwrap();
        let stderr = |detail: &str| {
            format!(
                "{detail}trail2tsv: log/{SAID}: JSON ends early; 1 event before it was kept\n\
                 trail2tsv: 1 event in 1 file read, 1 matched; 1 problem, named above\n"
            )
        };
        let row = format!("log/{IN_CELL}\tA\n");
        let arguments = ["-c", "file,eventName", "--no-header"];
        run(&trial, &arguments, b"log").shows(3, &row, &stderr(""));
        run(&trial, &arguments, &[b"log/", HOSTILE].concat()).shows(3, &row, &stderr(""));
        let verbose = [&arguments[..], &["-vv"]].concat();
        run(&trial, &verbose, b"log").shows(3, &row, &stderr(&format!("trail2tsv: log/{SAID}: 1 event\n")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn unreadable_file_names_cannot_send_escapes_to_the_terminal() {
        let trial = Trial::new();
        let hostile = OsStr::from_bytes(HOSTILE);
        run(&trial, &[], HOSTILE).shows(
            1,
            "",
            &format!("trail2tsv: {SAID}: cannot be read: No such file or directory\n"),
        );
        fs::create_dir(trial.path("log")).unwrap();
        symlink("nowhere", trial.path("log").join(hostile)).unwrap();
        run(&trial, &["--count"], b"log").shows(
            3,
            "0\n",
            &format!(
                "trail2tsv: log/{SAID}: cannot be read: No such file or directory; nothing was read\n\
                 trail2tsv: 0 events in 0 files read, 0 matched; 1 problem, named above\n"
            ),
        );
        fs::create_dir(trial.path("").join(hostile)).unwrap();
        symlink(".", trial.path("").join(hostile).join("inner")).unwrap();
        run(&trial, &["--count"], HOSTILE).shows(
            0,
            "0\n",
            &format!(
                "trail2tsv: {SAID}/inner: a link back to {SAID}; not followed again\n\
                 trail2tsv: 0 events in 0 files read, 0 matched\n"
            ),
        );
        let ran = run(&trial, &["log", "-f", "tsv", "-o"], HOSTILE);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(": is a folder; name a file in it, such as "), "{ran:?}");
        assert!(!ran.stderr.contains(['\u{1b}', '\u{7}']), "{ran:?}");
    }

    /// A shell can expand `*` to names that look like options.
    #[test]
    fn names_like_options_cannot_send_escapes_to_the_terminal() {
        let trial = Trial::new();
        let ran = run(&trial, &[], b"--a\x1b[31m\n\x07");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        let first = ran.stderr.lines().next().unwrap();
        assert_eq!(first, r"trail2tsv: --a\u{1b}[31m\n\u{7}: unknown option");
        assert!(!ran.stderr.contains(['\u{1b}', '\u{7}']) && !ran.stderr.contains("31m\n"), "{ran:?}");
    }
}

/// Opening a pipe without a writer blocks, and must not delay Ctrl-C.
#[cfg(unix)]
#[test]
fn a_named_pipe_without_a_writer_can_be_interrupted() {
    let trial = Trial::new();
    let made = std::process::Command::new("mkfifo").arg(trial.path("pipe")).status().unwrap();
    assert!(made.success());
    let arguments = ["pipe", "-o", "out.tsv"];
    let child = trial.command(&arguments).spawn().unwrap();
    while std::fs::read_dir(trial.path("")).unwrap().count() < 2 {
        std::thread::yield_now();
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ran = trial.ran(&arguments, child.wait_with_output().unwrap());
    ran.shows(130, "", "trail2tsv: interrupted\n");
    assert_eq!(std::fs::read_dir(trial.path("")).unwrap().count(), 1, "a temporary file remains");
}
