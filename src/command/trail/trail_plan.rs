//! Plans the trail itself.

use serde_json::{Map, Value, json};

use super::api_call::{ChangeRequest, tag_list};
use super::event_selectors::{DataEventType, with_data_events};
use super::plan::{Effect, Step};
use super::session::TrailSession;
use super::trail_state::{Trail, TrailReader};
use crate::error::Error;
use crate::source::aws::AwsError;

/// What the trail should be like.
pub(super) struct TrailSettings {
    pub(super) name: String,
    /// The name, or the ARN if another account owns the trail.
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) bucket: String,
    /// What precedes `AWSLogs/`, without the slash between them; may be empty.
    pub(super) prefix: String,
    pub(super) topic: String,
    pub(super) kms_key: Option<String>,
    pub(super) is_of_organization: bool,
    pub(super) data_events: Vec<DataEventType>,
    pub(super) has_insights: bool,
}

/// Types of Insights, of which all are recorded.
const INSIGHTS: [&str; 2] = ["ApiCallRateInsight", "ApiErrorRateInsight"];

/// A setting that differs.
struct Difference {
    parameter: &'static str,
    value: Value,
    /// From what to what.
    text: String,
}

/// The steps that make the trail what the settings say.
pub(super) async fn plan(
    session: &TrailSession,
    settings: &TrailSettings,
    present: Option<&Trail>,
) -> Result<Vec<Step>, Error> {
    let failed = |error: AwsError| Error::Failed(format!("trail {}: {error}", settings.name));
    let effect = if present.is_some() { Effect::Change } else { Effect::Create };
    let reader = TrailReader { client: &session.client, region: &session.home.region };
    let mut steps = vec![match present {
        None => settings.creation(),
        Some(present) => settings.correction(session, present),
    }];
    steps.extend(selector_step(&reader, session, settings, present.is_some()).await?);
    if settings.has_insights {
        let recorded = match present {
            Some(present) => reader.insights(&present.arn).await.map_err(failed)?,
            None => Vec::new(),
        };
        let is_set = INSIGHTS.iter().all(|name| recorded.iter().any(|recorded| recorded == name));
        let selectors: Vec<Value> = INSIGHTS.iter().map(|name| json!({"InsightType": name})).collect();
        let parameters = json!({"TrailName": settings.id, "InsightSelectors": selectors});
        let what = format!("trail {}: Insights, which AWS charges for", settings.name);
        steps.push(match is_set {
            true => Step::keep(what),
            false => Step::new(effect, what, vec![settings.call("PutInsightSelectors", parameters)]),
        });
    }
    let is_logging = match present {
        Some(present) => reader.status(&present.arn).await.map_err(failed)?.is_logging == Some(true),
        None => false,
    };
    let what = format!("trail {}: logging", settings.name);
    steps.push(match is_logging {
        true => Step::keep(what),
        false => Step::new(effect, what, vec![settings.call("StartLogging", json!({"Name": settings.id}))]),
    });
    Ok(steps)
}

/// The step that makes the trail record data events, if they are asked for.
async fn selector_step(
    reader: &TrailReader<'_>,
    session: &TrailSession,
    settings: &TrailSettings,
    exists: bool,
) -> Result<Option<Step>, Error> {
    if settings.data_events.is_empty() {
        return Ok(None);
    }
    let failed = |text: &str| Error::Failed(format!("trail {}: {text}", settings.name));
    let present = match exists {
        true => Some(reader.event_selectors(&settings.arn).await.map_err(|error| failed(&error.to_string()))?),
        false => None,
    };
    let bucket = session.home.bucket_arn(&settings.bucket);
    let selectors = with_data_events(present.as_ref(), &settings.data_events, &bucket).map_err(failed)?;
    Ok(Some(match selectors {
        None => Step::keep(format!("trail {}: data events", settings.name)),
        Some(new) => {
            let effect = if exists { Effect::Change } else { Effect::Create };
            let types = new.added.join(", ");
            let what = format!("trail {}: data events of {types}, which AWS charges for", settings.name);
            let parameters = json!({"TrailName": settings.id, "AdvancedEventSelectors": new.selectors});
            let call = settings.call("PutEventSelectors", parameters).replacing_selectors(present);
            Step::new(effect, what, vec![call])
        }
    }))
}

/// The settings of a trail that differ from the wanted ones, in words.
pub(super) fn differences(session: &TrailSession, settings: &TrailSettings, present: &Trail) -> Vec<String> {
    settings.differences(session, present).into_iter().map(|difference| difference.text).collect()
}

