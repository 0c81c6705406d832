//! The rules of security groups. The same rule always has the same text.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::Value;

use super::document::{list, text};

/// A rule of a security group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Rule {
    /// `in`, `out` or `?`.
    pub(super) direction: String,
    pub(super) protocol: String,
    pub(super) ports: String,
    pub(super) source: String,
}

impl Rule {
    /// The whole rule as text.
    pub(super) fn text(&self) -> String {
        match self.protocol.as_str() {
            "all" => format!("{} all {}", self.direction, self.source),
            protocol => format!("{} {protocol} {} {}", self.direction, self.ports, self.source),
        }
    }

    /// The rule with this text.
    pub(super) fn of(text: &str) -> Rule {
        let mut words = text.splitn(3, ' ').map(String::from);
        let (direction, protocol, rest) =
            (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (ports, source) = match rest.split_once(' ') {
            Some((ports, source)) if protocol != "all" => (ports.to_string(), source.to_string()),
            _ => ("all".into(), rest),
        };
        Rule { direction, protocol, ports, source }
    }

    /// Whether addresses of this network can come in.
    pub(super) fn lets_in(&self, other: &Network) -> bool {
        self.direction != "out" && Network::of(&self.source).is_some_and(|network| network.overlaps(other))
    }

    /// Whether every address can come in.
    pub(super) fn is_open(&self) -> bool {
        self.direction != "out" && Network::of(&self.source).is_some_and(|network| network.length == 0)
    }

    /// Whether the rule applies to the port.
    pub(super) fn has_port(&self, port: i64) -> bool {
        let is_all = self.ports == "all";
        match self.protocol.as_str() {
            "all" => true,
            "tcp" | "udp" if !is_all => {
                let (from, to) = self.ports.split_once('-').unwrap_or((&self.ports, &self.ports));
                (from.parse().unwrap_or(0)..=to.parse().unwrap_or(0)).contains(&port)
            }
            protocol => is_all && ["tcp", "udp"].contains(&protocol),
        }
    }
}

/// The rules in a permission (`ipProtocol`, `fromPort`, `toPort`), one for each source.
pub(super) fn rules(direction: &str, permission: &Value, sources: Vec<String>) -> Vec<Rule> {
    let protocol = match text(permission, "ipProtocol").unwrap_or_default().to_lowercase().as_str() {
        "" => return Vec::new(),
        "-1" => "all".to_string(),
        "6" => "tcp".to_string(),
        "17" => "udp".to_string(),
        "1" => "icmp".to_string(),
        "58" => "icmpv6".to_string(),
        other => other.to_string(),
    };
    let number = |path| text(permission, path).and_then(|number| number.parse::<i64>().ok());
    let ports = match (protocol.as_str(), number("fromPort"), number("toPort")) {
        ("tcp" | "udp", Some(from), to) if from != -1 && to.is_none_or(|to| to == from) => from.to_string(),
        ("tcp" | "udp", Some(from), Some(to)) if from != -1 => format!("{from}-{to}"),
        ("icmp" | "icmpv6", Some(kind), code) if kind != -1 => format!("{kind}/{}", code.unwrap_or(-1)),
        _ => "all".into(),
    };
    let rule = |source| Rule { direction: direction.into(), protocol: protocol.clone(), ports: ports.clone(), source };
    sources.into_iter().map(rule).collect()
}

/// The sources of a permission in a request.
pub(super) fn requested_sources(permission: &Value, account: &str) -> Vec<String> {
    let network = |item: &Value, member| Network::of(&text(item, member)?).map(|network| network.text());
    let mut sources: Vec<String> = Vec::new();
    sources.extend(list(permission, "ipRanges").into_iter().filter_map(|item| network(item, "cidrIp")));
    sources.extend(list(permission, "ipv6Ranges").into_iter().filter_map(|item| network(item, "cidrIpv6")));
    sources.extend(list(permission, "prefixListIds").into_iter().filter_map(|item| text(item, "prefixListId")));
    for group in list(permission, "groups") {
        let name = text(group, "groupId").or_else(|| text(group, "groupName").map(|name| quoted(&name)));
        sources.extend(name.map(|name| of_account(text(group, "userId"), account, &name)));
    }
    sources
}

/// The source of a rule in a response.
pub(super) fn answered_source(rule: &Value, account: &str) -> Vec<String> {
    let network = |member| Network::of(&text(rule, member)?).map(|network| network.text());
    let group = || {
        let id = text(rule, "referencedGroupInfo.groupId").or_else(|| text(rule, "referencedGroupId"))?;
        Some(of_account(text(rule, "referencedGroupInfo.userId"), account, &id))
    };
    let source = network("cidrIpv4").or_else(|| network("cidrIpv6")).or_else(|| text(rule, "prefixListId"));
    source.or_else(group).into_iter().collect()
}

/// The name of a group as a source.
pub(super) fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

/// A group as a source, with its account if that is another one.
pub(super) fn of_account(owner: Option<String>, account: &str, group: &str) -> String {
    match owner.filter(|owner| owner != account) {
        Some(owner) => format!("{owner}/{group}"),
        None => group.into(),
    }
}

/// A network: an address without host bits, and the length of its prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    length: u32,
}

impl Network {
    /// The network that a text names. `None` if it names none.
    pub fn of(text: &str) -> Option<Network> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().ok()?;
        let length = length.map_or(Some(bits(address)), |length| length.parse().ok())?;
        (length <= bits(address)).then(|| Network { address: cut(address, length), length })
    }

    fn text(self) -> String {
        format!("{}/{}", self.address, self.length)
    }

    fn overlaps(self, other: &Network) -> bool {
        let length = self.length.min(other.length);
        bits(self.address) == bits(other.address) && cut(self.address, length) == cut(other.address, length)
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn cut(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask))
        }
    }
}
