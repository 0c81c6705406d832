//! Every kind of identity, whole and with parts missing.

use super::{EdgeCase, EventDraft};

const IDENTITIES: &[(&str, &str)] = &[
    (
        "user",
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/ops/alice","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"alice"}"#,
    ),
    (
        "user with an empty key",
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"","userName":"alice"}"#,
    ),
    (
        "user without a name",
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/ops/alice","accountId":"111122223333"}"#,
    ),
    ("user with only a principal", r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE"}"#),
    (
        "user whose name was mistyped",
        r#"{"type":"IAMUser","accountId":"111122223333","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
    ),
    (
        "user invoked by AWS Internal",
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","userName":"alice","sessionContext":{"sessionIssuer":{},"attributes":{"creationDate":"2026-10-01T08:00:00Z","mfaAuthenticated":"true"}},"invokedBy":"AWS Internal"}"#,
    ),
    (
        "root",
        r#"{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":""}"#,
    ),
    (
        "root with an account alias",
        r#"{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","userName":"example-company"}"#,
    ),
    ("root with nothing else", r#"{"type":"Root"}"#),
    (
        "role",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:alice@example.com","arn":"arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADBQP57FF2AEXAMPLE","arn":"arn:aws:iam::111122223333:role/team/Admin","accountId":"111122223333","userName":"Admin"},"webIdFederationData":{},"attributes":{"creationDate":"2026-10-01T08:00:00Z","mfaAuthenticated":"true"},"sourceIdentity":"alice","ec2RoleDelivery":"2.0"}}"#,
    ),
    (
        "role of another partition",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:deploy","arn":"arn:aws-us-gov:sts::111122223333:assumed-role/Deployer/deploy","accountId":"111122223333"}"#,
    ),
    (
        "role without sessionContext",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:alice@example.com","arn":"arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com","accountId":"111122223333"}"#,
    ),
    (
        "role without sessionIssuer",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:alice@example.com","arn":"arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com","sessionContext":{"attributes":{"creationDate":"2026-10-01T08:00:00Z"}}}"#,
    ),
    (
        "role whose sessionIssuer is empty",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:alice","arn":"arn:aws:sts::111122223333:assumed-role/Admin/alice","sessionContext":{"sessionIssuer":{}}}"#,
    ),
    (
        "role whose sessionContext is null",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:alice","arn":"arn:aws:sts::111122223333:assumed-role/Admin/alice","sessionContext":null}"#,
    ),
    (
        "role without an arn",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:alice@example.com","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","userName":"Admin"}}}"#,
    ),
    (
        "role with only a principal and session",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:session"}"#,
    ),
    ("role with only a principal", r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE"}"#),
    (
        "role with a colon and slash in the session",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:a:b=c,d.e@f_g-h","arn":"arn:aws:sts::111122223333:assumed-role/Admin/a:b=c,d.e@f_g-h","sessionContext":{"sessionIssuer":{"userName":"Admin"}}}"#,
    ),
    (
        "role with an empty session",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:","arn":"arn:aws:sts::111122223333:assumed-role/Admin/","sessionContext":{"sessionIssuer":{"userName":"Admin"}}}"#,
    ),
    (
        "role whose name needs an escape",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:a\tb","arn":"arn:aws:sts::111122223333:assumed-role/\u0041dmin/a\tb","sessionContext":{"sessionIssuer":{"userName":"\u0041dmin"}}}"#,
    ),
    (
        "role used by a service",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:AutoScaling","arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","userName":"AWSServiceRoleForAutoScaling"}},"invokedBy":"autoscaling.amazonaws.com"}"#,
    ),
    (
        "role on behalf of an Identity Center user",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:erin","arn":"arn:aws:sts::111122223333:assumed-role/Analyst/erin","sessionContext":{"sessionIssuer":{"userName":"Analyst"}},"onBehalfOf":{"userId":"c0ffee00-7001-70aa-0b1c-0123456789ab","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-9067000000"}}"#,
    ),
    (
        "federated user",
        r#"{"type":"FederatedUser","principalId":"111122223333:heidi","arn":"arn:aws:sts::111122223333:federated-user/heidi","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"IAMUser","userName":"federation-broker"}}}"#,
    ),
    ("federated user without an arn", r#"{"type":"FederatedUser","principalId":"111122223333:heidi"}"#),
    (
        "federated user who calls himself root",
        r#"{"type":"FederatedUser","principalId":"111122223333:root","arn":"arn:aws:sts::111122223333:federated-user/root","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mallory","userName":"mallory"}}}"#,
    ),
    (
        "federated user of the root user",
        r#"{"type":"FederatedUser","principalId":"111122223333:x","arn":"arn:aws:sts::111122223333:federated-user/x","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Root","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}}}"#,
    ),
    (
        "federated user of a user called root",
        r#"{"type":"FederatedUser","principalId":"111122223333:x","arn":"arn:aws:sts::111122223333:federated-user/x","sessionContext":{"sessionIssuer":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/root","userName":"root"}}}"#,
    ),
    (
        "user called root",
        r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/root","accountId":"111122223333","userName":"Root"}"#,
    ),
    (
        "role and session called root",
        r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:root","arn":"arn:aws:sts::111122223333:assumed-role/root/root","sessionContext":{"sessionIssuer":{"type":"Role","userName":"root"},"sourceIdentity":"root"}}"#,
    ),
    (
        "root for whom a service acted",
        r#"{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","invokedBy":"support.amazonaws.com"}"#,
    ),
    (
        "unknown with the ARN of an assumed role",
        r#"{"type":"Unknown","principalId":"AROADBQP57FF2AEXAMPLE:alice@example.com","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1b74cd717d47002b/alice@example.com","accountId":"111122223333"}"#,
    ),
    (
        "other account with the ARN of an assumed role",
        r#"{"type":"AWSAccount","principalId":"AROADBQP57FF2AEXAMPLE:sync","accountId":"444455556666","arn":"arn:aws:sts::444455556666:assumed-role/Sync/sync"}"#,
    ),
    (
        "SAML user",
        r#"{"type":"SAMLUser","principalId":"EXAMPLEhash=:ivan@example.com","userName":"ivan@example.com","identityProvider":"EXAMPLEhash="}"#,
    ),
    (
        "web identity user",
        r#"{"type":"WebIdentityUser","principalId":"accounts.example.com:app:subject","userName":"subject","identityProvider":"accounts.example.com"}"#,
    ),
    ("service", r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#),
    ("service without invokedBy", r#"{"type":"AWSService"}"#),
    ("no type, only invokedBy", r#"{"accountId":"111122223333","invokedBy":"secretsmanager.amazonaws.com"}"#),
    ("no type, only an account", r#"{"accountId":"111122223333"}"#),
    ("other account", r#"{"type":"AWSAccount","principalId":"AIDACKCEVSQ6C2EXAMPLE","accountId":"444455556666"}"#),
    (
        "other account with a session",
        r#"{"type":"AWSAccount","principalId":"AROADBQP57FF2AEXAMPLE:sync","accountId":"444455556666"}"#,
    ),
    ("other account without a principal", r#"{"type":"AWSAccount","accountId":"444455556666"}"#),
    ("anonymous", r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#),
    (
        "Identity Center user",
        r#"{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"c0ffee00-7001-70aa-0b1c-0123456789ab","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-9067000000"},"credentialId":"EXAMPLEcredential"}"#,
    ),
    ("Identity Center user without onBehalfOf", r#"{"type":"IdentityCenterUser","accountId":"111122223333"}"#),
    (
        "directory user",
        r#"{"type":"Directory","principalId":"S-1-5-21-1004336348-1177238915-682003330-1001","accountId":"111122223333","userName":"judy"}"#,
    ),
    (
        "unknown",
        r#"{"type":"Unknown","principalId":"111122223333","arn":"","accountId":"111122223333","accessKeyId":"","userName":"frank@example.com"}"#,
    ),
    ("unknown with nothing else", r#"{"type":"Unknown"}"#),
    (
        "plain role",
        r#"{"type":"Role","principalId":"AROADBQP57FF2AEXAMPLE","arn":"arn:aws:iam::111122223333:role/legacy","accountId":"111122223333"}"#,
    ),
    (
        "a type that is not invented yet",
        r#"{"type":"QuantumUser","principalId":"QUIDEXAMPLE","arn":"arn:aws:iam::111122223333:quantum/q"}"#,
    ),
    ("a type and nothing that names anyone", r#"{"type":"QuantumUser","accountId":"111122223333"}"#),
    (
        "keys in another order",
        r#"{"userName":"alice","accountId":"111122223333","arn":"arn:aws:iam::111122223333:user/alice","type":"IAMUser"}"#,
    ),
    (
        "the same name in an inner object first",
        r#"{"sessionContext":{"sessionIssuer":{"type":"Role","userName":"Inner","arn":"arn:aws:iam::111122223333:role/Inner"}},"type":"IAMUser","userName":"outer"}"#,
    ),
];

pub(super) fn all() -> Vec<EdgeCase> {
    let mut all: Vec<EdgeCase> = IDENTITIES
        .iter()
        .map(|(why, json)| EventDraft::new(format!("identity: {why}")).set("userIdentity", *json).edge_case())
        .collect();
    all.push(
        EventDraft::new("identity: unknown who signs in through Identity Center")
            .set(
                "userIdentity",
                r#"{"type":"Unknown","principalId":"111122223333","arn":"","accountId":"111122223333"}"#,
            )
            .set("additionalEventData", r#"{"UserName":"root","CredentialType":"PASSWORD"}"#)
            .edge_case(),
    );
    all.push(
        EventDraft::new("identity: Identity Center user signing in")
            .set("userIdentity", r#"{"type":"IdentityCenterUser","accountId":"111122223333"}"#)
            .set(
                "additionalEventData",
                r#"{"AuthWorkflowID":"0dd","UserName":"erin@example.com","CredentialType":"PASSWORD"}"#,
            )
            .edge_case(),
    );
    all
}
