//! Treats an incomplete page of a listing as an error.
//!
//! The SDK's decoder accepts incomplete documents. It stops without an error at the first
//! character that XML does not allow, and at a missing end.

use std::fmt;

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use memchr::memmem;

/// Size limit of a response, in bytes: exceeds a page of a thousand escaped keys of 1024 bytes
/// with their metadata.
pub(super) const MAX_ANSWER: usize = 5 << 20;

/// Error for a document that is truncated or was not decoded completely.
#[derive(Debug)]
pub(super) struct TruncatedList;

impl fmt::Display for TruncatedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response is truncated")
    }
}

impl std::error::Error for TruncatedList {}

/// Rejects incomplete pages of a listing.
#[derive(Debug)]
pub(super) struct ListCheck;

impl Intercept for ListCheck {
    fn name(&self) -> &'static str {
        "trail2tsv-list"
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
