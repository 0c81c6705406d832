//! Requests objects without the SDK, which takes more CPU time for a small object than receiving
//! it does.
//!
//! The SDK requests the first object of a bucket, and its request is the pattern for the others:
//! the endpoint, the region of the signature, and the headers. Whatever is answered with neither
//! an object nor a final refusal is left to the SDK, which repeats requests and explains errors.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_checksums::ChecksumAlgorithm;
use aws_smithy_checksums::body::validate::ChecksumBody;
use aws_smithy_checksums::http::CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::get_pattern::{GetPattern, RequestRecorder};
use super::limiter::asks_to_slow_down;
use super::object_response::{ObjectResponse, are_of_object};
use super::s3_error::{S3Action, S3Error};
use crate::source::aws::credentials::SigningCredentials;
use crate::source::aws::http_transport::HttpTransport;
use crate::source::aws::xml_element::XmlElement;

/// Requests objects of one bucket over its own connections.
#[derive(Debug)]
pub(super) struct DirectGet {
    transport: HttpTransport,
    credentials: SigningCredentials,
    bucket: Arc<str>,
    pattern: Arc<SharedPattern>,
}

/// The pattern of all clients of a bucket.
#[derive(Debug, Default)]
struct SharedPattern {
    /// `None` in it if the request of the SDK cannot be imitated.
    learned: OnceLock<Option<GetPattern>>,
    /// Whether S3 has refused what it then gave to the SDK.
    is_wrong: AtomicBool,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum DirectOutcome {
    /// No request was sent, as there is no pattern.
    NotSent,
    /// The object.
    Object(ObjectResponse),
    /// S3 refuses the object for good.
    Refused(S3Error),
    /// The SDK is to send the request again, after a pause.
    Failed {
        pause: Duration,
        /// Whether S3 asks to slow down.
        is_throttled: bool,
        /// Whether S3 rejected the request itself, which may not be what it should.
        is_rejected: bool,
    },
}

impl DirectGet {
    /// Creates a client that sends nothing before it has learned how.
    pub(super) fn new(config: &SdkConfig, bucket: &Arc<str>) -> DirectGet {
        DirectGet {
            transport: HttpTransport::new(config),
            credentials: SigningCredentials::new(config),
            bucket: Arc::clone(bucket),
            pattern: Arc::default(),
        }
    }

    /// Returns a client that knows the same and has separate connections.
    pub(super) fn with_own_connections(&self, config: &SdkConfig) -> DirectGet {
        let DirectGet { credentials, bucket, pattern, .. } = self;
        let (credentials, bucket, pattern) = (credentials.clone(), Arc::clone(bucket), Arc::clone(pattern));
        DirectGet { transport: HttpTransport::new(config), credentials, bucket, pattern }
    }

    /// Learns from a request of the SDK that S3 has answered with an object.
    pub(super) fn learn(&self, recorder: &RequestRecorder) {
        self.pattern.learned.get_or_init(|| recorder.take());
    }

    /// Whether a request of the SDK could be learned from.
    pub(super) fn is_unlearned(&self) -> bool {
        self.pattern.learned.get().is_none()
    }

    /// Sends nothing any more, since S3 rejects what it accepts from the SDK.
    pub(super) fn give_up(&self) {
        self.pattern.is_wrong.store(true, Relaxed);
    }

    fn pattern(&self) -> Option<&GetPattern> {
        let pattern = self.pattern.learned.get()?.as_ref()?;
        (!self.pattern.is_wrong.load(Relaxed)).then_some(pattern)
    }

