//! One rule of a security group in its normal form: equal rules have equal texts.
//!
//! EC2 takes the same rule in several forms. Protocol `6` is `tcp`. A rule for all
//! protocols has no ports, whatever the call said. `100.68.0.18/18` is stored as
//! `100.68.0.0/18`. The description is not part of a rule.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

/// The protocol of a rule that holds for all protocols.
const ALL: &str = "all";

/// A rule of a security group in its normal form.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SecurityGroupRule {
    /// Whether it lets traffic in or out.
    pub direction: RuleDirection,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `all`, or the number of another protocol.
    pub protocol: String,
    /// The first and the last port, or type and code of ICMP. `None` means all.
    pub ports: Option<(i64, i64)>,
    /// Where the traffic comes from, or goes to.
    pub source: RuleSource,
}

/// Whether a rule lets traffic in or out.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RuleDirection {
    /// Ingress.
    In,
    /// Egress.
    Out,
    /// As before the change: ModifySecurityGroupRules does not repeat it.
    Unknown,
}

/// Where the traffic of a rule comes from, or goes to.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RuleSource {
    /// A network without host bits.
    Network(IpNet),
    /// A prefix list: `pl-…`. Its networks are not in the logs.
    PrefixList(String),
    /// A security group: `sg-…`.
    Group {
        /// Its account, if it is another one.
        account: Option<String>,
        /// Its id.
        id: String,
    },
    /// A security group of which only the name is known.
    GroupName {
        /// Its account, if it is another one.
        account: Option<String>,
        /// Its name.
        name: String,
    },
}

/// A text that is not a rule.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("not a rule such as 'in tcp 22 10.0.0.0/8'")]
pub struct ParseRuleError;

impl SecurityGroupRule {
    /// The normal form of a rule. `None` if the protocol cannot be one.
    pub fn new(
        direction: RuleDirection,
        protocol: &str,
        (from, to): (Option<i64>, Option<i64>),
        source: RuleSource,
    ) -> Option<SecurityGroupRule> {
        let protocol = normal_protocol(protocol)?;
        let ports = match (protocol.as_str(), from, to) {
            ("tcp" | "udp", Some(-1), Some(-1)) | ("icmp" | "icmpv6", Some(-1), _) => None,
            ("tcp" | "udp", Some(from), to) => Some((from, to.unwrap_or(from))),
            ("icmp" | "icmpv6", Some(kind), code) => Some((kind, code.unwrap_or(-1))),
            // EC2 ignores the ports of other protocols.
            _ => None,
        };
        Some(SecurityGroupRule { direction, protocol, ports, source })
    }

    /// The rule that every new group of a VPC has.
    pub fn default_egress() -> SecurityGroupRule {
        let source = RuleSource::Network(IpNet::V4(ipnet::Ipv4Net::default()));
        SecurityGroupRule { direction: RuleDirection::Out, protocol: ALL.into(), ports: None, source }
    }

    /// Sets the direction of the rule if it is unknown.
    pub fn or_direction(mut self, direction: RuleDirection) -> SecurityGroupRule {
        if self.direction == RuleDirection::Unknown {
            self.direction = direction;
        }
        self
    }

    /// The ports, or type and code of ICMP: `22`, `8000-8100`, `8/-1` or `all`.
    pub fn ports_text(&self) -> String {
        match self.ports {
            Some((kind, code)) if self.protocol.starts_with("icmp") => format!("{kind}/{code}"),
            Some((from, to)) if from == to => from.to_string(),
            Some((from, to)) => format!("{from}-{to}"),
            None => ALL.into(),
        }
    }

    /// The rule as a response shows it that leaves out the account of a source group.
    pub fn without_account(&self) -> SecurityGroupRule {
        let mut rule = self.clone();
        if let RuleSource::Group { account, .. } = &mut rule.source {
            *account = None;
        }
        rule
    }

    /// Whether the rule itself names a network that overlaps this one as a source of incoming
    /// traffic. A rule of unknown direction may let it in, so it counts.
    pub fn lets_in(&self, network: &IpNet) -> bool {
        let RuleSource::Network(source) = &self.source else { return false };
        self.direction != RuleDirection::Out && (source.contains(network) || network.contains(source))
    }

    /// Whether the rule lets in every address of IPv4 or of IPv6.
    pub fn is_open(&self) -> bool {
        let is_everything = matches!(&self.source, RuleSource::Network(source) if source.prefix_len() == 0);
        is_everything && self.direction != RuleDirection::Out
    }

    /// Whether the rule holds for this port of TCP or UDP.
    pub fn port(&self, number: u16) -> bool {
        let number = i64::from(number);
        match self.protocol.as_str() {
            ALL => true,
            "tcp" | "udp" => self.ports.is_none_or(|(from, to)| from <= number && number <= to),
            _ => false,
        }
    }
}

