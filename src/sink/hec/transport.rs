//! The way to a collector, which is HTTP except in tests.

use std::pin::Pin;

/// The future of an answer.
pub type CollectorResponse<'a> = Pin<Box<dyn Future<Output = Result<CollectorAnswer, CollectorFailure>> + Send + 'a>>;

/// Sends requests to a collector.
pub trait CollectorTransport: Send + Sync {
    /// Posts a body, and receives the answer.
    fn post_to_collector<'a>(
        &'a self,
        url: &'a str,
        headers: &'a [(&'static str, &'a str)],
        body: Vec<u8>,
    ) -> CollectorResponse<'a>;
}

/// An answer with any status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectorAnswer {
    /// Status of HTTP.
    pub status: u16,
    /// The body.
    pub text: String,
    /// The cookies that were set: `NAME=VALUE`.
    pub cookies: Vec<String>,
}

/// Why there was no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectorFailure {
    /// True if the same request can succeed later.
    pub is_transient: bool,
    /// What went wrong.
    pub cause: String,
}
