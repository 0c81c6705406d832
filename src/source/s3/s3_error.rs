//! Errors of S3 and of the connection to it, with texts that say what to do.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::error::Error;
use crate::source::s3::response_guard::TruncatedList;

/// The request that failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum S3Action<'a> {
    List { bucket: &'a str, prefix: &'a str },
    Get { bucket: &'a str },
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
    /// True if the answer is incomplete or invalid.
    pub(super) is_garbled: bool,
    /// True if no credentials found.
    pub(super) has_no_credentials: bool,
    /// Region of the bucket, if the answer contains it.
    pub(super) region: Option<String>,
    bucket: String,
}

impl S3Error {
    pub(super) fn new<E>(error: &SdkError<E, HttpResponse>, action: &S3Action<'_>) -> S3Error
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        let (S3Action::List { bucket, .. } | S3Action::Get { bucket }) = action;
        let region = error.raw_response().and_then(region);
        let code = error.code().unwrap_or_default();
        let status = error.raw_response().map_or(0, |response| response.status().as_u16());
        let garbled = if (200..300).contains(&status) { garbled(error) } else { None };
        let is_garbled = garbled.is_some();
        let (text, is_fatal) = match (code, status) {
            _ if is_garbled => (garbled.unwrap_or_default(), false),
            ("NoSuchBucket", _) => ("the bucket does not exist".into(), true),
            ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _) => {
                let region = region.as_deref().unwrap_or("not reported by S3; set AWS_REGION");
                (format!("the bucket is in another region: {region} ({code})"), true)
            }
            ("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired", _) => {
                (format!("the credentials have expired ({code}); {SIGN_IN}"), true)
            }
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "UnrecognizedClientException", _) => {
                (format!("the credentials were rejected ({code}); {SIGN_IN}"), true)
            }
            ("RequestTimeTooSkewed", _) => ("the system clock is wrong (RequestTimeTooSkewed)".into(), true),
            ("InvalidObjectState", _) => {
                ("the object is archived; restore it first (InvalidObjectState)".into(), false)
            }
            ("AccessDenied" | "AllAccessDisabled", _) | ("", 403) => {
                (denied(action, error.message().unwrap_or_default()), false)
            }
            ("NoSuchKey", _) | ("", 404) => ("the object no longer exists (NoSuchKey)".into(), false),
            ("", _) => without_answer(error),
            (code, _) => (format!("{code}: {}", error.message().unwrap_or("no reason given")), false),
        };
        let has_no_credentials = code.is_empty() && status == 0 && is_fatal;
        S3Error {
            text,
            is_fatal,
            is_transient: status >= 500,
            is_garbled,
            has_no_credentials,
            region,
            bucket: (*bucket).to_string(),
        }
    }

    /// Creates an error for an invalid listing.
    pub(super) fn of_list(bucket: &str, text: String) -> S3Error {
        let bucket = bucket.to_string();
        let (is_fatal, is_transient, is_garbled, has_no_credentials) = (false, false, false, false);
        S3Error { text, is_fatal, is_transient, is_garbled, has_no_credentials, region: None, bucket }
    }

    /// Creates an error for an invalid answer that is worth a retry.
    pub(super) fn garbled(bucket: &str, text: String) -> S3Error {
        S3Error { is_garbled: true, ..S3Error::of_list(bucket, text) }
    }

    /// Converts to an error that ends the run.
    pub(super) fn into_fatal(self) -> Error {
        Error::Failed(format!("s3://{}: {}", self.bucket, self.text))
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

/// Extracts the region of the bucket from a header or from the error document.
fn region(response: &HttpResponse) -> Option<String> {
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(region.into());
    }
    let text = std::str::from_utf8(response.body().bytes()?).ok()?;
    let (region, _) = text.split_once("<Region>")?.1.split_once("</Region>")?;
    Some(region.into())
}

const SIGN_IN: &str = "sign in again, for example with `aws sso login`, or choose another profile with --profile";
const SIGN_IN_FIRST: &str = "sign in, for example with `aws sso login`, choose another profile with --profile, \
                             or read a public bucket with --no-sign-request";

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
        S3Action::Get { bucket } => format!("access denied: s3:GetObject is needed on arn:aws:s3:::{bucket}/*"),
    }
}

/// Describes a failure without an answer, and whether it ends the run.
fn without_answer<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> (String, bool) {
    let chain = causes(error);
    let text = chain.join(": ");
    let lower = text.to_lowercase();
    let cause = cause(error);
    if lower.contains("credential") || lower.contains("sso") || lower.contains("token") {
        // The SDK lists every place it searched; that detail is omitted.
        let is_missing = lower.contains("no credentials found") || cause == "the credential provider was not enabled";
        let what = if is_missing { "no credentials found".into() } else { format!("no credentials: {cause}") };
        return (format!("{what}; {SIGN_IN_FIRST}"), true);
    }
    match error {
        SdkError::TimeoutError(_) => ("no response before the timeout".into(), false),
        SdkError::DispatchFailure(_) => (format!("S3 cannot be reached: {cause}"), false),
        _ => (cause, false),
    }
}

/// Returns the root cause, without Rust's "(os error 2)".
pub(super) fn cause(error: &dyn StdError) -> String {
    let text = causes(error).pop().unwrap_or_default();
    text.split(" (os error").next().unwrap_or_default().to_string()
}

/// Returns the texts of an error and its causes, outermost first.
fn causes(error: &dyn StdError) -> Vec<String> {
    let mut chain = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if chain.last() != Some(&text) {
            chain.push(text);
        }
        next = error.source();
    }
    chain
}
