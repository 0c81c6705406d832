//! Requests the public keys that verify digests, by CloudTrail's operation `ListPublicKeys`. Each
//! region has keys of its own, and all regions are asked side by side.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::aws::json::{JsonRequest, JsonService};
use super::aws::{self, AwsError, AwsErrorKind, Connection, ServiceClient, unless_stopped};
use crate::cloudtrail::digest::public_key::{PublicKey, PublicKeyPage};
use crate::error::cancel::Cancellation;
use crate::error::{Error, Issue, Outcome, Problem};

/// Regions that are asked at once.
const AT_ONCE: usize = 16;

/// The time whose digests are to be verified in a region.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct KeyPeriod {
    /// The region.
    pub region: String,
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub until: Timestamp,
}

/// The keys that were found.
#[derive(Debug, Default)]
pub struct RequestedKeys {
    /// The keys, in the order of the periods.
    pub keys: Vec<PublicKey>,
    /// Regions that did not give theirs.
    pub failures: Vec<KeyFailure>,
}

/// Why the keys of a region could not be requested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyFailure {
    /// The region.
    pub region: String,
    /// What is wrong.
    pub cause: String,
}

impl From<KeyFailure> for Issue {
    fn from(failure: KeyFailure) -> Issue {
        let (name, problem) = (format!("public keys of {}", failure.region), Problem::PublicKeys(failure.cause));
        Issue { name, problem, outcome: Outcome::WithoutKeys }
    }
}

/// The parameters of a request.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyQuery<'a> {
    start_time: i64,
    end_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

/// Requests the keys of all periods. Returns an error if no region could give keys, whatever the
/// region.
pub fn request_keys(
    connection: &Connection,
    periods: &[KeyPeriod],
    now: Timestamp,
    stop: &Cancellation,
) -> Result<RequestedKeys, Error> {
    // These requests are always signed.
    let connection = Connection { anonymous: false, ..connection.clone() };
    let runtime = aws::runtime()?;
    let requested = runtime.block_on(unless_stopped(stop, async {
        let client = ServiceClient::new(&connection.load().await);
        request_all(client, periods, now, |error| connection.explain(error)).await
    }));
    // A name that is being resolved must not delay the end.
    runtime.shutdown_background();
    requested
}

async fn request_all(
    client: ServiceClient,
    periods: &[KeyPeriod],
    now: Timestamp,
    explain: impl Fn(&AwsError) -> String,
) -> Result<RequestedKeys, Error> {
    let client = Arc::new(client);
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (number, period) in periods.iter().cloned().enumerate() {
        let (client, permits) = (Arc::clone(&client), Arc::clone(&permits));
        tasks.spawn(async move {
            let _permit = permits.acquire().await;
            let keys = keys_of_region(&client, &period, now).await;
            (number, period.region, keys)
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer.map_err(|_| Error::Failed("internal error: the request for keys panicked".into()))?);
    }
    answers.sort_by_key(|(number, ..)| *number);
    let mut requested = RequestedKeys::default();
    for (_, region, keys) in answers {
        match keys {
            Ok(keys) => requested.keys.extend(keys),
            // A region that is not enabled rejects valid credentials.
            Err(error) if error.kind.is_fatal() && error.kind != AwsErrorKind::RejectedCredentials => {
                return Err(Error::Failed(explain(&error)));
            }
            Err(error) => requested.failures.push(KeyFailure { region, cause: error.to_string() }),
        }
    }
    Ok(requested)
}

/// Requests all pages of a region.
async fn keys_of_region(
    client: &ServiceClient,
    period: &KeyPeriod,
    now: Timestamp,
) -> Result<Vec<PublicKey>, AwsError> {
    /// A key is valid for weeks, so a page has those of years.
    const MAX_PAGES: usize = 1000;
    let KeyPeriod { region, from, until } = period;
    let url = client.json_endpoint(JsonService::CLOUDTRAIL, region);
    let source = format!("ListPublicKeys of {url} at {}", now.strftime("%FT%TZ"));
    let invalid = |cause: String| AwsError::new(AwsErrorKind::InvalidResponse, cause);
    let (mut keys, mut token) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let (start_time, end_time) = (from.as_second(), until.as_second().saturating_add(1));
        let query = KeyQuery { start_time, end_time, next_token: token.as_deref() };
        let request = JsonRequest::new(JsonService::CLOUDTRAIL, region, "ListPublicKeys", &query).with_resource("*");
        let mut page: PublicKeyPage = client.call_json(&request).await?;
        let next = page.next_token.take();
        keys.extend(page.keys(Some(region), &source).map_err(|error| invalid(error.to_string()))?);
        if next.is_none() {
            return Ok(keys);
        }
        if next == token {
            break;
        }
        token = next;
    }
    Err(invalid("the answers of ListPublicKeys do not end".into()))
}

#[cfg(test)]
mod tests {
    use aws_config::SdkConfig;
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use serde_json::json;
    use testkit::http::Reply;
    use testkit::public_keys::{ListedKey, PublicKeyServer};

    use super::*;

