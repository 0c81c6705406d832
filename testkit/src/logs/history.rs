//! Random histories of a few accounts and regions: events that create, change and delete resources,
//! some of them missing. Resource ids recur in every account, and private addresses in every VPC.

mod addresses;
mod balancers;
mod groups;
mod instances;
mod interfaces;
mod simulator;

use fastrand::Rng;
use serde_json::Value;

use self::simulator::AccountSimulator;
use super::file::{gzip, records};
use super::seeded::{Alphabet, letters, mix};

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Logs of a history.
#[derive(Clone, Debug)]
pub struct HistoryLogs {
    /// Keys and contents of the files, in any order.
    pub files: Vec<(String, Vec<u8>)>,
    /// All events in the files, some of them twice.
    pub events: Vec<Value>,
}

/// The logs that follow from a seed.
pub fn history(seed: u64) -> HistoryLogs {
    let mut rng = Rng::with_seed(seed);
    // Some logs are complete, and some lack up to half of the events.
    let missing = [0.0, 0.0, 0.1, 0.3, 0.5][rng.usize(..5)];
    let (mut files, mut all) = (Vec::new(), Vec::new());
    for account in ACCOUNTS {
        for region in REGIONS {
            // About a quarter of the accounts and regions have no logs.
            if rng.u8(..4) == 0 && !all.is_empty() {
                continue;
            }
            let mut events =
                AccountSimulator::new(account, region, Rng::with_seed(rng.u64(..))).live(rng.usize(10..70));
            events.retain(|_| rng.f64() >= missing);
            files.extend(in_files(account, region, &events, &mut all, &mut rng));
        }
    }
    rng.shuffle(&mut files);
    HistoryLogs { files, events: all }
}

/// Spreads events over files. Some are in two of them.
fn in_files(
    account: &str,
    region: &str,
    events: &[Value],
    all: &mut Vec<Value>,
    rng: &mut Rng,
) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<&Value>)> = Vec::new();
    for event in events {
        let copies = if rng.u8(..10) == 0 { 2 } else { 1 };
        for _ in 0..copies {
            all.push(event.clone());
            let day = event["eventTime"].as_str().unwrap_or_default()[..10].replace('-', "/");
            let fits = |(key, held): &(String, Vec<&Value>)| key.contains(&day) && !held.contains(&event);
            match files.iter_mut().find(|file| fits(file)).filter(|_| rng.u8(..3) > 0) {
                Some((_, held)) => held.push(event),
                None => files.push((key(account, region, &day, files.len()), vec![event])),
            }
        }
    }
    for (_, held) in &mut files {
        rng.shuffle(held);
    }
    files.into_iter().map(|(key, held)| (key, gzip(&records(held.iter().map(|event| event.to_string()))))).collect()
}

fn key(account: &str, region: &str, day: &str, number: usize) -> String {
    let mut unique = String::new();
    letters(mix(number as u64, 7), Alphabet::Name, 16, &mut unique);
    let time = day.replace('/', "");
    format!("AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{time}T2355Z_{unique}.json.gz")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_logs() {
        let (one, other) = (history(5), history(5));
        assert_eq!(one.files, other.files);
        assert_ne!(one.files, history(6).files);
    }

    #[test]
    fn every_kind_of_event_is_made() {
        let mut names = BTreeSet::new();
        for seed in 0..60 {
            names.extend(history(seed).events.iter().map(|event| event["eventName"].to_string()));
        }
        assert!(names.len() > 40, "{names:?}");
    }
}
