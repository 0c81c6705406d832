//! The parts of a principal that say how its credentials came to be.

use std::borrow::Cow;

use super::name::{USER, qualified};
use super::{Principal, text};

impl<'a> Principal<'a> {
    /// The account of the principal.
    pub(in crate::cloudtrail) fn account_id(&self) -> Option<Cow<'a, str>> {
        text(self.account_id)
    }

    /// The principal id.
    pub(in crate::cloudtrail) fn id(&self) -> Option<Cow<'a, str>> {
        text(self.principal_id)
    }

    /// The service that made the call.
    pub(in crate::cloudtrail) fn invoked_by(&self) -> Option<Cow<'a, str>> {
        text(self.invoked_by)
    }

    /// The source identity of a session.
    pub(in crate::cloudtrail) fn source_identity(&self) -> Option<Cow<'a, str>> {
        text(self.source_identity)
    }

    /// The ARN of the role that a session comes from.
    pub(in crate::cloudtrail) fn issuer_role_arn(&self) -> Option<Cow<'a, str>> {
        text(self.issuer_arn)
    }

    /// Whether the principal uses the credentials of a role.
    pub(in crate::cloudtrail) fn is_role_session(&self) -> bool {
        self.kind() == "AssumedRole" || text(self.arn).is_some_and(|arn| arn.contains(":assumed-role/"))
    }

    /// The ARN of a session. That of a role session is derived from the role and the
    /// session name if it is missing.
    pub(in crate::cloudtrail) fn session_arn(&self) -> Option<Cow<'a, str>> {
        text(self.arn).or_else(|| {
            let (role, session) = (text(self.issuer_arn)?, self.session_name()?);
            assumed_role_arn(&role, &session).map(Cow::Owned)
        })
    }
}

/// The ARN of a session, from the ARN of its role and its name.
pub(in crate::cloudtrail) fn assumed_role_arn(role: &str, session: &str) -> Option<String> {
    let (before, path) = role.split_once(":role/")?;
    let (partition, account) = before.strip_prefix("arn:")?.split_once(":iam::")?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"))
}

/// The name of a user as it is shown: one that cannot be mistaken for the root user's.
pub(in crate::cloudtrail) fn user_name(name: &str) -> String {
    qualified(USER, name.into()).into_owned()
}
