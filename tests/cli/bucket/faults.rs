//! Network faults: objects arrive complete and correct, or are named.

use testkit::s3::{Bucket, Fault};

use super::cloud::{ACCOUNT, Cloud, lines, minutes};

/// Runs with this fault, and checks that it occurred and that no object was lost.
#[track_caller]
fn check_no_loss(fault: Fault) {
    let cloud = Cloud::with_logs(40);
    let fired = cloud.server.fault(fault);
    cloud.run(&["-q"]).shows(0, &minutes(40), "");
    assert!(fired.fired() > 0);
    assert_eq!(cloud.assert_whole(), 40);
    assert_eq!(cloud.mirrored().len(), 40, "temporary files remain");
}

#[test]
fn slow_down_responses_lose_no_object() {
    check_no_loss(Fault::any().chance(0.2, 1).status(503, "SlowDown"));
}

#[test]
fn internal_errors_of_s3_lose_no_object() {
    check_no_loss(Fault::any().chance(0.1, 2).status(500, "InternalError"));
}

#[test]
fn reset_connections_lose_no_object() {
    check_no_loss(Fault::any().chance(0.1, 3).reset());
}

#[test]
fn truncated_bodies_lose_no_object() {
    check_no_loss(Fault::get("*").chance(0.2, 4).short_body(7));
    check_no_loss(Fault::get("*").chance(0.2, 5).reset_halfway());
}

#[test]
fn a_refused_first_request_is_repeated() {
    check_no_loss(Fault::any().times_each_key(1).status(503, "SlowDown"));
}

#[test]
fn a_truncated_body_is_fetched_again() {
    let faults: [fn() -> Fault; 7] = [
        || Fault::get("*").times_each_key(2).short_body(1),
        || Fault::get("*").times_each_key(2).reset_halfway(),
        || Fault::get("*").times_each_key(2).truncated_body(9),
        || Fault::get("*").times_each_key(2).long_body(9),
        || Fault::get("*").times_each_key(4).truncated_body(usize::MAX),
        || Fault::get("*").times_each_key(1).reset_at_end(),
        || Fault::list("*").times_each_key(1).reset_halfway(),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let cloud = Cloud::with_logs(10);
        let fired = cloud.server.fault(fault());
        cloud.run(&["-q"]).shows(0, &minutes(10), "");
        assert!(fired.fired() > 0, "{number}");
        assert_eq!((cloud.assert_whole(), cloud.mirrored().len()), (10, 10));
    }
}

