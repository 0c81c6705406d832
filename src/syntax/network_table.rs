//! Many networks, of which the most specific one with an address is found by a binary
//! search.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Networks and a number for each.
#[derive(Clone, Debug, Default)]
pub struct NetworkTable {
    old: Spans<u32>,
    new: Spans<u128>,
}

/// The networks of a [`NetworkTable`] to be.
#[derive(Clone, Debug, Default)]
pub struct NetworkTableBuilder {
    old: Vec<NumberedRange<u32>>,
    new: Vec<NumberedRange<u128>>,
}

impl NetworkTableBuilder {
    /// Adds a network. Of equal networks, the first one counts.
    pub fn add(&mut self, network: IpNet, number: u32) {
        match canonical(network) {
            IpNet::V4(network) => self.old.push(NumberedRange {
                first: network.network().to_bits(),
                last: network.broadcast().to_bits(),
                number,
            }),
            IpNet::V6(network) => self.new.push(NumberedRange {
                first: network.network().to_bits(),
                last: network.broadcast().to_bits(),
                number,
            }),
        }
    }

    /// Whether no network was added.
    pub fn is_empty(&self) -> bool {
        self.old.is_empty() && self.new.is_empty()
    }

    /// The table of all networks that were added.
    pub fn build(self) -> NetworkTable {
        NetworkTable { old: Spans::new(self.old), new: Spans::new(self.new) }
    }
}

impl NetworkTable {
    /// The number of the most specific network with this address; `None` if no network has
    /// it.
    pub fn find(&self, address: IpAddr) -> Option<u32> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.old.find(address.to_bits()),
            IpAddr::V6(address) => self.new.find(address.to_bits()),
        }
    }
}

/// Parses an address or a network in CIDR notation. Bits behind the prefix are ignored.
pub fn parse_network(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(network) => Some(canonical(network)),
        Err(_) => text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical())),
    }
}

/// Converts a network of IPv4-mapped IPv6 addresses to an IPv4 network.
pub fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    let IpNet::V6(new) = network else { return network };
    let old = new.network().to_ipv4_mapped().zip(new.prefix_len().checked_sub(MAPPED));
    old.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

/// The addresses of a network.
#[derive(Clone, Copy, Debug)]
struct NumberedRange<A> {
    first: A,
    last: A,
    number: u32,
}

/// Stands for addresses that are in no network.
const NO_NETWORK: u32 = u32::MAX;

/// Ranges of addresses that do not overlap, in their order: the first address of each,
/// and the number of its network. A range ends where the next one begins.
#[derive(Clone, Debug)]
struct Spans<A>(Box<[(A, u32)]>);

impl<A> Default for Spans<A> {
    fn default() -> Spans<A> {
        Spans(Box::default())
    }
}

/// An address as a number.
trait AddressBits: Copy + Ord {
    /// The next address; `None` after the last one.
    fn next(self) -> Option<Self>;
}

impl AddressBits for u32 {
    fn next(self) -> Option<u32> {
        self.checked_add(1)
    }
}

impl AddressBits for u128 {
    fn next(self) -> Option<u128> {
        self.checked_add(1)
    }
}

impl<A: AddressBits> Spans<A> {
    /// Networks contain each other or are disjoint, so a stack has those around an
    /// address.
    fn new(mut networks: Vec<NumberedRange<A>>) -> Spans<A> {
        networks.sort_by_key(|network| (network.first, std::cmp::Reverse(network.last)));
        let (mut spans, mut around) = (Vec::<(A, u32)>::new(), Vec::<NumberedRange<A>>::new());
        for network in networks {
            while let Some(ended) = around.pop_if(|outer| outer.last < network.first) {
                resume(&mut spans, ended.last, &around);
            }
            if around.last().is_none_or(|outer| (outer.first, outer.last) != (network.first, network.last)) {
                push(&mut spans, network.first, network.number);
                around.push(network);
            }
        }
        while let Some(ended) = around.pop() {
            resume(&mut spans, ended.last, &around);
        }
        Spans(spans.into())
    }

    fn find(&self, address: A) -> Option<u32> {
        let behind = self.0.partition_point(|(first, _)| *first <= address);
        let (_, number) = self.0[..behind].last()?;
        (*number != NO_NETWORK).then_some(*number)
    }
}

/// Continues the network around one that ended with the address `last`.
fn resume<A: AddressBits>(spans: &mut Vec<(A, u32)>, last: A, around: &[NumberedRange<A>]) {
    if let Some(next) = last.next() {
        push(spans, next, around.last().map_or(NO_NETWORK, |outer| outer.number));
    }
}

fn push<A: AddressBits>(spans: &mut Vec<(A, u32)>, first: A, number: u32) {
    while spans.pop_if(|(known, _)| *known == first).is_some() {}
    if spans.last().is_none_or(|(_, known)| *known != number) {
        spans.push((first, number));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(networks: &[&str]) -> NetworkTable {
        let mut builder = NetworkTableBuilder::default();
        for (number, network) in (0..).zip(networks) {
            builder.add(parse_network(network).unwrap(), number);
        }
        builder.build()
    }

    #[test]
    fn the_most_specific_network_is_found() {
        let table = table(&[
            "10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.2.3",
            "10.0.0.0/8",
            "255.255.255.255",
            "2001:db8::/32",
            "2001:db8:0:1::/64",
            "::ffff:192.0.2.0/120",
            "10.255.0.0/16",
        ]);
        for (address, number) in [
            ("10.0.0.0", Some(0)),
            ("10.1.0.0", Some(1)),
            ("10.1.2.2", Some(1)),
            ("10.1.2.3", Some(2)),
            ("10.1.2.4", Some(1)),
            ("10.2.0.0", Some(0)),
            ("10.255.255.255", Some(8)),
            ("11.0.0.0", None),
            ("9.255.255.255", None),
            ("0.0.0.0", None),
            ("255.255.255.255", Some(4)),
            ("255.255.255.254", None),
            ("::ffff:10.1.2.3", Some(2)),
            ("2001:db8::1", Some(5)),
            ("2001:db8:0:1::9", Some(6)),
            ("2001:db9::", None),
            ("192.0.2.9", Some(7)),
        ] {
            assert_eq!(table.find(address.parse().unwrap()), number, "{address}");
        }
        assert_eq!(NetworkTable::default().find("::1".parse().unwrap()), None);
        assert_eq!(self::table(&["0.0.0.0/0", "::/0"]).find("::1".parse().unwrap()), Some(1));
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_a_search_of_all_networks(
            networks in prop::collection::vec((0_u32..8, 0_u8..=32), 0..40),
            addresses in prop::collection::vec((0_u32..8, 0_u32..4), 20),
        ) {
            // Few different bits at both ends, so that networks often meet.
            let networks: Vec<IpNet> = networks
                .into_iter()
                .filter_map(|(bits, length)| Some(IpNet::V4(Ipv4Net::new((bits << 29 | bits).into(), length).ok()?)))
                .collect();
            let mut builder = NetworkTableBuilder::default();
            (0..).zip(&networks).for_each(|(number, network)| builder.add(*network, number));
            let table = builder.build();
            for (high, low) in addresses {
                let address = IpAddr::V4((high << 29 | low).into());
                let around = || networks.iter().filter(|network| network.contains(&address));
                let longest = around().map(IpNet::prefix_len).max();
                let expected = networks
                    .iter()
                    .position(|network| network.contains(&address) && Some(network.prefix_len()) == longest);
                prop_assert_eq!(table.find(address), expected.map(|number| number as u32));
            }
        }
    }
}
