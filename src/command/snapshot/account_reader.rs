//! Reads the lists of all regions side by side.

use std::collections::VecDeque;
use std::sync::Arc;

use aws_config::Region;
use tokio::task::JoinSet;

use super::region_reader::{self, Documents};
use super::resource_list::{RESOURCE_LISTS, ResourceList};
use crate::cloudtrail::history::change::{ResourceKind, ResourceScope};
use crate::error::Error;
use crate::sink::document::DocumentFormat;
use crate::source::aws::caller_identity::CallerIdentity;
use crate::source::aws::query::{QueryRequest, QueryService};
use crate::source::aws::{AwsError, AwsErrorKind, Connection, ServiceClient};

/// Number of lists that are read at once. Each region limits the rate of requests by itself.
const CONCURRENCY: usize = 16;

/// All lists of an account, which are read in the background.
pub(super) struct AccountReader {
    client: Arc<ServiceClient>,
    account: String,
    format: DocumentFormat,
    regions: usize,
    /// The lists that are not begun yet.
    pending: VecDeque<(String, &'static ResourceList)>,
    /// Dropping it ends the requests.
    reading: JoinSet<ListResult>,
    all: usize,
}

/// The resources of one kind in one region, or why they could not be read.
pub(super) struct ListResult {
    pub(super) scope: ResourceScope,
    pub(super) kind: ResourceKind,
    pub(super) result: Result<Documents, AwsError>,
}

impl AccountReader {
    /// Finds the account of the credentials and its regions, unless regions were named.
    /// Returns an error if the credentials are missing or invalid.
    pub(super) async fn connect(
        connection: &Connection,
        regions: &[String],
        format: DocumentFormat,
    ) -> Result<AccountReader, Error> {
        let config = connection.load().await;
        let client = Arc::new(ServiceClient::new(&config));
        let configured = config.region().map_or_else(|| "us-east-1".into(), Region::to_string);
        let (home, account) = account_of_any(&client, &configured, regions)
            .await
            .map_err(|error| Error::Failed(connection.explain(&error)))?;
        let regions = match regions {
            [] => enabled_regions(&client, &home).await.map_err(|error| {
                Error::Failed(format!("the enabled regions are not known: {error}; or name regions by --region"))
            })?,
            named => named.to_vec(),
        };
        // Neighbours in the queue are of different regions.
        let lists = RESOURCE_LISTS.iter().flat_map(|list| regions.iter().map(move |region| (region.clone(), list)));
        let pending: VecDeque<_> = lists.collect();
        let (regions, all) = (regions.len(), pending.len());
        Ok(AccountReader { client, account, format, regions, pending, reading: JoinSet::new(), all })
    }

    /// The account of the credentials.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// Number of regions.
    pub(super) fn regions(&self) -> usize {
        self.regions
    }

    /// Numbers of lists that were returned, and of all.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.all - self.pending.len() - self.reading.len(), self.all)
    }

    /// Returns the next list that is complete or has failed; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<ListResult>, Error> {
        while self.reading.len() < CONCURRENCY
            && let Some((region, list)) = self.pending.pop_front()
        {
            let client = Arc::clone(&self.client);
            let scope = ResourceScope { account: self.account.as_str().into(), region: region.into() };
            let format = self.format;
            self.reading.spawn(async move {
                let result = region_reader::read(&client, &scope, list, format).await;
                ListResult { scope, kind: list.kind, result }
            });
        }
        let Some(result) = self.reading.join_next().await else { return Ok(None) };
        result.map(Some).map_err(|_| Error::Failed("internal error: the task for a list panicked".into()))
    }
}

/// Returns a region that accepts the credentials, and their account: the region that is
/// configured, or the first of those that were named. The region that is configured can be in
/// another partition, and one that was named may not be enabled.
async fn account_of_any(
    client: &ServiceClient,
    configured: &str,
    named: &[String],
) -> Result<(String, String), AwsError> {
    let mut first_error = None;
    for region in std::iter::once(configured).chain(named.iter().map(String::as_str)) {
        match CallerIdentity::get(client, region).await {
            Ok(identity) => return Ok((region.into(), identity.account)),
            Err(error) => {
                let may_differ = matches!(
                    error.kind,
                    AwsErrorKind::RejectedCredentials | AwsErrorKind::Unreachable | AwsErrorKind::Timeout
                );
                let first = first_error.get_or_insert(error);
                if !may_differ {
                    return Err(first.clone());
                }
            }
        }
    }
    Err(first_error.unwrap_or_else(|| AwsError::new(AwsErrorKind::Other, "no region")))
}

/// The regions that the account can use.
async fn enabled_regions(client: &ServiceClient, region: &str) -> Result<Vec<String>, AwsError> {
    let answer = client.call(&QueryRequest::new(QueryService::EC2, region, "DescribeRegions")).await?;
    let enabled = answer.entries("regionInfo").iter();
    let enabled = enabled.filter(|region| region.text_of("optInStatus") != Some("not-opted-in"));
    Ok(enabled.filter_map(|region| region.text_of("regionName").map(String::from)).collect())
}
