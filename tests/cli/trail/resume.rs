//! Runs that are stopped after each change, and run again.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::Value;
use testkit::aws_account::Fault;

use super::account::Account;

const ALL: [&str; 8] =
    ["--queue", "--keep=400", "--kms-key", KEY, "--data-events=lambda", "--insights", "--prefix=p", "--name=my.trail"];
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The resources of an account after an undisturbed run, and the number of its changes.
fn undisturbed() -> (Value, usize) {
    let account = Account::new();
    account.create(&ALL).shows(0, "", "");
    (account.server.resources(), account.server.changes().len())
}

#[test]
fn a_run_stopped_after_any_change_is_completed_by_the_next() {
    let (expected, changes) = undisturbed();
    for made in 0..changes {
        let account = Account::new();
        account.server.fault(Fault::StopAfter(made));
        let stopped = account.create(&ALL);
        assert_eq!(stopped.code, Some(1), "{stopped:?}");
        if made > 0 {
            assert!(stopped.stderr.contains("stopped by the test"), "{stopped:?}");
        }
        account.server.clear_faults();
        account.create(&ALL).shows(0, "", "");
        assert_eq!(account.server.resources(), expected, "stopped after {made} changes");
        account.server.changes();
        account.create(&ALL).shows(0, "", "");
        assert!(account.server.changes().is_empty(), "stopped after {made} changes");
    }
}

#[test]
fn a_lost_answer_does_no_harm() {
    let (expected, changes) = undisturbed();
    for lost in 1..=changes {
        let account = Account::new();
        account.server.fault(Fault::LoseAnswer(lost));
        account.create(&ALL).shows(0, "", "");
        assert_eq!(account.server.resources(), expected, "lost answer {lost}");
    }
}

#[test]
fn a_deletion_stopped_after_any_change_is_completed_by_the_next() {
    let create = ["--queue=q", "--topic=t"];
    let delete = ["delete", "--yes", "-q"];
    let account = Account::new();
    account.create(&create).shows(0, "", "");
    account.server.changes();
    account.trail(&delete).shows(0, "", "");
    let (expected, changes) = (account.server.resources(), account.server.changes().len());
    assert_eq!(changes, 5);
    for made in 0..changes {
        let account = Account::new();
        account.create(&create).shows(0, "", "");
        account.server.fault(Fault::StopAfter(made));
        assert_eq!(account.trail(&delete).code, Some(1));
        account.server.clear_faults();
        account.trail(&delete).shows(0, "", "");
        assert_eq!(account.server.resources(), expected, "stopped after {made} changes");
    }
}
