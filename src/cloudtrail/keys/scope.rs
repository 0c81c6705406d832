//! Decides which folders and files to read. It excludes only those that cannot contain
//! wanted events or were not requested.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{KeyPlace, delivered_by};
use crate::cloudtrail::log_kind::{DIGEST, LogKind};
use crate::cloudtrail::regions;
use crate::error::Error;
use crate::syntax::glob::{Pattern, PatternSet};
use crate::syntax::window::Window;

/// How far after the window the run looked for late deliveries.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum LateSearch {
    /// Up to the folder of this day.
    Until(Date),
    /// In all later folders of the mirror.
    Everywhere,
}

impl fmt::Display for LateSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LateSearch::Until(day) => write!(f, "searched for late deliveries up to {day}"),
            LateSearch::Everywhere => write!(f, "searched for late deliveries on all later days"),
        }
    }
}

/// The folders of the requested kinds; by default the kind in the prefix, otherwise the
/// usual logs.
pub fn kind_folders(kinds: &[LogKind], prefix: &str) -> BTreeSet<String> {
    let named = KeyPlace::of(prefix).kind.unwrap_or(LogKind::CloudTrail.folder());
    match kinds {
        [] => [named.to_string()].into(),
        kinds => kinds.iter().map(|kind| kind.folder().to_string()).collect(),
    }
}

/// The folders and files of the layout that can contain wanted events. Excludes only
/// those that cannot.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    organisation: Option<String>,
    /// The folders of kinds to enter; `None` means all.
    kinds: Option<BTreeSet<String>>,
    accounts: Option<PatternSet<Pattern>>,
    regions: Option<PatternSet<Pattern>>,
    /// The folder of a region that is entered whatever regions are wanted.
    also_region: Option<&'static str>,
    since: Option<Timestamp>,
    /// The first day whose folder is read.
    pub first_day: Option<Date>,
    /// The last day whose folder of logs is read.
    pub last_day: Option<Date>,
    /// Whether digests are wanted too.
    has_digests: bool,
    /// Whether the time window has an end.
    has_end: bool,
    /// The folder that the keys are relative to, if they are paths.
    root: String,
}

impl Scope {
    /// Excludes files by time only: those delivered before the window. Deliveries can
    /// be late by any time, so later files stay.
    pub fn since(window: Window) -> Scope {
        Scope { since: window.since, first_day: window.days(None).0, ..Scope::default() }
    }

    /// The scope of a bucket. Fails if a pattern for accounts or regions is invalid.
    pub fn of_bucket(
        organisation: Option<String>,
        kinds: BTreeSet<String>,
        accounts: &[String],
        regions: &[String],
        window: Window,
        late_days: Option<u32>,
    ) -> Result<Scope, Error> {
        let (first_day, last_day) = window.days(late_days);
        Ok(Scope {
            organisation,
            kinds: Some(kinds),
            accounts: PatternSet::new("--account", accounts, |value| Pattern::new("--account", value))?,
            regions: PatternSet::new("--region", regions, |value| Pattern::new("--region", value))?,
            also_region: None,
            since: window.since,
            first_day,
            last_day,
            has_digests: false,
            has_end: window.until.is_some(),
            root: String::new(),
        })
    }

    /// Files by the time of their delivery instead of that of their events, of all kinds or of
    /// these. Fails if a pattern for accounts is invalid.
    pub fn of_deliveries(kinds: Option<BTreeSet<String>>, accounts: &[String], window: Window) -> Result<Scope, Error> {
        let (first_day, last_day) = window.days(Some(1));
        Ok(Scope {
            kinds,
            accounts: PatternSet::new("--account", accounts, |value| Pattern::new("--account", value))?,
            first_day,
            last_day,
            ..Scope::default()
        })
    }

    /// Adds the folder of one more region.
    pub fn with_region(self, also_region: Option<&'static str>) -> Scope {
        Scope { also_region, ..self }
    }

    /// Adds digests.
    pub fn with_digests(mut self) -> Scope {
        self.has_digests = true;
        self.kinds.get_or_insert_default().insert(DIGEST.into());
        self
    }

    /// Whether digests are wanted too.
    pub fn has_digests(&self) -> bool {
        self.has_digests
    }

