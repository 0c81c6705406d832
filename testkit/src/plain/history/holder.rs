//! Who had an address, and when rules let it in while no resource of ours had it. Both are examined
//! for every time at which something changed.

use std::net::IpAddr;

use jiff::Timestamp;

use super::History;
use super::fact::{Kind, Thing};
use super::period::{Begin, IntervalEvent, PlainInterval};
use super::row::Row;
use super::rule::{Network, Rule};

/// Limits the length of a path. The longest leads from an allocation to an interface and an
/// instance.
const MAX_LENGTH: usize = 4;

impl History {
    /// Who had the address, with a row for each time during which the whole path was the same.
    pub(super) fn holders(&self, address: IpAddr) -> Vec<Row> {
        let is_address = |period: &&PlainInterval| {
            ["privateAddress", "publicAddress", "ipv6Address"].contains(&period.property.as_str())
                && period.value.as_deref().and_then(|value| value.parse().ok()) == Some(address)
                // The private address in the details of an allocation is not its own.
                && !(period.thing.kind == Kind::Address && period.property == "privateAddress")
        };
        self.periods.iter().filter(is_address).flat_map(|held| self.holder(held)).collect()
    }

    fn holder(&self, held: &PlainInterval) -> Vec<Row> {
        let related = self.related(held);
        let parts = parts(held, &related);
        let mut rows: Vec<(Vec<&PlainInterval>, Row)> = Vec::new();
        for (from, to) in parts {
            let path_at = path_at(held, from, &related);
            if let Some((last, row)) = rows.last_mut()
                && *last == path_at
            {
                row.end = end(&path_at, to, &related);
                continue;
            }
            let cells = self.cells(held, &path_at);
            let (begin, end) = (begin(&path_at, from, &related), end(&path_at, to, &related));
            rows.push((path_at, Row { scope: held.scope.clone(), begin, end, cells, doubt: None }));
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The attachments and associations of the holder, and of the things that they lead to, at any
    /// time.
    fn related(&self, held: &PlainInterval) -> Vec<&PlainInterval> {
        let mut things = vec![held.thing.clone()];
        let mut related: Vec<&PlainInterval> = Vec::new();
        for _ in 0..MAX_LENGTH {
            for period in self.periods.iter().filter(|period| period.scope == held.scope) {
                let is_way = ["attachedTo", "associatedWith"].contains(&period.property.as_str());
                if is_way && things.contains(&period.thing) && !related.contains(&period) && !is_moment(period) {
                    related.push(period);
                    things.extend(target(period));
                }
            }
        }
        related
    }

    fn cells(&self, held: &PlainInterval, path_at: &[&PlainInterval]) -> Vec<String> {
        let things: Vec<Thing> =
            [held.thing.clone()].into_iter().chain(path_at[1..].iter().filter_map(|one| target(one))).collect();
        let first = |name| {
            let details = things.iter().map(|thing| self.detail(&held.scope, thing, name));
            details.into_iter().find(|detail| !detail.is_empty()).unwrap_or_default()
        };
        let ids = |is_instance: bool| {
            let is_wanted = |thing: &&Thing| (thing.kind == Kind::Instance) == is_instance;
            things.iter().filter(is_wanted).map(|thing| thing.id.clone()).collect::<Vec<_>>().join(" ")
        };
        let address = held.value.clone().unwrap_or_default();
        vec![address, ids(true), ids(false), first("description"), first("vpc"), first("subnet")]
    }

    /// When rules let the address in, except the times at which it was ours.
    pub(super) fn exposures(&self, address: IpAddr) -> Vec<Row> {
        let own = self.holders(address);
        let network = Network::of(&address.to_string());
        let is_for = |rule: Option<&Rule>| rule.zip(network).is_some_and(|(rule, network)| rule.lets_in(&network));
        let mut rows = Vec::new();
        for mut rule in self.rules(None, &is_for) {
            let added = match &rule.begin {
                Begin::By(mark) => [mark.actor.clone(), mark.event.clone()],
                _ => [String::new(), String::new()],
            };
            rule.cells.extend(added);
            let vpc = rule.cells[2].clone();
            if vpc.is_empty() && !own.is_empty() {
                rule.doubt = Some("VPC of the group unknown, so the address may have been ours");
            }
            let is_same = |own: &&Row| !vpc.is_empty() && own.cells[4] == vpc && own.scope.1 == rule.scope.1;
            let own: Vec<&Row> = own.iter().filter(is_same).collect();
            rows.extend(subtract_times(&rule, &own));
        }
        rows
    }
}

/// The thing that an attachment or an association leads to.
fn target(period: &PlainInterval) -> Option<Thing> {
    let id = period.value.clone()?;
    let kind = match id.split('-').next().unwrap_or_default() {
        "i" => Kind::Instance,
        "eni" => Kind::Interface,
        "nat" => Kind::Gateway,
        _ => Kind::Balancer,
    };
    Some(Thing::new(kind, id))
}

fn is_moment(period: &PlainInterval) -> bool {
    period.end.as_ref().is_some_and(|end| period.begin.earliest() == Some(end.time))
}

/// The time spans in which nothing changes. `None` is before or after everything.
fn parts(held: &PlainInterval, related: &[&PlainInterval]) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
    let (from, to) = (held.begin.earliest(), held.end.as_ref().map(|end| end.time));
    let mut times: Vec<Timestamp> = related
        .iter()
        .flat_map(|period| [period.begin.earliest(), period.end.as_ref().map(|end| end.time)])
        .flatten()
        .filter(|time| Some(*time) > from && to.is_none_or(|to| *time < to))
        .collect();
    times.sort();
    times.dedup();
    let begins = [from].into_iter().chain(times.iter().copied().map(Some));
    let ends = times.iter().copied().map(Some).chain([to]);
    begins.zip(ends).collect()
}

/// The periods that lead from the address to the thing that had it at this time.
fn path_at<'a>(
    held: &'a PlainInterval,
    time: Option<Timestamp>,
    related: &[&'a PlainInterval],
) -> Vec<&'a PlainInterval> {
    let mut path_at = vec![held];
    let mut thing = held.thing.clone();
    // A period without duration leads nowhere.
    while !is_moment(held)
        && path_at.len() < MAX_LENGTH
        && let Some(next) = related.iter().find(|period| period.thing == thing && period.is_at(time))
        && let Some(target) = target(next)
    {
        path_at.push(next);
        thing = target;
    }
    path_at
}

