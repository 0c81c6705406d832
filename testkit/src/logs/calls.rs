//! The API calls in the made-up accounts: tables of calls, with JSON templates of their requests
//! and responses.

use super::actors::IdentityKind;
use super::event::Field;

mod compute;
mod identity;
mod keys;
mod operations;
mod sign_in;
mod storage;

/// A call, and how often it is made relative to the others.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// `ec2` of `ec2.amazonaws.com`.
    pub(super) source: &'static str,
    pub(super) name: &'static str,
    pub(super) weight: u32,
    pub(super) read_only: bool,
    /// Whether the service is global and reports us-east-1.
    pub(super) global: bool,
    /// Whether it is a data event.
    pub(super) data: bool,
    /// `eventType`
    pub(super) kind: &'static str,
    pub(super) by: &'static [IdentityKind],
    /// Names of the actors that make it; all that `by` allows if empty.
    pub(super) only: &'static [&'static str],
    pub(super) request: &'static str,
    pub(super) response: &'static str,
    pub(super) more: &'static [(Field, &'static str)],
    /// How many of a thousand calls fail. If `errors` is empty, they fail with the usual errors of
    /// the service.
    pub(super) failing: u32,
    pub(super) errors: &'static [(&'static str, &'static str)],
    pub(super) host: &'static str,
}

/// All callers of ordinary calls.
const DEFAULT_CALLERS: &[IdentityKind] = &[
    IdentityKind::User,
    IdentityKind::Person,
    IdentityKind::Program,
    IdentityKind::Linked,
    IdentityKind::Root,
    IdentityKind::Federated,
    IdentityKind::Role,
];
const PEOPLE: &[IdentityKind] =
    &[IdentityKind::User, IdentityKind::Person, IdentityKind::Root, IdentityKind::Federated];

impl Call {
    const fn read(source: &'static str, name: &'static str, weight: u32) -> Call {
        Call {
            source,
            name,
            weight,
            read_only: true,
            global: false,
            data: false,
            kind: "AwsApiCall",
            by: DEFAULT_CALLERS,
            only: &[],
            request: "null",
            response: "null",
            more: &[],
            failing: 15,
            errors: &[],
            host: "<source>.<region>.amazonaws.com",
        }
    }

    const fn write(source: &'static str, name: &'static str, weight: u32) -> Call {
        Call { read_only: false, ..Call::read(source, name, weight) }
    }

    const fn global(self) -> Call {
        Call { global: true, host: "<source>.amazonaws.com", ..self }
    }

    const fn data(self) -> Call {
        Call { data: true, ..self }
    }

    const fn kind(self, kind: &'static str) -> Call {
        Call { kind, ..self }
    }

    const fn by(self, by: &'static [IdentityKind]) -> Call {
        Call { by, ..self }
    }

    const fn only(self, only: &'static [&'static str]) -> Call {
        Call { only, ..self }
    }

    const fn request(self, request: &'static str) -> Call {
        Call { request, ..self }
    }

    const fn response(self, response: &'static str) -> Call {
        Call { response, ..self }
    }

    const fn more(self, more: &'static [(Field, &'static str)]) -> Call {
        Call { more, ..self }
    }

    const fn failing(self, failing: u32, errors: &'static [(&'static str, &'static str)]) -> Call {
        Call { failing, errors, ..self }
    }

    const fn host(self, host: &'static str) -> Call {
        Call { host, ..self }
    }

    /// Codes and messages of the failures.
    pub(super) fn errors(&self) -> &'static [(&'static str, &'static str)] {
        match self.source {
            _ if !self.errors.is_empty() => self.errors,
            "ec2" => EC2_ERRORS,
            "s3" => &[("AccessDenied", "Access Denied"), ("SlowDown", "Please reduce your request rate.")],
            "iam" | "autoscaling" | "rds" | "monitoring" => {
                &[("AccessDenied", DENIED), ("Throttling", "Rate exceeded")]
            }
            _ => &[("AccessDenied", DENIED), ("ThrottlingException", "Rate exceeded")],
        }
    }
}

const DENIED: &str =
    "User: <caller> is not authorized to perform: <action> because no identity-based policy allows the <action> action";
const EC2_ERRORS: &[(&str, &str)] = &[
    (
        "Client.UnauthorizedOperation",
        "You are not authorized to perform this operation. User: <caller> is not authorized to perform: <action> because no identity-based policy allows the <action> action. Encoded authorization failure message: <encoded>",
    ),
    ("Client.RequestLimitExceeded", "Request limit exceeded."),
];

/// The call that tests and examples search for. The generator sets how often it occurs.
pub(super) const TERMINATE: Call = Call::write("ec2", "TerminateInstances", 0)
    .request(r#"{"instancesSet":{"items":[{"instanceId":"<instance>"}]}}"#)
    .response(r#"{"requestId":"<uuid-1>","instancesSet":{"items":[{"instanceId":"<instance>","currentState":{"code":32,"name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}"#);

/// All calls but [`TERMINATE`].
pub(super) fn all() -> impl Iterator<Item = &'static Call> {
    [compute::CALLS, identity::CALLS, keys::CALLS, operations::CALLS, sign_in::CALLS, storage::CALLS]
        .into_iter()
        .flatten()
}
