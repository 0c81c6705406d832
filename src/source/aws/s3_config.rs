//! What all clients of S3 have in common.

use aws_config::SdkConfig;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, Region};

/// The configuration of a client in a region, with this number of attempts for each request
/// unless the user has set another one.
pub fn s3_config(config: &SdkConfig, region: &str, attempts: u32) -> Builder {
    // Servers other than AWS rarely provide a host name per bucket.
    let is_elsewhere = config.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
    let builder = Builder::from(config).force_path_style(is_elsewhere).region(Region::new(region.to_string()));
    match std::env::var_os("AWS_MAX_ATTEMPTS") {
        Some(_) => builder,
        None => builder.retry_config(RetryConfig::standard().with_max_attempts(attempts)),
    }
}