/// How the part that begins at this time began. The change nearest to the address counts.
fn begin(path_at: &[&PlainInterval], time: Option<Timestamp>, related: &[&PlainInterval]) -> Begin {
    let began = path_at.iter().find(|period| period.begin.earliest() == time);
    let ended = || {
        let ends = related.iter().filter_map(|period| period.end.as_ref());
        ends.into_iter().find(|end| Some(end.time) == time).cloned().map(Begin::By)
    };
    began.map(|period| period.begin.clone()).or_else(ended).unwrap_or(Begin::Unseen)
}

fn end(path_at: &[&PlainInterval], time: Option<Timestamp>, related: &[&PlainInterval]) -> Option<IntervalEvent> {
    let time = time?;
    let ended = path_at.iter().find_map(|period| period.end.as_ref().filter(|end| end.time == time)).cloned();
    ended.or_else(|| {
        related.iter().find(|period| period.begin.earliest() == Some(time)).map(|next| mark_of(&next.begin, time))
    })
}

/// A begin as the end of the period before.
fn mark_of(begin: &Begin, time: Timestamp) -> IntervalEvent {
    match begin {
        Begin::By(mark) => mark.clone(),
        _ => IntervalEvent { time, event: String::new(), actor: String::new(), name: String::new(), is_seen: true },
    }
}

/// The parts of a row's time in which none of the other rows holds.
fn subtract_times(row: &Row, others: &[&Row]) -> Vec<Row> {
    let is_covered = |time: Option<Timestamp>| {
        others
            .iter()
            .any(|other| other.begin.earliest() <= time && other.end.as_ref().is_none_or(|end| time < Some(end.time)))
    };
    let (from, to) = (row.begin.earliest(), row.end.as_ref().map(|end| end.time));
    let all = others.iter().flat_map(|other| [other.begin.earliest(), other.end.as_ref().map(|end| end.time)]);
    let mut times: Vec<Timestamp> =
        all.flatten().filter(|time| Some(*time) > from && to.is_none_or(|to| *time < to)).collect();
    times.sort();
    times.dedup();
    let mut rows: Vec<Row> = Vec::new();
    let mut is_open = false;
    for time in [from].into_iter().chain(times.into_iter().map(Some)) {
        if is_covered(time) {
            if let Some(last) = rows.last_mut().filter(|_| is_open) {
                let next = others.iter().find(|other| other.begin.earliest() == time);
                last.end = next.zip(time).map(|(next, time)| mark_of(&next.begin, time));
            }
            is_open = false;
        } else if !is_open {
            let before = others.iter().filter_map(|other| other.end.as_ref()).find(|end| Some(end.time) == time);
            let begin = match before {
                Some(end) if time != from => Begin::By(end.clone()),
                _ => row.begin.clone(),
            };
            rows.push(Row { begin, ..row.clone() });
            is_open = true;
        }
    }
    rows
}
