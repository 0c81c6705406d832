//! Signing in: signin, sso, and the directory services.

use super::{Call, PEOPLE};
use crate::logs::actors::IdentityKind;
use crate::logs::event::Field::{self, *};

const WORKFLOW: (Field, &str) =
    (AdditionalEventData, r#"{"AuthWorkflowID":"<uuid-3>","UserName":"<actor>","CredentialType":"PASSWORD"}"#);

pub(super) const CALLS: &[Call] = &[
    Call::write("signin", "ConsoleLogin", 12).global().kind("AwsConsoleSignIn").by(&[IdentityKind::User]).only(&["carol", "dave"])
        .response(r#"{"ConsoleLogin":"Success"}"#).host("signin.aws.amazon.com").failing(0, &[])
        .more(&[(AdditionalEventData, r#"{"LoginTo":"https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&state=hashArgsFromTB_<region>_<hex>","MobileVersion":"No","MFAIdentifier":"arn:aws:iam::<account>:mfa/<actor>","MFAUsed":"Yes"}"#)]),
    Call::write("signin", "ConsoleLogin", 14).global().kind("AwsConsoleSignIn").by(&[IdentityKind::Person])
        .response(r#"{"ConsoleLogin":"Success"}"#).host("signin.aws.amazon.com").failing(0, &[])
        .more(&[(AdditionalEventData, r#"{"MobileVersion":"No","MFAUsed":"No"}"#)]),
    Call::read("signin", "GetSigninToken", 10).global().kind("AwsConsoleSignIn").by(PEOPLE).host("signin.aws.amazon.com")
        .response(r#"{"GetSigninToken":"Success"}"#).failing(0, &[])
        .more(&[(AdditionalEventData, r#"{"MobileVersion":"No","MFAUsed":"No"}"#)]),
    Call::write("signin", "UserAuthentication", 12).kind("AwsServiceEvent").by(&[IdentityKind::IdentityCenter]).failing(0, &[])
        .response(r#"null"#)
        .more(&[
            (AdditionalEventData, r#"{"AuthWorkflowID":"<uuid-3>","LoginTo":"https://d-9067000000.awsapps.com/start/","UserName":"<actor>","CredentialType":"PASSWORD,TOTP"}"#),
            (ServiceEventDetails, r#"{"UserAuthentication":"Success"}"#),
        ]),
    Call::write("signin", "CredentialVerification", 8).kind("AwsServiceEvent").by(&[IdentityKind::IdentityCenter]).failing(0, &[])
        .more(&[WORKFLOW, (ServiceEventDetails, r#"{"CredentialVerification":"Success"}"#)]),
    Call::read("sso", "ListProfilesForApplication", 8).by(&[IdentityKind::IdentityCenter]).request(r#"{"instanceId":"ssoins-EXAMPLE"}"#).failing(0, &[])
        .host("portal.sso.<region>.amazonaws.com"),
    Call::write("sso", "Federate", 10).kind("AwsServiceEvent").by(&[IdentityKind::Unknown]).failing(0, &[])
        .more(&[(ServiceEventDetails, r#"{"role_name":"ReadOnlyAccess","account_id":"<account>"}"#)]),
    Call::write("sso", "Authenticate", 8).kind("AwsServiceEvent").by(&[IdentityKind::Unknown]).failing(0, &[])
        .more(&[(ServiceEventDetails, r#"{"Authenticate":"Success"}"#)]),
    Call::read("workdocs", "DescribeRootFolders", 4).by(&[IdentityKind::Directory]).request(r#"{"limit":50}"#).failing(0, &[]),
    Call::write("workdocs", "CreateFolder", 2).by(&[IdentityKind::Directory]).failing(0, &[])
        .request(r#"{"name":"quarter 3","parentFolderId":"<hex>"}"#)
        .response(r#"{"metadata":{"id":"<hex-2>","name":"quarter 3","creatorId":"S-1-5-21-1004336348-1177238915-682003330-1107","parentFolderId":"<hex>","createdTimestamp":"<created>","resourceState":"ACTIVE"}}"#),
];
