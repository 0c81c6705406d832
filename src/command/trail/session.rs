//! The connection to the account in which trails are managed.

use super::bucket_client::BucketClient;
use crate::error::Error;
use crate::source::aws::caller_identity::CallerIdentity;
use crate::source::aws::{AwsErrorKind, Connection, ServiceClient};

/// Sends requests to the services in one region of one account.
pub(super) struct TrailSession {
    pub(super) client: ServiceClient,
    pub(super) s3: BucketClient,
    pub(super) home: HomeRegion,
    connection: Connection,
}

/// The region in which a trail is managed, and the account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct HomeRegion {
    pub(super) partition: String,
    pub(super) account: String,
    pub(super) region: String,
}

impl TrailSession {
    /// Connects to a region, or that of the environment or the profile. Returns an error if the
    /// credentials are missing or invalid.
    pub(super) async fn connect(connection: &Connection, region: Option<&str>) -> Result<TrailSession, Error> {
        let config = connection.load().await;
        let client = ServiceClient::new(&config);
        let region = region.unwrap_or(client.region()).to_string();
        let identity = CallerIdentity::get(&client, &region).await;
        let identity = identity.map_err(|error| {
            let text = connection.explain(&error);
            // A region that does not exist has no host.
            let is_lost = error.kind == AwsErrorKind::Unreachable;
            Error::Failed(if is_lost { format!("{text}; is {region} the right region?") } else { text })
        })?;
        let CallerIdentity { account, partition } = identity;
        let s3 = BucketClient::new(&config, &region, &account, &partition);
        let home = HomeRegion { partition, account, region };
        Ok(TrailSession { client, s3, home, connection: connection.clone() })
    }

    /// The options of the AWS CLI that reach the same account and region.
    pub(super) fn cli_options(&self) -> Vec<&str> {
        let mut options = vec!["--region", self.home.region.as_str()];
        let Connection { profile, endpoint_url, .. } = &self.connection;
        for (option, value) in [("--profile", profile), ("--endpoint-url", endpoint_url)] {
            options.extend(value.as_deref().into_iter().flat_map(|value| [option, value]));
        }
        options
    }
}

impl HomeRegion {
    /// The ARN of a resource in this account and region.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let HomeRegion { partition, account, region } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The ARN of a trail that this or another account owns.
    pub(super) fn trail_arn(&self, owner: &str, name: &str) -> String {
        HomeRegion { account: owner.into(), ..self.clone() }.arn("cloudtrail", &format!("trail/{name}"))
    }

    /// The ARN of a bucket.
    pub(super) fn bucket_arn(&self, bucket: &str) -> String {
        bucket_arn(&self.partition, bucket)
    }

    /// The name of a resource of this account and region; `None` if it belongs elsewhere.
    pub(super) fn local_name<'a>(&self, service: &str, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&self.arn(service, "")).filter(|name| !name.is_empty())
    }
}

/// The ARN of a bucket.
pub(super) fn bucket_arn(partition: &str, bucket: &str) -> String {
    format!("arn:{partition}:s3:::{bucket}")
}
