//! Sends one request over HTTP, signed or not, and receives an answer of limited size.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_sdk_s3::error::{BoxError, ConnectorError};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sigv4::http_request::SigningSettings;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};

use super::http_connector::connector;
use super::request_signature::{SignatureScope, UNSIGNED_HEADER, add_signature};
use super::service::AwsService;
use super::{AwsError, AwsErrorKind};
use crate::sink::hec::{CollectorAnswer, CollectorFailure, CollectorResponse, CollectorTransport};

/// Largest answer in bytes: exceeds a page of a thousand resources with their tags.
const MAX_ANSWER: usize = 16 << 20;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Sends requests over connections that are kept for further ones.
#[derive(Debug)]
pub struct HttpTransport {
    connector: SharedHttpConnector,
    /// Time without any data after which a request fails.
    read_timeout: Duration,
}

/// A request to a service of AWS, but for its signature.
#[derive(Debug)]
pub(super) struct UnsignedRequest<'a> {
    pub(super) service: &'a AwsService,
    pub(super) region: &'a str,
    pub(super) url: &'a str,
    /// Headers besides the host, all of which are signed.
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: &'a str,
}

/// An answer with any status.
#[derive(Debug)]
pub struct HttpAnswer {
    /// Status of HTTP.
    pub status: u16,
    /// The body; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Whether no bytes were replaced.
    pub is_utf8: bool,
}

impl HttpAnswer {
    /// Creates an answer from the bytes of its body.
    pub(super) fn new(status: u16, body: Vec<u8>) -> HttpAnswer {
        match String::from_utf8(body) {
            Ok(text) => HttpAnswer { status, text, is_utf8: true },
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                HttpAnswer { status, text, is_utf8: false }
            }
        }
    }
}

impl HttpTransport {
    /// Creates a transport with the timeouts of a configuration.
    pub fn new(config: &SdkConfig) -> HttpTransport {
        const CONNECT: Duration = Duration::from_millis(3100);
        const DEFAULT_READ_TIMEOUT: Duration = Duration::from_secs(30);
        let timeouts = config.timeout_config();
        let read_timeout = timeouts.and_then(|timeouts| timeouts.read_timeout()).unwrap_or(DEFAULT_READ_TIMEOUT);
        let connect = timeouts.and_then(|timeouts| timeouts.connect_timeout()).unwrap_or(CONNECT);
        let settings = HttpConnectorSettings::builder().connect_timeout(connect).read_timeout(read_timeout).build();
        HttpTransport { connector: connector(&settings), read_timeout }
    }

    /// Time without any data after which a request fails.
    pub fn read_timeout(&self) -> Duration {
        self.read_timeout
    }

    /// Sends a request, and returns the response without its body.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.connector.call(request).await
    }

    /// Signs a request to a service of AWS, sends it, and receives the answer.
    pub(super) async fn send(
        &self,
        request: &UnsignedRequest<'_>,
        credentials: &Credentials,
    ) -> Result<HttpAnswer, AwsError> {
        let name = request.service.name;
        let signed = signed(request, credentials)
            .map_err(|error| AwsError::without_answer(name, &*error, AwsErrorKind::Other))?;
        self.exchange(name, signed).await
    }

    async fn exchange(&self, name: &str, request: HttpRequest) -> Result<HttpAnswer, AwsError> {
        Ok(self.exchange_with_cookies(name, request).await?.0)
    }

    /// Returns the answer and the cookies that it sets: `NAME=VALUE`.
    async fn exchange_with_cookies(
        &self,
        name: &str,
        request: HttpRequest,
    ) -> Result<(HttpAnswer, Vec<String>), AwsError> {
        let answer = self.call(request).await.map_err(|error| {
            let kind = connector_kind(&error);
            AwsError::without_answer(name, &error, kind)
        })?;
        let status = answer.status().as_u16();
        let cookie = |header: &str| header.split(';').next().unwrap_or_default().trim().to_string();
        let cookies = answer.headers().get_all("set-cookie").map(cookie).collect();
        let body = self.receive(name, answer.into_body()).await?;
        Ok((HttpAnswer::new(status, body), cookies))
    }

    /// Receives the body of an error of `service`. Bytes that are not UTF-8 are replaced.
    pub async fn text(&self, service: &str, body: SdkBody) -> Result<String, AwsError> {
        let body = self.receive(service, body).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Receives a body.
    async fn receive(&self, service: &str, body: SdkBody) -> Result<Vec<u8>, AwsError> {
        let (mut body, mut bytes) = (ByteStream::new(body), Vec::new());
        loop {
            let chunk = tokio::time::timeout(self.read_timeout, body.next()).await;
            let chunk = chunk.map_err(|error| AwsError::without_answer(service, &error, AwsErrorKind::Timeout))?;
            match chunk.transpose() {
                Ok(None) => return Ok(bytes),
                Ok(Some(chunk)) if bytes.len() + chunk.len() > MAX_ANSWER => {
                    return Err(AwsError::new(
                        AwsErrorKind::Other,
                        format!("the answer is larger than {} MiB", MAX_ANSWER >> 20),
                    ));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(error) => return Err(AwsError::without_answer(service, &error, AwsErrorKind::Unreachable)),
            }
        }
    }
}

impl CollectorTransport for HttpTransport {
    fn post_to_collector<'a>(
        &'a self,
        url: &'a str,
        headers: &'a [(&'static str, &'a str)],
        body: Vec<u8>,
    ) -> CollectorResponse<'a> {
        const NAME: &str = "Splunk";
        let fail = |error: AwsError| CollectorFailure {
            is_transient: error.kind != AwsErrorKind::Other,
            cause: error.to_string(),
        };
        Box::pin(async move {
            let request = post(url, headers, SdkBody::from(body))
                .map_err(|error| fail(AwsError::without_answer(NAME, &*error, AwsErrorKind::Other)))?;
            let (answer, cookies) = self.exchange_with_cookies(NAME, request).await.map_err(fail)?;
            Ok(CollectorAnswer { status: answer.status, text: answer.text, cookies })
        })
    }
}

/// Creates the HTTP request with its signature.
fn signed(request: &UnsignedRequest<'_>, credentials: &Credentials) -> Result<HttpRequest, BoxError> {
    let mut signed = post(request.url, request.headers, SdkBody::from(request.body))?;
    let scope = SignatureScope { region: request.region, service: request.service.host, time: SystemTime::now() };
    add_signature(&mut signed, request.body.as_bytes(), &scope, SigningSettings::default(), credentials)?;
    Ok(signed)
}

fn post(url: &str, headers: &[(&'static str, &str)], body: SdkBody) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(body);
    request.set_method("POST")?;
    request.set_uri(url)?;
    request.headers_mut().try_insert(UNSIGNED_HEADER, USER_AGENT)?;
    for (name, value) in headers {
        request.headers_mut().try_insert(*name, (*value).to_string())?;
    }
    Ok(request)
}

fn connector_kind(error: &ConnectorError) -> AwsErrorKind {
    match error {
        error if error.is_timeout() => AwsErrorKind::Timeout,
        // The request itself is invalid, so it would fail again.
        error if error.is_user() => AwsErrorKind::Other,
        _ => AwsErrorKind::Unreachable,
    }
}
