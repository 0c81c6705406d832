//! Builds the URL to which requests for a service in a region are sent.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::service::AwsService;

/// Returns the URL for a service in a region: that of the user, or else `default`, or else that of
/// AWS.
pub(super) fn endpoint(config: &SdkConfig, service: &AwsService, region: &str, default: Option<&str>) -> String {
    let configured = config.endpoint_url().map(String::from);
    let is_typed = config.get_origin("endpoint_url").is_client_config();
    let custom = if is_typed { configured } else { service_endpoint(config, service).or(configured) };
    match custom.or(default.map(String::from)) {
        Some(url) if url.ends_with('/') => url,
        Some(url) => format!("{url}/"),
        None => {
            // In GovCloud, the endpoints of these services are FIPS endpoints without the suffix.
            let is_fips = config.use_fips() == Some(true) && !region.starts_with("us-gov-");
            let fips = if is_fips { "-fips" } else { "" };
            format!("https://{}{fips}.{region}.{}/", service.host, dns_suffix(region))
        }
    }
}

/// Returns the endpoint that the environment or the profile has for one service.
fn service_endpoint(config: &SdkConfig, service: &AwsService) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    config.service_config()?.load_config(key.build().ok()?)
}

/// Returns the domain of the partition that a region belongs to.
pub fn dns_suffix(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("us-isof-", "csp.hci.ic.gov"),
    ];
    let partition = PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix));
    partition.map_or("amazonaws.com", |(_, suffix)| suffix)
}

/// True if a text can be the name of a region. Any other would change the host of the URL.
pub fn is_region(region: &str) -> bool {
    !region.is_empty()
        && region.len() <= 32
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_follow_the_partition() {
        let config = SdkConfig::builder().build();
        for (region, expected) in [
            ("eu-west-1", "https://ec2.eu-west-1.amazonaws.com/"),
            ("cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn/"),
            ("us-gov-west-1", "https://ec2.us-gov-west-1.amazonaws.com/"),
        ] {
            assert_eq!(endpoint(&config, &AwsService::EC2, region, None), expected);
        }
        let fips = SdkConfig::builder().use_fips(true).build();
        assert_eq!(endpoint(&fips, &AwsService::STS, "us-east-1", None), "https://sts-fips.us-east-1.amazonaws.com/");
        assert_eq!(
            endpoint(&fips, &AwsService::STS, "us-gov-west-1", None),
            "https://sts.us-gov-west-1.amazonaws.com/"
        );
        let custom = SdkConfig::builder().endpoint_url("http://localhost:1").build();
        assert_eq!(endpoint(&custom, &AwsService::EC2, "eu-west-1", None), "http://localhost:1/");
    }

    #[test]
    fn a_region_cannot_change_the_host() {
        assert!(is_region("eu-west-1") && is_region("us-gov-west-1"));
        for text in ["", "eu-west-1.example.com", "x/", "x@y", "EU", "é", &"x".repeat(33)] {
            assert!(!is_region(text), "{text}");
        }
    }
}
