//! Requests to a server in this process, which answers by a script.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::*;
use crate::source::aws::runtime;

/// What the server does with a request.
#[derive(Clone)]
enum Reply {
    Answer(u16, String),
    /// Closes the connection without an answer.
    Close,
    /// Announces a longer body than it sends.
    Cut(String),
    /// Sends this many bytes.
    Large(usize),
}

/// A request that the server received.
#[derive(Clone, Debug)]
struct Received {
    head: String,
    body: String,
}

/// Calls `work` with a client for a server that replies as told, and repeats its last reply.
/// Returns the result and the requests that arrived.
fn served<T>(replies: Vec<Reply>, work: impl AsyncFnOnce(ServiceClient) -> T) -> (T, Vec<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&received);
    // It ends with the process.
    std::thread::spawn(move || {
        let mut replies = replies.into_iter().peekable();
        let mut last = None;
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            log.lock().unwrap().push(receive(&stream));
            last = replies.next().or(last);
            reply(&stream, last.as_ref().unwrap());
        }
    });
    let credentials = Credentials::new("AKIDTEST", "secret", Some("session".into()), None, "test");
    let config = SdkConfig::builder()
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let mut client = ServiceClient::new(&config);
    client.retry = client.retry.with_first_pause(Duration::from_millis(1));
    let result = runtime().unwrap().block_on(work(client));
    let received = received.lock().unwrap().clone();
    (result, received)
}

fn receive(stream: &TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    Received { head, body: String::from_utf8(body).unwrap() }
}

/// Sends a reply and closes the connection. The client may have closed it before.
fn reply(mut stream: &TcpStream, reply: &Reply) {
    let head = |status: u16, length: usize| {
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    let _ = match reply {
        Reply::Answer(status, body) => write!(stream, "{}{body}", head(*status, body.len())),
        Reply::Close => Ok(()),
        Reply::Cut(body) => write!(stream, "{}{body}", head(200, body.len() + 1)),
        Reply::Large(length) => {
            let sent = stream.write_all(head(200, *length).as_bytes());
            sent.and_then(|()| std::io::copy(&mut std::io::repeat(b' ').take(*length as u64), &mut stream)).map(drop)
        }
    };
}

fn answer(results: &str) -> Reply {
    Reply::Answer(200, format!("<DescribeThingsResponse xmlns=\"x\">{results}</DescribeThingsResponse>"))
}

fn ec2_error(status: u16, code: &str) -> Reply {
    Reply::Answer(
        status,
        format!("<Response><Errors><Error><Code>{code}</Code><Message>why</Message></Error></Errors></Response>"),
    )
}

fn request() -> QueryRequest {
    QueryRequest::new(QueryService::EC2, "eu-west-1", "DescribeThings")
}

/// Returns the result of one call, and the number of requests it took.
fn called(replies: Vec<Reply>) -> (Result<XmlElement, AwsError>, usize) {
    let (result, received) = served(replies, async |client| client.call(&request()).await);
    (result, received.len())
}

#[test]
fn requests_are_signed_forms() {
    let (result, received) = served(vec![answer("<set><item><id>i-1</id></item></set>")], async |client| {
        client.call(&request().with("Filter.1.Name", "tag:a b").with("Filter.1.Value.1", "é&=")).await
    });
    assert_eq!(result.unwrap().entries("set")[0].text_of("id"), Some("i-1"));
    let [Received { head, body }] = &received[..] else { panic!("{received:?}") };
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    let signature = head.lines().find(|line| line.starts_with("authorization: ")).unwrap();
    assert!(signature.starts_with("authorization: aws4-hmac-sha256 credential=akidtest/"), "{signature}");
    assert!(signature.contains("/eu-west-1/ec2/aws4_request, "), "{signature}");
    assert!(signature.contains("signedheaders=content-type;host;x-amz-date;x-amz-security-token, "), "{signature}");
    assert!(head.contains("\r\nx-amz-security-token: session\r\n") && head.contains("\r\nuser-agent: trail2tsv/"));
    assert_eq!(
        body,
        "Action=DescribeThings&Version=2016-11-15&Filter.1.Name=tag%3Aa%20b&Filter.1.Value.1=%C3%A9%26%3D"
    );
}

#[test]
fn pages_are_requested_with_the_token_of_the_one_before() {
    let pages = ["<n>1</n><nextToken>a+/=</nextToken>", "<n>2</n><nextToken>b</nextToken>", "<n>3</n><nextToken/>"];
    let (texts, received) = served(pages.map(answer).into(), async |client| {
        let mut texts = Vec::new();
        let each = |page: XmlElement| {
            texts.push(page.text_of("n").unwrap().to_string());
            ControlFlow::Continue(())
        };
        client.each_page(&request(), each).await.map(|()| texts)
    });
    assert_eq!(texts.unwrap(), ["1", "2", "3"]);
    let first = "Action=DescribeThings&Version=2016-11-15";
    let bodies: Vec<&str> = received.iter().map(|received| received.body.as_str()).collect();
    assert_eq!(bodies, [first, &format!("{first}&NextToken=a%2B%2F%3D"), &format!("{first}&NextToken=b")]);
}

#[test]
fn a_list_that_does_not_go_on_is_an_error() {
    let (result, received) = served(vec![answer("<nextToken>a</nextToken>")], async |client| {
        client.each_page(&request(), |_| ControlFlow::Continue(())).await
    });
    assert_eq!(result.unwrap_err().kind, AwsErrorKind::InvalidResponse);
    assert_eq!(received.len(), 2);
    let (result, received) = served(vec![answer("<nextToken>a</nextToken>")], async |client| {
        client.each_page(&request(), |_| ControlFlow::Break(())).await
    });
    assert_eq!((result, received.len()), (Ok(()), 1));
}

#[test]
fn the_results_of_other_services_are_in_an_element_of_their_own() {
    let inner = "<DescribeThingsResult><List><member>x</member></List></DescribeThingsResult><ResponseMetadata/>";
    let (result, _) = called(vec![answer(inner)]);
    assert_eq!(result.unwrap().entries("List")[0].text, "x");
}

#[test]
fn temporary_errors_are_retried() {
    for failure in [
        ec2_error(503, "RequestLimitExceeded"),
        ec2_error(400, "Throttling"),
        ec2_error(500, "InternalError"),
        Reply::Answer(502, "<html>".into()),
        Reply::Answer(429, String::new()),
        Reply::Close,
        Reply::Cut("<DescribeThingsResponse>".into()),
    ] {
        let (result, count) = called(vec![failure.clone(), failure, answer("<ok>1</ok>")]);
        assert_eq!((result.unwrap().text_of("ok"), count), (Some("1"), 3));
    }
}

#[test]
fn errors_that_last_are_reported() {
    let (result, count) = called(vec![ec2_error(503, "RequestLimitExceeded")]);
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.to_string().as_str()), (AwsErrorKind::Throttled, "RequestLimitExceeded: why"));
    assert_eq!(count, 8);
    let (result, count) = called(vec![Reply::Close]);
    let error = result.unwrap_err();
    assert_eq!((error.kind, count), (AwsErrorKind::Unreachable, 3));
    assert!(error.cause.starts_with("EC2 cannot be reached: "), "{error}");
    let (result, _) = called(vec![Reply::Answer(502, "<html>".into())]);
    assert_eq!(result.unwrap_err().cause, "EC2 answered with status 502");
}