    /// The last day whose folder is read, for a kind of logs. The digest that names a log can end
    /// on the day after the delivery.
    fn last_day_of(&self, kind: Option<&str>) -> Option<Date> {
        let last = self.last_day?;
        if kind == Some(DIGEST) { last.checked_add(1.day()).ok() } else { Some(last) }
    }

    /// The last day whose folder is read, below a folder.
    pub fn last_day_below(&self, folder: &str) -> Option<Date> {
        self.last_day_of(KeyPlace::of(folder).kind)
    }

    /// How far the scope reaches for late deliveries; `None` if the window has no end.
    pub fn late(&self) -> Option<LateSearch> {
        let late = self.last_day.map_or(LateSearch::Everywhere, LateSearch::Until);
        self.has_end.then_some(late)
    }

    /// Applies the scope to paths below `folder`, whose own name proves nothing.
    pub fn below(self, folder: &Path) -> Scope {
        Scope { root: folder.to_string_lossy().into_owned(), ..self }
    }

    /// The folders of the wanted kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().flatten().map(String::as_str)
    }

    /// Whether a folder can contain wanted keys.
    pub fn includes_folder(&self, key: &str) -> bool {
        self.includes(&KeyPlace::of(key.strip_prefix(self.root.as_str()).unwrap_or(key)))
    }

    /// Whether the bucket's logs are at or below this position.
    fn includes(&self, place: &KeyPlace<'_>) -> bool {
        let is_organisation = self.organisation.is_none()
            || place.organisation == self.organisation.as_deref()
            || (place.organisation.is_none() && place.account.is_none());
        let is_account = match (&self.accounts, place.account) {
            (Some(patterns), Some(account)) => patterns.accepts(|pattern| pattern.matches(account)),
            _ => true,
        };
        let is_region = match (&self.regions, place.region) {
            (Some(patterns), Some(region)) => regions::may_hold(patterns, region) || self.also_region == Some(region),
            _ => true,
        };
        let is_day = place.days().is_none_or(|(first, last)| {
            self.first_day.is_none_or(|since| last >= since)
                && self.last_day_of(place.kind).is_none_or(|until| first <= until)
        });
        let is_kind = place.kind.is_none_or(|kind| self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)));
        is_organisation && is_account && is_kind && is_region && is_day
    }

    /// Whether a file, judged by its name, can contain an event of the window.
    pub fn includes_file(&self, key: &str) -> bool {
        self.since.is_none_or(|since| delivered_by(key).is_none_or(|delivered| delivered > since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/10/01/\
                       111122223333_CloudTrail_eu-west-1_20261001T0915Z_AAAABBBBCCCCDDDD.json.gz";

    fn usual() -> BTreeSet<String> {
        kind_folders(&[], "")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn folders_above_the_layout_prove_nothing() {
        let place = KeyPlace::of("444455556666/CloudTrail/us-east-1/2020/01/02/AWSLogs/111122223333/CloudTrail");
        assert_eq!((place.account, place.kind, place.region), (Some("111122223333"), Some("CloudTrail"), None));
        assert_eq!(place.days(), None);
        let window = Window { since: Some(at("2026-10-01T00:00:00Z")), until: None };
        let scope = Scope::of_bucket(None, usual(), &["111122223333".into()], &[], window, Some(1)).unwrap();
        let mirror = Path::new("444455556666/CloudTrail/us-east-1/2020");
        assert!(!scope.includes_folder("444455556666/CloudTrail/us-east-1/2020"));
        assert!(scope.clone().below(mirror).includes_folder("444455556666/CloudTrail/us-east-1/2020"));
        let other = "444455556666/CloudTrail/us-east-1/2020/AWSLogs/444455556666";
        assert!(!scope.below(mirror).includes_folder(other));
    }

    #[test]
    fn only_files_delivered_before_the_window_are_excluded() {
        let scope = |since: &str| Scope::since(Window { since: Some(at(since)), until: None });
        assert!(scope("2026-10-01T09:15:59Z").includes_file(KEY));
        assert!(!scope("2026-10-01T09:16:00Z").includes_file(KEY));
        assert!(scope("2026-10-01T09:16:00Z").includes_file("unknown.json.gz"));
        assert!(scope("2026-10-01T23:00:00Z").includes_folder("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01"));
        assert!(!scope("2026-10-02T00:00:00Z").includes_folder("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01"));
        assert!(!scope("2026-10-02T00:00:00Z").includes_folder("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09"));
        assert!(scope("2026-10-02T00:00:00Z").includes_folder("AWSLogs/111122223333/CloudTrail/eu-west-1/2026"));
        assert!(scope("2026-10-02T00:00:00Z").includes_folder("some/2025/folder"));
    }

    #[test]
    fn kinds_are_those_requested_or_the_one_in_the_prefix() {
        let kinds = |kinds: &[LogKind], prefix: &str| {
            let scope =
                Scope::of_bucket(None, kind_folders(kinds, prefix), &[], &[], Window::default(), Some(1)).unwrap();
            let all = ["", "-Insight", "-NetworkActivity", "-Digest", "-New"];
            let is_entered = |kind: &&str| scope.includes_folder(&format!("AWSLogs/111122223333/CloudTrail{kind}/x"));
            all.into_iter().filter(is_entered).collect::<Vec<_>>()
        };
        assert_eq!(kinds(&[], ""), [""]);
        assert_eq!(kinds(&[], "AWSLogs/111122223333/"), [""]);
        assert_eq!(kinds(&[], "AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/"), ["-Insight"]);
        assert_eq!(kinds(&[], "AWSLogs/111122223333/CloudTrail-New/"), ["-New"]);
        assert_eq!(kinds(&[LogKind::Insight, LogKind::CloudTrail], ""), ["", "-Insight"]);
        assert_eq!(kinds(&[LogKind::NetworkActivity], "AWSLogs/111122223333/CloudTrail/"), ["-NetworkActivity"]);
        assert!(Scope::since(Window::default()).includes_folder("AWSLogs/111122223333/CloudTrail-Digest/x"));
    }

    #[test]
    fn digests_are_read_one_day_longer_than_logs() {
        let window = Window { since: Some(at("2026-10-01T08:00:00Z")), until: Some(at("2026-10-01T20:00:00Z")) };
        let logs = Scope::of_bucket(None, usual(), &[], &[], window, Some(1)).unwrap();
        let both = logs.clone().with_digests();
        let days = |scope: &Scope, kind: &str| {
            let folder = |day: &u32| format!("AWSLogs/111122223333/{kind}/eu-west-1/2026/10/{day:02}");
            (1..=9).filter(|day| scope.includes_folder(&folder(day))).collect::<Vec<u32>>()
        };
        assert_eq!((days(&both, "CloudTrail"), days(&both, DIGEST)), (vec![1, 2], vec![1, 2, 3]));
        assert_eq!((days(&logs, "CloudTrail"), days(&logs, DIGEST)), (vec![1, 2], vec![]));
        assert_eq!(both.last_day_below("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/"), "2026-10-03".parse().ok());
        assert_eq!(both.last_day_below("AWSLogs/111122223333/CloudTrail/eu-west-1/"), "2026-10-02".parse().ok());
        assert!(both.includes_folder("AWSLogs/111122223333/CloudTrail-Digest") && both.has_digests());
    }

    #[test]
    fn only_folders_that_can_match_are_entered() {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_string()).collect::<Vec<_>>();
        let window = Window { since: Some(at("2026-10-01T08:00:00Z")), until: Some(at("2026-10-01T20:00:00Z")) };
        let scope =
            Scope::of_bucket(None, usual(), &list(&["111122223333"]), &list(&["eu-west-1"]), window, Some(1)).unwrap();
        for (folder, expected) in [
            ("AWSLogs", true),
            ("AWSLogs/111122223333/CloudTrail", true),
            ("AWSLogs/444455556666", false),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1", true),
            ("AWSLogs/111122223333/CloudTrail/eu-west-2", false),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/02", true),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/03", false),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09", false),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10", true),
        ] {
            assert_eq!(scope.includes_folder(folder), expected, "{folder}");
        }
        let scope =
            Scope::of_bucket(Some("o-abc".into()), usual(), &[], &list(&["us-east-1"]), Window::default(), Some(1))
                .unwrap();
        assert!(scope.includes_folder("AWSLogs/o-abc/111122223333/CloudTrail/ap-southeast-2"), "global services");
        assert!(!scope.includes_folder("AWSLogs/o-other"));
        assert!(!scope.includes_folder("AWSLogs/111122223333/CloudTrail/us-east-1"));
        assert!(scope.includes_folder("AWSLogs"));
    }
}
