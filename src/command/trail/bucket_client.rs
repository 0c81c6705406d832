//! Reads and changes the configuration of buckets.

mod changes;

use std::error::Error as StdError;

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketVersioningStatus, ExpirationStatus, ObjectOwnership, OwnershipControlsRule};

use super::bucket_change::{LIFECYCLE_RULE, LifecycleDays};
use super::session::bucket_arn;
use crate::source::aws::response_limit::ResponseLimit;
use crate::source::aws::s3_config::s3_config;
use crate::source::aws::xml_element::XmlElement;
use crate::source::aws::{AwsError, AwsErrorKind};

/// Largest answer in bytes. A policy has at most 20 KB, and the rules of a lifecycle are 1,000.
const MAX_ANSWER: usize = 4 << 20;

/// Sends requests about buckets.
pub(super) struct BucketClient {
    config: SdkConfig,
    s3: aws_sdk_s3::Client,
    account: String,
    partition: String,
}

/// Whether a bucket exists.
pub(super) enum BucketPresence {
    /// No account has a bucket of this name.
    Missing,
    /// This account has it.
    Own,
}

/// The rules of a lifecycle.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct LifecycleState {
    /// The rule of this program, as far as it can be compared.
    pub(super) days: LifecycleDays,
    /// True if the rule of this program is there and enabled.
    pub(super) is_set: bool,
    /// Number of rules of others.
    pub(super) others: usize,
}

impl LifecycleState {
    /// The days after a change: those that are not given stay, if they have an effect now.
    pub(super) fn with(&self, given: LifecycleDays) -> LifecycleDays {
        let present = if self.is_set { self.days } else { LifecycleDays::default() };
        LifecycleDays {
            keep: given.keep.or(present.keep),
            archive_after: given.archive_after.or(present.archive_after),
        }
    }
}

impl BucketClient {
    pub(super) fn new(config: &SdkConfig, region: &str, account: &str, partition: &str) -> BucketClient {
        let s3 = client(config, region);
        BucketClient { config: config.clone(), s3, account: account.into(), partition: partition.into() }
    }

    /// Looks for a bucket. Later requests go to its region.
    ///
    /// Returns an error if the bucket belongs to another account.
    pub(super) async fn find(&mut self, bucket: &str) -> Result<BucketPresence, AwsError> {
        match self.head(bucket).await {
            Err(HeadError { region: Some(region), .. }) => {
                self.s3 = client(&self.config, &region);
                self.head(bucket).await.map_err(|error| error.error)
            }
            result => result.map_err(|error| error.error),
        }
    }

    async fn head(&self, bucket: &str) -> Result<BucketPresence, HeadError> {
        let head = self.s3.head_bucket().bucket(bucket).expected_bucket_owner(&self.account);
        let Err(error) = head.send().await else {
            return Ok(BucketPresence::Own);
        };
        let response = error.raw_response();
        let region = response.and_then(|response| response.headers().get("x-amz-bucket-region")).map(String::from);
        let configured = self.s3.config().region().map(Region::as_ref);
        let region = region.filter(|region| Some(region.as_str()) != configured);
        // The answers have no body, so they have no code.
        match response.map(|response| response.status().as_u16()) {
            Some(404) => Ok(BucketPresence::Missing),
            Some(301 | 400) if region.is_some() => {
                let text = "the bucket is in another region";
                Err(HeadError { region, error: AwsError::new(AwsErrorKind::Other, text) })
            }
            Some(403) => {
                let text = format!(
                    "access denied: the bucket belongs to another account, or s3:ListBucket is needed on {}",
                    bucket_arn(&self.partition, bucket)
                );
                Err(HeadError { region: None, error: AwsError::new(AwsErrorKind::AccessDenied, text) })
            }
            _ => Err(HeadError { region: None, error: AwsError::from_sdk("S3", &error) }),
        }
    }

