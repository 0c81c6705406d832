//! Outputs that cannot be written, have no reader, or are interrupted.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::{LOG, NAMES};
use crate::harness::Trial;

fn names(trial: &Trial) -> Vec<String> {
    let entries = std::fs::read_dir(trial.path("")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    use std::fs::OpenOptions;

    let trial = Trial::with("log", LOG);
    let full = "cannot be written: No space left on device\n";
    let full_stdout = |arguments: &[&str]| {
        let device = OpenOptions::new().write(true).open("/dev/full").unwrap();
        trial.ran(arguments, trial.command(arguments).stdout(device).output().unwrap())
    };
    let more = "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n".repeat(100_000);
    trial.write("more", more);
    for arguments in [&["log"][..], &["log", "--no-header"], &["log", "--count"], &["more"], &["-c", "help"]] {
        full_stdout(arguments).shows(1, "", &format!("trail2tsv: standard output: {full}"));
    }
    for input in ["log", "more"] {
        trial.run(&[input, "-o", "/dev/full"]).shows(1, "", &format!("trail2tsv: /dev/full: {full}"));
    }
    assert_eq!(names(&trial), ["log", "more"]);
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
    let trial = Trial::with("log", "{\"eventName\":\"A\",\"eventVersion\":\"1\"}\n".repeat(200_000));
    let arguments = ["log", "-c", "eventName,file"];
    let mut child = trial.command(&arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // The reader is dropped by now, with nearly all of the rows unread.
    let ran = trial.ran(&arguments, child.wait_with_output().unwrap());
    assert_eq!(line, "eventName\tfile\n");
    ran.shows(0, "", "");
}

#[test]
fn a_pipe_closed_from_the_start_is_not_a_failure() {
    let trial = Trial::with("log", LOG);
    for arguments in [&["log"][..], &["log", "--count"], &["--columns", "help"]] {
        let mut child = trial.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        // Nothing is read from standard input.
        drop(child.stdin.take());
        trial.ran(arguments, child.wait_with_output().unwrap()).shows(0, "", "");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    use super::{system, wait_for_output};

    for signal in ["-INT", "-TERM"] {
        let trial = Trial::new();
        let arguments = ["-", "-o", "out.tsv"];
        let mut child = trial.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        wait_for_output(&mut child, &trial.path(""));
        system("kill", &[signal, &child.id().to_string()]);
        let ran = trial.ran(&arguments, child.wait_with_output().unwrap());
        ran.shows(130, "", "trail2tsv: interrupted\n");
        assert!(names(&trial).is_empty(), "{:?}", names(&trial));
        // Standard input was open and silent until now.
        drop(stdin);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_old_file() {
    use super::{system, wait_for_output};

    let trial = Trial::with("out.tsv", "old\n");
    let arguments = ["-", "-o", "out.tsv"];
    let mut child = trial.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    wait_for_output(&mut child, &trial.path(""));
    system("kill", &["-INT", &child.id().to_string()]);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(130), "trail2tsv: interrupted\n"));
    assert_eq!((names(&trial), trial.read("out.tsv").as_str()), (vec!["out.tsv".to_string()], "old\n"));
    drop(stdin);
}

#[cfg(unix)]
#[test]
fn a_busy_run_explains_how_to_stop_it() {
    use std::io::{BufRead, BufReader};

    use super::{system, wait_for_output};

    let trial = Trial::with("log.json", LOG);
    // Slightly more than one write, and then an endless loop without output.
    let endless = r#"("x" * 1000 | range(1100) as $line | .), (def f: f; f)"#;
    let mut child = trial.command(&["log.json", "--jq", endless, "-o", "out.tsv"]).spawn().unwrap();
    wait_for_output(&mut child, &trial.path(""));
    let mut parts = std::fs::read_dir(trial.path("")).unwrap().map(|entry| entry.unwrap().path());
    let part = parts.find(|path| path.to_string_lossy().ends_with("trail2tsv-part")).unwrap();
    while std::fs::metadata(&part).unwrap().len() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    system("kill", &["-TERM", &child.id().to_string()]);
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "trail2tsv: still busy; interrupt again to stop immediately\n");
    system("kill", &["-TERM", &child.id().to_string()]);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn partial_files_of_a_killed_run_are_removed() {
    let trial = Trial::with("log", LOG);
    let others = [".trail2tsv-notes", ".other.trail2tsv-part", "x.trail2tsv-part"];
    others.iter().for_each(|name| trial.write(name, "mine"));
    let begun = |arguments: &[&str]| {
        let mut child = trial.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let part = format!(".trail2tsv-{}-", child.id());
        while !names(&trial).iter().any(|name| name.starts_with(&part)) {
            assert!(child.try_wait().unwrap().is_none(), "{arguments:?}");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        child
    };
    // It begins before the others, and is still running when they have ended.
    let mut alive = begun(&["-", "-c", "eventName", "--no-header", "-o", "alive.tsv"]);
    let parts = || names(&trial).into_iter().filter(|name| name.starts_with(".trail2tsv-") && name.ends_with("-part"));
    for (arguments, next) in [
        (&["-", "-o", "out.tsv"][..], &["log", "-o", "out.tsv"][..]),
        (&["-", "-o", "out.tsv"], &["log", "-o", "another.csv"]),
        (&["-", "-o", "out.xlsx"], &["log", "-o", "out.xlsx"]),
        (&["summary", "-", "--html", "page.html"], &["summary", "log", "--html", "page.html"]),
    ] {
        let mut killed = begun(arguments);
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert_eq!(parts().count(), 2, "{arguments:?}: {:?}", names(&trial));
        assert_eq!(trial.run(next).code, Some(0), "{next:?}");
        assert_eq!(parts().count(), 1, "{next:?}: {:?}", names(&trial));
    }
    std::io::Write::write_all(&mut alive.stdin.take().unwrap(), LOG.as_bytes()).unwrap();
    assert_eq!(alive.wait().unwrap().code(), Some(0));
    assert_eq!(trial.read("alive.tsv"), "A\nB\nC\n");
    let whole = ["alive.tsv", "another.csv", "log", "out.tsv", "out.xlsx", "page.html", others[2]];
    assert_eq!(names(&trial), [&others[1..2], &others[..1], &whole].concat());
}

#[test]
fn an_output_must_be_a_file_in_a_folder_that_is_there() {
    let trial = Trial::with("log", LOG);
    trial.write("folder/x.json", LOG);
    for (output, why) in [
        ("nowhere/out.tsv", "cannot be written: No such file or directory"),
        ("log/out.tsv", "cannot be written: Not a directory"),
    ] {
        trial.run(&["log", "-o", output]).shows(1, "", &format!("trail2tsv: {output}: {why}\n"));
    }
    for (folder, name) in [("folder", "folder/events.tsv"), (".", "./events.tsv"), ("new/", "new/events.tsv")] {
        let text = format!("--output {folder:?}: is a folder; name a file in it, such as {name}");
        trial.run(&["log", "-o", folder]).shows(2, "", &format!("trail2tsv: {text}\ntrail2tsv: try --help\n"));
    }
    assert_eq!(names(&trial), ["folder", "log"]);
}

#[test]
fn an_output_file_in_the_input_folder_is_not_read() {
    let trial = Trial::with("a.json", LOG);
    let last = "trail2tsv: 3 events in 1 file read, 3 matched\n";
    trial.run(&[".", "-c", "eventName", "-o", "out.csv"]).shows(0, "", last);
    assert_eq!(trial.read("out.csv"), "eventName\nA\nB\nC\n");
    assert_eq!(names(&trial), ["a.json", "out.csv"]);
}

#[test]
fn a_problem_in_the_input_does_not_cost_the_output() {
    let trial = Trial::with("log", &LOG[..LOG.len() - 3]);
    let arguments = [&NAMES[..], &["-o", "out.tsv"]].concat();
    trial.run(&arguments).shows(
        3,
        "",
        "trail2tsv: log: JSON ends early; 2 events before it were kept\n\
         trail2tsv: 2 events in 1 file read, 2 matched; 1 problem, named above\n",
    );
    assert_eq!(trial.read("out.tsv"), "A\nB\n");
}
