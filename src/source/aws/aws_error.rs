//! Errors that a request to any AWS service can have, with texts that say what to do.

use std::error::Error as StdError;
use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// Cause of an error if no provider had credentials.
pub(super) const NO_CREDENTIALS: &str = "no credentials found";

/// The kind of an error, which decides what can be done about it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum AwsErrorKind {
    /// No credentials were found, or their provider failed.
    NoCredentials,
    /// The credentials were valid once.
    ExpiredCredentials,
    /// The service does not know the credentials, or not in this region.
    RejectedCredentials,
    /// The clock of this machine differs too much from that of the service.
    ClockSkew,
    /// The credentials lack a permission.
    AccessDenied,
    /// The service asks to slow down.
    Throttled,
    /// There was no response before the timeout.
    Timeout,
    /// The connection could not be made, or broke.
    Unreachable,
    /// The service failed (status 5xx).
    ServiceFailure,
    /// The answer is incomplete, or not what was asked for.
    InvalidResponse,
    /// Any other reason.
    Other,
}

/// Error of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AwsError {
    /// What can be done about it.
    pub kind: AwsErrorKind,
    /// Code that the service gave; empty if there was no answer.
    pub code: String,
    /// What is wrong, without the remedy.
    pub cause: String,
}

impl AwsErrorKind {
    /// Classifies an error response.
    fn from_response(status: u16, code: &str, message: &str) -> AwsErrorKind {
        const TOO_MANY_REQUESTS: u16 = 429;
        match code {
            // The signature contains the time of the request.
            _ if message.starts_with("Signature expired") || message.starts_with("Signature not yet current") => {
                AwsErrorKind::ClockSkew
            }
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired" => {
                AwsErrorKind::ExpiredCredentials
            }
            "AuthFailure"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidToken"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => AwsErrorKind::RejectedCredentials,
            "RequestTimeTooSkewed" => AwsErrorKind::ClockSkew,
            "AccessDenied"
            | "AccessDeniedException"
            | "AllAccessDisabled"
            | "AuthorizationError"
            | "AuthorizationErrorException"
            | "KMSAccessDenied"
            | "KMSAccessDeniedException"
            | "KmsAccessDenied"
            | "KMS.AccessDeniedException"
            | "UnauthorizedOperation" => AwsErrorKind::AccessDenied,
            "BandwidthLimitExceeded"
            | "EC2ThrottledException"
            | "LimitExceededException"
            | "PriorRequestNotComplete"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "SlowDown"
            | "ThrottledException"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequests"
            | "TooManyRequestsException"
            | "TransactionInProgressException" => AwsErrorKind::Throttled,
            "RequestTimeout" | "RequestTimeoutException" => AwsErrorKind::Timeout,
            _ if status == TOO_MANY_REQUESTS => AwsErrorKind::Throttled,
            _ if status >= 500 => AwsErrorKind::ServiceFailure,
            _ => AwsErrorKind::Other,
        }
    }

    /// True if every further request to the same region would fail too.
    pub fn is_fatal(self) -> bool {
        match self {
            AwsErrorKind::NoCredentials
            | AwsErrorKind::ExpiredCredentials
            | AwsErrorKind::RejectedCredentials
            | AwsErrorKind::ClockSkew => true,
            AwsErrorKind::AccessDenied
            | AwsErrorKind::Throttled
            | AwsErrorKind::Timeout
            | AwsErrorKind::Unreachable
            | AwsErrorKind::ServiceFailure
            | AwsErrorKind::InvalidResponse
            | AwsErrorKind::Other => false,
        }
    }

    /// What the user can do about it; `None` if the cause says it, or nothing is known.
    fn remedy(self) -> Option<&'static str> {
        match self {
            AwsErrorKind::NoCredentials => {
                Some("sign in, for example with `aws sso login`, or choose another profile with --profile")
            }
            AwsErrorKind::ExpiredCredentials | AwsErrorKind::RejectedCredentials => {
                Some("sign in again, for example with `aws sso login`, or choose another profile with --profile")
            }
            _ => None,
        }
    }
}

impl AwsError {
    /// Creates the error for an error response.
    pub fn from_response(status: u16, code: &str, message: Option<&str>) -> AwsError {
        let message = message.unwrap_or("no reason given");
        let kind = AwsErrorKind::from_response(status, code, message);
        let cause = match kind {
            AwsErrorKind::ExpiredCredentials => format!("the credentials have expired ({code})"),
            AwsErrorKind::RejectedCredentials => format!("the credentials were rejected ({code})"),
            AwsErrorKind::ClockSkew => format!("the system clock is wrong ({code})"),
            AwsErrorKind::AccessDenied => format!("access denied ({code}): {message}"),
            _ => format!("{code}: {message}"),
        };
        AwsError { kind, code: code.into(), cause }
    }

    /// Adds the permission that the request needs, if it was denied.
    pub fn with_permission(self, permission: &str, resource: &str) -> AwsError {
        if self.kind != AwsErrorKind::AccessDenied {
            return self;
        }
        let needed = match self.code.to_lowercase().starts_with("kms") {
            true => format!("kms:Decrypt and kms:GenerateDataKey are needed on the key that encrypts {resource}"),
            false => format!("{permission} is needed on {resource}"),
        };
        AwsError { cause: format!("{}; {needed}", self.cause), ..self }
    }

