//! Queues by name, and other accounts and regions.

use super::feed::Feed;
use crate::bucket::cloud::wait_until;

#[test]
fn a_queue_is_found_by_its_name_and_its_arn() {
    for named in ["trail", "arn:aws:sqs:eu-central-1:444455556666:trail"] {
        let feed = Feed::new();
        feed.deliver(1);
        let follower = feed.start(&["--queue", named]);
        wait_until(|| feed.queue.waiting() == 0);
        let ran = follower.stop(&feed);
        ran.shows(0, "E001\n", "trail2tsv: 1 message received, 1 deleted; 1 event in 1 file read, 1 matched\n");
    }
}
