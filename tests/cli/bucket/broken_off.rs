//! Runs that are killed or interrupted, and the runs after them.

use std::time::Duration;

use testkit::s3::Fault;

use super::cloud::{Cloud, PART, files, minutes, signal, text, wait_until};

/// Every body pauses in the middle, so that some are half downloaded at any moment.
fn slow_bodies(cloud: &Cloud) {
    cloud.server.fault(Fault::get("*").stall(Duration::from_millis(10)));
}

fn parts(cloud: &Cloud) -> usize {
    cloud.mirrored().iter().filter(|key| key.ends_with(PART)).count()
}

/// Waits until the last requests of a killed run have reached the server.
fn wait_for_silence(cloud: &Cloud) {
    let mut before = u64::MAX;
    while before != cloud.server.counts().get {
        before = cloud.server.counts().get;
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_run_leaves_no_file_that_looks_complete() {
    const LOGS: usize = 60;
    let cloud = Cloud::with_logs(LOGS);
    let last = &cloud.bucket.keys("")[LOGS - 1];
    for moment in (1..LOGS).step_by(4).chain([LOGS]) {
        slow_bodies(&cloud);
        // No run ends before it is killed.
        cloud.server.fault(Fault::get(last).delay(Duration::from_secs(600)));
        cloud.server.reset_counts();
        let mut child = cloud.spawn(&["--jobs", "6"]);
        wait_until(|| cloud.server.counts().get >= moment as u64);
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None);
        let whole = cloud.assert_whole();
        assert!(whole < LOGS);

        cloud.server.clear_faults();
        wait_for_silence(&cloud);
        cloud.server.reset_counts();
        cloud.run(&["-q"]).shows(0, &minutes(LOGS), "");
        assert_eq!(cloud.server.counts().get, (LOGS - whole) as u64, "complete objects are fetched again");
        assert_eq!(cloud.assert_whole(), LOGS);
        std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
    }
}

#[test]
fn partial_files_of_a_killed_run_are_skipped_and_counted() {
    let cloud = Cloud::with_logs(3);
    cloud.server.fault(Fault::get(&cloud.bucket.keys("")[1]).stall(Duration::from_secs(600)));
    let mut child = cloud.spawn(&[]);
    wait_until(|| (cloud.assert_whole(), parts(&cloud)) == (2, 1));
    child.kill().unwrap();
    child.wait().unwrap();
    let last = "2 events in 2 files read, 2 matched; 1 file skipped: 1 unfinished download";
    cloud.run(&["--offline"]).shows(0, "E000\nE002\n", &format!("trail2tsv: {last}\n"));
    cloud.server.clear_faults();
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    cloud.run(&["--offline"]).shows(0, &minutes(3), "trail2tsv: 3 events in 3 files read, 3 matched\n");
    assert_eq!(cloud.mirrored(), cloud.bucket.keys(""), "a partial file remains");
}

#[test]
fn files_of_another_running_process_are_not_touched() {
    let cloud = Cloud::with_logs(3);
    let slow = Fault::get(&cloud.bucket.keys("")[1]).times(1).stall(Duration::from_secs(3));
    cloud.server.fault(slow);
    let child = cloud.spawn(&["-q"]);
    wait_until(|| (cloud.assert_whole(), parts(&cloud)) == (2, 1));
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    assert_eq!(parts(&cloud), 1);
    cloud.trial.ran(&[], child.wait_with_output().unwrap()).shows(0, &minutes(3), "");
    assert_eq!((cloud.assert_whole(), parts(&cloud)), (3, 0));
}

#[test]
fn fifty_kills_at_random_times_do_not_change_the_result() {
    const LOGS: usize = 12;
    let cloud = Cloud::with_logs(LOGS);
    let mut random = fastrand::Rng::with_seed(7);
    let mut whole_before = 0;
    cloud.server.fault(Fault::get("*").stall(Duration::from_millis(15)));
    for _ in 0..50 {
        let mut child = cloud.spawn(&["--jobs", "2"]);
        std::thread::sleep(Duration::from_millis(random.u64(0..120)));
        child.kill().unwrap();
        child.wait().unwrap();
        let whole = cloud.assert_whole();
        assert!(whole >= whole_before, "a complete object is gone");
        whole_before = whole;
        if whole == LOGS {
            std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
            whole_before = 0;
        }
    }
    cloud.server.clear_faults();
    cloud.run(&["-q"]).shows(0, &minutes(LOGS), "");
    assert_eq!((cloud.assert_whole(), cloud.mirrored()), (LOGS, cloud.bucket.keys("")));
}

#[test]
fn repeatedly_killed_runs_finish_in_the_end() {
    const LOGS: usize = 60;
    let cloud = Cloud::with_logs(LOGS);
    slow_bodies(&cloud);
    for _ in 0..5 {
        cloud.server.reset_counts();
        let mut child = cloud.spawn(&["--jobs", "4"]);
        wait_until(|| cloud.server.counts().get >= 10);
        child.kill().unwrap();
        child.wait().unwrap();
        cloud.assert_whole();
    }
    cloud.run(&["-q"]).shows(0, &minutes(LOGS), "");
}

#[test]
fn an_interrupted_run_cleans_up_and_the_next_continues() {
    for name in ["-INT", "-TERM"] {
        let cloud = Cloud::with_logs(20);
        let keys = cloud.bucket.keys("");
        cloud.server.fault(Fault::get(&keys[10]).stall(Duration::from_secs(600)));
        let mut child = cloud.spawn(&["-o", "out.tsv"]);
        wait_until(|| cloud.assert_whole() == 19 && parts(&cloud) == 1);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!((text(child.stdout), text(child.stderr)), (String::new(), "trail2tsv: interrupted\n".into()));
        assert_eq!((parts(&cloud), cloud.assert_whole()), (0, 19));
        assert_eq!(files(&cloud.trial.path("")).len(), 19, "an output file remains");

        cloud.server.clear_faults();
        cloud.server.reset_counts();
        cloud.run(&["-q"]).shows(0, &minutes(20), "");
        assert_eq!(cloud.server.counts().get, 1);
    }
}

#[test]
fn a_run_can_be_interrupted_while_it_looks_for_logs() {
    for prefix in ["", "AWSLogs/"] {
        let cloud = Cloud::with_logs(1);
        let slow = cloud.server.fault(Fault::list(prefix).delay(Duration::from_secs(600)));
        let child = cloud.spawn(&[]);
        wait_until(|| slow.fired() > 0);
        signal(&child, "-INT");
        let ran = cloud.trial.ran(&[], child.wait_with_output().unwrap());
        ran.shows(130, "", "trail2tsv: interrupted\n");
    }
}

#[test]
fn two_runs_can_fill_one_mirror() {
    let cloud = Cloud::with_logs(40);
    slow_bodies(&cloud);
    let children = [(); 2].map(|()| cloud.spawn(&["-q", "--jobs", "8"]));
    for child in children {
        cloud.trial.ran(&[], child.wait_with_output().unwrap()).shows(0, &minutes(40), "");
    }
    assert_eq!((cloud.assert_whole(), parts(&cloud)), (40, 0));
}
