//! Errors of S3, with texts that say what to do.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::error::Error;
use crate::source::aws::{AwsError, AwsErrorKind};
use crate::source::location::BucketAddress;
use crate::source::s3::list_check::TruncatedList;

/// The name of the service in messages.
const SERVICE: &str = "S3";

/// The request that failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum S3Action<'a> {
    List { bucket: &'a str, prefix: &'a str },
    Get { bucket: &'a str },
    Locate { bucket: &'a str },
}

impl S3Action<'_> {
    fn bucket(&self) -> &str {
        let (S3Action::List { bucket, .. } | S3Action::Get { bucket } | S3Action::Locate { bucket }) = self;
        bucket
    }
}

/// Error of a request.
#[derive(Clone, Debug)]
pub(super) struct S3Error {
    /// Cause and remedy, without the name of the object.
    pub(super) text: String,
    /// True if every further request would fail too.
    pub(super) is_fatal: bool,
    /// True if the same request may succeed later.
    pub(super) is_transient: bool,
    /// True if nothing accepts connections at the endpoint.
    pub(super) is_refused: bool,
    /// True if the answer is incomplete or invalid.
    pub(super) is_garbled: bool,
    /// True if no credentials found.
    pub(super) has_no_credentials: bool,
    /// Region of the bucket, if the answer contains it.
    pub(super) region: Option<String>,
    bucket: Arc<str>,
}

impl S3Error {
    pub(super) fn new<E>(error: &SdkError<E, HttpResponse>, action: &S3Action<'_>) -> S3Error
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        let region = error.raw_response().and_then(region);
        let code = error.code().unwrap_or_default();
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        let garbled = if (200..300).contains(&status) { garbled(error) } else { None };
        let is_garbled = garbled.is_some();
        let (mut has_no_credentials, mut is_transient) = (false, status >= 500);
        let (text, is_fatal) = match (code, status) {
            _ if is_garbled => (garbled.unwrap_or_default(), false),
            ("NoSuchBucket", _) => ("the bucket does not exist".into(), true),
            (_, 404) if matches!(action, S3Action::Locate { .. }) => ("the bucket does not exist".into(), true),
            ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _) => {
                let region = region.as_deref().unwrap_or("not reported by S3; set AWS_REGION");
                (format!("the bucket is in another region: {region} ({code})"), true)
            }
            _ if let Some(text) = refused(status, code, error.message().unwrap_or_default(), action) => (text, false),
            _ => match AwsError::from_sdk(SERVICE, error) {
                AwsError { kind: AwsErrorKind::NoCredentials, cause, .. } => {
                    has_no_credentials = status == 0;
                    (format!("{cause}; {SIGN_IN_FIRST}"), true)
                }
                error => {
                    is_transient |= matches!(
                        error.kind,
                        AwsErrorKind::Throttled | AwsErrorKind::Timeout | AwsErrorKind::Unreachable
                    );
                    (error.to_string(), error.kind.is_fatal())
                }
            },
        };
        let (is_refused, bucket) = (refuses_connections(error), action.bucket().into());
        S3Error { text, is_fatal, is_transient, is_refused, is_garbled, has_no_credentials, region, bucket }
    }

    /// Creates the error for an answer with which S3 finally refuses an object; `None` for any
    /// other answer.
    pub(super) fn of_refusal(status: u16, code: &str, message: &str, action: &S3Action<'_>) -> Option<S3Error> {
        let text = refused(status, code, message, action)?;
        Some(S3Error::of_list(action.bucket(), text))
    }

    /// Creates an error for an invalid listing.
    pub(super) fn of_list(bucket: &str, text: String) -> S3Error {
        let bucket = bucket.into();
        let (is_fatal, is_transient, is_refused, is_garbled) = (false, false, false, false);
        let (has_no_credentials, region) = (false, None);
        S3Error { text, is_fatal, is_transient, is_refused, is_garbled, has_no_credentials, region, bucket }
    }

    /// Creates an error for an invalid answer that is worth a retry.
    pub(super) fn garbled(bucket: &str, text: String) -> S3Error {
        S3Error { is_garbled: true, ..S3Error::of_list(bucket, text) }
    }

    /// Converts to an error that ends the run.
    pub(super) fn into_fatal(self) -> Error {
        Error::Failed(format!("{}: {}", BucketAddress(&self.bucket), self.text))
    }
}

/// Returns the defect of an answer that has a success status; `None` for other errors.
fn garbled<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    if let SdkError::ServiceError(_) = error {
        return Some("the response cannot be parsed".into());
    }
    let mut next = error.source();
    while let Some(error) = next {
        if error.is::<TruncatedList>() {
            return Some(TruncatedList.to_string());
        }
        next = error.source();
    }
    None
}

/// True if the operating system reports that a connection was refused.
fn refuses_connections(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.any(|error| error.downcast_ref::<io::Error>().map(io::Error::kind) == Some(io::ErrorKind::ConnectionRefused))
}

/// Extracts the region of the bucket from a header or from the error document.
fn region(response: &HttpResponse) -> Option<String> {
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(region.into());
    }
    let text = std::str::from_utf8(response.body().bytes()?).ok()?;
    let (region, _) = text.split_once("<Region>")?.1.split_once("</Region>")?;
    Some(region.into())
}

/// The remedy for missing credentials: a bucket can be public, in contrast to other resources.
const SIGN_IN_FIRST: &str = "sign in, for example with `aws sso login`, choose another profile with --profile, or read a public bucket with --no-sign-request";

/// Returns why S3 refuses an object, for all attempts alike.
fn refused(status: u16, code: &str, message: &str, action: &S3Action<'_>) -> Option<String> {
    match (code, status) {
        ("InvalidObjectState", _) => Some("the object is archived; restore it first (InvalidObjectState)".into()),
        ("AccessDenied" | "AllAccessDisabled", _) | ("", 403) => Some(denied(action, message)),
        ("NoSuchKey", _) | ("", 404) => Some("the object no longer exists (NoSuchKey)".into()),
        _ => None,
    }
}

/// Names the missing permission and its resource.
fn denied(action: &S3Action<'_>, message: &str) -> String {
    if message.contains("kms:") || message.contains("KMS") {
        return "access denied: kms:Decrypt is needed on the key that encrypts the object".into();
    }
    match action {
        S3Action::List { bucket, prefix } => {
            let below = if prefix.is_empty() { String::new() } else { format!(" below {prefix}") };
            format!("access denied{below}: s3:ListBucket is needed on arn:aws:s3:::{bucket}")
        }
        S3Action::Get { bucket } | S3Action::Locate { bucket } => {
            format!("access denied: s3:GetObject is needed on arn:aws:s3:::{bucket}/*")
        }
    }
}