    /// Requests the keys of October in these regions.
    fn request(server: &PublicKeyServer, regions: &[&str]) -> Result<RequestedKeys, String> {
        let credentials = SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "secret", None, None, "test"));
        let config = SdkConfig::builder().endpoint_url(server.url()).credentials_provider(credentials).build();
        let period = |region: &&str| KeyPeriod {
            region: (*region).into(),
            from: "2026-10-01T00:00:00Z".parse().unwrap(),
            until: "2026-10-31T23:59:59.5Z".parse().unwrap(),
        };
        let periods: Vec<KeyPeriod> = regions.iter().map(period).collect();
        let now = "2026-11-02T10:00:00.7Z".parse().unwrap();
        let requested = request_all(ServiceClient::new(&config), &periods, now, ToString::to_string);
        aws::runtime().unwrap().block_on(requested).map_err(|error| error.to_string())
    }

    /// A server with five keys in eu-west-1, each of a week of October, and one in us-east-1.
    fn server() -> PublicKeyServer {
        let server = PublicKeyServer::start();
        for week in 0..5 {
            let (from, until) = (format!("2026-10-{:02}T00:00:00Z", 1 + 7 * week), "2026-11-09T00:00:00Z");
            server.add("eu-west-1", ListedKey::new(&format!("west {week}"), &[week], &from, until));
        }
        server.add("us-east-1", ListedKey::new("east", &[9], "2026-01-01T00:00:00Z", "2026-10-02T00:00:00Z"));
        server.add("us-east-1", ListedKey::new("later", &[9], "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"));
        server
    }

    fn failures(requested: RequestedKeys) -> Vec<String> {
        requested.failures.into_iter().map(|failure| Issue::from(failure).to_string()).collect()
    }

    #[test]
    fn all_pages_of_all_regions_are_read_with_their_source() {
        let server = server();
        server.page(2);
        let requested = request(&server, &["us-east-1", "eu-west-1"]).unwrap();
        assert!(requested.failures.is_empty());
        let fingerprints: Vec<&str> = requested.keys.iter().map(|key| key.fingerprint.as_str()).collect();
        assert_eq!(fingerprints, ["east", "west 0", "west 1", "west 2", "west 3", "west 4"]);
        let first = &requested.keys[0];
        assert_eq!((first.region.as_deref(), first.der.as_slice()), (Some("us-east-1"), &[9][..]));
        assert_eq!(first.source, format!("ListPublicKeys of {}/ at 2026-11-02T10:00:00Z", server.url()));
        let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
        let (start, end) = (1_790_812_800, 1_793_491_200);
        assert_eq!(bodies[0], json!({"StartTime": start, "EndTime": end}));
        assert_eq!(bodies[1], json!({"StartTime": start, "EndTime": end, "NextToken": "2"}));
        assert_eq!(bodies.len(), 4);
    }

    #[test]
    fn a_region_that_fails_is_named_with_what_is_missing() {
        let server = server();
        server.fail("eu-west-1", 400, "AccessDeniedException", 1);
        server.fail("eu-south-1", 400, "UnrecognizedClientException", 1);
        let requested = request(&server, &["eu-south-1", "eu-west-1", "us-east-1", "no/region"]).unwrap();
        assert_eq!(requested.keys.len(), 1);
        let left = "; digests whose key is unknown are not proven";
        assert_eq!(
            failures(requested),
            [
                format!(
                    "public keys of eu-south-1: the credentials were rejected (UnrecognizedClientException); sign in \
                     again, for example with `aws sso login`, or choose another profile with --profile{left}"
                ),
                format!(
                    "public keys of eu-west-1: access denied (AccessDeniedException): as the test wants; \
                     cloudtrail:ListPublicKeys is needed on *{left}"
                ),
                format!("public keys of no/region: \"no/region\" is not a region{left}"),
            ]
        );
        server.fail("us-east-1", 400, "ExpiredTokenException", 1);
        let error = request(&server, &["eu-west-1", "us-east-1"]).unwrap_err();
        assert!(error.starts_with("the credentials have expired"), "{error}");
    }

    #[test]
    fn temporary_failures_are_repeated_and_unusable_answers_named() {
        let server = server();
        server.fail("us-east-1", 400, "ThrottlingException", 1);
        assert_eq!(request(&server, &["us-east-1"]).unwrap().keys.len(), 1);
        for (answer, expected) in [
            ("{}", "the answer of ListPublicKeys cannot be read: missing field"),
            (
                r#"{"PublicKeyList":[{"Value":"?","ValidityStartTime":1,"ValidityEndTime":1,"Fingerprint":"f"}]}"#,
                r#"the key "f" has no readable time"#,
            ),
            (r#"{"PublicKeyList":[],"NextToken":"again"}"#, "the answers of ListPublicKeys do not end"),
        ] {
            server.answer("us-east-1", Reply::ok(answer), 3);
            let said = failures(request(&server, &["us-east-1"]).unwrap());
            assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
            // What an answer has not used up.
            while request(&server, &["us-east-1"]).unwrap().keys.is_empty() {}
        }
    }
}
