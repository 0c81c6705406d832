//! The command `trail create`.

use serde::Deserialize;
use serde_json::json;

use super::args::CreateArgs;
use super::bucket_change::LifecycleDays;
use super::bucket_plan::{self, BucketRequest};
use super::confirmation::Confirmation;
use super::names::{default_bucket, default_queue, default_topic, topic_name};
use super::plan::{ChangePlan, Step};
use super::session::TrailSession;
use super::statements::{BucketWriter, of_bucket};
use super::trail_plan::{TrailSettings, differences};
use super::trail_state::{Trail, TrailReader};
use super::{queue_plan, topic_plan, trail_plan};
use crate::command::Context;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::aws::json::{JsonRequest, JsonService};
use crate::source::aws::{AwsError, Connection};

/// What is asked for.
pub(super) struct CreateRequest {
    args: CreateArgs,
    connection: Connection,
    confirmation: Confirmation,
}

/// The organisation of an account.
struct Organization {
    id: String,
    management_account: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationAnswer {
    organization: OrganizationDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationDetails {
    id: String,
    master_account_id: String,
}

impl CreateRequest {
    pub(super) fn new(args: CreateArgs) -> Result<CreateRequest, Error> {
        if let (Some(keep), Some(archive_after)) = (args.keep, args.archive_after)
            && keep <= archive_after
        {
            return Err(Error::about("--archive-after", format!(" must be less than --keep, which is {keep}")));
        }
        let connection = args.connection.connection()?;
        let confirmation = Confirmation::new(args.confirmation)?;
        Ok(CreateRequest { args, connection, confirmation })
    }

    /// Reads, shows the plan, and carries it out.
    pub(super) async fn run(&self, context: &Context, report: &Report, stop: &Cancellation) -> Result<(), Error> {
        report.progress("reading what exists");
        let mut session = TrailSession::connect(&self.connection, self.args.home.region.as_deref()).await?;
        let (plan, settings) = self.plan(&mut session).await?;
        let is_done = self.confirmation.carry_out(&plan, &session, context, report, stop).await?;
        if is_done && self.confirmation != Confirmation::DryRun && !plan.is_empty() {
            check(&session, &settings).await?;
            report.note(&format!("trail {} logs; trail2tsv trail show reports its first delivery", settings.name));
        }
        Ok(())
    }

    async fn plan(&self, session: &mut TrailSession) -> Result<(ChangePlan, TrailSettings), Error> {
        let args = &self.args;
        let organization = match args.organization {
            true => Some(organization(session).await?),
            false => None,
        };
        let owner = organization.as_ref().map_or(&session.home.account, |found| &found.management_account).clone();
        let FoundTrails { own: present, others } = find(session, &owner, &args.name).await?;
        let settings = self.settings(session, &owner, present.as_ref())?;
        let organization = organization.as_ref().map(|found| found.id.as_str());
        let mut steps = self.bucket_steps(session, &settings, &owner, organization, present.as_ref()).await?;
        steps.extend(self.topic_steps(session, &settings).await?);
        if present.is_none() {
            // The first copy of management events is free.
            steps.extend(others.iter().map(|other| {
                Step::keep(format!("trail {}, which exists too: AWS charges for further copies of events", other.name))
            }));
        }
        steps.extend(trail_plan::plan(session, &settings, present.as_ref()).await?);
        Ok((ChangePlan::new(steps), settings))
    }

    async fn bucket_steps(
        &self,
        session: &mut TrailSession,
        settings: &TrailSettings,
        owner: &str,
        organization: Option<&str>,
        present: Option<&Trail>,
    ) -> Result<Vec<Step>, Error> {
        let TrailSettings { name, arn, bucket, prefix, .. } = settings;
        let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let bucket_arn = session.home.bucket_arn(bucket);
        let writer = BucketWriter { bucket: &bucket_arn, prefix: &folder, trail: arn, account: owner, organization };
        let is_in_use = present.is_some_and(|trail| {
            let present_prefix = trail.s3_key_prefix.as_deref().unwrap_or_default();
            trail.s3_bucket_name.as_ref() == Some(bucket) && present_prefix == prefix
        });
        let request = BucketRequest {
            name: bucket,
            kms_key: self.args.kms_key.as_deref(),
            lifecycle: LifecycleDays { keep: self.args.keep, archive_after: self.args.archive_after },
            statements: of_bucket(&writer),
            suffix: name,
            is_in_use,
        };
        bucket_plan::plan(session, &request).await
    }

    /// The steps for the topic, and for the queue if one is asked for.
    async fn topic_steps(&self, session: &TrailSession, settings: &TrailSettings) -> Result<Vec<Step>, Error> {
        let TrailSettings { name, arn, topic, .. } = settings;
        let topic_arn = session.home.arn("sns", topic);
        let present = topic_plan::find(&session.client, &session.home.region, &topic_arn).await;
        let present = present.map_err(|error: AwsError| Error::Failed(format!("topic {topic}: {error}")))?;
        let mut steps = topic_plan::plan(session, topic, arn, name, present.as_ref())?;
        if let Some(queue) = &self.args.queue {
            let queue = if queue.is_empty() { default_queue(name)? } else { queue.clone() };
            steps.extend(queue_plan::plan(session, &queue, topic, present.as_ref()).await?);
        }
        Ok(steps)
    }

    /// The settings of the trail. What no option gives stays as the trail has it.
    fn settings(&self, session: &TrailSession, owner: &str, present: Option<&Trail>) -> Result<TrailSettings, Error> {
        let (args, home) = (&self.args, &session.home);
        let present_bucket = present.and_then(|trail| trail.s3_bucket_name.clone());
        let bucket = args.bucket.clone().or(present_bucket).unwrap_or_else(|| default_bucket(home));
        let present_prefix = present.and_then(|trail| trail.s3_key_prefix.clone());
        let prefix = args.prefix.clone().or(present_prefix).unwrap_or_default();
        let topic = match (&args.topic, present.and_then(|trail| trail.topic_arn.as_deref())) {
            (Some(topic), _) => topic.clone(),
            (None, Some(arn)) => {
                let name = home.local_name("sns", arn).and_then(|name| topic_name(name).ok());
                name.ok_or_else(|| {
                    Error::Failed(format!(
                        "trail {}: its topic {arn} belongs to another account or region; choose one with --topic NAME",
                        args.name
                    ))
                })?
            }
            (None, None) => default_topic(&args.name),
        };
        let arn = home.trail_arn(owner, &args.name);
        let is_own = owner == home.account;
        Ok(TrailSettings {
            name: args.name.clone(),
            id: if is_own { args.name.clone() } else { arn.clone() },
            arn,
            bucket,
            prefix,
            topic,
            kms_key: args.kms_key.clone(),
            is_of_organization: args.organization,
            data_events: args.data_events.clone(),
            has_insights: args.insights,
        })
    }
}

/// A trail, and the other trails that record the events of the region.
#[derive(Default)]
pub(super) struct FoundTrails {
    pub(super) own: Option<Trail>,
    pub(super) others: Vec<Trail>,
}

/// Finds the trail of this name. Returns an error if it is managed in another region.
pub(super) async fn find(session: &TrailSession, owner: &str, name: &str) -> Result<FoundTrails, Error> {
    let home = &session.home;
    let arn = home.trail_arn(owner, name);
    let reader = TrailReader { client: &session.client, region: &home.region };
    let trails = reader.describe(None).await;
    let trails = trails.map_err(|error| Error::Failed(format!("trail {name}: {error}")))?;
    let is_owned = |trail: &Trail| trail.arn.split(':').nth(4) == Some(owner);
    let mut found = FoundTrails::default();
    for trail in trails {
        match trail.home_region.as_deref().filter(|region| *region != home.region) {
            _ if trail.arn == arn => found.own = Some(trail),
            Some(region) if trail.name == name && is_owned(&trail) => {
                return Err(Error::Failed(format!(
                    "trail {name} is managed in {region}; add --region {region}, or choose another name with --name"
                )));
            }
            _ => found.others.push(trail),
        }
    }
    Ok(found)
}

/// Returns an error if the trail is not as planned: it may have been changed by others.
async fn check(session: &TrailSession, settings: &TrailSettings) -> Result<(), Error> {
    let owner = settings.arn.split(':').nth(4).unwrap_or(&session.home.account);
    let found = find(session, owner, &settings.name).await?;
    let differences = match &found.own {
        Some(trail) => differences(session, settings, trail),
        None => vec!["it does not exist".into()],
    };
    match differences.is_empty() {
        true => Ok(()),
        false => Err(Error::Failed(format!(
            "trail {} was changed by others meanwhile: {}; run the same command again",
            settings.name,
            differences.join(", ")
        ))),
    }
}

/// Reads the organisation that the account belongs to.
async fn organization(session: &TrailSession) -> Result<Organization, Error> {
    // Organizations has one region in each partition.
    let region = match session.home.partition.as_str() {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    let request = JsonRequest::new(JsonService::ORGANIZATIONS, region, "DescribeOrganization", &json!({}));
    let answer: Result<OrganizationAnswer, AwsError> = session.client.call_json(&request.with_resource("*")).await;
    let found = answer.map_err(|error| Error::Failed(format!("--organization: {error}")))?.organization;
    Ok(Organization { id: found.id, management_account: found.master_account_id })
}
