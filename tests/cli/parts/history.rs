//! Histories, whose changes are spread over all parts.

use std::fs;

use super::Parts;
use crate::harness::Trial;

/// Checks that the merged parts of a history are equal to one run over all files.
#[track_caller]
fn check(parts: &Parts, options: &[&str]) -> String {
    let question = [&["history"], options].concat();
    let whole = parts.whole(&question);
    assert!(matches!(whole.code, Some(0 | 3)), "{whole:?}");
    let made = parts.make(&question, "3");
    let mut shuffled = made.clone();
    shuffled.rotate_left(3);
    parts.merge(&shuffled, &["--plan", "keys.txt"]).shows(whole.code.unwrap(), &whole.stdout, &whole.stderr);
    whole.stdout
}

/// Logs of rules that come and go, delivered twice. One event is too long to be read.
fn rules() -> Trial {
    let trial = Trial::new();
    for file in 0..30 {
        let event = |at: usize| {
            let (minute, port) = ((file * 7 + at * 13) % 60, 20 + (file + at * 3) % 7);
            let verb = if (file + at).is_multiple_of(3) { "Revoke" } else { "Authorize" };
            let long = if (file, at) == (17, 2) { "x".repeat(1_100_000) } else { String::new() };
            let region = ["eu-west-1", "us-east-1"][file % 2];
            format!(
                r#"{{"eventTime":"2026-10-{:02}T09:{minute:02}:00Z","eventSource":"ec2.amazonaws.com","awsRegion":"{region}",
                "eventName":"{verb}SecurityGroupIngress","recipientAccountId":"111122223333","eventID":"e{}",
                "userIdentity":{{"type":"IAMUser","userName":"user{}"}},"userAgent":"{long}","requestParameters":
                {{"groupId":"sg-0{}","ipProtocol":"tcp","fromPort":{port},"toPort":{port},"cidrIp":"0.0.0.0/0"}},
                "responseElements":{{"_return":true}}}}"#,
                1 + file % 9,
                file % 20 * 10 + at,
                at % 3,
                at % 2,
            )
        };
        let events: Vec<String> = (0..file % 6).map(event).collect();
        trial.write(&format!("logs/{file:02}.json"), format!(r#"{{"Records":[{}]}}"#, events.join(",")));
    }
    trial.write("logs/11b.json", r#"{"Records":[{"eventName":"Half"},{"eventName":"#);
    trial
}

#[test]
fn parts_of_the_sample_are_one_run() {
    let parts = Parts::of_sample();
    let resource = check(&parts, &["resource", "i-0abc12de34f567890"]);
    assert!(resource.lines().count() > 3, "{resource}");
    check(&parts, &["ip", "10.0.1.10", "-f", "csv", "--at", "2026-10-01T12:00"]);
    check(&parts, &["exposed", "203.0.113.7", "--since", "2026-09-30T12:00:00Z"]);
    check(&parts, &["rules", "--from", "10.0.0.0/8", "-f", "table"]);
}

#[test]
fn parts_of_logs_with_duplicates_are_one_run() {
    let parts = Parts::of(rules(), "logs");
    let all = check(&parts, &["rules"]);
    assert!(all.lines().count() > 20, "{all}");
    let whole = parts.whole(&["history", "rules"]);
    assert!(whole.stderr.contains("logs/17.json: ") && whole.stderr.contains("logs/11b.json: "), "{whole:?}");
    check(&parts, &["rules", "--open", "--port", "22", "--group", "sg-01", "-f", "json", "--time-zone", "+02:00"]);
    check(&parts, &["resource", "sg-00", "-c", "from,until,begunBy", "--no-header"]);
    check(&parts, &["resource", "sg-nowhere"]);
    assert!(check(&parts, &["--git"]).contains("commit refs/heads/"));
}

#[test]
fn a_folder_of_documents_is_that_of_one_run() {
    let parts = Parts::of_sample();
    let whole = parts.whole(&["history", "--files", "documents"]);
    let files =
        |folder: &str| parts.trial.run_in_shell(&format!("cd {folder} && find . -type f | sort | xargs cat")).stdout;
    let expected = files("documents");
    fs::remove_dir_all(parts.trial.path("documents")).unwrap();
    let made = parts.make(&["history", "--files", "documents"], "2");
    parts.merge(&made, &[]).shows(0, "", &whole.stderr);
    assert!(!expected.is_empty() && files("documents") == expected);
    let ran = parts.merge(&made, &["-o", "x"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("the parts are of --files"), "{ran:?}");
}

#[test]
fn the_merge_reads_the_snapshot() {
    let parts = Parts::of_sample();
    let missing = "trail2tsv: nowhere: not a folder that trail2tsv snapshot has written: No such file or directory\n";
    let made = parts.make(&["history", "rules", "--snapshot", "nowhere"], "2");
    parts.merge(&made, &[]).shows(1, "", missing);
}

#[test]
fn parts_of_another_history_are_named() {
    let parts = Parts::of_sample();
    let made = parts.make(&["history", "rules", "--open"], "2");
    let whole = parts.whole(&["history", "rules", "--open"]);
    parts.merge(&made, &["--", "history", "rules", "--open"]).shows(0, &whole.stdout, &whole.stderr);
    let ran = parts.merge(&made, &["--", "history", "rules"]);
    ran.shows(1, "", "trail2tsv: 0.part: is a part of another question: --open instead of no --open\n");
    let ran = parts.merge(&made, &["--", "history", "ip", "10.0.1.10"]);
    let expected = "trail2tsv: 0.part: is a part of another question: trail2tsv history rules instead of trail2tsv \
                    history ip\n";
    ran.shows(1, "", expected);
}
