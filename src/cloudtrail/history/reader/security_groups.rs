//! Security groups and their rules.

use serde_json::Value;

use super::api_call::ApiCall;
use super::change_list::ChangeList;
use super::ec2_list::{items, texts};
use super::member::{at, first_at, flag, integer, text};
use crate::cloudtrail::history::change::{Property, Resource, ResourceKind, detail};
use crate::cloudtrail::history::rule::{RuleDirection, RuleSource, SecurityGroupRule};

/// From this day on all groups are in a VPC, even if the request names none.
const END_OF_CLASSIC: &str = "2022-08-16";

fn group(id: String) -> Resource {
    Resource::new(ResourceKind::SecurityGroup, id)
}

/// The group that a request names: by its name in EC2-Classic.
fn requested(call: &ApiCall<'_>) -> Option<Resource> {
    let name = || text(at(call.request(), "groupName"));
    let by_name = || name().map(|name| Resource::alias(ResourceKind::SecurityGroup, name));
    text(at(call.request(), "groupId")).map(group).or_else(by_name)
}

/// CreateSecurityGroup. No event says that a group of a VPC lets out everything at first.
pub fn create(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let request = call.request();
    let Some(id) = text(at(call.response(), "groupId")) else { return };
    let group = group(id);
    changes.create(&group);
    let details = [(detail::NAME, "groupName"), ("description", "groupDescription"), (detail::VPC, "vpcId")];
    changes.details(&group, request, &details);
    changes.requested_tags(&group, request, "security-group");
    if text(at(request, "vpcId")).is_some() || call.time >= END_OF_CLASSIC {
        let rule = SecurityGroupRule::default_egress().to_string();
        changes.set(&group, Property::Rule, Some(rule));
    }
}

/// DeleteSecurityGroup.
pub fn delete(call: &ApiCall<'_>, changes: &mut ChangeList) {
    changes.delete(requested(call));
}

/// AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress. The response has the
/// rules with their ids since 2021.
pub fn authorize(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let mut has_answer = false;
    for answered in items(at(call.response(), "securityGroupRuleSet")) {
        let named = text(at(answered, "groupId")).map(group).or_else(|| requested(call));
        if let (Some(group), Some(rule)) = (named, answered_rule(call, answered)) {
            has_answer = true;
            let id = text(at(answered, "securityGroupRuleId"));
            changes.relate(&group, Property::Rule, Some(rule.to_string()), id);
        }
    }
    if let Some(group) = requested(call).filter(|_| !has_answer) {
        let rules = requested_rules(call).iter().map(SecurityGroupRule::to_string).collect();
        changes.set_all(&group, &Property::Rule, rules);
    }
}

/// RevokeSecurityGroupIngress and RevokeSecurityGroupEgress. A newer response has the
/// revoked rules. A request has the rules, or only their ids.
pub fn revoke(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(group) = requested(call) else { return };
    let rules = requested_rules(call);
    let mut has_answer = false;
    for answered in items(at(call.response(), "revokedSecurityGroupRuleSet")) {
        has_answer |= revoke_answered(call, &group, answered, &rules, changes);
    }
    if has_answer {
        return;
    }
    for id in texts(first_at(call.request(), &["securityGroupRuleIds", "securityGroupRuleId"]), "securityGroupRuleId") {
        changes.end_relation(Some(&group), Property::Rule, Some(id));
    }
    // In a default VPC a rule that does not exist is not an error.
    let unknown = rules_in(call, at(call.response(), "unknownIpPermissionSet"));
    let revoked = rules.iter().filter(|rule| !unknown.contains(rule)).map(SecurityGroupRule::to_string).collect();
    changes.unset_all(&group, &Property::Rule, revoked);
}

/// Ends a rule of the response, if it can be read. The account of a source group is
/// missing there, so the rule as it was authorized is known by the request or by its id.
fn revoke_answered(
    call: &ApiCall<'_>,
    group: &Resource,
    answered: &Value,
    requested: &[SecurityGroupRule],
    changes: &mut ChangeList,
) -> bool {
    let id = text(at(answered, "securityGroupRuleId"));
    let rule = answered_rule(call, answered).map(|rule| {
        let same = requested.iter().find(|requested| requested.without_account() == rule);
        (same.is_some() || !matches!(rule.source, RuleSource::Group { .. }), same.cloned().unwrap_or(rule))
    });
    match (rule, id) {
        (Some((true, rule)), _) | (Some((false, rule)), None) => {
            changes.unset(group, Property::Rule, Some(rule.to_string()));
        }
        (_, Some(id)) => changes.end_relation(Some(group), Property::Rule, Some(id)),
        (None, None) => return false,
    }
    true
}

