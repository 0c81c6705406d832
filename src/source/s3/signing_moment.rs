//! Signs requests that differ only in their path from one that was signed in the same second.
//!
//! The general way to sign takes about as much CPU time as sending a request. Of what is signed,
//! only the path is new, and the key and the texts around it are kept for a second.
//!
//! Nothing here knows the rules of signatures but for the order of the parts. They are read from
//! the request that was signed in the general way, and used only if they give the same signature.

use aws_lc_rs::{digest, hmac};
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::error::BoxError;

/// What all signatures of a second have in common.
#[derive(Debug)]
pub(super) struct SigningMoment {
    /// The second since 1970.
    second: u64,
    credentials: Credentials,
    key: hmac::Key,
    /// What is hashed after the path.
    after_path: String,
    /// What is signed before the hash.
    before_hash: String,
    /// The header of the signature, before the signature.
    authorization: String,
    /// The other headers that signing adds.
    headers: Vec<(&'static str, String)>,
}

const AUTHORIZATION: &str = "authorization";
const PAYLOAD_HASH: &str = "x-amz-content-sha256";
const ADDED_HEADERS: [&str; 3] = ["x-amz-date", PAYLOAD_HASH, "x-amz-security-token"];

impl SigningMoment {
    /// Reads the parts from a GET request that was signed in this second. Returns `None` if they
    /// do not give its signature.
    pub(super) fn of(request: &HttpRequest, credentials: &Credentials, second: u64) -> Option<SigningMoment> {
        let header = |name: &str| request.headers().get(name);
        let (authorization, signature) = header(AUTHORIZATION)?.split_once("Signature=")?;
        let part = |name: &str| authorization.split_once(name)?.1.split(',').next();
        let scope = part("Credential=")?.strip_prefix(credentials.access_key_id())?.strip_prefix('/')?;
        let signed = part("SignedHeaders=")?;
        let UrlParts { host, path, query } = UrlParts::of(request.uri())?;
        let mut after_path = format!("\n{query}\n");
        for name in signed.split(';') {
            let value = if name == "host" { host } else { header(name)? };
            after_path.extend([name, ":", value, "\n"]);
        }
        after_path.extend(["\n", signed, "\n", header(PAYLOAD_HASH)?]);
        let moment = SigningMoment {
            second,
            credentials: credentials.clone(),
            key: key(credentials, scope),
            after_path,
            before_hash: format!("AWS4-HMAC-SHA256\n{}\n{scope}\n", header("x-amz-date")?),
            authorization: format!("{authorization}Signature="),
            headers: ADDED_HEADERS.into_iter().filter_map(|name| Some((name, header(name)?.to_string()))).collect(),
        };
        (moment.signature(path) == signature).then_some(moment)
    }

    /// Whether requests of this second with these credentials can be signed.
    pub(super) fn is_for(&self, credentials: &Credentials, second: u64) -> bool {
        self.second == second && self.credentials == *credentials
    }

    /// Adds the headers that sign a request which differs only in its path.
    pub(super) fn sign(&self, request: &mut HttpRequest) -> Result<(), BoxError> {
        let path = UrlParts::of(request.uri()).ok_or("the URL has no path")?.path;
        let authorization = format!("{}{}", self.authorization, self.signature(path));
        request.headers_mut().try_insert(AUTHORIZATION, authorization)?;
        for (name, value) in &self.headers {
            request.headers_mut().try_insert(*name, value.clone())?;
        }
        Ok(())
    }

    fn signature(&self, path: &str) -> String {
        let mut hashed = digest::Context::new(&digest::SHA256);
        for part in ["GET\n", path, &self.after_path] {
            hashed.update(part.as_bytes());
        }
        let mut signed = self.before_hash.clone();
        add_hex(hashed.finish().as_ref(), &mut signed);
        let mut signature = String::new();
        add_hex(hmac::sign(&self.key, signed.as_bytes()).as_ref(), &mut signature);
        signature
    }
}

/// Returns the key for a scope, which is the date, the region, the service and a constant.
fn key(credentials: &Credentials, scope: &str) -> hmac::Key {
    let secret = format!("AWS4{}", credentials.secret_access_key());
    let first = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    scope
        .split('/')
        .fold(first, |key, part| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref()))
}

fn add_hex(bytes: &[u8], text: &mut String) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    text.reserve(bytes.len() * 2);
    for byte in bytes {
        text.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

struct UrlParts<'a> {
    host: &'a str,
    path: &'a str,
    /// Without its question mark.
    query: &'a str,
}

impl UrlParts<'_> {
    fn of(url: &str) -> Option<UrlParts<'_>> {
        let (_, rest) = url.split_once("://")?;
        let (host, rest) = rest.split_at(rest.find('/')?);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Some(UrlParts { host, path, query })
    }
}
