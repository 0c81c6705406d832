//! Signs requests to AWS, with version 4 of its signatures.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_s3::error::BoxError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// What a signature is valid for.
#[derive(Debug)]
pub struct SignatureScope<'a> {
    /// Region that receives the request.
    pub region: &'a str,
    /// Name of the service in signatures.
    pub service: &'a str,
    /// Time of the signature.
    pub time: SystemTime,
}

/// Proxies change this header, so it is not signed.
pub const UNSIGNED_HEADER: &str = "user-agent";

/// Adds the headers that sign `body` and the headers so far, but for [`UNSIGNED_HEADER`].
pub fn add_signature(
    request: &mut HttpRequest,
    body: &[u8],
    scope: &SignatureScope<'_>,
    settings: SigningSettings,
    credentials: &Credentials,
) -> Result<(), BoxError> {
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(settings)
        .build()?
        .into();
    let headers = request.headers().iter().filter(|(name, _)| *name != UNSIGNED_HEADER);
    let signable = SignableRequest::new(request.method(), request.uri(), headers, SignableBody::Bytes(body))?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    for header in instructions.into_parts().0 {
        request.headers_mut().try_insert(header.name(), header.value().to_string())?;
    }
    Ok(())
}
