//! Makes signals of counted values, one group of values after the other.

use std::cmp::Reverse;

use super::active_days::ActiveDays;
use super::address_list::AddressList;
use super::denied_calls::DeniedCalls;
use super::key_use::KeyUse;
use super::kind::SignalKind;
use super::writer::code;
use super::{SERIOUS, Signal, SignalTable, text};
use crate::command::summary::value_stats::ValueStats;
use crate::report;

/// Makes signals of the values of all events. It holds the values of one key, session or
/// principal at a time.
#[derive(Debug)]
pub(in crate::command::summary) struct SignalFold {
    limit: usize,
    days: ActiveDays,
    tables: Vec<SignalTable>,
    /// All signals that were found since they were taken last, if they are wanted.
    found: Option<Vec<Signal>>,
    group: SignalGroup,
    /// The columns that the values of the group have in common.
    prefix: Vec<u8>,
    /// The value before, to check the order.
    #[cfg(debug_assertions)]
    last: Vec<u8>,
}

/// The values of one key, session or principal.
#[derive(Debug)]
enum SignalGroup {
    None,
    Denied(DeniedCalls),
    Instance(AddressGroup),
    SignIns(AddressGroup),
    Key(KeyUse),
}

/// Addresses with their statistics.
#[derive(Debug, Default)]
struct AddressGroup {
    addresses: AddressList,
    stats: ValueStats,
}

impl SignalFold {
    /// Keeps the `limit` highest ranked signals of each kind, and all until they are
    /// [taken](SignalFold::take_found) if `wants_all`. A key is dormant if it was
    /// unused on enough of these `days`.
    pub(in crate::command::summary) fn new(limit: usize, days: ActiveDays, wants_all: bool) -> SignalFold {
        SignalFold {
            limit,
            days,
            found: wants_all.then(Vec::new),
            tables: SignalKind::ALL.map(|kind| SignalTable { kind, rows: Vec::new(), distinct: 0, events: 0 }).into(),
            group: SignalGroup::None,
            prefix: Vec::new(),
            #[cfg(debug_assertions)]
            last: Vec::new(),
        }
    }

    /// Adds a value that [`SignalWriter`](super::SignalWriter) wrote, with the statistics of
    /// all its events. Every value must come once, and in the order of bytes.
    pub(in crate::command::summary) fn push(&mut self, value: &[u8], stats: &ValueStats) {
        #[cfg(debug_assertions)]
        {
            debug_assert!(self.last.is_empty() || self.last.as_slice() < value, "values are not sorted");
            self.last = value.to_vec();
        }
        let mut columns = value.split(|byte| *byte == b'\t');
        let (code, shared) = match columns.next() {
            Some([code @ (code::DENIED | code::INSTANCE | code::KEY)]) => (*code, 1),
            Some([code @ code::SIGN_IN]) => (*code, 2),
            _ => return,
        };
        let mut prefix = 1;
        for column in columns.by_ref().take(shared) {
            prefix += 1 + column.len();
        }
        if self.prefix.is_empty() || self.prefix[..] != value[..prefix] {
            self.end_group();
            self.prefix = value[..prefix].to_vec();
            self.group = match code {
                code::DENIED => SignalGroup::Denied(DeniedCalls::default()),
                code::INSTANCE => SignalGroup::Instance(AddressGroup::default()),
                code::SIGN_IN => SignalGroup::SignIns(AddressGroup::default()),
                _ => SignalGroup::Key(KeyUse::default()),
            };
        }
        let mut next = || columns.next().unwrap_or_default();
        match &mut self.group {
            SignalGroup::None => {}
            SignalGroup::Denied(calls) => calls.add(stats),
            SignalGroup::Instance(group) | SignalGroup::SignIns(group) => {
                group.stats.merge(stats);
                group.addresses.add(next(), None, stats);
            }
            SignalGroup::Key(key) => {
                let columns = [next(), next(), next(), next()];
                let ended = key.add(&subject(&self.prefix), columns, &self.days, stats);
                self.offer(ended);
            }
        }
    }

