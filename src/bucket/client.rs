//! Requests to one bucket, in the region where it is.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::RequestPayer;

use super::trouble::{Action, Trouble};
use crate::error::Fatal;
use crate::plan::{BucketInput, Connection};

/// At one request in ten refused, this many attempts lose no object.
const ATTEMPTS: u32 = 10;

/// Requests to one bucket.
#[derive(Debug)]
pub(super) struct Client {
    s3: aws_sdk_s3::Client,
    bucket: String,
    region: String,
    payer: Option<RequestPayer>,
}

/// One page of a list, or where it begins.
#[derive(Clone, Debug, Default)]
pub(super) struct ListRequest<'a> {
    pub(super) prefix: &'a str,
    /// Give folders, not what is in them.
    pub(super) folders: bool,
    pub(super) start_after: Option<&'a str>,
    pub(super) token: Option<&'a str>,
}

impl Client {
    /// Connects to the bucket, in whatever region it is.
    pub(super) async fn connect(input: &BucketInput) -> Result<Client, Fatal> {
        let config = config(&input.connection).await;
        let region = config.region().map(Region::to_string).unwrap_or_default();
        let payer = input.connection.request_payer.then_some(RequestPayer::Requester);
        let mut client = Client { s3: s3(&config, None), bucket: input.bucket.clone(), region, payer };
        let first = ListRequest { prefix: &input.prefix, folders: true, ..ListRequest::default() };
        let requests = AtomicU64::new(0);
        if let Err(trouble) = client.list(&first, &requests).await {
            match trouble.region {
                Some(region) if region != client.region => {
                    client.s3 = s3(&config, Some(&region));
                    client.region = region;
                    client.list(&first, &requests).await.map_err(Trouble::into_fatal)?;
                }
                _ => return Err(trouble.into_fatal()),
            }
        }
        Ok(client)
    }

    pub(super) fn bucket(&self) -> &str {
        &self.bucket
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// `s3://BUCKET/KEY`
    pub(super) fn address(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    pub(super) async fn list(
        &self,
        request: &ListRequest<'_>,
        count: &AtomicU64,
    ) -> Result<ListObjectsV2Output, Trouble> {
        count.fetch_add(1, Relaxed);
        self.s3
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(request.prefix)
            .set_delimiter(request.folders.then(|| "/".into()))
            .set_start_after(request.start_after.map(String::from))
            .set_continuation_token(request.token.map(String::from))
            .set_request_payer(self.payer.clone())
            .send()
            .await
            .map_err(|error| Trouble::new(&error, &Action::List { bucket: &self.bucket, prefix: request.prefix }))
    }

    pub(super) async fn get(&self, key: &str, count: &AtomicU64) -> Result<GetObjectOutput, Trouble> {
        count.fetch_add(1, Relaxed);
        self.s3
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_request_payer(self.payer.clone())
            .send()
            .await
            .map_err(|error| Trouble::new(&error, &Action::Get { bucket: &self.bucket }))
    }
}

/// What the environment, the profile and the command line say.
async fn config(connection: &Connection) -> SdkConfig {
    let profile = connection.profile.as_deref();
    let mut profile_region = ProfileFileRegionProvider::builder();
    if let Some(name) = profile {
        profile_region = profile_region.profile_name(name);
    }
    // The bucket says where it is, so nobody needs to be asked that could be
    // long in answering.
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(profile_region.build())
        .or_else("us-east-1");
    let region = chain.region().await;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(url) = &connection.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if connection.anonymous {
        return loader.no_credentials().load().await;
    }
    if let Some(name) = profile {
        // A profile that is named comes before keys in the environment, as in the AWS CLI.
        let chain = DefaultCredentialsChain::builder().profile_name(name).build().await;
        loader = loader.profile_name(name);
        if std::env::var_os("AWS_ACCESS_KEY_ID").is_some() {
            let provider = aws_config::profile::ProfileFileCredentialsProvider::builder().profile_name(name).build();
            return loader.credentials_provider(provider).load().await;
        }
        return loader.credentials_provider(chain).load().await;
    }
    loader.load().await
}

fn s3(config: &SdkConfig, region: Option<&str>) -> aws_sdk_s3::Client {
    // Servers other than AWS's rarely have a host name for each bucket.
    let is_elsewhere = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let mut builder = aws_sdk_s3::config::Builder::from(config).force_path_style(is_elsewhere);
    if let Some(region) = region {
        builder = builder.region(Region::new(region.to_string()));
    }
    aws_sdk_s3::Client::from_conf(builder.build())
}
