//! The command `trail delete`.

use std::collections::BTreeSet;

use serde_json::json;

use super::api_call::ChangeRequest;
use super::args::DeleteArgs;
use super::bucket_change::TAG;
use super::confirmation::Confirmation;
use super::create::{FoundTrails, find};
use super::names::{dead_letter_queue, default_queue, default_topic};
use super::plan::{ChangePlan, Effect, Step};
use super::policy::sources;
use super::queue_plan::{self, NO_QUEUE, QueueState};
use super::session::TrailSession;
use super::topic_plan::{self, NO_TOPIC, TopicState};
use super::trail_state::{NO_TRAIL, Trail, TrailReader};
use crate::command::Context;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Report, count};
use crate::source::aws::{AwsError, Connection};

/// What is asked for.
pub(super) struct DeleteRequest {
    args: DeleteArgs,
    connection: Connection,
    confirmation: Confirmation,
}

/// A topic, and what is known of it.
struct TopicFacts {
    name: String,
    arn: String,
    present: Option<TopicState>,
    /// Another trail that publishes to it.
    used_by: Option<String>,
}

/// What is done about the queues of a topic.
struct QueuesPlan {
    steps: Vec<Step>,
    /// Addresses that the topic sends to and that stay.
    receivers: Vec<String>,
}

impl DeleteRequest {
    pub(super) fn new(args: DeleteArgs) -> Result<DeleteRequest, Error> {
        let connection = args.connection.connection()?;
        let confirmation = Confirmation::new(args.confirmation)?;
        Ok(DeleteRequest { args, connection, confirmation })
    }

    /// Reads, shows the plan, and carries it out.
    pub(super) async fn run(&self, context: &Context, report: &Report, stop: &Cancellation) -> Result<(), Error> {
        report.progress("reading what exists");
        let session = TrailSession::connect(&self.connection, self.args.home.region.as_deref()).await?;
        let plan = self.plan(&session).await?;
        self.confirmation.carry_out(&plan, &session, context, report, stop).await.map(drop)
    }

    /// The trail is deleted last, because it names its topic, which names its queues: so a run
    /// that was interrupted can be completed. Until then the trail delivers logs.
    async fn plan(&self, session: &TrailSession) -> Result<ChangePlan, Error> {
        let name = &self.args.name;
        let (trail, others) = self.trail(session).await?;
        let reader = TrailReader { client: &session.client, region: &session.home.region };
        let failed = |error: AwsError| Error::Failed(format!("trail {name}: {error}"));
        if let Some(trail) = &trail
            && !reader.is_tagged(&trail.arn).await.map_err(failed)?
        {
            return Err(Error::Failed(format!(
                "trail {name} is not tagged {}={}, so it is not deleted; if it is yours, delete it with \
                 aws cloudtrail delete-trail",
                TAG.0, TAG.1
            )));
        }
        let topic = self.topic(session, trail.as_ref(), &others).await?;
        let QueuesPlan { mut steps, receivers } = self.queues_plan(session, &topic).await?;
        steps.push(topic_step(session, &topic, &receivers).await?);
        match &trail {
            None => steps.push(Step::keep(format!("trail {name}: it does not exist"))),
            Some(trail) => {
                let is_own = trail.arn == session.home.trail_arn(&session.home.account, name);
                let id = if is_own { name } else { &trail.arn };
                let call =
                    ChangeRequest::cloudtrail("DeleteTrail", &trail.arn, json!({"Name": id})).succeed_on(NO_TRAIL);
                steps.push(Step::new(Effect::Delete, format!("trail {name}"), vec![call]));
                steps.extend(bucket_step(trail));
            }
        }
        Ok(ChangePlan::new(steps))
    }

