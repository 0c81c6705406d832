//! Finds the actor at the start of the chain of credentials behind an event. Every event is
//! compared with every other.
//!
//! A chain is followed from an event to the event that issued its credentials, to the caller of
//! that one, and so on. If two callers could have issued them, nothing is proven.

use jiff::Timestamp;
use serde_json::Value;

use super::row::{at, claims_root, is_issued_by_root, not_root, role_session, user_name};

/// The largest number of links that are followed.
const MAX_CHAIN: usize = 10;

/// The cells `actor` and `actorVia` of each event, derived from all events.
pub fn actors(events: &[Value]) -> Vec<Option<(String, String)>> {
    let search = ActorSearch { events };
    events.iter().map(|event| search.cells(event)).collect()
}

struct ActorSearch<'e> {
    events: &'e [Value],
}

/// The start of a chain.
#[derive(Clone, Debug, PartialEq)]
struct PlainChainStart {
    name: String,
    /// The account of a user, empty for others.
    account: String,
    /// The links that prove it, from the event back to the start.
    links: Vec<String>,
    /// The proof at the start itself; empty for a user's own identity.
    proof: &'static str,
    /// The access key of the user.
    key: String,
    is_instance: bool,
}

fn text(value: &Value, path: &str) -> String {
    match at(value, path) {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => at(value, path).to_string(),
        _ => String::new(),
    }
}

fn second(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

fn is_instance(name: &str) -> bool {
    let number = name.strip_prefix("i-").unwrap_or_default();
    [8, 17].contains(&number.len()) && number.chars().all(|digit| "0123456789abcdef".contains(digit))
}

fn sts_arn(role: &str, session: &str) -> String {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", _, account, resource] if resource.starts_with("role/") => {
            format!(
                "arn:{partition}:sts::{account}:assumed-role/{}/{session}",
                resource.rsplit('/').next().unwrap_or("")
            )
        }
        _ => String::new(),
    }
}

fn is_failed(event: &Value) -> bool {
    !text(event, "errorCode").is_empty() || !text(event, "errorMessage").is_empty()
}

fn is_call(event: &Value, source: &str, name: &str) -> bool {
    text(event, "eventSource") == source && text(event, "eventName") == name && !is_failed(event)
}

fn account_of(event: &Value) -> String {
    let own = text(event, "userIdentity.accountId");
    if own.is_empty() { text(event, "recipientAccountId") } else { own }
}

/// A text that distinguishes callers: the identity without the access key.
fn caller_id(event: &Value, is_switch: bool) -> String {
    if is_switch {
        let from = text(event, "additionalEventData.SwitchFrom");
        let account = from.split(':').nth(4).unwrap_or_default().to_string();
        return format!("user {account}/{}", from.rsplit('/').next().unwrap_or_default());
    }
    let field = |path: &str| text(event, &format!("userIdentity.{path}"));
    match field("type").as_str() {
        "IAMUser" => format!("user {}/{}", field("accountId"), field("userName")),
        _ => {
            let parts = [
                "type",
                "arn",
                "principalId",
                "accountId",
                "invokedBy",
                "userName",
                "sessionContext.sourceIdentity",
                "sessionContext.attributes.creationDate",
            ];
            parts.map(field).join("|")
        }
    }
}