    /// Creates an error without an error response.
    pub fn new(kind: AwsErrorKind, cause: impl Into<String>) -> AwsError {
        AwsError { kind, code: String::new(), cause: cause.into() }
    }

    /// Creates the error for a request that `service` did not answer.
    pub fn without_answer(service: &str, error: &(dyn StdError + 'static), kind: AwsErrorKind) -> AwsError {
        let root = root_cause(error);
        let cause = match kind {
            AwsErrorKind::Timeout => "no response before the timeout".into(),
            AwsErrorKind::Unreachable => format!("{service} cannot be reached: {root}"),
            _ => root,
        };
        AwsError::new(kind, cause)
    }

    /// Creates the error of a request that the SDK sent to `service`.
    pub fn from_sdk<E>(service: &str, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: StdError + ProvideErrorMetadata + 'static,
    {
        if let Some(code) = error.code().filter(|code| !code.is_empty()) {
            let status = error.raw_response().map_or(0, |response| response.status().as_u16());
            return AwsError::from_response(status, code, error.message());
        }
        if let Some(cause) = missing_credentials(error) {
            return AwsError::new(AwsErrorKind::NoCredentials, cause);
        }
        let kind = match error {
            SdkError::TimeoutError(_) => AwsErrorKind::Timeout,
            SdkError::DispatchFailure(_) => AwsErrorKind::Unreachable,
            _ => AwsErrorKind::Other,
        };
        AwsError::without_answer(service, error, kind)
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        self.kind.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

impl StdError for AwsError {}

/// Returns why the SDK had no credentials; `None` for any other error. The SDK has no type for it.
fn missing_credentials(error: &(dyn StdError + 'static)) -> Option<String> {
    let lower = causes(error).join(": ").to_lowercase();
    if !["credential", "sso", "token"].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let root = root_cause(error);
    // The SDK lists every place it searched; that detail is omitted.
    let is_missing = lower.contains("no credentials found") || root == "the credential provider was not enabled";
    Some(if is_missing { NO_CREDENTIALS.into() } else { format!("no credentials: {root}") })
}

/// Returns the root cause, without Rust's "(os error 2)".
pub fn root_cause(error: &dyn StdError) -> String {
    let text = causes(error).pop().unwrap_or_default();
    // A remedy follows, and the SDK ends some of its sentences.
    text.split(" (os error").next().unwrap_or_default().trim_end_matches('.').to_string()
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn error_responses_are_classified_and_name_a_remedy() {
        for (code, kind, text) in [
            ("ExpiredToken", AwsErrorKind::ExpiredCredentials, "the credentials have expired (ExpiredToken); sign in"),
            ("AuthFailure", AwsErrorKind::RejectedCredentials, "the credentials were rejected (AuthFailure); sign"),
            ("RequestTimeTooSkewed", AwsErrorKind::ClockSkew, "the system clock is wrong ("),
            ("UnauthorizedOperation", AwsErrorKind::AccessDenied, "access denied (UnauthorizedOperation): why"),
            ("RequestLimitExceeded", AwsErrorKind::Throttled, "RequestLimitExceeded: why"),
            ("InvalidParameterValue", AwsErrorKind::Other, "InvalidParameterValue: why"),
        ] {
            let error = AwsError::from_response(400, code, Some("why"));
            assert_eq!((error.kind, error.code.as_str()), (kind, code));
            assert!(error.to_string().starts_with(text), "{error}");
        }
        let skewed =
            AwsError::from_response(403, "SignatureDoesNotMatch", Some("Signature expired: 1 is earlier than"));
        assert_eq!(skewed.kind, AwsErrorKind::ClockSkew);
        assert_eq!(AwsError::from_response(400, "X", None).to_string(), "X: no reason given");
    }

    #[test]
    fn a_denied_request_names_the_permission_and_the_resource() {
        let text = |code: &str| {
            AwsError::from_response(403, code, Some("no")).with_permission("sqs:ReceiveMessage", "arn:q").to_string()
        };
        let denied = "access denied (AccessDenied): no; sqs:ReceiveMessage is needed on arn:q";
        assert_eq!(text("AccessDenied"), denied);
        assert_eq!(
            text("KMS.AccessDeniedException"),
            "access denied (KMS.AccessDeniedException): no; \
             kms:Decrypt and kms:GenerateDataKey are needed on the key that encrypts arn:q"
        );
        assert_eq!(text("Throttling"), "Throttling: no");
    }

    #[test]
    fn failures_without_an_answer_name_the_service_or_the_credentials() {
        let text =
            |error: &str, kind| AwsError::without_answer("EC2", &io::Error::other(error.to_string()), kind).to_string();
        assert_eq!(text("x", AwsErrorKind::Timeout), "no response before the timeout");
        assert_eq!(text("refused (os error 1)", AwsErrorKind::Unreachable), "EC2 cannot be reached: refused");
        assert_eq!(text("x", AwsErrorKind::Other), "x");
        let missing = |error: &str| missing_credentials(&io::Error::other(error.to_string()));
        assert_eq!(missing("no credentials found in chain").as_deref(), Some(NO_CREDENTIALS));
        assert_eq!(missing("the SSO session is over").as_deref(), Some("no credentials: the SSO session is over"));
        assert_eq!(missing("connection refused"), None);
        let error = AwsError::new(AwsErrorKind::NoCredentials, NO_CREDENTIALS);
        assert!(error.to_string().starts_with("no credentials found; sign in, for example"), "{error}");
    }
}
