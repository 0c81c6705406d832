//! Reads trails.

use serde::Deserialize;
use serde_json::{Value, json};

use super::bucket_change::TAG;
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::{AwsError, ServiceClient};

/// The configuration of a trail. AWS leaves out what is not set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Trail {
    pub(super) name: String,
    #[serde(rename = "TrailARN")]
    pub(super) arn: String,
    pub(super) home_region: Option<String>,
    pub(super) s3_bucket_name: Option<String>,
    pub(super) s3_key_prefix: Option<String>,
    #[serde(rename = "SnsTopicARN")]
    pub(super) topic_arn: Option<String>,
    pub(super) include_global_service_events: Option<bool>,
    pub(super) is_multi_region_trail: Option<bool>,
    pub(super) log_file_validation_enabled: Option<bool>,
    pub(super) kms_key_id: Option<String>,
    pub(super) is_organization_trail: Option<bool>,
    pub(super) cloud_watch_logs_log_group_arn: Option<String>,
}

/// Whether a trail works. Times are seconds since 1970.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TrailStatus {
    pub(super) is_logging: Option<bool>,
    pub(super) latest_delivery_time: Option<f64>,
    pub(super) latest_delivery_error: Option<String>,
    pub(super) latest_notification_time: Option<f64>,
    pub(super) latest_notification_error: Option<String>,
    pub(super) latest_digest_delivery_time: Option<f64>,
    pub(super) latest_digest_delivery_error: Option<String>,
}

/// Which events a trail records. AWS has two forms, and a trail has one of them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct EventSelectors {
    pub(super) event_selectors: Option<Vec<Value>>,
    pub(super) advanced_event_selectors: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct InsightSelectors {
    insight_selectors: Option<Vec<InsightSelector>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct InsightSelector {
    insight_type: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TrailList {
    #[serde(rename = "trailList")]
    trails: Vec<Trail>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TagsOfResources {
    resource_tag_list: Vec<TagsOfResource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TagsOfResource {
    resource_id: String,
    tags_list: Vec<TrailTag>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TrailTag {
    key: String,
    value: Option<String>,
}

/// Code of the error for a trail that does not exist.
pub(super) const NO_TRAIL: &[&str] = &["TrailNotFoundException"];

/// Sends requests about trails to one region.
#[derive(Clone, Copy)]
pub(super) struct TrailReader<'a> {
    pub(super) client: &'a ServiceClient,
    pub(super) region: &'a str,
}

impl TrailReader<'_> {
    /// The trail with this ARN, or all that record the events of the region.
    pub(super) async fn describe(&self, arn: Option<&str>) -> Result<Vec<Trail>, AwsError> {
        let parameters = match arn {
            Some(arn) => json!({"trailNameList": [arn], "includeShadowTrails": true}),
            None => json!({"includeShadowTrails": true}),
        };
        let list: Result<TrailList, AwsError> = self.call("DescribeTrails", "*", &parameters).await;
        match list {
            Ok(list) => Ok(list.trails),
            Err(error) if NO_TRAIL.contains(&error.code.as_str()) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn status(&self, trail: &str) -> Result<TrailStatus, AwsError> {
        self.call("GetTrailStatus", trail, &json!({"Name": trail})).await
    }

    /// The tags, as keys and values.
    pub(super) async fn tags(&self, trail: &str) -> Result<Vec<(String, String)>, AwsError> {
        let tags: TagsOfResources = self.call("ListTags", trail, &json!({"ResourceIdList": [trail]})).await?;
        let tags = tags.resource_tag_list.into_iter().filter(|tags| tags.resource_id == trail);
        let tags = tags.flat_map(|tags| tags.tags_list);
        Ok(tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect())
    }

    /// True if a trail has the tag of this program.
    pub(super) async fn is_tagged(&self, trail: &str) -> Result<bool, AwsError> {
        let tags = self.tags(trail).await?;
        Ok(tags.iter().any(|(key, value)| (key.as_str(), value.as_str()) == TAG))
    }

    pub(super) async fn event_selectors(&self, trail: &str) -> Result<EventSelectors, AwsError> {
        self.call("GetEventSelectors", trail, &json!({"TrailName": trail})).await
    }

    /// The types of Insights that a trail records.
    pub(super) async fn insights(&self, trail: &str) -> Result<Vec<String>, AwsError> {
        let answer = self.call("GetInsightSelectors", trail, &json!({"TrailName": trail})).await;
        let selectors: InsightSelectors = match answer {
            Err(AwsError { code, .. }) if code == "InsightNotEnabledException" => InsightSelectors::default(),
            answer => answer?,
        };
        let selectors = selectors.insight_selectors.unwrap_or_default();
        Ok(selectors.into_iter().map(|selector| selector.insight_type).collect())
    }

    pub(super) async fn call<T: serde::de::DeserializeOwned>(
        &self,
        operation: &str,
        resource: &str,
        parameters: &Value,
    ) -> Result<T, AwsError> {
        let request = JsonRequest::new(JsonService::CLOUDTRAIL, self.region, operation, parameters);
        self.client.call_json(&request.with_resource(resource)).await
    }
}
