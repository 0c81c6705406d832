//! Sends requests to one bucket, in its own region.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_s3::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_s3::types::{EncodingType, OptionalObjectAttributes, RequestPayer};

use super::direct_get::{DirectGet, DirectOutcome};
use super::get_pattern::RequestRecorder;
use super::list_page::ListPage;
use super::object_response::ObjectResponse;
use crate::error::Error;
use crate::source::aws::http_connector::http_client;
use crate::source::aws::profile;
use crate::source::aws::response_limit::ResponseLimit;
use crate::source::aws::s3_config::s3_config;
use crate::source::location::Location;
use crate::source::s3::limiter::{ConcurrencyLimiter, ThrottleInterceptor};
use crate::source::s3::list_check::{ListCheck, MAX_ANSWER};
use crate::source::s3::s3_error::{S3Action, S3Error};
use crate::source::spec::BucketInput;

/// With one request in ten refused, this many attempts lose no object in practice.
const ATTEMPTS: u32 = 10;
/// Fewer attempts for the first request, so that an unreachable endpoint is reported soon.
const FIRST_ATTEMPTS: u32 = 3;

/// Client for one bucket.
#[derive(Debug)]
pub(super) struct S3Client {
    s3: aws_sdk_s3::Client,
    /// Requests most objects.
    direct: DirectGet,
    /// Is informed when S3 asks to slow down.
    limiter: Arc<ConcurrencyLimiter>,
    config: SdkConfig,
    bucket: Arc<str>,
    region: String,
    payer: Option<RequestPayer>,
}

/// What lies at the prefix that the user named.
#[derive(Debug)]
pub(super) struct LogRoot {
    pub(super) first_listing: FirstListing,
    /// Number of requests that were needed.
    pub(super) lists: u64,
}

/// First page of the listing of a folder, or the key of a single object.
#[derive(Debug)]
pub(super) enum FirstListing {
    Folder(ListPage),
    Object(String),
}

/// Request for one page of a listing.
#[derive(Clone, Debug, Default)]
pub(super) struct ListRequest<'a> {
    pub(super) prefix: &'a str,
    /// If true, lists folders and not the objects in them.
    pub(super) folders: bool,
    pub(super) start_after: Option<&'a str>,
    pub(super) token: Option<&'a str>,
}

impl S3Client {
    /// Connects to the bucket in its own region and lists the folder that the user named.
    /// `limiter` is informed when S3 asks to slow down.
    ///
    /// Returns an error if the bucket cannot be listed or has nothing at the prefix.
    pub(super) async fn connect(
        input: &BucketInput,
        limiter: &Arc<ConcurrencyLimiter>,
    ) -> Result<(S3Client, LogRoot), Error> {
        let mut client = S3Client::new(input, limiter).await;
        let first = ListRequest { prefix: &input.location.key, folders: true, ..ListRequest::default() };
        let lists = AtomicU64::new(0);
        let mut page = client.list(&first, &lists).await;
        // The error names the region of the bucket, for which requests must be signed.
        if let Err(S3Error { region: Some(region), .. }) = &page
            && *region != client.region
        {
            client = client.in_region(region.clone(), FIRST_ATTEMPTS);
            page = client.list(&first, &lists).await;
        }
        let region = client.region.clone();
        client = client.in_region(region, ATTEMPTS);
        // A temporary error is worth the full number of attempts, unless nothing listens there.
        if page.as_ref().is_err_and(|error| error.is_transient && !error.is_refused) {
            page = client.list(&first, &lists).await;
        }
        if page.as_ref().is_err_and(|error| error.has_no_credentials)
            && let Some(text) = profile::missing(input.connection.profile.as_deref())
        {
            return Err(Error::Failed(text));
        }
        let page = page.map_err(S3Error::into_fatal)?;
        let is_empty = page == ListPage::default();
        // A prefix without content may be the key of a single object.
        let first_listing = match is_empty {
            false => FirstListing::Folder(page),
            true if input.may_be_empty => FirstListing::Folder(page),
            true => client.object(&input.location, &lists).await?,
        };
        Ok((client, LogRoot { first_listing, lists: lists.into_inner() }))
    }

