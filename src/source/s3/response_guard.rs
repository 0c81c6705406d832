//! Guards against faulty S3 responses: limits their size, and treats an incomplete listing as
//! an error.
//!
//! The SDK's decoder accepts incomplete documents. It stops without an error at the first
//! character that XML does not allow, and at a missing end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_s3::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::SdkBody;
use http_body::{Body, Frame};
use memchr::memmem;

/// Size limit, in bytes: exceeds a page of a thousand escaped keys of 1024 bytes with their
/// metadata.
const LONGEST: usize = 5 << 20;

/// Error for a document that is truncated or was not decoded completely.
#[derive(Debug)]
pub(super) struct TruncatedList;

impl fmt::Display for TruncatedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response is truncated")
    }
}

impl std::error::Error for TruncatedList {}

/// Limits the size of error responses, which the SDK holds in memory.
#[derive(Debug)]
pub(super) struct ErrorGuard;

impl Intercept for ErrorGuard {
    fn name(&self) -> &'static str {
        "trail2tsv-error"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !context.response().status().is_success() {
            bound(context);
        }
        Ok(())
    }
}

/// Limits the size of a listing page and rejects incomplete ones.
#[derive(Debug)]
pub(super) struct ListGuard;

impl Intercept for ListGuard {
    fn name(&self) -> &'static str {
        "trail2tsv-list"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bound(context);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        let document = context.response().body().bytes().unwrap_or_default();
        let is_whole = output.downcast_ref::<ListObjectsV2Output>().is_some_and(|list| is_whole(document, list));
        if is_whole { Ok(()) } else { Err(TruncatedList.into()) }
    }
}

/// True if the document has its end tag and the decoder returned all of its entries.
fn is_whole(document: &[u8], list: &ListObjectsV2Output) -> bool {
    let count = |element: &[u8]| memmem::find_iter(document, element).count();
    let is_ended = document.trim_ascii_end().ends_with(b"ListBucketResult>");
    is_ended
        && count(b"<Contents>") <= list.contents().len()
        && count(b"<CommonPrefixes>") <= list.common_prefixes().len()
}

fn bound(context: &mut BeforeDeserializationInterceptorContextMut<'_>) {
    let body = context.response_mut().take_body();
    *context.response_mut().body_mut() = SdkBody::from_body_1_x(BoundedBody { body, left: LONGEST });
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

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::Object;

    use super::*;

    #[test]
    fn truncated_or_partly_decoded_lists_are_rejected() {
        let list = ListObjectsV2Output::builder().contents(Object::builder().key("a").build()).build();
        let entry = "<Contents><Key>a</Key></Contents>";
        for (document, expected) in [
            (format!("<ListBucketResult>{entry}</ListBucketResult>"), true),
            (format!("<ListBucketResult>{entry}</ListBucketResult>\n "), true),
            ("<ListBucketResult></ListBucketResult>".to_string(), true),
            (format!("<ListBucketResult>{entry}"), false),
            (format!("<ListBucketResult>{entry}</ListBucketResult"), false),
            (format!("<ListBucketResult>{entry}</ListBucketResult>~"), false),
            (format!("<ListBucketResult>{entry}{entry}</ListBucketResult>"), false),
            (format!("<ListBucketResult>{entry}<CommonPrefixes></CommonPrefixes></ListBucketResult>"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_whole(document.as_bytes(), &list), expected, "{document}");
        }
    }
}
