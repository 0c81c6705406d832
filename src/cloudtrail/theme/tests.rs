use std::collections::HashSet;

use super::*;
use crate::decode::testing::with_event;

/// The event source and name of each kind of successful write in some published logs.
const WRITES: &str = include_str!("writes.txt");

/// Writes without a theme: they are routine, or a step of a call that has one.
const LEFT_OUT: &[&str] = &[
    // Access to models; no account's security depends on it.
    "bedrock CreateFoundationModelAgreement",
    "bedrock PutFoundationModelEntitlement",
    "bedrock PutUseCaseForModelAccess",
    // Labels.
    "ec2 CreateTags",
    "iam TagInstanceProfile",
    "s3 PutBucketTagging",
    // Use of a key, of a bucket and of a log group, not a change of them.
    "kms GenerateDataKey",
    "s3 PutObject",
    "logs CreateLogGroup",
    "logs CreateLogStream",
    // Too frequent: the calls that follow with these keys have themes.
    "sts AssumeRole",
    "rds ApplyPendingMaintenanceAction",
    "rds CreateDBSubnetGroup",
    // Steps that the service takes after DeleteSecret.
    "secretsmanager EndSecretVersionDelete",
    "secretsmanager SecretVersionDeletion",
    "secretsmanager StartSecretVersionDelete",
    // Reports of the agent, and the end of what began.
    "ssm PutComplianceItems",
    "ssm PutInventory",
    "ssm UpdateInstanceAssociationStatus",
    "ssm UpdateInstanceInformation",
    "ssm TerminateSession",
];

#[test]
fn every_write_has_a_theme_or_is_left_out_on_purpose() {
    let mut left_out: HashSet<&str> = LEFT_OUT.iter().copied().collect();
    let mut missing = Vec::new();
    for write in WRITES.lines().filter(|line| !line.starts_with('#')) {
        let (source, name) = write.split_once(' ').unwrap();
        let has_theme = theme(&format!("{source}.amazonaws.com"), name).is_some();
        match (has_theme, left_out.remove(write)) {
            (false, false) => missing.push(write),
            (true, true) => panic!("{write} has a theme"),
            _ => {}
        }
    }
    assert_eq!(missing, [""; 0]);
    assert!(left_out.is_empty(), "not in the logs: {left_out:?}");
}

#[test]
fn a_call_has_one_theme() {
    let mut calls = HashSet::new();
    for rule in RULES {
        for name in rule.names() {
            assert!(calls.insert((rule.source, name)), "{} {name} occurs twice", rule.source);
            assert_eq!(without_version(name), name);
        }
    }
    assert!(calls.len() >= 150, "{}", calls.len());
    for theme in Theme::ALL {
        assert!(RULES.iter().any(|rule| rule.theme == theme), "{theme:?}");
        assert_eq!(Theme::from_name(theme.name()), Some(theme));
    }
    assert!(Theme::ALL.is_sorted());
}

#[test]
fn source_and_name_decide() {
    for (source, name, expected) in [
        ("iam.amazonaws.com", "CreatePolicy", Some(Theme::PoliciesAndRoles)),
        ("organizations.amazonaws.com", "CreatePolicy", Some(Theme::Organisation)),
        ("iot.amazonaws.com", "CreatePolicy", None),
        ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", Some(Theme::Code)),
        ("lambda.amazonaws.com", "CreateFunction20150331", Some(Theme::Code)),
        ("lambda.amazonaws.com", "UpdateFunctionCode2015", None),
        ("", "StopLogging", None),
        ("cloudtrail", "StopLogging", Some(Theme::Logging)),
        ("cloudtrail.amazonaws.com", "stoplogging", None),
        ("cloudtrail.amazonaws.com", "", None),
    ] {
        assert_eq!(theme(source, name), expected, "{source} {name}");
    }
}

#[test]
fn what_a_call_acts_on_is_found() {
    for (event, expected) in [
        (
            r#""eventSource":"ec2.amazonaws.com","eventName":"RunInstances","requestParameters":{"keyName":"k",
               "instancesSet":{"items":[{"imageId":"ami-01234567"}]}},
               "responseElements":{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}"#,
            Some("instances: i-1;i-2"),
        ),
        (
            r#""eventSource":"ec2.amazonaws.com","eventName":"RunInstances","errorCode":"X",
               "requestParameters":{"instancesSet":{"items":[{"imageId":"ami-01234567"}]}}"#,
            Some("instances: ami-01234567"),
        ),
        (
            r#""eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","requestParameters":null,
               "responseElements":{"accessKey":{"accessKeyId":"AKIA1","userName":"bob"}},"userIdentity":{"userName":"eve"}"#,
            Some("IAM users and keys: bob"),
        ),
        (
            r#""eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs",
               "requestParameters":{"DeleteFlowLogsRequest":{"FlowLogId":{"tag":1,"content":"fl-1"}}}"#,
            Some("logging and detection: fl-1"),
        ),
        (
            r#""eventSource":"ec2.amazonaws.com","eventName":"DeleteFlowLogs","requestParameters":
               {"DeleteFlowLogsRequest":{"FlowLogId":[{"tag":1,"content":"fl-1"},{"tag":2,"content":"fl-2"}]}}"#,
            Some("logging and detection: fl-1;fl-2"),
        ),
        (r#""eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin""#, Some("sign-ins: ")),
        (r#""eventSource":"signin.amazonaws.com","eventName":"DescribeX""#, None),
        (r#""eventSource":5,"eventName":["StopLogging"]"#, None),
        (r#""eventName":"StopLogging""#, None),
    ] {
        let mut fields = FieldSet::default();
        let reader = ThemeReader::new(&mut fields).unwrap();
        let found = with_event(&format!("{{{event}}}"), &fields, |event| reader.read(event));
        assert_eq!(found.map(|(theme, object)| format!("{}: {object}", theme.name())).as_deref(), expected, "{event}");
    }
}

#[test]
fn a_long_list_is_cut() {
    let items: Vec<String> = (0..2000).map(|number| format!("\"i-{number:08}\"")).collect();
    let event = format!(
        r#"{{"eventSource":"ssm.amazonaws.com","eventName":"SendCommand","requestParameters":{{"instanceIds":[{}]}}}}"#,
        items.join(",")
    );
    let mut fields = FieldSet::default();
    let reader = ThemeReader::new(&mut fields).unwrap();
    let (_, object) = with_event(&event, &fields, |event| reader.read(event)).unwrap();
    assert!(object.len() < 5000 && object.starts_with("i-00000000;") && object.ends_with(CUT));
}
