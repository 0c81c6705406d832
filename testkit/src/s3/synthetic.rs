//! CloudTrail's keys and bodies by rule: a million objects that nobody holds.
//!
//! Keys are numbered in the order of their bytes, so that the place of any key is found by bisection and a listing
//! can begin anywhere.

mod body;

use bytes::Bytes;
use jiff::civil::{Date, DateTime, date};
use jiff::{Timestamp, ToSpan, tz::Offset};

use super::store::{Entry, Object, Store};

/// Regions, roughly by how much they are used; a rule takes the first so many.
const REGIONS: [&str; 34] = [
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "us-east-2",
    "us-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ca-central-1",
    "eu-north-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "us-gov-east-1",
];

/// The smallest object: a gzip member around one record with nothing to spare.
const MIN_SIZE: usize = 600;

/// How many CloudTrail objects to make up, and of what kind.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// What comes before `AWSLogs/`, with its slash.
    pub prefix: String,
    /// The organisation (`o-…`) under which the accounts stand.
    pub organization: Option<String>,
    /// How many accounts.
    pub accounts: usize,
    /// How many regions in each account, 34 at most.
    pub regions: usize,
    /// The first day.
    pub first_day: Date,
    /// How many days.
    pub days: usize,
    /// How many files a day, in each region.
    pub files: usize,
    /// The length of each object in bytes, 600 at least: a gzip member whose records name the key they are in.
    pub size: usize,
    /// Bodies to hand out in turn instead; `size` is then not used.
    pub bodies: Vec<Bytes>,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            organization: None,
            accounts: 1,
            regions: 1,
            first_day: date(2026, 1, 1),
            days: 1,
            files: 1,
            size: 1500,
            bodies: Vec::new(),
        }
    }
}

impl Synthetic {
    /// The store that follows this rule.
    pub fn build(self) -> SyntheticStore {
        assert!((1..=REGIONS.len()).contains(&self.regions), "1 to {} regions", REGIONS.len());
        assert!(self.size >= MIN_SIZE, "objects of {MIN_SIZE} bytes at least");
        let mut regions = REGIONS[..self.regions].to_vec();
        regions.sort_unstable();
        let root = match &self.organization {
            Some(organization) => format!("{}AWSLogs/{organization}/", self.prefix),
            None => format!("{}AWSLogs/", self.prefix),
        };
        SyntheticStore { root, regions, rule: self }
    }
}

/// The objects of a [`Synthetic`] rule.
#[derive(Clone, Debug)]
pub struct SyntheticStore {
    rule: Synthetic,
    root: String,
    regions: Vec<&'static str>,
}

impl SyntheticStore {
    /// How many objects there are.
    #[allow(clippy::len_without_is_empty, reason = "a rule without objects is of no use")]
    pub fn len(&self) -> usize {
        self.rule.accounts * self.rule.regions * self.rule.days * self.rule.files
    }

    /// The accounts, in order.
    pub fn accounts(&self) -> Vec<String> {
        (0..self.rule.accounts).map(|account| self.account(account)).collect()
    }

    /// The regions, in order.
    pub fn regions(&self) -> &[&'static str] {
        &self.regions
    }

    /// The key with this number, from 0, in the order of their bytes.
    pub fn key(&self, number: usize) -> String {
        let KeyFields { account, region, delivered, file } = self.place(number);
        let account = self.account(account);
        let (year, month, day) = (delivered.year(), delivered.month(), delivered.day());
        let (hour, minute) = (delivered.hour(), delivered.minute());
        // The file's number in front keeps the order where many files share a minute.
        let salt = hash(number) % 10_000_000_000;
        format!(
            "{}{account}/CloudTrail/{region}/{year:04}/{month:02}/{day:02}/\
             {account}_CloudTrail_{region}_{year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{file:06}{salt:010}.json.gz",
            self.root
        )
    }

    fn account(&self, account: usize) -> String {
        let apart = 888_888_888_888 / self.rule.accounts;
        format!("{:012}", 111_111_111_111 + account * apart)
    }

