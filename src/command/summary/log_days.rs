//! Of which days there are logs, by account and region, as the names of files
//! tell: where one is missing, nothing happened, or something is lost.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::cloudtrail::keys::KeyPlace;

/// Whose logs: an account and the region that delivered.
pub(super) type AccountRegion = (String, String);

/// More owners than the largest organisations have. Only names that somebody made
/// up can be more, and then it is said that there are.
const MOST: usize = 50_000;

/// The days of which there are logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LogDays {
    /// For each owner its days, counted from 1970, as sorted stretches from the
    /// first to the last.
    owners: BTreeMap<AccountRegion, Vec<[i32; 2]>>,
    /// Logs whose name tells no account, region and day.
    pub(super) untold: u64,
    /// Whether there are more owners than are kept.
    pub(super) has_more: bool,
    /// The last owner and day that were met.
    last: Option<(AccountRegion, i32)>,
}

impl LogDays {
    /// Notes a log by its name.
    pub(super) fn add(&mut self, name: &str) {
        let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
        let place = KeyPlace::of(folders);
        let (Some(account), Some(region), Some(day)) = (place.account, place.region, place.day()) else {
            self.untold += 1;
            return;
        };
        let day = number(day);
        let is_known =
            |((known, place), last): &(AccountRegion, i32)| known == account && place == region && *last == day;
        if self.last.as_ref().is_some_and(is_known) {
            return;
        }
        let owner = (account.to_string(), region.to_string());
        self.last = Some((owner.clone(), day));
        self.add_days(owner, [day, day]);
    }

    fn add_days(&mut self, owner: AccountRegion, [first, last]: [i32; 2]) {
        if self.owners.len() >= MOST && !self.owners.contains_key(&owner) {
            self.has_more = true;
            return;
        }
        let stretches = self.owners.entry(owner).or_default();
        let from = stretches.partition_point(|stretch| stretch[1] < first - 1);
        let to = stretches.partition_point(|stretch| stretch[0] <= last + 1);
        let joined = stretches[from..to]
            .iter()
            .fold([first, last], |[first, last], stretch| [first.min(stretch[0]), last.max(stretch[1])]);
        stretches.splice(from..to, [joined]);
    }

    /// Adds what another thread met.
    pub(super) fn merge(&mut self, other: LogDays) {
        for (owner, stretches) in other.owners {
            for stretch in stretches {
                self.add_days(owner.clone(), stretch);
            }
        }
        self.untold += other.untold;
        self.has_more |= other.has_more;
    }

    /// Each owner with its days.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&AccountRegion, &[[i32; 2]])> {
        self.owners.iter().map(|(owner, stretches)| (owner, stretches.as_slice()))
    }

    /// The first day of all and the last.
    pub(super) fn period(&self) -> Option<[i32; 2]> {
        let firsts = self.owners.values().filter_map(|stretches| stretches.first());
        let lasts = self.owners.values().filter_map(|stretches| stretches.last());
        Some([firsts.map(|stretch| stretch[0]).min()?, lasts.map(|stretch| stretch[1]).max()?])
    }
}

/// Days from 1970 to this one.
fn number(day: Date) -> i32 {
    day.duration_since(Date::constant(1970, 1, 1)).as_hours().div_euclid(24) as i32
}

/// The days of a period that are in no stretch, as stretches.
pub(super) fn gaps(stretches: &[[i32; 2]], [first, last]: [i32; 2]) -> Vec<[i32; 2]> {
    let mut gaps = Vec::new();
    let mut next = first;
    for [start, end] in stretches {
        if *start > next {
            gaps.push([next, start - 1]);
        }
        next = next.max(end + 1);
    }
    if next <= last {
        gaps.push([next, last]);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(region: &str, day: u32) -> String {
        format!("s3://b/AWSLogs/111122223333/CloudTrail/{region}/2026/10/{day:02}/x.json.gz")
    }

    #[test]
    fn days_without_a_log_are_gaps_whatever_the_order_and_the_threads() {
        let order = [4, 1, 9, 2, 2, 8, 5];
        let mut whole = LogDays::default();
        let mut threads = [LogDays::default(), LogDays::default()];
        for (at, day) in order.into_iter().enumerate() {
            whole.add(&name("eu-west-1", day));
            threads[at % 2].add(&name("eu-west-1", day));
        }
        let [mut left, right] = threads;
        left.merge(right);
        for days in [&whole, &left] {
            let (first, stretches) = days.owners().next().unwrap();
            assert_eq!(first, &("111122223333".to_string(), "eu-west-1".to_string()));
            let start = number(Date::constant(2026, 10, 1));
            let relative: Vec<[i32; 2]> = stretches.iter().map(|stretch| stretch.map(|day| day - start + 1)).collect();
            assert_eq!(relative, [[1, 2], [4, 5], [8, 9]]);
            let found = gaps(stretches, [start - 1, start + 9]);
            let relative: Vec<[i32; 2]> = found.iter().map(|gap| gap.map(|day| day - start + 1)).collect();
            assert_eq!(relative, [[0, 0], [3, 3], [6, 7], [10, 10]]);
            assert_eq!(days.period(), Some([start, start + 8]));
        }
    }

    #[test]
    fn what_has_no_such_name_is_counted() {
        let mut days = LogDays::default();
        for name in ["-", "a.json", "111122223333/CloudTrail/eu-west-1/2026/13/01/x.json", "AWSLogs/x/2026/10/01/y"] {
            days.add(name);
        }
        assert_eq!((days.untold, days.period()), (4, None));
        assert_eq!(gaps(&[], [1, 3]), [[1, 3]]);
    }
}
