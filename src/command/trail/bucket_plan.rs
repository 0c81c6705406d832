//! Plans the bucket of a trail.

use super::api_call::ChangeRequest;
use super::bucket_change::{BucketChange, LifecycleDays, TAG};
use super::bucket_client::{BucketPresence, LifecycleState};
use super::plan::{Effect, Step};
use super::policy::{PolicyChange, PolicyLimits, WantedStatement};
use super::session::TrailSession;
use super::statements::secure_transport;
use crate::error::Error;
use crate::source::aws::{AwsError, AwsErrorKind};

/// What the bucket should be like.
pub(super) struct BucketRequest<'a> {
    pub(super) name: &'a str,
    pub(super) kms_key: Option<&'a str>,
    pub(super) lifecycle: LifecycleDays,
    /// What CloudTrail must be allowed.
    pub(super) statements: Vec<WantedStatement>,
    /// The end of the ids of statements whose ids are taken.
    pub(super) suffix: &'a str,
    /// True if the trail delivers to the same place already.
    pub(super) is_in_use: bool,
}

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ownership {
    /// The bucket does not exist.
    Missing,
    /// A run of this program created the bucket.
    Created,
    /// The bucket is as a run leaves it that was killed after its creation: empty, without tags
    /// and without a policy.
    Unfinished,
    /// The bucket is in use for something else.
    Foreign,
}

/// A setting of the bucket.
struct Setting {
    what: String,
    /// The opposite.
    lacking: String,
    is_set: bool,
    change: BucketChange,
}

/// Looks at the bucket, and returns the steps that make it what the request asks for.
pub(super) async fn plan(session: &mut TrailSession, request: &BucketRequest<'_>) -> Result<Vec<Step>, Error> {
    let name = request.name;
    let arn = session.home.bucket_arn(name);
    let failed = |error: AwsError| Error::Failed(format!("bucket {name}: {error}"));
    let (ownership, present) = match ownership(session, name).await {
        // The bucket of a trail can belong to an account for logs, which these credentials do not reach.
        Err(error) if error.kind == AwsErrorKind::AccessDenied && request.is_in_use => {
            return Ok(vec![Step::keep(format!("bucket {name}, which the trail uses already: {error}"))]);
        }
        result => result.map_err(failed)?,
    };
    let call = |change| ChangeRequest::bucket(name, &arn, change);
    let region = session.home.region.clone();
    let tag = format!("{}={}", TAG.0, TAG.1);
    let mut steps = vec![match ownership {
        Ownership::Missing => {
            let calls = vec![call(BucketChange::Create { region: region.clone() }), call(BucketChange::Tag)];
            Step::new(Effect::Create, format!("bucket {name} in {region}, tagged {tag}"), calls)
        }
        Ownership::Unfinished => {
            let what = format!("bucket {name}, which is empty and has no tags and no policy: tagged {tag}");
            Step::new(Effect::Change, what, vec![call(BucketChange::Tag)])
        }
        Ownership::Created => Step::keep(format!("bucket {name}")),
        Ownership::Foreign => {
            Step::keep(format!("bucket {name}, which is not tagged {tag}: only its policy may be changed"))
        }
    }];
    for setting in settings(session, request, ownership).await? {
        let what = format!("bucket {name}: {}", setting.what);
        steps.push(match (ownership, setting.is_set) {
            (_, true) => Step::keep(what),
            (Ownership::Foreign, false) => Step::keep(format!("bucket {name}: {}", setting.lacking)),
            (Ownership::Missing, false) => Step::new(Effect::Create, what, vec![call(setting.change)]),
            (_, false) => Step::new(Effect::Change, what, vec![call(setting.change)]),
        });
    }
    let mut statements = request.statements.clone();
    statements.extend((ownership != Ownership::Foreign).then(|| secure_transport(&arn)));
    let (suffix, limits) = (request.suffix.to_string(), PolicyLimits::BUCKET);
    let change = PolicyChange { owner: arn.clone(), wanted: statements, suffix, limits };
    let policy = change.apply(present.as_deref())?;
    steps.push(match policy {
        None => Step::keep(format!("bucket {name}: policy")),
        Some(policy) => {
            let effect = if present.is_none() { Effect::Create } else { Effect::Change };
            let what = format!("bucket {name}: policy with {}", policy.added.join(", "));
            Step::new(effect, what, vec![call(BucketChange::SetPolicy(policy.text)).changing_policy(change)])
        }
    });
    Ok(steps)
}