#[test]
fn stalled_requests_are_repeated() {
    let minute = std::time::Duration::from_secs(60);
    for fault in [Fault::get("*").times(3).stall(minute), Fault::any().times(2).delay(minute)] {
        let mut cloud = Cloud::with_logs(6);
        cloud.trial.env("TRAIL2TSV_READ_TIMEOUT", "1");
        let fired = cloud.server.fault(fault);
        cloud.run(&["-q"]).shows(0, &minutes(6), "");
        assert!(fired.fired() > 1);
        assert_eq!((cloud.assert_whole(), cloud.mirrored().len()), (6, 6));
    }
    let mut cloud = Cloud::with_logs(1);
    for wrong in ["", "0", "soon", "9999"] {
        let ran = cloud.trial.env("TRAIL2TSV_READ_TIMEOUT", wrong).run(&["s3://logs"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}

#[test]
fn objects_missing_from_a_list_are_found_by_the_next_run() {
    let cloud = Cloud::with(Bucket::new().page_size(3));
    (0..8).for_each(|number| drop(cloud.minute(number)));
    cloud.server.fault(Fault::list("*eu-west-1/").times(1).omitted_keys());
    assert_eq!(cloud.run(&["-q"]).lines(0).len(), 6);
    cloud.run(&["-q"]).shows(0, &minutes(8), "");
    assert_eq!(cloud.server.counts().get, 8);
}

#[test]
fn a_body_that_is_always_truncated_is_reported() {
    type FaultFactory = fn(&str) -> Fault;
    let early = "the response body is incomplete or damaged: end of file before message length reached";
    let size = |size: usize, listed: usize| format!("received {size} bytes, expected {listed}");
    let cloud = Cloud::with_logs(3);
    let key = &cloud.bucket.keys("")[1];
    let listed = cloud.bucket.get(key).unwrap().body.len();
    for (spoil, text) in [
        ((|key| Fault::get(key).short_body(5)) as FaultFactory, early.to_string()),
        (|key| Fault::get(key).truncated_body(5), size(listed - 5, listed)),
        (|key| Fault::get(key).long_body(5), size(listed + 5, listed)),
    ] {
        cloud.server.fault(spoil(key));
        let expected = format!("trail2tsv: s3://logs/{key}: not downloaded: {text}; nothing was read\n");
        cloud.run(&["-q"]).shows(3, "E000\nE002\n", &expected);
        assert_eq!((cloud.assert_whole(), cloud.mirrored().len()), (2, 2));
        cloud.server.clear_faults();
    }
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
}

#[test]
fn an_object_that_is_refused_again_and_again_is_named() {
    let mut cloud = Cloud::with_logs(3);
    cloud.trial.env("AWS_MAX_ATTEMPTS", "2");
    let key = &cloud.bucket.keys("")[1];
    for (code, status) in [("SlowDown", 503), ("InternalError", 500)] {
        cloud.server.clear_faults();
        let fired = cloud.server.fault(Fault::get(key).status_saying(status, code, "Later."));
        cloud.run(&["-q"]).shows(
            3,
            "E000\nE002\n",
            &format!("trail2tsv: s3://logs/{key}: not downloaded: {code}: Later.; nothing was read\n"),
        );
        assert_eq!(fired.fired(), 2, "as often as the environment says");
    }
}

#[test]
fn a_flipped_bit_is_found_with_a_checksum_of_s3() {
    let cloud = Cloud::with(Bucket::new().checksums());
    (0..3).for_each(|number| drop(cloud.minute(number)));
    let key = &cloud.bucket.keys("")[1];
    let always = cloud.server.fault(Fault::get(key).flip_bit(800));
    let text = "the response body is incomplete or damaged: body checksum mismatch";
    let expected = format!("trail2tsv: s3://logs/{key}: not downloaded: {text}; nothing was read\n");
    cloud.run(&["-q"]).shows(3, "E000\nE002\n", &expected);
    assert_eq!((always.fired(), cloud.assert_whole()), (5, 2));

    cloud.server.clear_faults();
    let at_first = cloud.server.fault(Fault::get(key).times(2).flip_bit(800));
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    assert_eq!((at_first.fired(), cloud.assert_whole()), (2, 3));
}

#[test]
fn a_list_that_does_not_end_is_named() {
    for (page_size, rows) in [(2, 2), (1000, 4)] {
        let cloud = Cloud::with(Bucket::new().page_size(page_size));
        (0..4).for_each(|number| drop(cloud.minute(number)));
        let prefix = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/");
        cloud.server.fault(Fault::list(&prefix).endless_list());
        cloud.run(&["-q"]).shows(
            3,
            &minutes(rows),
            &format!(
                "trail2tsv: s3://logs/{prefix}: not listed completely: the listed keys are out of order or repeated; \
                 some of its logs may be missing\n"
            ),
        );
        assert!(cloud.server.counts().list < 10);
    }
    for prefix in ["", "AWSLogs/"] {
        let cloud = Cloud::with_logs(1);
        cloud.server.fault(Fault::list(prefix).endless_list());
        let text = "trail2tsv: s3://logs: the listing makes no progress and does not end\n";
        cloud.run(&[]).shows(1, "", text);
        assert!(cloud.server.counts().list < 30);
    }
}

#[test]
fn empty_pages_and_repeated_keys_change_nothing() {
    let faults: [fn() -> Fault; 3] = [
        || Fault::list("*").times_each_key(3).empty_page(),
        || Fault::list("*/").skip(1).times(3).empty_page(),
        || Fault::list("*").repeated_keys(),
    ];
    for fault in faults {
        let cloud = Cloud::with(Bucket::new().page_size(2));
        (0..5).for_each(|number| drop(cloud.minute(number)));
        let fired = cloud.server.fault(fault());
        cloud.run(&["-q"]).shows(0, &minutes(5), "");
        assert!(fired.fired() > 2);
        assert_eq!(cloud.server.counts().get, 5);
    }
}

#[test]
fn many_faults_at_once_still_give_every_row_in_order() {
    let cloud = Cloud::with(Bucket::new().page_size(9));
    let names: Vec<String> = (0..60).map(|number| format!("E{number:03}")).collect();
    (0..60).for_each(|number| drop(cloud.minute(number)));
    cloud.server.fault(Fault::any().chance(0.05, 6).status(503, "SlowDown"));
    cloud.server.fault(Fault::any().chance(0.05, 7).reset());
    cloud.server.fault(Fault::get("*").chance(0.1, 8).short_body(3));
    cloud.server.fault(Fault::get("*").chance(0.1, 9).truncated_body(3));
    cloud.run(&["-q"]).shows(0, &lines(&names), "");
    assert_eq!(cloud.assert_whole(), 60);
}