    /// The tags of a bucket.
    pub(super) async fn tags(&self, bucket: &str) -> Result<Vec<(String, String)>, AwsError> {
        let request = self.s3.get_bucket_tagging().bucket(bucket);
        let answer = self.read(bucket, "GetBucketTagging", "NoSuchTagSet", request.send().await)?;
        let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// True if public access is blocked in every way.
    pub(super) async fn blocks_public_access(&self, bucket: &str) -> Result<bool, AwsError> {
        let request = self.s3.get_public_access_block().bucket(bucket);
        let missing = "NoSuchPublicAccessBlockConfiguration";
        let answer = self.read(bucket, "GetBucketPublicAccessBlock", missing, request.send().await)?;
        let block = answer.and_then(|answer| answer.public_access_block_configuration);
        Ok(block.is_some_and(|block| {
            let all = [
                block.block_public_acls,
                block.ignore_public_acls,
                block.block_public_policy,
                block.restrict_public_buckets,
            ];
            all == [Some(true); 4]
        }))
    }

    /// True if the owner of the bucket owns all objects.
    pub(super) async fn enforces_owner(&self, bucket: &str) -> Result<bool, AwsError> {
        let request = self.s3.get_bucket_ownership_controls().bucket(bucket);
        let missing = "OwnershipControlsNotFoundError";
        let answer = self.read(bucket, "GetBucketOwnershipControls", missing, request.send().await)?;
        let rules = answer.and_then(|answer| answer.ownership_controls).map(|controls| controls.rules);
        let is_enforced = |rule: &OwnershipControlsRule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced;
        Ok(rules.unwrap_or_default().iter().any(is_enforced))
    }

    /// True if earlier versions of objects are kept.
    pub(super) async fn has_versioning(&self, bucket: &str) -> Result<bool, AwsError> {
        let request = self.s3.get_bucket_versioning().bucket(bucket);
        match request.send().await {
            Ok(answer) => Ok(answer.status == Some(BucketVersioningStatus::Enabled)),
            // Some other servers name the root element otherwise, which the SDK does not accept.
            Err(error) => match error.raw_response().and_then(successful_answer) {
                Some(answer) => Ok(answer.text_of("Status") == Some("Enabled")),
                None => Err(self.error(bucket, "GetBucketVersioning", &error)),
            },
        }
    }

    /// The key of KMS that encrypts objects by default; `None` if it is a key of S3.
    pub(super) async fn encryption_key(&self, bucket: &str) -> Result<Option<String>, AwsError> {
        let request = self.s3.get_bucket_encryption().bucket(bucket);
        let missing = "ServerSideEncryptionConfigurationNotFoundError";
        let answer = self.read(bucket, "GetEncryptionConfiguration", missing, request.send().await)?;
        let configuration = answer.and_then(|answer| answer.server_side_encryption_configuration);
        let rules = configuration.map(|configuration| configuration.rules).unwrap_or_default();
        let mut defaults = rules.into_iter().filter_map(|rule| rule.apply_server_side_encryption_by_default);
        Ok(defaults.find_map(|default| default.kms_master_key_id))
    }

    /// The rules of the lifecycle of a bucket.
    pub(super) async fn lifecycle(&self, bucket: &str) -> Result<LifecycleState, AwsError> {
        let request = self.s3.get_bucket_lifecycle_configuration().bucket(bucket);
        let missing = "NoSuchLifecycleConfiguration";
        let answer = self.read(bucket, "GetLifecycleConfiguration", missing, request.send().await)?;
        let rules = answer.and_then(|answer| answer.rules).unwrap_or_default();
        let mut state = LifecycleState::default();
        for rule in &rules {
            if rule.id() != Some(LIFECYCLE_RULE) {
                state.others += 1;
                continue;
            }
            let days = |days: Option<i32>| days.and_then(|days| u16::try_from(days).ok());
            state.is_set = rule.status == ExpirationStatus::Enabled;
            state.days = LifecycleDays {
                keep: days(rule.expiration().and_then(|expiration| expiration.days)),
                archive_after: days(rule.transitions().first().and_then(|transition| transition.days)),
            };
        }
        Ok(state)
    }

    /// The policy of a bucket.
    pub(super) async fn policy(&self, bucket: &str) -> Result<Option<String>, AwsError> {
        let request = self.s3.get_bucket_policy().bucket(bucket);
        let answer = self.read(bucket, "GetBucketPolicy", "NoSuchBucketPolicy", request.send().await)?;
        Ok(answer.and_then(|answer| answer.policy))
    }

    /// True if a bucket has no object.
    pub(super) async fn is_empty(&self, bucket: &str) -> Result<bool, AwsError> {
        let request = self.s3.list_objects_v2().bucket(bucket).max_keys(1);
        let answer = self.read(bucket, "ListBucket", "", request.send().await)?;
        Ok(answer.is_some_and(|answer| answer.contents().is_empty()))
    }

    /// The answer to a request; `None` if the error says that nothing is set.
    fn read<T, E>(
        &self,
        bucket: &str,
        permission: &str,
        missing: &str,
        result: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, AwsError>
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        match result {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if !missing.is_empty() && error.code() == Some(missing) => Ok(None),
            Err(error) => Err(self.error(bucket, permission, &error)),
        }
    }

    fn error<E>(&self, bucket: &str, permission: &str, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        let arn = bucket_arn(&self.partition, bucket);
        AwsError::from_sdk("S3", error).with_permission(&format!("s3:{permission}"), &arn)
    }
}

/// Error of the request that looks for a bucket.
struct HeadError {
    /// Region of the bucket, if it is another one.
    region: Option<String>,
    error: AwsError,
}

/// The document of an answer with a success status.
fn successful_answer(response: &HttpResponse) -> Option<XmlElement> {
    let text = std::str::from_utf8(response.body().bytes()?).ok()?;
    response.status().is_success().then(|| XmlElement::parse(text).ok()).flatten()
}

fn client(config: &SdkConfig, region: &str) -> aws_sdk_s3::Client {
    /// As often as requests to other services.
    const ATTEMPTS: u32 = 8;
    let builder = s3_config(config, region, ATTEMPTS).interceptor(ResponseLimit::for_all(MAX_ANSWER));
    aws_sdk_s3::Client::from_conf(builder.build())
}
