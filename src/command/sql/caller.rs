//! The names of the caller, by the rules of `cloudtrail/identity/name.rs`, in three steps of
//! the statement.

use super::dialect::Dialect;
use super::event_fields::{EventFields, field};

/// The parts of an event that have names of the caller, and what they are called.
const PARTS: [(&str, &[&str]); 12] = [
    ("caller_type", &["userIdentity", "type"]),
    ("caller_user", &["userIdentity", "userName"]),
    ("caller_arn", &["userIdentity", "arn"]),
    ("caller_id", &["userIdentity", "principalId"]),
    ("caller_account", &["userIdentity", "accountId"]),
    ("caller_service", &["userIdentity", "invokedBy"]),
    ("caller_behalf", &["userIdentity", "onBehalfOf", "userId"]),
    ("source_identity", &["userIdentity", "sessionContext", "sourceIdentity"]),
    ("issuer_type", &["userIdentity", "sessionContext", "sessionIssuer", "type"]),
    ("issuer_user", &["userIdentity", "sessionContext", "sessionIssuer", "userName"]),
    ("issuer_arn", &["userIdentity", "sessionContext", "sessionIssuer", "arn"]),
    ("typed_name", &["additionalEventData", "UserName"]),
];

/// All names of the caller but the first two.
const NAMES: [&str; 12] = [
    "caller_user",
    "caller_arn",
    "caller_id",
    "issuer_user",
    "issuer_arn",
    "source_identity",
    "role_name",
    "session_name",
    "id_name",
    "caller_behalf",
    "sign_in_name",
    "CASE WHEN caller_type = 'FederatedUser' THEN token_name END",
];

/// The names of all columns of the steps.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let steps = ["any_role", "is_issued_by_root", "token_issuer", "token_name", "issuer_name", "any_name", "is_root"];
    let of_parts = PARTS.iter().map(|(name, _)| *name);
    of_parts.chain(NAMES).chain(steps).chain(["userName"])
}

impl EventFields {
    /// The quoted name of the column with the display name of the caller.
    pub(super) fn user_name(&mut self) -> Result<String, String> {
        self.need_caller()?;
        Ok(self.dialect.name("userName"))
    }

    /// A test: whether any name of the caller passes a test on the variable `element`.
    pub(super) fn any_user(&mut self, test: &str) -> Result<String, String> {
        self.need_caller()?;
        let (dialect, user) = (self.dialect, self.dialect.name("userName"));
        let mut names = vec![user, "CASE WHEN is_root THEN 'root' END".to_string()];
        names.extend(NAMES.map(String::from));
        let claims = claims_root(dialect, "element");
        let condition = format!("(is_root OR NOT {claims}) AND {test}");
        Ok(dialect.any(&dialect.list(&names), &condition))
    }

    fn need_caller(&mut self) -> Result<(), String> {
        if std::mem::replace(&mut self.has_caller, true) {
            return Ok(());
        }
        for (name, path) in PARTS {
            let mut value = field(self.dialect, path)?;
            if name == "caller_user" && self.dialect == Dialect::Duckdb {
                // Some exports have the name in place of the identity.
                value = format!("coalesce({value}, {})", value.replace("userIdentity.userName", "userIdentity"));
            }
            let value = format!("nullif({value}, '')");
            let value = if name == "caller_type" { format!("coalesce({value}, '')") } else { value };
            self.columns.push((name.into(), value));
        }
        Ok(())
    }
}

/// A column of a step: its name, and its expression.
pub(super) type StepColumn = (String, String);

