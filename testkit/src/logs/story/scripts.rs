//! The events of the story, in the order in which they happened.

use super::EventScript;
use super::persons::*;
use crate::logs::event::Field::*;

const HOME: &str = "111122223333";
const OTHER: &str = "444455556666";
const US: &str = "us-east-1";
const EU: &str = "eu-west-1";
const AP: &str = "ap-southeast-2";

pub(super) fn all() -> Vec<EventScript> {
    let mut tales = vec![an_instance_is_made()];
    tales.extend(someone_gets_in());
    tales.extend(bob_tries());
    tales.extend(maintenance());
    tales.extend(the_other_account());
    tales.extend(the_next_day());
    tales
}

fn an_instance_is_made() -> EventScript {
    EventScript::new(HOME, EU, "2026-09-30T10:02:11Z", DEPLOYER, ("ec2", "RunInstances"))
        .from("192.0.2.10")
        .with(TERRAFORM)
        .request(r#"{"instancesSet":{"items":[{"imageId":"ami-0abcdef1234567890","minCount":1,"maxCount":1}]},"instanceType":"m6i.large","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"clientToken":"7c1d2a10-0000-4000-8000-00000000a001","subnetId":"subnet-0abc1234def567890","tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"Name","value":"orders-1"},{"key":"environment","value":"production"}]}]}}"#)
        .response(r#"{"requestId":"b7c1d2a1-0000-4000-8000-00000000b001","reservationId":"r-0abc1234def567890","ownerId":"111122223333","groupSet":{},"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890","imageId":"ami-0abcdef1234567890","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-0-3-17.eu-west-1.compute.internal","instanceType":"m6i.large","launchTime":1790762531000,"placement":{"availabilityZone":"eu-west-1a","tenancy":"default"},"subnetId":"subnet-0abc1234def567890","vpcId":"vpc-0abc1234def567890","privateIpAddress":"10.0.3.17","tagSet":{"items":[{"key":"Name","value":"orders-1"},{"key":"environment","value":"production"}]},"groupSet":{"items":[{"groupId":"sg-0abc1234def567890","groupName":"orders"}]}}]}}"#)
        .set(TlsDetails, r#"{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.eu-west-1.amazonaws.com"}"#)
}

fn someone_gets_in() -> Vec<EventScript> {
    vec![
        EventScript::new(HOME, US, "2026-09-30T16:40:05Z", HIDDEN, ("signin", "ConsoleLogin"))
            .with(BROWSER)
            .set(ErrorMessage, r#""No username found in supplied account""#)
            .response(r#"{"ConsoleLogin":"Failure"}"#)
            .set(AdditionalEventData, r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"No"}"#)
            .set(EventType, r#""AwsConsoleSignIn""#),
        EventScript::new(HOME, US, "2026-09-30T21:58:09Z", ROOT_SIGNING_IN, ("signin", "ConsoleLogin"))
            .with(BROWSER)
            .response(r#"{"ConsoleLogin":"Success"}"#)
            .set(AdditionalEventData, r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"No"}"#)
            .set(EventType, r#""AwsConsoleSignIn""#),
        EventScript::new(HOME, US, "2026-09-30T22:03:40Z", ROOT, ("iam", "CreateAccessKey"))
            .with(CONSOLE)
            .request(r#"{"userName":"bob"}"#)
            .response(r#"{"accessKey":{"userName":"bob","accessKeyId":"AKIAI44QH8DHBEXAMPLE","status":"Active","createDate":"Sep 30, 2026, 10:03:40 PM"}}"#)
            .set(SessionCredentialFromConsole, r#""true""#),
    ]
}

fn bob_tries() -> Vec<EventScript> {
    vec![
        EventScript::new(HOME, EU, "2026-09-30T22:06:12Z", BOB, ("sts", "GetCallerIdentity"))
            .read_only()
            .with(r#"=HYPERLINK(\"http://203.0.113.66/\",\"details\")"#),
        EventScript::new(HOME, US, "2026-09-30T22:07:30Z", BOB, ("s3", "ListBuckets"))
            .read_only()
            .with(r"[probe/1.0\tcurl/8.5.0]")
            .request(r#"{"Host":"s3.amazonaws.com"}"#),
        EventScript::new(HOME, EU, "2026-09-30T22:10:17Z", BOB, ("ec2", "TerminateInstances"))
            .set(ErrorCode, r#""Client.UnauthorizedOperation""#)
            .set(ErrorMessage, r#""You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/bob is not authorized to perform: ec2:TerminateInstances on resource: arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc12de34f567890 because no identity-based policy allows the ec2:TerminateInstances action""#)
            .request(r#"{"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890"}]}}"#),
        EventScript::new(HOME, EU, "2026-09-30T22:14:55Z", BOB, ("sts", "AssumeRole"))
            .read_only()
            .request(r#"{"roleArn":"arn:aws:iam::111122223333:role/Maintenance","roleSessionName":"bob","durationSeconds":14400}"#)
            .response(r#"{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionToken":"EXAMPLETOKENbob1==","expiration":"Oct 1, 2026, 2:14:55 AM"},"assumedRoleUser":{"assumedRoleId":"AROADBQP57FF2AEXAMPLE:bob","arn":"arn:aws:sts::111122223333:assumed-role/Maintenance/bob"}}"#)
            .set(Resources, r#"[{"accountId":"111122223333","type":"AWS::IAM::Role","ARN":"arn:aws:iam::111122223333:role/Maintenance"}]"#),
    ]
}

fn maintenance() -> Vec<EventScript> {
    vec![
        EventScript::new(HOME, EU, "2026-09-30T22:16:20Z", MAINTENANCE, ("s3", "PutBucketPolicy"))
            .request(r#"{"bucketPolicy":{"Version":"2012-10-17","Statement":[{"Sid":"share","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::example-reports","arn:aws:s3:::example-reports/*"]}]},"bucketName":"example-reports","Host":"example-reports.s3.eu-west-1.amazonaws.com","policy":""}"#)
            .set(Resources, r#"[{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::example-reports"}]"#),
        EventScript::new(HOME, EU, "2026-09-30T22:18:03Z", MAINTENANCE, ("secretsmanager", "GetSecretValue"))
            .read_only()
            .request(r#"{"secretId":"production/payments/api"}"#),
        EventScript::new(HOME, EU, "2026-09-30T22:21:47Z", MAINTENANCE, ("ec2", "AuthorizeSecurityGroupIngress"))
            .request(r#"{"groupId":"sg-0abc1234def567890","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{},"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#)
            .response(r#"{"requestId":"0c897921-0000-4000-8000-00000000c001","_return":true,"securityGroupRuleSet":{"items":[{"groupOwnerId":"111122223333","groupId":"sg-0abc1234def567890","securityGroupRuleId":"sgr-0abc1234def567890","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"0.0.0.0/0"}]}}"#),
        EventScript::new(HOME, US, "2026-09-30T22:24:30Z", MAINTENANCE, ("iam", "CreateUser"))
            .request(r#"{"userName":"backup-svc"}"#)
            .response(r#"{"user":{"path":"/","userName":"backup-svc","userId":"AIDABACKUPSVCXEXAMPLE","arn":"arn:aws:iam::111122223333:user/backup-svc","createDate":"Sep 30, 2026, 10:24:30 PM"}}"#),
        EventScript::new(HOME, US, "2026-09-30T22:31:09Z", MAINTENANCE, ("cloudtrail", "StopLogging"))
            .request(r#"{"name":"arn:aws:cloudtrail:us-east-1:111122223333:trail/data-events"}"#),
    ]
}

/// One action that both accounts record under one `sharedEventID`, and the calls that it was for.
fn the_other_account() -> Vec<EventScript> {
    let assumes = |account, who| {
        EventScript::new(account, EU, "2026-09-30T23:40:12Z", who, ("sts", "AssumeRole"))
            .read_only()
            .request(r#"{"roleArn":"arn:aws:iam::444455556666:role/OrganizationAccountAccessRole","roleSessionName":"bob","durationSeconds":3600}"#)
            .response(r#"{"credentials":{"accessKeyId":"ASIACROSSACC1EXAMPLE","sessionToken":"EXAMPLETOKENbob2==","expiration":"Oct 1, 2026, 12:40:12 AM"},"assumedRoleUser":{"assumedRoleId":"AROAORGACCESSXEXAMPLE:bob","arn":"arn:aws:sts::444455556666:assumed-role/OrganizationAccountAccessRole/bob"}}"#)
            .set(Resources, r#"[{"accountId":"444455556666","type":"AWS::IAM::Role","ARN":"arn:aws:iam::444455556666:role/OrganizationAccountAccessRole"}]"#)
            .set(SharedEventId, r#""5ba1ed00-0000-4000-8000-00000000d001""#)
    };
    vec![
        assumes(HOME, MAINTENANCE),
        assumes(OTHER, MAINTENANCE_ABROAD),
        EventScript::new(OTHER, AP, "2026-09-30T23:57:48Z", ABROAD, ("s3", "DeleteBucket"))
            .delivered("2026-10-01T00:05:00Z")
            .request(r#"{"bucketName":"example-flow-logs","Host":"example-flow-logs.s3.ap-southeast-2.amazonaws.com"}"#)
            .set(Resources, r#"[{"accountId":"444455556666","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::example-flow-logs"}]"#),
        EventScript::new(OTHER, EU, "2026-10-01T00:12:26Z", ABROAD, ("ec2", "DeleteFlowLogs"))
            .delivered("2026-10-02T06:15:00Z")
            .request(r#"{"DeleteFlowLogsRequest":{"FlowLogId":{"tag":1,"content":"fl-0abc1234def567890"}}}"#)
            .response(r#"{"DeleteFlowLogsResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","unsuccessful":"","requestId":"d1e1e7e0-0000-4000-8000-00000000e001"}}"#)
            .set(Addendum, r#"{"reason":"DELIVERY_DELAY"}"#),
    ]
}

fn the_next_day() -> Vec<EventScript> {
    vec![
        EventScript::new(HOME, EU, "2026-10-01T09:14:02Z", ALICE, ("ec2", "TerminateInstances"))
            .from("198.51.100.23")
            .with(CONSOLE)
            .request(r#"{"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890"}]}}"#)
            .response(r#"{"requestId":"df4f910a-0000-4000-8000-00000000f001","instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890","currentState":{"code":32,"name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}"#)
            .set(SessionCredentialFromConsole, r#""true""#),
        // The name that tests and examples search for, inside an event with another name.
        EventScript::new(HOME, EU, "2026-10-01T10:30:44Z", INVESTIGATOR, ("cloudtrail", "LookupEvents"))
            .read_only()
            .from("198.51.100.40")
            .with(CONSOLE)
            .request(r#"{"lookupAttributes":[{"attributeKey":"EventName","attributeValue":"TerminateInstances"}],"startTime":"Sep 30, 2026, 12:00:00 AM","maxResults":50}"#)
            .set(SessionCredentialFromConsole, r#""true""#),
    ]
}
