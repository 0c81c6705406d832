//! The callers in the story: identities as JSON, and their tools.

pub(super) const CLI: &str = "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4 md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe";
pub(super) const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
pub(super) const CONSOLE: &str = "AWS Internal";
pub(super) const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.13.1 (+https://www.terraform.io) terraform-provider-aws/6.11.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.38.3";

/// The user whose name was mistyped on the sign-in page.
pub(super) const HIDDEN: &str =
    r#"{"type":"IAMUser","accountId":"111122223333","accessKeyId":"","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#;

/// The account's owner on the sign-in page.
pub(super) const ROOT_SIGNING_IN: &str = r#"{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":""}"#;

/// The account's owner in the console.
pub(super) const ROOT: &str = r#"{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":"ASIAROOTCONSOEXAMPLE","sessionContext":{"attributes":{"creationDate":"2026-09-30T21:58:09Z","mfaAuthenticated":"false"}}}"#;

/// Bob, with the key that was made for him.
pub(super) const BOB: &str = r#"{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/bob","accountId":"111122223333","accessKeyId":"AKIAI44QH8DHBEXAMPLE","userName":"bob"}"#;

/// Bob in the role Maintenance.
pub(super) const MAINTENANCE: &str = r#"{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:bob","arn":"arn:aws:sts::111122223333:assumed-role/Maintenance/bob","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADBQP57FF2AEXAMPLE","arn":"arn:aws:iam::111122223333:role/Maintenance","accountId":"111122223333","userName":"Maintenance"},"attributes":{"creationDate":"2026-09-30T22:14:55Z","mfaAuthenticated":"false"}}}"#;

/// The same, as the other account sees him.
pub(super) const MAINTENANCE_ABROAD: &str =
    r#"{"type":"AWSAccount","principalId":"AROADBQP57FF2AEXAMPLE:bob","accountId":"111122223333"}"#;

/// Bob in the other account.
pub(super) const ABROAD: &str = r#"{"type":"AssumedRole","principalId":"AROAORGACCESSXEXAMPLE:bob","arn":"arn:aws:sts::444455556666:assumed-role/OrganizationAccountAccessRole/bob","accountId":"444455556666","accessKeyId":"ASIACROSSACC1EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAORGACCESSXEXAMPLE","arn":"arn:aws:iam::444455556666:role/OrganizationAccountAccessRole","accountId":"444455556666","userName":"OrganizationAccountAccessRole"},"attributes":{"creationDate":"2026-09-30T23:40:12Z","mfaAuthenticated":"false"}}}"#;

/// Alice, through single sign-on in the role Admin.
pub(super) const ALICE: &str = r#"{"type":"AssumedRole","principalId":"AROAADMINROLEXEXAMPLE:alice@example.com","arn":"arn:aws:sts::111122223333:assumed-role/Admin/alice@example.com","accountId":"111122223333","accessKeyId":"ASIAALICEKEY1EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAADMINROLEXEXAMPLE","arn":"arn:aws:iam::111122223333:role/Admin","accountId":"111122223333","userName":"Admin"},"attributes":{"creationDate":"2026-10-01T08:58:31Z","mfaAuthenticated":"true"}}}"#;

/// The pipeline that made the instance.
pub(super) const DEPLOYER: &str = r#"{"type":"AssumedRole","principalId":"AROADEPLOYERXXEXAMPLE:GitHubActions","arn":"arn:aws:sts::111122223333:assumed-role/Deployer/GitHubActions","accountId":"111122223333","accessKeyId":"ASIADEPLOYKEYEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADEPLOYERXXEXAMPLE","arn":"arn:aws:iam::111122223333:role/Deployer","accountId":"111122223333","userName":"Deployer"},"webIdFederationData":{"federatedProvider":"arn:aws:iam::111122223333:oidc-provider/oidc.example.com","attributes":{}},"attributes":{"creationDate":"2026-09-30T09:59:40Z","mfaAuthenticated":"false"}}}"#;

/// Trent, who investigates afterwards.
pub(super) const INVESTIGATOR: &str = r#"{"type":"AssumedRole","principalId":"AROAAUDITREADXEXAMPLE:trent@example.com","arn":"arn:aws:sts::111122223333:assumed-role/SecurityAudit/trent@example.com","accountId":"111122223333","accessKeyId":"ASIAAUDITKEY1EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAAUDITREADXEXAMPLE","arn":"arn:aws:iam::111122223333:role/SecurityAudit","accountId":"111122223333","userName":"SecurityAudit"},"attributes":{"creationDate":"2026-10-01T10:12:00Z","mfaAuthenticated":"true"},"sourceIdentity":"trent@example.com"}}"#;