/// The steps from the parts to the display name: queries that build on one another, each
/// with the columns that it adds.
pub(super) fn steps(dialect: Dialect) -> [(&'static str, Vec<StepColumn>); 3] {
    let named = vec![(dialect.name("userName"), display_name(dialect))];
    [("callers", callers(dialect)), ("roles", roles(dialect)), ("named", named)]
}

fn column(name: &str, value: impl Into<String>) -> StepColumn {
    (name.to_string(), value.into())
}

/// What single parts say.
fn callers(dialect: Dialect) -> Vec<StepColumn> {
    let last_of_arn = |kind: &str| {
        let last = dialect.extract("caller_arn", r"([^/]*)\z");
        format!("CASE WHEN caller_arn LIKE '%{kind}%' THEN {last} END")
    };
    let id_name = dialect.extract("caller_id", "(?s):(.*)");
    let role_of_arn = format!(
        "CASE WHEN {} THEN regexp_extract(caller_arn, {}, 1) END",
        dialect.finds("caller_arn", ROLE_IN_ARN),
        dialect.text(ROLE_IN_ARN)
    );
    let session_of_id = format!("CASE WHEN caller_type = 'AssumedRole' THEN {id_name} END");
    vec![
        column("id_name", &id_name),
        column("session_name", format!("coalesce({}, {session_of_id})", last_of_arn(":assumed-role/"))),
        column("any_role", format!("coalesce(issuer_user, {role_of_arn})")),
        column("is_issued_by_root", IS_ISSUED_BY_ROOT),
        column("token_issuer", "coalesce(issuer_user, issuer_arn)"),
        column("token_name", format!("coalesce({}, {id_name})", last_of_arn(":federated-user/"))),
        column("sign_in_name", "CASE WHEN caller_type IN ('IdentityCenterUser', 'Unknown') THEN typed_name END"),
    ]
}

/// Names that cannot be mistaken for the root user's.
fn roles(dialect: Dialect) -> Vec<StepColumn> {
    let issuer = qualified(dialect, "user", "token_issuer");
    vec![
        column("role_name", qualified(dialect, "role", "any_role")),
        column("issuer_name", format!("CASE WHEN is_issued_by_root THEN 'root' ELSE {issuer} END")),
        column("any_name", ANY_NAME),
        column("is_root", "(caller_type = 'Root' OR (caller_type = 'FederatedUser' AND is_issued_by_root))"),
    ]
}

/// The display name.
fn display_name(dialect: Dialect) -> String {
    let account = qualified(dialect, "user", "caller_account");
    let federated = qualified(dialect, "user", "coalesce(caller_arn, caller_id, caller_account)");
    format!(
        "CASE
      WHEN caller_type = 'Root' THEN 'root'
      WHEN role_name IS NOT NULL AND session_name IS NOT NULL THEN role_name || '/' || session_name
      WHEN caller_type = 'FederatedUser' AND issuer_name IS NOT NULL
      THEN issuer_name || '/' || coalesce(token_name, caller_arn, caller_id, '')
      WHEN caller_type = 'FederatedUser' THEN {federated}
      WHEN caller_type = 'AWSAccount' AND caller_account IS NOT NULL AND caller_id IS NOT NULL
      THEN {account} || '/' || caller_id
      WHEN caller_type = 'AssumedRole' AND role_name IS NOT NULL THEN role_name
      ELSE {}
    END",
        qualified(dialect, "user", "any_name")
    )
}

const IS_ISSUED_BY_ROOT: &str = "CASE WHEN issuer_type IS NOT NULL THEN issuer_type = 'Root' \
     ELSE coalesce(issuer_arn LIKE 'arn:%' AND issuer_arn LIKE '%:root', FALSE) END";

/// Matches `:assumed-role/ROLE/`.
const ROLE_IN_ARN: &str = ":assumed-role/([^/]*)/";

/// The name of a caller without a role and session.
const ANY_NAME: &str = "coalesce(CASE caller_type WHEN 'AWSService' THEN caller_service \
     WHEN '' THEN caller_service WHEN 'AWSAccount' THEN caller_account \
     WHEN 'IdentityCenterUser' THEN coalesce(sign_in_name, caller_behalf) \
     WHEN 'Unknown' THEN coalesce(sign_in_name, caller_user, caller_behalf) END, \
     caller_user, caller_arn, caller_id, caller_account)";

/// A test: whether a text reads like the root user.
fn claims_root(dialect: Dialect, value: &str) -> String {
    format!("coalesce({}, FALSE)", dialect.finds(value, r"\A[Rr][Oo][Oo][Tt](?:/|\z)"))
}

/// A name that cannot be mistaken for the root user's.
fn qualified(dialect: Dialect, kind: &str, value: &str) -> String {
    format!("CASE WHEN {} THEN '{kind}/' || {value} ELSE {value} END", claims_root(dialect, value))
}