    /// Requests an object.
    pub(super) async fn get(&self, key: &str) -> DirectOutcome {
        let Some(pattern) = self.pattern() else { return DirectOutcome::NotSent };
        let credentials = match pattern.is_signed() {
            false => None,
            true => match self.credentials.get("S3").await {
                Ok(credentials) => Some(credentials),
                // The SDK names all the places that it has searched.
                Err(_) => return DirectOutcome::NotSent,
            },
        };
        let Ok(request) = pattern.request(key, credentials.as_ref(), SystemTime::now()) else {
            return DirectOutcome::NotSent;
        };
        match self.transport.call(request).await {
            Ok(response) if response.status().is_success() => DirectOutcome::Object(self.object(response)),
            Ok(response) => self.refusal(response).await,
            Err(_) => DirectOutcome::Failed { pause: backoff(), is_throttled: false, is_rejected: false },
        }
    }

    fn object(&self, response: HttpResponse) -> ObjectResponse {
        let headers = response.headers();
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let etag = headers.get("etag").map(String::from);
        let named = |(name, value): (&str, &str)| Some((name.strip_prefix("x-amz-meta-")?.into(), value.into()));
        let metadata = headers.iter().filter_map(named).collect();
        let checksum = checksum(&response);
        let has_checksum = checksum.is_some();
        let body = match checksum {
            None => response.into_body(),
            Some((algorithm, sum)) => {
                let body = response.into_body();
                SdkBody::from_body_1_x(ChecksumBody::new(body, algorithm.into_impl(), sum.into()))
            }
        };
        let (body, read_timeout) = (ByteStream::new(body), Some(self.transport.read_timeout()));
        ObjectResponse { body, length, metadata, etag, has_checksum, read_timeout }
    }

    /// Reads the answer to a request that failed.
    async fn refusal(&self, response: HttpResponse) -> DirectOutcome {
        let status = response.status().as_u16();
        let is_throttled = asks_to_slow_down(status);
        let is_temporary = status >= 500 || is_throttled;
        if !is_temporary {
            let text = self.transport.text("S3", response.into_body()).await.unwrap_or_default();
            let document = XmlElement::parse(&text).unwrap_or_default();
            let text_of = |name| document.text_of(name).unwrap_or_default();
            let action = S3Action::Get { bucket: &self.bucket };
            if let Some(error) = S3Error::of_refusal(status, text_of("Code"), text_of("Message"), &action) {
                return DirectOutcome::Refused(error);
            }
        }
        DirectOutcome::Failed {
            pause: if is_temporary { backoff() } else { Duration::ZERO },
            is_throttled,
            is_rejected: !is_temporary,
        }
    }
}

/// The pause before a request is repeated, as long as that of the SDK.
fn backoff() -> Duration {
    Duration::from_secs(1).mul_f64(fastrand::f64())
}

/// Returns the checksum that S3 sent with an object; `None` if there is none that can be verified.
fn checksum(response: &HttpResponse) -> Option<(ChecksumAlgorithm, Vec<u8>)> {
    let sent = |name: &'static str| Some((name, response.headers().get(format!("x-amz-checksum-{name}"))?));
    let sent: Vec<_> = CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER.into_iter().filter_map(sent).collect();
    let (name, sum) = sent.first().filter(|_| are_of_object(sent.iter().map(|(_, sum)| *sum)))?;
    Some((name.parse().ok()?, BASE64_STANDARD.decode(sum).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_checksum_of_the_whole_object_is_verified() {
        let response = |headers: &[(&'static str, &'static str)]| {
            let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
            headers.iter().for_each(|(name, value)| drop(response.headers_mut().insert(*name, *value)));
            checksum(&response).map(|(algorithm, sum)| (algorithm.as_str(), sum.len()))
        };
        let (crc32, crc64) = (("x-amz-checksum-crc32", "NhCmhg=="), ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="));
        assert_eq!(response(&[crc32, crc64]), Some(("crc64nvme", 8)));
        assert_eq!(response(&[crc32]), Some(("crc32", 4)));
        assert_eq!(response(&[("x-amz-checksum-crc32", "NhCmhg==-2")]), None);
        assert_eq!(response(&[("x-amz-checksum-crc32", "?")]), None);
        assert_eq!(response(&[crc64, ("x-amz-checksum-sha256", "YWJj-2")]), None);
        assert_eq!(response(&[]), None);
    }
}