impl ActorSearch<'_> {
    fn cells(&self, event: &Value) -> Option<(String, String)> {
        let start = self.start(event, 0, false)?;
        let (account, is_foreign) = (account_of(event), text(event, "userIdentity.type") == "AWSAccount");
        let shown = |start: &PlainChainStart, account: &str| {
            let is_near = start.account.is_empty() || account.is_empty() || start.account == account;
            if is_near || start.proof == "other account" {
                start.name.clone()
            } else {
                format!("{}/{}", start.account, start.name)
            }
        };
        let mut via = start.links.clone();
        via.extend((!start.proof.is_empty()).then(|| start.proof.to_string()));
        if via.is_empty() {
            via.push("identity".into());
        }
        let source = text(event, "userIdentity.sessionContext.sourceIdentity");
        if start.proof == "sourceIdentity"
            && start.links.is_empty()
            && let Some(setter) = self.start(event, 0, true)
            && setter.name != not_root("user", &source)
        {
            via.push(format!("set by {}", shown(&setter, &account)));
        }
        if start.proof.is_empty() && !start.account.is_empty() && !start.key.is_empty() {
            let is_it = |made: &&Value| {
                is_call(made, "iam.amazonaws.com", "CreateAccessKey")
                    && text(made, "responseElements.accessKey.accessKeyId") == start.key
                    && not_root("user", &text(made, "responseElements.accessKey.userName")) == start.name
                    && account_of(made) == start.account
            };
            let made: Vec<&Value> = self.events.iter().filter(is_it).collect();
            if let Some(maker) = self.same_caller(&made).and_then(|made| self.start(made, 0, false)) {
                let maker = shown(&maker, &start.account);
                via.extend((maker != start.name).then(|| format!("key created by {maker}")));
            }
        }
        if start.is_instance {
            let is_it = |launch: &&Value| {
                let items = at(launch, "responseElements.instancesSet.items").as_array();
                is_call(launch, "ec2.amazonaws.com", "RunInstances")
                    && items.is_some_and(|items| items.iter().any(|item| text(item, "instanceId") == start.name))
            };
            let launches: Vec<&Value> = self.events.iter().filter(is_it).collect();
            if let Some(launcher) = self.same_caller(&launches).and_then(|launch| self.start(launch, 0, false)) {
                via.push(format!("launched by {}", shown(&launcher, &start.account)));
            }
        }
        let is_own = start.links.is_empty() && !is_foreign;
        let name = if is_own { start.name.clone() } else { shown(&start, &account) };
        Some((name, via.join(", ")))
    }

    /// The first event, if all of them have the same caller. In the account of a role, a caller of
    /// another account is known only by its principal id.
    fn same_caller<'v>(&self, events: &[&'v Value]) -> Option<&'v Value> {
        let is_foreign = |event: &&Value| text(event, "userIdentity.type") == "AWSAccount";
        let id = |event: &Value| text(event, "userIdentity.principalId");
        let known: Vec<&Value> = events
            .iter()
            .copied()
            .filter(|event| {
                !is_foreign(event)
                    || !events.iter().any(|other| !is_foreign(other) && !id(other).is_empty() && id(other) == id(event))
            })
            .collect();
        let is_switch = |event: &Value| text(event, "eventName") == "SwitchRole";
        let first = *known.first()?;
        let callers: Vec<String> = known.iter().map(|event| caller_id(event, is_switch(event))).collect();
        callers.iter().all(|caller| *caller == callers[0]).then_some(first)
    }

    fn start(&self, event: &Value, depth: usize, ignores_source: bool) -> Option<PlainChainStart> {
        let field = |path: &str| text(event, &format!("userIdentity.{path}"));
        let start = |name: String, proof: &'static str| PlainChainStart {
            name,
            account: String::new(),
            links: Vec::new(),
            proof,
            key: String::new(),
            is_instance: proof == "session name",
        };
        if text(event, "eventName") == "SwitchRole" && depth > 0 {
            let from = text(event, "additionalEventData.SwitchFrom");
            let (before, name) = from.split_once(":user/")?;
            let account = before.rsplit(':').next()?.to_string();
            return Some(PlainChainStart { account, ..start(not_root("user", name.rsplit('/').next()?), "") });
        }
        let kind = field("type");
        let is_root_session = field("sessionContext.assumedRoot") == "true";
        if kind == "AWSAccount" {
            let id = field("principalId");
            let is_it = |other: &&Value| {
                self.is_grant_or_launch(other)
                    && text(other, "userIdentity.principalId") == id
                    && ["IAMUser", "Root"].contains(&text(other, "userIdentity.type").as_str())
            };
            let users: Vec<&Value> = self.events.iter().filter(is_it).collect();
            if !id.is_empty()
                && let Some(user) = self.same_caller(&users)
            {
                let mut found = self.start(user, depth, false)?;
                found.links.push("principal id".into());
                return Some(found);
            }
            let is_account = field("accountId").len() == 12;
            let is_start = is_account && !id.is_empty() && !id.contains(':');
            return is_start.then(|| start(user_name(event).unwrap_or_default(), "other account"));
        }
        if kind != "AssumedRole" && !field("arn").contains(":assumed-role/") && !is_root_session {
            if kind == "FederatedUser" {
                let issuer = field("sessionContext.sessionIssuer.userName");
                let name = if is_issued_by_root(event) { "root".into() } else { not_root("user", &issuer) };
                return (!name.is_empty())
                    .then(|| PlainChainStart { account: field("accountId"), ..start(name, "issuer") });
            }
            let account = if ["IAMUser", "Root"].contains(&kind.as_str()) { field("accountId") } else { String::new() };
            return user_name(event).map(|name| PlainChainStart {
                account,
                key: field("accessKeyId"),
                ..start(name, "")
            });
        }
        let session = role_session(event).map(|(_, session)| session).unwrap_or_default();
        let issuer = field("sessionContext.sessionIssuer.arn");
        let source = field("sessionContext.sourceIdentity");
        if !source.is_empty() && !ignores_source {
            return Some(start(not_root("user", &source), "sourceIdentity"));
        }
        if issuer.contains(":role/aws-reserved/sso.amazonaws.com/") && !ignores_source {
            return Some(PlainChainStart { is_instance: false, ..start(not_root("user", &session), "session name") });
        }
        let grants = self.grants(event);
        let is_caused = !grants.is_empty();
        if depth < MAX_CHAIN
            && let Some(grant) = self.same_caller(&grants.iter().map(|(grant, _)| *grant).collect::<Vec<_>>())
        {
            let link = grants[0].1.to_string();
            let by_ec2 = text(grant, "userIdentity.invokedBy") == "ec2.amazonaws.com";
            let of_instance = text(grant, "requestParameters.roleSessionName");
            let found = match by_ec2 && is_instance(&of_instance) {
                true => Some(start(of_instance, "session name")),
                false => self.start(grant, depth + 1, false),
            };
            if let Some(mut found) = found {
                // It is not known which of two keys was used.
                let keys = grants.iter().map(|(grant, _)| text(grant, "userIdentity.accessKeyId"));
                if found.links.is_empty() && keys.clone().any(|key| Some(key) != keys.clone().next()) {
                    found.key.clear();
                }
                found.links.insert(0, link);
                return Some(found);
            }
        }
        if ignores_source {
            return None;
        }
        if !field("sessionContext.ec2RoleDelivery").is_empty() && is_instance(&session) {
            return Some(start(session, "session name"));
        }
        if let Some((_, rest)) = issuer.split_once(":role/aws-service-role/")
            && let Some((service, _)) = rest.split_once('/')
        {
            return Some(start(service.to_string(), "service-linked role"));
        }
        let service = field("invokedBy");
        (!service.is_empty() && !is_caused && !claims_root(&service)).then(|| start(service, "invokedBy"))
    }

    /// Whether an event issues credentials or launches an instance.
    fn is_grant_or_launch(&self, event: &Value) -> bool {
        let calls = [
            ("sts.amazonaws.com", "AssumeRole"),
            ("sts.amazonaws.com", "AssumeRoleWithSAML"),
            ("sts.amazonaws.com", "AssumeRoleWithWebIdentity"),
            ("sts.amazonaws.com", "AssumeRoot"),
            ("sts.amazonaws.com", "GetFederationToken"),
            ("iam.amazonaws.com", "CreateAccessKey"),
            ("ec2.amazonaws.com", "RunInstances"),
        ];
        calls.iter().any(|(source, name)| is_call(event, source, name))
    }

    /// The events that may have begun the session of an event, each with the link to it. If some
    /// issued its access key, only these are returned.
    fn grants(&self, event: &Value) -> Vec<(&Value, &'static str)> {
        let field = |path: &str| text(event, &format!("userIdentity.{path}"));
        let Some(created) = second(&field("sessionContext.attributes.creationDate")) else { return Vec::new() };
        let (arn, key) = (field("arn"), field("accessKeyId"));
        let is_near = |grant: &Value| second(&text(grant, "eventTime")).is_some_and(|time| (time - created).abs() <= 1);
        let mut by_arn = Vec::new();
        let mut by_role = Vec::new();
        for grant in self.events.iter().filter(|grant| is_near(grant)) {
            let given = text(grant, "responseElements.credentials.accessKeyId");
            let has_key = !key.is_empty() && given == key;
            let is_switch = is_call(grant, "signin.amazonaws.com", "SwitchRole")
                && text(grant, "additionalEventData.SwitchFrom").contains(":user/");
            if is_switch && text(grant, "userIdentity.arn") == arn {
                by_arn.push((grant, has_key));
            }
            let is_sts = text(grant, "eventSource") == "sts.amazonaws.com" && self.is_grant_or_launch(grant);
            if !is_sts {
                continue;
            }
            let (role, name) =
                (text(grant, "requestParameters.roleArn"), text(grant, "requestParameters.roleSessionName"));
            let requested = sts_arn(&role, &name);
            let root = text(grant, "requestParameters.targetPrincipal");
            let root = if root.len() == 12 { format!("arn:aws:iam::{root}:root") } else { root };
            let answered = text(grant, "responseElements.assumedRoleUser.arn");
            let federated = text(grant, "responseElements.federatedUser.arn");
            if [&requested, &root, &answered, &federated].iter().any(|one| !one.is_empty() && **one == arn) {
                by_arn.push((grant, has_key));
            }
            let is_same_role =
                requested.rsplit_once('/').map(|(role, _)| role) == arn.rsplit_once('/').map(|(role, _)| role);
            if answered.is_empty() && federated.is_empty() && !requested.is_empty() && is_same_role && has_key {
                by_role.push(grant);
            }
        }
        let with_key: Vec<_> =
            by_arn.iter().filter(|(_, has_key)| *has_key).map(|(grant, _)| (*grant, "key")).collect();
        if !with_key.is_empty() {
            return with_key;
        }
        if !by_arn.is_empty() {
            return by_arn.into_iter().map(|(grant, _)| (grant, "principal+time")).collect();
        }
        by_role.into_iter().map(|grant| (grant, "key")).collect()
    }
}
