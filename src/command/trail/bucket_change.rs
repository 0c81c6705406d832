//! The changes to a bucket, as requests and as parameters of the AWS CLI.

use serde_json::{Map, Value, json};

/// A change to a bucket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum BucketChange {
    /// Creates the bucket in a region.
    Create { region: String },
    /// Sets the tag of this program; other tags must not be there.
    Tag,
    /// Blocks public access in every way.
    BlockPublicAccess,
    /// Makes the owner of the bucket the owner of all objects, and disables ACLs.
    EnforceOwner,
    /// Keeps earlier versions of objects.
    EnableVersioning,
    /// Encrypts objects by default with a key of KMS.
    Encrypt { key: String },
    /// Sets the only rule of the lifecycle.
    SetLifecycle(LifecycleDays),
    /// Sets the policy.
    SetPolicy(String),
}

/// After how many days objects are moved and deleted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct LifecycleDays {
    /// Deletion; `None` keeps them forever.
    pub(super) keep: Option<u16>,
    /// Move to a storage class for archives.
    pub(super) archive_after: Option<u16>,
}

/// Tag of what this program created.
pub(super) const TAG: (&str, &str) = ("created-by", "trail2tsv");
/// Id of the rule of the lifecycle.
pub(super) const LIFECYCLE_RULE: &str = "trail2tsv";
/// After how many days a deleted or replaced object can no longer be recovered.
pub(super) const RECOVERABLE_DAYS: u16 = 30;
/// Days after which an incomplete upload is removed.
pub(super) const UPLOAD_DAYS: u16 = 7;
/// Storage class for archives.
pub(super) const ARCHIVE_CLASS: &str = "GLACIER";

/// The region whose buckets have no location constraint.
pub(super) const WITHOUT_CONSTRAINT: &str = "us-east-1";

impl BucketChange {
    /// The name of the operation.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            BucketChange::Create { .. } => "CreateBucket",
            BucketChange::Tag => "PutBucketTagging",
            BucketChange::BlockPublicAccess => "PutPublicAccessBlock",
            BucketChange::EnforceOwner => "PutBucketOwnershipControls",
            BucketChange::EnableVersioning => "PutBucketVersioning",
            BucketChange::Encrypt { .. } => "PutBucketEncryption",
            BucketChange::SetLifecycle(_) => "PutBucketLifecycleConfiguration",
            BucketChange::SetPolicy(_) => "PutBucketPolicy",
        }
    }

    /// The permission for the operation, where its name differs.
    pub(super) fn permission(&self) -> &'static str {
        match self {
            BucketChange::BlockPublicAccess => "PutBucketPublicAccessBlock",
            BucketChange::Encrypt { .. } => "PutEncryptionConfiguration",
            BucketChange::SetLifecycle(_) => "PutLifecycleConfiguration",
            other => other.operation(),
        }
    }

    /// The parameters of the operation.
    pub(super) fn parameters(&self, bucket: &str) -> Map<String, Value> {
        let mut parameters = Map::from_iter([("Bucket".to_string(), Value::from(bucket))]);
        let configuration = match self {
            BucketChange::Create { region } if region == WITHOUT_CONSTRAINT => None,
            BucketChange::Create { region } => {
                Some(("CreateBucketConfiguration", json!({"LocationConstraint": region})))
            }
            BucketChange::Tag => Some(("Tagging", json!({"TagSet": [{"Key": TAG.0, "Value": TAG.1}]}))),
            BucketChange::BlockPublicAccess => Some((
                "PublicAccessBlockConfiguration",
                json!({
                    "BlockPublicAcls": true,
                    "IgnorePublicAcls": true,
                    "BlockPublicPolicy": true,
                    "RestrictPublicBuckets": true,
                }),
            )),
            BucketChange::EnforceOwner => {
                Some(("OwnershipControls", json!({"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})))
            }
            BucketChange::EnableVersioning => Some(("VersioningConfiguration", json!({"Status": "Enabled"}))),
            BucketChange::Encrypt { key } => {
                let by_default = json!({"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key});
                let rule = json!({"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": true});
                Some(("ServerSideEncryptionConfiguration", json!({"Rules": [rule]})))
            }
            BucketChange::SetLifecycle(days) => Some(("LifecycleConfiguration", json!({"Rules": [days.rule()]}))),
            BucketChange::SetPolicy(policy) => Some(("Policy", policy.as_str().into())),
        };
        parameters.extend(configuration.map(|(name, value)| (name.to_string(), value)));
        parameters
    }
}

impl LifecycleDays {
    /// The rule of the lifecycle.
    fn rule(self) -> Value {
        let mut rule = json!({"ID": LIFECYCLE_RULE, "Status": "Enabled", "Filter": {"Prefix": ""}});
        if let Some(days) = self.archive_after {
            rule["Transitions"] = json!([{"Days": days, "StorageClass": ARCHIVE_CLASS}]);
        }
        if let Some(days) = self.keep {
            rule["Expiration"] = json!({"Days": days});
            rule["NoncurrentVersionExpiration"] = json!({"NoncurrentDays": RECOVERABLE_DAYS});
        }
        rule["AbortIncompleteMultipartUpload"] = json!({"DaysAfterInitiation": UPLOAD_DAYS});
        rule
    }
}
