//! The sink against a collector that runs in the test.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_config::SdkConfig;
use testkit::hec::{Acknowledging, HecReply, HecServer};

use super::*;
use crate::source::aws::http_transport::HttpTransport;

const SOURCE: &str = "s3://bucket/AWSLogs/1.json.gz";

/// Pauses that cost no time. A batch is sent again after three questions in vain.
fn pace() -> HecPace {
    let short = Duration::from_millis(1);
    HecPace { first_pause: short, longest_pause: short, first_poll: short, longest_poll: short, polls: 3 }
}

fn settings(url: &str) -> HecSettings {
    HecSettings::new(url, HecToken::from_variable(Some("secret".into())).unwrap()).unwrap()
}

fn transport() -> Arc<dyn CollectorTransport> {
    Arc::new(HttpTransport::new(&SdkConfig::builder().build()))
}

fn open<'a>(settings: &HecSettings, report: &'a Report) -> HecSink<'a> {
    HecSink::with_pace(settings, transport(), report, pace()).unwrap()
}

/// An event with an id, padded to about this many bytes.
fn event(id: usize, size: usize) -> String {
    format!("{{\"eventID\":\"{id}\",\"padding\":\"{}\"}}", "x".repeat(size))
}

/// Adds events and flushes them.
fn deliver(sink: &mut HecSink<'_>, count: usize, size: usize) -> Result<HecDelivery, Error> {
    let stop = Cancellation::default();
    for id in 0..count {
        sink.add(&HecEvent { time: None, source: SOURCE, event: event(id, size).as_bytes() }, &stop)?;
    }
    sink.flush(&stop)
}

/// How often each event was taken.
fn taken(server: &HecServer) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for event in server.events() {
        *counts.entry(event.event()["eventID"].as_str().unwrap().parse().unwrap()).or_default() += 1;
    }
    counts
}

fn each_once(count: usize) -> BTreeMap<usize, usize> {
    (0..count).map(|id| (id, 1)).collect()
}

#[test]
fn events_arrive_with_their_source_time_and_index() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    let mut settings = settings(&server.url());
    settings.index = Some("aws".into());
    settings.host = Some("follower".into());
    let mut sink = open(&settings, &report);
    let stop = Cancellation::default();
    let time = Some("2026-11-29T10:15:00Z".parse().unwrap());
    let text = r#"{"eventID": "1",  "n":1.0, "text":"é\u0000"}"#;
    sink.add(&HecEvent { time, source: SOURCE, event: text.as_bytes() }, &stop).unwrap();
    assert!(sink.has_pending() && server.requests().is_empty());
    let delivery = sink.flush(&stop).unwrap();
    assert_eq!(delivery, HecDelivery { events: 1, batches: 1, refused: 0 });
    assert!(!sink.has_pending());
    assert_eq!(sink.flush(&stop).unwrap(), HecDelivery::default(), "counts are since the last flush");
    let events = server.events();
    let expected = format!(
        "{{\"time\":1795947300,\"host\":\"follower\",\"source\":\"{SOURCE}\",\"sourcetype\":\"aws:cloudtrail\",\
         \"index\":\"aws\",\"event\":{text}}}"
    );
    assert_eq!(events.iter().map(|event| &event.text).collect::<Vec<_>>(), [&expected]);
    assert!(server.requests()[0].is_compressed);
}

#[test]
fn batches_hold_a_megabyte_and_one_large_event_goes_alone() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    let mut sink = open(&settings(&server.url()), &report);
    let delivery = deliver(&mut sink, 30, 100_000).unwrap();
    assert_eq!(delivery, HecDelivery { events: 30, batches: 4, refused: 0 });
    assert_eq!(taken(&server), each_once(30));
    assert!(server.requests().iter().all(|request| request.size <= BATCH_SIZE));
    let delivery = deliver(&mut sink, 3, 3 * BATCH_SIZE).unwrap();
    assert_eq!(delivery.batches, 3);
    let channels: Vec<String> = server.requests().into_iter().map(|request| request.channel).collect();
    assert!(channels.iter().all(|channel| *channel == channels[0] && channel.len() == 36), "one channel a run");
}

