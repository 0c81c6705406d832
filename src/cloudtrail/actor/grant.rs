//! Events that hand out credentials, or start an instance that will get some.

use super::StartKind;
use serde::{Deserialize, Serialize};

use super::caller::{CallerFacts, CallerReader, ChainPosition, is_instance, role_of};
use super::index::ActorIndexBuilder;
use super::session_start::SessionStart;
use super::text_hasher::{HashTexts, PortableHasher, TextHasher};
use crate::cloudtrail::call::FailureRule;
use crate::cloudtrail::field::{FieldPath, text, text_of};
use crate::cloudtrail::identity::{assumed_role_arn, user_name};
use crate::cloudtrail::keys::is_account;
use crate::cloudtrail::time;
use crate::decode::event::{Event, FieldId, FieldSet};

/// Patterns for the names of all events that a [`GrantReader`] reads.
pub const GRANT_EVENTS: [&str; 5] =
    ["AssumeRo*", "GetFederationToken", "SwitchRole", "CreateAccessKey", "RunInstances"];

/// A fact that an [`ActorIndexBuilder`] keeps: who caused what.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GrantFact<H = u64> {
    pub(super) gives: Grant<H>,
    pub(super) caller: CallerFacts<H>,
}

/// What a caller caused.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(super) enum Grant<H = u64> {
    /// A session began: the hash of its ARN, or of what names the role in it, the second,
    /// and the hash of its access key.
    Session { arn: H, created: i64, key: H },
    /// A user got an access key: its hash, and that of the user with the account.
    AccessKey { key: H, user: H },
    /// An instance was launched: the hash of its id.
    Instance { id: H },
}

impl<H> GrantFact<H> {
    /// Memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        size_of::<GrantFact<H>>() + self.caller.name.len() + self.caller.account.len()
    }
}

/// Reads the events that hand out credentials.
#[derive(Clone, Debug)]
pub struct GrantReader<T = TextHasher> {
    callers: CallerReader<T>,
    failure: FailureRule,
    name: FieldId,
    source: FieldId,
    time: FieldId,
    paths: GrantPaths,
}

/// The most bytes of a name or an account. No name of AWS is nearly as long. Longer ones, of logs
/// that were edited, are left out, so that an index of them cannot grow large.
const MAX_NAME: usize = 1024;

/// Where these events have what they hand out.
#[derive(Clone, Debug)]
struct GrantPaths {
    role: FieldPath,
    session: FieldPath,
    source_identity: FieldPath,
    root: FieldPath,
    assumed: FieldPath,
    assumed_id: FieldPath,
    federated: FieldPath,
    key: FieldPath,
    switched_from: FieldPath,
    arn: FieldPath,
    created_key: FieldPath,
    key_user: FieldPath,
    instances: FieldPath,
}

impl GrantPaths {
    fn new(fields: &mut FieldSet) -> Result<GrantPaths, String> {
        let mut path = |text: &str| FieldPath::parse(text, fields);
        Ok(GrantPaths {
            role: path("requestParameters.roleArn")?,
            session: path("requestParameters.roleSessionName")?,
            source_identity: path("requestParameters.sourceIdentity")?,
            root: path("requestParameters.targetPrincipal")?,
            assumed: path("responseElements.assumedRoleUser.arn")?,
            assumed_id: path("responseElements.assumedRoleUser.assumedRoleId")?,
            federated: path("responseElements.federatedUser.arn")?,
            key: path("responseElements.credentials.accessKeyId")?,
            switched_from: path("additionalEventData.SwitchFrom")?,
            arn: path("userIdentity.arn")?,
            created_key: path("responseElements.accessKey.accessKeyId")?,
            key_user: path("responseElements.accessKey.userName")?,
            instances: path("responseElements.instancesSet.items[].instanceId")?,
        })
    }
}

impl GrantReader {
    /// A reader of facts for `index`. Adds the fields it reads to `fields`.
    pub fn new(index: &ActorIndexBuilder, fields: &mut FieldSet) -> Result<GrantReader, String> {
        GrantReader::with_hasher(index.hasher(), fields)
    }

    /// The session of a role that the call of an event began; `None` if it began none.
    pub fn session_start(&mut self, event: &Event<'_>) -> Option<SessionStart> {
        let mut facts = Vec::new();
        self.read(event, |fact| facts.push(fact));
        let caller = &facts.first()?.caller;
        let paths = &self.paths;
        let [role, session, source, root] =
            [&paths.role, &paths.session, &paths.source_identity, &paths.root].map(|path| Self::text(event, path));
        let [arn, id] = [&paths.assumed, &paths.assumed_id].map(|path| Self::text(event, path));
        let role_name = role.rsplit('/').next().unwrap_or_default().to_string();
        // A source identity stays with all sessions that begin from this one.
        let earlier_source =
            if caller.start == StartKind::SourceIdentity { caller.name.clone() } else { String::new() };
        let cell = format!("{role_name}/{session}");
        let names = [role, role_name, cell, user_name(&session), user_name(&source), root, arn, id, earlier_source];
        let names = names.into_iter().filter(|name| !name.is_empty()).collect();
        Some(SessionStart { names, facts })
    }
}

impl GrantReader<PortableHasher> {
    /// A reader of facts that an index of another run can add. Adds the fields it reads to
    /// `fields`.
    pub fn for_parts(fields: &mut FieldSet) -> Result<GrantReader<PortableHasher>, String> {
        GrantReader::with_hasher(PortableHasher, fields)
    }
}

impl<T: HashTexts> GrantReader<T> {
    fn with_hasher(hasher: T, fields: &mut FieldSet) -> Result<GrantReader<T>, String> {
        Ok(GrantReader {
            callers: CallerReader::new(hasher, fields)?,
            failure: FailureRule::new(fields)?,
            name: fields.add("eventName")?,
            source: fields.add("eventSource")?,
            time: fields.add("eventTime")?,
            paths: GrantPaths::new(fields)?,
        })
    }