/// A protocol by its usual name or its number.
fn normal_protocol(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let name = match text.as_str() {
        "-1" => ALL,
        "1" => "icmp",
        "6" => "tcp",
        "17" => "udp",
        "58" => "icmpv6",
        other => other,
    };
    is_word.then(|| name.into())
}

impl RuleSource {
    /// A network in CIDR notation, or a single address.
    pub fn network(text: &str) -> Option<RuleSource> {
        let text = text.trim();
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
        Some(RuleSource::Network(network.trunc()))
    }

    /// A prefix list by its id.
    pub fn prefix_list(id: &str) -> Option<RuleSource> {
        (id.starts_with("pl-") && is_id(id)).then(|| RuleSource::PrefixList(id.into()))
    }

    /// A security group by its id. The account is `None` if it is that of the rule.
    pub fn group(account: Option<&str>, id: &str) -> Option<RuleSource> {
        let is_valid = id.starts_with("sg-") && is_id(id) && account.is_none_or(is_id);
        is_valid.then(|| RuleSource::Group { account: account.map(Into::into), id: id.into() })
    }

    /// A security group by its name. The account is `None` if it is that of the rule.
    pub fn group_name(account: Option<&str>, name: &str) -> Option<RuleSource> {
        let is_valid = !name.is_empty() && account.is_none_or(is_id);
        is_valid.then(|| RuleSource::GroupName { account: account.map(Into::into), name: name.into() })
    }
}

/// Whether a text can be an id. Others could be confused with another source in the text
/// of a rule.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl fmt::Display for RuleDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RuleDirection::In => "in",
            RuleDirection::Out => "out",
            RuleDirection::Unknown => "?",
        })
    }
}

impl FromStr for RuleDirection {
    type Err = ParseRuleError;

    fn from_str(text: &str) -> Result<RuleDirection, ParseRuleError> {
        match text {
            "in" => Ok(RuleDirection::In),
            "out" => Ok(RuleDirection::Out),
            "?" => Ok(RuleDirection::Unknown),
            _ => Err(ParseRuleError),
        }
    }
}

impl fmt::Display for RuleSource {
    /// Names are quoted as in JSON, since the name of a group may be `0.0.0.0/0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let RuleSource::Group { account: Some(account), .. } | RuleSource::GroupName { account: Some(account), .. } =
            self
        {
            write!(f, "{account}/")?;
        }
        match self {
            RuleSource::Network(network) => write!(f, "{network}"),
            RuleSource::PrefixList(id) | RuleSource::Group { id, .. } => f.write_str(id),
            RuleSource::GroupName { name, .. } => write!(f, "{}", serde_json::Value::from(name.as_str())),
        }
    }
}

impl FromStr for RuleSource {
    type Err = ParseRuleError;

    fn from_str(text: &str) -> Result<RuleSource, ParseRuleError> {
        let of_account = |account: Option<&str>, group: &str| {
            if group.starts_with('"') {
                let name = serde_json::from_str::<String>(group).ok()?;
                return RuleSource::group_name(account, &name);
            }
            RuleSource::group(account, group)
        };
        RuleSource::network(text)
            .or_else(|| RuleSource::prefix_list(text))
            .or_else(|| of_account(None, text))
            .or_else(|| text.split_once('/').and_then(|(account, group)| of_account(Some(account), group)))
            .ok_or(ParseRuleError)
    }
}

impl fmt::Display for SecurityGroupRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.direction, self.protocol)?;
        if self.protocol != ALL {
            write!(f, "{} ", self.ports_text())?;
        }
        write!(f, "{}", self.source)
    }
}

impl FromStr for SecurityGroupRule {
    type Err = ParseRuleError;

    fn from_str(text: &str) -> Result<SecurityGroupRule, ParseRuleError> {
        let (direction, rest) = text.split_once(' ').ok_or(ParseRuleError)?;
        let (protocol, mut source) = rest.split_once(' ').ok_or(ParseRuleError)?;
        let mut ports = (None, None);
        if protocol != ALL {
            let (text, rest) = source.split_once(' ').ok_or(ParseRuleError)?;
            ports = parse_ports(text).ok_or(ParseRuleError)?;
            source = rest;
        }
        SecurityGroupRule::new(direction.parse()?, protocol, ports, source.parse()?).ok_or(ParseRuleError)
    }
}

/// `all`, `22`, `8000-8100` or, of ICMP, `8/-1`.
fn parse_ports(text: &str) -> Option<(Option<i64>, Option<i64>)> {
    if text == ALL {
        return Some((None, None));
    }
    // The first character may be the sign of a negative number.
    let separator = text.char_indices().skip(1).find(|(_, letter)| matches!(letter, '-' | '/'));
    let (from, to) = match separator {
        Some((at, _)) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, text),
    };
    Some((Some(from.parse().ok()?), Some(to.parse().ok()?)))
}
