//! The grammar of CloudTrail's keys, and what a key proves about the events in its
//! object. Pure functions without I/O.
//!
//! `[prefix/]AWSLogs/[o-ORGID/]ACCOUNT/KIND/REGION/YYYY/MM/DD/NAME`, where `NAME` is
//! `ACCOUNT_KIND_REGION_YYYYMMDDTHHmmZ_….json.gz` and `KIND` is `CloudTrail`,
//! `CloudTrail-Insight` or similar.

mod scope;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use self::scope::{LateSearch, Scope, kind_folders};
use crate::cloudtrail::log_kind::{DIGEST, LogKind, is_kind_folder};

/// The position of a key or folder in the layout, as far as its text shows it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct KeyPlace<'a> {
    /// The organisation that the folder belongs to.
    pub organisation: Option<&'a str>,
    /// The account of the logs.
    pub account: Option<&'a str>,
    /// `CloudTrail`, or a sibling such as `CloudTrail-Digest`.
    pub kind: Option<&'a str>,
    /// The region that delivered.
    pub region: Option<&'a str>,
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
}

impl<'a> KeyPlace<'a> {
    /// Parses the folders of a key. Any folders may precede the account.
    pub fn of(key: &'a str) -> KeyPlace<'a> {
        let mut place = KeyPlace::default();
        for folder in key.split('/').filter(|folder| !folder.is_empty()) {
            if folder == "AWSLogs" {
                // The layout starts here, so earlier folders that resemble it do not
                // count.
                place = KeyPlace { organisation: place.organisation, ..KeyPlace::default() };
            } else if place.kind.is_none() {
                match folder {
                    _ if is_account(folder) => place.account = Some(folder),
                    _ if folder.starts_with("o-") => place.organisation = Some(folder),
                    _ if place.account.is_some() && is_kind_folder(folder) => place.kind = Some(folder),
                    _ => place.account = None,
                }
            } else if place.region.is_none() {
                place.region = Some(folder);
            } else if place.year.is_none() {
                place.year = number(folder, 4);
            } else if place.month.is_none() {
                place.month = number(folder, 2).and_then(|month| i8::try_from(month).ok());
            } else if place.day.is_none() {
                place.day = number(folder, 2).and_then(|day| i8::try_from(day).ok());
            }
        }
        place
    }

    /// The first and last day that the folder can hold; `None` if it is above the
    /// folders of years.
    fn days(&self) -> Option<(Date, Date)> {
        let year = self.year?;
        let first = Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()?;
        let last = match (self.month, self.day) {
            (None, _) => first.last_of_year(),
            (_, None) => first.last_of_month(),
            _ => first,
        };
        Some((first, last))
    }

    /// The day of delivery.
    pub fn day(&self) -> Option<Date> {
        self.day.and(self.days()).map(|(day, _)| day)
    }
}

fn number(text: &str, digits: usize) -> Option<i16> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Whether a text is an account id.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a key is that of a digest, by its folder.
pub fn is_digest(key: &str) -> bool {
    // Most keys are those of logs, and need not be parsed.
    key.contains(DIGEST) && key.rsplit_once('/').is_some_and(|(folder, _)| KeyPlace::of(folder).kind == Some(DIGEST))
}

/// The end of the minute in which a file was delivered, from its name. Its events
/// happened before that.
pub fn delivered_by(key: &str) -> Option<Timestamp> {
    let name = key.rsplit('/').next()?;
    let mut parts = name.split('_');
    let (account, kind, _region) = (parts.next()?, parts.next()?, parts.next()?);
    let stamp = parts.next()?.strip_suffix('Z')?;
    if !is_account(account) || LogKind::from_folder(kind).is_none() || stamp.len() != "20261001T1200".len() {
        return None;
    }
    let time = DateTime::strptime("%Y%m%dT%H%M", stamp).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    time.checked_add(SignedDuration::from_mins(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/10/01/\
                       111122223333_CloudTrail_eu-west-1_20261001T0915Z_AAAABBBBCCCCDDDD.json.gz";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn every_layout_is_read() {
        for prefix in ["", "AWSLogs/", "AWSLogs/o-abc/", "o-abc/AWSLogs/o-abc/", "my/o-abc/AWSLogs/", "123456789012/"] {
            let key = format!("{prefix}111122223333/CloudTrail/eu-west-1/2026/10/01/x.json.gz");
            let place = KeyPlace::of(&key);
            assert_eq!(place.account, Some("111122223333"), "{key}");
            assert_eq!((place.kind, place.region), (Some("CloudTrail"), Some("eu-west-1")), "{key}");
            assert_eq!(place.day().unwrap().to_string(), "2026-10-01", "{key}");
            assert_eq!(place.organisation, prefix.contains("o-abc").then_some("o-abc"), "{key}");
        }
    }

    #[test]
    fn digests_are_known_by_their_folder() {
        let folder = "AWSLogs/o-abc/111122223333/CloudTrail-Digest/eu-west-1/2026/10/01";
        assert!(is_digest(&format!("{folder}/x.json.gz")));
        assert!(!is_digest(KEY) && !is_digest(folder.rsplit_once("-Digest").unwrap().0));
        assert!(!is_digest("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01/x_CloudTrail-Digest_x"));
        assert!(!is_digest("CloudTrail-Digest/x"), "a bucket can have any folders");
    }

    #[test]
    fn the_minute_of_delivery_is_read_from_the_name() {
        assert_eq!(delivered_by(KEY), Some(at("2026-10-01T09:16:00Z")));
        for kind in ["CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"] {
            let key = KEY.replace("_CloudTrail_", &format!("_{kind}_"));
            assert_eq!(delivered_by(&key), Some(at("2026-10-01T09:16:00Z")), "{kind}");
        }
        let digest = KEY.replace("_CloudTrail_", "_CloudTrail-Digest_");
        for name in [
            &digest,
            "x.json.gz",
            "111122223333_CloudTrail_us-east-1-20200930T2358.json",
            "1_CloudTrail_r_20261001T0915Z_x",
        ] {
            assert_eq!(delivered_by(name), None, "{name}");
        }
    }
}
