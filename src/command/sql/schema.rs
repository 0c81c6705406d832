//! The columns of the tables for Athena and Spark: those of Athena's own table for
//! CloudTrail, and a few that AWS added to events later.

use std::fmt::Write;

use super::dialect::Dialect;

/// The type of a column or a member.
pub(super) enum SqlColumnShape {
    /// Text.
    Text,
    /// An object whose members depend on the call, as JSON text.
    Json,
    /// An object with these members.
    Struct(&'static [(&'static str, SqlColumnShape)]),
}

use SqlColumnShape::{Json, Struct, Text};

/// The columns.
pub(super) const SCHEMA: &[(&str, SqlColumnShape)] = &[
    ("eventVersion", Text),
    ("userIdentity", Struct(IDENTITY)),
    ("eventTime", Text),
    ("eventSource", Text),
    ("eventName", Text),
    ("awsRegion", Text),
    ("sourceIPAddress", Text),
    ("userAgent", Text),
    ("errorCode", Text),
    ("errorMessage", Text),
    ("requestParameters", Json),
    ("responseElements", Json),
    ("additionalEventData", Json),
    ("requestID", Text),
    ("eventID", Text),
    ("readOnly", Text),
    ("eventType", Text),
    ("apiVersion", Text),
    ("managementEvent", Text),
    ("recipientAccountId", Text),
    ("serviceEventDetails", Json),
    ("sharedEventID", Text),
    ("vpcEndpointId", Text),
    ("vpcEndpointAccountId", Text),
    ("eventCategory", Text),
    (
        "addendum",
        Struct(&[("reason", Text), ("updatedFields", Text), ("originalRequestID", Text), ("originalEventID", Text)]),
    ),
    ("sessionCredentialFromConsole", Text),
    ("edgeDeviceDetails", Json),
    ("tlsDetails", Struct(&[("tlsVersion", Text), ("cipherSuite", Text), ("clientProvidedHostHeader", Text)])),
];

const IDENTITY: &[(&str, SqlColumnShape)] = &[
    ("type", Text),
    ("principalId", Text),
    ("arn", Text),
    ("accountId", Text),
    ("invokedBy", Text),
    ("accessKeyId", Text),
    ("userName", Text),
    ("identityProvider", Text),
    ("credentialId", Text),
    ("onBehalfOf", Struct(&[("userId", Text), ("identityStoreArn", Text)])),
    (
        "sessionContext",
        Struct(&[
            ("attributes", Struct(&[("mfaAuthenticated", Text), ("creationDate", Text)])),
            (
                "sessionIssuer",
                Struct(&[
                    ("type", Text),
                    ("principalId", Text),
                    ("arn", Text),
                    ("accountId", Text),
                    ("userName", Text),
                ]),
            ),
            ("sourceIdentity", Text),
            ("ec2RoleDelivery", Text),
            ("assumedRoot", Text),
        ]),
    ),
];

/// Finds the column or member that a path leads to. Returns the number of names that led to
/// it: the rest leads into JSON.
pub(super) fn find(path: &[&str]) -> Option<(&'static SqlColumnShape, usize)> {
    let mut members = SCHEMA;
    for (at, wanted) in path.iter().enumerate() {
        let (_, shape) = members.iter().find(|(name, _)| name == wanted)?;
        match shape {
            Struct(inner) if at + 1 < path.len() => members = inner,
            Text if at + 1 < path.len() => return None,
            found => return Some((found, at + 1)),
        }
    }
    None
}

/// Whether a value at a path may be nested JSON.
pub(super) fn is_json(path: &[&str]) -> bool {
    !matches!(find(path), Some((Text, _)))
}

/// The type of a column in a table definition.
pub(super) fn type_name(shape: &SqlColumnShape, dialect: Dialect) -> String {
    let Struct(members) = shape else { return "STRING".into() };
    let mut text = String::from("STRUCT<");
    for (at, (name, shape)) in members.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(text, "{comma}{}: {}", column_name(name, dialect), type_name(shape, dialect));
    }
    text + ">"
}

/// The name of a column or member: Athena has lower-case ones, Spark reads JSON by the exact
/// name.
pub(super) fn column_name(name: &str, dialect: Dialect) -> String {
    if dialect == Dialect::Athena { name.to_ascii_lowercase() } else { name.to_string() }
}
