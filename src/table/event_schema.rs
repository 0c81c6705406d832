//! The columns of a whole event, as a columnar file has them: the names and the nesting of
//! the table that Athena has for CloudTrail, and what this program adds to them.

/// The shape of a column, or of a member of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ColumnShape {
    /// A text.
    Text,
    /// The JSON of a value, as delivered.
    Json,
    /// `true` or `false`.
    Boolean,
    /// A time in milliseconds since 1970, in UTC.
    Time,
    /// An object with these members.
    Object(&'static [SchemaColumn]),
    /// A list of texts.
    TextList,
    /// A list of objects with these members.
    ObjectList(&'static [SchemaColumn]),
}

/// A column of the schema, or a member of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SchemaColumn {
    /// Its name.
    pub name: &'static str,
    /// Its shape.
    pub shape: ColumnShape,
}

/// The time of the event.
pub const EVENT_TIME: &str = "eventTime";
/// The event as delivered.
pub const RECORD: &str = "record";
/// The list that the column `resources` of other formats shows. The schema has that name
/// for a field of the event.
pub const RESOURCES_FOUND: &str = "resourcesFound";

/// Columns whose value is another one in every event.
pub const UNIQUE: [&str; 3] = ["eventID", "requestID", RECORD];

/// Every column but [`RECORD`], in the order of the file.
pub const SCHEMA: &[SchemaColumn] = &[
    shaped(EVENT_TIME, ColumnShape::Time),
    text("eventName"),
    text("eventSource"),
    text("awsRegion"),
    text("recipientAccountId"),
    text("userName"),
    text("sourceIPAddress"),
    text("userAgent"),
    text("errorCode"),
    text("errorMessage"),
    json("requestParameters"),
    json("responseElements"),
    shaped("userIdentity", ColumnShape::Object(USER_IDENTITY)),
    shaped("resources", ColumnShape::ObjectList(RESOURCE)),
    shaped(RESOURCES_FOUND, ColumnShape::TextList),
    json("additionalEventData"),
    json("serviceEventDetails"),
    json("insightDetails"),
    text("eventID"),
    text("sharedEventID"),
    text("requestID"),
    text("eventVersion"),
    text("eventType"),
    text("eventCategory"),
    shaped("managementEvent", ColumnShape::Boolean),
    shaped("readOnly", ColumnShape::Boolean),
    text("apiVersion"),
    text("vpcEndpointId"),
    text("vpcEndpointAccountId"),
    text("sessionCredentialFromConsole"),
    shaped(
        "tlsDetails",
        ColumnShape::Object(&[text("tlsVersion"), text("cipherSuite"), text("clientProvidedHostHeader")]),
    ),
    json("edgeDeviceDetails"),
    shaped(
        "addendum",
        ColumnShape::Object(&[
            text("reason"),
            text("updatedFields"),
            text("originalRequestID"),
            text("originalEventID"),
        ]),
    ),
    text("file"),
];

const USER_IDENTITY: &[SchemaColumn] = &[
    text("type"),
    text("principalId"),
    text("arn"),
    text("accountId"),
    text("accessKeyId"),
    text("userName"),
    text("invokedBy"),
    text("identityProvider"),
    text("credentialId"),
    shaped("onBehalfOf", ColumnShape::Object(&[text("userId"), text("identityStoreArn")])),
    shaped(
        "sessionContext",
        ColumnShape::Object(&[
            shaped("attributes", ColumnShape::Object(&[text("mfaAuthenticated"), text("creationDate")])),
            shaped(
                "sessionIssuer",
                ColumnShape::Object(&[
                    text("type"),
                    text("principalId"),
                    text("arn"),
                    text("accountId"),
                    text("userName"),
                ]),
            ),
            shaped("webIdFederationData", ColumnShape::Object(&[text("federatedProvider"), json("attributes")])),
            text("sourceIdentity"),
            text("ec2RoleDelivery"),
            text("assumedRoot"),
        ]),
    ),
];

const RESOURCE: &[SchemaColumn] = &[text("ARN"), text("accountId"), text("type"), text("ARNPrefix")];

const fn shaped(name: &'static str, shape: ColumnShape) -> SchemaColumn {
    SchemaColumn { name, shape }
}

const fn text(name: &'static str) -> SchemaColumn {
    shaped(name, ColumnShape::Text)
}

const fn json(name: &'static str) -> SchemaColumn {
    shaped(name, ColumnShape::Json)
}

/// The shape of the top-level column `name`. Columns outside the schema are texts.
pub fn shape_of(name: &str) -> ColumnShape {
    match SCHEMA.iter().find(|column| column.name == name) {
        Some(column) => column.shape,
        None if name == RECORD => ColumnShape::Json,
        None => ColumnShape::Text,
    }
}
