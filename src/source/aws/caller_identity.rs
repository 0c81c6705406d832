//! Finds out which account the credentials belong to.

use super::query::{QueryRequest, QueryService};
use super::{AwsError, AwsErrorKind, ServiceClient};

/// What STS says of the credentials.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CallerIdentity {
    /// Number of the account.
    pub account: String,
    /// Partition of the account, such as `aws` or `aws-cn`.
    pub partition: String,
}

impl CallerIdentity {
    /// Asks STS in one region. No permission is needed.
    pub async fn get(client: &ServiceClient, region: &str) -> Result<CallerIdentity, AwsError> {
        let answer = client.call(&QueryRequest::new(QueryService::STS, region, "GetCallerIdentity")).await?;
        let account = answer
            .text_of("Account")
            .ok_or_else(|| AwsError::new(AwsErrorKind::InvalidResponse, "GetCallerIdentity names no account"))?;
        // arn:PARTITION:sts::ACCOUNT:…
        let partition = answer.text_of("Arn").and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
        Ok(CallerIdentity { account: account.into(), partition: partition.into() })
    }
}
