//! The response to the request for an object, while its body is being received.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;

use crate::source::aws::aws_error::root_cause;

/// An object on its way.
#[derive(Debug)]
pub(super) struct ObjectResponse {
    pub(super) body: ByteStream,
    /// Length of the body in bytes, if the response has it.
    pub(super) length: Option<u64>,
    /// User-defined metadata of the object, by lower-case name.
    pub(super) metadata: HashMap<String, String>,
    pub(super) etag: Option<String>,
    /// True if S3 sent a checksum of the whole object, which is verified at the end of the body.
    pub(super) has_checksum: bool,
    /// Time without any data after which the body fails; `None` if the body watches that itself.
    pub(super) read_timeout: Option<Duration>,
}

impl ObjectResponse {
    /// Returns the next bytes of the body, or why there are none: it is truncated, does not have
    /// its checksum, or stalls. The values of checksums are left out because they do not help the
    /// user.
    pub(super) async fn chunk(&mut self) -> Option<Result<impl AsRef<[u8]> + use<>, String>> {
        let next = self.body.next();
        let chunk = match self.read_timeout {
            None => next.await,
            Some(read_timeout) => match tokio::time::timeout(read_timeout, next).await {
                Ok(chunk) => chunk,
                Err(_) => return Some(Err(format!("no data for {} s", read_timeout.as_secs()))),
            },
        };
        let cause = |error| root_cause(&error).split(". ").next().unwrap_or_default().to_string();
        chunk.map(|chunk| chunk.map_err(cause))
    }
}

impl From<GetObjectOutput> for ObjectResponse {
    fn from(output: GetObjectOutput) -> ObjectResponse {
        ObjectResponse {
            has_checksum: has_checksum(&output),
            length: output.content_length.and_then(|length| u64::try_from(length).ok()),
            metadata: output.metadata.unwrap_or_default(),
            etag: output.e_tag,
            body: output.body,
            read_timeout: None,
        }
    }
}

/// True if S3 sent a checksum of the whole object, which the SDK verifies.
fn has_checksum(output: &GetObjectOutput) -> bool {
    let checksums = [
        output.checksum_crc64_nvme(),
        output.checksum_crc32(),
        output.checksum_crc32_c(),
        output.checksum_sha1(),
        output.checksum_sha256(),
    ];
    are_of_object(checksums.into_iter().flatten())
}

/// Whether there are checksums, all of the whole object. The one of a multipart upload contains a
/// `-` and cannot be verified: it is one of checksums.
pub(super) fn are_of_object<'a>(checksums: impl Iterator<Item = &'a str>) -> bool {
    let mut checksums = checksums.peekable();
    checksums.peek().is_some() && checksums.all(|checksum| !checksum.contains('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_checksum_is_not_a_full_checksum() {
        let output = GetObjectOutput::builder;
        assert!(!has_checksum(&output().build()));
        assert!(has_checksum(&output().checksum_crc64_nvme("M3eFcAZSQlc=").build()));
        assert!(!has_checksum(&output().checksum_crc32("NhCmhg==-2").build()));
        assert!(!has_checksum(&output().checksum_crc64_nvme("M3eFcAZSQlc=").checksum_sha256("YWJj-2").build()));
    }
}
