//! Writes small databases in MaxMind's format, with made-up content.

use std::net::IpAddr;

use serde_json::{Value, json};

/// The marker that precedes the metadata.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// The number of zero bytes between the tree and the data.
const SEPARATOR: usize = 16;

const TEXT: u8 = 2;
const U16: u8 = 5;
const U32: u8 = 6;
const MAP: u8 = 7;
const U64: u8 = 9;
const ARRAY: u8 = 11;
const BOOLEAN: u8 = 14;

/// A database of this type with a record for each network, such as `203.0.113.0/24`. An address
/// belongs to the most specific network, and to the last one of equal networks.
///
/// # Panics
///
/// If a text is not a network or is `::/0`, or if a record has values other than texts, whole
/// numbers, booleans, lists and maps.
pub fn database(database_type: &str, networks: &[(&str, Value)]) -> Vec<u8> {
    let (mut tree, mut data) = (SearchTree { nodes: vec![[Record::Empty; 2]] }, Vec::new());
    let mut networks: Vec<_> = networks.iter().map(|(network, record)| (path(network), record)).collect();
    networks.sort_by_key(|((_, length), _)| *length);
    for ((bits, length), record) in networks {
        let offset = data.len();
        push_value(record, &mut data);
        tree.insert(bits, length, offset);
    }
    let mut bytes = tree.bytes();
    bytes.extend([0; SEPARATOR]);
    bytes.extend(data);
    bytes.extend(MARKER);
    push_metadata(database_type, tree.nodes.len(), &mut bytes);
    bytes
}

/// A database for the addresses of the sample logs.
pub fn sample() -> Vec<u8> {
    let record = |country: &str, number: u32, organisation: &str| {
        json!({
            "country": {"iso_code": country},
            "autonomous_system_number": number,
            "autonomous_system_organization": organisation,
        })
    };
    let networks = [
        ("192.0.2.0/24", record("IE", 64500, "Example Cloud")),
        ("198.51.100.0/24", record("DE", 64496, "Example Telecom")),
        ("203.0.113.0/24", record("NL", 64511, "Example Hosting")),
    ];
    database("Sample-Country-ASN", &networks)
}

/// The path of a network from the root of the tree: its bits and their number. IPv4 networks are
/// below `::/96`.
fn path(network: &str) -> (u128, usize) {
    let Some((address, length)) = network.split_once('/') else { panic!("{network} is not a network") };
    match (address.parse(), length.parse::<usize>()) {
        (Ok(IpAddr::V4(address)), Ok(length @ ..=32)) => (u128::from(address.to_bits()), 96 + length),
        (Ok(IpAddr::V6(address)), Ok(length @ ..=128)) => (address.to_bits(), length),
        _ => panic!("{network} is not a network"),
    }
}

/// One of the two records of a node.
#[derive(Clone, Copy)]
enum Record {
    Empty,
    Node(usize),
    /// The offset in the data.
    Data(usize),
}

struct SearchTree {
    nodes: Vec<[Record; 2]>,
}

impl SearchTree {
    /// Adds a network that is not larger than those before.
    fn insert(&mut self, bits: u128, length: usize, offset: usize) {
        let side = |depth: usize| usize::from(bits >> (127 - depth) & 1 == 1);
        assert!(length > 0, "the network of all addresses cannot be stored in the tree");
        let mut node = 0;
        for depth in 0..length - 1 {
            node = match self.nodes[node][side(depth)] {
                Record::Node(next) => next,
                whole => {
                    self.nodes.push([whole; 2]);
                    let next = self.nodes.len() - 1;
                    self.nodes[node][side(depth)] = Record::Node(next);
                    next
                }
            };
        }
        self.nodes[node][side(length - 1)] = Record::Data(offset);
    }

    /// The tree with records of 24 bits.
    fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let number = |record: &Record| match record {
            Record::Empty => count,
            Record::Node(node) => *node,
            Record::Data(offset) => count + SEPARATOR + offset,
        };
        self.nodes.iter().flatten().flat_map(|record| number(record).to_be_bytes()[5..].to_vec()).collect()
    }
}

fn push_metadata(database_type: &str, nodes: usize, out: &mut Vec<u8>) {
    push_head(MAP, 9, out);
    for (key, kind, number) in [
        ("binary_format_major_version", U16, 2),
        ("binary_format_minor_version", U16, 0),
        ("build_epoch", U64, 1_790_845_200),
        ("ip_version", U16, 6),
        ("node_count", U32, nodes as u64),
        ("record_size", U16, 24),
    ] {
        push_text(key, out);
        push_number(kind, number, out);
    }
    for (key, value) in [
        ("database_type", Value::from(database_type)),
        ("description", json!({"en": "made up"})),
        ("languages", json!(["en"])),
    ] {
        push_text(key, out);
        push_value(&value, out);
    }
}

fn push_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => push_text(text, out),
        Value::Number(number) => match number.as_u64() {
            Some(number) => push_number(if number > u32::MAX.into() { U64 } else { U32 }, number, out),
            None => panic!("{number} is not a whole number"),
        },
        Value::Bool(is) => push_head(BOOLEAN, usize::from(*is), out),
        Value::Array(list) => {
            push_head(ARRAY, list.len(), out);
            list.iter().for_each(|value| push_value(value, out));
        }
        Value::Object(members) => {
            push_head(MAP, members.len(), out);
            for (key, value) in members {
                push_text(key, out);
                push_value(value, out);
            }
        }
        Value::Null => panic!("the format has no null"),
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    push_head(TEXT, text.len(), out);
    out.extend(text.as_bytes());
}

fn push_number(kind: u8, number: u64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let bytes = &bytes[number.leading_zeros() as usize / 8..];
    push_head(kind, bytes.len(), out);
    out.extend(bytes);
}

/// Writes the type of a value and its size: the bytes of a text or number, the entries of a list or
/// map, or a boolean itself.
fn push_head(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (short, more) = match size {
        0..29 => (size as u8, Vec::new()),
        29..285 => (29, vec![(size - 29) as u8]),
        285..65_821 => (30, ((size - 285) as u16).to_be_bytes().to_vec()),
        _ => (31, ((size - 65_821) as u32).to_be_bytes()[1..].to_vec()),
    };
    match kind {
        1..8 => out.push(kind << 5 | short),
        _ => out.extend([short, kind - 7]),
    }
    out.extend(more);
}
