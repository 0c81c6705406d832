//! Caches credentials, since some providers send a request for each lookup.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::Mutex;

use super::aws_error::{NO_CREDENTIALS, root_cause};
use super::{AwsError, AwsErrorKind};

/// Time before their end at which credentials are replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// Credentials that are kept until shortly before they expire.
#[derive(Debug)]
struct CachingProvider {
    provider: SharedCredentialsProvider,
    cached: Mutex<Option<Credentials>>,
}

/// Returns the configuration with a provider that all clients share and that looks credentials up
/// once. A program that gives them may ask the user each time.
pub(super) fn cached(config: SdkConfig) -> SdkConfig {
    match config.credentials_provider() {
        None => config,
        Some(provider) => {
            let caching = CachingProvider { provider, cached: Mutex::default() };
            config.into_builder().credentials_provider(SharedCredentialsProvider::new(caching)).build()
        }
    }
}

impl CachingProvider {
    async fn lookup(&self) -> Result<Credentials, CredentialsError> {
        // Tasks that need credentials at the same time wait for one lookup.
        let mut cached = self.cached.lock().await;
        let is_valid =
            |credentials: &&Credentials| credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + MARGIN);
        if let Some(credentials) = cached.as_ref().filter(is_valid) {
            return Ok(credentials.clone());
        }
        let found = self.provider.provide_credentials().await?;
        *cached = Some(found.clone());
        Ok(found)
    }
}

impl ProvideCredentials for CachingProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.lookup())
    }
}

/// Credentials for requests that this program signs.
#[derive(Clone, Debug)]
pub struct SigningCredentials {
    /// `None` if requests are not signed.
    provider: Option<SharedCredentialsProvider>,
}

impl SigningCredentials {
    /// Creates the credentials of a configuration, which are not looked up yet.
    pub fn new(config: &SdkConfig) -> SigningCredentials {
        SigningCredentials { provider: config.credentials_provider() }
    }

    /// Returns credentials for a request to `service`.
    pub async fn get(&self, service: &str) -> Result<Credentials, AwsError> {
        let Some(provider) = &self.provider else {
            let cause = format!("requests to {service} must be signed");
            return Err(AwsError::new(AwsErrorKind::NoCredentials, cause));
        };
        provider.provide_credentials().await.map_err(|error| {
            let cause = match &error {
                CredentialsError::CredentialsNotLoaded(_) => NO_CREDENTIALS.into(),
                error => format!("no credentials: {}", root_cause(error)),
            };
            AwsError::new(AwsErrorKind::NoCredentials, cause)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use aws_credential_types::credential_fn::provide_credentials_fn;

    use super::*;

    /// Looks up credentials twice that expire after a time, and returns the number of lookups.
    fn lookups(lifetime: Option<Duration>) -> u64 {
        let count = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&count);
        let provider = provide_credentials_fn(move || {
            counter.fetch_add(1, Relaxed);
            async move { Ok(Credentials::new("id", "key", None, lifetime.map(|time| SystemTime::now() + time), "test")) }
        });
        let config = SdkConfig::builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
        let credentials = SigningCredentials::new(&cached(config));
        let twice = async { (credentials.get("EC2").await.is_ok(), credentials.get("EC2").await.is_ok()) };
        assert_eq!(crate::source::aws::runtime().unwrap().block_on(twice), (true, true));
        count.load(Relaxed)
    }

    #[test]
    fn credentials_are_looked_up_again_only_before_they_expire() {
        assert_eq!(lookups(None), 1);
        assert_eq!(lookups(Some(MARGIN * 2)), 1);
        assert_eq!(lookups(Some(MARGIN / 2)), 2);
    }

    #[test]
    fn missing_credentials_name_a_remedy() {
        let text = |error: CredentialsError| {
            let error = std::sync::Mutex::new(Some(error));
            let provider =
                provide_credentials_fn(move || std::future::ready(Err(error.lock().unwrap().take().unwrap())));
            let config = SdkConfig::builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
            let credentials = SigningCredentials::new(&config);
            let error = crate::source::aws::runtime().unwrap().block_on(credentials.get("EC2")).unwrap_err();
            assert_eq!(error.kind, AwsErrorKind::NoCredentials);
            error.to_string()
        };
        assert!(text(CredentialsError::not_loaded("x")).starts_with("no credentials found; sign in, for example"));
        for cause in ["x", "x."] {
            assert!(text(CredentialsError::provider_error(cause)).starts_with("no credentials: x; sign in"));
        }
    }

    #[test]
    fn requests_without_credentials_are_refused() {
        let credentials = SigningCredentials::new(&SdkConfig::builder().build());
        let error = crate::source::aws::runtime().unwrap().block_on(credentials.get("EC2")).unwrap_err();
        assert_eq!((error.kind, error.cause.as_str()), (AwsErrorKind::NoCredentials, "requests to EC2 must be signed"));
    }
}
