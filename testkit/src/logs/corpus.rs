//! The files of a large bucket, by numbers of files, events, accounts, regions and days. The
//! generator makes their content.

use std::sync::Arc;

use fastrand::Rng;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::account_region::AccountRegion;
use super::event_context::seconds;
use super::file::LogFile;
use super::generator::Generator;
use super::population::Population;

/// Account ids reserved for documentation, one with a leading zero.
const ACCOUNTS: &[&str] = &[
    "111122223333",
    "444455556666",
    "123456789012",
    "012345678901",
    "777788889999",
    "555555555555",
    "333333333333",
    "999999999999",
    "111111111111",
    "666666666666",
    "888888888888",
    "444444444444",
];
const REGIONS: &[&str] = &[
    "us-east-1",
    "eu-west-1",
    "ap-southeast-2",
    "us-west-2",
    "eu-central-1",
    "us-east-2",
    "ap-northeast-1",
    "ap-south-1",
    "sa-east-1",
    "ca-central-1",
    "eu-north-1",
    "ap-southeast-1",
];
/// CloudTrail delivers about every five minutes.
const DELIVERIES_A_DAY: i64 = 288;

/// The size of a made-up bucket, and how it is divided.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Everything follows from it.
    pub seed: u64,
    /// How many log files.
    pub files: u32,
    /// How many events in all files together.
    pub events: u32,
    /// How much the files differ in size: the sigma of a log-normal
    /// distribution. With 1.2, the mean is twice the median.
    pub spread: f64,
    /// How many accounts, at most [`Corpus::MAX_ACCOUNTS`].
    pub accounts: usize,
    /// The organisation that all accounts belong to, if any.
    pub organisation: Option<String>,
    /// How many regions each account is in, at most
    /// [`Corpus::MAX_REGIONS`].
    pub regions: usize,
    /// The first day of delivery.
    pub first_day: Date,
    /// How many days.
    pub days: u32,
    /// How many of a hundred files are delivered twice, as if by two trails. `files` and `events`
    /// do not count the second deliveries.
    pub twice: u32,
    /// The identities of each account. Without it, there are some forty actors, whose sessions
    /// last an hour and whose calls are hardly repeated.
    pub population: Option<Population>,
}

impl Corpus {
    /// The largest number of accounts.
    pub const MAX_ACCOUNTS: usize = ACCOUNTS.len();
    /// The largest number of regions.
    pub const MAX_REGIONS: usize = REGIONS.len();

    /// A busy day of three accounts: 300,000 events, over 400 MB of JSON, files with a median
    /// of 180 events and some with thousands.
    pub fn busy() -> Corpus {
        Corpus {
            seed: 11,
            files: 815,
            events: 300_000,
            spread: 1.2,
            accounts: 3,
            organisation: None,
            regions: 4,
            first_day: date(2026, 9, 28),
            days: 1,
            twice: 0,
            population: Some(Population { identities: 500, session_hours: 6 }),
        }
    }

    /// A quiet organisation: 100,000 files with a median of 2 events. Its accounts have fewer
    /// identities, so that a session makes several calls.
    pub fn tiny() -> Corpus {
        Corpus {
            files: 100_000,
            events: 260_000,
            spread: 0.8,
            accounts: 12,
            organisation: Some("o-exampleorg".into()),
            regions: 8,
            first_day: date(2026, 9, 1),
            days: 30,
            population: Some(Population { identities: 50, session_hours: 6 }),
            ..Corpus::busy()
        }
    }

    /// The bucket's files.
    pub fn files(&self) -> Vec<LogFile> {
        let mut rng = Rng::with_seed(self.seed);
        let places = self.places();
        let first = self.first_day.to_zoned(TimeZone::UTC).map_or(0, |day| day.timestamp().as_second());
        let mut files = Vec::new();
        for events in self.sizes(&mut rng) {
            let place = Arc::clone(&places[rng.usize(..places.len())]);
            let slot = rng.i64(0..DELIVERIES_A_DAY * i64::from(self.days));
            let file = LogFile::new(place, seconds(first + slot * 300), rng.u64(..), events);
            if rng.u32(..100) < self.twice {
                files.push(LogFile { again: true, ..file.clone() });
            }
            files.push(file);
        }
        files
    }

    /// A generator of the files' events.
    pub fn generator(&self) -> Generator {
        let generator = Generator::new(self.seed);
        match self.population {
            Some(population) => generator.with_population(population),
            None => generator,
        }
    }

    fn places(&self) -> Vec<Arc<AccountRegion>> {
        let mut places = Vec::new();
        for account in &ACCOUNTS[..self.accounts.min(ACCOUNTS.len())] {
            for (index, region) in REGIONS[..self.regions.min(REGIONS.len())].iter().enumerate() {
                let mut place = AccountRegion::new(account, region);
                if let Some(id) = &self.organisation {
                    place = place.in_organisation(id);
                }
                if index > 0 {
                    place = place.away_from_home();
                }
                places.push(Arc::new(place));
            }
        }
        places
    }

    /// How many events each file has: at least one, and `events` in all.
    fn sizes(&self, rng: &mut Rng) -> Vec<u32> {
        let shares: Vec<f64> = (0..self.files).map(|_| (self.spread * normal(rng)).exp()).collect();
        let scale = f64::from(self.events) / shares.iter().sum::<f64>();
        let mut sizes: Vec<u32> = shares.iter().map(|share| ((share * scale).round() as u32).max(1)).collect();
        let mut missing = i64::from(self.events) - sizes.iter().map(|&size| i64::from(size)).sum::<i64>();
        while missing != 0 && self.events >= self.files && self.files > 0 {
            let size = &mut sizes[rng.usize(..self.files as usize)];
            if missing > 0 {
                *size += 1;
                missing -= 1;
            } else if *size > 1 {
                *size -= 1;
                missing += 1;
            }
        }
        sizes
    }
}

/// A draw from the standard normal distribution, by the Box–Muller transform.
fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle) = (1.0 - rng.f64(), rng.f64());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(corpus: &Corpus) -> Vec<u32> {
        let mut sizes: Vec<u32> = corpus.files().iter().map(|file| file.events).collect();
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn busy_has_the_sizes_it_promises() {
        let sizes = sizes(&Corpus::busy());
        assert_eq!(sizes.iter().sum::<u32>(), 300_000);
        let median = sizes[sizes.len() / 2];
        assert!((170..190).contains(&median), "median {median}");
        assert!(sizes[sizes.len() - 1] > 5000, "largest {}", sizes[sizes.len() - 1]);
    }

    #[test]
    fn tiny_has_the_sizes_it_promises() {
        let sizes = sizes(&Corpus::tiny());
        assert_eq!((sizes.len(), sizes.iter().sum::<u32>()), (100_000, 260_000));
        assert_eq!((sizes[0], sizes[50_000]), (1, 2));
    }

    #[test]
    fn keys_differ_even_for_what_is_delivered_twice() {
        let corpus = Corpus { files: 2000, events: 4000, twice: 20, ..Corpus::tiny() };
        let files = corpus.files();
        assert!(files.len() > 2200, "{}", files.len());
        let mut keys: Vec<String> = files.iter().map(LogFile::key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), files.len());
    }
}
