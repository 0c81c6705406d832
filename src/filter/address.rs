//! Patterns over source addresses: an address, a network, or a name.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::search::{Boundary, Needle};
use crate::error::Error;
use crate::syntax::glob::{Pattern, is_pattern};
use crate::syntax::network_names::NetworkNames;
use crate::syntax::network_table::{NetworkTable, NetworkTableBuilder, parse_network};
use crate::syntax::value_list::{ListError, ListValue};

const SYNTAX: &str = "not an address; write 203.0.113.7, 203.0.113.0/24, 2001:db8::/32, \
                     a name such as ec2.amazonaws.com, or a pattern such as 203.0.*";

/// One value of `--source-ip`.
#[derive(Clone, Debug)]
pub enum AddressPattern {
    /// All addresses of a network; a single address is a network of one.
    Network(IpNet),
    /// All addresses of any of many networks.
    Networks(Arc<NetworkTable>),
    /// A glob over the field as written.
    Name(Pattern),
    /// Networks by their names.
    NamedNetworks(NetworkSelection),
    /// The name of a network, or that of a service in the field.
    NetworkOrName(NetworkSelection, Pattern),
}

/// Some of the networks that have names.
#[derive(Clone, Debug)]
pub struct NetworkSelection {
    names: Arc<NetworkNames>,
    /// The indices of the selected names, sorted.
    wanted: Arc<[u32]>,
}

impl NetworkSelection {
    fn new(names: &Arc<NetworkNames>, mut wanted: Vec<u32>) -> NetworkSelection {
        wanted.sort_unstable();
        wanted.dedup();
        NetworkSelection { names: Arc::clone(names), wanted: wanted.into() }
    }

    /// Whether the network that the column shows for the field is among them.
    fn matches(&self, field: &str) -> bool {
        let found = addresses(field).find_map(|address| self.names.find(address));
        found.is_some_and(|index| self.wanted.binary_search(&index).is_ok())
    }
}

impl AddressPattern {
    /// Compiles one value of the option `option`. A name of `networks` means the network
    /// too.
    pub fn new(option: &str, text: &str, networks: Option<&Arc<NetworkNames>>) -> Result<AddressPattern, Error> {
        let of_name = networks.filter(|_| !is_pattern(text)).and_then(|names| Some((names, names.index(text)?)));
        match AddressPattern::parse(text) {
            Ok(Some(network)) => Ok(AddressPattern::Network(network)),
            _ if let Some((names, index)) = of_name => {
                let selection = NetworkSelection::new(names, vec![index]);
                // A name such as a/b{c is not a pattern.
                Ok(match Pattern::parse(text) {
                    Ok(pattern) => AddressPattern::NetworkOrName(selection, pattern),
                    Err(_) => AddressPattern::NamedNetworks(selection),
                })
            }
            Ok(None) => Pattern::new(option, text).map(AddressPattern::Name),
            Err(reason) => Err(Error::option(option, text, reason)),
        }
    }

    /// Compiles the values of a list to few patterns.
    pub fn of_list(
        values: &mut dyn Iterator<Item = ListValue<'_>>,
        named: Option<&Arc<NetworkNames>>,
    ) -> Result<Vec<AddressPattern>, ListError> {
        let (mut networks, mut names, mut wanted) = (NetworkTableBuilder::default(), Vec::new(), Vec::new());
        for value in values {
            let of_name = named.filter(|_| !is_pattern(value.text)).and_then(|names| names.index(value.text));
            if let Some(index) = of_name.filter(|_| parse_network(value.text).is_none()) {
                wanted.push(index);
                if Pattern::parse(value.text).is_ok() {
                    names.push(value);
                }
                continue;
            }
            match AddressPattern::parse(value.text).map_err(|reason| ListError::new(value, reason))? {
                Some(network) => networks.add(network, 0),
                None => names.push(value),
            }
        }
        let has_networks = !networks.is_empty();
        let networks = has_networks.then(|| AddressPattern::Networks(Arc::new(networks.build())));
        let selection = named.filter(|_| !wanted.is_empty()).map(|names| NetworkSelection::new(names, wanted));
        let networks = networks.into_iter().chain(selection.map(AddressPattern::NamedNetworks));
        Ok(networks.chain(Pattern::of_list(names)?.into_iter().map(AddressPattern::Name)).collect())
    }

    /// The network that a value is; `None` if it is a name. Fails if it is a mistyped
    /// address.
    fn parse(text: &str) -> Result<Option<IpNet>, &'static str> {
        let network = parse_network(text);
        // Digits and dots alone are a mistyped address, not the name of a service.
        let is_numeric = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'/' | b'-'));
        let is_mistyped = is_numeric || (text.contains('/') && text.contains(['.', ':']) && !text.contains('*'));
        if network.is_none() && is_mistyped && !has_leading_zeros(text) { Err(SYNTAX) } else { Ok(network) }
    }

    /// Whether any address in the field, which may be a comma-separated list, matches.
    pub fn matches(&self, field: &str) -> bool {
        match self {
            AddressPattern::Network(network) => {
                addresses(field).any(|address| network.contains(&address.to_canonical()))
            }
            AddressPattern::Networks(networks) => addresses(field).any(|address| networks.find(address).is_some()),
            AddressPattern::Name(pattern) => has_name(field, pattern),
            AddressPattern::NamedNetworks(networks) => networks.matches(field),
            AddressPattern::NetworkOrName(networks, pattern) => networks.matches(field) || has_name(field, pattern),
        }
    }
}

