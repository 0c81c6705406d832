//! Missing and duplicate parts, and plans.

use super::{Parts, SAMPLE};
use crate::harness::Trial;

/// A question for each kind of parts.
const KINDS: [&[&str]; 5] =
    [&["--sort", "eventTime"], &["--count"], &["summary"], &["timeline"], &["history", "rules"]];

#[test]
fn a_missing_part_is_found_by_the_plan() {
    KINDS.iter().for_each(|question| check_missing(question));
}

fn check_missing(question: &[&str]) {
    let parts = Parts::of_sample();
    let mut made = parts.make(question, "2");
    let lost = made.remove(4);
    let list = parts.trial.read("4.txt");
    let (name, _) = list.lines().next().unwrap().split_once('\t').unwrap();
    parts.merge(&made, &["--plan", "keys.txt", "-o", "out.tsv"]).shows(
        1,
        "",
        &format!("trail2tsv: keys.txt: line 9: {name} is in no part, and so are 8 more files; a part is missing\n"),
    );
    assert!(!parts.trial.path("out.tsv").exists());
    // The lists of the parts name the list that is missing.
    let lists: Vec<&str> = parts.lists.iter().map(String::as_str).collect();
    let ran = parts.merge(&made, &[&["--plan"], &lists[..]].concat());
    assert!(ran.stderr.starts_with("trail2tsv: 4.txt: line 1: "), "{ran:?}");
    // A part without files is not needed.
    made.insert(4, lost);
    let empty = made.remove(1);
    assert_eq!(parts.merge(&made, &["--plan", "keys.txt"]).code, Some(0));
    assert!(parts.merge(&[empty], &["--plan", "keys.txt"]).stderr.contains("in no part"));
}

#[test]
fn a_doubled_part_is_named() {
    KINDS.iter().for_each(|question| check_doubled(question));
}

fn check_doubled(question: &[&str]) {
    let parts = Parts::of_sample();
    let made = parts.make(question, "2");
    let twice = [&made[..], &made[2..3]].concat();
    parts.merge(&twice, &[]).shows(1, "", "trail2tsv: 2.part: is given twice; merge each part once\n");
    std::fs::copy(parts.trial.path("2.part"), parts.trial.path("copy.part")).unwrap();
    let list = parts.trial.read("2.txt");
    let (name, _) = list.lines().next().unwrap().split_once('\t').unwrap();
    for plan in [&[][..], &["--plan", "keys.txt"]] {
        parts.merge(&[&made[..], &["copy.part".into()]].concat(), plan).shows(
            1,
            "",
            &format!("trail2tsv: copy.part: has {name}, which 2.part has too; merge each file once\n"),
        );
    }
}

#[test]
fn parts_of_another_plan_are_named() {
    let parts = Parts::of_sample();
    let made = parts.make(&["--count"], "2");
    let list = parts.trial.read("keys.txt");
    let lines: Vec<&str> = list.lines().collect();
    parts.trial.write("less.txt", lines[..lines.len() - 1].join("\n"));
    let (name, _) = lines.last().unwrap().split_once('\t').unwrap();
    let expected = format!("trail2tsv: 6.part: has {name}, which is not in the plan\n");
    parts.merge(&made, &["--plan", "less.txt"]).shows(1, "", &expected);
    // The files of a part are a range of the plan.
    let mut mixed = lines.clone();
    mixed.swap(3, 20);
    parts.trial.write("mixed.txt", mixed.join("\n"));
    let ran = parts.merge(&made, &["--plan", "mixed.txt"]);
    let expected = "trail2tsv: 2.part: its files are not a range of the plan, so the parts have no order\n";
    ran.shows(1, "", expected);
    let ran = parts.merge(&made, &["--plan", "nowhere.txt"]);
    ran.shows(1, "", "trail2tsv: --plan nowhere.txt: cannot be read: No such file or directory\n");
}

#[test]
fn parts_of_shards_are_one_run() {
    let trial = Trial::new();
    trial.run(&["keys", "-q", SAMPLE, "--split", "7", "--output-dir", "shards"]);
    let question = ["--sort", "-eventTime", "--dedupe", "-c", "+file"];
    let mut made = Vec::new();
    for number in 1..=7 {
        let (list, part) = (format!("shards/shard-{number}-of-7.txt"), format!("{number}.part"));
        let ran = trial.run(&[&question[..], &["--keys-from", &list, "--partial", &part]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        made.push(part);
    }
    made.reverse();
    let made: Vec<&str> = made.iter().map(String::as_str).collect();
    let lists: Vec<String> = (1..=7).map(|number| format!("shards/shard-{number}-of-7.txt")).collect();
    let lists: Vec<&str> = lists.iter().map(String::as_str).collect();
    let merged = trial.run(&[&["merge"], &made[..], &["--plan"], &lists[..]].concat());
    let whole = trial.run(&[&question[..], &[SAMPLE]].concat());
    merged.shows(0, &whole.stdout, &whole.stderr);
}

#[test]
fn a_part_that_a_limit_ended_needs_no_later_part() {
    let parts = Parts::of_generated();
    let question = ["-n", "3", "--dedupe", "-c", "eventID"];
    let made = parts.make(&question, "2");
    let whole = parts.whole(&question);
    let merged = parts.merge(&made[..3], &["--plan", "keys.txt"]);
    assert_eq!(merged.stdout, whole.stdout, "{merged:?}");
    // An earlier part is needed.
    let ran = parts.merge(&made[1..], &["--plan", "keys.txt"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("is in no part"), "{ran:?}");
}
