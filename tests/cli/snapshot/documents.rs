//! The documents that a snapshot writes.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::aws_query::{Api, QueryCall};

use super::account::{ACCOUNT, Account, instance, rule};

const REGION: &str = "eu-west-1";

#[test]
fn each_resource_is_a_document() {
    let account = Account::new(&[REGION]);
    account.instances(REGION, &[("i-1", "web")]);
    account.rules(REGION, &[rule(443, "0.0.0.0/0"), rule(22, "203.0.113.0/24")]);
    account.snapshot(&[]).shows(0, "", "trail2tsv: 2 resources in 1 region: 2 added, 0 changed, 0 removed\n");
    let documents = account.documents();
    assert_eq!(
        documents["eu-west-1/instances/i-1.yaml"],
        format!(
            "groupSet:\n  - groupId: \"sg-1\"\n  - groupId: \"sg-2\"\ninstanceId: \"i-1\"\ninstanceState:\n  \
             code: \"16\"\n  name: \"running\"\nownerId: \"{ACCOUNT}\"\nreservationId: \"r-1\"\ntagSet:\n  \
             Name: \"web\"\n"
        )
    );
    assert_eq!(
        documents["eu-west-1/security-groups/sg-1.yaml"],
        format!(
            "groupId: \"sg-1\"\ngroupName: \"web\"\nownerId: \"{ACCOUNT}\"\nrules:\n  \
             - \"in tcp 22 203.0.113.0/24\"\n  - \"in tcp 443 0.0.0.0/0\"\n"
        )
    );
    assert!(account.trial.path("out/.trail2tsv-snapshot").exists());
}

#[test]
fn a_second_run_writes_the_same_bytes() {
    let account = Account::new(&[REGION, "us-east-1"]);
    account.instances(REGION, &[("i-1", "a"), ("i-2", "b")]);
    account.instances("us-east-1", &[("i-3", "c")]);
    account.rules(REGION, &[rule(443, "0.0.0.0/0"), rule(22, "203.0.113.0/24")]);
    account.snapshot(&[]).shows(0, "", "trail2tsv: 4 resources in 2 regions: 4 added, 0 changed, 0 removed\n");
    let before = account.documents();
    // AWS returns lists in any order.
    account.instances(REGION, &[("i-2", "b"), ("i-1", "a")]);
    account.rules(REGION, &[rule(22, "203.0.113.0/24"), rule(443, "0.0.0.0/0")]);
    account.snapshot(&[]).shows(0, "", "trail2tsv: 4 resources in 2 regions: 0 added, 0 changed, 0 removed\n");
    assert_eq!(account.documents(), before);
}

#[test]
fn what_changed_is_written_and_what_is_gone_is_removed() {
    let account = Account::new(&[REGION]);
    account.instances(REGION, &[("i-1", "a"), ("i-2", "b"), ("i-3", "c")]);
    account.snapshot(&["-q"]).shows(0, "", "");
    let ended = vec![instance("i-1", "A", "running"), instance("i-2", "b", "terminated")];
    account.server.list(Api::Ec2, "DescribeInstances", REGION, "reservationSet", ended);
    account.snapshot(&[]).shows(0, "", "trail2tsv: 1 resource in 1 region: 0 added, 1 changed, 2 removed\n");
    assert_eq!(account.paths(), ["eu-west-1/instances/i-1.yaml"]);
    assert!(account.documents()["eu-west-1/instances/i-1.yaml"].contains("\n  Name: \"A\"\n"));
}

#[test]
fn lists_are_read_to_their_last_page() {
    let account = Account::new(&[REGION]);
    let names: Vec<String> = (0..2500).map(|number| format!("i-{number:04}")).collect();
    account.instances(REGION, &names.iter().map(|name| (name.as_str(), "x")).collect::<Vec<_>>());
    account.snapshot(&[]).shows(0, "", "trail2tsv: 2,500 resources in 1 region: 2,500 added, 0 changed, 0 removed\n");
    assert_eq!((account.paths().len(), account.server.count("DescribeInstances")), (2500, 3));
    let group = |number| format!("<member><AutoScalingGroupName>g{number}</AutoScalingGroupName></member>");
    let groups = (0..150).map(group).collect();
    account.server.list(Api::AutoScaling, "DescribeAutoScalingGroups", REGION, "AutoScalingGroups", groups);
    account.instances(REGION, &[]);
    account.snapshot(&["-q"]).shows(0, "", "");
    assert_eq!(account.paths().len(), 150);
}

#[test]
fn regions_that_are_named_are_the_only_ones() {
    let account = Account::new(&[REGION, "us-east-1"]);
    for region in [REGION, "us-east-1", "eu-north-1"] {
        account.instances(region, &[(&format!("i-{region}"), "x")]);
    }
    account.snapshot(&["-q"]).shows(0, "", "");
    assert_eq!(account.paths(), ["eu-west-1/instances/i-eu-west-1.yaml", "us-east-1/instances/i-us-east-1.yaml"]);
    account.server.calls();
    account.instances("us-east-1", &[]);
    let ran = account.snapshot(&["--region", "us-east-1,eu-north-1", "--region", "us-east-1"]);
    ran.shows(0, "", "trail2tsv: 1 resource in 2 regions: 1 added, 0 changed, 1 removed\n");
    assert_eq!(account.paths(), ["eu-north-1/instances/i-eu-north-1.yaml", "eu-west-1/instances/i-eu-west-1.yaml"]);
    let calls = account.server.calls();
    // In the configured region, only the account is requested.
    let is_asked = |call: &&QueryCall| call.region == REGION || call.action == "DescribeRegions";
    let asked: Vec<&str> = calls.iter().filter(is_asked).map(|call| call.action.as_str()).collect();
    assert_eq!(asked, ["GetCallerIdentity"]);
}

#[test]
fn json_replaces_yaml() {
    let account = Account::new(&[REGION]);
    account.instances(REGION, &[("i-1", "a")]);
    account.snapshot(&["-q"]).shows(0, "", "");
    let ran = account.trial.run(&["snapshot", "-o", "out", "-f", "JSON"]);
    ran.shows(0, "", "trail2tsv: 1 resource in 1 region: 1 added, 0 changed, 1 removed\n");
    assert_eq!(account.paths(), ["eu-west-1/instances/i-1.json"]);
    let document = &account.documents()["eu-west-1/instances/i-1.json"];
    assert!(document.contains("\n  \"tagSet\": {\n    \"Name\": \"a\"\n  }\n}\n"), "{document}");
}

#[test]
fn settings_are_used() {
    let mut account = Account::new(&[REGION]);
    account.instances(REGION, &[("i-1", "a")]);
    let endpoint = account.server.endpoint();
    account.trial.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    // The format of tables does not apply to documents.
    account.trial.write("mine.toml", format!("endpoint-url = {endpoint:?}\nformat = \"csv\"\nbucket = \"b\"\n"));
    let ran = account.snapshot(&["--config", "mine.toml", "-vv"]);
    let expected = "trail2tsv: account 111122223333, 1 region\n\
                    trail2tsv: 111122223333/eu-west-1/instances/i-1.yaml\n\
                    trail2tsv: 1 resource in 1 region: 1 added, 0 changed, 0 removed\n";
    assert!(ran.code == Some(0) && ran.stderr.ends_with(expected), "{ran:?}");
    account.snapshot(&["-q", "--endpoint-url", &endpoint]).shows(0, "", "");
    assert_eq!(account.paths(), ["eu-west-1/instances/i-1.yaml"]);
}