#[test]
fn more_is_added_than_may_be_on_its_way() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.set_acknowledging(Acknowledging::After(2));
    let mut sink = open(&settings(&server.url()), &report);
    let delivery = deliver(&mut sink, 30, BATCH_SIZE).unwrap();
    assert_eq!(delivery, HecDelivery { events: 30, batches: 30, refused: 0 });
    assert_eq!(taken(&server), each_once(30));
}

#[test]
fn a_busy_or_failing_collector_gets_the_batch_again() {
    for replies in [
        vec![HecReply::Busy; 5],
        vec![HecReply::HangUp; 3],
        vec![HecReply::Answer(502, "<html>bad gateway</html>".into()), HecReply::Answer(429, String::new())],
    ] {
        let (server, report) = (HecServer::start("secret"), Report::silent());
        let failures = replies.len();
        server.script(replies);
        let mut sink = open(&settings(&server.url()), &report);
        assert_eq!(deliver(&mut sink, 3, 10).unwrap(), HecDelivery { events: 3, batches: 1, refused: 0 });
        assert_eq!(taken(&server), each_once(3));
        assert_eq!(server.requests().len(), failures + 1);
    }
}

#[test]
fn events_taken_without_an_answer_are_sent_twice_and_not_lost() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.script([HecReply::HangUpAfterTaking]);
    let mut sink = open(&settings(&server.url()), &report);
    assert_eq!(deliver(&mut sink, 3, 10).unwrap().events, 3);
    assert_eq!(taken(&server), (0..3).map(|id| (id, 2)).collect());
}

#[test]
fn only_refused_events_are_left_out() {
    // Whatever the position means, only an event that is refused by itself is given up.
    for offset in [0, 1, -1, 1000] {
        let (server, report) = (HecServer::start("secret"), Report::silent());
        server.refuse("\"eventID\":\"7");
        server.set_position_offset(offset);
        let mut sink = open(&settings(&server.url()), &report);
        let delivery = deliver(&mut sink, 80, 10).unwrap();
        assert_eq!((delivery.events, delivery.refused), (69, 11), "{offset}");
        assert_eq!(report.problems(), 11);
        let mut expected = each_once(80);
        expected.retain(|id, _| !id.to_string().starts_with('7'));
        assert_eq!(taken(&server), expected, "{offset}");
    }
}

