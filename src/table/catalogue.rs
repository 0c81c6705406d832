//! The catalogue of named columns.

/// A column name, its description and an example.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the type says it")]
pub struct CatalogueEntry {
    pub name: &'static str,
    pub what: &'static str,
    pub example: &'static str,
}

const fn named(name: &'static str, what: &'static str, example: &'static str) -> CatalogueEntry {
    CatalogueEntry { name, what, example }
}

/// Every column name. The examples are cells of `testdata/`.
pub const CATALOGUE: &[CatalogueEntry] = &[
    named("eventTime", "the time of the call, in UTC or in the zone of --time-zone", "2026-10-01T09:14:02Z"),
    named("awsRegion", "the region that received the call", "eu-west-1"),
    named("eventSource", "the service that received the call", "ec2.amazonaws.com"),
    named("eventName", "the name of the API call", "TerminateInstances"),
    named("userName", "the caller: a user, a role and its session, or a service", "Admin/alice@example.com"),
    named("sourceIPAddress", "the IP address or service that made the call", "198.51.100.23"),
    named("userAgent", "the program that made the call", "config.amazonaws.com"),
    named("requestParameters", "the parameters of the call, as JSON", r#"{"pageSize":200}"#),
    named("errorCode", "the error code of a failed call", "Client.UnauthorizedOperation"),
    named("recipientAccountId", "the account that recorded the event", "111122223333"),
    named("errorMessage", "the error message of a failed call", "Rate exceeded"),
    named("responseElements", "the response to the call, as JSON", r#"{"version":20,"tier":"Standard"}"#),
    named(
        "userIdentity",
        "all details of the caller, as JSON",
        r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#,
    ),
    named("invokedBy", "the service that made the call for the caller", "config.amazonaws.com"),
    named("sourceIdentity", "the source identity that was set when the role was assumed", "trent@example.com"),
    named("actor", "the person or machine at the start of the chain of credentials, if that is proven", "bob"),
    named("actorVia", "what proves the actor", "key"),
    named("session", "one id for all events of a sign-in or of temporary keys", "20260930T221455Z-820717b2eb55"),
    named("userType", "the type of identity: IAMUser, AssumedRole, Root, AWSService, …", "AssumedRole"),
    named("accessKeyId", "the access key that signed the call", "AKIA36P3HAPY7EXAMPLE"),
    named("mfa", "whether the session or sign-in used multi-factor authentication", "false"),
    named("resources", "ids and ARNs found in the event, joined by ;", "vpc-056dfd4645078faed"),
    named("network", "the network of the source address, by the files of --networks", "vpn"),
    named("country", "the country of the source address, by the databases of --geoip", "NL"),
    named("asn", "the autonomous system of the source address, by the databases of --geoip", "AS64511"),
    named("asnOrg", "the organisation that runs this autonomous system", "Example Hosting"),
    named("file", "the file or object that the event came from", "testdata/AWSLogs/111122223333/CloudTrail/"),
    named("verified", "whether verify has proven the file as it is now: yes, no or unknown", "yes"),
    named("eventID", "the unique id of the event", "fa4727e8-9475-44c7-b2c9-9face32ce4f0"),
    named(
        "sharedEventID",
        "the id that events in several accounts share if they record one call",
        "5ba1ed00-0000-4000-8000-00000000d001",
    ),
    named("requestID", "the id of the request", "XOR5WTYYPU2SHY4P"),
    named("eventVersion", "the version of the record format", "1.09"),
    named("eventType", "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, …", "AwsApiCall"),
    named("eventCategory", "Management, Data, Insight, …", "Management"),
    named("managementEvent", "whether it is a management event", "true"),
    named("readOnly", "whether the call only reads", "true"),
    named("apiVersion", "the version of the service's API", "2015-12-01"),
    named(
        "additionalEventData",
        "additional details from the service, as JSON",
        r#"{"MobileVersion":"No","MFAUsed":"No"}"#,
    ),
    named("serviceEventDetails", "the details of a service event, as JSON", r#"{"Authenticate":"Success"}"#),
    named(
        "insightDetails",
        "the details of an Insights event, as JSON",
        r#"{"state":"Start","eventSource":"ssm.amazonaws.com","insightType":"ApiCallRateInsight"}"#,
    ),
    named("addendum", "why the event was delivered late or again, as JSON", r#"{"reason":"DELIVERY_DELAY"}"#),
    named("sessionCredentialFromConsole", "whether the session came from the console", "true"),
    named("edgeDeviceDetails", "the edge device, as JSON", r#"{"type":"outposts","deviceId":"op-01ac5d28a6a232904"}"#),
    named(
        "tlsDetails",
        "TLS version, cipher and host name, as JSON",
        r#"{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2."#,
    ),
    named("vpcEndpointId", "the VPC endpoint that the call went through", "vpce-0ff89c7a138a5e5fc"),
    named("vpcEndpointAccountId", "the account of the VPC endpoint", "111122223333"),
];

/// Short names, and the column names that they stand for.
pub const ALIASES: &[(&str, &str)] = &[
    ("time", "eventTime"),
    ("user", "userName"),
    ("ip", "sourceIPAddress"),
    ("region", "awsRegion"),
    ("event", "eventName"),
    ("agent", "userAgent"),
    ("account", "recipientAccountId"),
    ("error", "errorCode"),
];

/// The catalogue's name for `typed`, a column name or a short name in any case. `None`
/// for a path, which is parsed exactly as typed.
pub fn canonical(typed: &str) -> Option<&'static str> {
    let is_typed = |name: &str| name.eq_ignore_ascii_case(typed);
    let by_alias = || ALIASES.iter().find(|(alias, _)| is_typed(alias)).map(|(_, name)| *name);
    // A name always wins over an alias, so that a new alias changes no column.
    names().find(|name| is_typed(name)).or_else(by_alias)
}

/// All column names.
pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|named| named.name)
}

/// The catalogue as the text of `--columns help`.
pub fn help() -> String {
    let mut text = String::from("Columns, each with an example. The first ten are the default.\n\n");
    for CatalogueEntry { name, what, example } in CATALOGUE {
        text.push_str(&format!("  {name:<29} {what}\n{:32}{example}\n", ""));
    }
    text.push_str("\nShort names:\n\n");
    for (alias, name) in ALIASES {
        text.push_str(&format!("  {alias:<29} {name}\n"));
    }
    text.push_str(
        "\nNames and short names can be typed in any case.\n\
         Any path into the event is a column too, [] standing for every element of an\n\
         array: requestParameters.instancesSet.items[].instanceId\n\
         --columns eventTime,userName writes these two; --columns +mfa,file adds two to\n\
         the default; --columns -userAgent leaves one out; --columns all writes every\n\
         column that is listed above but verified, for which each file is read twice.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_found_in_any_case() {
        for name in names() {
            for typed in [name.to_string(), name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(canonical(&typed), Some(name), "{typed}");
            }
        }
        for (alias, name) in ALIASES {
            assert_eq!([canonical(alias), canonical(&alias.to_uppercase())], [Some(*name); 2], "{alias}");
        }
        for typed in ["", ".time", "eventTim", "requestParameters.time", "event time"] {
            assert_eq!(canonical(typed), None, "{typed}");
        }
    }

    #[test]
    fn no_alias_hides_a_name() {
        for (alias, name) in ALIASES {
            assert!(names().any(|known| known == *name), "{name}");
            assert!(!names().any(|known| known.eq_ignore_ascii_case(alias)), "{alias}");
        }
    }
}
