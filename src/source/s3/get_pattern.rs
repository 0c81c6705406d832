//! What the requests for all objects of a bucket have in common, read from one of the SDK.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Credentials, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use aws_sigv4::http_request::{PayloadChecksumKind, PercentEncodingMode, SigningSettings, UriPathNormalizationMode};
use percent_encoding::utf8_percent_encode;

use super::signing_moment::SigningMoment;
use crate::source::aws::request_signature::{SignatureScope, UNSIGNED_HEADER, add_signature};
use crate::source::aws::url::RESERVED_IN_PATHS;

/// The pattern of the requests for the objects of a bucket.
#[derive(Debug)]
pub(super) struct GetPattern {
    /// The URL before the key.
    base: String,
    /// The URL after the key.
    query: String,
    /// Headers that depend neither on the key nor on the time.
    headers: Vec<(&'static str, String)>,
    /// Region of the signature; `None` if requests are not signed.
    signing_region: Option<String>,
    /// The parts of the last signatures.
    moment: Mutex<Option<Arc<SigningMoment>>>,
}

/// Headers to imitate. The others are the host, the signature and what counts attempts.
const HEADERS: [&str; 3] = [UNSIGNED_HEADER, "x-amz-checksum-mode", "x-amz-request-payer"];

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
        Some(GetPattern { base: base.into(), query: query.into(), headers, signing_region, moment: Mutex::default() })
    }

    /// Whether requests are signed.
    pub(super) fn is_signed(&self) -> bool {
        self.signing_region.is_some()
    }

    /// Makes the request for an object, signed at `time`.
    pub(super) fn request(
        &self,
        key: &str,
        credentials: Option<&Credentials>,
        time: SystemTime,
    ) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(format!("{}{}{}", self.base, escaped(key), self.query))?;
        for (name, value) in &self.headers {
            request.headers_mut().try_insert(*name, value.clone())?;
        }
        if let (Some(region), Some(credentials)) = (&self.signing_region, credentials) {
            self.sign(&mut request, region, credentials, time)?;
        }
        Ok(request)
    }

    fn sign(
        &self,
        request: &mut HttpRequest,
        region: &str,
        credentials: &Credentials,
        time: SystemTime,
    ) -> Result<(), BoxError> {
        let second = time.duration_since(UNIX_EPOCH)?.as_secs();
        let moment = self.moment().as_ref().filter(|moment| moment.is_for(credentials, second)).map(Arc::clone);
        if let Some(moment) = moment {
            return moment.sign(request);
        }
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        // A key can contain `//` and `..`.
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let scope = SignatureScope { region, service: SIGNING_NAME, time };
        add_signature(request, &[], &scope, settings, credentials)?;
        *self.moment() = SigningMoment::of(request, credentials, second).map(Arc::new);
        Ok(())
    }

    fn moment(&self) -> MutexGuard<'_, Option<Arc<SigningMoment>>> {
        self.moment.lock().unwrap_or_else(PoisonError::into_inner)
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
    utf8_percent_encode(key, RESERVED_IN_PATHS).to_string()
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

    /// Returns the pattern of the last request; `None` if there is none to be imitated.
    pub(super) fn take(&self) -> Option<GetPattern> {
        self.pattern.lock().unwrap_or_else(PoisonError::into_inner).take()
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
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

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
        let mut pattern = recorder.take().unwrap();
        // Signed too, but not needed.
        pattern.headers.push(("x-amz-user-agent", header("x-amz-user-agent")));
        let imitated = pattern.request(KEY, Some(&credentials), time.into()).unwrap();
        assert_eq!(imitated.headers().get("authorization"), Some(header("authorization").as_str()));
    }

    proptest! {
        #[test]
        fn requests_of_the_same_second_have_the_signatures_that_each_would_have(
            keys in vec("[ -~é]{0,40}", 2..6),
            base in prop_oneof!["https://logs\\.s3\\.eu-west-1\\.amazonaws\\.com/", "http://localhost:[1-9]{4}/(a/)?"],
            query in prop_oneof![Just(""), Just("?x-id=GetObject")],
            token in option::of("[A-Za-z0-9+/]{4,40}=="),
            seconds in vec(1_700_000_000_u64..1_700_000_003, 6),
        ) {
            let first = sdk_request(&format!("{base}a{query}"), Some(SIGNED));
            let [pattern, other] = [(); 2].map(|()| GetPattern::of(&first, "a").unwrap());
            let credentials = Credentials::new("AKIA", "key", token, None, "test");
            for (key, second) in keys.iter().zip(seconds) {
                let time = UNIX_EPOCH + Duration::from_secs(second);
                // Without a moment, the signature is made in the general way.
                *other.moment() = None;
                let [request, general] =
                    [&pattern, &other].map(|pattern| pattern.request(key, Some(&credentials), time).unwrap());
                prop_assert!(other.moment().is_some());
                let headers = |request: &HttpRequest| {
                    let headers = request.headers().iter();
                    headers.map(|(name, value)| (name.to_string(), value.to_string())).collect::<BTreeSet<_>>()
                };
                prop_assert_eq!(headers(&request), headers(&general));
            }
        }
    }

    #[test]
    fn a_request_that_is_not_signed_as_expected_is_no_pattern() {
        let credentials = Credentials::new("AKIA", "key", None, None, "test");
        let pattern = GetPattern::of(&sdk_request("http://localhost:1/a?x-id=GetObject", Some(SIGNED)), "a").unwrap();
        let mut request = pattern.request("b", Some(&credentials), UNIX_EPOCH).unwrap();
        assert!(SigningMoment::of(&request, &credentials, 0).is_some_and(|moment| !moment.is_for(&credentials, 1)));
        let other = Credentials::new("AKIA", "other", None, None, "test");
        assert!(SigningMoment::of(&request, &other, 0).is_none());
        request.set_uri("http://localhost:1/a?x-id=%47etObject").unwrap();
        assert!(SigningMoment::of(&request, &credentials, 0).is_none());
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
            assert!(GetPattern::of(&sdk_request(uri, Some(authorization)), "a").is_none(), "{uri} {authorization}");
        }
    }
}
