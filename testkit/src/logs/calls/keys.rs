//! Keys, secrets and parameters: kms, secretsmanager, ssm.

use super::{Call, PEOPLE};
use crate::logs::actors::IdentityKind;
use crate::logs::event::Field::{self, *};

const KEY: (Field, &str) = (
    Resources,
    r#"[{"accountId":"<account>","type":"AWS::KMS::Key","ARN":"arn:aws:kms:<region>:<account>:key/<known>"}]"#,
);
const SHARED: (Field, &str) = (SharedEventId, r#""<uuid-5>""#);
const PARAMETER: (Field, &str) =
    (Resources, r#"[{"accountId":"<account>","ARN":"arn:aws:ssm:<region>:<account>:parameter<parameter>"}]"#);

pub(super) const CALLS: &[Call] = &[
    Call::read("kms", "Decrypt", 310).more(&[KEY])
        .request(r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::<bucket>/<object>"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT","keyId":"arn:aws:kms:<region>:<account>:key/<known>"}"#),
    Call::read("kms", "Decrypt", 90).by(&[IdentityKind::Linked, IdentityKind::Program]).more(&[KEY])
        .request(r#"{"encryptionContext":{"SecretARN":"arn:aws:secretsmanager:<region>:<account>:secret:<secret>","SecretVersionId":"<uuid-3>"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#),
    Call::read("kms", "GenerateDataKey", 190).more(&[KEY])
        .request(r#"{"keyId":"arn:aws:kms:<region>:<account>:key/<known>","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::<bucket>"},"keySpec":"AES_256"}"#),
    Call::read("kms", "GenerateDataKey", 40).by(&[IdentityKind::Service]).only(&["cloudtrail", "delivery.logs"]).more(&[KEY, SHARED])
        .request(r#"{"keyId":"arn:aws:kms:<region>:<account>:key/<known>","keySpec":"AES_256","encryptionContext":{"aws:cloudtrail:arn":"arn:aws:cloudtrail:<region>:<account>:trail/management-events","aws:s3:arn":"arn:aws:s3:::example-trail-logs/AWSLogs/<account>/CloudTrail/<region>/<day>/<hex>.json.gz"}}"#),
    Call::read("kms", "Sign", 30).by(&[IdentityKind::OtherAccount]).more(&[KEY, SHARED])
        .request(r#"{"keyId":"arn:aws:kms:<region>:<account>:key/<known>","messageType":"RAW","signingAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256"}"#),
    Call::read("kms", "DescribeKey", 60).more(&[KEY]).request(r#"{"keyId":"alias/<service-name>"}"#)
        .failing(60, &[("NotFoundException", "Alias arn:aws:kms:<region>:<account>:alias/<service-name> is not found.")]),
    Call::read("kms", "ListAliases", 30).request(r#"{"limit":100}"#),
    Call::write("kms", "CreateGrant", 14).by(&[IdentityKind::Linked, IdentityKind::Program]).more(&[KEY])
        .request(r#"{"keyId":"arn:aws:kms:<region>:<account>:key/<known>","retiringPrincipal":"ec2.<region>.amazonaws.com","operations":["Decrypt","GenerateDataKeyWithoutPlaintext","CreateGrant"],"constraints":{"encryptionContextSubset":{"aws:ebs:id":"<volume>"}},"granteePrincipal":"arn:aws:sts::<account>:assumed-role/aws:ec2-infrastructure/<instance>"}"#)
        .response(r#"{"grantId":"<hex><hex-2><hex-3><hex-4>","keyId":"arn:aws:kms:<region>:<account>:key/<known>"}"#),
    Call::read("secretsmanager", "GetSecretValue", 120).by(&[IdentityKind::Program])
        .request(r#"{"secretId":"arn:aws:secretsmanager:<region>:<account>:secret:<secret>","versionStage":"AWSCURRENT"}"#),
    Call::read("secretsmanager", "DescribeSecret", 50).request(r#"{"secretId":"arn:aws:secretsmanager:<region>:<account>:secret:<secret>"}"#)
        .failing(50, &[("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")]),
    Call::read("secretsmanager", "ListSecrets", 25).request(r#"{"maxResults":100,"filters":[{"key":"tag-key","values":["environment"]}]}"#),
    Call::write("secretsmanager", "SecretVersionDeletion", 12).by(&[IdentityKind::Untyped]).only(&["secretsmanager"]).kind("AwsServiceEvent")
        .more(&[(AdditionalEventData, r#"{"VersionId":"<uuid-3>","ARN":"arn:aws:secretsmanager:<region>:<account>:secret:<secret>","Detail":"Scheduling this secret version for deletion because it has no stage and this secret has over 100 versions","DeleteAfter":"24 Hours","Name":"<secret>"}"#)]),
    Call::write("secretsmanager", "PutSecretValue", 4).by(PEOPLE)
        .request(r#"{"secretId":"arn:aws:secretsmanager:<region>:<account>:secret:<secret>","clientRequestToken":"<uuid-3>"}"#)
        .response(r#"{"arn":"arn:aws:secretsmanager:<region>:<account>:secret:<secret>"}"#),
    Call::read("ssm", "GetParameter", 160).more(&[PARAMETER]).request(r#"{"name":"<parameter>","withDecryption":true}"#)
        .failing(30, &[("ParameterNotFound", "Parameter <parameter> not found.")]),
    Call::read("ssm", "GetParameters", 60).request(r#"{"names":["<public-parameter>"],"withDecryption":false}"#)
        .more(&[(Resources, r#"[{"ARN":"arn:aws:ssm:<region>::parameter<public-parameter>"}]"#)]),
    Call::read("ssm", "DescribeInstanceInformation", 50).request(r#"{"maxResults":50,"filters":[{"key":"PingStatus","values":["Online"]}]}"#),
    Call::write("ssm", "UpdateInstanceInformation", 200).by(&[IdentityKind::Program]).only(&["ssm-managed"])
        .request(r#"{"instanceId":"<own-instance>","agentVersion":"3.3.2746.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"10.0.3.<octet>","computerName":"ip-10-0-3-<octet>.<region>.compute.internal","agentName":"amazon-ssm-agent","availabilityZone":"<region><zone>"}"#),
    Call::read("ssm", "ListInstanceAssociations", 60).by(&[IdentityKind::Program]).only(&["ssm-managed"]).request(r#"{"instanceId":"<own-instance>","maxResults":20}"#),
    Call::write("ssm", "PutParameter", 5).more(&[PARAMETER]).by(PEOPLE)
        .request(r#"{"name":"<parameter>","value":"HIDDEN_DUE_TO_SECURITY_REASONS","type":"SecureString","overwrite":true,"tier":"Standard"}"#)
        .response(r#"{"version":<count>,"tier":"Standard"}"#),
    Call::write("ssm", "StartSession", 3).by(PEOPLE).request(r#"{"target":"<instance>"}"#)
        .response(r#"{"sessionId":"<service-name>-0<hex>","tokenValue":"Value hidden due to security reasons.","streamUrl":"wss://ssmmessages.<region>.amazonaws.com/v1/data-channel/<service-name>-0<hex>?role=publish_subscribe&cell-number=HIDDEN"}"#)
        .failing(150, &[("TargetNotConnected", "<instance> is not connected.")]),
];
