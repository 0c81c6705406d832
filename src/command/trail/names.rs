//! Names of what belongs to a trail: which are valid, and which are used if none is given.

use super::session::HomeRegion;
use crate::error::Error;

/// Name of a trail if none is given.
pub(super) const DEFAULT_TRAIL: &str = "audit";
/// What is appended to the name of a queue for its dead-letter queue.
const DEAD_LETTER: &str = "-dead-letter";

/// Parses the name of a trail.
pub(super) fn trail_name(text: &str) -> Result<String, String> {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let bytes = text.as_bytes();
    let is_paired = bytes.windows(2).any(|pair| pair.iter().all(|byte| b"._-".contains(byte)));
    let is_name = (3..=128).contains(&bytes.len())
        && bytes.iter().all(|byte| is_inner(*byte))
        && is_outer(bytes.first().copied())
        && is_outer(bytes.last().copied())
        && !is_paired;
    is_name
        .then(|| text.to_string())
        .ok_or_else(|| "not the name of a trail; write 3 to 128 letters, digits and single . _ - between them".into())
}

/// Parses the name of a bucket.
pub(super) fn bucket_name(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_name = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| is_inner(*byte))
        && is_outer(bytes.first().copied())
        && is_outer(bytes.last().copied())
        && !text.contains("..");
    is_name
        .then(|| text.to_string())
        .ok_or_else(|| "not the name of a bucket; write 3 to 63 lower-case letters, digits and . - between them".into())
}

/// Parses the prefix of keys, without the slash at its end.
pub(super) fn prefix(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.-".contains(&byte);
    let is_prefix =
        text.len() <= 200 && text.bytes().all(is_valid) && !text.starts_with(['/', '-', '.']) && !text.contains("//");
    is_prefix.then(|| text.to_string()).ok_or_else(|| {
        "not a prefix; write at most 200 letters, digits and / _ . - and begin with a letter or a digit".into()
    })
}

/// Parses the name of a topic.
pub(super) fn topic_name(text: &str) -> Result<String, String> {
    match is_plain(text, 256) {
        true => Ok(text.into()),
        false => Err("not the name of a topic; write at most 256 letters, digits and _ -".into()),
    }
}

/// Parses the name of a queue. No name means that of the default.
pub(super) fn queue_name(text: &str) -> Result<String, String> {
    match text.is_empty() || is_plain(text, MAX_QUEUE_NAME) {
        true => Ok(text.into()),
        false => Err(format!(
            "not the name of a queue; write at most {MAX_QUEUE_NAME} letters, digits and _ - (its dead-letter queue \
             has the same name and {DEAD_LETTER})"
        )),
    }
}

/// Longest name of a queue, so that that of its dead-letter queue has 80 characters.
const MAX_QUEUE_NAME: usize = 80 - DEAD_LETTER.len();

fn is_plain(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && !text.starts_with('-')
}

/// Parses the ARN of a key of KMS.
pub(super) fn kms_key(text: &str) -> Result<String, String> {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b":/-".contains(&byte);
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_key = parts.len() == 6
        && parts[0] == "arn"
        && parts[2] == "kms"
        && parts[5].starts_with("key/")
        && text.bytes().all(is_valid);
    // The trail has the ARN of the key, so another form would always differ from it.
    is_key.then(|| text.to_string()).ok_or_else(|| {
        "not the ARN of a key; write one such as arn:aws:kms:eu-west-1:111122223333:key/… (an alias has none)".into()
    })
}

/// The bucket of an account if none is given.
pub(super) fn default_bucket(home: &HomeRegion) -> String {
    format!("{}-cloudtrail", home.account)
}

/// The topic and the queue of a trail if none are given. Their names have no dots.
pub(super) fn default_topic(trail: &str) -> String {
    format!("{}-cloudtrail", trail.replace('.', "-"))
}

/// The queue of a trail if none is given. Returns an error if the name would be too long.
pub(super) fn default_queue(trail: &str) -> Result<String, Error> {
    let name = default_topic(trail);
    match queue_name(&name) {
        Ok(name) => Ok(name),
        Err(_) => {
            let longest = MAX_QUEUE_NAME;
            Err(Error::about("--queue", format!(": {name} is longer than {longest} characters; write --queue=NAME")))
        }
    }
}

/// The dead-letter queue of a queue.
pub(super) fn dead_letter_queue(queue: &str) -> String {
    format!("{queue}{DEAD_LETTER}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_aws_accepts_are_accepted() {
        for name in ["abc", "a.b-c_d", "A1b", &"x".repeat(128)] {
            assert_eq!(trail_name(name).as_deref(), Ok(name));
        }
        for name in ["", "ab", "-abc", "abc.", "a..b", "a b", "a/b", "é-a", "abc;", "$(x)", &"x".repeat(129)] {
            assert!(trail_name(name).is_err(), "{name}");
        }
        for name in ["logs", "1.a-b", &"x".repeat(63)] {
            assert_eq!(bucket_name(name).as_deref(), Ok(name));
        }
        for name in ["", "ab", "Logs", "a_b", "-ab", "ab-", "a..b", "a/b", "arn:aws:s3:::b", &"x".repeat(64)] {
            assert!(bucket_name(name).is_err(), "{name}");
        }
        assert_eq!(prefix("team/a/").as_deref(), Ok("team/a"));
        assert_eq!(prefix("").as_deref(), Ok(""));
        for text in ["/a", "-a", "a b", "a//b", "file://x", "é", &"x".repeat(201)] {
            assert!(prefix(text).is_err(), "{text}");
        }
        assert!(topic_name("a_b-C").is_ok() && topic_name("a.b").is_err() && topic_name("").is_err());
        assert!(queue_name("").is_ok() && queue_name("a.fifo").is_err() && queue_name(&"x".repeat(69)).is_err());
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert!(kms_key(key).is_ok());
        for text in ["alias/x", "1234abcd", "arn:aws:kms:eu-west-1:1:alias/x", "arn:aws:s3:::b"] {
            assert!(kms_key(text).is_err(), "{text}");
        }
    }

    #[test]
    fn default_names_follow_the_trail() {
        assert_eq!(default_queue("my.trail").unwrap(), "my-trail-cloudtrail");
        assert_eq!(dead_letter_queue("q"), "q-dead-letter");
        assert!(default_queue(&"x".repeat(100)).is_err());
    }
}
