//! Source addresses and networks as conditions in SQL.

use ipnet::{IpNet, Ipv4Net};

use super::dialect::Dialect;
use super::pattern::{any, matches_part};
use crate::syntax::network_table::parse_network;

/// A test: whether an address in a value, which may be a list with commas, is one of the
/// networks or matches one of the names. Fails with the reason why the engine cannot tell.
pub(super) fn is_from(dialect: Dialect, value: &str, wanted: &[&str]) -> Result<String, String> {
    let (mut tests, mut names, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
    for text in wanted {
        match parse_network(text) {
            Some(IpNet::V4(network)) => ranges.push(range(network)),
            Some(IpNet::V6(network)) if dialect == Dialect::Athena => {
                let network = dialect.text(&network.trunc().to_string());
                let contains = format!("contains({network}, TRY_CAST(trim(element) AS IPADDRESS))");
                tests.push(dialect.any(&format!("split({value}, ',')"), &contains));
            }
            Some(IpNet::V6(_)) => return Err(format!("{text}: IPv6 needs types that the engine does not have")),
            None => names.push(*text),
        }
    }
    if !ranges.is_empty() {
        let ranges = ranges.join("|");
        let regex = format!(r"(?:\A|,)\s*(?:::[fF][fF][fF][fF]:)?(?:{ranges})\s*(?:,|\z)");
        tests.insert(0, dialect.finds(value, &regex));
    }
    if !names.is_empty() {
        tests.push(matches_part(dialect, value, &names));
    }
    Ok(any(&tests))
}

/// A regular expression for the addresses of a network.
fn range(network: Ipv4Net) -> String {
    const ANY: &str = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    let (first, last) = (network.network().octets(), network.broadcast().octets());
    let octets = first.iter().zip(last).map(|(first, last)| match (*first, last) {
        (0, 255) => ANY.to_string(),
        (first, last) if first == last => first.to_string(),
        (first, last) => {
            let values: Vec<String> = (first..=last).map(|value| value.to_string()).collect();
            format!("(?:{})", values.join("|"))
        }
    });
    octets.collect::<Vec<_>>().join(r"\.")
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_range_has_the_addresses_of_the_network() {
        for network in ["203.0.113.7/32", "203.0.113.0/24", "10.0.64.0/18", "172.16.0.0/12", "0.0.0.0/0", "1.2.3.4/30"]
        {
            let network: Ipv4Net = network.parse().unwrap();
            let regex = Regex::new(&format!("^{}$", range(network))).unwrap();
            for address in [
                "203.0.113.7",
                "203.0.113.255",
                "10.0.64.1",
                "10.0.127.9",
                "10.0.128.0",
                "172.31.1.1",
                "172.32.1.1",
                "1.2.3.3",
                "1.2.3.7",
                "1.2.3.8",
                "255.255.255.255",
            ] {
                let expected = network.contains(&address.parse::<std::net::Ipv4Addr>().unwrap());
                assert_eq!(regex.is_match(address), expected, "{network} {address}");
            }
        }
    }
}
