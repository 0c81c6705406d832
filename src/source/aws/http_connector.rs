//! Opens connections, over the proxy that the environment names.
//!
//! The SDK ignores `HTTPS_PROXY` and the like, which the AWS CLI and most programs use.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// Returns a client for the SDK. Each has its own connections.
pub fn http_client() -> SharedHttpClient {
    type TimeOuts = (Option<Duration>, Option<Duration>);
    let connectors: Mutex<HashMap<TimeOuts, SharedHttpConnector>> = Mutex::default();
    http_client_fn(move |settings, _| {
        let mut connectors = connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let time_outs = (settings.connect_timeout(), settings.read_timeout());
        connectors.entry(time_outs).or_insert_with(|| connector(settings)).clone()
    })
}

/// Creates a connector, which keeps connections for further requests.
pub(super) fn connector(settings: &HttpConnectorSettings) -> SharedHttpConnector {
    let proxied = connector_over(ProxyConfig::from_env(), settings);
    SharedHttpConnector::new(EnvironmentConnector { proxied, settings: settings.clone(), direct: OnceLock::new() })
}

fn connector_over(proxy: ProxyConfig, settings: &HttpConnectorSettings) -> Connector {
    Connector::builder()
        .connector_settings(settings.clone())
        .proxy_config(proxy)
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
        .build()
}

/// Sends requests over the proxy of the environment, but for those that no proxy can pass on.
#[derive(Debug)]
struct EnvironmentConnector {
    proxied: Connector,
    settings: HttpConnectorSettings,
    /// Created on first use: only machines that get credentials from the metadata service need
    /// it.
    direct: OnceLock<Connector>,
}

impl HttpConnector for EnvironmentConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if is_link_local(request.uri()) {
            let direct = || connector_over(ProxyConfig::disabled(), &self.settings);
            return self.direct.get_or_init(direct).call(request);
        }
        self.proxied.call(request)
    }
}

/// Whether a URL has the address of the instance metadata service, or another that only the
/// machine itself reaches.
fn is_link_local(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    match host.and_then(|host| host.parse().ok()) {
        Some(IpAddr::V4(address)) => address.is_link_local(),
        // The metadata service of EC2 has a unique local address.
        Some(IpAddr::V6(address)) => address.is_unicast_link_local() || address.is_unique_local(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_services_are_not_reached_over_a_proxy() {
        for url in ["http://169.254.169.254/latest", "http://169.254.170.2:80/v2?x", "http://[fd00:ec2::254]:80/latest"]
        {
            assert!(is_link_local(url), "{url}");
        }
        for url in
            ["https://logs.s3.amazonaws.com/", "http://10.0.0.1:9000/x", "http://localhost:1/", "http://[::1]/", ""]
        {
            assert!(!is_link_local(url), "{url}");
        }
    }
}
