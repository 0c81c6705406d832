//! Which network an address is in.

use std::net::IpAddr;

use serde_json::Value;

/// The name of the network that contains the source address of an event. Networks are given as
/// address, prefix length and name. The longest prefix wins, and the first of equal ones.
pub fn network(event: &Value, networks: &[(IpAddr, usize, &str)]) -> Option<String> {
    let source = match &event["sourceIPAddress"] {
        Value::String(source) => source.clone(),
        _ => return None,
    };
    for part in source.split(',') {
        let Ok(address) = part.trim().parse::<IpAddr>() else { continue };
        let mut best: Option<(usize, &str)> = None;
        for (network, length, name) in networks {
            let (network, address) = (bits(*network), bits(address));
            let has_address = network.len() == address.len() && network[..*length] == address[..*length];
            if has_address && best.is_none_or(|(longest, _)| *length > longest) {
                best = Some((*length, *name));
            }
        }
        if let Some((_, name)) = best {
            return Some(name.to_string());
        }
    }
    None
}

/// The bits of an address, one per byte. An IPv4-mapped IPv6 address is an IPv4 address.
fn bits(address: IpAddr) -> Vec<u8> {
    let bits = |bytes: &[u8]| bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    match address {
        IpAddr::V4(address) => bits(&address.octets()),
        IpAddr::V6(address) => match address.octets() {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, rest @ ..] => bits(&rest),
            octets => bits(&octets),
        },
    }
}
