//! The files of resources that cannot be read are kept.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::aws_query::ANY;

use super::account::Account;

const REGION: &str = "eu-west-1";
const OTHER: &str = "us-east-1";
const ALWAYS: usize = usize::MAX;

/// Two regions, each with two instances in the snapshot, one of which is then deleted.
fn account() -> Account {
    let account = Account::new(&[REGION, OTHER]);
    for region in [REGION, OTHER] {
        account.instances(region, &[("i-1", "a"), ("i-2", "b")]);
        account.rules(region, &[]);
    }
    account.snapshot(&["-q"]).shows(0, "", "");
    for region in [REGION, OTHER] {
        account.instances(region, &[("i-1", "a")]);
    }
    account
}

#[test]
fn a_region_that_fails_keeps_its_files() {
    let mut account = account();
    account.trial.env("AWS_MAX_ATTEMPTS", "1");
    account.server.fail(ANY, OTHER, 500, "InternalError", ALWAYS);
    account.snapshot(&[]).shows(
        3,
        "",
        "trail2tsv: us-east-1: not read: InternalError: as the test wants; its files were left as they are\n\
         trail2tsv: 2 resources in 1 region: 0 added, 0 changed, 1 removed\n",
    );
    let kept = ["eu-west-1/instances/i-1.yaml", "eu-west-1/security-groups/sg-1.yaml"];
    let other = ["us-east-1/instances/i-1.yaml", "us-east-1/instances/i-2.yaml", "us-east-1/security-groups/sg-1.yaml"];
    assert_eq!(account.paths(), [&kept[..], &other].concat());
}

#[test]
fn a_call_that_is_denied_keeps_its_files() {
    let account = account();
    account.server.fail("DescribeInstances", REGION, 403, "UnauthorizedOperation", ALWAYS);
    account.server.fail("DescribeVolumes", REGION, 403, "UnauthorizedOperation", ALWAYS);
    account.snapshot(&["-q"]).shows(
        3,
        "",
        "trail2tsv: eu-west-1 instances, volumes: not read: access denied (UnauthorizedOperation): as the test wants; \
         its files were left as they are\n",
    );
    assert_eq!(account.paths().len(), 5);
}

#[test]
fn a_region_that_is_not_enabled_does_not_stop_the_run() {
    let account = account();
    account.server.fail(ANY, OTHER, 401, "AuthFailure", ALWAYS);
    account.snapshot(&[]).shows(
        3,
        "",
        "trail2tsv: us-east-1: not read: the region is not enabled, or does not accept these credentials \
         (AuthFailure); its files were left as they are\n\
         trail2tsv: 2 resources in 1 region: 0 added, 0 changed, 1 removed\n",
    );
}

#[test]
fn rejected_credentials_end_the_run() {
    for (action, code) in [("GetCallerIdentity", "InvalidClientTokenId"), ("DescribeInstances", "ExpiredToken")] {
        let account = account();
        account.server.fail(action, ANY, 403, code, ALWAYS);
        let ran = account.snapshot(&[]);
        let expected = format!(
            "({code}); sign in again, for example with `aws sso login`, or choose another profile with --profile\n"
        );
        assert!(ran.code == Some(1) && ran.stderr.ends_with(&expected), "{ran:?}");
        assert!(account.paths().len() >= 4);
    }
    // No region accepts the credentials.
    let account = account();
    for action in actions(&account) {
        account.server.fail(&action, ANY, 401, "AuthFailure", ALWAYS);
    }
    let expected = "trail2tsv: the credentials were rejected (AuthFailure); sign in again, for example with \
                    `aws sso login`, or choose another profile with --profile\n";
    account.snapshot(&[]).shows(1, "", expected);
}

/// The list requests of a run.
fn actions(account: &Account) -> Vec<String> {
    account.server.calls();
    account.snapshot(&["-q"]).shows(0, "", "");
    let calls = account.server.calls().into_iter().map(|call| call.action);
    calls.filter(|action| !["GetCallerIdentity", "DescribeRegions"].contains(&action.as_str())).collect()
}

#[test]
fn credentials_of_another_partition_are_accepted_in_its_regions() {
    let account = account();
    account.server.fail("GetCallerIdentity", REGION, 403, "InvalidClientTokenId", ALWAYS);
    let ran = account.snapshot(&["--region", OTHER]);
    ran.shows(0, "", "trail2tsv: 2 resources in 1 region: 0 added, 0 changed, 1 removed\n");
}

#[test]
fn missing_credentials_name_the_profile() {
    let mut account = Account::new(&[REGION]);
    account.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    let ran = account.snapshot(&[]);
    let expected = "trail2tsv: no credentials found; sign in, for example with `aws sso login`, or choose another \
                    profile with --profile\n";
    ran.shows(1, "", expected);
    account.trial.write(".aws/config", "[profile audit]\n");
    let expected = "trail2tsv: --profile \"adit\": profile not found; available profiles: audit\n";
    account.snapshot(&["--profile", "adit"]).shows(1, "", expected);
}

#[test]
fn if_regions_are_unknown_they_must_be_named() {
    let account = Account::new(&[REGION]);
    account.server.fail("DescribeRegions", ANY, 403, "UnauthorizedOperation", ALWAYS);
    let expected = "trail2tsv: the enabled regions are not known: access denied (UnauthorizedOperation): as the test \
                    wants; or name regions by --region\n";
    account.snapshot(&[]).shows(1, "", expected);
    account.snapshot(&["-q", "--region", REGION]).shows(0, "", "");
}

#[test]
fn throttled_requests_are_repeated() {
    let account = account();
    account.server.fail("DescribeInstances", REGION, 503, "RequestLimitExceeded", 3);
    account.server.fail("DescribeAutoScalingGroups", OTHER, 400, "Throttling", 2);
    account.server.calls();
    account.snapshot(&[]).shows(0, "", "trail2tsv: 4 resources in 2 regions: 0 added, 0 changed, 2 removed\n");
    assert_eq!(account.server.count("DescribeInstances"), 5);
    assert_eq!(account.server.count("DescribeAutoScalingGroups"), 4);
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_whole_files() {
    use crate::bucket::cloud::{signal, text, wait_until};
    let account = account();
    let before = account.documents();
    account.server.stall(ANY, OTHER);
    let mut child = account.trial.command(&["snapshot", "out"]).spawn().unwrap();
    let other = "eu-west-1/instances/i-2.yaml";
    wait_until(|| !account.trial.path("out").join(super::account::ACCOUNT).join(other).exists());
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(text(child.stderr.take()), "trail2tsv: interrupted\n");
    let mut expected = before;
    expected.remove(other);
    assert_eq!(account.documents(), expected);
}
