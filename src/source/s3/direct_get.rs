//! Requests objects without the SDK, which takes more CPU time for a small object than receiving
//! it does.
//!
//! The SDK requests the first object of a bucket, and its request is the pattern for the others:
//! the endpoint, the region of the signature, and the headers. Whatever is answered with neither
//! an object nor a final refusal is left to the SDK, which repeats requests and explains errors.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Credentials, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_checksums::ChecksumAlgorithm;
use aws_smithy_checksums::body::validate::ChecksumBody;
use aws_smithy_checksums::http::CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::limiter::asks_to_slow_down;
use super::object_response::ObjectResponse;
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
    /// The object cannot be had.
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
        let recorded = recorder.pattern.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.pattern.learned.get_or_init(|| recorded);
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
        let credentials = match pattern.signing_region.is_some() {
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
        let (body, patience) = (ByteStream::new(body), Some(self.transport.patience()));
        ObjectResponse { body, length, metadata, etag, has_checksum, patience }
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
/// The checksum of a multipart upload contains a `-`: it is one of checksums.
fn checksum(response: &HttpResponse) -> Option<(ChecksumAlgorithm, Vec<u8>)> {
    let sent = |name: &str| response.headers().get(format!("x-amz-checksum-{name}"));
    let mut given = CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER.into_iter().filter_map(|name| Some((name, sent(name)?)));
    let (name, sum) = given.next()?;
    if sum.contains('-') || given.any(|(_, sum)| sum.contains('-')) {
        return None;
    }
    Some((name.parse().ok()?, BASE64_STANDARD.decode(sum).ok()?))
}

/// What the requests for all objects of a bucket have in common.
#[derive(Clone, Debug, Eq, PartialEq)]
struct GetPattern {
    /// The URL before the key.
    base: String,
    /// The URL after the key.
    query: String,
    /// Headers that depend neither on the key nor on the time.
    headers: Vec<(&'static str, String)>,
    /// Region of the signature; `None` if requests are not signed.
    signing_region: Option<String>,
}

/// Headers to imitate. The others are the host, the signature and what counts attempts.
const HEADERS: [&str; 3] = ["user-agent", "x-amz-checksum-mode", "x-amz-request-payer"];
/// Headers that are not signed, as proxies change them.
const UNSIGNED: &str = "user-agent";

impl GetPattern {
    /// Reads the pattern from a request for the object `key`; `None` if the request has a form
    /// that is not known.
    fn of(request: &HttpRequest, key: &str) -> Option<GetPattern> {
        let (path, query) = request.uri().split_at(request.uri().find('?').unwrap_or(request.uri().len()));
        let base = path.strip_suffix(&escaped(key)).filter(|base| base.ends_with('/'))?;
        let header = |name: &'static str| Some((name, request.headers().get(name)?.to_string()));
        let signing_region = match request.headers().get("authorization") {
            None => None,
            Some(authorization) => Some(signing_region(authorization)?.to_string()),
        };
        let headers = HEADERS.into_iter().filter_map(header).collect();
        Some(GetPattern { base: base.into(), query: query.into(), headers, signing_region })
    }

    fn request(&self, key: &str, credentials: Option<&Credentials>, time: SystemTime) -> Result<HttpRequest, BoxError> {
        let url = format!("{}{}{}", self.base, escaped(key), self.query);
        let mut request = HttpRequest::new(SdkBody::empty());
        if let (Some(region), Some(credentials)) = (&self.signing_region, credentials) {
            let mut settings = SigningSettings::default();
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            // A key can contain `//` and `..`.
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            let identity = credentials.clone().into();
            let signing = v4::SigningParams::builder().identity(&identity).region(region).name(SIGNING_NAME);
            let signing = signing.time(time).settings(settings).build()?.into();
            let headers = self.headers.iter().filter(|(name, _)| *name != UNSIGNED);
            let headers = headers.map(|(name, value)| (*name, value.as_str()));
            let signable = SignableRequest::new("GET", &url, headers, SignableBody::Bytes(&[]))?;
            let (instructions, _) = sign(signable, &signing)?.into_parts();
            for header in instructions.into_parts().0 {
                request.headers_mut().try_insert(header.name(), header.value().to_string())?;
            }
        }
        request.set_uri(url)?;
        for (name, value) in &self.headers {
            request.headers_mut().try_insert(*name, value.clone())?;
        }
        Ok(request)
    }
}

/// The name of S3 in signatures. Access points that span regions and directory buckets have other
/// ways to sign.
const SIGNING_NAME: &str = "s3";

/// Returns the region of a signature of version 4 for S3.
fn signing_region(authorization: &str) -> Option<&str> {
    let scope = authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=")?.split(',').next()?;
    let mut parts = scope.rsplit('/');
    match [parts.next()?, parts.next()?, parts.next()?] {
        ["aws4_request", SIGNING_NAME, region] => Some(region),
        _ => None,
    }
}

/// Returns a key as it stands in a URL.
fn escaped(key: &str) -> String {
    /// All but the unreserved characters of URLs, and the separator.
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    utf8_percent_encode(key, ESCAPED).to_string()
}

/// Records the request that the SDK sends for an object.
#[derive(Clone, Debug)]
pub(super) struct RequestRecorder {
    key: Arc<str>,
    pattern: Arc<Mutex<Option<GetPattern>>>,
}

impl RequestRecorder {
    pub(super) fn new(key: &str) -> RequestRecorder {
        RequestRecorder { key: key.into(), pattern: Arc::default() }
    }
}

impl Intercept for RequestRecorder {
    fn name(&self) -> &'static str {
        "trail2tsv-request-recorder"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let pattern = GetPattern::of(context.request(), &self.key);
        *self.pattern.lock().unwrap_or_else(PoisonError::into_inner) = pattern;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdk_request(uri: &str, authorization: Option<&str>) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(uri).unwrap();
        request.headers_mut().insert("x-amz-checksum-mode", "ENABLED");
        request.headers_mut().insert("amz-sdk-request", "attempt=1; max=3");
        if let Some(authorization) = authorization {
            request.headers_mut().insert("authorization", authorization.to_string());
        }
        request
    }

    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20261129/eu-west-1/s3/aws4_request, SignedHeaders=host, \
                          Signature=00";

    #[test]
    fn the_pattern_of_a_request_makes_the_request_for_another_object() {
        let first = sdk_request("https://logs.s3.eu-west-1.amazonaws.com/a/b%3D1?x-id=GetObject", Some(SIGNED));
        let pattern = GetPattern::of(&first, "a/b=1").unwrap();
        let credentials = Credentials::new("AKIA", "key", Some("token".into()), None, "test");
        let request = pattern.request("c d/../é", Some(&credentials), SystemTime::now()).unwrap();
        assert_eq!(request.uri(), "https://logs.s3.eu-west-1.amazonaws.com/c%20d/../%C3%A9?x-id=GetObject");
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_string();
        assert!(header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIA/"));
        assert!(header("authorization").contains("/eu-west-1/s3/aws4_request, SignedHeaders="));
        assert_eq!(
            (header("x-amz-checksum-mode").as_str(), header("x-amz-security-token").as_str()),
            ("ENABLED", "token")
        );
        assert_eq!(header("amz-sdk-request"), "");
    }

    /// Keeps the request that the SDK sends.
    #[derive(Clone, Debug, Default)]
    struct LastRequest(Arc<Mutex<Vec<(String, String)>>>);

    impl Intercept for LastRequest {
        fn name(&self) -> &'static str {
            "last-request"
        }

        fn read_before_transmit(
            &self,
            context: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            let headers = context.request().headers().iter();
            *self.0.lock().unwrap() = headers.map(|(name, value)| (name.into(), value.into())).collect();
            Ok(())
        }
    }

    #[test]
    fn the_signature_is_that_of_the_sdk() {
        const KEY: &str = "AWSLogs/a b/é//c=1+2.json.gz";
        let credentials = Credentials::new("AKIA", "key", Some("token".into()), None, "test");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .endpoint_url("http://localhost:1")
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .credentials_provider(credentials.clone());
        let (recorder, last) = (RequestRecorder::new(KEY), LastRequest::default());
        let request = aws_sdk_s3::Client::from_conf(config.build()).get_object().bucket("logs").key(KEY).customize();
        let request = request.interceptor(recorder.clone()).interceptor(last.clone());
        // Nothing listens there, so the request fails after it was signed.
        assert!(crate::source::aws::runtime().unwrap().block_on(request.send()).is_err());

        let sent = last.0.lock().unwrap();
        let header = |name: &str| sent.iter().find(|(sent, _)| sent == name).unwrap().1.clone();
        let time: jiff::Timestamp = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", header("x-amz-date"))
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
            .unwrap()
            .timestamp();
        let mut pattern = recorder.pattern.lock().unwrap().take().unwrap();
        // Signed too, but not needed.
        pattern.headers.push(("x-amz-user-agent", header("x-amz-user-agent")));
        let imitated = pattern.request(KEY, Some(&credentials), time.into()).unwrap();
        assert_eq!(imitated.headers().get("authorization"), Some(header("authorization").as_str()));
    }

    #[test]
    fn a_public_bucket_needs_no_signature() {
        let pattern = GetPattern::of(&sdk_request("http://localhost:1/logs/a", None), "a").unwrap();
        let request = pattern.request("b", None, SystemTime::now()).unwrap();
        assert_eq!((request.uri(), request.headers().get("authorization")), ("http://localhost:1/logs/b", None));
    }

    #[test]
    fn requests_of_an_unknown_form_are_not_imitated() {
        for (uri, authorization) in [
            ("http://localhost/logs/b", SIGNED),
            ("http://localhost/logs-a", SIGNED),
            ("http://localhost/a", "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20261129/s3/aws4_request, X=1"),
            ("http://localhost/a", "AWS4-HMAC-SHA256 Credential=AKIA/20261129/eu-west-1/s3express/aws4_request, X=1"),
            ("http://localhost/a", "Bearer x"),
        ] {
            assert_eq!(GetPattern::of(&sdk_request(uri, Some(authorization)), "a"), None, "{uri} {authorization}");
        }
    }

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
