//! Errors that end a follower at once.

use testkit::http::Reply;

use super::feed::Feed;

/// The only message of a follower that ends at once.
fn fatal(feed: &Feed, code: i32) -> String {
    let ran = feed.follow(&[]).wait(feed);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(code), 1), "{ran:?}");
    ran.stderr.trim_start_matches("trail2tsv: ").trim_end().to_string()
}

#[test]
fn a_queue_that_cannot_be_used_says_why() {
    for (code, text) in [
        ("QueueDoesNotExist", "the queue does not exist, or not in this account and region".to_string()),
        (
            "AccessDenied",
            "access denied (AccessDenied): as the test wants; sqs:GetQueueAttributes is needed on URL".to_string(),
        ),
        (
            "ExpiredToken",
            "the credentials have expired (ExpiredToken); sign in again, for example with `aws sso login`, or \
             choose another profile with --profile"
                .to_string(),
        ),
        (
            "InvalidClientTokenId",
            "the credentials were rejected (InvalidClientTokenId); sign in again, for example with `aws sso login`, \
             or choose another profile with --profile"
                .to_string(),
        ),
        (
            "KmsAccessDenied",
            "access denied (KmsAccessDenied): as the test wants; kms:Decrypt and kms:GenerateDataKey are needed on \
             the key that encrypts URL"
                .to_string(),
        ),
    ] {
        let feed = Feed::new();
        feed.queue.refuse("GetQueueAttributes", 400, code, 1);
        let url = feed.queue.url();
        assert_eq!(fatal(&feed, 1), format!("{url}: {}", text.replace("URL", &url)));
    }
}

#[test]
fn a_denied_receive_ends_the_follower_and_a_failing_one_is_repeated() {
    let feed = Feed::new();
    feed.queue.refuse("ReceiveMessage", 403, "AccessDenied", 1);
    let url = feed.queue.url();
    let denied =
        format!("{url}: access denied (AccessDenied): as the test wants; sqs:ReceiveMessage is needed on {url}");
    assert_eq!(fatal(&feed, 1), denied);
    let feed = Feed::new();
    feed.queue.fail("ReceiveMessage", Reply::new(503, ""), 3);
    feed.queue.fail("ReceiveMessage", Reply::hang_up(), 1);
    feed.deliver(1);
    let ran = feed.drain(&[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "E001\n"), "{ran:?}");
}

#[test]
fn missing_credentials_are_reported() {
    let feed = Feed::new();
    let mut command = feed.cloud.trial.command(&["follow", "--queue", &feed.queue.url(), "--journal", "journal"]);
    let output = command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").output().unwrap();
    let ran = feed.cloud.trial.ran(&["follow"], output);
    let text =
        "no credentials found; sign in, for example with `aws sso login`, or choose another profile with --profile";
    ran.shows(1, "", &format!("trail2tsv: {}: {text}\n", feed.queue.url()));
}

#[test]
fn options_that_cannot_be_combined_are_refused() {
    let feed = Feed::new();
    for (arguments, text) in [
        (&["follow"][..], "follow needs --queue QUEUE, or --bucket BUCKET to poll"),
        (&["follow", "--bucket", "logs", "--until", "1d"], "--until cannot be used with follow, which has no end"),
        (
            &["follow", "--queue", "q", "--event-history"],
            "--event-history cannot be used with follow; run trail2tsv --event-history periodically instead",
        ),
        (&["follow", "--bucket", "logs", "--offline"], "--offline cannot be used with follow"),
        (
            &["follow", "--queue", "q", "--since", "1h"],
            "--since with --queue needs --bucket, to list what was delivered before",
        ),
        (
            &["follow", "--queue", "q", "-f", "xlsx"],
            "--format \"xlsx\": follow writes rows as they come; use tsv, csv or json",
        ),
        (&["follow", "logs"], "\"logs\": not a bucket; write s3://BUCKET/PREFIX"),
    ] {
        let ran = feed.cloud.trial.run(arguments);
        ran.shows(2, "", &format!("trail2tsv: {text}\ntrail2tsv: try --help\n"));
    }
}

#[test]
fn two_followers_do_not_share_a_journal() {
    let feed = Feed::new();
    let first = feed.follow(&[]);
    crate::bucket::cloud::wait_until(|| feed.cloud.trial.path("journal/lock").exists());
    // When the first one has received the message, it has the lock.
    feed.deliver(1);
    crate::bucket::cloud::wait_until(|| feed.queue.waiting() == 0);
    assert_eq!(fatal(&feed, 1), "journal: another process follows with this journal; choose another with --journal");
    first.stop(&feed);
}