impl TrailSettings {
    fn call(&self, operation: &'static str, parameters: Value) -> ChangeRequest {
        ChangeRequest::cloudtrail(operation, &self.arn, parameters)
    }

    fn creation(&self) -> Step {
        let mut parameters = Map::new();
        let mut set = |name: &str, value: Value| drop(parameters.insert(name.into(), value));
        set("Name", self.name.as_str().into());
        set("S3BucketName", self.bucket.as_str().into());
        if !self.prefix.is_empty() {
            set("S3KeyPrefix", self.prefix.as_str().into());
        }
        set("SnsTopicName", self.topic.as_str().into());
        set("IncludeGlobalServiceEvents", true.into());
        set("IsMultiRegionTrail", true.into());
        set("EnableLogFileValidation", true.into());
        if let Some(key) = &self.kms_key {
            set("KmsKeyId", key.as_str().into());
        }
        if self.is_of_organization {
            set("IsOrganizationTrail", true.into());
        }
        set("TagsList", tag_list());
        let what = format!("trail {}: {}", self.name, self.description());
        Step::new(Effect::Create, what, vec![changing(self.call("CreateTrail", parameters.into()))])
    }

    fn description(&self) -> String {
        let accounts = if self.is_of_organization { "all accounts of the organisation, " } else { "" };
        let prefix = if self.prefix.is_empty() { String::new() } else { format!("/{}", self.prefix) };
        let key = self.kms_key.as_ref().map_or(String::new(), |key| format!(", encrypted with {key}"));
        let TrailSettings { bucket, topic, .. } = self;
        format!("{accounts}all regions, validation, to bucket {bucket}{prefix} and topic {topic}{key}")
    }

    fn correction(&self, session: &TrailSession, present: &Trail) -> Step {
        let differences = self.differences(session, present);
        if differences.is_empty() {
            return Step::keep(format!("trail {}", self.name));
        }
        let texts: Vec<&str> = differences.iter().map(|difference| difference.text.as_str()).collect();
        let what = format!("trail {}: {}", self.name, texts.join(", "));
        let mut parameters = Map::from_iter([("Name".to_string(), Value::from(self.id.as_str()))]);
        parameters.extend(differences.into_iter().map(|Difference { parameter, value, .. }| (parameter.into(), value)));
        Step::new(Effect::Change, what, vec![changing(self.call("UpdateTrail", parameters.into()))])
    }

    /// What differs. Options that were not given change nothing.
    fn differences(&self, session: &TrailSession, present: &Trail) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, parameter, old: Option<&str>, new: &str| {
            let old = old.unwrap_or_default();
            if old != new {
                let text = format!("{name} {} → {}", or_none(old), or_none(new));
                differences.push(Difference { parameter, value: new.into(), text });
            }
        };
        let topic = present.topic_arn.as_deref();
        let topic = topic.map(|arn| session.home.local_name("sns", arn).unwrap_or(arn));
        compare("bucket", "S3BucketName", present.s3_bucket_name.as_deref(), &self.bucket);
        compare("prefix", "S3KeyPrefix", present.s3_key_prefix.as_deref(), &self.prefix);
        compare("topic", "SnsTopicName", topic, &self.topic);
        if let Some(key) = &self.kms_key {
            compare("key", "KmsKeyId", present.kms_key_id.as_deref(), key);
        }
        let mut enable = |text: &str, parameter, is_set: Option<bool>| {
            if is_set != Some(true) {
                differences.push(Difference { parameter, value: true.into(), text: text.into() });
            }
        };
        enable("events of global services", "IncludeGlobalServiceEvents", present.include_global_service_events);
        enable("all regions", "IsMultiRegionTrail", present.is_multi_region_trail);
        enable("validation", "EnableLogFileValidation", present.log_file_validation_enabled);
        if self.is_of_organization {
            enable("all accounts of the organisation", "IsOrganizationTrail", present.is_organization_trail);
        }
        differences
    }
}

/// Makes a request wait for policies that were just changed, and takes a trail that exists for
/// success: the answer to an earlier attempt may have been lost, and the trail is compared again
/// at the end.
fn changing(call: ChangeRequest) -> ChangeRequest {
    const POLICIES: &[&str] = &["InsufficientS3BucketPolicyException", "InsufficientSnsTopicPolicyException"];
    call.succeed_on(&["TrailAlreadyExistsException"]).retry_on(POLICIES)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