#[test]
fn an_invalid_batch_without_a_position_is_halved() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.script([HecReply::Answer(400, r#"{"text":"Invalid data format","code":6}"#.into())]);
    let mut sink = open(&settings(&server.url()), &report);
    assert_eq!(deliver(&mut sink, 5, 10).unwrap(), HecDelivery { events: 5, batches: 2, refused: 0 });
    assert_eq!(taken(&server), each_once(5));
    let stop = Cancellation::default();
    sink.add(&HecEvent { time: None, source: SOURCE, event: b"{" }, &stop).unwrap();
    sink.add(&HecEvent { time: None, source: SOURCE, event: event(5, 1).as_bytes() }, &stop).unwrap();
    sink.add(&HecEvent { time: None, source: SOURCE, event: b"\"\"" }, &stop).unwrap();
    let delivery = sink.flush(&stop).unwrap();
    assert_eq!((delivery.events, delivery.refused), (1, 2));
    assert_eq!(taken(&server), each_once(6));
}

#[test]
fn a_cause_that_hits_every_request_ends_the_run_and_gives_up_no_event() {
    for count in [1, 10] {
        let (server, report) = (HecServer::start("secret"), Report::silent());
        // As behind a proxy that removes the header of compressed requests.
        server.script(vec![HecReply::Answer(400, r#"{"text":"Invalid data format","code":6}"#.into()); 100]);
        let mut sink = open(&settings(&server.url()), &report);
        let error = deliver(&mut sink, count, 10).unwrap_err().to_string();
        assert!(error.contains("Splunk refuses every request (status 400, code 6: Invalid data format)"), "{error}");
        assert_eq!((server.requests().len(), report.problems()), (2, 0));
    }
}

#[test]
fn a_batch_of_which_every_event_is_refused_ends_the_run() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.refuse("\"eventID\":\"");
    let mut sink = open(&settings(&server.url()), &report);
    let error = deliver(&mut sink, 4, 10).unwrap_err().to_string();
    assert!(error.contains("Splunk refused each of the 4 events of a batch (status 400, code 6: "), "{error}");
    assert_eq!(report.problems(), 0);
    // This is also true of events that are each too large.
    let server = HecServer::start("secret");
    server.set_limit(2_000);
    let error = deliver(&mut open(&settings(&server.url()), &report), 4, 10_000).unwrap_err().to_string();
    assert!(error.contains("Splunk refused each of the 4 events of a batch (status 413, code 27: "), "{error}");
}

#[test]
fn a_single_refused_event_is_named_even_if_it_is_the_first() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.refuse("\"eventID\":\"0");
    let mut sink = open(&settings(&server.url()), &report);
    assert_eq!(deliver(&mut sink, 1, 10).unwrap(), HecDelivery { events: 0, batches: 0, refused: 1 });
    assert_eq!(report.problems(), 1);
    assert!(server.events().is_empty(), "the question leaves nothing in Splunk");
}

#[test]
fn a_batch_that_is_too_large_is_halved() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.set_limit(60_000);
    let mut sink = open(&settings(&server.url()), &report);
    let delivery = deliver(&mut sink, 20, 20_000).unwrap();
    assert_eq!((delivery.events, delivery.refused), (20, 0));
    assert_eq!(taken(&server), each_once(20));
    let delivery = deliver(&mut sink, 1, 100_000).unwrap();
    assert_eq!((delivery.events, delivery.refused, report.problems()), (0, 1, 1));
}

#[test]
fn acknowledged_events_are_sent_once() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.set_acknowledging(Acknowledging::After(2));
    let mut sink = open(&settings(&server.url()), &report);
    assert_eq!(deliver(&mut sink, 3, 10).unwrap(), HecDelivery { events: 3, batches: 1, refused: 0 });
    assert_eq!((taken(&server), server.polls()), (each_once(3), 3));
}

#[test]
fn events_are_sent_again_until_they_are_acknowledged() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.set_acknowledging(Acknowledging::Never);
    let mut sink = open(&settings(&server.url()), &report);
    let stop = Cancellation::default();
    sink.add(&HecEvent { time: None, source: SOURCE, event: event(0, 10).as_bytes() }, &stop).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while server.requests().len() < 3 {
                std::thread::yield_now();
            }
            server.set_acknowledging(Acknowledging::After(0));
        });
        assert_eq!(sink.flush(&stop).unwrap(), HecDelivery { events: 1, batches: 1, refused: 0 });
    });
    assert!(taken(&server)[&0] >= 3);
}

#[test]
fn a_token_that_no_longer_acknowledges_loses_nothing() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    let acknowledged = r#"{"text":"Success","code":0,"ackId":9}"#;
    server.script([HecReply::Answer(200, acknowledged.into())]);
    let mut sink = open(&settings(&server.url()), &report);
    assert_eq!(deliver(&mut sink, 2, 10).unwrap().events, 2);
    assert_eq!(taken(&server), each_once(2));
}