    /// Passes the facts of an event to `each`.
    pub fn read(&mut self, event: &Event<'_>, mut each: impl FnMut(GrantFact<T::Hash>)) {
        let (name, source) = (text(event, self.name), text(event, self.source));
        let (Some(name), Some(source)) = (name, source) else { return };
        match (&*source, &*name) {
            _ if self.failure.is_failed(event) => {}
            ("sts.amazonaws.com", name) if name.starts_with("AssumeRo") || name == "GetFederationToken" => {
                self.sessions(event, &mut each);
            }
            ("signin.amazonaws.com", "SwitchRole") => self.switch(event, &mut each),
            ("iam.amazonaws.com", "CreateAccessKey") => self.access_key(event, &mut each),
            ("ec2.amazonaws.com", "RunInstances") => {
                let (caller, hasher) = (self.caller(event), &self.callers.hasher);
                self.paths.instances.each(event, &mut |instance| {
                    let id = hasher.hash(&text_of(Some(instance)).unwrap_or_default());
                    if id != T::Hash::default() {
                        each(GrantFact { gives: Grant::Instance { id }, caller: caller.clone() });
                    }
                });
            }
            _ => {}
        }
    }

    fn text(event: &Event<'_>, path: &FieldPath) -> String {
        text_of(path.value(event)).unwrap_or_default().into_owned()
    }

    /// What is known of the caller of an event.
    fn caller(&mut self, event: &Event<'_>) -> CallerFacts<T::Hash> {
        let mut caller = self.callers.facts(event);
        if caller.name.len() > MAX_NAME || caller.account.len() > MAX_NAME {
            (caller.name, caller.account) = (String::new(), String::new());
        }
        caller
    }

    fn second(&self, event: &Event<'_>) -> Option<i64> {
        Some(time::of_value(event.get(self.time)?)?.as_second())
    }

    /// The session that a call of STS began. Logs that were edited can show two ARNs for
    /// it: that of the answer, and that of the request.
    fn sessions(&mut self, event: &Event<'_>, each: &mut impl FnMut(GrantFact<T::Hash>)) {
        let Some(created) = self.second(event) else { return };
        let paths = &self.paths;
        let [role, session, root] = [&paths.role, &paths.session, &paths.root].map(|path| Self::text(event, path));
        let answered = [&paths.assumed, &paths.federated].map(|path| Self::text(event, path));
        let requested = assumed_role_arn(&role, &session).or_else(|| root_arn(&root)).unwrap_or_default();
        let key = self.callers.hasher.hash(&Self::text(event, &paths.key));
        let mut caller = self.caller(event);
        if caller.standing == ChainPosition::Start && caller.name == "ec2.amazonaws.com" && is_instance(&session) {
            (caller.start, caller.name) = (StartKind::Instance, session);
        }
        let mut arns = [&answered[0], &answered[1], &requested].map(|arn| self.callers.hasher.hash(arn)).to_vec();
        arns.sort_unstable();
        arns.dedup();
        for arn in arns.into_iter().filter(|arn| *arn != T::Hash::default()) {
            each(GrantFact { gives: Grant::Session { arn, created, key }, caller: caller.clone() });
        }
        // EC2 and Lambda get no ARN in the answer. Their key links by the role alone.
        let (role, no_text) = (self.callers.hasher.hash(role_of(&requested)), T::Hash::default());
        if answered.iter().all(String::is_empty) && key != no_text && role != no_text {
            each(GrantFact { gives: Grant::Session { arn: role, created, key }, caller });
        }
    }

    /// The session that began when a user of the console switched to a role.
    fn switch(&mut self, event: &Event<'_>, each: &mut impl FnMut(GrantFact<T::Hash>)) {
        let arn = Self::text(event, &self.paths.arn);
        let from = Self::text(event, &self.paths.switched_from);
        let (Some(created), true) = (self.second(event), arn.contains(":assumed-role/")) else { return };
        // Of a session nothing but the ARN is known, which is not enough to find its start.
        let Some(caller) = user_of_arn(&from).filter(|_| from.len() <= MAX_NAME) else { return };
        let gives = Grant::Session { arn: self.callers.hasher.hash(&arn), created, key: T::Hash::default() };
        each(GrantFact { gives, caller });
    }

    /// The access key that a caller created for a user.
    fn access_key(&mut self, event: &Event<'_>, each: &mut impl FnMut(GrantFact<T::Hash>)) {
        let [key, user] = [&self.paths.created_key, &self.paths.key_user].map(|path| Self::text(event, path));
        let (key, account) = (self.callers.hasher.hash(&key), self.callers.account(event));
        if key != T::Hash::default() && !user.is_empty() {
            let user = self.callers.hasher.hash(&format!("{account}/{}", user_name(&user)));
            let caller = self.caller(event);
            each(GrantFact { gives: Grant::AccessKey { key, user }, caller });
        }
    }
}

/// The ARN of the root user of an account, given by its number or an ARN.
fn root_arn(target: &str) -> Option<String> {
    match target.strip_prefix("arn:") {
        Some(_) => Some(target.to_string()),
        None => is_account(target).then(|| format!("arn:aws:iam::{target}:root")),
    }
}

/// The user that an ARN names.
fn user_of_arn<H: Default>(arn: &str) -> Option<CallerFacts<H>> {
    let (before, path) = arn.split_once(":user/")?;
    let (_, account) = before.rsplit_once(':')?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let (standing, name) = (ChainPosition::Start, user_name(name));
    Some(CallerFacts { standing, name, account: account.into(), ..CallerFacts::default() })
}
