//! Parses an HTTP request: its operation, its key, and who signed it.

use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;

use super::error::ErrorResponse;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// ListObjectsV2.
    List,
    /// GetObject.
    Get,
    /// HeadObject or HeadBucket.
    Head,
}

/// A request, as it is logged and as a fault's condition sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asks for.
    pub operation: Operation,
    /// The HTTP method.
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: String,
    /// The bucket.
    pub bucket: String,
    /// The object's key; of a LIST, its prefix.
    pub key: String,
    /// Who signed it, and for which region; `None` if it is anonymous.
    pub signature: Option<Signature>,
    /// Whether the requester agreed to pay.
    pub request_payer: bool,
    /// Whether a LIST is to say which objects are restored.
    pub restore_status: bool,
    /// Whether a checksum of the object is to be sent.
    pub checksum_mode: bool,
    /// Whether the client counts its attempts, as the SDKs of AWS do.
    pub counts_attempts: bool,
}

/// What the `Authorization` header of a request claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The access key id.
    pub access_key_id: String,
    /// The region in the credential scope.
    pub region: String,
}

impl Request {
    pub(super) fn read(http: &hyper::Request<Incoming>) -> Result<Self, ErrorResponse> {
        let (path, query) = (http.uri().path(), http.uri().query().unwrap_or_default());
        let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        let (bucket, key) = (decode(bucket)?, decode(key)?);
        let operation = match http.method().as_str() {
            "HEAD" => Operation::Head,
            "GET" if !key.is_empty() => Operation::Get,
            "GET" if parameter(query, "list-type").as_deref() == Some("2") => Operation::List,
            "GET" => return Err(ErrorResponse::new(501, "NotImplemented")),
            _ => return Err(ErrorResponse::new(405, "MethodNotAllowed")),
        };
        let prefix = (operation == Operation::List).then(|| parameter(query, "prefix")).flatten();
        Ok(Self {
            operation,
            method: http.method().to_string(),
            path: path.to_owned(),
            query: query.to_owned(),
            bucket,
            key: prefix.unwrap_or(key),
            signature: signature(http),
            restore_status: (http.headers().get("x-amz-optional-object-attributes"))
                .is_some_and(|attributes| attributes == "RestoreStatus"),
            checksum_mode: http.headers().get("x-amz-checksum-mode").is_some_and(|mode| mode == "ENABLED"),
            counts_attempts: http.headers().contains_key("amz-sdk-request"),
            request_payer: http.headers().get("x-amz-request-payer").is_some_and(|payer| payer == "requester"),
        })
    }

    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name)
    }
}

fn decode(text: &str) -> Result<String, ErrorResponse> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| ErrorResponse::new(400, "InvalidURI"))
}

/// A `+` is a space here, so that a client that does not escape a `+` fails.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// From `AWS4-HMAC-SHA256 Credential=KEYID/DATE/REGION/s3/aws4_request, SignedHeaders=…, Signature=…`.
fn signature(http: &hyper::Request<Incoming>) -> Option<Signature> {
    let header = http.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let credential = header.split_once("Credential=")?.1.split(',').next()?;
    let mut parts = credential.split('/');
    let (access_key_id, _date, region) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Signature { access_key_id: access_key_id.to_owned(), region: region.to_owned() })
}