/// Whose bucket it is, and its policy.
async fn ownership(session: &mut TrailSession, name: &str) -> Result<(Ownership, Option<String>), AwsError> {
    if let BucketPresence::Missing = session.s3.find(name).await? {
        return Ok((Ownership::Missing, None));
    }
    let tags = session.s3.tags(name).await?;
    let policy = session.s3.policy(name).await?;
    let is_ours = tags.iter().any(|(key, value)| (key.as_str(), value.as_str()) == TAG);
    let ownership = match is_ours {
        true => Ownership::Created,
        false if tags.is_empty() && policy.is_none() && session.s3.is_empty(name).await? => Ownership::Unfinished,
        false => Ownership::Foreign,
    };
    Ok((ownership, policy))
}

/// The settings that the bucket should have. Those of a bucket of others are not changed.
async fn settings(
    session: &TrailSession,
    request: &BucketRequest<'_>,
    ownership: Ownership,
) -> Result<Vec<Setting>, Error> {
    let BucketRequest { name, kms_key, lifecycle, .. } = *request;
    let failed = |error: AwsError| Error::Failed(format!("bucket {name}: {error}"));
    let (s3, exists) = (&session.s3, ownership != Ownership::Missing);
    let setting = |what: &str, lacking: &str, is_set, change| Setting {
        what: what.into(),
        lacking: lacking.into(),
        is_set,
        change,
    };
    let is_blocked = exists && s3.blocks_public_access(name).await.map_err(failed)?;
    let is_enforced = exists && s3.enforces_owner(name).await.map_err(failed)?;
    let is_versioned = exists && s3.has_versioning(name).await.map_err(failed)?;
    let mut settings = vec![
        setting("public access blocked", "public access not blocked", is_blocked, BucketChange::BlockPublicAccess),
        setting("ACLs disabled", "ACLs not disabled", is_enforced, BucketChange::EnforceOwner),
        setting("versioning enabled", "versioning not enabled", is_versioned, BucketChange::EnableVersioning),
    ];
    if let Some(key) = kms_key {
        let is_set = exists && s3.encryption_key(name).await.map_err(failed)?.as_deref() == Some(key);
        let change = BucketChange::Encrypt { key: key.into() };
        let what = format!("encrypted by default with {key}");
        settings.push(setting(&what, &format!("not {what}"), is_set, change));
    }
    if lifecycle != LifecycleDays::default() {
        let present = match exists {
            true => s3.lifecycle(name).await.map_err(failed)?,
            false => LifecycleState::default(),
        };
        if present.others > 0 && ownership != Ownership::Foreign {
            return Err(Error::Failed(format!(
                "bucket {name}: it has lifecycle rules of others, which are not changed; leave out --keep and \
                 --archive-after, and add a rule by hand"
            )));
        }
        let days = present.with(lifecycle);
        if let (Some(keep), Some(archive_after)) = (days.keep, days.archive_after)
            && keep <= archive_after
        {
            return Err(Error::Failed(format!(
                "bucket {name}: objects would be archived after {archive_after} days and deleted after {keep}; choose a \
                 larger --keep or a smaller --archive-after"
            )));
        }
        let is_set = present.is_set && present.days == days;
        let lacking = "--keep and --archive-after have no effect on it";
        settings.push(setting(&lifecycle_text(days), lacking, is_set, BucketChange::SetLifecycle(days)));
    }
    Ok(settings)
}

fn lifecycle_text(days: LifecycleDays) -> String {
    let archived = days.archive_after.map(|days| format!("objects archived after {days} days"));
    let deleted = days.keep.map(|days| format!("objects deleted after {days} days"));
    archived.into_iter().chain(deleted).collect::<Vec<_>>().join(", ")
}
