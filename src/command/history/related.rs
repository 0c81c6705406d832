//! Finds the resources that can matter to a question about one of them, so that only these
//! are kept in memory: those that are connected with it, directly or through others.
//!
//! Extra resources are harmless, so ids are compared by their hashes alone, and the
//! same id in two accounts is one.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::change_log::ChangeLog;
use crate::cloudtrail::history::change::{Change, Property, detail};
use crate::error::Error;

/// Groups of ids, names, addresses and relations that are connected with each other.
#[derive(Default)]
struct ConnectedGroups {
    hasher: RandomState,
    positions: HashMap<u64, u32>,
    /// For each, another one of its group, or itself if it stands for the group.
    parents: Vec<u32>,
}

impl ConnectedGroups {
    fn position(&mut self, id: &str) -> u32 {
        let next = self.parents.len() as u32;
        let position = *self.positions.entry(self.hasher.hash_one(id)).or_insert(next);
        if position == next {
            self.parents.push(next);
        }
        position
    }

    fn group(&mut self, id: &str) -> u32 {
        let mut at = self.position(id);
        while self.parents[at as usize] != at {
            let above = self.parents[self.parents[at as usize] as usize];
            self.parents[at as usize] = above;
            at = above;
        }
        at
    }

    fn connect(&mut self, one: &str, other: &str) {
        let (one, other) = (self.group(one), self.group(other));
        self.parents[one.max(other) as usize] = one.min(other);
    }

    /// Connects what a change connects.
    fn add(&mut self, change: &Change) {
        let mut ids = connected_ids(change);
        let Some(first) = ids.next() else { return };
        ids.for_each(|other| self.connect(first, other));
    }
}

/// The ids that a change connects, its resource first if it names one.
fn connected_ids(change: &Change) -> impl Iterator<Item = &str> {
    let (value, relation) = value_and_relation(change);
    let is_connection = change.property().is_some_and(|property| match property {
        Property::PrivateAddress
        | Property::PublicAddress
        | Property::AttachedTo
        | Property::AssociatedWith
        | Property::Member => true,
        Property::Detail(name) => name == detail::NAME,
        _ => false,
    });
    let values = value.iter().filter(move |_| is_connection).map(|value| member_id(value));
    change.resource().map(|resource| resource.id.as_str()).into_iter().chain(values).chain(relation)
}

/// The id of a member, which may have a port behind it.
fn member_id(value: &str) -> &str {
    if value.starts_with("i-") { value.split(':').next().unwrap_or(value) } else { value }
}

fn value_and_relation(change: &Change) -> (&[String], Option<&str>) {
    match change {
        Change::Create(_) | Change::Delete(_) => (&[], None),
        Change::Set { value, relation, .. } => (std::slice::from_ref(value), relation.as_deref()),
        Change::Known { value, .. } => (std::slice::from_ref(value), None),
        Change::Unset { value, .. } => (value.as_slice(), None),
        Change::EndRelation { relation, .. } => (&[], Some(relation)),
        Change::Replace { values, .. } => (values, None),
    }
}

/// Limits the log to the changes that can matter to what is known of `id`.
pub(super) fn limit(log: &mut ChangeLog, id: &str) -> Result<(), Error> {
    let (mut groups, mut seeds) = (ConnectedGroups::default(), HashSet::from([id.to_string()]));
    log.each(|event| {
        for change in &event.changes {
            groups.add(change);
            let (values, relation) = value_and_relation(change);
            if let Some(resource) = change.resource()
                && (values.iter().any(|value| value == id) || relation == Some(id))
            {
                seeds.insert(resource.id.clone());
            }
        }
        Ok(())
    })?;
    let wanted: HashSet<u32> = seeds.iter().map(|seed| groups.group(seed)).collect();
    log.limit_to(Box::new(move |change| {
        connected_ids(change).next().is_some_and(|id| wanted.contains(&groups.group(id)))
    }));
    Ok(())
}