/// Whether a text is an IPv4 address but for leading zeros, as some tools write into the field. It
/// is compared as text, because such numbers are octal to others.
fn has_leading_zeros(text: &str) -> bool {
    let octet = |octet: &str| (1..=3).contains(&octet.len()) && octet.parse::<u8>().is_ok();
    text.split('.').count() == 4 && text.split('.').all(octet)
}

fn has_name(field: &str, pattern: &Pattern) -> bool {
    pattern.matches(field) || field.split(',').any(|part| pattern.matches(part.trim()))
}

/// The addresses in a field, which may be a comma-separated list.
pub fn addresses(field: &str) -> impl Iterator<Item = IpAddr> {
    field.split(',').filter_map(|part| part.trim().parse().ok())
}

impl AddressPattern {
    /// Literals of which every event with a matching address contains one; `None` if
    /// none can be derived.
    pub fn needles(patterns: &[AddressPattern]) -> Option<Vec<Needle>> {
        let of_each = patterns.iter().map(|pattern| match pattern {
            AddressPattern::Network(IpNet::V4(network)) => ipv4_needles(*network),
            AddressPattern::Network(IpNet::V6(network)) => ipv6_needles(*network),
            AddressPattern::Networks(_) | AddressPattern::NamedNetworks(_) | AddressPattern::NetworkOrName(..) => None,
            AddressPattern::Name(pattern) => Needle::of_pattern(pattern, Boundary::NONE).map(|needle| vec![needle]),
        });
        let all: Option<Vec<_>> = of_each.collect();
        all.map(|all| all.concat()).filter(|all| !all.is_empty())
    }
}

/// The text that all addresses of an IPv4 network start with.
fn ipv4_needles(network: Ipv4Net) -> Option<Vec<Needle>> {
    let octets = network.network().octets();
    let whole = usize::from(network.prefix_len() / 8);
    let mut start: String = octets[..whole].iter().map(|octet| format!("{octet}.")).collect();
    if whole == octets.len() {
        start.pop();
    }
    // The same addresses may be written as IPv4-mapped IPv6 addresses.
    Some(vec![Needle::of_address(&start)?, Needle::of_text(":ffff:", Boundary::NONE)?])
}

/// The texts that all addresses of an IPv6 network start with, one for each spelling
/// with or without leading zeros.
fn ipv6_needles(network: Ipv6Net) -> Option<Vec<Needle>> {
    let ways = |group: u16| -> Vec<String> {
        let short = format!("{group:x}");
        (short.len()..=4).map(|length| format!("{group:0length$x}:")).collect()
    };
    let [first, second, ..] = network.network().segments();
    let starts = match network.prefix_len() {
        // A group of zeros could be omitted, so only other groups are searched for.
        32.. if second != 0 && first >= 0x1000 => {
            ways(second).into_iter().map(|second| format!("{first:x}:{second}")).collect()
        }
        16.. if first >= 0x1000 => ways(first),
        _ => return None,
    };
    starts.iter().map(|start| Needle::of_text(start, Boundary::NONE)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_networks_and_names_match() {
        for (pattern, field, expected) in [
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.70", false),
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.99/24", "203.0.113.1", true),
            ("203.0.113.0/24", "203.0.114.1", false),
            ("203.0.113.0/24", "::ffff:203.0.113.9", true),
            ("::ffff:203.0.113.0/120", "203.0.113.9", true),
            ("::ffff:203.0.113.0/120", "203.0.114.9", false),
            ("::/0", "2001:db8::1", true),
            ("2001:db8::/32", "2001:DB8:0:0:1::1", true),
            ("2001:db8::1", "2001:0db8::0001", true),
            ("192.168.0.0/16", "81.2.69.142, 192.168.10.10", true),
            ("10.0.0.0/8", "81.2.69.142, 192.168.10.10", false),
            ("10.0.0.0/8", "AWS Internal", false),
            ("ec2.amazonaws.com", "EC2.amazonaws.com", true),
            ("aws internal", "AWS Internal", true),
            ("aws internal", " AWS Internal\t", true),
            ("203.0.*", "203.0.113.7", true),
            ("192.*", "81.2.69.142, 192.168.10.10", true),
            ("203.0.113.07", "203.0.113.07", true),
            ("203.0.113.07", "203.0.113.7", false),
        ] {
            let compiled = AddressPattern::new("-i", pattern, None).unwrap();
            assert_eq!(compiled.matches(field), expected, "{pattern} {field}");
        }
    }

    #[test]
    fn a_mistyped_address_is_refused() {
        for text in ["10.0.0", "10.0.0.0-10.0.0.255", "10.0.0.0/33", "300.1.1.1", "2001:db8::/129", "10.0.0.1/x"] {
            assert!(AddressPattern::new("-i", text, None).is_err(), "{text}");
        }
    }
}
