//! The options that can be combined with the event history.

use super::account::Account;

#[test]
fn options_of_buckets_need_a_bucket() {
    let account = Account::with_story();
    for option in [
        &["--mirror", "m"][..],
        &["--offline"],
        &["--org-id", "o-a1b2c3d4e5"],
        &["--kind", "insight"],
        &["--no-sign-request"],
        &["--request-payer"],
        &["--late-days", "2"],
        &["--jobs", "2"],
    ] {
        let expected =
            format!("trail2tsv: {} needs --bucket BUCKET or s3://BUCKET/PREFIX\ntrail2tsv: try --help\n", option[0]);
        account.rows(option).shows(2, "", &expected);
    }
    account.trial.run(&["--no-pushdown", "-"]).shows(
        2,
        "",
        "trail2tsv: --no-pushdown needs --event-history\ntrail2tsv: try --help\n",
    );
    assert_eq!(account.server.requests(), []);
}

#[test]
fn a_pattern_for_no_region_is_refused() {
    let expected = "trail2tsv: --region \"moon-*\": matches none of the regions; name one such as eu-west-1\n\
                    trail2tsv: try --help\n";
    Account::with_story().rows(&["-r", "moon-*"]).shows(2, "", expected);
}

#[test]
fn sync_refuses_event_history() {
    let expected = "trail2tsv: --event-history: sync mirrors buckets; to read the event history, leave out sync\n\
                    trail2tsv: try --help\n";
    let account = Account::new();
    account.trial.run(&["sync", "--event-history"]).shows(2, "", expected);
    assert!(!account.trial.run(&["sync", "--help"]).stdout.contains("event-history"));
}

#[test]
fn the_endpoint_can_be_typed() {
    let mut account = Account::with_story();
    account.trial.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let url = account.server.url();
    assert_eq!(account.rows(&["-q", "--endpoint-url", &url]).lines(0).len(), 6);
}

#[test]
fn settings_for_buckets_are_ignored() {
    let mut account = Account::with_story();
    account.trial.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let settings =
        format!("bucket = \"logs\"\njobs = 3\nno-sign-request = true\nendpoint-url = {:?}\n", account.server.url());
    account.trial.write(".config/trail2tsv/config.toml", settings);
    assert_eq!(account.rows(&["-q"]).lines(0).len(), 6);
}

#[test]
fn event_history_can_be_read_with_files() {
    let account = Account::with_story();
    let event = super::account::json("9", "2026-10-01T10:00:00Z", "StopInstances", "carol");
    account.trial.write("log", format!("{event}\n"));
    let ran = account.rows(&["log", "-u", "carol,", "-u", "carol"]);
    let expected = "2026-10-01T10:00:00Z\tStopInstances\tcarol\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), expected), "{ran:?}");
    assert!(
        ran.stderr.contains("trail2tsv: 1 event decoded in 1 file and 2 pages of event history read, 1 matched; "),
        "{ran:?}"
    );
}
