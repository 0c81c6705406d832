//! The days that have logs, by account and region, taken from file names. A
//! missing day means that nothing happened or that a log is lost.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::cloudtrail::keys::KeyPlace;

/// The account that owns a log and the region that delivered it.
pub(super) type AccountRegion = (String, String);

/// Limit that bounds memory: more owners than the largest organisations have.
/// Only made-up names exceed it, and `has_more` reports that.
const MAX_OWNERS: usize = 50_000;

/// The days that have logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LogDays {
    /// The days of each owner, counted from 1970, as sorted inclusive ranges.
    owners: BTreeMap<AccountRegion, Vec<[i32; 2]>>,
    /// Logs whose name lacks an account, a region or a day.
    pub(super) unplaced: u64,
    /// Whether owners were dropped because of `MAX_OWNERS`.
    pub(super) has_more: bool,
    /// The owner and day of the last log: the next one is mostly of the same day.
    last: Option<(AccountRegion, i32)>,
}

impl LogDays {
    /// Records a log by its name.
    pub(super) fn add(&mut self, name: &str) {
        let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
        let place = KeyPlace::of(folders);
        let (Some(account), Some(region), Some(day)) = (place.account, place.region, place.day()) else {
            self.unplaced += 1;
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
        self.add_days(owner, [day, day], MAX_OWNERS);
    }

    fn add_days(&mut self, owner: AccountRegion, [first, last]: [i32; 2], most: usize) {
        let ranges = self.owners.entry(owner).or_default();
        let from = ranges.partition_point(|range| range[1] < first - 1);
        let to = ranges.partition_point(|range| range[0] <= last + 1);
        let joined = ranges[from..to]
            .iter()
            .fold([first, last], |[first, last], range| [first.min(range[0]), last.max(range[1])]);
        ranges.splice(from..to, [joined]);
        // The last in the order of names goes, so that those that stay do not depend on the
        // order of logs, threads and parts.
        while self.owners.len() > most {
            self.owners.pop_last();
            self.has_more = true;
        }
    }

    /// Adds the days of an owner that another process recorded. Returns false if they are no
    /// sorted days.
    pub(super) fn add_owner(&mut self, owner: &AccountRegion, ranges: &[[i32; 2]]) -> bool {
        let known = number(Date::MIN)..=number(Date::MAX);
        let are_days =
            ranges.iter().all(|[first, last]| first <= last && known.contains(first) && known.contains(last));
        if are_days {
            ranges.iter().for_each(|range| self.add_days(owner.clone(), *range, MAX_OWNERS));
        }
        are_days
    }

    /// Adds the days that another thread recorded.
    pub(super) fn merge(&mut self, other: LogDays) {
        for (owner, ranges) in other.owners {
            for range in ranges {
                self.add_days(owner.clone(), range, MAX_OWNERS);
            }
        }
        self.unplaced += other.unplaced;
        self.has_more |= other.has_more;
    }

    /// Each owner with its days.
    pub(super) fn owners(&self) -> impl Iterator<Item = (&AccountRegion, &[[i32; 2]])> {
        self.owners.iter().map(|(owner, ranges)| (owner, ranges.as_slice()))
    }

    /// The first and the last day of all owners.
    pub(super) fn period(&self) -> Option<[i32; 2]> {
        let first_seen = self.owners.values().filter_map(|ranges| ranges.first());
        let lasts = self.owners.values().filter_map(|ranges| ranges.last());
        Some([first_seen.map(|range| range[0]).min()?, lasts.map(|range| range[1]).max()?])
    }
}

/// The day as a number of days since 1970.
fn number(day: Date) -> i32 {
    day.duration_since(Date::constant(1970, 1, 1)).as_hours().div_euclid(24) as i32
}

/// The days of a period that are in none of the sorted `ranges`, as ranges.
pub(super) fn gaps(ranges: &[[i32; 2]], [first, last]: [i32; 2]) -> Vec<[i32; 2]> {
    let mut gaps = Vec::new();
    let mut next = first;
    for [start, end] in ranges {
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
    fn gaps_do_not_depend_on_order_or_threads() {
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
            let (first, ranges) = days.owners().next().unwrap();
            assert_eq!(first, &("111122223333".to_string(), "eu-west-1".to_string()));
            let start = number(Date::constant(2026, 10, 1));
            let relative: Vec<[i32; 2]> = ranges.iter().map(|range| range.map(|day| day - start + 1)).collect();
            assert_eq!(relative, [[1, 2], [4, 5], [8, 9]]);
            let found = gaps(ranges, [start - 1, start + 9]);
            let relative: Vec<[i32; 2]> = found.iter().map(|gap| gap.map(|day| day - start + 1)).collect();
            assert_eq!(relative, [[0, 0], [3, 3], [6, 7], [10, 10]]);
            assert_eq!(days.period(), Some([start, start + 8]));
        }
    }

    #[test]
    fn the_owners_that_stay_do_not_depend_on_the_order() {
        let owner = |number: i32| (format!("{number:012}"), "eu-west-1".to_string());
        let numbers = [7, 3, 9, 1, 3, 8, 2, 7];
        let of = |numbers: &[i32]| {
            let mut days = LogDays::default();
            numbers.iter().enumerate().for_each(|(at, number)| days.add_days(owner(*number), [at as i32 * 2; 2], 3));
            let owners: Vec<i32> = days.owners().map(|((account, _), _)| account.parse().unwrap()).collect();
            (owners, days.has_more)
        };
        let reversed: Vec<i32> = numbers.into_iter().rev().collect();
        assert_eq!(of(&numbers), (vec![1, 2, 3], true));
        assert_eq!(of(&reversed), of(&numbers));
        assert_eq!(of(&numbers[..3]), (vec![3, 7, 9], false));
    }

    #[test]
    fn logs_with_other_names_are_counted() {
        let mut days = LogDays::default();
        for name in ["-", "a.json", "111122223333/CloudTrail/eu-west-1/2026/13/01/x.json", "AWSLogs/x/2026/10/01/y"] {
            days.add(name);
        }
        assert_eq!((days.unplaced, days.period()), (4, None));
        assert_eq!(gaps(&[], [1, 3]), [[1, 3]]);
    }
}
