//! `history rules` and `history exposed`: the rules of security groups, and when they let an
//! address in that was not ours.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::change_log::ChangeLog;
use super::ip;
use super::row::{self, HistoryRow};
use super::row_sorter::RowSorter;
use crate::cloudtrail::history::change::{Change, Property, ResourceKind, detail};
use crate::cloudtrail::history::interval::Interval;
use crate::cloudtrail::history::rule::SecurityGroupRule;
use crate::cloudtrail::history::state::ResourceState;
use crate::error::Error;

/// The columns of the rules.
pub(super) const COLUMNS: [&str; 8] = ["group", "groupName", "vpc", "direction", "protocol", "ports", "source", "rule"];
/// The columns of exposures: those of the rules, and who added the rule.
pub(super) const EXPOSED_COLUMNS: [&str; 10] =
    ["group", "groupName", "vpc", "direction", "protocol", "ports", "source", "rule", "ruleAddedBy", "ruleEvent"];
const GROUP_VPC: usize = 2;

/// Whether a change can matter to the rules of security groups.
pub(super) fn concerns(change: &Change) -> bool {
    let is_group = change.resource().is_none_or(|resource| resource.kind == ResourceKind::SecurityGroup);
    is_group
        && change.property().is_none_or(|property| match property {
            Property::Rule => true,
            Property::Detail(name) => [detail::VPC, detail::NAME].contains(&name.as_str()),
            _ => false,
        })
}

/// Which rules are asked for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct RuleQuestion {
    /// The id or the name of a security group.
    pub(super) group: Option<String>,
    /// An address or a network that the rule lets in.
    #[serde(with = "network_text")]
    pub(super) from: Option<IpNet>,
    /// A port that the rule opens.
    pub(super) port: Option<u16>,
    /// Whether the rule must be open to all addresses.
    pub(super) is_open: bool,
}

/// A network as text.
mod network_text {
    use ipnet::IpNet;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(network: &Option<IpNet>, serializer: S) -> Result<S::Ok, S::Error> {
        network.map(|network| network.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpNet>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

impl RuleQuestion {
    fn matches(&self, interval: &Interval, rule: Option<&SecurityGroupRule>, state: &ResourceState) -> bool {
        let is_group = self
            .group
            .as_ref()
            .is_none_or(|group| interval.resource.id == *group || state.detail(detail::NAME) == Some(group.as_str()));
        let is_asked = |fits: &dyn Fn(&SecurityGroupRule) -> bool| rule.is_some_and(fits);
        is_group
            && self.from.is_none_or(|network| is_asked(&|rule| rule.lets_in(&network)))
            && self.port.is_none_or(|port| is_asked(&|rule| rule.port(port)))
            && (!self.is_open || is_asked(&SecurityGroupRule::is_open))
    }
}

/// The rules that are asked for.
pub(super) fn rules(log: &mut ChangeLog, question: &RuleQuestion, rows: &mut RowSorter) -> Result<(), Error> {
    each_rule(log, question, |rule| rows.push(&rule))
}

fn each_rule(log: &mut ChangeLog, question: &RuleQuestion, mut each: impl FnMut(HistoryRow)) -> Result<(), Error> {
    log.each_interval(|interval, state| {
        if interval.property != Property::Rule {
            return;
        }
        let rule = interval.value.as_deref().and_then(|rule| rule.parse().ok());
        if question.matches(&interval, rule.as_ref(), state) {
            each(HistoryRow::of(&interval, cells(&interval, rule.as_ref(), state)));
        }
    })
}

/// The rules that let the address in while it was not ours, each time on its own.
pub(super) fn exposures(log: &mut ChangeLog, address: IpAddr, rows: &mut RowSorter) -> Result<(), Error> {
    let own = ip::holders(log, address)?;
    let question = RuleQuestion { from: Some(IpNet::from(address)), ..RuleQuestion::default() };
    each_rule(log, &question, |mut rule| {
        let added = rule.begin.event().cloned();
        rule.cells.push(added.as_ref().map_or(String::new(), |event| event.actor.clone()));
        rule.cells.push(added.map_or(String::new(), |event| event.event_id));
        let vpc = rule.cells[GROUP_VPC].clone();
        if vpc.is_empty() && !own.is_empty() {
            rule.doubt = Some("VPC of the group unknown, so the address may have been ours".into());
        }
        // A VPC may be shared with other accounts of its region.
        let is_inside =
            |own: &&HistoryRow| !vpc.is_empty() && own.cells[ip::VPC] == vpc && own.scope.region == rule.scope.region;
        let own: Vec<HistoryRow> = own.iter().filter(is_inside).cloned().collect();
        row::without(&rule, &own).iter().for_each(|row| rows.push(row));
    })
}

fn cells(interval: &Interval, rule: Option<&SecurityGroupRule>, state: &ResourceState) -> Vec<String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_string();
    let of_rule = |shown: &dyn Fn(&SecurityGroupRule) -> String| rule.map_or(String::new(), shown);
    vec![
        interval.resource.id.clone(),
        text(state.detail(detail::NAME)),
        text(state.detail(detail::VPC)),
        of_rule(&|rule| rule.direction.to_string()),
        of_rule(&|rule| rule.protocol.clone()),
        of_rule(&SecurityGroupRule::ports_text),
        of_rule(&|rule| rule.source.to_string()),
        text(interval.relation.as_deref()),
    ]
}
