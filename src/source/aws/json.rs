//! Sends requests of the AWS JSON protocol, which CloudTrail and SQS use: a header names the
//! operation, and a JSON object is posted and answered.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::http_transport::HttpAnswer;
use super::service::AwsService;
use super::service_client::{ServiceClient, ServiceRequest};
use super::{AwsError, AwsErrorKind};

/// A service that uses the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct JsonService {
    service: AwsService,
    content_type: &'static str,
    /// What precedes the name of the operation in its header.
    target: &'static str,
}

impl JsonService {
    /// CloudTrail.
    pub const CLOUDTRAIL: JsonService = JsonService {
        service: AwsService::CLOUDTRAIL,
        content_type: VERSION_1_1,
        target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    };
    /// Simple Queue Service.
    pub const SQS: JsonService =
        JsonService { service: AwsService::SQS, content_type: "application/x-amz-json-1.0", target: "AmazonSQS" };
    /// Organizations.
    pub const ORGANIZATIONS: JsonService = JsonService {
        service: AwsService::ORGANIZATIONS,
        content_type: VERSION_1_1,
        target: "AWSOrganizationsV20161128",
    };
    /// Key Management Service.
    pub const KMS: JsonService =
        JsonService { service: AwsService::KMS, content_type: VERSION_1_1, target: "TrentService" };
}

const VERSION_1_1: &str = "application/x-amz-json-1.1";

/// A request to a service in one region.
#[derive(Clone, Debug)]
pub struct JsonRequest<'a> {
    service: JsonService,
    region: &'a str,
    operation: &'a str,
    url: Option<&'a str>,
    resource: Option<&'a str>,
    body: String,
}

impl<'a> JsonRequest<'a> {
    /// Creates a request. `parameters` must be a JSON object.
    pub fn new(service: JsonService, region: &'a str, operation: &'a str, parameters: &impl Serialize) -> Self {
        // Only maps whose keys are not strings fail, and requests have none.
        let body = serde_json::to_string(parameters).unwrap_or_default();
        JsonRequest { service, region, operation, url: None, resource: None, body }
    }

    /// Sends the request to this URL, unless the user has set an endpoint.
    pub fn with_url(self, url: &'a str) -> Self {
        JsonRequest { url: Some(url), ..self }
    }

    /// Names the resource of the request, for the message if a permission is missing.
    pub fn with_resource(self, resource: &'a str) -> Self {
        JsonRequest { resource: Some(resource), ..self }
    }
}

impl ServiceClient {
    /// Returns the URL to which requests for a service in a region are sent.
    pub fn json_endpoint(&self, service: JsonService, region: &str) -> String {
        self.endpoint(&service.service, region)
    }

    /// Sends a request and returns its answer. Temporary errors are retried.
    pub async fn call_json<T: DeserializeOwned>(&self, request: &JsonRequest<'_>) -> Result<T, AwsError> {
        let JsonService { service, content_type, target } = request.service;
        let target = format!("{target}.{}", request.operation);
        let headers = [("content-type", content_type), ("x-amz-target", target.as_str())];
        let sent = ServiceRequest {
            service: &service,
            region: request.region,
            operation: request.operation,
            resource: request.resource,
            url: request.url,
            headers: &headers,
            body: &request.body,
        };
        self.send(&sent, |text| results(text, request.operation), |answer| error(&service, answer)).await
    }
}

/// Reads a successful answer. Some operations answer with nothing at all.
fn results<T: DeserializeOwned>(text: &str, operation: &str) -> Result<T, AwsError> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_json::from_str(text).map_err(|error| {
        AwsError::new(AwsErrorKind::InvalidResponse, format!("the answer of {operation} cannot be read: {error}"))
    })
}

/// Returns the error of an answer: `{"__type": "NAMESPACE#CODE", "message": …}`.
fn error(service: &AwsService, answer: &HttpAnswer) -> AwsError {
    let status = answer.status;
    let document: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| document.get(name)?.as_str());
    match text(["__type", "code"]) {
        Some(code) => {
            let code = code.rsplit('#').next().unwrap_or(code);
            AwsError::from_response(status, code, text(["message", "Message"]))
        }
        // A proxy or a load balancer may have answered.
        None => AwsError {
            cause: format!("{} answered with status {status}", service.name),
            ..AwsError::from_response(status, "", None)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(status: u16, text: &str) -> AwsError {
        error(&AwsService::SQS, &HttpAnswer::new(status, text.into()))
    }

    #[test]
    fn errors_are_read_in_every_form() {
        let throttled = fail(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);
        assert_eq!((throttled.kind, throttled.code.as_str()), (AwsErrorKind::Throttled, "ThrottlingException"));
        let missing = fail(400, r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","Message":"why"}"#);
        assert_eq!((missing.kind, missing.to_string().as_str()), (AwsErrorKind::Other, "QueueDoesNotExist: why"));
        let proxy = fail(502, "<html>");
        assert_eq!(
            (proxy.kind, proxy.to_string().as_str()),
            (AwsErrorKind::ServiceFailure, "SQS answered with status 502")
        );
    }

    #[test]
    fn an_answer_may_be_empty_but_not_broken() {
        assert_eq!(results::<Value>("", "StartLogging").unwrap(), serde_json::json!({}));
        let broken = results::<Value>("{", "StartLogging").unwrap_err();
        assert_eq!(broken.kind, AwsErrorKind::InvalidResponse);
        assert!(broken.cause.starts_with("the answer of StartLogging cannot be read"), "{broken}");
    }
}