#[test]
fn errors_of_the_request_are_reported_at_once() {
    let other = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ValidationError</Code>\
                 <Message>1 &lt; 2</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    for (reply, kind, code, text) in [
        (ec2_error(400, "InvalidParameterValue"), AwsErrorKind::Other, "InvalidParameterValue", ": why"),
        (Reply::Answer(400, other.into()), AwsErrorKind::Other, "ValidationError", ": 1 < 2"),
        (ec2_error(403, "UnauthorizedOperation"), AwsErrorKind::AccessDenied, "UnauthorizedOperation", "why"),
        (ec2_error(401, "AuthFailure"), AwsErrorKind::RejectedCredentials, "AuthFailure", "with --profile"),
        (ec2_error(400, "RequestExpired"), AwsErrorKind::ExpiredCredentials, "RequestExpired", "with --profile"),
    ] {
        let (result, count) = called(vec![reply]);
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.code.as_str(), count), (kind, code, 1));
        assert!(error.to_string().ends_with(text), "{error}");
    }
}

#[test]
fn incomplete_and_foreign_answers_are_errors() {
    for (body, cause) in [
        ("<DescribeThingsResponse><a>", "the answer is cut off"),
        ("", "the answer is cut off"),
        ("<DescribeThingsResponse></a>", "the answer cannot be parsed"),
        ("<html></html>", "the answer is not that of DescribeThings"),
    ] {
        let (result, count) = called(vec![Reply::Answer(200, body.into())]);
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.cause.as_str(), count), (AwsErrorKind::InvalidResponse, cause, 3), "{body}");
    }
    let (result, _) = called(vec![Reply::Cut("<DescribeThingsResponse></DescribeThingsResponse>".into())]);
    assert_eq!(result.unwrap_err().kind, AwsErrorKind::Unreachable);
}

#[test]
fn an_answer_that_is_too_large_is_not_received_to_its_end() {
    let (result, count) = called(vec![Reply::Large(1 << 30)]);
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.cause.as_str()), (AwsErrorKind::Other, "the answer is larger than 16 MiB"));
    assert_eq!(count, 1);
}

#[test]
fn a_text_that_is_no_region_is_refused() {
    let (result, received) = served(vec![Reply::Close], async |client| {
        client.call(&QueryRequest::new(QueryService::EC2, "x.example.com/", "DescribeThings")).await
    });
    assert_eq!(result.unwrap_err().cause, "\"x.example.com/\" is not a region");
    assert!(received.is_empty());
}