    /// Connects to the bucket in its own region without listing it, which only needs the
    /// permission to read objects. Returns an error if the bucket does not exist or the
    /// credentials are missing.
    pub(super) async fn locate(input: &BucketInput, limiter: &Arc<ConcurrencyLimiter>) -> Result<S3Client, Error> {
        let client = S3Client::new(input, limiter).await;
        let bucket = &*client.bucket;
        let answer = client.s3.head_bucket().bucket(bucket).send().await;
        // The answer names the region of the bucket, even if access to it is denied.
        let region = match answer.map_err(|error| S3Error::new(&error, &S3Action::Locate { bucket })) {
            Ok(answer) => answer.bucket_region,
            Err(S3Error { region: Some(region), .. }) => Some(region),
            Err(error) if error.has_no_credentials => {
                let text = profile::missing(input.connection.profile.as_deref());
                return Err(text.map_or_else(|| error.into_fatal(), Error::Failed));
            }
            Err(error) if error.is_fatal => return Err(error.into_fatal()),
            Err(_) => None,
        };
        let region = region.unwrap_or_else(|| client.region.clone());
        Ok(client.in_region(region, ATTEMPTS))
    }

    /// Creates a client for the configured region, which makes few attempts.
    async fn new(input: &BucketInput, limiter: &Arc<ConcurrencyLimiter>) -> S3Client {
        let config = input.connection.load().await;
        let region = config.region().map(Region::to_string).unwrap_or_default();
        S3Client {
            s3: self::s3(&config, &region, FIRST_ATTEMPTS, limiter),
            direct: DirectGet::new(&config, &input.location.bucket),
            limiter: Arc::clone(limiter),
            config,
            bucket: Arc::clone(&input.location.bucket),
            region,
            payer: input.request_payer.then_some(RequestPayer::Requester),
        }
    }

    /// Returns the client for another region or number of attempts.
    fn in_region(self, region: String, attempts: u32) -> S3Client {
        S3Client { s3: self::s3(&self.config, &region, attempts, &self.limiter), region, ..self }
    }

    /// Looks up the prefix as the key of a single object.
    async fn object(&self, folder: &Location, lists: &AtomicU64) -> Result<FirstListing, Error> {
        let key = folder.object_key();
        let nothing = || Error::Failed(format!("{folder}: no objects with this prefix"));
        if key.is_empty() {
            return Err(nothing());
        }
        let request = ListRequest { prefix: key, ..ListRequest::default() };
        let page = self.list(&request, lists).await.map_err(S3Error::into_fatal)?;
        let is_present = page.objects.first().is_some_and(|object| object.key == key);
        is_present.then(|| FirstListing::Object(key.to_string())).ok_or_else(nothing)
    }

