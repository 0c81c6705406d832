//! The requests that change a bucket.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CreateBucketConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, Transition, TransitionStorageClass,
    VersioningConfiguration,
};

use super::BucketClient;
use crate::command::trail::bucket_change::{
    ARCHIVE_CLASS, BucketChange, LIFECYCLE_RULE, LifecycleDays, RECOVERABLE_DAYS, TAG, UPLOAD_DAYS, WITHOUT_CONSTRAINT,
};
use crate::source::aws::{AwsError, AwsErrorKind};

impl BucketClient {
    /// Changes a bucket.
    pub(in crate::command::trail) async fn change(&self, bucket: &str, change: &BucketChange) -> Result<(), AwsError> {
        let (s3, permission) = (&self.s3, change.permission());
        match change {
            BucketChange::Create { region } => {
                let constraint = (region != WITHOUT_CONSTRAINT).then(|| {
                    let constraint = BucketLocationConstraint::from(region.as_str());
                    CreateBucketConfiguration::builder().location_constraint(constraint).build()
                });
                let request = s3.create_bucket().bucket(bucket).set_create_bucket_configuration(constraint);
                self.done(bucket, permission, request.send().await)
            }
            BucketChange::Tag => {
                let tag = Tag::builder().key(TAG.0).value(TAG.1).build().map_err(invalid)?;
                let tags = Tagging::builder().tag_set(tag).build().map_err(invalid)?;
                self.done(bucket, permission, s3.put_bucket_tagging().bucket(bucket).tagging(tags).send().await)
            }
            BucketChange::BlockPublicAccess => {
                let block = PublicAccessBlockConfiguration::builder()
                    .block_public_acls(true)
                    .ignore_public_acls(true)
                    .block_public_policy(true)
                    .restrict_public_buckets(true)
                    .build();
                let request = s3.put_public_access_block().bucket(bucket).public_access_block_configuration(block);
                self.done(bucket, permission, request.send().await)
            }
            BucketChange::EnforceOwner => {
                let owner = ObjectOwnership::BucketOwnerEnforced;
                let rule = OwnershipControlsRule::builder().object_ownership(owner).build().map_err(invalid)?;
                let controls = OwnershipControls::builder().rules(rule).build().map_err(invalid)?;
                let request = s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls);
                self.done(bucket, permission, request.send().await)
            }
            BucketChange::EnableVersioning => {
                let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
                let request = s3.put_bucket_versioning().bucket(bucket).versioning_configuration(enabled);
                self.done(bucket, permission, request.send().await)
            }
            BucketChange::Encrypt { key } => {
                let configuration = encryption(key).map_err(invalid)?;
                let request =
                    s3.put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(configuration);
                self.done(bucket, permission, request.send().await)
            }
            BucketChange::SetLifecycle(days) => {
                let configuration = lifecycle(*days).map_err(invalid)?;
                let request =
                    s3.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(configuration);
                self.done(bucket, permission, request.send().await)
            }
            BucketChange::SetPolicy(policy) => {
                self.done(bucket, permission, s3.put_bucket_policy().bucket(bucket).policy(policy).send().await)
            }
        }
    }

    fn done<T, E>(
        &self,
        bucket: &str,
        permission: &str,
        result: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<(), AwsError>
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        result.map(drop).map_err(|error| self.error(bucket, permission, &error))
    }
}

fn invalid(error: BuildError) -> AwsError {
    AwsError::new(AwsErrorKind::Other, error.to_string())
}

fn encryption(key: &str) -> Result<ServerSideEncryptionConfiguration, BuildError> {
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id(key)
        .build()?;
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(default)
        .bucket_key_enabled(true)
        .build();
    ServerSideEncryptionConfiguration::builder().rules(rule).build()
}

/// The rule that the parameters of the AWS CLI describe too.
fn lifecycle(days: LifecycleDays) -> Result<BucketLifecycleConfiguration, BuildError> {
    let upload = AbortIncompleteMultipartUpload::builder().days_after_initiation(UPLOAD_DAYS.into()).build();
    let mut rule = LifecycleRule::builder()
        .id(LIFECYCLE_RULE)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .abort_incomplete_multipart_upload(upload);
    if let Some(days) = days.archive_after {
        let class = TransitionStorageClass::from(ARCHIVE_CLASS);
        rule = rule.transitions(Transition::builder().days(days.into()).storage_class(class).build());
    }
    if let Some(days) = days.keep {
        let earlier = NoncurrentVersionExpiration::builder().noncurrent_days(RECOVERABLE_DAYS.into()).build();
        let expiration = LifecycleExpiration::builder().days(days.into()).build();
        rule = rule.expiration(expiration).noncurrent_version_expiration(earlier);
    }
    BucketLifecycleConfiguration::builder().rules(rule.build()?).build()
}
