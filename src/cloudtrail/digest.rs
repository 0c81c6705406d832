//! CloudTrail's digests: signed files that list log files and their hashes.

pub mod public_key;
