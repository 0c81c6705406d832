//! S3: the only place with tokio and the AWS SDK.

pub mod layout;
