//! Loads the configuration of AWS from the environment, the profile and the command line.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use super::http_connector::http_client;
use super::{AwsError, AwsErrorKind, credentials, profile};

/// Connection settings that override the environment.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Profile of the AWS configuration.
    pub profile: Option<String>,
    /// URL of an endpoint other than that of AWS.
    pub endpoint_url: Option<String>,
    /// If true, requests are not signed.
    pub anonymous: bool,
    /// Time without any data after which a request is repeated.
    pub read_timeout: Duration,
}

impl Connection {
    /// Loads the configuration. Credentials are looked up only when a request needs them.
    pub async fn load(&self) -> SdkConfig {
        let (profile, read_timeout) = (self.profile.as_deref(), self.read_timeout);
        let mut profile_region = ProfileFileRegionProvider::builder();
        if let Some(name) = profile {
            profile_region = profile_region.profile_name(name);
        }
        // A bucket reports its own region, so slow region providers such as the instance metadata
        // service are not queried.
        let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(profile_region.build())
            .or_else("us-east-1");
        let region = chain.region().await;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region.clone())
            .http_client(http_client())
            .timeout_config(TimeoutConfig::builder().read_timeout(read_timeout).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().grace_period(read_timeout).build());
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if self.anonymous {
            return loader.no_credentials().load().await;
        }
        if let Some(name) = profile {
            // A profile named on the command line overrides the keys in the environment and the
            // credentials of the machine.
            let provider = ProfileFileCredentialsProvider::builder().profile_name(name).build();
            loader = loader.profile_name(name).credentials_provider(provider);
        }
        credentials::cached(loader.load().await)
    }

    /// Returns the text of an error, which names a profile that does not exist.
    pub fn explain(&self, error: &AwsError) -> String {
        let is_missing = error.kind == AwsErrorKind::NoCredentials;
        let text = is_missing.then(|| profile::missing(self.profile.as_deref())).flatten();
        text.unwrap_or_else(|| error.to_string())
    }
}