#[test]
fn a_collector_that_never_tells_what_it_has_indexed_ends_the_run() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    let acknowledged = HecReply::Answer(200, r#"{"text":"Success","code":0,"ackId":9}"#.into());
    server.script(vec![acknowledged; 50]);
    let mut sink = open(&settings(&server.url()), &report);
    let error = deliver(&mut sink, 2, 10).unwrap_err().to_string();
    assert!(
        error.contains("(status 400, code 14: ACK is disabled)") && error.contains("/services/collector/ack"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_load_balancer_recognises_the_client_by_its_cookies() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.set_cookie("AWSALB=one; Expires=Sun, 06 Dec 2026 10:00:00 GMT; Path=/");
    server.set_acknowledging(Acknowledging::After(1));
    let mut sink = open(&settings(&server.url()), &report);
    deliver(&mut sink, 1, 10).unwrap();
    server.set_cookie("AWSALB=two");
    deliver(&mut sink, 1, 10).unwrap();
    deliver(&mut sink, 1, 10).unwrap();
    let cookies: Vec<String> = server.requests().into_iter().map(|request| request.cookie).collect();
    assert_eq!(cookies, ["", "AWSALB=one", "AWSALB=two"]);
}

#[test]
fn wrong_tokens_and_indexes_end_the_run() {
    let (server, report) = (HecServer::start("other"), Report::silent());
    let mut sink = open(&settings(&server.url()), &report);
    let error = deliver(&mut sink, 1, 10).unwrap_err().to_string();
    let start = format!("{}/services/collector: Splunk did not accept the token (status 403, code 4: ", server.url());
    assert!(error.starts_with(&start) && error.contains("--hec-token-file"), "{error}");
    assert!(!error.contains("secret") && !format!("{sink:?}").contains("secret"));
    let later = sink.flush(&Cancellation::default()).unwrap_err().to_string();
    assert_eq!(later, error, "nothing is delivered after that");

    let server = HecServer::start("secret");
    server.set_indexes(&["main"]);
    let mut settings = settings(&server.url());
    settings.index = Some("aws".into());
    let error = deliver(&mut open(&settings, &report), 1, 10).unwrap_err().to_string();
    assert!(error.contains("did not accept the index \"aws\" (status 400, code 7: Incorrect index)"), "{error}");
    assert!(server.events().is_empty());
}

#[test]
fn other_servers_are_recognised() {
    let server = testkit::http::HttpServer::start(|_| testkit::http::Reply::ok("<html>welcome</html>"));
    let report = Report::silent();
    let error = deliver(&mut open(&settings(&server.url()), &report), 1, 10).unwrap_err().to_string();
    assert!(error.contains("is not from an HTTP Event Collector (status 200)"), "{error}");
}

#[test]
fn an_interruption_keeps_the_events() {
    let (server, report) = (HecServer::start("secret"), Report::silent());
    server.set_acknowledging(Acknowledging::Never);
    let mut sink = open(&settings(&server.url()), &report);
    let stop = Cancellation::default();
    sink.add(&HecEvent { time: None, source: SOURCE, event: event(0, 10).as_bytes() }, &stop).unwrap();
    stop.interrupt();
    assert!(matches!(sink.flush(&stop), Err(Error::Interrupted)));
    let (day, running) = (Duration::from_secs(86_400), Cancellation::default());
    assert!(matches!(sink.flush_within(day, &stop), Err(Error::Interrupted)));
    assert!(sink.flush_within(Duration::ZERO, &running).unwrap().is_none());
    assert!(sink.has_pending());
    server.set_acknowledging(Acknowledging::After(0));
    assert_eq!(sink.flush_within(day, &running).unwrap().unwrap().events, 1);
    assert!(taken(&server)[&0] >= 1);
}

/// A collector that fails as it is told, without a network.
struct ScriptedTransport(Mutex<Vec<CollectorFailure>>);

impl CollectorTransport for ScriptedTransport {
    fn post_to_collector<'a>(
        &'a self,
        _url: &'a str,
        headers: &'a [(&'static str, &'a str)],
        _body: Vec<u8>,
    ) -> CollectorResponse<'a> {
        assert!(headers.contains(&("authorization", "Splunk secret")));
        let failure = self.0.lock().unwrap().pop();
        let success = CollectorAnswer { status: 200, text: r#"{"code":0}"#.into(), cookies: Vec::new() };
        Box::pin(async move { failure.map_or(Ok(success), Err) })
    }
}

#[test]
fn requests_that_cannot_be_sent_end_the_run_and_others_are_repeated() {
    let report = Report::silent();
    let run = |is_transient: &[bool]| {
        let failure = |is_transient: &bool| CollectorFailure { is_transient: *is_transient, cause: "why".into() };
        let transport = Arc::new(ScriptedTransport(Mutex::new(is_transient.iter().map(failure).collect())));
        let mut sink = HecSink::with_pace(&settings("http://splunk:8088"), transport, &report, pace()).unwrap();
        deliver(&mut sink, 2, 10)
    };
    assert_eq!(run(&[true, true, true]).unwrap().events, 2);
    assert_eq!(run(&[false]).unwrap_err().to_string(), "http://splunk:8088/services/collector: why");
}
