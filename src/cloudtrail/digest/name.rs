//! The grammar of a digest's key:
//! `…ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/` and
//! `ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHMMSSZ[_backfill].json.gz`.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::cloudtrail::keys::KeyPlace;
use crate::cloudtrail::log_kind::DIGEST;

/// The ending of the file with a digest's signature, which is added to the key.
pub const SIGNATURE_ENDING: &str = ".meta";

/// What the key of a digest says. It proves nothing: anyone can give a file any name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DigestName<'a> {
    /// The key up to the folder of the account, without the final slash.
    pub account_folder: &'a str,
    /// The account whose logs it lists.
    pub account: &'a str,
    /// The region whose logs it lists.
    pub region: &'a str,
    /// The trail that delivered the logs.
    pub trail: &'a str,
    /// The region in which the trail was created.
    pub home_region: &'a str,
    /// The end of its time.
    pub end: Timestamp,
    /// Whether it belongs to the chain of digests that were made later.
    pub is_backfill: bool,
}

/// The chain that a digest belongs to: a trail delivers one for each account and region, and
/// another one for digests that are made later.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ChainId {
    /// The key up to the folder of the account, without the final slash.
    pub account_folder: String,
    /// The account whose logs it lists.
    pub account: String,
    /// The region whose logs it lists.
    pub region: String,
    /// The trail that delivered the logs.
    pub trail: String,
    /// The region in which the trail was created.
    pub home_region: String,
    /// Whether its digests were made later.
    pub is_backfill: bool,
}

impl<'a> DigestName<'a> {
    /// Reads the key of a digest; `None` for any other key.
    pub fn parse(key: &'a str) -> Option<DigestName<'a>> {
        let place = KeyPlace::of(key);
        let (account, region) = (place.account?, place.region?);
        place.day()?;
        let (folder, file) = key.rsplit_once('/')?;
        let (account_folder, _) = folder.rsplit_once(&format!("/{DIGEST}/"))?;
        let rest = file.strip_prefix(account)?.strip_prefix('_')?.strip_prefix(DIGEST)?.strip_prefix('_')?;
        let rest = rest.strip_prefix(region)?.strip_prefix('_')?.strip_suffix(".json.gz")?;
        let (rest, is_backfill) = match rest.strip_suffix("_backfill") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, stamp) = rest.rsplit_once('_')?;
        // The name of a trail may contain underscores, that of a region does not.
        let (trail, home_region) = rest.rsplit_once('_')?;
        let end = parse_stamp(stamp)?;
        let is_whole = !trail.is_empty() && !home_region.is_empty() && account_folder.ends_with(account);
        is_whole.then_some(DigestName { account_folder, account, region, trail, home_region, end, is_backfill })
    }

    /// The chain that it belongs to.
    pub fn chain(&self) -> ChainId {
        ChainId {
            account_folder: self.account_folder.into(),
            account: self.account.into(),
            region: self.region.into(),
            trail: self.trail.into(),
            home_region: self.home_region.into(),
            is_backfill: self.is_backfill,
        }
    }
}

impl ChainId {
    /// Whether another chain is of the same trail and account, whatever its region.
    pub fn is_same_trail(&self, other: &ChainId) -> bool {
        (&self.account_folder, &self.trail, &self.home_region)
            == (&other.account_folder, &other.trail, &other.home_region)
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChainId { account, region, trail, .. } = self;
        let made_later = if self.is_backfill { " (backfill)" } else { "" };
        write!(f, "trail {trail}{made_later}, account {account}, {region}")
    }
}

/// Reads a time such as `20261001T090000Z`.
fn parse_stamp(stamp: &str) -> Option<Timestamp> {
    let stamp = stamp.strip_suffix('Z').filter(|stamp| stamp.len() == "20261001T090000".len())?;
    let time = DateTime::strptime("%Y%m%dT%H%M%S", stamp).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/10/01/\
                       111122223333_CloudTrail-Digest_eu-west-1_audit_us-east-1_20261001T090000Z.json.gz";

    #[test]
    fn keys_are_read_in_every_layout() {
        for (prefix, folder) in [("", "AWSLogs"), ("my/", "my/AWSLogs"), ("", "AWSLogs/o-abc"), ("", "o-a/AWSLogs/o-a")]
        {
            let key = format!("{prefix}{}", KEY.replace("AWSLogs", folder.strip_prefix(prefix).unwrap()));
            let name = DigestName::parse(&key).unwrap();
            assert_eq!(name.account_folder, format!("{folder}/111122223333"), "{key}");
            assert_eq!((name.account, name.region), ("111122223333", "eu-west-1"));
            assert_eq!((name.trail, name.home_region, name.is_backfill), ("audit", "us-east-1", false));
            assert_eq!(name.end.to_string(), "2026-10-01T09:00:00Z");
        }
        let backfill = KEY.replace("Z.json", "Z_backfill.json").replace("_audit_", "_my_audit.1-x_");
        let name = DigestName::parse(&backfill).unwrap();
        assert_eq!((name.trail, name.home_region, name.is_backfill), ("my_audit.1-x", "us-east-1", true));
    }

    #[test]
    fn other_keys_are_not_digests() {
        for (part, other) in [
            (".json.gz", ".json"),
            ("_CloudTrail-Digest_", "_CloudTrail_"),
            ("/CloudTrail-Digest/", "/CloudTrail/"),
            ("/111122223333_", "/444455556666_"),
            ("_eu-west-1_", "_eu-west-2_"),
            ("_audit_", "__"),
            ("_audit", ""),
            ("20261001T090000Z", "20261001T0900Z"),
            ("20261001T090000Z", "20261301T090000Z"),
            ("/2026/10/01/", "/"),
            ("AWSLogs/111122223333/", ""),
        ] {
            assert_eq!(DigestName::parse(&KEY.replace(part, other)), None, "{part} as {other}");
        }
    }
}
