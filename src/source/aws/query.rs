//! Sends requests of the AWS Query protocol, which EC2 and a few older services use: a form is
//! posted, and an XML document is the answer.

use std::fmt::Write;
use std::ops::ControlFlow;

use percent_encoding::utf8_percent_encode;

use super::http_transport::HttpAnswer;
use super::service::AwsService;
use super::service_client::{ServiceClient, ServiceRequest};
use super::url::RESERVED;
use super::xml_element::{XmlElement, XmlError};
use super::{AwsError, AwsErrorKind};

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A service that uses the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueryService {
    service: AwsService,
    /// Version of the interface.
    version: &'static str,
    /// How answers with several pages are continued.
    paging: Paging,
}

/// The parameter that asks for a further page, and the element whose text is its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Paging {
    parameter: &'static str,
    element: &'static str,
}

impl QueryService {
    /// Elastic Compute Cloud.
    pub const EC2: QueryService = QueryService::new(AwsService::EC2, "2016-11-15", "NextToken", "nextToken");
    /// Classic load balancers.
    pub const CLASSIC_LOAD_BALANCING: QueryService =
        QueryService::new(AwsService::CLASSIC_LOAD_BALANCING, "2012-06-01", "Marker", "NextMarker");
    /// Application, network and gateway load balancers.
    pub const LOAD_BALANCING: QueryService =
        QueryService::new(AwsService::LOAD_BALANCING, "2015-12-01", "Marker", "NextMarker");
    /// Auto Scaling groups.
    pub const AUTO_SCALING: QueryService =
        QueryService::new(AwsService::AUTO_SCALING, "2011-01-01", "NextToken", "NextToken");
    /// Security Token Service.
    pub const STS: QueryService = QueryService::new(AwsService::STS, "2011-06-15", "NextToken", "NextToken");
    /// Simple Notification Service.
    pub const SNS: QueryService = QueryService::new(AwsService::SNS, "2010-03-31", "NextToken", "NextToken");

    /// Creates a service from its version and its names for the token of the next page.
    const fn new(
        service: AwsService,
        version: &'static str,
        parameter: &'static str,
        element: &'static str,
    ) -> QueryService {
        QueryService { service, version, paging: Paging { parameter, element } }
    }
}

/// A request to a service in one region.
#[derive(Clone, Debug)]
pub struct QueryRequest {
    service: QueryService,
    region: String,
    action: &'static str,
    parameters: Vec<(String, String)>,
    resource: Option<String>,
}

impl QueryRequest {
    /// Creates a request without parameters.
    pub fn new(service: QueryService, region: &str, action: &'static str) -> QueryRequest {
        QueryRequest { service, region: region.into(), action, parameters: Vec::new(), resource: None }
    }

    /// Adds a parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> QueryRequest {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Names the resource of the request, for the message if a permission is missing.
    pub fn with_resource(self, resource: impl Into<String>) -> QueryRequest {
        QueryRequest { resource: Some(resource.into()), ..self }
    }

    /// Returns the form to post, which continues an earlier answer if there is a token.
    fn form(&self, token: Option<&str>) -> String {
        let escaped = |text| utf8_percent_encode(text, RESERVED);
        let mut form = format!("Action={}&Version={}", escaped(self.action), self.service.version);
        let parameters = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in parameters.chain(token.map(|token| (self.service.paging.parameter, token))) {
            // Writing to a string cannot fail.
            let _ = write!(form, "&{}={}", escaped(name), escaped(value));
        }
        form
    }
}

impl ServiceClient {
    /// Sends a request and returns the element that contains the results. Temporary errors are
    /// retried.
    pub async fn call(&self, request: &QueryRequest) -> Result<XmlElement, AwsError> {
        self.call_page(request, None).await
    }

    /// Sends a request and passes the results page by page to `each`, up to the last page or
    /// until `each` breaks.
    pub async fn each_page(
        &self,
        request: &QueryRequest,
        mut each: impl FnMut(XmlElement) -> ControlFlow<()>,
    ) -> Result<(), AwsError> {
        /// A faulty service could continue forever.
        const MAX_PAGES: usize = 10_000;
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self.call_page(request, token.as_deref()).await?;
            let next = page.text_of(request.service.paging.element).map(String::from);
            if each(page).is_break() || next.is_none() {
                return Ok(());
            }
            if next == token {
                break;
            }
            token = next;
        }
        Err(AwsError::new(AwsErrorKind::InvalidResponse, "the list neither goes on nor ends"))
    }

    async fn call_page(&self, request: &QueryRequest, token: Option<&str>) -> Result<XmlElement, AwsError> {
        let (service, form) = (&request.service.service, request.form(token));
        let sent = ServiceRequest {
            service,
            region: &request.region,
            operation: request.action,
            resource: request.resource.as_deref(),
            url: None,
            headers: &[("content-type", FORM)],
            body: &form,
        };
        self.send(&sent, |text| results(text, request.action), |answer| error(service, answer)).await
    }
}

/// Returns the element with the results of a successful answer.
fn results(document: &str, action: &str) -> Result<XmlElement, AwsError> {
    let mut root = XmlElement::parse(document).map_err(|error| {
        // An answer with too many elements has as many the next time.
        let is_final = error == XmlError::TooLarge;
        let kind = if is_final { AwsErrorKind::Other } else { AwsErrorKind::InvalidResponse };
        AwsError::new(kind, error.to_string())
    })?;
    if root.name.strip_suffix("Response") != Some(action) {
        return Err(AwsError::new(AwsErrorKind::InvalidResponse, format!("the answer is not that of {action}")));
    }
    // EC2 has the results in the root element, and other services in one below it.
    let is_result = |child: &XmlElement| child.name.strip_suffix("Result") == Some(action);
    let result = root.children.iter().position(is_result).map(|index| root.children.swap_remove(index));
    Ok(result.unwrap_or(root))
}

/// Returns the error of an answer: `<Response><Errors><Error>` of EC2, or `<ErrorResponse><Error>`
/// of other services.
fn error(service: &AwsService, answer: &HttpAnswer) -> AwsError {
    let status = answer.status;
    let document = XmlElement::parse(&answer.text).unwrap_or_default();
    let error = document.child("Errors").unwrap_or(&document).child("Error");
    match error.and_then(|error| Some((error, error.text_of("Code")?))) {
        Some((error, code)) => AwsError::from_response(status, code, error.text_of("Message")),
        // A proxy or a load balancer may have answered.
        None => AwsError {
            cause: format!("{} answered with status {status}", service.name),
            ..AwsError::from_response(status, "", None)
        },
    }
}

#[cfg(test)]
mod tests;
