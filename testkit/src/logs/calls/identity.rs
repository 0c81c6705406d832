//! Identities and credentials: sts, iam, organizations.

use super::{Call, PEOPLE};
use crate::logs::actors::IdentityKind;
use crate::logs::event::Field::{self, *};

const ROLE: (Field, &str) =
    (Resources, r#"[{"accountId":"<account>","type":"AWS::IAM::Role","ARN":"arn:aws:iam::<account>:role/<role>"}]"#);
const SHARED: (Field, &str) = (SharedEventId, r#""<uuid-5>""#);
const ASSUMED: &str = r#"{"credentials":{"accessKeyId":"ASIA<new-key>EXAMPLE","sessionToken":"EXAMPLE<token>==","expiration":"<expires>"},"assumedRoleUser":{"assumedRoleId":"AROA<new-key>KEXAMPLE:<service-name>-<hex>","arn":"arn:aws:sts::<account>:assumed-role/<role>/<service-name>-<hex>"}}"#;

pub(super) const CALLS: &[Call] = &[
    Call::read("sts", "AssumeRole", 220).by(&[IdentityKind::Service]).only(&["ec2", "lambda", "ecs-tasks", "autoscaling", "rds"])
        .request(r#"{"roleArn":"arn:aws:iam::<account>:role/<role>","roleSessionName":"<service-name>-<hex>","durationSeconds":3600}"#)
        .response(ASSUMED).more(&[ROLE, SHARED]).failing(0, &[]),
    Call::read("sts", "AssumeRole", 60).by(&[IdentityKind::User, IdentityKind::Program, IdentityKind::Federated])
        .request(r#"{"roleArn":"arn:aws:iam::<account>:role/<role>","roleSessionName":"<service-name>-<hex>","durationSeconds":3600}"#)
        .response(ASSUMED).more(&[ROLE]).failing(50, &[("AccessDenied", "User: <caller> is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::<account>:role/<role>")]),
    Call::read("sts", "AssumeRole", 20).by(&[IdentityKind::OtherAccount])
        .request(r#"{"roleArn":"arn:aws:iam::<account>:role/<role>","roleSessionName":"<service-name>-<hex>","externalId":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#)
        .response(ASSUMED).more(&[ROLE, SHARED]).failing(30, &[("AccessDenied", "User: <caller> is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::<account>:role/<role>")]),
    Call::read("sts", "AssumeRoleWithWebIdentity", 60).by(&[IdentityKind::Web])
        .request(r#"{"roleArn":"arn:aws:iam::<account>:role/<role>","roleSessionName":"<service-name>-<hex>","durationSeconds":3600}"#)
        .response(r#"{"credentials":{"accessKeyId":"ASIA<new-key>EXAMPLE","sessionToken":"EXAMPLE<token>==","expiration":"<expires>"},"subjectFromWebIdentityToken":"<actor>","assumedRoleUser":{"assumedRoleId":"AROA<new-key>KEXAMPLE:<service-name>-<hex>","arn":"arn:aws:sts::<account>:assumed-role/<role>/<service-name>-<hex>"},"provider":"arn:aws:iam::<account>:oidc-provider/oidc.example.com","audience":"sts.amazonaws.com"}"#)
        .more(&[ROLE]).failing(20, &[("ExpiredTokenException", "Token expired: current date/time <many> must be before the expiration date/time <many-2>")]),
    Call::read("sts", "AssumeRoleWithSAML", 20).by(&[IdentityKind::Saml])
        .request(r#"{"sAMLAssertionID":"_<hex>","roleSessionName":"<actor>","durationSeconds":3600,"roleArn":"arn:aws:iam::<account>:role/<role>","principalArn":"arn:aws:iam::<account>:saml-provider/example-idp"}"#)
        .response(r#"{"subjectType":"persistent","issuer":"https://idp.example.com/saml","credentials":{"accessKeyId":"ASIA<new-key>EXAMPLE","sessionToken":"EXAMPLE<token>==","expiration":"<expires>"},"nameQualifier":"EXAMPLEnameQualifier=","assumedRoleUser":{"assumedRoleId":"AROA<new-key>KEXAMPLE:<actor>","arn":"arn:aws:sts::<account>:assumed-role/<role>/<actor>"},"subject":"<actor>","audience":"https://signin.aws.amazon.com/saml"}"#)
        .more(&[ROLE]).failing(0, &[]),
    Call::read("sts", "GetCallerIdentity", 190),
    Call::read("sts", "GetFederationToken", 4).by(&[IdentityKind::User]).only(&["backup"])
        .request(r#"{"name":"heidi","durationSeconds":43200,"policyArns":[{"arn":"<policy>"}]}"#)
        .response(r#"{"credentials":{"accessKeyId":"ASIA<new-key>EXAMPLE","sessionToken":"EXAMPLE<token>==","expiration":"<expires>"},"federatedUser":{"federatedUserId":"<account>:heidi","arn":"arn:aws:sts::<account>:federated-user/heidi"},"packedPolicySize":4}"#),
    Call::read("iam", "GetRole", 120).global().request(r#"{"roleName":"<role>"}"#)
        .failing(40, &[("NoSuchEntityException", "The role with name <role> cannot be found.")]),
    Call::read("iam", "ListRoles", 50).global().request(r#"{"maxItems":1000}"#),
    Call::read("iam", "ListUsers", 40).global().by(PEOPLE),
    Call::read("iam", "ListAttachedRolePolicies", 80).global().request(r#"{"roleName":"<role>"}"#),
    Call::read("iam", "ListAccessKeys", 30).global().request(r#"{"userName":"<user>"}"#),
    Call::read("iam", "GetAccountSummary", 30).global(),
    Call::read("iam", "GetPolicyVersion", 50).global().request(r#"{"policyArn":"<policy>","versionId":"v<digit>"}"#),
    Call::read("iam", "GenerateCredentialReport", 15).global().by(&[IdentityKind::Program, IdentityKind::Linked]).only(&["Auditor", "AWSServiceRoleForSecurityHub", "AWSServiceRoleForConfig"])
        .response(r#"{"state":"COMPLETE"}"#),
    Call::write("iam", "AttachRolePolicy", 3).global().by(PEOPLE).request(r#"{"roleName":"<role>","policyArn":"<policy>"}"#),
    Call::write("iam", "PutRolePolicy", 2).global().by(PEOPLE)
        .request(r#"{"roleName":"<role>","policyName":"inline","policyDocument":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\n        \"s3:GetObject\",\n        \"s3:PutObject\"\n      ],\n      \"Resource\": \"arn:aws:s3:::<bucket>/*\"\n    }\n  ]\n}"}"#),
    Call::write("iam", "UpdateAssumeRolePolicy", 1).global().by(PEOPLE)
        .request(r#"{"roleName":"<role>","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::<other-account>:root\"},\"Action\":\"sts:AssumeRole\"}]}"}"#),
    Call::write("iam", "CreateUser", 1).global().by(PEOPLE)
        .request(r#"{"userName":"<user>","tags":[{"key":"owner","value":"<person>"}]}"#)
        .response(r#"{"user":{"path":"/","userName":"<user>","userId":"AIDA<new-key>KEXAMPLE","arn":"arn:aws:iam::<account>:user/<user>","createDate":"<created>","tags":[{"key":"owner","value":"<person>"}]}}"#)
        .failing(300, &[("EntityAlreadyExistsException", "User with name <user> already exists.")]),
    Call::write("iam", "CreateAccessKey", 2).global().by(PEOPLE).request(r#"{"userName":"<user>"}"#)
        .response(r#"{"accessKey":{"userName":"<user>","accessKeyId":"AKIA<new-key>EXAMPLE","status":"Active","createDate":"<created>"}}"#)
        .failing(100, &[("LimitExceededException", "Cannot exceed quota for AccessKeysPerUser: 2")]),
    Call::read("organizations", "ListAccounts", 25).global().host("organizations.us-east-1.amazonaws.com"),
    Call::read("organizations", "DescribeOrganization", 25).global().host("organizations.us-east-1.amazonaws.com")
        .failing(60, &[("AccessDeniedException", "You don't have permissions to access this resource.")]),
];
