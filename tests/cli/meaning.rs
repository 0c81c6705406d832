//! The meaning of caller, failure, resource and time.

use crate::harness::Trial;

/// A log of events, each with a name and the members given.
fn log(events: &[&str]) -> Trial {
    let record = |(nth, members): (usize, &&str)| {
        let time = format!("2026-10-01T09:00:{nth:02}Z");
        let members = members.trim_start_matches('{');
        let time = if members.contains("eventTime") { String::new() } else { format!(r#""eventTime":"{time}","#) };
        format!(r#"{{{time}"eventVersion":"1.11",{members}"#)
    };
    let records: Vec<String> = events.iter().enumerate().map(record).collect();
    Trial::with("log.json", format!(r#"{{"Records":[{}]}}"#, records.join(",")))
}

impl Trial {
    /// The cells of one column, one a line.
    #[track_caller]
    fn column(&self, column: &str, arguments: &[&str]) -> Vec<String> {
        let ran = self.run(&[&["log.json", "-q", "--no-header", "-c", column], arguments].concat());
        ran.lines(0).into_iter().map(String::from).collect()
    }
}

const ROOT: &str = r#""type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root""#;

#[test]
fn root_is_root_whatever_alias_the_account_has() {
    let trial = log(&[
        &format!(r#"{{"eventName":"A","userIdentity":{{{ROOT},"userName":"my-company"}}}}"#),
        &format!(r#"{{"eventName":"B","userIdentity":{{{ROOT}}}}}"#),
        &format!(r#"{{"eventName":"C","userIdentity":{{"invokedBy":"support.amazonaws.com",{ROOT}}}}}"#),
        r#"{"eventName":"D","userIdentity":{"type":"IAMUser","userName":"root"}}"#,
        r#"{"eventName":"E","userIdentity":{"type":"AssumedRole","principalId":"AROA1:root","arn":"arn:aws:sts::1:assumed-role/Admin/root"}}"#,
        r#"{"eventName":"F","userIdentity":{"type":"FederatedUser","principalId":"1:root","arn":"arn:aws:sts::1:federated-user/root","sessionContext":{"sessionIssuer":{"type":"IAMUser","userName":"mallory"}}}}"#,
        r#"{"eventName":"G","userIdentity":{"type":"FederatedUser","principalId":"1:x","arn":"arn:aws:sts::1:federated-user/x","sessionContext":{"sessionIssuer":{"type":"Root"}}}}"#,
    ]);
    assert_eq!(
        trial.column("userName", &[]),
        ["root", "root", "root", "user/root", "Admin/root", "mallory/root", "root/x"]
    );
    assert_eq!(trial.column("eventName", &["-u", "root"]), ["A", "B", "C", "G"]);
    assert_eq!(trial.column("eventName", &["-u", "!root"]), ["D", "E", "F"]);
    assert_eq!(trial.column("eventName", &["-u", "mallory"]), ["F"]);
    assert_eq!(trial.column("eventName", &["-u", "user/root"]), ["D"]);
    assert_eq!(trial.column("eventName", &["-u", "*/root"]), ["D", "E", "F"]);
    assert_eq!(trial.column("eventName", &["-u", "my-company"]), ["A"]);
    assert_eq!(trial.column("eventName", &["-u", "root", "--where", "!invokedBy"]), ["A", "B", "G"]);
    assert_eq!(trial.column("invokedBy", &["-u", "root"]), ["", "", "support.amazonaws.com", ""]);
    let counted = trial.run(&["summary", "log.json", "--by", "userName", "-f", "tsv", "-q"]);
    assert!(counted.lines(0).contains(&"root\t3\t2026-10-01T09:00:00Z\t2026-10-01T09:00:02Z"), "{counted:?}");
}

#[test]
fn a_session_is_found_whatever_the_type_of_its_identity() {
    let arn = r#""arn":"arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_1b74/alice@example.com""#;
    let kinds = ["AssumedRole", "Unknown", "Role", "AWSAccount", "Newest"];
    let mut events: Vec<String> = kinds
        .iter()
        .map(|kind| format!(r#"{{"eventName":"{kind}","userIdentity":{{"type":"{kind}","accountId":"1",{arn}}}}}"#))
        .collect();
    events.push(r#"{"eventName":"Id","userIdentity":{"type":"AWSAccount","accountId":"1","principalId":"AROA1:alice@example.com"}}"#.into());
    events.push(r#"{"eventName":"SignIn","userIdentity":{"type":"Unknown","principalId":"1"},"additionalEventData":{"UserName":"alice@example.com"}}"#.into());
    events.push(r#"{"eventName":"Other","userIdentity":{"type":"IAMUser","userName":"bob"},"additionalEventData":{"UserName":"alice@example.com"}}"#.into());
    let trial = log(&events.iter().map(String::as_str).collect::<Vec<_>>());
    let found = trial.column("eventName", &["-u", "alice@example.com"]);
    assert_eq!(found, ["AssumedRole", "Unknown", "Role", "AWSAccount", "Newest", "Id", "SignIn"]);
    assert_eq!(trial.column("eventName", &["-u", "AWSReservedSSO_Admin_1b74"]), kinds);
    let mut shown = vec!["AWSReservedSSO_Admin_1b74/alice@example.com"; kinds.len()];
    shown.extend(["1/AROA1:alice@example.com", "alice@example.com", "bob"]);
    assert_eq!(trial.column("userName", &[]), shown);
}

#[test]
fn the_source_identity_is_a_column() {
    let trial = log(&[
        r#"{"eventName":"A","userIdentity":{"type":"AssumedRole","sessionContext":{"sourceIdentity":"alice"}}}"#,
        r#"{"eventName":"B","userIdentity":{"type":"IAMUser","userName":"bob"}}"#,
    ]);
    assert_eq!(trial.column("sourceIdentity", &[]), ["alice", ""]);
    assert_eq!(trial.column("eventName", &["--where", "sourceIdentity = alice"]), ["A"]);
    assert_eq!(trial.column("eventName", &["-u", "alice"]), ["A"]);
}

#[test]
fn a_failed_sign_in_fails_without_a_code_too() {
    let trial = log(&[
        r#"{"eventName":"CredentialVerification","serviceEventDetails":{"CredentialVerification":"Failure"}}"#,
        r#"{"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"MFAUsed":"No"}}"#,
        r#"{"eventName":"CheckMfa","additionalEventData":{"CheckMfa":"Failure"}}"#,
        r#"{"eventName":"ConsoleLogin","errorMessage":"Failed authentication","responseElements":{"ConsoleLogin":"Failure"}}"#,
        r#"{"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Success"}}"#,
        r#"{"eventName":"CreateWorkspace","errorCode":"200"}"#,
        r#"{"eventName":"GetWorkspace","errorCode":"404"}"#,
        r#"{"eventName":"Poll","responseElements":{"status":"Failure"}}"#,
    ]);
    assert_eq!(trial.run(&["log.json", "-q", "--errors", "--count"]).stdout, "5\n");
    assert_eq!(trial.column("eventName", &["--no-errors"]), ["ConsoleLogin", "CreateWorkspace", "Poll"]);
    let summary = trial.run(&["summary", "log.json", "-f", "json", "-q"]);
    let summary: serde_json::Value = serde_json::from_str(&summary.stdout).unwrap();
    assert_eq!(summary["errors"], 5, "{summary}");
    let codes: Vec<&str> =
        summary["errorCode"]["rows"].as_array().unwrap().iter().filter_map(|row| row["errorCode"].as_str()).collect();
    assert_eq!(codes, ["404"], "200 is not an error");
}

#[test]
fn a_resource_is_found_wherever_it_stands() {
    let trial = log(&[
        r#"{"eventName":"A","requestParameters":{"snapshotId":"snap-0e83092ae538da583"}}"#,
        r#"{"eventName":"B","serviceEventDetails":{"snapshotId":"snap-0e83092ae538da583"}}"#,
        r#"{"eventName":"C","additionalEventData":{"copies":["snap-0e83092ae538da583"]}}"#,
        r#"{"eventName":"D","vpcEndpointId":"vpce-0e83092ae538da583"}"#,
        r#"{"eventName":"E","errorCode":"AccessDenied","errorMessage":"User: arn:aws:iam::1:user/eve is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/Admin","userIdentity":{"type":"IAMUser","userName":"eve","arn":"arn:aws:iam::1:user/eve"}}"#,
        r#"{"eventName":"F","requestParameters":{"roleArn":"arn:aws:iam::1:role/Admin","roleSessionName":"s"}}"#,
        r#"{"eventName":"G","errorMessage":"The snapshot 'snap-0e83092ae538da583' does not exist."}"#,
    ]);
    for (wanted, found) in [
        ("snap-0e83092ae538da583", "ABCG"),
        ("SNAP-0e83*", "ABCG"),
        ("vpce-0e83092ae538da583", "D"),
        ("arn:aws:iam::1:role/Admin", "EF"),
        ("admin", "EF"),
        ("arn:aws:iam::1:user/eve", ""),
    ] {
        assert_eq!(trial.column("eventName", &["--resource", wanted]).concat(), found, "{wanted}");
    }
    let admin = "arn:aws:iam::1:role/Admin";
    let snapshot = "snap-0e83092ae538da583";
    let expected = [snapshot, snapshot, snapshot, "vpce-0e83092ae538da583", admin, admin, snapshot];
    assert_eq!(trial.column("resources", &[]), expected);
}

#[test]
fn the_object_of_a_write_is_named() {
    let trial = log(&[
        r#"{"eventName":"CreateAccessKey","requestParameters":{"userName":"bob"}}"#,
        r#"{"eventName":"UpdateAssumeRolePolicy","requestParameters":{"roleName":"Admin","policyDocument":"{}"}}"#,
        r#"{"eventName":"CreateBucket","requestParameters":{"bucketName":"b","Host":"b.s3.amazonaws.com"}}"#,
        r#"{"eventName":"DeleteTrail","requestParameters":{"name":"t"}}"#,
        r#"{"eventName":"ModifyDBSnapshotAttribute","requestParameters":{"attributeName":"restore","dBSnapshotIdentifier":"s"}}"#,
        r#"{"eventName":"CreateAccessKey","requestParameters":null,"responseElements":{"accessKey":{"userName":"eve"}}}"#,
    ]);
    assert_eq!(trial.column("resources", &[]), ["bob", "Admin", "b", "t", "s", "eve"]);
    assert_eq!(trial.column("eventName", &["--where", "resources = t"]), ["DeleteTrail"]);
}

#[test]
fn a_miss_is_explained_for_resources_and_single_values_too() {
    let trial = log(&[
        r#"{"eventName":"CreateFunction20150331","eventSource":"lambda.amazonaws.com","requestParameters":{"functionName":"order-events"}}"#,
        r#"{"eventName":"RunInstances","eventSource":"ec2.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"bob","accessKeyId":"AKIAI44QH8DHBEXAMPLE"},"responseElements":{"instanceId":"i-0abc12de34f567890"}}"#,
    ]);
    for (arguments, hint) in [
        (
            &["--resource", "i-0abc12de34f56789"][..],
            "nothing matched --resource \"i-0abc12de34f56789\"; did you mean i-0abc12de34f567890? (2 events looked at)",
        ),
        (
            &["--resource", "no-such-thing"],
            "nothing matched --resource \"no-such-thing\"; existing values: i-0abc12de34f567890, order-events (2 events looked at)",
        ),
        (
            &["--access-key", "AKIAI44QH8DHBEXAMPLA"],
            "nothing matched --access-key \"AKIAI44QH8DHBEXAMPLA\"; did you mean AKIAI44QH8DHBEXAMPLE? (2 events looked at)",
        ),
        (
            &["-e", "CreateFunction,RunInst*"],
            "nothing matched --event-name \"CreateFunction\"; did you mean CreateFunction20150331? (2 events looked at)",
        ),
        (
            &["-e", "DeleteTrail,RunInst*,StopLogging,CreateFunction"],
            "nothing matched --event-name \"DeleteTrail\", \"StopLogging\"\n",
        ),
        (
            &["-s", "ec2", "-s", "lambd"],
            "nothing matched --event-source \"lambd\"; did you mean lambda.amazonaws.com? (2 events looked at)",
        ),
        (
            &["--resource", "order-events,i-0abc12de34f567891"],
            "nothing matched --resource \"i-0abc12de34f567891\"; did you mean i-0abc12de34f567890? (2 events looked at)",
        ),
    ] {
        let ran = trial.run(&[&["log.json", "--no-header", "-c", "eventName"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains(hint), "{hint}: {ran:?}");
    }
    for arguments in [
        &["-e", "CreateFunction*,RunInstances"][..],
        &["-e", "CreateFunction,RunInstances", "-q"],
        &["-e", "CreateFunction,RunInstances", "-n", "1"],
        // The first name matches events, but none of EC2. That is not a mistake.
        &["-e", "CreateFunction20150331,RunInstances", "-s", "ec2"],
        &["-u", "bob", "-u", "!nobody"],
    ] {
        let ran = trial.run(&[&["log.json"], arguments].concat());
        assert!(!ran.stderr.contains("nothing matched"), "{ran:?}");
    }
}

/// Times as CloudTrail Lake, Athena and exports write them, and one that cannot be read.
const TIMES: [&str; 6] = [
    r#"{"eventName":"T0","eventTime":"2026-10-01 09:00:00.000"}"#,
    r#"{"eventName":"T1","eventTime":"2026-10-01 09:00:01.000 UTC"}"#,
    r#"{"eventName":"T2","eventTime":"2026-10-01T09:00:02"}"#,
    r#"{"eventName":"T3","eventTime":1790845203000}"#,
    r#"{"eventName":"T4","eventTime":1790845204}"#,
    r#"{"eventName":"T5","eventTime":"Oct 1, 2026 9:00:05 AM"}"#,
];

#[test]
fn times_are_read_in_every_form_by_every_option() {
    let reversed: Vec<&str> = TIMES.iter().rev().copied().collect();
    let trial = log(&reversed);
    assert_eq!(trial.column("eventName", &["--since", "2026-10-01T09:00:02"]).concat(), "T5T4T3T2");
    assert_eq!(trial.column("eventName", &["--where", "eventTime >= 2026-10-01T09:00:02"]).concat(), "T4T3T2");
    assert_eq!(trial.column("eventName", &["--where", "eventTime < 2026-10-01T09:00:02"]).concat(), "T1T0");
    assert_eq!(trial.column("eventName", &["--where", "eventTime < 1790845202"]).concat(), "T1T0");
    assert_eq!(trial.column("eventName", &["--where", "eventTime > 1790845202000"]).concat(), "T4T3");
    assert_eq!(trial.column("eventName", &["--sort", "eventTime"]).concat(), "T0T1T2T3T4T5");
    assert_eq!(
        trial.column("eventTime", &["--time-zone", "+02:00", "--sort", "eventTime"]),
        [
            "2026-10-01T11:00:00+02:00",
            "2026-10-01T11:00:01+02:00",
            "2026-10-01T11:00:02+02:00",
            "2026-10-01T11:00:03+02:00",
            "2026-10-01T11:00:04+02:00",
            "Oct 1, 2026 9:00:05 AM",
        ]
    );
    let summary = trial.run(&["summary", "log.json", "--by", "awsRegion", "-f", "tsv", "-q"]);
    assert_eq!(summary.lines(0)[1], "\t6\t2026-10-01T09:00:00Z\t2026-10-01T09:00:04Z", "{summary:?}");
}

#[test]
fn a_time_that_cannot_be_read_is_counted_by_every_option() {
    let trial = log(&TIMES);
    let kept = "; 1 event kept without a readable eventTime\n";
    for (arguments, count, end) in [
        (&["--since", "2027-01-01"][..], "1\n", kept),
        (
            &["--where", "eventTime >= 2027-01-01"],
            "0\n",
            "; 1 event left out: --where compares a time that cannot be parsed\n",
        ),
        (
            &["--where", "eventTime < 2027-01-01", "--since", "2026-01-01"],
            "5\n",
            "; 1 event left out: --where compares a time that cannot be parsed\n",
        ),
        (&["--where", "eventTime < 2027-01-01", "-e", "T0"], "1\n", "1 matched\n"),
    ] {
        let ran = trial.run(&[&["log.json", "--count"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), count), "{ran:?}");
        assert!(ran.stderr.lines().last().is_some_and(|last| format!("{last}\n").ends_with(end)), "{ran:?}");
    }
    for arguments in [["--sort", "eventTime"], ["--time-zone", "Europe/Berlin"]] {
        let ran = trial.run(&[&["log.json", "-c", "eventName"], &arguments[..]].concat());
        assert!(ran.stderr.ends_with(kept), "{ran:?}");
    }
}

#[test]
fn events_of_other_categories_have_the_usual_fields() {
    let aggregated = r#"{"eventVersion":"1.0","accountId":"111122223333","eventId":"e-1","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","awsRegion":"eu-west-1","eventSource":"s3.amazonaws.com","timeWindow":{"windowStart":"2026-10-01T09:00:00Z","windowEnd":"2026-10-01T09:05:00Z","windowSize":"PT5M"},"summary":{"primaryDimension":{"dimension":"eventName"}}}"#;
    let insight = r#"{"eventVersion":"1.09","eventTime":"2026-10-01T10:00:00Z","awsRegion":"eu-west-1","eventID":"e-2","eventType":"AwsCloudTrailInsight","recipientAccountId":"444455556666","insightDetails":{"state":"Start","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","insightType":"ApiCallRateInsight"},"eventCategory":"Insight"}"#;
    let trial = Trial::with("log.json", format!(r#"{{"Records":[{aggregated},{insight},{aggregated}]}}"#));
    let columns = "eventTime,recipientAccountId,eventID,eventSource,eventName";
    let rows = [
        "2026-10-01T09:00:00Z\t111122223333\te-1\ts3.amazonaws.com\t",
        "2026-10-01T10:00:00Z\t444455556666\te-2\tec2.amazonaws.com\tRunInstances",
    ];
    assert_eq!(trial.column(columns, &["--dedupe"]), rows);
    assert_eq!(trial.column(columns, &["--until", "2026-10-01T09:30", "--dedupe"]), rows[..1]);
    assert_eq!(trial.column(columns, &["--account", "111122223333", "--dedupe"]), rows[..1]);
    assert_eq!(trial.column(columns, &["-e", "RunInstances"]), rows[1..]);
    assert_eq!(trial.column(columns, &["-s", "ec2", "--sort", "-eventTime"]), rows[1..]);
    let whole = trial.run(&["log.json", "-f", "json", "-q", "--dedupe"]);
    assert_eq!(whole.stdout, format!("{aggregated}\n{insight}\n"), "a whole event stays as it was delivered");
}

#[test]
fn an_object_with_only_the_name_of_an_event_is_not_one() {
    for other in [
        r#"{"eventName":"click"}"#,
        r#"{"eventName":"click","userId":7,"properties":{"eventTime":"now"}}"#,
        r#"{"eventName":"click","timestamp":"2026-10-01T09:00:00Z"}"#,
    ] {
        let trial = Trial::with("log/a.json", format!(r#"[{other},{{"eventName":"A","awsRegion":"eu-west-1"}}]"#));
        trial.run(&["log", "--count"]).shows(
            0,
            "1\n",
            "trail2tsv: 1 event in 1 file read, 1 matched; 1 record is not a CloudTrail event\n",
        );
    }
}
