//! Who had an address, and when it was let in while nobody of ours had it: asked at every
//! time that something changed.

use std::net::IpAddr;

use jiff::Timestamp;

use super::History;
use super::fact::{Kind, Thing};
use super::period::{Begin, Mark, Period};
use super::row::Row;
use super::rule::{Network, Rule};

/// The longest way: an allocation, an interface and an instance.
const MAX_LENGTH: usize = 4;

impl History {
    /// Who had the address, for each time that the whole way was the same.
    pub(super) fn holders(&self, address: IpAddr) -> Vec<Row> {
        let is_address = |period: &&Period| {
            ["privateAddress", "publicAddress", "ipv6Address"].contains(&period.property.as_str())
                && period.value.as_deref().and_then(|value| value.parse().ok()) == Some(address)
                // The private address in the details of an allocation is not its own.
                && !(period.thing.kind == Kind::Address && period.property == "privateAddress")
        };
        self.periods.iter().filter(is_address).flat_map(|held| self.holder(held)).collect()
    }

    fn holder(&self, held: &Period) -> Vec<Row> {
        let related = self.related(held);
        let parts = parts(held, &related);
        let mut rows: Vec<(Vec<&Period>, Row)> = Vec::new();
        for (from, to) in parts {
            let way = way(held, from, &related);
            if let Some((last, row)) = rows.last_mut()
                && *last == way
            {
                row.end = end(&way, to, &related);
                continue;
            }
            let cells = self.cells(held, &way);
            let (begin, end) = (begin(&way, from, &related), end(&way, to, &related));
            rows.push((way, Row { scope: held.scope.clone(), begin, end, cells, doubt: None }));
        }
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// What the holder was ever connected with, and that again.
    fn related(&self, held: &Period) -> Vec<&Period> {
        let mut things = vec![held.thing.clone()];
        let mut related: Vec<&Period> = Vec::new();
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

    fn cells(&self, held: &Period, way: &[&Period]) -> Vec<String> {
        let things: Vec<Thing> =
            [held.thing.clone()].into_iter().chain(way[1..].iter().filter_map(|one| target(one))).collect();
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

    /// When rules let the address in, without the times at which it was ours.
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
            rows.extend(outside(&rule, &own));
        }
        rows
    }
}

/// What an attachment or an association leads to.
fn target(period: &Period) -> Option<Thing> {
    let id = period.value.clone()?;
    let kind = match id.split('-').next().unwrap_or_default() {
        "i" => Kind::Instance,
        "eni" => Kind::Interface,
        "nat" => Kind::Gateway,
        _ => Kind::Balancer,
    };
    Some(Thing::new(kind, id))
}

fn is_moment(period: &Period) -> bool {
    period.end.as_ref().is_some_and(|end| period.begin.earliest() == Some(end.time))
}

/// The times between which nothing changes. `None` is before and after everything.
fn parts(held: &Period, related: &[&Period]) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
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

/// The periods that lead from the address to what had it at this time.
fn way<'a>(held: &'a Period, time: Option<Timestamp>, related: &[&'a Period]) -> Vec<&'a Period> {
    let mut way = vec![held];
    let mut thing = held.thing.clone();
    // What took no time led nowhere.
    while !is_moment(held)
        && way.len() < MAX_LENGTH
        && let Some(next) = related.iter().find(|period| period.thing == thing && period.is_at(time))
        && let Some(target) = target(next)
    {
        way.push(next);
        thing = target;
    }
    way
}

/// How the part that begins at this time began: by what is nearest to the address.
fn begin(way: &[&Period], time: Option<Timestamp>, related: &[&Period]) -> Begin {
    let began = way.iter().find(|period| period.begin.earliest() == time);
    let ended = || {
        let ends = related.iter().filter_map(|period| period.end.as_ref());
        ends.into_iter().find(|end| Some(end.time) == time).cloned().map(Begin::By)
    };
    began.map(|period| period.begin.clone()).or_else(ended).unwrap_or(Begin::Unseen)
}

fn end(way: &[&Period], time: Option<Timestamp>, related: &[&Period]) -> Option<Mark> {
    let time = time?;
    let ended = way.iter().find_map(|period| period.end.as_ref().filter(|end| end.time == time)).cloned();
    ended.or_else(|| {
        related.iter().find(|period| period.begin.earliest() == Some(time)).map(|next| mark_of(&next.begin, time))
    })
}

/// A begin as the end of what was before.
fn mark_of(begin: &Begin, time: Timestamp) -> Mark {
    match begin {
        Begin::By(mark) => mark.clone(),
        _ => Mark { time, event: String::new(), actor: String::new(), name: String::new(), is_seen: true },
    }
}

/// The parts of a row outside of all others.
fn outside(row: &Row, others: &[&Row]) -> Vec<Row> {
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
