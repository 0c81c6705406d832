//! `trail show`.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::json;
use testkit::aws_account::Fault;

use super::account::Account;

/// Two trails in two regions, one of them with all options.
fn account() -> Account {
    let account = Account::new();
    account.create(&["--queue", "--data-events=lambda", "--insights", "--prefix=p"]).shows(0, "", "");
    account.create(&["--name=other", "--region=us-east-1", "--bucket=logs"]).shows(0, "", "");
    account.server.set("/trails/other/settings/IsMultiRegionTrail", json!(false));
    account.server.set(
        "/trails/audit/status",
        json!({
            "IsLogging": true,
            "LatestDeliveryTime": 1_790_845_200.123_f64,
            "LatestDeliveryError": "AccessDenied",
            "LatestNotificationTime": 1_790_845_201,
            "LatestDigestDeliveryTime": 1_790_845_202.0_f64,
        }),
    );
    account.server.set("/trails/other/status", json!({"IsLogging": false, "LatestDeliveryTime": null}));
    account.server.set("/queues/audit-cloudtrail/messages", json!("12"));
    account
}

#[test]
fn every_trail_of_every_region_is_a_row() {
    let account = account();
    let expected = "\
{\"name\":\"audit\",\"logging\":\"yes\",\"lastDelivery\":\"2026-10-01T09:00:00Z\",\"deliveryError\":\"AccessDenied\",\
\"bucket\":\"111122223333-cloudtrail\",\"prefix\":\"p\",\"topic\":\"audit-cloudtrail\",\"queues\":\"audit-cloudtrail\",\
\"messages\":12,\"events\":\"management, data AWS::Lambda::Function\",\
\"insights\":\"ApiCallRateInsight, ApiErrorRateInsight\",\"regions\":\"all\",\"organization\":\"no\",\
\"validation\":\"yes\",\"kmsKey\":null,\"lastNotification\":\"2026-10-01T09:00:01Z\",\"notificationError\":null,\
\"lastDigest\":\"2026-10-01T09:00:02Z\",\"digestError\":null,\"logGroup\":null,\"tags\":\"created-by=trail2tsv\",\
\"arn\":\"arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit\"}
{\"name\":\"other\",\"logging\":\"no\",\"lastDelivery\":null,\"deliveryError\":null,\"bucket\":\"logs\",\
\"prefix\":null,\"topic\":\"other-cloudtrail\",\"queues\":null,\"messages\":null,\"events\":\"management\",\
\"insights\":null,\"regions\":\"us-east-1\",\"organization\":\"no\",\"validation\":\"yes\",\"kmsKey\":null,\
\"lastNotification\":null,\"notificationError\":null,\"lastDigest\":null,\"digestError\":null,\"logGroup\":null,\
\"tags\":\"created-by=trail2tsv\",\"arn\":\"arn:aws:cloudtrail:us-east-1:111122223333:trail/other\"}
";
    account.trail(&["show", "-f", "json"]).shows(0, expected, "trail2tsv: 2 trails of account 111122223333\n");
    let columns = "name,messages,LASTDELIVERY";
    account.trail(&["show", "-q", "-c", columns, "--name", "audit", "--time-zone=+02:00"]).shows(
        0,
        "name\tmessages\tlastDelivery\naudit\t12\t2026-10-01T11:00:00+02:00\n",
        "",
    );
}

#[test]
fn a_table_leaves_out_what_does_not_fit() {
    let mut account = account();
    account.trial.env("COLUMNS", "100");
    account.trail(&["show", "-q", "-f", "table"]).shows(
        0,
        "name   logging  lastDelivery          deliveryError  bucket                   queues\n\
         audit  yes      2026-10-01T09:00:00Z  AccessDenied   111122223333-cloudtrail  audit-cloudtrail\n\
         other  no                                            logs\n",
        "",
    );
}

#[test]
fn what_cannot_be_read_is_named_and_left_empty() {
    let account = account();
    let (status, code) = (400, "AccessDeniedException");
    account.server.fault(Fault::Refuse { operation: "GetTrailStatus", status, code, times: 1 });
    account.server.fault(Fault::Refuse { operation: "GetQueueAttributes", status, code, times: 1 });
    account.trail(&["show", "-c", "name,logging,queues,messages,bucket"]).shows(
        3,
        "name\tlogging\tqueues\tmessages\tbucket\naudit\t\taudit-cloudtrail\t\t111122223333-cloudtrail\n\
         other\tno\t\t\tlogs\n",
        "trail2tsv: trail audit, status: not read: access denied (AccessDeniedException): as the test wants; \
         cloudtrail:GetTrailStatus is needed on arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit; \
         nothing was read\n\
         trail2tsv: trail audit, queue audit-cloudtrail: not read: access denied (AccessDeniedException): as the test \
         wants; sqs:GetQueueAttributes is needed on arn:aws:sqs:eu-west-1:111122223333:audit-cloudtrail; \
         nothing was read\n\
         trail2tsv: 2 trails of account 111122223333\n",
    );
}

#[test]
fn a_list_without_an_end_is_an_error() {
    let account = account();
    account.server.fault(Fault::EndlessList);
    account.trail(&["show", "-c", "name"]).shows(
        1,
        "",
        "trail2tsv: the list of trails has more than 100 pages, so no trail is shown; try again later\n",
    );
}

#[test]
fn an_account_without_trails_says_what_to_do() {
    let account = Account::new();
    account.trail(&["show", "-f", "json"]).shows(
        0,
        "",
        "trail2tsv: account 111122223333 has no trail; trail2tsv trail create makes one\n",
    );
    account.trail(&["show", "-f", "json", "--name=abc"]).shows(
        0,
        "",
        "trail2tsv: account 111122223333 has no trail abc\n",
    );
    account.trail(&["show", "-c", "nam"]).shows(
        2,
        "",
        "trail2tsv: --columns \"nam\": not a column of trail show; did you mean name?\ntrail2tsv: try --help\n",
    );
}
