//! Limits the size of responses, which the SDK holds in memory.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use http_body::{Body, Frame};

/// Truncates responses that are larger than a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ResponseLimit {
    /// Largest size in bytes.
    bytes: usize,
    /// If true, applies to error responses only.
    is_for_errors: bool,
}

impl ResponseLimit {
    /// Limits all responses of an operation.
    pub fn for_all(bytes: usize) -> ResponseLimit {
        ResponseLimit { bytes, is_for_errors: false }
    }

    /// Limits error responses, and leaves the size of others to the caller.
    pub fn for_errors(bytes: usize) -> ResponseLimit {
        ResponseLimit { bytes, is_for_errors: true }
    }
}

impl Intercept for ResponseLimit {
    fn name(&self) -> &'static str {
        "trail2tsv-response-limit"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !self.is_for_errors || !context.response().status().is_success() {
            let body = context.response_mut().take_body();
            *context.response_mut().body_mut() = SdkBody::from_body_1_x(BoundedBody { body, left: self.bytes });
        }
        Ok(())
    }
}

/// A body that is truncated after `left` bytes.
struct BoundedBody {
    body: SdkBody,
    left: usize,
}

impl Body for BoundedBody {
    type Data = <SdkBody as Body>::Data;
    type Error = <SdkBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            self.left = self.left.saturating_sub(frame.data_ref().map_or(0, |data| data.len()));
        }
        Poll::Ready(frame)
    }
}