    /// Returns a client with the same configuration and separate connections.
    pub(super) fn with_own_connections(&self) -> S3Client {
        S3Client {
            s3: aws_sdk_s3::Client::from_conf(self.s3.config().to_builder().http_client(http_client()).build()),
            direct: self.direct.with_own_connections(&self.config),
            limiter: Arc::clone(&self.limiter),
            config: self.config.clone(),
            bucket: Arc::clone(&self.bucket),
            region: self.region.clone(),
            payer: self.payer.clone(),
        }
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// Returns the address of a key.
    pub(super) fn location(&self, key: &str) -> Location {
        Location::new(Arc::clone(&self.bucket), key)
    }

    /// Returns the error for an invalid answer.
    pub(super) fn invalid_answer(&self, text: &str) -> S3Error {
        S3Error::of_list(&self.bucket, text.into())
    }

    /// Requests one page of a listing. Retries if the page is incomplete or invalid, because
    /// the SDK retries only answers that it cannot receive.
    pub(super) async fn list(&self, request: &ListRequest<'_>, count: &AtomicU64) -> Result<ListPage, S3Error> {
        const ATTEMPTS: u32 = 5;
        const PAUSE: Duration = Duration::from_millis(50);
        for attempt in 0..ATTEMPTS - 1 {
            match self.list_once(request, count).await {
                Err(error) if error.is_garbled => tokio::time::sleep(PAUSE * (1 << attempt)).await,
                result => return result,
            }
        }
        self.list_once(request, count).await
    }

    async fn list_once(&self, request: &ListRequest<'_>, count: &AtomicU64) -> Result<ListPage, S3Error> {
        count.fetch_add(1, Relaxed);
        let answer = self
            .s3
            .list_objects_v2()
            .bucket(&*self.bucket)
            .prefix(request.prefix)
            .set_delimiter(request.folders.then(|| "/".into()))
            .set_start_after(request.start_after.map(String::from))
            .set_continuation_token(request.token.map(String::from))
            // Without URL encoding, XML cannot represent every key.
            .encoding_type(EncodingType::Url)
            .set_optional_object_attributes((!request.folders).then(|| vec![OptionalObjectAttributes::RestoreStatus]))
            .set_request_payer(self.payer.clone())
            .customize()
            .interceptor(ResponseLimit::for_all(MAX_ANSWER))
            .interceptor(ListCheck)
            .send()
            .await
            .map_err(|error| S3Error::new(&error, &S3Action::List { bucket: &self.bucket, prefix: request.prefix }))?;
        ListPage::read(answer, request).map_err(|text| S3Error::garbled(&self.bucket, text.into()))
    }

    /// Requests an object. Temporary errors are retried up to the start of the body.
    pub(super) async fn get(&self, key: &str, count: &AtomicU64) -> Result<ObjectResponse, S3Error> {
        let attempts = self.s3.config().retry_config().map_or(1, RetryConfig::max_attempts);
        if attempts < 2 {
            return self.get_by_sdk(key, attempts, count).await;
        }
        let outcome = self.direct.get(key).await;
        count.fetch_add(u64::from(!matches!(outcome, DirectOutcome::NotSent)), Relaxed);
        match outcome {
            DirectOutcome::Object(object) => Ok(object),
            DirectOutcome::Refused(error) => Err(error),
            DirectOutcome::NotSent => self.get_by_sdk(key, attempts, count).await,
            DirectOutcome::Failed { pause, is_throttled, is_rejected } => {
                if is_throttled {
                    self.limiter.slow_down();
                }
                tokio::time::sleep(pause).await;
                let answer = self.get_by_sdk(key, attempts - 1, count).await;
                if is_rejected && answer.is_ok() {
                    self.direct.give_up();
                }
                answer
            }
        }
    }

    async fn get_by_sdk(&self, key: &str, attempts: u32, count: &AtomicU64) -> Result<ObjectResponse, S3Error> {
        count.fetch_add(1, Relaxed);
        let request = self.s3.get_object().bucket(&*self.bucket).key(key);
        let mut request = request.set_request_payer(self.payer.clone()).customize();
        let recorder = RequestRecorder::new(key);
        if self.direct.is_unlearned() {
            request = request.interceptor(recorder.clone());
        }
        if let Some(retry) = self.s3.config().retry_config().filter(|retry| retry.max_attempts() != attempts) {
            let retry = retry.clone().with_max_attempts(attempts);
            request = request.config_override(aws_sdk_s3::config::Builder::new().retry_config(retry));
        }
        let answer = request.send().await;
        let answer = answer.map_err(|error| S3Error::new(&error, &S3Action::Get { bucket: &self.bucket }))?;
        if self.direct.is_unlearned() {
            self.direct.learn(&recorder);
        }
        Ok(answer.into())
    }
}

fn s3(config: &SdkConfig, region: &str, attempts: u32, limiter: &Arc<ConcurrencyLimiter>) -> aws_sdk_s3::Client {
    let builder = s3_config(config, region, attempts)
        .interceptor(ThrottleInterceptor(Arc::clone(limiter)))
        .interceptor(ResponseLimit::for_errors(MAX_ANSWER))
        // The SDK's retry quota is used up after about a hundred refusals, and hundreds of
        // downloads can be refused at once.
        .retry_partition(RetryPartition::custom("trail2tsv").token_bucket(TokenBucket::unlimited()).build());
    aws_sdk_s3::Client::from_conf(builder.build())
}
