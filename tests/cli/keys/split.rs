//! `keys --split`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;

use crate::bucket::cloud::Cloud;
use crate::harness::Trial;

/// A folder with files of these sizes.
fn sized(sizes: &[usize]) -> Trial {
    let trial = Trial::new();
    fs::create_dir(trial.path("logs")).unwrap();
    for (number, size) in sizes.iter().enumerate() {
        trial.write(&format!("logs/{number:03}"), "x".repeat(*size));
    }
    trial
}

#[test]
fn shards_are_consecutive_and_of_about_equal_size() {
    let trial = sized(&[10, 10, 10, 30, 10, 10, 10]);
    trial.run(&["keys", "logs", "--split", "3", "--output-dir", "shards"]).shows(
        0,
        "shard\tobjects\tbytes\n\
         shards/shard-1-of-3.txt\t3\t30\n\
         shards/shard-2-of-3.txt\t1\t30\n\
         shards/shard-3-of-3.txt\t3\t30\n",
        "trail2tsv: 7 objects listed (90 B)\n",
    );
    assert_eq!(trial.read("shards/shard-1-of-3.txt"), "logs/000\t10\nlogs/001\t10\nlogs/002\t10\n");
    assert_eq!(trial.read("shards/shard-2-of-3.txt"), "logs/003\t30\n");
    assert_eq!(trial.read("shards/shard-3-of-3.txt"), "logs/004\t10\nlogs/005\t10\nlogs/006\t10\n");
    // The shards in their order are the list.
    let whole = trial.run(&["keys", "-q", "logs"]).stdout;
    let shards = [1, 2, 3].map(|shard| trial.read(&format!("shards/shard-{shard}-of-3.txt")));
    assert_eq!(shards.concat(), whole);
}

#[test]
fn the_number_of_shards_is_exact_and_their_names_sort() {
    let trial = sized(&[5, 5]);
    let ran = trial.run(&["keys", "-q", "logs", "--split", "12", "--output-dir", "new/shards"]);
    assert_eq!(ran.lines(0).len(), 13);
    let mut names: Vec<_> =
        fs::read_dir(trial.path("new/shards")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 12);
    assert_eq!((names[0].to_str(), names[11].to_str()), (Some("shard-01-of-12.txt"), Some("shard-12-of-12.txt")));
    let empty = names.iter().filter(|name| fs::read(trial.path("new/shards").join(name)).unwrap().is_empty()).count();
    assert_eq!(empty, 10);
    let nothing = sized(&[]);
    nothing.run(&["keys", "logs", "--split", "1", "--output-dir", "shards"]).shows(
        0,
        "shard\tobjects\tbytes\nshards/shard-1-of-1.txt\t0\t0\n",
        "trail2tsv: logs: the folder has no files\ntrail2tsv: 0 objects listed (0 B)\n",
    );
}

#[test]
fn shards_of_another_list_are_refused() {
    let trial = sized(&[5]);
    trial.write("shards/shard-3-of-9.txt", "old");
    trial.write("shards/notes.txt", "mine");
    let split = ["keys", "logs", "--split", "2", "--output-dir", "shards"];
    trial.run(&split).shows(
        1,
        "",
        "trail2tsv: shards: has a shard of another list (shard-3-of-9.txt); remove its shards, or choose another folder\n",
    );
    fs::remove_file(trial.path("shards/shard-3-of-9.txt")).unwrap();
    assert_eq!(trial.run(&split).code, Some(0));
    assert_eq!(trial.run(&split).code, Some(1));
    trial.write("file", "");
    let ran = trial.run(&["keys", "logs", "--split", "2", "--output-dir", "file"]);
    ran.shows(1, "", "trail2tsv: file: cannot be written: File exists\n");
}

#[test]
fn the_objects_of_a_bucket_are_split() {
    let cloud = Cloud::with_logs(20);
    let list = cloud.trial.run(&["keys", "-q", "s3://logs"]).stdout;
    let ran = cloud.trial.run(&["keys", "-q", "s3://logs", "--split", "3", "--output-dir", "shards"]);
    let objects: Vec<u64> =
        ran.lines(0)[1..].iter().map(|row| row.split('\t').nth(1).unwrap().parse().unwrap()).collect();
    assert!(objects.iter().sum::<u64>() == 20 && objects.iter().all(|count| (6..=7).contains(count)), "{ran:?}");
    let shards = [1, 2, 3].map(|shard| cloud.trial.read(&format!("shards/shard-{shard}-of-3.txt")));
    assert_eq!(shards.concat(), list);
}
