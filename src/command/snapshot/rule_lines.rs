//! The rules of a security group, one line each: a difference shows the rule that changed.

use serde_json::{Map, Value};

use super::element_value::{sorted, value};
use crate::cloudtrail::history::change::ResourceKind;
use crate::cloudtrail::history::rule::{RuleDirection, RuleSource, SecurityGroupRule};
use crate::source::aws::xml_element::XmlElement;

/// The lists of permissions. A permission has several sources, and each makes a rule.
const PERMISSIONS: [(&str, RuleDirection); 2] =
    [("ipPermissions", RuleDirection::In), ("ipPermissionsEgress", RuleDirection::Out)];

/// The lists of sources in a permission.
const SOURCES: [&str; 4] = ["ipRanges", "ipv6Ranges", "prefixListIds", "groups"];

/// Replaces the permissions of a group by its rules, in the words of a history.
pub(super) fn replace_permissions(element: &XmlElement, account: &str, members: &mut Map<String, Value>) {
    let mut lines = Vec::new();
    for (list, direction) in PERMISSIONS {
        members.remove(list);
        for permission in element.entries(list) {
            for source in SOURCES.iter().flat_map(|list| permission.entries(list)) {
                lines.push(Value::from(line(direction, permission, source, account)));
            }
        }
    }
    if !lines.is_empty() {
        members.insert("rules".into(), sorted(lines));
    }
}

/// A rule such as `in tcp 22 203.0.113.0/24 # office`.
fn line(direction: RuleDirection, permission: &XmlElement, source: &XmlElement, account: &str) -> String {
    let port = |name| permission.text_of(name).and_then(|port| port.parse().ok());
    let ports = (port("fromPort"), port("toPort"));
    let protocol = permission.text_of("ipProtocol").unwrap_or_default();
    let rule = rule_source(source, account)
        .and_then(|source| SecurityGroupRule::new(direction, protocol, ports, source))
        .map_or_else(|| unknown_rule(direction, permission, source), |rule| rule.to_string());
    match source.text_of("description") {
        Some(description) => format!("{rule} # {description}"),
        None => rule,
    }
}

fn rule_source(source: &XmlElement, account: &str) -> Option<RuleSource> {
    let network = source.text_of("cidrIp").or_else(|| source.text_of("cidrIpv6"));
    if let Some(network) = network {
        return RuleSource::network(network);
    }
    if let Some(id) = source.text_of("prefixListId") {
        return RuleSource::prefix_list(id);
    }
    let owner = source.text_of("userId").filter(|owner| *owner != account);
    match source.text_of("groupId") {
        Some(id) => RuleSource::group(owner, id),
        None => RuleSource::group_name(owner, source.text_of("groupName")?),
    }
}

/// A rule of a form that is not known yet: no rule may be missing.
fn unknown_rule(direction: RuleDirection, permission: &XmlElement, source: &XmlElement) -> String {
    let text = |name| permission.text_of(name).unwrap_or("-");
    let source = value(ResourceKind::SecurityGroup, source).unwrap_or_default();
    format!("{direction} {} {}-{} {source}", text("ipProtocol"), text("fromPort"), text("toPort"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_source_of_a_permission_is_a_line() {
        let element = XmlElement::parse(
            "<item><groupId>sg-1</groupId><ipPermissions>\
             <item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort>\
             <groups><item><userId>1</userId><groupId>sg-2</groupId></item>\
             <item><userId>2</userId><groupId>sg-3</groupId></item></groups>\
             <ipRanges><item><cidrIp>203.0.113.0/24</cidrIp><description>office</description></item>\
             <item><cidrIp>198.51.100.7/32</cidrIp></item></ipRanges>\
             <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>\
             <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item></ipPermissions>\
             <ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item>\
             <cidrIp>0.0.0.0/0</cidrIp></item><item><newKind>x</newKind></item></ipRanges></item>\
             </ipPermissionsEgress></item>",
        )
        .unwrap();
        let mut members = super::super::element_value::members(ResourceKind::SecurityGroup, &element);
        replace_permissions(&element, "1", &mut members);
        let expected = json!({"groupId": "sg-1", "rules": [
            "in tcp 22 198.51.100.7/32",
            "in tcp 22 2/sg-3",
            "in tcp 22 203.0.113.0/24 # office",
            "in tcp 22 ::/0",
            "in tcp 22 pl-1",
            "in tcp 22 sg-2",
            "out -1 --- {\"newKind\":\"x\"}",
            "out all 0.0.0.0/0",
        ]});
        assert_eq!(Value::Object(members), expected);
    }
}
