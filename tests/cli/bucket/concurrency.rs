//! The number of parallel requests to S3.

use std::time::Duration;

use testkit::s3::Fault;

use super::cloud::{Cloud, minutes, text, wait_until};

#[test]
fn slow_down_responses_reduce_the_concurrency() {
    const LOGS: usize = 400;
    const MANY: usize = 41;
    let cloud = Cloud::with_logs(LOGS);
    cloud.server.latency(Duration::from_millis(300), Duration::ZERO);
    let fired = cloud.server.fault(Fault::get("*").skip(MANY).chance(0.2, 1).status(503, "SlowDown"));
    cloud.server.fault(Fault::get("*").times(MANY).gather(MANY));
    let mut child = cloud.spawn(&["-v"]);
    wait_until(|| cloud.server.counts().get > 150);
    let before = cloud.server.counts().peak;
    cloud.server.reset_counts();
    let (rows, said) = (text(child.stdout.take()), text(child.stderr.take()));
    assert!(child.wait().unwrap().success(), "{said}");
    let after = cloud.server.counts().peak;
    assert!(before >= MANY as u64 && after < MANY as u64, "at most {before} at once before, {after} after");
    assert_eq!((rows, cloud.assert_whole()), (minutes(LOGS), LOGS));
    assert!(said.contains(&format!(" at once), {} slow-down responses", fired.fired())), "{said}");
}

#[test]
fn hundreds_of_refusals_at_once_lose_no_object() {
    for fault in [Fault::get("*").times(300).status(503, "SlowDown"), Fault::get("*").times(300).reset()] {
        let cloud = Cloud::with_logs(300);
        let fired = cloud.server.fault(fault);
        cloud.run(&["-q", "--jobs", "300"]).shows(0, &minutes(300), "");
        assert_eq!((fired.fired(), cloud.assert_whole()), (300, 300));
    }
}

#[test]
fn a_body_that_stalls_is_fetched_again() {
    let mut cloud = Cloud::with_logs(3);
    cloud.trial.env("TRAIL2TSV_READ_TIMEOUT", "2");
    let fired = cloud.server.fault(Fault::get("*").times(1).stall(Duration::from_secs(600)));
    cloud.run(&["-q"]).shows(0, &minutes(3), "");
    assert_eq!((fired.fired(), cloud.assert_whole()), (1, 3));
    assert!(cloud.server.counts().get > 3, "the stalled object was not requested again");
}
