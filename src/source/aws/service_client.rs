//! Sends signed requests to any service and region, and retries them. The protocols, which are
//! [`query`](super::query) and [`json`](super::json), write requests and read answers.

use aws_config::{Region, SdkConfig};

use super::credentials::SigningCredentials;
use super::endpoint::{endpoint, is_region};
use super::http_transport::{HttpAnswer, HttpTransport, UnsignedRequest};
use super::retry::RetryPolicy;
use super::service::AwsService;
use super::{AwsError, AwsErrorKind};

/// Sends requests to all services and regions with the same credentials.
#[derive(Debug)]
pub struct ServiceClient {
    config: SdkConfig,
    credentials: SigningCredentials,
    transport: HttpTransport,
    pub(super) retry: RetryPolicy,
}

/// A request in the form of some protocol.
#[derive(Debug)]
pub(super) struct ServiceRequest<'a> {
    pub(super) service: &'a AwsService,
    pub(super) region: &'a str,
    /// The operation, which the permission for it is named after.
    pub(super) operation: &'a str,
    /// What the permission is needed on; `None` if the message is not to name it.
    pub(super) resource: Option<&'a str>,
    /// Where to send it, if the user has set no endpoint; `None` for the endpoint of the region.
    pub(super) url: Option<&'a str>,
    pub(super) headers: &'a [(&'static str, &'a str)],
    pub(super) body: &'a str,
}

impl ServiceClient {
    /// Creates a client. It connects when a request is sent.
    pub fn new(config: &SdkConfig) -> ServiceClient {
        ServiceClient {
            credentials: SigningCredentials::new(config),
            transport: HttpTransport::new(config),
            retry: RetryPolicy::new(config),
            config: config.clone(),
        }
    }

    /// Returns the region of the environment or the profile.
    pub fn region(&self) -> &str {
        self.config.region().map_or("us-east-1", Region::as_ref)
    }

    /// Returns the URL to which requests for a service in a region are sent.
    pub(super) fn endpoint(&self, service: &AwsService, region: &str) -> String {
        endpoint(&self.config, service, region, None)
    }

    /// Sends a request until it succeeds or must not be repeated. `parse` reads the text of a
    /// successful answer, and `fail` any other answer.
    pub(super) async fn send<T>(
        &self,
        request: &ServiceRequest<'_>,
        parse: impl Fn(&str) -> Result<T, AwsError>,
        fail: impl Fn(&HttpAnswer) -> AwsError,
    ) -> Result<T, AwsError> {
        let ServiceRequest { service, region, operation, resource, url, headers, body } = *request;
        if !is_region(region) {
            return Err(AwsError::new(AwsErrorKind::Other, format!("{region:?} is not a region")));
        }
        let url = endpoint(&self.config, service, region, url);
        let unsigned = UnsignedRequest { service, region, url: &url, headers, body };
        let mut failed = 0;
        loop {
            let answer = self.exchange(&unsigned).await;
            let result = answer.and_then(|answer| match answer.status {
                200..300 => parse(whole_text(&answer, operation)?),
                _ => Err(fail(&answer)),
            });
            match result {
                Err(error) if failed + 1 < self.retry.attempts(error.kind) => {
                    failed += 1;
                    tokio::time::sleep(self.retry.pause(failed)).await;
                }
                Err(error) => {
                    let permission = format!("{}:{operation}", service.host);
                    return Err(match resource {
                        Some(resource) => error.with_permission(&permission, resource),
                        None => error,
                    });
                }
                done => return done,
            }
        }
    }

    async fn exchange(&self, request: &UnsignedRequest<'_>) -> Result<HttpAnswer, AwsError> {
        let credentials = self.credentials.get(request.service.name).await?;
        self.transport.send(request, &credentials).await
    }
}

/// Returns the text of a successful answer. Its values end up in rows and files, which would not
/// show that some of them were replaced.
fn whole_text<'a>(answer: &'a HttpAnswer, operation: &str) -> Result<&'a str, AwsError> {
    match answer.is_utf8 {
        true => Ok(&answer.text),
        false => Err(AwsError::new(
            AwsErrorKind::InvalidResponse,
            format!("the answer of {operation} cannot be read: it is not valid UTF-8"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successful_answer_must_be_utf8() {
        let valid = HttpAnswer::new(200, "{\"Events\":[\"é\"]}".into());
        assert_eq!(whole_text(&valid, "LookupEvents"), Ok("{\"Events\":[\"é\"]}"));
        let invalid = HttpAnswer::new(200, b"{\"Events\":[\"\xff\"]}".to_vec());
        let error = whole_text(&invalid, "LookupEvents").unwrap_err();
        assert_eq!(error.kind, AwsErrorKind::InvalidResponse);
        assert_eq!(error.cause, "the answer of LookupEvents cannot be read: it is not valid UTF-8");
        assert_eq!(invalid.text, "{\"Events\":[\"\u{fffd}\"]}");
    }
}
