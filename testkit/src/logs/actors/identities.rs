//! The `userIdentity` of each kind of actor, and its ARN.

use super::IdentityKind;

const USER: &str = r#"{"type":"IAMUser","principalId":"AIDA<principal>EXAMPLE","arn":"<caller>","accountId":"<account>","accessKeyId":"AKIA<key>EXAMPLE","userName":"<actor>"}"#;

const PROGRAM: &str = r#"{"type":"AssumedRole","principalId":"AROA<principal>EXAMPLE:<session>","arn":"<caller>","accountId":"<account>","accessKeyId":"ASIA<key>EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA<principal>EXAMPLE","arn":"arn:aws:iam::<account>:role/<path><actor>","accountId":"<account>","userName":"<actor>"},"webIdFederationData":{},"attributes":{"creationDate":"<session-start>","mfaAuthenticated":"false"},"ec2RoleDelivery":"2.0"}}"#;

const PERSON: &str = r#"{"type":"AssumedRole","principalId":"AROA<principal>EXAMPLE:<session>","arn":"<caller>","accountId":"<account>","accessKeyId":"ASIA<key>EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA<principal>EXAMPLE","arn":"arn:aws:iam::<account>:role/<path><actor>","accountId":"<account>","userName":"<actor>"},"attributes":{"creationDate":"<session-start>","mfaAuthenticated":"false"}}}"#;

const LINKED: &str = r#"{"type":"AssumedRole","principalId":"AROA<principal>EXAMPLE:<session>","arn":"<caller>","accountId":"<account>","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA<principal>EXAMPLE","arn":"arn:aws:iam::<account>:role/<path><actor>","accountId":"<account>","userName":"<actor>"},"webIdFederationData":{},"attributes":{"creationDate":"<session-start>","mfaAuthenticated":"false"}},"invokedBy":"<service>"}"#;

const SERVICE: &str = r#"{"type":"AWSService","invokedBy":"<service>"}"#;

const UNTYPED: &str = r#"{"accountId":"<account>","invokedBy":"<service>"}"#;

const ROOT: &str = r#"{"type":"Root","principalId":"<account>","arn":"<caller>","accountId":"<account>","accessKeyId":"ASIA<key>EXAMPLE","sessionContext":{"sessionIssuer":{},"webIdFederationData":{},"attributes":{"creationDate":"<session-start>","mfaAuthenticated":"true"}}}"#;

const FEDERATED: &str = r#"{"type":"FederatedUser","principalId":"<account>:<actor>","arn":"<caller>","accountId":"<account>","accessKeyId":"ASIA<key>EXAMPLE","sessionContext":{"sessionIssuer":{"type":"IAMUser","principalId":"AIDA<principal>EXAMPLE","arn":"arn:aws:iam::<account>:user/federation-broker","accountId":"<account>","userName":"federation-broker"},"webIdFederationData":{},"attributes":{"creationDate":"<session-start>","mfaAuthenticated":"false"}}}"#;

const SAML: &str = r#"{"type":"SAMLUser","principalId":"<principal>zQdTYxkEXAMPLE:<actor>","userName":"<actor>","identityProvider":"<principal>zQdTYxkEXAMPLE"}"#;

const WEB: &str = r#"{"type":"WebIdentityUser","principalId":"arn:aws:iam::<account>:oidc-provider/oidc.example.com:sts.amazonaws.com:<actor>","userName":"<actor>","identityProvider":"arn:aws:iam::<account>:oidc-provider/oidc.example.com"}"#;

const OTHER_ACCOUNT: &str =
    r#"{"type":"AWSAccount","principalId":"AROA<principal>EXAMPLE:<session>","accountId":"<other-account>"}"#;

const IDENTITY_CENTER: &str = r#"{"type":"IdentityCenterUser","accountId":"<account>","onBehalfOf":{"userId":"c0ffee00-7001-70aa-0b1c-0123456789ab","identityStoreArn":"arn:aws:identitystore::<account>:identitystore/d-9067000000"},"credentialId":"<uuid-9>"}"#;

const DIRECTORY: &str = r#"{"type":"Directory","principalId":"S-1-5-21-1004336348-1177238915-682003330-1107","accountId":"<account>","userName":"<actor>"}"#;

const UNKNOWN: &str = r#"{"type":"Unknown","principalId":"<account>","arn":"","accountId":"<account>","accessKeyId":"","userName":"<actor>"}"#;

const ROLE: &str = r#"{"type":"Role","principalId":"AROA<principal>EXAMPLE","arn":"<caller>","accountId":"<account>"}"#;

/// The templates of the identity and of its ARN.
pub(super) fn identity(who: IdentityKind) -> (&'static str, &'static str) {
    const SESSION: &str = "arn:aws:sts::<account>:assumed-role/<actor>/<session>";
    match who {
        IdentityKind::User => (USER, "arn:aws:iam::<account>:user/<path><actor>"),
        IdentityKind::Person => (PERSON, SESSION),
        IdentityKind::Program => (PROGRAM, SESSION),
        IdentityKind::Linked => (LINKED, SESSION),
        IdentityKind::Service => (SERVICE, ""),
        IdentityKind::Untyped => (UNTYPED, ""),
        IdentityKind::Root => (ROOT, "arn:aws:iam::<account>:root"),
        IdentityKind::Federated => (FEDERATED, "arn:aws:sts::<account>:federated-user/<actor>"),
        IdentityKind::Saml => (SAML, ""),
        IdentityKind::Web => (WEB, ""),
        IdentityKind::OtherAccount => (OTHER_ACCOUNT, "arn:aws:sts::<other-account>:assumed-role/<actor>/<session>"),
        IdentityKind::IdentityCenter => (IDENTITY_CENTER, ""),
        IdentityKind::Directory => (DIRECTORY, ""),
        IdentityKind::Unknown => (UNKNOWN, ""),
        IdentityKind::Role => (ROLE, "arn:aws:iam::<account>:role/<actor>"),
    }
}