    /// The signals that were found since the last time.
    pub(in crate::command::summary) fn take_found(&mut self) -> Vec<Signal> {
        self.found.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The signals of each kind.
    pub(in crate::command::summary) fn finish(mut self) -> Vec<SignalTable> {
        self.end_group();
        for table in &mut self.tables {
            table.keep(self.limit);
        }
        self.tables
    }

    /// Ends the key, session or principal whose values came last.
    pub(in crate::command::summary) fn end_group(&mut self) {
        let group = std::mem::replace(&mut self.group, SignalGroup::None);
        let prefix = subject(&self.prefix);
        match group {
            SignalGroup::None => {}
            SignalGroup::Denied(calls) => self.offer(calls.end(&prefix)),
            SignalGroup::Instance(group) => self.offer(group.end_instance(prefix)),
            SignalGroup::SignIns(group) => self.offer(Some(group.end_sign_ins(&prefix))),
            SignalGroup::Key(key) => {
                let signals = key.end(&prefix, &self.days);
                self.offer(signals);
            }
        }
    }

    fn offer(&mut self, signals: impl IntoIterator<Item = Signal>) {
        for signal in signals {
            if let Some(found) = &mut self.found {
                found.push(signal.clone());
            }
            if let Some(table) = self.tables.iter_mut().find(|table| table.kind == signal.kind) {
                table.offer(signal, self.limit);
            }
        }
    }
}

/// The columns after the code.
fn subject(prefix: &[u8]) -> String {
    text(prefix.get(2..).unwrap_or_default())
}

impl AddressGroup {
    /// The signal of an instance, if it has several addresses.
    fn end_instance(mut self, user: String) -> Option<Signal> {
        self.addresses.end();
        let serious = if self.addresses.has_overlap() { SERIOUS } else { 0 };
        self.addresses.has_several().then(|| Signal {
            kind: SignalKind::InstanceRole,
            subject: user.rsplit('/').next().unwrap_or_default().to_string(),
            user,
            rank: self.addresses.count() | serious,
            detail: self.addresses.text(),
            stats: self.stats,
        })
    }

    /// The signal of a user who signed in, from a user and an account with a tab between.
    fn end_sign_ins(mut self, user_and_account: &str) -> Signal {
        self.addresses.end();
        let (user, account) = user_and_account.split_once('\t').unwrap_or((user_and_account, ""));
        let serious = if user == "root" { SERIOUS } else { 0 };
        let sign_ins = report::count(self.stats.count, "sign-in");
        let account = if account.is_empty() { String::new() } else { format!(" to account {account}") };
        Signal {
            kind: SignalKind::NoMfa,
            subject: user.to_string(),
            user: user.to_string(),
            rank: self.stats.count | serious,
            detail: format!("{sign_ins}{account} from {}", self.addresses.text_without_overlap()),
            stats: self.stats,
        }
    }
}

impl SignalTable {
    /// Keeps a signal, at least until there are enough higher ranked ones.
    fn offer(&mut self, signal: Signal, limit: usize) {
        /// So that sorting is rare.
        const COUNTER_MEMORY: usize = 64;
        self.distinct += 1;
        self.events += signal.stats.count;
        self.rows.push(signal);
        if self.rows.len() >= limit.saturating_mul(2).saturating_add(COUNTER_MEMORY) {
            self.keep(limit);
        }
    }

    /// Truncates to the `limit` highest ranked signals.
    pub(in crate::command::summary) fn keep(&mut self, limit: usize) {
        self.rows.sort_by(|one, other| {
            let key = |signal: &Signal| Reverse(signal.rank);
            (key(one), &one.subject, &one.user, &one.detail).cmp(&(
                key(other),
                &other.subject,
                &other.user,
                &other.detail,
            ))
        });
        self.rows.truncate(limit);
    }
}
