//! The use of one access key, or of one session of the console.

use std::collections::{BTreeMap, BTreeSet};

use super::active_days::ActiveDays;
use super::address_list::{AddressList, AddressUse};
use super::kind::SignalKind;
use super::writer::CONSOLE_SESSION;
use super::{SERIOUS, Signal, text};
use crate::command::summary::time;
use crate::command::summary::value_stats::ValueStats;

/// A key belongs to one user, who may have been renamed. What more users than these have in
/// common stands for keys that were removed from the logs.
const MAX_USERS: u64 = 3;
/// The most agents that are counted.
const MAX_AGENTS: usize = 1000;
/// Of more agents, the text shows this number.
const MAX_SHOWN: usize = 6;
/// The fewest days without use after which a key is dormant.
const DORMANT_DAYS: u64 = 30;

/// The use of a key by all its users, which come in the order of bytes.
#[derive(Debug, Default)]
pub(super) struct KeyUse {
    users: u64,
    user: Option<UserKeyUse>,
    /// The signals of the users before.
    signals: Vec<Signal>,
}

/// The use of a key by one user.
#[derive(Debug, Default)]
struct UserKeyUse {
    name: Vec<u8>,
    stats: ValueStats,
    addresses: AddressList,
    agents: BTreeSet<Vec<u8>>,
    has_more_agents: bool,
    days: BTreeMap<u16, DayOfKey>,
}

/// The first use of a key on a day.
#[derive(Debug)]
struct DayOfKey {
    second: i64,
    address: Vec<u8>,
    /// Whether the address had not used the key before that day.
    is_new: bool,
}

impl KeyUse {
    /// Adds a use: the columns of the value after the key. Returns the signals of a user before,
    /// if no later user can take them back.
    pub(super) fn add(&mut self, key: &str, columns: [&[u8]; 4], days: &ActiveDays, stats: &ValueStats) -> Vec<Signal> {
        let [name, address, agent, day] = columns;
        if self.user.as_ref().is_none_or(|user| user.name != name) {
            self.end_user(key, days);
            self.users += 1;
            self.user = Some(UserKeyUse { name: name.to_vec(), ..UserKeyUse::default() });
        }
        if let Some(user) = &mut self.user {
            user.add(address, agent, day, stats);
        }
        // Any number of users can sign in within the same second.
        if key.starts_with(CONSOLE_SESSION) { std::mem::take(&mut self.signals) } else { Vec::new() }
    }

    /// The signals of the key.
    pub(super) fn end(mut self, key: &str, days: &ActiveDays) -> Vec<Signal> {
        self.end_user(key, days);
        self.signals
    }

    fn end_user(&mut self, key: &str, days: &ActiveDays) {
        if let Some(user) = self.user.take() {
            user.end(key, days, &mut self.signals);
        }
        if self.users > MAX_USERS && !key.starts_with(CONSOLE_SESSION) {
            self.signals.clear();
        }
    }
}

impl UserKeyUse {
    fn add(&mut self, address: &[u8], agent: &[u8], day: &[u8], stats: &ValueStats) {
        self.stats.merge(stats);
        if !agent.is_empty() && !self.agents.contains(agent) {
            if self.agents.len() < MAX_AGENTS {
                self.agents.insert(agent.to_vec());
            } else {
                self.has_more_agents = true;
            }
        }
        let day = str::from_utf8(day).ok().and_then(|day| day.parse().ok());
        if let Some(ended) = self.addresses.add(address, day, stats) {
            self.add_days(&ended);
        }
    }

    /// Adds the days on which an address used the key.
    fn add_days(&mut self, address: &AddressUse) {
        let mut is_new = true;
        for (day, [second, _]) in &address.days {
            let Some(day) = *day else { continue };
            let use_of_day = DayOfKey { second: *second, address: address.text.clone(), is_new };
            is_new = false;
            match self.days.get_mut(&day) {
                Some(earlier) if earlier.second <= *second => {}
                Some(later) => *later = use_of_day,
                None => {
                    self.days.insert(day, use_of_day);
                }
            }
        }
    }

    fn end(mut self, key: &str, days: &ActiveDays, signals: &mut Vec<Signal>) {
        if let Some(ended) = self.addresses.end() {
            self.add_days(&ended);
        }
        let user = text(&self.name);
        let signal = |kind, detail, rank| Signal {
            kind,
            subject: key.to_string(),
            user: user.clone(),
            detail,
            rank,
            stats: self.stats.clone(),
        };
        if let Some((detail, rank)) = self.wake(days) {
            signals.push(signal(SignalKind::DormantKey, detail, rank));
        }
        let has_several = self.addresses.has_several();
        if self.agents.len() > 1 {
            let rank = self.agents.len() as u64 | if has_several { SERIOUS } else { 0 };
            let from = if has_several { format!("; from {} addresses", self.addresses.count()) } else { String::new() };
            signals.push(signal(SignalKind::Programs, self.agents() + &from, rank));
        }
        if has_several {
            let rank = self.addresses.count() | if self.addresses.has_overlap() { SERIOUS } else { 0 };
            signals.push(signal(SignalKind::Addresses, self.addresses.text(), rank));
        }
    }

    /// A text such as `2 programs: aws-cli, boto3`.
    fn agents(&self) -> String {
        let shown: Vec<String> = self.agents.iter().take(MAX_SHOWN).map(|agent| text(agent)).collect();
        let more = if self.agents.len() > MAX_SHOWN { ", …" } else { "" };
        let over = if self.has_more_agents { "more than " } else { "" };
        format!("{over}{} programs: {}{more}", self.agents.len(), shown.join(", "))
    }

    /// The longest time without use, as a text, and its rank; `None` if the key was not
    /// dormant.
    fn wake(&self, days: &ActiveDays) -> Option<(String, u64)> {
        let pairs = self.days.keys().zip(self.days.iter().skip(1));
        let gaps = pairs.map(|(last, (next, wake))| (days.between(*last, *next), *next, wake));
        let (unused, day, wake) = gaps.max_by_key(|(unused, day, _)| (*unused, *day))?;
        if unused < DORMANT_DAYS {
            return None;
        }
        let date = time::civil(i64::from(day) * 24 * 60 * 60).strftime("%Y-%m-%d");
        let new = if wake.is_new { ", a new address" } else { "" };
        let detail = format!("unused on {unused} days, then on {date} from {}{new}", text(&wake.address));
        Some((detail, unused | if wake.is_new { SERIOUS } else { 0 }))
    }
}
