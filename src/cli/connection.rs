//! How AWS is reached by commands that read no bucket.

use clap::Args;

use super::source::read_timeout;
use crate::error::Error;
use crate::source::aws::Connection;

/// The credentials and the endpoint.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "AWS")]
pub struct ConnectionArgs {
    /// AWS profile to use
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Use this endpoint for all services instead of those of AWS
    #[arg(long, value_name = "URL", hide_short_help = true)]
    pub endpoint_url: Option<String>,
}

impl ConnectionArgs {
    /// The connection that the options ask for.
    pub fn connection(&self) -> Result<Connection, Error> {
        Ok(Connection {
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            anonymous: false,
            read_timeout: read_timeout()?,
        })
    }
}
