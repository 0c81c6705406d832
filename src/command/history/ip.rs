//! `history ip`: which interface and instance had an address, from when until when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::change_log::ChangeLog;
use super::row::{self, HistoryRow};
use crate::cloudtrail::history::change::{Change, Property, Resource, ResourceKind, ResourceScope, detail};
use crate::cloudtrail::history::interval::Interval;
use crate::cloudtrail::history::state::ResourceState;
use crate::error::Error;

/// The columns of the answer.
pub(super) const COLUMNS: [&str; 6] = ["address", "instance", "resource", "description", "vpc", "subnet"];
const INSTANCE: usize = 1;
const DESCRIPTION: usize = 3;
pub(super) const VPC: usize = 4;
const SUBNET: usize = 5;

/// Whether a change can matter to the holders of an address.
pub(super) fn concerns(change: &Change) -> bool {
    let is_kind = change.resource().is_none_or(|resource| {
        matches!(
            resource.kind,
            ResourceKind::Instance
                | ResourceKind::Interface
                | ResourceKind::Address
                | ResourceKind::NatGateway
                | ResourceKind::LoadBalancer
        )
    });
    is_kind
        && change.property().is_none_or(|property| match property {
            Property::PrivateAddress
            | Property::PublicAddress
            | Property::Ipv6Address
            | Property::AttachedTo
            | Property::AssociatedWith => true,
            Property::Detail(name) => {
                [detail::VPC, "subnet", "description", detail::DELETE_ON_TERMINATION].contains(&name.as_str())
            }
            _ => false,
        })
}

/// What a holder of the address was connected with, and what is known of the holder.
#[derive(Default)]
struct Connections {
    intervals: BTreeMap<(ResourceScope, Resource), Vec<Interval>>,
    details: BTreeMap<(ResourceScope, Resource), HolderDetails>,
}

/// The details of a holder that are shown: the last ones.
#[derive(Clone, Default)]
struct HolderDetails {
    description: String,
    vpc: String,
    subnet: String,
}

/// Who had the address.
pub(super) fn holders(log: &mut ChangeLog, address: IpAddr) -> Result<Vec<HistoryRow>, Error> {
    let mut held = Vec::new();
    log.each_interval(|interval, _| {
        let is_address =
            matches!(interval.property, Property::PrivateAddress | Property::PublicAddress | Property::Ipv6Address);
        if is_address && interval.value.as_deref().and_then(|value| value.parse().ok()) == Some(address) {
            held.push(interval);
        }
    })?;
    let mut wanted: BTreeSet<_> =
        held.iter().map(|interval| (interval.scope.clone(), interval.resource.clone())).collect();
    let mut connections = connections(log, &wanted)?;
    // An elastic address leads to an interface, and that to an instance.
    let targets: Vec<_> = connections.intervals.iter().flat_map(|((scope, _), to)| targets(scope, to)).collect();
    let known = wanted.len();
    wanted.extend(targets);
    if wanted.len() > known {
        connections = self::connections(log, &wanted)?;
    }
    Ok(held.iter().flat_map(|interval| rows(interval, &connections)).collect())
}

fn targets<'a>(
    scope: &'a ResourceScope,
    intervals: &'a [Interval],
) -> impl Iterator<Item = (ResourceScope, Resource)> + 'a {
    let ids = intervals.iter().filter_map(|interval| interval.value.as_deref());
    ids.filter_map(|id| Some((scope.clone(), Resource::new(kind_of(id)?, id))))
}

/// The kind of what an address or an interface is connected with.
fn kind_of(id: &str) -> Option<ResourceKind> {
    if id.starts_with("arn:") {
        return Some(ResourceKind::LoadBalancer);
    }
    match id.split('-').next()? {
        "eni" => Some(ResourceKind::Interface),
        "i" => Some(ResourceKind::Instance),
        "nat" => Some(ResourceKind::NatGateway),
        _ => None,
    }
}

fn connections(log: &mut ChangeLog, wanted: &BTreeSet<(ResourceScope, Resource)>) -> Result<Connections, Error> {
    let mut connections = Connections::default();
    log.each_interval(|interval, state| {
        let key = (interval.scope.clone(), interval.resource.clone());
        if !wanted.contains(&key) {
            return;
        }
        connections.details.entry(key.clone()).or_default().add(state);
        if matches!(interval.property, Property::AttachedTo | Property::AssociatedWith) {
            connections.intervals.entry(key).or_default().push(interval);
        }
    })?;
    Ok(connections)
}

impl HolderDetails {
    fn add(&mut self, state: &ResourceState) {
        for (known, name) in
            [(&mut self.description, "description"), (&mut self.vpc, detail::VPC), (&mut self.subnet, "subnet")]
        {
            if let Some(value) = state.detail(name) {
                *known = value.to_string();
            }
        }
    }
}

/// The rows of an interval in which a resource had the address: one for each thing that the
/// resource was connected with at that time.
fn rows(held: &Interval, connections: &Connections) -> Vec<HistoryRow> {
    let mut cells = vec![String::new(); COLUMNS.len()];
    cells[0] = held.value.clone().unwrap_or_default();
    extended(HistoryRow::of(held, cells), &held.resource, connections, 0)
}

/// Adds `resource` to a row, and what that was connected with.
fn extended(mut row: HistoryRow, resource: &Resource, connections: &Connections, depth: usize) -> Vec<HistoryRow> {
    /// An allocation, an interface and an instance.
    const MAX_DEPTH: usize = 3;
    let key = (row.scope.clone(), resource.clone());
    name(&mut row.cells, resource);
    if let Some(details) = connections.details.get(&key) {
        for (at, value) in [(DESCRIPTION, &details.description), (VPC, &details.vpc), (SUBNET, &details.subnet)] {
            if row.cells[at].is_empty() {
                row.cells[at].clone_from(value);
            }
        }
    }
    let intervals = connections.intervals.get(&key).map_or(&[][..], Vec::as_slice);
    let (mut rows, mut taken) = (Vec::new(), Vec::new());
    for connection in intervals {
        let (Some(part), Some(id)) = (row::overlap(&row, connection), &connection.value) else { continue };
        taken.push(part.clone());
        match kind_of(id) {
            Some(kind) if depth < MAX_DEPTH => {
                rows.extend(extended(part, &Resource::new(kind, id.clone()), connections, depth + 1));
            }
            _ => {
                let mut part = part;
                part.cells[INSTANCE].clone_from(id);
                rows.push(part);
            }
        }
    }
    // Keep the row even if it covers no time: it began and ended in the same second.
    if taken.is_empty() {
        rows.push(row);
    } else {
        rows.extend(row::without(&row, &taken));
    }
    rows
}

/// Names a resource in the cells: instances in their own, others one after another.
fn name(cells: &mut [String], resource: &Resource) {
    if resource.kind == ResourceKind::Instance {
        cells[INSTANCE].clone_from(&resource.id);
        return;
    }
    let others = &mut cells[INSTANCE + 1];
    if !others.is_empty() {
        others.push(' ');
    }
    others.push_str(&resource.id);
}
