//! Errors in the form in which S3 sends them.

use bytes::Bytes;
use hyper::Response;
use hyper::header::CONTENT_TYPE;

use super::xml::Document;

/// An error answer: a status, a code, and the details that some codes add.
#[derive(Debug)]
pub(super) struct ErrorResponse {
    status: u16,
    code: String,
    message: Option<String>,
    /// Elements that follow the message.
    details: Vec<(&'static str, String)>,
    /// The value of `x-amz-bucket-region`.
    region: Option<String>,
}

impl ErrorResponse {
    pub(super) fn new(status: u16, code: &str) -> Self {
        Self { status, code: code.to_owned(), message: None, details: Vec::new(), region: None }
    }

    /// With this message, if there is one, instead of the usual one of the code.
    pub(super) fn saying(mut self, message: Option<&str>) -> Self {
        self.message = message.map(str::to_owned);
        self
    }

    pub(super) fn detail(mut self, element: &'static str, text: &str) -> Self {
        self.details.push((element, text.to_owned()));
        self
    }

    pub(super) fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    pub(super) fn response(&self, resource: &str) -> Response<Bytes> {
        let mut document = Document::new();
        document.open("Error");
        document.text("Code", &self.code);
        document.text("Message", self.message.as_deref().unwrap_or(message(&self.code)));
        self.details.iter().for_each(|(element, text)| document.text(element, text));
        document.text("Resource", resource);
        document.close("Error");
        let mut response = Response::builder().status(self.status).header(CONTENT_TYPE, "application/xml");
        if let Some(region) = &self.region {
            response = response.header("x-amz-bucket-region", region);
        }
        response.body(document.finish()).unwrap()
    }
}

fn message(code: &str) -> &'static str {
    match code {
        "AccessDenied" => "Access Denied",
        "AuthorizationHeaderMalformed" => "The authorization header is malformed; the region is wrong",
        "ExpiredToken" => "The provided token has expired.",
        "InternalError" => "We encountered an internal error. Please try again.",
        "InvalidAccessKeyId" => "The AWS Access Key Id you provided does not exist in our records.",
        "InvalidArgument" => "Invalid Argument",
        "InvalidObjectState" => "The operation is not valid for the object's storage class",
        "InvalidRange" => "The requested range is not satisfiable",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        "NoSuchBucket" => "The specified bucket does not exist",
        "NoSuchKey" => "The specified key does not exist.",
        "NotImplemented" => "A header or query you provided implies functionality that is not implemented.",
        "PermanentRedirect" => {
            "The bucket you are attempting to access must be addressed using the specified endpoint. \
             Please send all future requests to this endpoint."
        }
        "PreconditionFailed" => "At least one of the pre-conditions you specified did not hold",
        "RequestTimeTooSkewed" => "The difference between the request time and the current time is too large.",
        "SlowDown" => "Please reduce your request rate.",
        _ => "An error made for a test.",
    }
}
