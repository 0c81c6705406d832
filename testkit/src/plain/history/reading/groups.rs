//! Security groups and their rules.

use serde_json::Value;

use super::super::document::{list, text, texts};
use super::super::fact::{Fact, FactKind, Kind, Thing};
use super::super::rule::{self, Rule};
use super::{Call, details};

pub(super) fn facts(call: &Call) -> Vec<Fact> {
    match call.name.as_str() {
        "CreateSecurityGroup" => create(call),
        "DeleteSecurityGroup" => requested(call).map(|group| group.ends()).into_iter().collect(),
        "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => authorize(call),
        "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => revoke(call),
        "ModifySecurityGroupRules" => modify(call),
        _ => Vec::new(),
    }
}

fn requested(call: &Call) -> Option<Thing> {
    let by_id = text(&call.request, "groupId").map(|id| Thing::new(Kind::Group, id));
    by_id.or_else(|| text(&call.request, "groupName").map(|name| Thing::named(Kind::Group, name)))
}

fn create(call: &Call) -> Vec<Fact> {
    let Some(id) = text(&call.response, "groupId") else { return Vec::new() };
    let group = Thing::new(Kind::Group, id);
    let mut facts = vec![group.begins()];
    let names = [("name", "groupName"), ("description", "groupDescription"), ("vpc", "vpcId")];
    facts.extend(details(&group, &call.request, &names));
    if text(&call.request, "vpcId").is_some() || call.time.as_str() >= "2022-08-16" {
        facts.extend(group.has("rule", Some("out all 0.0.0.0/0".into())));
    }
    facts
}

fn direction(call: &Call) -> &'static str {
    if call.name.ends_with("Egress") { "out" } else { "in" }
}

fn answered(call: &Call, item: &Value) -> Vec<Rule> {
    let direction = match text(item, "isEgress").as_deref() {
        Some("true") => "out",
        Some("false") => "in",
        _ => direction(call),
    };
    rule::rules(direction, item, rule::answered_source(item, &call.account))
}

/// The rules in a list of permissions: `ipPermissions` of the request, or a list of the response.
fn written(call: &Call, path: &str) -> Vec<Rule> {
    let request = if path == "ipPermissions" { &call.request } else { &call.response };
    let of = |item: &Value| rule::rules(direction(call), item, rule::requested_sources(item, &call.account));
    list(request, path).into_iter().flat_map(of).collect()
}

fn flat(call: &Call) -> Vec<Rule> {
    let network = text(&call.request, "cidrIp");
    if let Some(cidr) = network {
        let permission = serde_json::json!({ "ipRanges": [{ "cidrIp": cidr }] });
        return rule::rules(direction(call), &call.request, rule::requested_sources(&permission, &call.account));
    }
    let Some(name) = text(&call.request, "sourceSecurityGroupName") else { return Vec::new() };
    let owner = text(&call.request, "sourceSecurityGroupOwnerId");
    let source = rule::of_account(owner, &call.account, &rule::quoted(&name));
    if text(&call.request, "ipProtocol").is_some() {
        return rule::rules(direction(call), &call.request, vec![source]);
    }
    let every = [("tcp", "0-65535"), ("udp", "0-65535"), ("icmp", "all")];
    let rule = |(protocol, ports): (&str, &str)| Rule {
        direction: direction(call).into(),
        protocol: protocol.into(),
        ports: ports.into(),
        source: source.clone(),
    };
    every.into_iter().map(rule).collect()
}

fn requested_rules(call: &Call) -> Vec<Rule> {
    [written(call, "ipPermissions"), flat(call)].concat()
}

fn authorize(call: &Call) -> Vec<Fact> {
    let Some(group) = requested(call) else { return Vec::new() };
    let mut facts = Vec::new();
    for item in list(&call.response, "securityGroupRuleSet") {
        // If the request names the group, the response has its id.
        let group = text(item, "groupId").map_or(group.clone(), |id| Thing::new(Kind::Group, id));
        for rule in answered(call, item) {
            facts.extend(group.has_by("rule", Some(rule.text()), text(item, "securityGroupRuleId")));
        }
    }
    if facts.is_empty() {
        facts.extend(requested_rules(call).iter().filter_map(|rule| group.has("rule", Some(rule.text()))));
    }
    facts
}

fn revoke(call: &Call) -> Vec<Fact> {
    let Some(group) = requested(call) else { return Vec::new() };
    let without = |relation| group.fact(FactKind::RelationEnded { property: "rule".into(), relation });
    let unknown = written(call, "unknownIpPermissionSet");
    let mut facts: Vec<Fact> =
        texts(&call.request, "securityGroupRuleIds", "securityGroupRuleId").into_iter().map(without).collect();
    for rule in requested_rules(call).iter().filter(|rule| !unknown.contains(rule)) {
        facts.push(group.has_not("rule", Some(rule.text())));
    }
    // Newer responses contain the revoked rules. An id alone does not describe them.
    for item in list(&call.response, "revokedSecurityGroupRuleSet") {
        let id = text(item, "securityGroupRuleId");
        let is_by_id = |fact: &Fact| matches!(&fact.kind, FactKind::RelationEnded { relation, .. } if Some(relation) == id.as_ref());
        if let ([rule], true) = (&answered(call, item)[..], facts.iter().any(is_by_id)) {
            if rule.source.contains("sg-") {
                continue;
            }
            facts.retain(|fact| !is_by_id(fact));
            facts.push(group.has_not("rule", Some(rule.text())));
        }
    }
    facts
}

fn modify(call: &Call) -> Vec<Fact> {
    let Some(group) = requested(call) else { return Vec::new() };
    let mut facts = Vec::new();
    for item in list(&call.request, "securityGroupRule") {
        let content = &item["securityGroupRule"];
        let Some(relation) = text(item, "securityGroupRuleId") else { continue };
        let rules = rule::rules("?", content, rule::answered_source(content, &call.account));
        let becomes =
            |rule: &Rule| group.fact(FactKind::RuleReplaced { relation: relation.clone(), rule: rule.text() });
        facts.extend(rules.iter().map(becomes));
    }
    facts
}
