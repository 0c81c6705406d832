//! Followers that are killed at any moment.

use std::collections::BTreeSet;
use std::time::Duration;

use super::feed::{Feed, of_s3};
use crate::bucket::cloud::{minutes, wait_until};

/// Kills a follower again and again while it reads `count` objects, of which some are announced
/// twice, and checks that every event is written at least once.
fn killed(count: usize, kills: usize) {
    let feed = Feed::hiding(Duration::from_millis(500));
    let mut random = fastrand::Rng::with_seed(7);
    let mut order: Vec<usize> = (0..count).chain((0..count).filter(|number| number % 5 == 0)).collect();
    random.shuffle(&mut order);
    for number in order {
        let key = feed.cloud.minute(number);
        match number % 2 {
            0 => feed.announce(&[key]),
            _ => feed.queue.send(of_s3("logs", &key, None)),
        };
    }
    for _ in 0..kills {
        let follower = feed.follow(&[]);
        std::thread::sleep(Duration::from_millis(random.u64(20..400)));
        follower.kill();
    }
    let follower = feed.follow(&[]);
    wait_until(|| feed.queue.waiting() == 0);
    let ran = follower.stop(&feed);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let written = feed.written();
    let distinct: BTreeSet<&str> = written.lines().collect();
    let rows: String = distinct.iter().map(|row| format!("{row}\n")).collect();
    assert_eq!(rows, minutes(count));
}

#[test]
fn no_event_is_lost_by_a_crash() {
    killed(400, 6);
}