    fn place(&self, number: usize) -> KeyFields {
        let Synthetic { regions, first_day, days, files, .. } = self.rule;
        let (rest, file) = (number / files, number % files);
        let (rest, day) = (rest / days, rest % days);
        let (account, region) = (rest / regions, rest % regions);
        let minute = file * 24 * 60 / files;
        let delivered = first_day.saturating_add((day as i64).days()).at(0, 0, 0, 0) + (minute as i64).minutes();
        KeyFields { account, region: self.regions[region], delivered, file }
    }

    /// The number of the first key for which `before` does not hold.
    fn first(&self, before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(&self.key(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn entry(&self, number: usize, key: String) -> Entry {
        Entry {
            key,
            size: self.stock(number).map_or(self.rule.size, Bytes::len) as u64,
            etag: etag(number),
            last_modified: timestamp(self.place(number).delivered),
            storage_class: "STANDARD",
            restore: None,
        }
    }

    fn stock(&self, number: usize) -> Option<&Bytes> {
        self.rule.bodies.get(number % self.rule.bodies.len().max(1))
    }

    fn body(&self, number: usize, key: &str) -> Bytes {
        match self.stock(number) {
            Some(body) => body.clone(),
            None => body::of(self.rule.size, |event, spare| self.record(number, key, event, spare)),
        }
    }

    /// Every record of an object is of one length but for what `spare` adds to it.
    fn record(&self, number: usize, key: &str, event: usize, spare: usize) -> String {
        let KeyFields { account, region, delivered, .. } = self.place(number);
        let account = self.account(account);
        let file = key.rsplit('/').next().unwrap_or(key);
        let id = hash(number.wrapping_mul(1_000_003).wrapping_add(event));
        let time = timestamp(delivered) - ((id % 600) as i64).seconds();
        let (address, high) = (100 + id % 100, id >> 32);
        format!(
            "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"IAMUser\",\"accountId\":\"{account}\",\
             \"userName\":\"alice\"}},\"eventTime\":\"{time}\",\"eventSource\":\"ec2.amazonaws.com\",\
             \"eventName\":\"DescribeInstances\",\"awsRegion\":\"{region}\",\
             \"sourceIPAddress\":\"192.0.2.{address}\",\"userAgent\":\"cli{:x<spare$}\",\
             \"requestParameters\":{{\"file\":\"{file}\"}},\
             \"eventID\":\"{high:08x}-{event:04x}-4000-8000-{number:012x}\"}}",
            ""
        )
    }
}

impl Store for SyntheticStore {
    fn list(&self, prefix: &str, after: &str, limit: usize) -> Vec<Entry> {
        let first = self.first(|key| key < prefix || key <= after);
        let keys = (first..self.len()).map(|number| (number, self.key(number)));
        let listed = keys.take_while(|(_, key)| key.starts_with(prefix)).take(limit);
        listed.map(|(number, key)| self.entry(number, key)).collect()
    }

    fn get(&self, key: &str) -> Option<Object> {
        let number = self.first(|other| other < key);
        if number == self.len() || self.key(number) != key {
            return None;
        }
        Some(Object {
            body: self.body(number, key),
            etag: etag(number),
            last_modified: timestamp(self.place(number).delivered),
            storage_class: "STANDARD",
            restore: None,
            metadata: Vec::new(),
        })
    }
}

/// Where a number falls.
struct KeyFields {
    account: usize,
    region: &'static str,
    delivered: DateTime,
    file: usize,
}

fn timestamp(utc: DateTime) -> Timestamp {
    Offset::UTC.to_timestamp(utc).unwrap()
}

fn hash(number: usize) -> u64 {
    fastrand::Rng::with_seed(number as u64).u64(..)
}

/// Not an MD5, and it does not look like one.
fn etag(number: usize) -> String {
    format!("{:016x}{number:016x}-1", hash(number))
}