    /// The trail, and all others. A trail of an organisation belongs to the management account,
    /// and a delegated administrator can delete it.
    async fn trail(&self, session: &TrailSession) -> Result<(Option<Trail>, Vec<Trail>), Error> {
        let (home, name) = (&session.home, &self.args.name);
        let FoundTrails { own, mut others } = find(session, &home.account, name).await?;
        let same_name = |trail: &Trail| {
            trail.name == *name && trail.home_region.as_ref().is_none_or(|region| *region == home.region)
        };
        let at = match own {
            Some(_) => return Ok((own, others)),
            None => others.iter().position(same_name),
        };
        let Some(at) = at else { return Ok((None, others)) };
        let trail = others.swap_remove(at);
        let topic = trail.topic_arn.as_deref().and_then(|arn| home.local_name("sns", arn));
        match topic {
            Some(_) => Ok((Some(trail), others)),
            None => Err(Error::Failed(format!(
                "trail {name} and its topic belong to another account: {}; delete it there",
                trail.arn
            ))),
        }
    }

    /// The topic of the trail, or of the options if the trail is gone.
    async fn topic(
        &self,
        session: &TrailSession,
        trail: Option<&Trail>,
        others: &[Trail],
    ) -> Result<TopicFacts, Error> {
        let home = &session.home;
        let of_trail = trail.and_then(|trail| trail.topic_arn.clone());
        let named = || home.arn("sns", self.args.topic.as_ref().unwrap_or(&default_topic(&self.args.name)));
        let arn = of_trail.unwrap_or_else(named);
        let other = others.iter().find(|other| other.topic_arn.as_ref() == Some(&arn));
        let used_by = other.map(|trail| trail.name.clone());
        let Some(name) = home.local_name("sns", &arn).map(String::from) else {
            // Resources of other accounts and regions are left as they are.
            return Ok(TopicFacts { name: arn.clone(), arn, present: None, used_by });
        };
        let present = topic_plan::find(&session.client, &home.region, &arn).await;
        let present = present.map_err(|error| Error::Failed(format!("topic {name}: {error}")))?;
        Ok(TopicFacts { name, arn, present, used_by })
    }

    /// The steps for the queues that the topic sends to, and for the one that a run of this
    /// program would have created.
    async fn queues_plan(&self, session: &TrailSession, topic: &TopicFacts) -> Result<QueuesPlan, Error> {
        let home = &session.home;
        let subscriptions = topic.present.as_ref().map(|topic| topic.subscriptions.as_slice()).unwrap_or_default();
        let subscribed = subscriptions.iter().filter_map(|subscription| home.local_name("sqs", &subscription.endpoint));
        let mut names: BTreeSet<String> = subscribed.map(String::from).collect();
        names.extend(self.args.queue.clone().or_else(|| default_queue(&self.args.name).ok()));
        let mut steps = Vec::new();
        let mut receivers: Vec<String> =
            subscriptions.iter().filter(|one| one.arn != "Deleted").map(|one| one.endpoint.clone()).collect();
        for name in names {
            let failed = |error: AwsError| Error::Failed(format!("queue {name}: {error}"));
            let queue = queue_plan::find(&session.client, home, &name).await.map_err(failed)?;
            let arn = home.arn("sqs", &name);
            let subscription = subscriptions.iter().find(|subscription| subscription.endpoint == arn);
            let reason = match (&queue, &topic.used_by) {
                (Some(_), Some(other)) if subscription.is_some() => {
                    Some(format!("receives from topic {}, which trail {other} uses too", topic.name))
                }
                (Some(queue), _) => kept_because(session, queue, topic).await.map_err(failed)?,
                (None, _) => None,
            };
            if let Some(reason) = reason {
                steps.push(Step::keep(format!("queue {name}, which {reason}")));
                continue;
            }
            receivers.retain(|endpoint| *endpoint != arn);
            let named = queue.as_ref().and_then(QueueState::dead_letter_arn);
            let named = named.and_then(|arn| home.local_name("sqs", &arn).map(String::from));
            let dead_letter = named.unwrap_or_else(|| dead_letter_queue(&name));
            let letters = queue_plan::find(&session.client, home, &dead_letter).await.map_err(failed)?;
            let letters = letters.filter(|queue| queue.is_ours);
            // The dead-letter queue is found through the queue, so it is deleted first.
            steps.extend(letters.map(|queue| queue_step(session, "dead-letter queue", &dead_letter, &queue)));
            steps.extend(queue.map(|queue| queue_step(session, "queue", &name, &queue)));
            if let Some(subscription) = subscription.filter(|subscription| subscription.arn.starts_with("arn:")) {
                let parameters = json!({"SubscriptionArn": subscription.arn});
                let call = ChangeRequest::topic("Unsubscribe", &subscription.arn, parameters).succeed_on(NO_TOPIC);
                let what = format!("subscription of queue {name} to topic {}", topic.name);
                steps.push(Step::new(Effect::Delete, what, vec![call]));
            }
        }
        Ok(QueuesPlan { steps, receivers })
    }
}

