//! Names that could break a file, or lead out of the folder.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use testkit::aws_query::Api;

use super::account::Account;

const REGION: &str = "eu-west-1";

#[test]
fn no_value_breaks_a_document() {
    let account = Account::new(&[REGION]);
    let names = ["no", "1e3", "22:22", "a\n- b: \"c\"\r\n", "\u{2028}\u{85}", "'", "# x", "~", "  ", "<&>"];
    let instances: Vec<(String, &str)> =
        names.iter().enumerate().map(|(at, name)| (format!("i-{at}"), *name)).collect();
    account.instances(REGION, &instances.iter().map(|(id, name)| (id.as_str(), *name)).collect::<Vec<_>>());
    account.snapshot(&["-q"]).shows(0, "", "");
    let documents = account.documents();
    for (id, name) in &instances {
        let document = &documents[&format!("{REGION}/instances/{id}.yaml")];
        assert_eq!(document.lines().count(), 11, "{document}");
        let line = document.lines().last().unwrap();
        let value = line.strip_prefix("  Name: ").unwrap();
        assert_eq!(serde_json::from_str::<String>(value).unwrap(), *name, "{document}");
    }
}

#[test]
fn no_name_leaves_the_folder() {
    let account = Account::new(&[REGION]);
    let names = ["../../../../evil", "..", "/etc/passwd", "a/b", "CON", "a b:c*?", ".git", "-f"];
    let group = |name: &&str| format!("<member><AutoScalingGroupName>{name}</AutoScalingGroupName></member>");
    let groups = names.iter().map(group).collect();
    account.server.list(Api::AutoScaling, "DescribeAutoScalingGroups", REGION, "AutoScalingGroups", groups);
    account.snapshot(&["-q"]).shows(0, "", "");
    let paths = account.paths();
    assert_eq!(paths.len(), names.len());
    let is_inside = |path: &String| {
        path.strip_prefix("eu-west-1/auto-scaling-groups/")
            .is_some_and(|name| !name.contains('/') && !name.starts_with('.'))
    };
    assert!(paths.iter().all(is_inside), "{paths:?}");
    assert!(!account.trial.path("evil").exists());
}

#[test]
fn a_folder_with_other_files_is_refused() {
    let account = Account::new(&[REGION]);
    account.trial.write("out/mine.yaml", "mine");
    let ran = account.snapshot(&[]);
    assert!(ran.code == Some(1) && ran.stderr.starts_with("trail2tsv: out: is not empty and has no file"), "{ran:?}");
    assert_eq!(account.server.calls(), []);
}

#[test]
fn wrong_options_are_usage_errors() {
    let account = Account::new(&[REGION]);
    let region = "trail2tsv: --region \"EU\": not a region; write one such as eu-west-1\ntrail2tsv: try --help\n";
    account.snapshot(&["--region", "EU"]).shows(2, "", region);
    for arguments in [&["snapshot"][..], &["snapshot", "out", "-o", "other"], &["snapshot", "out", "-f", "csv"]] {
        let ran = account.trial.run(arguments);
        assert!(ran.code == Some(2) && ran.stderr.ends_with("trail2tsv: try --help\n"), "{ran:?}");
    }
    assert!(account.server.calls().is_empty() && !account.trial.path("out").exists());
}
