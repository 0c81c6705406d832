//! Sends requests of the AWS Query protocol, which EC2 and a few older services use: a form is
//! posted, and an XML document is the answer.

mod endpoint;
mod transport;

use std::fmt::Write;
use std::ops::ControlFlow;

use aws_config::SdkConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::endpoint::endpoint;
pub use self::endpoint::is_region;
use self::transport::{FormRequest, HttpAnswer, QueryTransport};
use super::credentials::CachedCredentials;
use super::retry::RetryPolicy;
use super::xml_element::{XmlElement, XmlError};
use super::{AwsError, AwsErrorKind};

/// A service that uses the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueryService {
    /// Name for messages.
    pub name: &'static str,
    /// Name for settings of one service, as in `AWS_ENDPOINT_URL_…`.
    id: &'static str,
    /// First label of the host, which is also the name that requests are signed for.
    host: &'static str,
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
    pub const EC2: QueryService = QueryService {
        name: "EC2",
        id: "EC2",
        host: "ec2",
        version: "2016-11-15",
        paging: Paging { parameter: "NextToken", element: "nextToken" },
    };
    /// Classic load balancers.
    pub const CLASSIC_LOAD_BALANCING: QueryService = QueryService {
        name: "Elastic Load Balancing",
        id: "Elastic Load Balancing",
        host: "elasticloadbalancing",
        version: "2012-06-01",
        paging: Paging { parameter: "Marker", element: "NextMarker" },
    };
    /// Application, network and gateway load balancers.
    pub const LOAD_BALANCING: QueryService =
        QueryService { id: "Elastic Load Balancing v2", version: "2015-12-01", ..QueryService::CLASSIC_LOAD_BALANCING };
    /// Auto Scaling groups.
    pub const AUTO_SCALING: QueryService = QueryService {
        name: "Auto Scaling",
        id: "Auto Scaling",
        host: "autoscaling",
        version: "2011-01-01",
        paging: Paging { parameter: "NextToken", element: "NextToken" },
    };
    /// Security Token Service, which names the account of the credentials.
    pub const STS: QueryService = QueryService {
        name: "STS",
        id: "STS",
        host: "sts",
        version: "2011-06-15",
        paging: Paging { parameter: "NextToken", element: "NextToken" },
    };
}

/// A request to a service in one region.
#[derive(Clone, Debug)]
pub struct QueryRequest {
    service: QueryService,
    region: String,
    action: &'static str,
    parameters: Vec<(String, String)>,
}

impl QueryRequest {
    /// Creates a request without parameters.
    pub fn new(service: QueryService, region: &str, action: &'static str) -> QueryRequest {
        QueryRequest { service, region: region.into(), action, parameters: Vec::new() }
    }

    /// Adds a parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> QueryRequest {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Returns the form to post, which continues an earlier answer if there is a token.
    fn form(&self, token: Option<&str>) -> String {
        /// All but the unreserved characters of URLs.
        const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        let escaped = |text| utf8_percent_encode(text, ESCAPED);
        let mut form = format!("Action={}&Version={}", escaped(self.action), self.service.version);
        let parameters = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in parameters.chain(token.map(|token| (self.service.paging.parameter, token))) {
            // Writing to a string cannot fail.
            let _ = write!(form, "&{}={}", escaped(name), escaped(value));
        }
        form
    }
}

/// Sends requests to all services and regions with the same credentials.
#[derive(Debug)]
pub struct QueryClient {
    config: SdkConfig,
    credentials: CachedCredentials,
    transport: QueryTransport,
    retry: RetryPolicy,
}

impl QueryClient {
    /// Creates a client. It connects when a request is sent.
    pub fn new(config: &SdkConfig) -> QueryClient {
        QueryClient {
            credentials: CachedCredentials::new(config),
            transport: QueryTransport::new(config),
            retry: RetryPolicy::new(config),
            config: config.clone(),
        }
    }

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
        const MOST: usize = 10_000;
        let mut token: Option<String> = None;
        for _ in 0..MOST {
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
        let (service, region) = (&request.service, request.region.as_str());
        if !is_region(region) {
            return Err(AwsError::new(AwsErrorKind::Other, format!("{region:?} is not a region")));
        }
        let (url, form) = (endpoint(&self.config, service, region), request.form(token));
        let form = FormRequest { service, region, url: &url, form: &form };
        let mut failed = 0;
        loop {
            match self.call_once(&form, request.action).await {
                Err(error) if failed + 1 < self.retry.attempts(error.kind) => {
                    failed += 1;
                    tokio::time::sleep(self.retry.pause(failed)).await;
                }
                result => return result,
            }
        }
    }

    async fn call_once(&self, form: &FormRequest<'_>, action: &str) -> Result<XmlElement, AwsError> {
        let credentials = self.credentials.get(form.service.name).await?;
        let answer = self.transport.send(form, &credentials).await?;
        match answer.status {
            200..300 => results(&answer.text, action),
            _ => Err(error(form.service, &answer)),
        }
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
fn error(service: &QueryService, answer: &HttpAnswer) -> AwsError {
    let status = answer.status;
    let document = XmlElement::parse(&answer.text).unwrap_or_default();
    let error = document.child("Errors").unwrap_or(&document).child("Error");
    match error.and_then(|error| Some((error, error.text_of("Code")?))) {
        Some((error, code)) => AwsError::of_response(status, code, error.text_of("Message")),
        // A proxy or a load balancer may have answered.
        None => AwsError {
            cause: format!("{} answered with status {status}", service.name),
            ..AwsError::of_response(status, "", None)
        },
    }
}

#[cfg(test)]
mod tests;