/// Why a queue is not deleted; `None` if it is.
async fn kept_because(
    session: &TrailSession,
    queue: &QueueState,
    topic: &TopicFacts,
) -> Result<Option<String>, AwsError> {
    if !queue.is_ours {
        return Ok(Some(format!("is not tagged {}={}", TAG.0, TAG.1)));
    }
    let home = &session.home;
    let policy = queue.attributes.get("Policy").map(String::as_str).unwrap_or_default();
    for source in sources(policy).into_iter().filter(|source| *source != topic.arn) {
        // The topic may be gone because an earlier run deleted it.
        let is_local = home.local_name("sns", &source).is_some();
        if !is_local || topic_plan::find(&session.client, &home.region, &source).await?.is_some() {
            return Ok(Some(format!("also receives from {source}")));
        }
    }
    Ok(None)
}

fn queue_step(session: &TrailSession, kind: &str, name: &str, queue: &QueueState) -> Step {
    let call = ChangeRequest::queue("DeleteQueue", &session.home.arn("sqs", name), json!({"QueueUrl": queue.url}));
    let what = format!("{kind} {name} with about {}", count(queue.messages(), "message"));
    Step::new(Effect::Delete, what, vec![call.succeed_on(NO_QUEUE)])
}

/// A topic is deleted with its subscriptions, so it stays if one of them belongs to others.
async fn topic_step(session: &TrailSession, topic: &TopicFacts, receivers: &[String]) -> Result<Step, Error> {
    let TopicFacts { name, arn, present, used_by } = topic;
    let failed = |error: AwsError| Error::Failed(format!("topic {name}: {error}"));
    if session.home.local_name("sns", arn).is_none() {
        return Ok(Step::keep(format!("topic {name}, which belongs to another account or region")));
    }
    if present.is_none() {
        return Ok(Step::keep(format!("topic {name}: it does not exist")));
    }
    if !topic_plan::is_tagged(&session.client, &session.home.region, arn).await.map_err(failed)? {
        return Ok(Step::keep(format!("topic {name}, which is not tagged {}={}", TAG.0, TAG.1)));
    }
    if let Some(other) = used_by {
        return Ok(Step::keep(format!("topic {name}, which trail {other} uses too")));
    }
    if !receivers.is_empty() {
        return Ok(Step::keep(format!("topic {name}, which also sends to {}", receivers.join(", "))));
    }
    let call = ChangeRequest::topic("DeleteTopic", arn, json!({"TopicArn": arn})).succeed_on(NO_TOPIC);
    Ok(Step::new(Effect::Delete, format!("topic {name}"), vec![call]))
}

/// Says that the log files stay, and how to see them.
fn bucket_step(trail: &Trail) -> Option<Step> {
    let bucket = trail.s3_bucket_name.as_deref()?;
    let prefix = trail.s3_key_prefix.as_deref().map_or(String::new(), |prefix| format!("{prefix}/"));
    Some(Step::keep(format!(
        "bucket {bucket} with its log files; aws s3 ls --recursive --summarize s3://{bucket}/{prefix}AWSLogs/ counts them"
    )))
}