/// ModifySecurityGroupRules. The new rule keeps the id and the direction of the old one,
/// of which the event has neither content nor direction.
pub fn modify(call: &ApiCall<'_>, changes: &mut ChangeList) {
    let Some(group) = requested(call) else { return };
    for modified in items(first_at(call.request(), &["securityGroupRule", "securityGroupRules"])) {
        let content = at(modified, "securityGroupRule");
        let id = text(at(modified, "securityGroupRuleId"));
        let source = answered_source(call, content);
        if let (Some(id), Some(rule)) = (id, source.and_then(|source| rule(RuleDirection::Unknown, content, source))) {
            changes.end_relation(Some(&group), Property::Rule, Some(id.clone()));
            changes.relate(&group, Property::Rule, Some(rule.to_string()), Some(id));
        }
    }
}

fn direction(call: &ApiCall<'_>) -> RuleDirection {
    if call.name.ends_with("Egress") { RuleDirection::Out } else { RuleDirection::In }
}

fn rule(direction: RuleDirection, object: &Value, source: RuleSource) -> Option<SecurityGroupRule> {
    let protocol = text(at(object, "ipProtocol"))?;
    let ports = (integer(at(object, "fromPort")), integer(at(object, "toPort")));
    SecurityGroupRule::new(direction, &protocol, ports, source)
}

/// A rule in a response: one source, and usually an id.
fn answered_rule(call: &ApiCall<'_>, object: &Value) -> Option<SecurityGroupRule> {
    let direction = match flag(at(object, "isEgress")) {
        Some(true) => RuleDirection::Out,
        Some(false) => RuleDirection::In,
        None => direction(call),
    };
    rule(direction, object, answered_source(call, object)?)
}

fn answered_source(call: &ApiCall<'_>, object: &Value) -> Option<RuleSource> {
    let cidr = || text(at(object, "cidrIpv4")).or_else(|| text(at(object, "cidrIpv6")));
    let network = || cidr().and_then(|cidr| RuleSource::network(&cidr));
    let prefix_list = || text(at(object, "prefixListId")).and_then(|id| RuleSource::prefix_list(&id));
    let referenced = || {
        let account = call.foreign_account(at(object, "referencedGroupInfo.userId"));
        let id = text(first_at(object, &["referencedGroupInfo.groupId", "referencedGroupId"]))?;
        RuleSource::group(account.as_deref(), &id)
    };
    network().or_else(prefix_list).or_else(referenced)
}

/// All rules in a request.
fn requested_rules(call: &ApiCall<'_>) -> Vec<SecurityGroupRule> {
    let mut rules = rules_in(call, at(call.request(), "ipPermissions"));
    rules.extend(flat_rules(call));
    rules
}

/// The rules in a list of permissions. A permission has several sources, and each of them
/// makes a rule.
fn rules_in(call: &ApiCall<'_>, permissions: &Value) -> Vec<SecurityGroupRule> {
    let of_permission = |permission| {
        let sources = sources_of(call, permission).into_iter();
        sources.filter_map(move |source| rule(direction(call), permission, source))
    };
    items(permissions).into_iter().flat_map(of_permission).collect()
}

fn sources_of(call: &ApiCall<'_>, permission: &Value) -> Vec<RuleSource> {
    let networks = |list: &str, member: &str| texts(at(permission, list), member);
    let mut sources: Vec<_> =
        networks("ipRanges", "cidrIp").iter().filter_map(|cidr| RuleSource::network(cidr)).collect();
    sources.extend(networks("ipv6Ranges", "cidrIpv6").iter().filter_map(|cidr| RuleSource::network(cidr)));
    let prefix_lists = texts(at(permission, "prefixListIds"), "prefixListId");
    sources.extend(prefix_lists.iter().filter_map(|id| RuleSource::prefix_list(id)));
    sources.extend(items(at(permission, "groups")).into_iter().filter_map(|group| {
        let account = call.foreign_account(at(group, "userId"));
        match text(at(group, "groupId")) {
            Some(id) => RuleSource::group(account.as_deref(), &id),
            None => RuleSource::group_name(account.as_deref(), &text(at(group, "groupName"))?),
        }
    }));
    sources
}

/// The rule in the oldest form of a request, without a list. A source group without a
/// protocol stands for all of TCP, UDP and ICMP.
fn flat_rules(call: &ApiCall<'_>) -> Vec<SecurityGroupRule> {
    let request = call.request();
    let cidr = text(at(request, "cidrIp")).and_then(|cidr| RuleSource::network(&cidr));
    let account = call.foreign_account(at(request, "sourceSecurityGroupOwnerId"));
    let name = text(at(request, "sourceSecurityGroupName"));
    let group = name.and_then(|name| RuleSource::group_name(account.as_deref(), &name));
    let is_for_all = group.is_some() && text(at(request, "ipProtocol")).is_none();
    let Some(source) = cidr.or(group) else { return Vec::new() };
    if !is_for_all {
        return rule(direction(call), request, source).into_iter().collect();
    }
    let every = [("tcp", (Some(0), Some(65535))), ("udp", (Some(0), Some(65535))), ("icmp", (None, None))];
    let rules =
        every.into_iter().map(|(name, ports)| SecurityGroupRule::new(direction(call), name, ports, source.clone()));
    rules.flatten().collect()
}
